"""The nginx output in a real nginx: each request reaches its shard, or no shard at all."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shardgen import quoting
from tests.examples import examples
from tests.nginx.gateway import INCLUDED, Nginx, binary, configuration, world
from tests.pages import blocks
from tests.projects import ROOT
from tests.support import run
from tests.test_quoting import TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.nginx.gateway import World

pytestmark = pytest.mark.nginx

FLEET = """\
  - id: 1
  - id: 2
  - {id: 3, state: draining, move_to: 2}
  - {id: 4, state: retired, move_to: 2}
  - {id: 5, state: retired}
"""
HOSTILE = [
    "03", "3; x", "3 x", "3,1", "3.0", "+3", "-3", "0x3", "3e0", "0", "6", "999999999999999999999",
    "default", "hostnames", "~.*", "~^3$", "$baileys_url", "${baileys_url}", "http://127.0.0.2",
    "baileys-3", "\uff13", "3\x0b", "3\u2028", "'3'", '"3"', "3%00", "%33", "3" * 3000, "x" * 6000,
]  # fmt: skip


@pytest.fixture
def there(tmp_path: Path) -> Iterator[World]:
    """Three stand-in shards, and one that no shards.yaml of this file lists yet."""
    with world(tmp_path) as found:
        for number in (1, 2, 3, 6):
            found.start(f"baileys-{number}", f"127.0.0.{number + 20}")
        yield found


def test_a_request_reaches_the_shard_that_it_names(there: World) -> None:
    """Path, query and body arrive as they were sent."""
    there.render(FLEET)
    nginx = there.nginx()
    for number in (1, 2, 3):
        assert nginx.shard(number) == (200, f"baileys-{number}")
    sent = nginx.ask("/a%2Fb/%20c?x=%20y&z", "POST", "hello", x_whatsapp_shard="2")
    assert sent == (200, "baileys-2")
    assert there.shards["baileys-2"].asked[-1] == "POST /a%2Fb/%20c?x=%20y&z hello"


def test_what_is_no_shard_reaches_none(there: World) -> None:
    there.render(FLEET)
    nginx = there.nginx()
    for value in HOSTILE:
        status, text = nginx.ask(x_whatsapp_shard=value.encode().decode("latin-1"))
        assert status == 400 or (status, text) == (421, "there is no shard of this id"), value
    assert nginx.ask() == nginx.shard("") == (421, "the request names no shard")
    assert nginx.shard(4) == (421, "shard 4 is retired: its tenants live on shard 2")
    assert nginx.shard(5) == (421, "shard 5 is retired")
    assert there.asked == {}


def test_a_shard_that_is_down_is_an_error_and_no_other_is_asked(there: World) -> None:
    there.render(FLEET)
    nginx = there.nginx()
    there.stop("baileys-1")
    assert nginx.shard(1)[0] == 502
    del there.names.known["baileys-2"]
    assert nginx.shard(2)[0] == 502
    assert nginx.shard(3, "/slow")[0] == 504
    assert there.asked == {"baileys-3": ["GET /slow"]}


def test_it_starts_without_shards_and_without_names(tmp_path: Path) -> None:
    """An upstream with servers would refuse to; here a shard works as soon as it is there."""
    with world(tmp_path) as there:
        there.render(FLEET)
        nginx = there.nginx()
        assert nginx.shard(1)[0] == 502
        there.start("baileys-1", "127.0.0.21")
        answered = until(lambda: nginx.shard(1), (200, "baileys-1"))
        assert answered == (200, "baileys-1")


def test_an_address_that_another_shard_has_now_is_let_go(there: World) -> None:
    """The name server lets nginx keep it for ten minutes; resolver_ttl does not."""
    there.render(FLEET)
    nginx = there.nginx()
    assert nginx.shard(2) == (200, "baileys-2")
    there.names.known["baileys-2"] = there.names.known.pop("baileys-6")
    assert until(lambda: nginx.shard(2), (200, "baileys-6")) == (200, "baileys-6")


def test_a_shard_is_added_while_requests_run(there: World) -> None:
    there.render(FLEET)
    nginx = there.nginx(INCLUDED.replace("proxy_read_timeout 1s", "proxy_read_timeout 9s"))
    running: list[tuple[int, str]] = []
    slow = threading.Thread(target=lambda: running.append(nginx.shard(1, "/slow")))
    slow.start()
    assert there.shards["baileys-1"].is_slow.wait(9)
    assert nginx.shard(6)[0] == 421
    there.render(FLEET + "  - id: 6\n")
    nginx.reload()
    assert until(lambda: nginx.shard(6), (200, "baileys-6")) == (200, "baileys-6")
    there.shards["baileys-1"].go_on.set()
    slow.join(9)
    assert running == [(200, "baileys-1")]


def test_a_tenant_reaches_its_shard(there: World) -> None:
    """A shard in the request goes first; a wrong one is not replaced by the tenant's."""
    assign = "assign: [{shard: 2, tenants: [101, -7]}, {shard: 1, tenants: [205]}]\n"
    there.render(FLEET, ", tenant: $arg_business_id", assign)
    nginx = there.nginx()
    assert nginx.ask("/?business_id=101") == nginx.ask("/?business_id=-7") == (200, "baileys-2")
    assert nginx.ask("/?business_id=205") == (200, "baileys-1")
    assert nginx.shard(3, "/?business_id=101") == (200, "baileys-3")
    assert nginx.shard("03", "/?business_id=101") == (421, "there is no shard of this id")
    for unknown in (
        "",
        "?business_id=",
        "?business_id=0101",
        "?business_id=101%20",
        "?business_id=9",
    ):
        status, text = nginx.ask(f"/{unknown}")
        assert (status, text) == (
            421,
            "the request names no shard, and its tenant is not known here",
        )


