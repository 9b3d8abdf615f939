"""What the audit finds in configurations of nginx and in Markdown, and what it leaves alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardgen.audit import markdown, nginx
from tests.audit_subjects import found, subject_of

SUBJECT = subject_of()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("location / { proxy_pass http://baileys:3300; }", ["SG803 1 http://baileys:3300"]),
        ("location / { proxy_pass http://baileys-2:3300/x/; }", ["SG803 1 http://baileys-2:3300"]),
        ('set $wa "http://baileys:3300";', ["SG803 1 http://baileys:3300"]),
        ("upstream wa { server baileys:3300 max_fails=3; keepalive 8; }", ["SG803 1 baileys:3300"]),
        ("upstream wa {\n  server baileys-1:3300;\n  server baileys-2:3300;\n}",
         ["SG803 2 baileys-1:3300", "SG803 3 baileys-2:3300"]),
        ("upstream wa { server baileys-2; }", ["SG803 1 baileys-2"]),
        ("map $shard $host { 1 http://baileys:3300; 2 http://baileys-2:3300; }",
         ["SG803 1 http://baileys:3300", "SG803 1 http://baileys-2:3300"]),
        ("# proxy_pass http://baileys:3300;", []),
        ("upstream app { server prosaas-api:5000; }", []),
        ("upstream baileys { server app:80; }\nserver { location / { proxy_pass http://baileys; } }", []),
        ("server { server_name baileys; listen 3300; }", []),
        ("log_format x 'to http://baileys:3300';", []),
        ('location ~ "^/(a|b){2}$" { proxy_pass http://api:5000; }', []),
    ],
)  # fmt: skip
def test_nginx(text: str, expected: list[str]) -> None:
    assert found(nginx.findings, text, SUBJECT) == expected


def test_an_upstream_of_several_shards_says_what_it_does() -> None:
    from shardgen.audit.page import read_page

    text = "upstream wa { server baileys:3300; server baileys-2:3300; }"
    message = next(nginx.findings(read_page(text, "x.conf"), SUBJECT)).message
    assert "to any server of this upstream" in message


PAGE = """\
# Prosaas

Start it with `docker compose up -d`.

```sh
git clone https://example.com/prosaas.git
cd prosaas
docker compose up -d
```

1. Restart it:

   ```console
   $ docker compose -f docker-compose.yml \\
   >   up -d
   docker compose up -d
   $ docker compose ps
   ```

> ~~~bash
> docker volume prune -f
> ~~~

```
$ curl http://baileys:3300/health
```

```yaml
services:
  api:
    environment: {WA: "http://baileys:3300"}
```

```nginx
proxy_pass http://baileys:3300;
```

```dockerfile
ENV WA=http://baileys:3300
```

```env
BAILEYS_NUM_SHARDS=2
```

```text
docker compose up -d
```

```yaml
broken: [
```
"""


def test_every_language_of_a_page() -> None:
    assert found(markdown.findings, PAGE, SUBJECT, "README.md") == [
        "SG816 8 docker compose up",
        "SG816 14 docker compose -f docker-compose.yml \\",
        "SG812 21 docker volume prune",
        "SG803 25 http://baileys:3300",
        "SG803 31 http://baileys:3300",
        "SG803 35 http://baileys:3300",
        "SG803 39 http://baileys:3300",
        "SG806 43 BAILEYS_NUM_SHARDS",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "## Local development\n```sh\ndocker compose up -d\ndocker compose down -v\n```\n",
        "# Run\n## Tests\n```sh\ndocker compose up -d\n```\n",
        (
            "```sh\nexport COMPOSE_FILE=docker-compose.yml:docker-compose.prod.yml\n"
            "export COMPOSE_PROFILES=multi-shard\n```\nand\n```sh\ndocker compose up -d\n```\n"
        ),
        "Restart shard 2:\n\n```sh\ndocker restart baileys-2\n```\n",
        "## Shard 1\n```sh\ndocker restart baileys\n```\n",
        "```sh\n# shard 1\ndocker restart baileys\n```\n",
        "```sh\ndocker compose logs -f baileys\ndocker exec -it baileys sh\n```\n",
        "Restart:\n\n```sh\ndocker restart baileys-2\n```\n",
        "```python\nrequests.get('http://baileys:3300')\n```\n",
        "```diff\n- proxy_pass http://baileys:3300;\n```\n",
        "    docker compose up -d\n",
    ],
)
def test_what_a_page_may_say(text: str) -> None:
    assert found(markdown.findings, text, SUBJECT, "README.md") == []


def test_a_page_that_restarts_one_shard() -> None:
    text = "Restart the service:\n\n```sh\ndocker restart baileys\n```\n"
    assert found(markdown.findings, text, SUBJECT, "README.md") == ["SG811 4 baileys"]


PARTS = st.sampled_from(
    ["```sh", "```", "~~~", "> ```console", "$ docker compose up -d", "> x", "1. ```", "```yaml",
     "services:", "  a: {environment: {A: 'http://baileys:3300'}}", "```nginx", "upstream x {",
     "server baileys:3300;", "}", '"', "'", "```env", "A=1", "# shard 1", "```dockerfile", "FROM x"]
)  # fmt: skip


@given(st.lists(PARTS | st.text(max_size=6), max_size=16).map("\n".join))
def test_no_page_is_too_odd(text: str) -> None:
    found(markdown.findings, text, SUBJECT, "README.md")
    found(nginx.findings, text, SUBJECT, "nginx.conf")
