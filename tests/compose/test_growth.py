"""G2, G10, G13 without a daemon: what grows beside the shards that run, and what stays as it is."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.compose.stacks import FILES, PLAIN, Compose, count, overlay, project, render
from tests.projects import ROOT

if TYPE_CHECKING:
    from pathlib import Path

CONSUMERS = {"api"}
FLEET = "{consumers: [api]}"


def only_gains(before: str, after: str) -> bool:
    """Return whether every line of a text is still there, in its order."""
    lines = iter(after.splitlines())
    return all(line in lines for line in before.splitlines())


@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 3), (3, 6)])
def test_g2_no_shard_that_runs_is_recreated(
    compose: Compose, tmp_path: Path, before: int, after: int
) -> None:
    """Only the consumers learn of a new shard, through their env file; shard 1 does not even at 1 → 2."""
    project(tmp_path, count(before, service=FLEET))
    old = compose.definitions(tmp_path)
    render(tmp_path, count(after, service=FLEET))
    new = compose.definitions(tmp_path)
    assert {name for name in old if old[name] != new[name]} == CONSUMERS
    assert new.keys() - old.keys() == {f"baileys-{each}" for each in range(before + 1, after + 1)}


def test_g2_the_repository_grows_by_one_service(compose: Compose, tmp_path: Path) -> None:
    shutil.copy(ROOT / FILES[0], tmp_path)
    text = (ROOT / "shards.yaml").read_text()
    project(tmp_path, text, base=None)
    old = compose.definitions(tmp_path)
    render(tmp_path, f"{text}  - id: 3\n")
    new = compose.definitions(tmp_path)
    changed = {name for name in new if old.get(name) != new[name]}
    assert changed == {"baileys-3", "prosaas-api", "worker", "prosaas-calls"}


@pytest.mark.parametrize("profile", ["multi-shard", "null"])
def test_g2_the_overlay_only_gains_lines(tmp_path: Path, profile: str) -> None:
    service = f"{{consumers: [api], profile: {profile}}}"
    project(tmp_path, count(2, service=service))
    before = overlay(tmp_path)
    for number in (3, 100):
        render(tmp_path, count(number, service=service))
        after = overlay(tmp_path)
        assert only_gains(before, after)
        assert f"  whatsapp_auth_shard{number}:\n" in after


def test_g2_no_shard_receives_what_changes_with_the_fleet(compose: Compose, tmp_path: Path) -> None:
    project(tmp_path, count(4, service=FLEET))
    services = compose.model(tmp_path)["services"]
    for name in ("baileys", "baileys-2", "baileys-3", "baileys-4"):
        ours = {key for key in services[name]["environment"] if key.startswith("BAILEYS_")}
        assert ours == {"BAILEYS_SHARD_ID"}
    assert "BAILEYS_NUM_SHARDS" in services["api"]["environment"]


def test_g10_volumes_that_exist_stay_as_they_are(compose: Compose, tmp_path: Path) -> None:
    project(tmp_path, count(2))
    old = compose.model(tmp_path)["volumes"]
    render(tmp_path, count(5))
    new = compose.model(tmp_path)["volumes"]
    assert {name: new[name] for name in old} == old


@pytest.mark.parametrize("shards", [
    count(6),
    "shards: [{id: 1}, {id: 2, volume: other}, {id: 9, storage: {mount: /data}}]\n",
    "shards: [{id: 1}, {id: 3, state: draining, move_to: 1}, {id: 4, state: retired}]\n",
    "service: {storage: {volume: whatsapp_auth}, compose: {volumes: ['cache:/cache']}}\n" + count(3),
])  # fmt: skip
def test_g10_no_volume_of_a_shard_is_mounted_twice(
    compose: Compose, tmp_path: Path, shards: str
) -> None:
    base = PLAIN.replace("{whatsapp_auth: {}}", "{whatsapp_auth: {}, cache: {}}")
    project(tmp_path, shards, base)
    model = compose.model(tmp_path)
    mounted = [
        each["source"]
        for service in model["services"].values()
        for each in service.get("volumes", ())
        if each["type"] == "volume" and each["source"] != "cache"
    ]
    assert len(mounted) == len(set(mounted)) == len(model["services"]) - 1
    names = [volume["name"] for volume in model["volumes"].values()]
    assert len(names) == len(set(names))


def test_g10_a_retired_shard_has_neither_service_nor_volume(
    compose: Compose, tmp_path: Path
) -> None:
    """A volume that is not declared survives `down -v`."""
    project(tmp_path, "shards: [{id: 1}, {id: 2, state: retired, move_to: 1}, {id: 3}]\n")
    model = compose.model(tmp_path)
    assert model["services"].keys() == {"baileys", "baileys-3", "api"}
    assert model["volumes"].keys() == {"whatsapp_auth", "whatsapp_auth_shard3"}
    assert yaml.safe_load(overlay(tmp_path))["services"].keys() == {"baileys", "baileys-3"}


def test_external_volumes_are_external(compose: Compose, tmp_path: Path) -> None:
    base = PLAIN.replace("{whatsapp_auth: {}}", "{whatsapp_auth: {external: true}}")
    project(tmp_path, count(2, service="{storage: {external: true}}"), base)
    volumes = compose.model(tmp_path)["volumes"]
    assert [(each["name"], each["external"]) for each in volumes.values()] == [
        ("whatsapp_auth", True),
        ("whatsapp_auth_shard2", True),
    ]


def test_a_new_volume_has_the_driver_and_the_labels_of_the_first(
    compose: Compose, tmp_path: Path
) -> None:
    base = PLAIN.replace("{whatsapp_auth: {}}", "{whatsapp_auth: {driver: nfs, labels: [a=b, c]}}")
    volumes = compose.model(project(tmp_path, count(2), base))["volumes"]
    first, second = volumes["whatsapp_auth"], volumes["whatsapp_auth_shard2"]
    assert second == {**first, "name": "stack_whatsapp_auth_shard2"}


ALONE = """
service:
  base: null
  {what}
  environment: {{TZ: UTC}}
  networks: [net]
  healthcheck: {{path: /health}}
