"""What the audit finds in shell scripts, and what it leaves alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardgen.audit.shell import findings
from tests.audit_subjects import SHARDS, found, subject_of

OVERLAID = "docker compose -f docker-compose.yml -f docker-compose.prod.yml --profile multi-shard"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # SG803: an address is typed.
        ("curl -X POST http://baileys:3300/send", ["SG803 1 http://baileys:3300"]),
        ("URL=http://baileys-2:3300/x\n", ["SG803 1 http://baileys-2:3300"]),
        ('curl "http://baileys-$i:3300/x"', ["SG803 1 http://baileys-$i:3300"]),
        ("nc -w 1 baileys 3300 < request", ["SG803 1 baileys"]),
        ("cat > .env <<EOF\nX=http://baileys:3300\nEOF\n", ["SG803 2 http://baileys:3300"]),
        ("echo WA=http://baileys:3300 >> .env", ["SG803 1 http://baileys:3300"]),
        ("exec 3<>/dev/tcp/baileys/3300", ["SG803 1 /dev/tcp/baileys/3300"]),
        ("echo see http://baileys:3300", []),
        ("# curl http://baileys:3300", []),
        ("curl http://baileys.example.com/", []),
        ("curl http://redis:3300/", []),
        ("curl http://localhost:3300/", []),
        ("curl http://baileys:9100/metrics", []),
        ("nc -z redis 6379", []),
        ('curl "$BAILEYS_SHARD_2_URL/send"', []),
        # SG804: a port inside of a shard.
        ("docker compose exec $s curl localhost:3300/health", []),
        ("# shard 2\ndocker compose exec baileys-2 curl localhost:3300/x", ["SG804 2 3300"]),
        ("docker compose exec api curl localhost:3300/health", []),
        # SG805: a volume is typed.
        ("docker run --rm -v whatsapp_auth:/data alpine tar c /data", ["SG805 1 whatsapp_auth:/data"]),
        ("docker run -v app_whatsapp_auth_shard2:/d alpine", ["SG805 1 app_whatsapp_auth_shard2:/d"]),
        ("docker run --mount type=volume,source=whatsapp_auth,target=/d x",
         ["SG805 1 type=volume,source=whatsapp_auth,target=/d"]),
        ("docker volume inspect whatsapp_auth", ["SG805 1 whatsapp_auth"]),
        ("VOLUME=whatsapp_auth\n", ["SG805 1 VOLUME=whatsapp_auth"]),
        ("for v in a whatsapp_auth; do docker run -v $v:/d x; done", ["SG805 1 whatsapp_auth"]),
        ("docker run -v redis_data:/data alpine", []),
        ("docker volume create whatsapp_auth_shard2", []),
        ("docker run -v ./whatsapp_auth:/data alpine", []),
        # SG811: some shards only.
        (f"{OVERLAID} restart baileys", ["SG811 1 baileys"]),
        (f"{OVERLAID} restart baileys baileys-2", ["SG811 1 baileys", "SG811 1 baileys-2"]),
        (f"{OVERLAID} restart baileys baileys-2 baileys-3", []),
        (f"for s in baileys baileys-2; do {OVERLAID} restart $s; done",
         ["SG811 1 baileys", "SG811 1 baileys-2"]),
        (f"for s in baileys baileys-2 baileys-3; do {OVERLAID} restart $s; done", []),
        (f"{OVERLAID} up -d baileys-2\nsleep 9\n{OVERLAID} up -d\n", []),
        (f"# shard 2 alone\n{OVERLAID} restart baileys-2", []),
        (f"{OVERLAID} restart baileys-2 # the canary is shard 2", []),
        (f'{OVERLAID} restart "$1"', []),
        (f"{OVERLAID} restart redis", []),
        (f"{OVERLAID} logs -f baileys", []),
        ("docker restart prosaas-baileys-1", ["SG811 1 prosaas-baileys-1"]),
        ("docker restart prosaas-baileys-2-1", ["SG811 1 prosaas-baileys-2-1"]),
        ("docker restart prosaas-redis-1", []),
        ("docker cp baileys:/app/x .", ["SG811 1 baileys:/app/x"]),
        ("docker cp x.tar api:/app/x", []),
        (f"{OVERLAID} exec -T baileys node gc.js", ["SG811 1 baileys"]),
        (f"{OVERLAID} exec -T api python send.py baileys", []),
        ("ssh prod 'docker restart baileys'", ["SG811 1 baileys"]),
        ("ssh prod <<'EOF'\ncd /srv\ndocker restart baileys\nEOF\n", ["SG811 3 baileys"]),
        ('bash -c "docker restart baileys"', ["SG811 1 baileys"]),
        # SG812: volumes are deleted.
        ("docker compose down -v", ["SG816 1 docker compose down", "SG812 1 -v"]),
        (f"{OVERLAID} down --volumes --remove-orphans", ["SG812 1 --volumes"]),
        (f"{OVERLAID} down -t 3 -v", ["SG812 1 -v"]),
        (f"{OVERLAID} down", []),
        ("docker compose -f docker-compose.test.yml down -v", []),
        ("docker compose -p e2e down -v", ["SG816 1 docker compose -p e2e down"]),
        ("docker compose -f docker-compose.yml -f docker-compose.ci.yml down -v", []),
        ("cd e2e && docker compose down -v", []),
        ("docker volume rm app_whatsapp_auth", ["SG812 1 app_whatsapp_auth"]),
        ("docker volume rm redis_data", []),
        ("docker volume rm $(docker volume ls -q)", ["SG812 1 $(docker volume ls -q)"]),
        ("docker volume prune -f", ["SG812 1 docker volume prune"]),
        ("docker volume prune --filter label=tmp", []),
        ("docker system prune -af --volumes", ["SG812 1 docker system prune -af --volumes"]),
        ("docker system prune -af", []),
        ("rm -rf /var/lib/docker/volumes/app_whatsapp_auth/_data",
         ["SG812 1 /var/lib/docker/volumes/app_whatsapp_auth/_data"]),
        ("rm -rf /var/lib/docker/volumes/app_redis/_data", []),
        ('git commit -m "docker compose down -v"', []),
        ("echo docker compose down -v", []),
        # SG813: a wait for some shards only.
        ("until curl -fsS http://baileys:3300/health; do sleep 1; done",
         ["SG813 1 http://baileys:3300/health"]),
        ("for i in $(seq 30); do curl -f http://baileys:3300/x && break; sleep 1; done",
         ["SG813 1 http://baileys:3300/x"]),
        ("while ! nc -z baileys 3300; do sleep 1; done", ["SG813 1 baileys"]),
        ("./wait-for-it.sh -t 30 baileys:3300 -- gunicorn app", ["SG813 1 baileys:3300"]),
        ("dockerize -wait tcp://baileys:3300 app", ["SG813 1 tcp://baileys:3300"]),
        ("until [ \"$(docker inspect -f '{{.State.Health.Status}}' baileys)\" = healthy ]; do sleep 1; done",
         ["SG813 1 baileys"]),
        ("while ! curl http://baileys-1:3300 || ! curl http://baileys-2:3300; do sleep 1; done",
         ["SG813 1 http://baileys-1:3300", "SG813 1 http://baileys-2:3300"]),
        ("until curl redis:6379; do sleep 1; done", []),
        ("while read -r line; do echo $line; done", []),
        # SG816: the overlay or the profile is left out.
        ("docker compose up -d", ["SG816 1 docker compose up"]),
        ("docker-compose up -d", ["SG816 1 docker-compose up"]),
        ("docker compose -f docker-compose.yml -f docker-compose.prod.yml up -d",
         ["SG816 1 docker compose -f docker-compose.yml -f docker-compose.prod.yml up"]),
        ("docker compose -f docker-compose.yml up -d api", ["SG816 1 docker compose -f docker-compose.yml up"]),
        ("docker compose up -d redis", []),
        ("docker compose restart api", []),
        (f"{OVERLAID} up -d --build", []),
        ("docker compose -f ../docker-compose.yml -f ../docker-compose.prod.yml --profile '*' up", []),
        ('docker compose -f "$ROOT/docker-compose.yml" up', ['SG816 1 docker compose -f "$ROOT/docker-compose.yml" up']),
        ('docker compose -f "$FILE" up', []),
        ("docker compose $FLAGS up", []),
        ("docker compose -f docker-compose.yml -f docker-compose.dev.yml up", []),
        ("docker compose -f monitoring/docker-compose.yml up", ["SG816 1 docker compose -f monitoring/docker-compose.yml up"]),
        ("docker compose ps\ndocker compose logs -f\ndocker compose config -q", []),
        (("export COMPOSE_FILE=docker-compose.yml:docker-compose.prod.yml COMPOSE_PROFILES=multi-shard\n"
         "docker compose up -d"), []),
        ("COMPOSE_PROFILES=multi-shard docker compose -f docker-compose.yml -f docker-compose.prod.yml up", []),
        (". ./deploy.env\ndocker compose up -d", []),
        (f'DC="{OVERLAID}"\n$DC up -d\n', []),
        ("FLAGS=\ndocker compose $FLAGS up -d\n", ["SG816 2 docker compose $FLAGS up"]),
        ('DC="docker compose -f docker-compose.yml"\n$DC pull\nsudo $DC up -d\n',
         ["SG816 2 $DC pull", "SG816 3 $DC up"]),
        (("FILES=(-f docker-compose.yml -f docker-compose.prod.yml)\n"
         'docker compose "${FILES[@]}" up -d'), ['SG816 2 docker compose "${FILES[@]}" up']),
        ("git clone https://example.com/prosaas.git && cd prosaas && docker compose up -d",
         ["SG816 1 docker compose up"]),
        ("cd monitoring && docker compose up -d", []),
        ("cd /srv/prosaas && docker compose up -d", ["SG816 1 docker compose up"]),
        ('cd "$(dirname "$0")/.." && docker compose up -d', ["SG816 1 docker compose up"]),
        ("echo `docker compose up -d`", ["SG816 1 docker compose up"]),
    ],
)  # fmt: skip
def test_a_script(text: str, expected: list[str]) -> None:
    assert found(findings, text) == expected


def test_one_shard_needs_no_profile_and_has_no_others() -> None:
    alone = subject_of("version: 1\nshards: [{id: 1}]\n")
    text = "docker compose -f docker-compose.yml -f docker-compose.prod.yml up -d\ndocker restart baileys\n"
    assert found(findings, text, alone) == []
    assert found(findings, "docker compose up -d", alone) == ["SG816 1 docker compose up"]
    assert found(findings, "curl http://baileys:3300/", alone) == ["SG803 1 http://baileys:3300"]


def test_volumes_that_are_external_survive() -> None:
    shards = SHARDS.replace("{consumers", "{storage: {external: true}, consumers")
    base = {
        "docker-compose.yml": subject_of().base.document.text.replace(
            "whatsapp_auth: {}", "whatsapp_auth: {external: true}"
        )
    }  # type: ignore[union-attr]
    assert found(findings, f"{OVERLAID} down -v", subject_of(shards, base)) == []


def test_an_env_file_sets_the_files_and_profiles() -> None:
    setting = "COMPOSE_FILE=docker-compose.yml:docker-compose.prod.yml\n"
    half = subject_of(files={".env.example": setting})
    assert found(findings, "docker compose up -d", half) == ["SG816 1 docker compose up"]
    whole = subject_of(files={".env": f"{setting}COMPOSE_PROFILES=a,multi-shard\n"})
    assert found(findings, "docker compose up -d", whole) == []


def test_a_folder_with_a_compose_file_of_its_own_is_another_stack() -> None:
    subject = subject_of(files={"tools/compose.yml": "services: {}\n"})
    assert found(findings, "docker compose up -d", subject, "tools/run.sh") == []
    assert found(findings, "docker compose up -d", subject, "bin/run.sh") != []


WORDS = st.sampled_from(
    ["docker", "compose", "-f", "docker-compose.yml", "down", "-v", "up", "baileys", "baileys-2", "$X",
     "http://baileys:3300", "until", "while", "do", "done", "for", "in", "case", "esac", "(", ")", ";",
     "\n", "$(", "`", "'", '"', "<<EOF", "EOF", "#", "\\", "||", "X=", "{1..3}", "${", "}", "ssh", "[[", "$(X", "X=\n", "X=(", "export", "-c", "sh"]
)  # fmt: skip


@given(st.lists(WORDS | st.text(max_size=3), max_size=25).map(" ".join))
def test_no_script_is_too_odd(text: str) -> None:
    found(findings, text, SUBJECT)


SUBJECT = subject_of()
