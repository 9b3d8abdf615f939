"""Whatever the base says of shard 1, compose must find it in shard 2 as well, but for four things.

The bases hold what people write: short and long forms, lists and mappings, anchors, tags, `extends`,
and scalars that YAML versions read differently.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from tests.compose.stacks import Compose, count, project, without_identity, write

Render = Callable[[str], Path]

#: What the service of shard 1 says beside its image and its volume, by what is special about it.
SERVICES: dict[str, str] = {
    "environment as a list": """
        environment: [A=1, "B=two words", EMPTY=, FROM_HOST, "C=a=b", "D=$$literal", A=2]
    """,
    "environment as a mapping": """
        environment: {A: 1, B: true, C: 1.50, D: null, E: "", F: "${HOME_X:-a b}", G: "$${x}"}
    """,
    "scalars of YAML 1.1": """
        restart: "no"
        environment:
          A: yes
          B: on
          C: 0440
          D: 22:22
          E: 1e3
          F: 0x1F
          G: ~
          H: 1_000
          I: "0440"
          J: "yes"
          K: 'null'
          L: .5
          M: 0o17
          N: "1e3"
          O: y
          P: "2024-01-01"
          Q: "="
          R: "<<"
        labels: {a: 0440, b: "0440", c: off}
        mem_swappiness: 010
    """,
    "multi-line and unicode": """
        environment:
          BLOCK: |
            first: line
              # no comment
          FOLDED: >-
            one
            two
          UNICODE: "žluťoučký 🐎 \\u2028 \\x85"
          QUOTES: 'it''s "so" \\n'
        command: ["sh", "-c", "echo 'a: b' # c\\n\\techo $$PATH"]
    """,
    "commands": """
        entrypoint: /bin/sh -c 'exec "$$@"' --
        command: node --max-old-space-size=512 "server.js"
    """,
    "mounts in the short form": """
        volumes:
          - ./config:/app/config:ro
          - whatsapp_auth:/app/storage/whatsapp:nocopy
          - cache:/cache
          - /var/run/docker.sock:/var/run/docker.sock
          - /anonymous
          - "${DATA_DIR:-/srv}:/data:ro"
    """,
    "mounts in the long form": """
        volumes:
          - {type: bind, source: ./config, target: /app/config, read_only: true}
          - type: volume
            source: whatsapp_auth
            target: /app/storage/whatsapp
            volume: {nocopy: true, subpath: data}
          - {type: tmpfs, target: /scratch, tmpfs: {size: 1000000, mode: 0770}}
          - {type: volume, target: /anonymous}
    """,
    "tmpfs and dns as one string": """
        tmpfs: /run:size=64m
        dns: 1.1.1.1
        dns_search: [example.org]
        env_file: .env
    """,
    "networks with options": """
        networks:
          net: {aliases: [wa], priority: 10}
          other: {driver_opts: {com.example: "1"}}
          third:
    """,
    "no networks": "hostname: wa",
    "healthcheck as a string": """
        healthcheck: {test: "curl -f http://127.0.0.1 || exit 1", interval: 1m30s, retries: 3}
    """,
    "healthcheck that is off": "healthcheck: {disable: true}",
    "lists of pairs": """
        labels: [com.example.a=1, com.example.b, "com.example.c=x=y"]
        extra_hosts: ["host.docker.internal:host-gateway", "a=10.0.0.1", "a=10.0.0.2", "v6:[::1]"]
        sysctls: [net.core.somaxconn=1024]
        annotations: [a=b]
    """,
    "mappings of pairs": """
        labels: {com.example.a: 1, com.example.b: null}
        extra_hosts: {a: 10.0.0.1, b: [10.0.0.2, 10.0.0.3]}
        sysctls: {net.core.somaxconn: 1024}
    """,
    "limits": """
        ulimits: {nproc: 65535, nofile: {soft: 20000, hard: 40000}}
        deploy:
          resources:
            limits: {cpus: "0.50", memory: 512M, pids: 100}
            reservations: {memory: 128M}
          restart_policy: {condition: on-failure, max_attempts: 3}
        shm_size: 64m
        oom_score_adj: -500
        pids_limit: 100
    """,
    "logging and security": """
        logging: {driver: json-file, options: {max-size: 10m, max-file: 3}}
        security_opt: ["no-new-privileges:true"]
        cap_drop: [ALL]
        cap_add: [NET_BIND_SERVICE]
        init: true
        read_only: true
        user: "1000:1000"
        group_add: [mail]
        privileged: false
    """,
    "secrets and configs": """
        secrets:
          - token
          - {source: token, target: /run/other, uid: "103", mode: 0440}
        configs: [{source: settings, target: /settings}]
    """,
    "depends_on as a list": "depends_on: [api, redis]",
    "depends_on as a mapping": """
        depends_on:
          api: {condition: service_started, required: false}
          redis: {condition: service_healthy, restart: true}
    """,
    "build": """
        build:
          context: .
          dockerfile: Dockerfile.wa
          args: [A=1, "B=${INTERNAL_SECRET:?is needed}", C=]
          target: run
          labels: {a: b}
          extra_hosts: ["a=10.0.0.1"]
          cache_from: ["type=local,src=a"]
          secrets: [token]
          ssh: [default]
          platforms: [linux/amd64]
    """,
    "build as a string": "build: ./wa",
    "env files": """
        env_file:
          - .env
          - {path: ./missing.env, required: false}
    """,
    "ports inside the network": """
        expose: ["3300", 3301]
        ports: ["3302", {target: 3303}]
    """,
    "hooks and development": """
        post_start: [{command: ["/setup"], user: root}]
        develop: {watch: [{path: ./src, action: sync, target: /app}]}
        stop_signal: SIGTERM
        stop_grace_period: 30s
        devices: ["/dev/null:/dev/null:rwm"]
        gpus: all
        x-note: {anything: [1, two]}
    """,
    "anchors and merges": """
        <<: [*one, *two]
        environment: {<<: *env, B: 3}
        labels: *labels
    """,
    "tags that mean nothing in a first file": """
        command: !reset null
        environment: !override {A: 1}
        labels: {a: !reset null, b: c}
    """,
}
EXTENDING: dict[str, str] = {
    "extends in the same file": """
        extends: common
        environment: {A: own}
    """,
    "extends in a mapping": """
        extends: {service: common}
        volumes: ["cache:/cache"]
        command: !reset null
        labels: !override {only: mine}
    """,
    "extends another file": """
        extends: {file: common/services.yml, service: above}
        environment: [A=own]
    """,
    "extends with the volume and networks above": """
        extends: {file: common/services.yml, service: stateful}
    """,
}
BASE = """
x-one: &one {{stop_signal: SIGINT, working_dir: /app}}
x-two: &two {{working_dir: /other, tty: true}}
x-env: &env {{A: 1, B: 2}}
x-labels: &labels {{a: "1"}}
services:
  common:
    image: common
    command: [from, common]
    environment: {{A: common, C: "3"}}
    labels: {{above: "1"}}
    networks: [net]
    cap_add: [NET_ADMIN]
    volumes: ["./shared:/shared"]
  baileys:
{service}
  api: {{image: api, networks: [net, default, other]}}
  redis: {{image: redis}}
