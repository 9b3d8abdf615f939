"""What the audit finds in compose files, and what it leaves alone."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardgen.audit.composefile import findings
from tests.audit_subjects import BASE, found, subject_of

SUBJECT = subject_of()


def service(body: str, name: str = "api") -> str:
    """Return a compose file with one service, whose lines are 3 and on."""
    return f"services:\n  {name}:\n{textwrap.indent(textwrap.dedent(body), '    ')}\n"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # SG803, SG804: an address is typed.
        ("environment: {WA_URL: http://baileys:3300}", ["SG803 3 http://baileys:3300"]),
        ("environment:\n- WA_URL=http://baileys-2:3300/x", ["SG803 4 http://baileys-2:3300"]),
        ("environment: {WA_URL: '${WA_URL:-http://baileys:3300}'}", ["SG803 3 http://baileys:3300"]),
        ("environment: {WA_HOST: baileys, WA_PORT: 3300}", ["SG803 3 baileys", "SG804 3 3300"]),
        ("environment: {WA_HOST: baileys-2}", ["SG803 3 baileys-2"]),
        ("environment: {WA_HOST: baileys, WA_PORT: 9100}", []),
        ("environment: {APP_NAME: baileys, DB: baileys, NAME_HOST: redis}", []),
        ("environment: {PORT: 3300}", []),
        ("environment: {REDIS_URL: 'redis://redis:6379'}", []),
        ('labels: ["traefik.http.services.wa.loadbalancer.server.url=http://baileys:3300"]',
         ["SG803 3 http://baileys:3300"]),
        ("command: gunicorn --forward http://baileys:3300", ["SG803 3 http://baileys:3300"]),
        ('command: ["python", "-m", "app", "--wa", "http://baileys:3300"]', ["SG803 3 http://baileys:3300"]),
        ("image: baileys:3300", []),
        ("build: {context: ., args: {WA: 'http://baileys:3300'}}", ["SG803 3 http://baileys:3300"]),
        # SG805: a volume is typed.
        ("environment: {BACKUP_VOLUMES: whatsapp_auth}", ["SG805 3 whatsapp_auth"]),
        ("environment: {TABLE: whatsapp_auth}", []),
        # SG806: a shard variable that disagrees.
        ("environment: {BAILEYS_NUM_SHARDS: 2}", ["SG806 3 BAILEYS_NUM_SHARDS"]),
        ("environment: ['BAILEYS_NUM_SHARDS=2']", ["SG806 3 BAILEYS_NUM_SHARDS"]),
        ("environment: {BAILEYS_NUM_SHARDS: 3}", []),
        ("environment: {BAILEYS_NUM_SHARDS: '${BAILEYS_NUM_SHARDS}'}", []),
        # SG811: tied to one shard.
        ("links: [redis, 'baileys:wa']", ["SG811 3 'baileys:wa'"]),
        ("network_mode: service:baileys", ["SG811 3 service:baileys"]),
        ("network_mode: service:redis", []),
        ("volumes: ['whatsapp_auth:/data:ro']", ["SG811 3 whatsapp_auth"]),
        ("volumes: ['whatsapp_auth:/1:ro', 'whatsapp_auth_shard2:/2:ro', 'whatsapp_auth_shard3:/3:ro']", []),
        ("volumes: [{type: volume, source: whatsapp_auth, target: /d, read_only: true}]",
         ["SG811 3 whatsapp_auth"]),
        # SG813: one shard decides.
        ("depends_on: [redis, baileys]", ["SG813 3 baileys"]),
        ("depends_on:\n  redis: {condition: service_healthy}\n  baileys: {condition: service_healthy}",
         ["SG813 5 baileys"]),
        ("depends_on: [baileys, baileys-2, baileys-3]", []),
        ("depends_on: [redis]", []),
        ("healthcheck: {test: curl -f http://baileys:3300/health}", ["SG813 3 http://baileys:3300"]),
        ("healthcheck: {test: [CMD, curl, -f, 'http://127.0.0.1:5000/health']}", []),
        ('command: ["./wait-for-it.sh", "baileys:3300", "--", "gunicorn"]', ["SG813 3 baileys:3300"]),
        ("command: sh -c 'until nc -z baileys 3300; do sleep 1; done; gunicorn'", ["SG813 3 baileys"]),
        ("entrypoint: [sh, -c, 'until curl -f http://baileys:3300/h; do sleep 1; done']",
         ["SG813 3 http://baileys:3300/h"]),
        # SG814: a tool that is not there.
        ("image: node:20-slim\nhealthcheck: {test: [CMD, wget, -qO-, x]}", ["SG814 4 wget"]),
        ("image: node:20-slim\nhealthcheck: {test: 'curl -f x || exit 1'}", ["SG814 4 curl"]),
        ("image: node:20-slim\nhealthcheck: {disable: true, test: 'curl -f x || exit 1'}", []),
        ("image: node:20-slim\nhealthcheck: {test: [CMD, node, -e, '1']}", []),
        ("build: wa\nhealthcheck: {test: [CMD, wget, x]}", ["SG814 4 wget"]),
        ("build: {context: wa, args: {NODE: 20}}\nhealthcheck: {test: [CMD, wget, x]}", []),
        ("build: {context: wa, target: full}\nhealthcheck: {test: [CMD, wget, x]}", []),
        ("build: {context: https://example.com/x.git}\nhealthcheck: {test: [CMD, wget, x]}", []),
        ("build: {dockerfile_inline: 'FROM alpine'}\nhealthcheck: {test: [CMD, curl, x]}", ["SG814 4 curl"]),
        # SG815: two services on one volume.
        ("volumes: ['whatsapp_auth:/data']", ["SG815 3 whatsapp_auth"]),
        ("volumes: [{type: volume, source: whatsapp_auth, target: /d}]", ["SG815 3 whatsapp_auth"]),
        ("volumes_from: ['baileys']", ["SG815 3 baileys"]),
        ("volumes: ['redis_data:/data', './whatsapp_auth:/x']", []),
    ],
)  # fmt: skip
def test_a_service(body: str, expected: list[str]) -> None:
    subject = subject_of(
        files={"wa/Dockerfile": "FROM node:20-slim AS slim\nFROM node:20 AS full\nFROM slim\n"}
    )
    assert found(findings, service(body), subject, "docker-compose.jobs.yml") == expected


def test_the_base_itself_is_clean() -> None:
    assert found(findings, BASE, file="docker-compose.yml") == []


def test_a_shard_on_the_volume_of_another_one() -> None:
    text = service("image: x\nvolumes: ['whatsapp_auth:/app/storage/whatsapp']", "baileys-2")
    assert found(findings, text, file="docker-compose.yml") == ["SG815 4 whatsapp_auth"]


def test_an_override_of_one_shard() -> None:
    text = service("mem_limit: 1g", "baileys")
    assert found(findings, text, file="docker-compose.limits.yml") == ["SG811 2 baileys"]
    assert found(findings, text, file="docker-compose.dev.yml") == []
    whole = service("image: x", "baileys")
    assert found(findings, whole, file="docker-compose.limits.yml") == []
    all_of_them = "services:\n" + "".join(
        f"  {name}: {{mem_limit: 1g}}\n" for name in ("baileys", "baileys-2", "baileys-3")
    )
    assert found(findings, all_of_them, file="docker-compose.limits.yml") == []


def test_volumes_of_another_project_are_others() -> None:
    text = service("volumes: ['whatsapp_auth:/data']") + "volumes: {whatsapp_auth: {}}\n"
    assert found(findings, text, file="tools/docker-compose.yml") == []
    assert found(findings, f"name: other\n{text}", file="docker-compose.x.yml") == []
    outside = (
        service("volumes: ['wa:/data']")
        + "volumes: {wa: {external: true, name: app_whatsapp_auth}}\n"
    )
    assert found(findings, outside, file="tools/docker-compose.yml") == ["SG815 3 wa"]


def test_what_services_share_is_found_once() -> None:
    text = (
        "x-app: &app\n  environment: {WA: 'http://baileys:3300'}\n"
        "services:\n  api: {<<: *app}\n  worker: {<<: *app}\n"
    )
    assert found(findings, text, file="docker-compose.yml") == ["SG803 2 http://baileys:3300"]


def test_one_shard_alone_is_not_tied_to() -> None:
    alone = subject_of("version: 1\nshards: [{id: 1}]\n")
    text = service("depends_on: [baileys]\nlinks: [baileys]")
    assert found(findings, text, alone, "docker-compose.yml") == []


def test_a_broken_file_is_named_if_it_is_about_the_fleet() -> None:
    text = "services:\n  baileys:\n    image: ["
    assert found(findings, text, file="compose.yml")[0].startswith("SG809 3")
    assert found(findings, text + "\n{% endif %}", file="compose.yml") == []
    assert found(findings, "services: [\n  redis", file="compose.yml") == []


LINES = st.sampled_from(
    ["services:", "  baileys:", "  api:", "    image: node:20-slim", "    depends_on: [baileys]",
     "    healthcheck: {test: 'curl http://baileys:3300'}", "    volumes:", "    - whatsapp_auth:/x",
     "    environment:", "    - A=http://baileys:3300", "    command: [sh, -c, 'nc -z baileys 3300']",
     "    <<: *x", "    extends: api", "volumes: {whatsapp_auth: {external: true}}", "\x85", "  - 1",
     "    command: !reset null", "    links: {a: baileys}", "    build: {context: [1]}", "\u2028"]
)  # fmt: skip


@given(st.lists(LINES | st.text(max_size=5), max_size=14).map("\n".join))
def test_no_file_is_too_odd(text: str) -> None:
    found(findings, text, SUBJECT, "docker-compose.yml")
