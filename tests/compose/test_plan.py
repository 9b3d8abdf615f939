"""What `plan` says of containers is what compose's own digests of the services say."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.compose.stacks import FILES, PLAIN, Compose, count, project, render, write
from tests.projects import ROOT, run

if TYPE_CHECKING:
    from pathlib import Path

FLEET = "{consumers: [api]}"
ROUTER = "server/whatsapp_shard_router.py"
DRAINED = f"service: {FLEET}\nshards:\n  - id: 1\n  - {{id: 2, state: draining, move_to: 1}}\n"
EDITS: dict[str, tuple[str, str]] = {
    "1 to 2": (count(1, service=FLEET), count(2, service=FLEET)),
    "2 to 4": (count(2, service=FLEET), count(4, service=FLEET)),
    "a key for all": (
        count(2, service=FLEET),
        count(2, service="{consumers: [api], stop_grace_period: 30s}"),
    ),
    "a key for one": (
        count(2, service=FLEET),
        f"service: {FLEET}\nshards:\n  - id: 1\n  - {{id: 2, environment: {{TZ: null}}}}\n",
    ),
    "drained": (count(2, service=FLEET), DRAINED),
    "retired": (DRAINED, DRAINED.replace("draining", "retired")),
    "hardened": (count(2, service=FLEET), count(2, service="{consumers: [api], hardening: true}")),
    "another consumer": (count(2, service="{}"), count(2, service=FLEET)),
    "another profile": (
        count(2, service=FLEET),
        count(2, service="{consumers: [api], profile: shards}"),
    ),
}
BASES = {
    "another image beside": ("image: api,", "image: 'api:2',"),
    "the same in the long form": ("networks: [net], env_file", "networks: {net: {}}, env_file"),
    "a dependency more": ("image: api,", "image: api, depends_on: [baileys],"),
    "another variable of shard 1": ("LOG_LEVEL: info", "LOG_LEVEL: debug"),
}


def planned(folder: Path) -> dict[str, str]:
    """Return what becomes of each service, by `plan`."""
    said = run(folder, "shardgen", "plan", "--format", "json").stdout
    return {each["service"]: each["fate"] for each in json.loads(said)["containers"]}


def by_compose(before: dict[str, object], after: dict[str, object]) -> dict[str, str]:
    """Return what becomes of each service, by the digests of compose."""
    found = {name: "keep" if before.get(name) == new else "recreate" for name, new in after.items()}
    found |= dict.fromkeys(after.keys() - before.keys(), "create")
    return found | dict.fromkeys(before.keys() - after.keys(), "remove")


def definitions(compose: Compose, folder: Path) -> dict[str, object]:
    """Return what compose makes a container from: its digest, and the variables it is given."""
    found = {}
    for name, (digest, text) in compose.definitions(folder).items():
        found[name] = digest, json.loads(text).get("environment")
    return found


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_of_shards_yaml(compose: Compose, tmp_path: Path, name: str) -> None:
    before, after = EDITS[name]
    project(tmp_path, before)
    old = definitions(compose, tmp_path)
    write(tmp_path, "shards.yaml", f"version: 1\n{after}")
    fates = planned(tmp_path)
    router = (tmp_path / ROUTER).read_text()
    render(tmp_path, after)
    expected = by_compose(old, definitions(compose, tmp_path))
    if (tmp_path / ROUTER).read_text() != router and "consumers" in after:
        # compose cannot see it, but the image of a consumer holds the router
        expected["api"] = "recreate"
    assert fates == expected


@pytest.mark.parametrize("name", BASES)
def test_an_edit_of_the_base(compose: Compose, tmp_path: Path, name: str) -> None:
    project(tmp_path, count(2, service=FLEET))
    run(tmp_path, "git", "init", "-q")
    run(tmp_path, "git", "add", "-A")
    run(tmp_path, "git", "commit", "-qm", "as it is")
    old = definitions(compose, tmp_path)
    assert BASES[name][0] in PLAIN
    write(tmp_path, FILES[0], PLAIN.replace(*BASES[name]))
    fates = planned(tmp_path)
    render(tmp_path, count(2, service=FLEET))
    assert fates == by_compose(old, definitions(compose, tmp_path))


def test_the_repository_grows(compose: Compose, tmp_path: Path) -> None:
    shutil.copy(ROOT / FILES[0], tmp_path)
    text = (ROOT / "shards.yaml").read_text()
    project(tmp_path, text, base=None)
    old = definitions(compose, tmp_path)
    write(tmp_path, "shards.yaml", f"{text}  - id: 3\n")
    fates = planned(tmp_path)
    render(tmp_path, f"{text}  - id: 3\n")
    assert fates == by_compose(old, definitions(compose, tmp_path))
    assert [name for name, fate in fates.items() if fate == "create"] == ["baileys-3"]
