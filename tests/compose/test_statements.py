"""What shards.yaml states: under `service` it holds for every shard, in an entry for that one alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.compose.stacks import FILES, PLAIN, Compose, project, without_identity

BASES = {
    "mappings": """
        services:
          baileys:
            image: wa
            environment: {TZ: UTC, LOG_LEVEL: info, PORT: 3300}
            labels: {a: "1", b: "2"}
            networks: {net: {priority: 3}}
            depends_on: {api: {condition: service_healthy, required: false}}
            healthcheck: {test: [CMD, "true"], interval: 5s}
            volumes: ["whatsapp_auth:/app/storage/whatsapp:nocopy", "cache:/cache"]
            security_opt: ["no-new-privileges:true"]
            cap_add: [NET_ADMIN]
            ulimits: {nproc: 5, nofile: {soft: 1, hard: 2}}
            logging: {driver: local, options: {max-size: 1m}}
            mem_limit: 64m
            command: [serve]
            restart: always
          api: {image: api, networks: [net, other]}
          redis: {image: redis}
        volumes: {whatsapp_auth: {}, cache: {}, more: {}}
        networks: {net: {}, other: {}}
    """,
    "lists": """
        services:
          baileys:
            image: wa
            environment: [TZ=UTC, LOG_LEVEL=info, PORT=3300]
            labels: [a=1, b=2]
            networks: [net]
            depends_on: [api]
            volumes:
              - {type: volume, source: whatsapp_auth, target: /app/storage/whatsapp}
              - cache:/cache
            extra_hosts: ["a:10.0.0.1"]
            env_file: .env
            build: {context: ., args: [A=1, B=2]}
            command: serve all
          api: {image: api, networks: [net, other]}
          redis: {image: redis}
        volumes: {whatsapp_auth: {}, cache: {}, more: {}}
        networks: {net: {}, other: {}}
    """,
    "extends": """
        services:
          common:
            image: wa
            environment: {TZ: UTC, LOG_LEVEL: warn}
            labels: {a: "1"}
            networks: [net]
            command: [serve]
            security_opt: ["no-new-privileges:true"]
          baileys:
            extends: common
            environment: {LOG_LEVEL: info, PORT: 3300}
            labels: {b: "2"}
            volumes: ["whatsapp_auth:/app/storage/whatsapp", "cache:/cache"]
          api: {image: api, networks: [net, other]}
          redis: {image: redis}
        volumes: {whatsapp_auth: {}, cache: {}, more: {}}
        networks: {net: {}, other: {}}
    """,
}
#: A statement, and what must be found in a service of the model for it; None: it must be gone.
STATEMENTS: dict[str, dict[str, Any]] = {
    "environment: {LOG_LEVEL: debug, NEW: 'yes'}": {
        "environment": {"TZ": "UTC", "LOG_LEVEL": "debug", "PORT": "3300", "NEW": "yes"}
    },
    "environment: {LOG_LEVEL: null}": {"environment": {"TZ": "UTC", "PORT": "3300"}},
    "environment: null": {"environment": {}},
    "env_file: extra.env": {},
    "restart: 'no'": {"restart": "no"},
    "restart: null": {"restart": None},
    "image: wa:2": {"image": "wa:2"},
    "stop_grace_period: 30s": {"stop_grace_period": "30s"},
    "limits: {memory: 512m, cpus: 0.5}": {
        "deploy": {"resources": {"limits": {"memory": "536870912", "cpus": 0.5}}}
    },
    "labels: {a: '3', c: x}": {"labels": {"a": "3", "b": "2", "c": "x"}},
    "labels: {a: null}": {"labels": {"b": "2"}},
    "labels: null": {"labels": None},
    "networks: [other]": {"networks": {"net", "other"}},
    "networks: {net: {priority: 9}}": {"networks": {"net"}},
    "networks: null": {"networks": {"default"}},
    "depends_on: [redis]": {},
    "depends_on: {redis: {condition: service_started, restart: true}}": {},
    "depends_on: null": {"depends_on": None},
    "healthcheck: {path: /health}": {},
    "healthcheck: {test: [CMD, x], retries: 9}": {},
    "healthcheck: null": {"healthcheck": None},
    "hardening: true": {"cap_drop": ["ALL"], "init": True,
                        "security_opt": ["no-new-privileges:true"]},
    "build: {context: ., args: {A: null, C: '3'}}": {},
    "compose: {command: null}": {"command": None},
    "compose: {command: [run, it], entrypoint: /bin/sh}": {"command": ["run", "it"]},
    "compose: {cap_add: [NET_ADMIN, CHOWN]}": {},
    "compose: {cap_add: null}": {"cap_add": None},
    "compose: {ulimits: {nproc: null, nofile: 3}}": {"ulimits": {"nofile": 3}},
    "compose: {security_opt: ['no-new-privileges:true', 'seccomp:unconfined']}": {
        "security_opt": ["no-new-privileges:true", "seccomp:unconfined"]
    },
    "compose: {logging: {driver: local, options: {max-file: '2'}}}": {},
    "compose: {logging: {driver: json-file}}": {"logging": {"driver": "json-file"}},
    "compose: {volumes: ['more:/more', 'cache:/cache:ro'], tmpfs: /run}": {},
    "compose: {extra_hosts: {b: 10.0.0.2}, ports: ['3301'], user: '0440'}": {"user": "0440"},
    "compose: {deploy: {resources: {reservations: {memory: 1m}}}, x-note: {a: [1]}}": {},
    "profile: null": {},
}  # fmt: skip
Render = Callable[[str, str], Path]


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Render:
    """Return a function to a project with a base, and a shards.yaml; each is rendered once."""

    @cache
    def of(base: str, shards: str) -> Path:
        folder = tmp_path_factory.mktemp("stated")
        return project(folder, shards, BASES[base], extra="")

    return of


def found(model: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a shard without its identity, `networks` as options that others have too."""
    model["services"][name].setdefault("profiles", ["multi-shard"])
    if name == "baileys":
        del model["services"][name]["profiles"]
    return without_identity(model, name)