shards: [{{id: 1}}, {{id: 2, networks: [more], environment: {{TZ: null}}}}]
"""


@pytest.mark.parametrize("what", ["image: wa:1", "build: {context: ., args: {A: b}}"])
def test_without_a_base_the_overlay_is_a_stack(compose: Compose, tmp_path: Path, what: str) -> None:
    project(tmp_path, ALONE.format(what=what), base=None)
    alone = FILES[1:]
    assert compose.run(tmp_path, "config", "--services", files=alone).split() == ["baileys"]
    model = compose.model(tmp_path, files=alone)
    first, second = (model["services"][name] for name in ("baileys", "baileys-2"))
    assert "profiles" not in first
    assert first["environment"] == {"TZ": "UTC", "BAILEYS_SHARD_ID": "1"}
    assert second["environment"] == {"BAILEYS_SHARD_ID": "2"}
    assert first["networks"] == {"net": {"aliases": ["baileys-1"]}}
    assert second["networks"].keys() == {"net", "more"}
    assert [each["source"] for each in first["volumes"]] == ["whatsapp_auth"]
    assert model["volumes"].keys() == {"whatsapp_auth", "whatsapp_auth_shard2"}
    assert first["healthcheck"] == second["healthcheck"]


def test_the_base_may_lie_in_another_folder(compose: Compose, tmp_path: Path) -> None:
    """compose reads every path relative to the folder of its first file."""
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / ".env").write_text("INTERNAL_SECRET=s3\n")
    (tmp_path / "deploy" / "stack.yml").write_text(PLAIN)
    project(tmp_path, count(2, service="{base: deploy/stack.yml, consumers: [api]}"), base=None)
    files = ("deploy/stack.yml", FILES[1])
    services = compose.model(tmp_path, files=files)["services"]
    assert services["api"]["environment"]["BAILEYS_NUM_SHARDS"] == "2"
    assert services["baileys"]["build"] == services["baileys-2"]["build"]