def test_other_requests_go_to_what_knows_all_tenants(there: World) -> None:
    api = f"http://prosaas-api:{there.port}"
    there.start("prosaas-api", "127.0.0.30")
    assign = "assign: [{shard: 2, tenants: [101]}]\n"
    there.render(FLEET, f", tenant: $arg_business_id, otherwise: '{api}/'", assign)
    nginx = there.nginx()
    assert nginx.ask("/?business_id=9") == nginx.ask() == (200, "prosaas-api")
    assert nginx.ask("/?business_id=101") == (200, "baileys-2")
    for value in ("03", "4", "9", "3; x"):
        assert nginx.shard(value)[0] == 421


def test_the_names_of_a_service_that_nginx_has_itself(there: World) -> None:
    """`http` gives $http_url, which would be the header Url."""
    there.start("http-1", "127.0.0.31")
    there.start("http-2", "127.0.0.32")
    there.render("  - id: 1\n  - id: 2\n", name="http")
    nginx = there.nginx(INCLUDED.replace("baileys/", "http/"))
    assert nginx.ask(x_whatsapp_shard="2", url="http://127.0.0.21") == (200, "http-2")
    assert nginx.ask(url="http://127.0.0.21")[0] == 421


def test_the_api_is_asked_for_the_shard(there: World) -> None:
    """The way that docs/nginx.md shows: the client's own header decides nothing."""
    page = (ROOT / "docs" / "nginx.md").read_text()
    shown = next(each for each in blocks(page, "nginx") if "auth_request_set" in each)
    there.start("prosaas-api", "127.0.0.30")
    there.render(FLEET, ", shard: $asked_shard")
    http = shown.replace("http://prosaas-api:5000", f"http://127.0.0.30:{there.port}")
    assert http != shown
    nginx = there.nginx(http)
    assert nginx.ask("/whatsapp/send", "POST", "hi", x_answer="2", x_whatsapp_shard="1") == (
        200,
        "baileys-2",
    )
    assert there.shards["baileys-2"].asked == ["POST /whatsapp/send hi"]
    for answer in ("", "4", "3; x"):
        assert nginx.ask("/whatsapp/send", x_answer=answer, x_whatsapp_shard="1")[0] == 421
    assert "baileys-1" not in there.asked