volumes: {{whatsapp_auth: {{}}, cache: {{}}}}
networks: {{net: {{}}, other: {{}}, third: {{}}}}
secrets: {{token: {{environment: INTERNAL_SECRET}}}}
configs: {{settings: {{content: "a: b"}}}}
"""
COMMON = """
services:
  top:
    environment: {A: top, B: top}
    env_file: ./top.env
    networks: [net]
    build: {context: ../wa, additional_contexts: {more: ./more}}
    volumes: ["./data:/data", "~/x:/x", {type: bind, source: ../y, target: /y}]
  above:
    extends: top
    environment: [C=above]
    develop: {watch: [{path: ./src, action: rebuild}]}
  stateful:
    image: x
    networks: {net: {aliases: [wa]}}
    volumes: ["whatsapp_auth:/app/storage/whatsapp"]
"""


def base(service: str) -> str:
    """Return a base file with this service of shard 1."""
    lines = dedent(service).strip("\n")
    if "image:" not in lines and "build:" not in lines and "extends:" not in lines:
        lines = f"image: wa\n{lines}"
    if "whatsapp_auth" not in lines and "stateful" not in lines:
        head, found, rest = lines.partition("volumes: [")
        own = '"whatsapp_auth:/app/storage/whatsapp"'
        lines = f"{head}volumes: [{own}, {rest}" if found else f"{lines}\nvolumes: [{own}]"
    return BASE.format(service=indent(lines, "    "))


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function to a project of two shards with a service; each is rendered once."""

    @cache
    def of(service: str) -> Path:
        folder = tmp_path_factory.mktemp("rich")
        write(folder, "common/services.yml", COMMON)
        write(folder, "common/top.env", "T=1\n")
        return project(folder, count(2), base(service))

    return of


def assert_alike(model: dict[str, Any]) -> None:
    """Assert that shard 2 is shard 1 but for its identity, its profile and its names."""
    first, second = (without_identity(model, name) for name in ("baileys", "baileys-2"))
    for service in (first, second):
        for options in service["networks"].values():
            options.pop("aliases", None)  # shard 1's own, which the base gives it
    assert second == first


@pytest.mark.parametrize("service", [*SERVICES.values(), *EXTENDING.values()],
                         ids=[*SERVICES, *EXTENDING])  # fmt: skip
def test_shard_two_is_like_shard_one(compose: Compose, rendered: Render, service: str) -> None:
    assert_alike(compose.model(rendered(service)))


def test_what_names_one_container_is_not_passed_on(compose: Compose, rendered: Render) -> None:
    """A container name and an alias are one container's; profiles are shard 1's own."""
    service = """
        container_name: whatsapp
        profiles: [whatsapp]
        networks: {net: {aliases: [wa]}}
    """
    services = compose.model(rendered(service))["services"]
    first, second = services["baileys"], services["baileys-2"]
    assert (first["container_name"], second["container_name"]) == ("whatsapp", "whatsapp-2")
    assert (first["profiles"], second["profiles"]) == (["whatsapp"], ["multi-shard"])
    assert first["networks"]["net"]["aliases"] == ["wa", "baileys-1"]
    assert second["networks"]["net"]["aliases"] == ["baileys-2"]