def assert_says(service: dict[str, Any], expected: dict[str, Any]) -> None:
    """Assert that a service says what is expected, key by key."""
    for key, value in expected.items():
        said = service.get(key)
        if key == "networks":
            said = set(said)
        elif key == "environment":
            said = {name: each for name, each in said.items() if name != "INTERNAL_SECRET"}
        elif key == "deploy":
            said = {"resources": said["resources"]}
        assert said == value


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_statement_holds_for_every_shard(
    compose: Compose, rendered: Render, base: str, statement: str
) -> None:
    folder = rendered(base, f"service:\n  {statement}\nshards: [{{id: 1}}, {{id: 2}}]\n")
    (folder / "extra.env").write_text("EXTRA=1\n")
    model = compose.model(folder)
    first, second = found(model, "baileys"), found(model, "baileys-2")
    assert first == second
    assert_says(first, STATEMENTS[statement])


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("statement", [s for s in STATEMENTS if "profile" not in s])
def test_an_entry_holds_for_its_shard_alone(
    compose: Compose, rendered: Render, number: int, statement: str
) -> None:
    """Shard 3 is as if nothing were stated; the entry's shard as if it were stated for all."""
    keys = statement.replace("\n  ", "\n    ")
    entries = [
        f"  - id: {each}\n" + (f"    {keys}\n" if each == number else "") for each in (1, 2, 3)
    ]
    folder = rendered("mappings", "shards:\n" + "".join(entries))
    (folder / "extra.env").write_text("EXTRA=1\n")
    model = compose.model(folder)
    names = {each: "baileys" if each == 1 else f"baileys-{each}" for each in (1, 2, 3)}
    unstated = as_in_the_base(compose, rendered("mappings", "shards: [{id: 1}, {id: 2}]\n"))
    for each, name in names.items():
        if each != number:
            assert without_folder(found(model, name)) == unstated
    assert_says(found(model, names[number]), STATEMENTS[statement])


@cache
def as_in_the_base(compose: Compose, folder: Path) -> dict[str, Any]:
    """Return what a shard is where nothing is stated."""
    return without_folder(found(compose.model(folder), "baileys"))


def without_folder(service: dict[str, Any]) -> dict[str, Any]:
    """Return a service without what holds the project's folder: the path of its build."""
    return {key: value for key, value in service.items() if key != "build"}


def test_an_entry_beats_what_holds_for_all(compose: Compose, rendered: Render) -> None:
    folder = rendered("lists", """
service:
  environment: {LOG_LEVEL: debug, EXTRA: all}
  hardening: true
  compose: {cap_add: null, command: [for, all], logging: {driver: local}}
shards:
  - id: 1
    environment: {EXTRA: null}
    compose: {command: null, cap_add: [CHOWN]}
  - id: 2
    hardening: false
    environment: null
    compose: {command: [own], logging: {driver: syslog}}
  - id: 3
""")  # fmt: skip
    services = compose.model(folder)["services"]
    first, second, third = (services[f"baileys{each}"] for each in ("", "-2", "-3"))
    assert first["environment"] == {
        "TZ": "UTC", "LOG_LEVEL": "debug", "PORT": "3300", "INTERNAL_SECRET": "s3",
        "BAILEYS_SHARD_ID": "1",
    }  # fmt: skip
    assert first["command"] is None
    assert first["cap_add"] == ["CHOWN"]
    assert first["cap_drop"] == third["cap_drop"] == ["ALL"]
    assert second["environment"] == {"INTERNAL_SECRET": "s3", "BAILEYS_SHARD_ID": "2"}
    assert "cap_drop" not in second
    assert "init" not in second
    assert (second["command"], second["logging"]["driver"]) == (["own"], "syslog")
    assert (third["command"], third["logging"]["driver"]) == (["for", "all"], "local")
    assert third["environment"]["EXTRA"] == "all"


def test_a_shard_with_another_mount_leaves_the_others_alone(
    compose: Compose, tmp_path: Path
) -> None:
    project(tmp_path, """
shards:
  - id: 1
  - {id: 2, storage: {mount: /data}, volume: moved}
  - {id: 3, storage: {external: true}}
""", PLAIN)  # fmt: skip
    model = compose.model(tmp_path)
    mounts = {
        name: [(each["source"], each["target"]) for each in model["services"][name]["volumes"]]
        for name in ("baileys", "baileys-2", "baileys-3")
    }
    assert mounts == {
        "baileys": [("whatsapp_auth", "/app/storage/whatsapp")],
        "baileys-2": [("moved", "/data")],
        "baileys-3": [("whatsapp_auth_shard3", "/app/storage/whatsapp")],
    }
    assert model["volumes"]["whatsapp_auth_shard3"]["external"] is True
    assert "external" not in model["volumes"]["moved"]
    assert FILES[0] in (tmp_path / FILES[1]).read_text()