def test_the_page_shows_what_nginx_accepts(there: World) -> None:
    page = (ROOT / "docs" / "nginx.md").read_text()
    shown = [each for each in blocks(page, "nginx") if "include" in each]
    assert len(shown) >= 2
    there.render(FLEET, ", shard: $asked_shard")
    for number, http in enumerate(shown):
        text = http.replace("http://prosaas-api:5000", "http://127.0.0.1:5000")
        if "$asked_shard" not in text:
            text = 'map "" $asked_shard { default ""; }\n' + text
        assert accepted(there.folder / "nginx", text) == [], number


@pytest.mark.parametrize("count", [1, 3, 100, 101, 10_000])
def test_nginx_accepts_any_number_of_shards_and_tenants(count: int, tmp_path: Path) -> None:
    """Without a warning about the size of its hashes, whatever the ids look like."""
    with world(tmp_path) as there:
        shards = "".join(f"  - {{id: {number}}}\n" for number in range(1, count + 1))
        tenants = ", ".join(str(2**62 + 2**48 * number + number) for number in range(count))
        assign = f"assign: [{{shard: 1, tenants: [{tenants}]}}]\n"
        off = "".join(
            f"  {name}: {{enabled: false}}\n" for name in ("compose", "migrations", "docs")
        )
        there.render(shards, ", tenant: $arg_business_id", assign, off=off)
        assert accepted(tmp_path / "nginx", INCLUDED) == []


def accepted(folder: Path, http: str) -> list[str]:
    """Return what nginx says of a configuration that it must accept."""
    (folder / "nginx.conf").write_text(configuration(http, 18080))
    ran = subprocess.run(
        [binary(), "-t", "-p", folder, "-c", "nginx.conf", "-e", "test.log"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return re.findall(r"\[\w+\].*", ran.stderr)


@settings(max_examples=examples(5), deadline=None, suppress_health_check=list(HealthCheck))
@given(texts=st.lists(TEXT | st.text("\\\"'$;{}#~ \n", max_size=9), min_size=80, max_size=120))
def test_nginx_reads_each_word_as_it_was(
    texts: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """G6: the filter's words, in a map and in an answer, as nginx itself says them."""
    written = []
    for text in texts:
        try:
            written.append((text, quoting.nginx(text)))
        except ValueError:
            assert "$" in text or "\x00" in text
    folder = tmp_path_factory.mktemp("words")
    entries = "\n".join(f"{number} {word};" for number, (_, word) in enumerate(written))
    server = "server { listen 80; location / { return 200 $word; } }"
    nginx = Nginx(folder, f"map $arg_n $word {{\ndefault none;\n{entries}\n}}\n{server}")
    try:
        for number, (text, _) in enumerate(written):
            assert nginx.ask(f"/?n={number}") == (200, text)
    finally:
        nginx.close()


def until(ask, wanted, seconds: float = 9):  # type: ignore[no-untyped-def]
    """Return an answer once it is the wanted one, else the last."""
    end = time.monotonic() + seconds
    while (found := ask()) != wanted and time.monotonic() < end:
        time.sleep(0.05)
    return found


def test_nothing_is_left(tmp_path: Path) -> None:
    """A world that fails takes its nginx with it."""
    started: list[int] = []

    def fail() -> None:
        with world(tmp_path) as there:
            there.render(FLEET)
            started.append(there.nginx().process.pid)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    ran = subprocess.run(
        ["ps", "-o", "pid=", "-s", *map(str, started)], capture_output=True, check=False
    )
    assert started
    assert ran.stdout.strip() == b""


def test_a_second_render_needs_no_reload(tmp_path: Path) -> None:
    """Unchanged files stay as they are."""
    with world(tmp_path) as there:
        there.render(FLEET)
        assert run(tmp_path, "render").out.startswith("  0 written")
