"""The files of other hosts, as compose reads each by itself: complete, and the same shard as here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.compose.stacks import Compose, project, render

if TYPE_CHECKING:
    from pathlib import Path

#: A service with much that ties it to its host, and to others there.
BASE = """
    name: messaging
    services:
      baileys:
        build: {context: ./wa, dockerfile: Dockerfile}
        env_file: [.env]
        environment: {API: http://api:5000, TZ: UTC}
        command: [node, index.js]
        container_name: wa
        ports: ["127.0.0.1:3300:3300", "9229"]
        volumes: [whatsapp_auth:/app/storage/whatsapp, media:/media, ./certs:/certs:ro]
        networks: {net: {aliases: [whatsapp], ipv4_address: 10.5.0.9}}
        depends_on: {api: {condition: service_started}}
        secrets: [key]
        healthcheck: {test: [CMD, node, check.js]}
        restart: unless-stopped
      api: {image: api, networks: [net], env_file: [.env]}
    volumes: {whatsapp_auth: {labels: {team: x}}, media: {}}
    networks: {net: {ipam: {config: [{subnet: 10.5.0.0/24}]}}}
    secrets: {key: {file: ./key.pem}}
"""
HEAD = """
service: {consumers: [api], networks: {net: {}}, compose: {ports: ["9229"]}}
hosts:
  b: {address: 10.0.0.7, environment: {API: "http://10.0.0.1:5000"}}
"""
FILES = {".env": "A=b\n", "key.pem": "", "wa/Dockerfile": "FROM x\n"}


def shards(*more: str, head: str = HEAD) -> str:
    """Return a shards.yaml with shard 1 and others."""
    return f"version: 1{head}shards:\n  - id: 1\n" + "".join(f"  - {each}\n" for each in more)


def on_host(compose: Compose, folder: Path, file: str = "docker-compose.b.yml") -> dict[str, Any]:
    """Return what compose makes of one host's file, alone and without a profile."""
    found: dict[str, Any] = json.loads(
        compose.run(folder, "config", "--format", "json", files=(file,))
    )
    return found


def hashes(compose: Compose, folder: Path, *files: str) -> dict[str, str]:
    """Return the digest of each service, by which compose decides about its container."""
    said = compose.run(folder, "--profile", "*", "config", "--hash", "*", files=files)
    return dict(line.split() for line in said.splitlines())


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """Return a rendered project with a shard on another host."""
    base = BASE.replace(", ipv4_address: 10.5.0.9", "")
    base = base.replace('ports: ["127.0.0.1:3300:3300", "9229"]', 'ports: ["9229"]')
    return project(tmp_path, shards("{id: 2}", "{id: 3, host: b}"), base, **FILES)


def test_it_is_complete_by_itself(compose: Compose, stack: Path) -> None:
    model = on_host(compose, stack)
    assert model["services"].keys() == {"baileys-3"}
    service = model["services"]["baileys-3"]
    assert service["environment"] == {
        "A": "b", "API": "http://10.0.0.1:5000", "TZ": "UTC", "BAILEYS_SHARD_ID": "3"
    }  # fmt: skip
    assert "depends_on" not in service
    assert "profiles" not in service
    assert service["networks"] == {"default": None}
    published = {(p["target"], p.get("published"), p.get("host_ip")) for p in service["ports"]}
    assert published == {(9229, None, None), (3300, "3303", "10.0.0.7")}
    assert model["volumes"].keys() == {"whatsapp_auth_shard3", "media"}
    assert model["volumes"]["whatsapp_auth_shard3"]["labels"] == {"team": "x"}
    assert model["secrets"]["key"]["file"] == f"{stack}/key.pem"


def test_the_project_has_the_name_of_the_base(compose: Compose, stack: Path) -> None:
    """So that the engine has the volume under the same name, in whatever folder."""
    text = (stack / "docker-compose.b.yml").read_text()
    assert "\nname: messaging\n" in text


def test_it_is_the_shard_that_it_would_be_here(compose: Compose, stack: Path) -> None:
    """But for what ties one to its host, shard 3 there is what shard 4 is here."""
    there = on_host(compose, stack)["services"]["baileys-3"]
    render(stack, shards("{id: 2}", "{id: 3, host: b}", "{id: 4}"))
    text = json.dumps(compose.model(stack, profile="multi-shard")["services"]["baileys-4"])
    for old in ("baileys-4", "wa-4", "shard4", '"BAILEYS_SHARD_ID": "4"'):
        assert old in text
        text = text.replace(old, old.replace("4", "3"))
    here = json.loads(text)
    differing = {key for key in here | there if here.get(key) != there.get(key)}
    assert differing == {"networks", "depends_on", "profiles", "ports", "environment"}
    assert there["environment"] == {**here["environment"], "API": "http://10.0.0.1:5000"}


def test_one_more_shard_there_changes_no_container(compose: Compose, stack: Path) -> None:
    """Nothing here but the consumers' variables, and nothing there."""
    files = ("docker-compose.yml", "docker-compose.prod.yml")
    here, there = hashes(compose, stack, *files), hashes(compose, stack, "docker-compose.b.yml")
    render(stack, shards("{id: 2}", "{id: 3, host: b}", "{id: 4, host: b, labels: {a: b}}"))
    after, after_there = (
        hashes(compose, stack, *files),
        hashes(compose, stack, "docker-compose.b.yml"),
    )
    assert {name for name in here | after if here.get(name) != after.get(name)} <= {"api"}
    assert after_there.keys() - there.keys() == {"baileys-4"}
    assert all(after_there[name] == digest for name, digest in there.items())


def test_paths_are_those_of_the_project(compose: Compose, stack: Path) -> None:
    """Compose reads them relative to the file; each leads to the same place as in the base."""
    near = on_host(compose, stack)
    path = "deploy/{host}/docker-compose.yml"
    render(
        stack, shards("{id: 2}", "{id: 3, host: b}") + f'outputs: {{hosts: {{path: "{path}"}}}}\n'
    )
    far = on_host(compose, stack, path.replace("{host}", "b"))
    assert near["services"] == far["services"]
    assert near["secrets"] == far["secrets"]
    assert far["services"]["baileys-3"]["build"]["context"] == f"{stack}/wa"
