"""`shardgen adopt` on the command line: what is open, what is refused, what it leaves behind."""

from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema
import pytest

from shardgen.adopt.account import difference_text
from shardgen.resources import resource_text
from shardgen.stack import Difference
from tests.adopt.stacks import Stack
from tests.support import snapshot

PROJECTS = Path(__file__).parent / "projects"
SCHEMA = jsonschema.Draft202012Validator(json.loads(resource_text("schema/adopt.schema.json")))


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """Return the stack of the first user."""
    return Stack.copy(PROJECTS / "first_user", tmp_path / "project")


def told(stack: Stack, *arguments: str) -> dict:  # type: ignore[type-arg]
    """Return what is told as data, which is as the published schema says."""
    data = json.loads(stack.ok("adopt", *arguments, "--json").out)
    SCHEMA.validate(data)
    return data  # type: ignore[no-any-return]


def test_nothing_is_written_unasked(stack: Stack) -> None:
    before = snapshot(stack.root)
    for mode in ((), ("--exact",), ("--repair",)):
        stack.ok("adopt", *mode)
    assert snapshot(stack.root) == before


def test_an_open_decision_is_refused(stack: Stack) -> None:
    before = snapshot(stack.root)
    ran = stack.run("adopt", "--write")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.endswith(
        "error: nothing was written: decide what becomes of what is missing\n"
        "  --exact    leave it as it is: nothing of what runs changes\n"
        "  --repair   repair all of it\n"
    )
    assert "services.baileys.networks.prosaas-net.aliases: + baileys-1" in ran.err
    assert snapshot(stack.root) == before


def test_without_anything_open_no_mode_is_needed(tmp_path: Path) -> None:
    stack = Stack.copy(PROJECTS / "env_file", tmp_path / "project")
    assert told(stack)["proposals"] == []
    stack.ok("adopt", "--write")
    stack.is_clean()


def test_as_data(stack: Stack) -> None:
    asked, exact, repaired = told(stack), told(stack, "--exact"), told(stack, "--repair")
    assert (asked["mode"], asked["differences"], asked["written"]) == (None, [], False)
    assert (exact["differences"], exact["proposals"]) == ([], [])
    assert repaired["differences"] == asked["proposals"]
    assert all(each["reason"] for each in repaired["differences"])
    assert {each["code"] for each in repaired["by_hand"]} == {"SG735"}
    assert [each["line"] for each in repaired["by_hand"]] == sorted(
        each["line"] for each in repaired["by_hand"]
    )
    assert asked["off"] == [{"output": "router", "path": "server/whatsapp_shard_router.py"}]
    assert told(stack, "--exact", "--write")["written"]
    again = told(stack)
    assert again["already_adopted"]
    assert not any(again[key] for key in ("shards", "changes", "differences", "written"))


def test_a_router_by_hand_stays_unless_it_is_named(stack: Stack) -> None:
    path = "server/whatsapp_shard_router.py"
    by_hand = stack.read(path)
    stack.ok("adopt", "--exact", "--write")
    assert stack.read(path) == by_hand
    assert "  router: {enabled: false}\n" in stack.read("shards.yaml")
    stack.change("shards.yaml", "  router: {enabled: false}\n", "")
    stack.change("shards.yaml", "outputs:\n", "")
    stack.render("--overwrite", path)
    assert stack.read(path) != by_hand
    stack.is_clean()


def test_a_shards_yaml_of_the_user_is_refused(stack: Stack) -> None:
    stack.write("shards.yaml", "version: 1\nshards: [{id: 1}]\n")
    before = snapshot(stack.root)
    ran = stack.run("adopt", "--exact", "--write")
    assert (ran.code, ran.out) == (3, "")
    assert "shards.yaml is there already" in ran.err
    assert snapshot(stack.root) == before


@pytest.mark.parametrize(
    "step", [0, 7, *(pytest.param(n, marks=pytest.mark.slow) for n in range(14) if n not in {0, 7})]
)
def test_an_interrupted_run_is_completed(
    stack: Stack, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G3: whichever rename fails, the same command, or the render after it, completes."""
    whole = Stack.copy(stack.root, stack.root.parent / "whole")
    whole.ok("adopt", "--exact", "--write")
    before, replace = stack.contents(), os.replace
    renames = iter(range(100))

    def failing(source: str, target: str) -> None:
        if next(renames) == step:
            raise OSError(28, "No space left on device", target)
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr("shardgen.files.os.replace", failing)
        ran = stack.run("adopt", "--exact", "--write")
    if ran.code == 0:
        assert step > len(whole.contents().keys() - before.keys())
        return
    assert ran.code == 3
    for name, content in stack.contents().items():
        assert content in {before.get(name), whole.contents().get(name)} or name == "shardgen.lock"
    stack.ok("adopt", "--exact", "--write")
    stack.render()
    stack.is_clean()
    assert stack.contents() == whole.contents()


def test_a_folder_that_cannot_be_written_loses_nothing(stack: Stack) -> None:
    """G3: a file is in the way of a folder."""
    stack.write("migrations", "not a folder\n")
    before = snapshot(stack.root)
    ran = stack.run("adopt", "--exact", "--write")
    assert ran.code in {2, 3}
    assert snapshot(stack.root) == before


def test_a_byte_order_mark_stays(stack: Stack) -> None:
    overlay = "docker-compose.prod.yml"
    stack.write(overlay, "\ufeff" + stack.read(overlay))
    stack.ok("adopt", "--exact", "--write")
    assert stack.read(overlay).startswith("\ufeff#")
    stack.is_clean()


def test_in_another_folder_and_under_another_name(stack: Stack) -> None:
    stack.ok("adopt", "--exact", "--write", "-c", "fleet.yaml")
    stack.ok("check", "-c", "fleet.yaml")
    ran = stack.ok("adopt", "-c", "fleet.yaml")
    assert ran.out.startswith("fleet.yaml and docker-compose.prod.yml are adopted already")
    above = Stack.copy(PROJECTS / "scattered", stack.root / "deploy")
    ran = stack.ok("adopt", "--exact", "--write", "-c", "deploy/shards.yaml")
    above.is_clean()


def test_files_of_other_names(tmp_path: Path) -> None:
    stack = Stack.copy(PROJECTS / "scattered", tmp_path / "project")
    for old, new in (("docker-compose.yml", "compose.yml"), ("docker-compose.prod.yml", "b.yml")):
        stack.path(old).rename(stack.path(new))
    stack.ok("adopt", "-f", "compose.yml", "-f", "b.yml", "--exact", "--write")
    stack.is_clean()
    text = stack.read("shards.yaml")
    assert "  base: compose.yml\n" in text
    assert "  compose: {path: b.yml}\n" in text
    assert stack.ok("adopt", "-f", "compose.yml", "-f", "b.yml").out.startswith("shards.yaml and b")


@pytest.mark.parametrize(
    ("line", "added", "code", "what"),
    [
        (
            "  {{ shard.name | name }}:\n",
            "    cap_add: [ALL]\n",
            "SG727",
            "baileys-2.cap_add: + ALL",
        ),
        ("{% block services %}\n", "  mole: {image: mole}\n", "SG734", "mole.image: + mole"),
    ],
)
def test_what_nobody_meant_is_refused(
    stack: Stack, line: str, added: str, code: str, what: str
) -> None:
    """A template of the user's own says something else than the stack does."""
    template = resource_text("templates/compose.yml.j2")
    assert template.count(line) == 1
    stack.write("templates/compose.yml.j2", template.replace(line, line + added))
    before = snapshot(stack.root)
    ran = stack.run("adopt", "--exact", "--write")
    assert (ran.code, ran.out) == (2, "")
    assert f"error[{code}]" in ran.err
    assert f"services.{what}" in ran.err
    assert snapshot(stack.root) == before


@pytest.mark.parametrize(
    "overlay", ["", "# nothing yet\n", "name: stack", "services:\n", "volumes:\n"]
)
def test_an_overlay_that_says_next_to_nothing(overlay: str, tmp_path: Path) -> None:
    stack = Stack.copy(PROJECTS / "one_shard", tmp_path / "project")
    stack.write("docker-compose.prod.yml", overlay)
    stack.ok("adopt", "--repair", "--write")
    assert overlay in stack.read("docker-compose.prod.yml")
    stack.is_clean()
    stack.ok("add", "--dry-run")


def test_a_volume_can_be_named(tmp_path: Path) -> None:
    overlay = """\
services:
  media:
    image: m
    environment: {MEDIA_SHARD_ID: "1"}
    volumes: [logs:/logs, store:/data]
volumes:
  logs:
  store:
"""
    stack = Stack(tmp_path / "project", {"docker-compose.prod.yml": overlay})
    typed = ("--service", "media", "--volume", "store", "--exact")
    stack.ok("adopt", *typed, "--write")
    assert "  storage: {volume: store, mount: /data}\n" in stack.read("shards.yaml")
    stack.is_clean()


STANDALONE = """\
services:
  baileys: {image: b, volumes: [VOLUMES1], networks: {back: {ipv4_address: 10.9.0.11}}}
  baileys-2: {image: b, volumes: [VOLUMES2], networks: {back: {ipv4_address: 10.9.0.12}}}
volumes: {}
networks:
  back: {ipam: {config: [{subnet: 10.9.0.0/24}]}}
"""


def standalone(root: Path, mounts: str) -> Stack:
    """Return a stack without a base; `mounts` are those of each shard, `{}` its volume."""
    text = STANDALONE.replace("volumes: {}", "volumes:\n  wa:\n  wa_shard2:")
    for number, volume in ((1, "wa"), (2, "wa_shard2")):
        text = text.replace(f"VOLUMES{number}", mounts.replace("@", volume))
    return Stack(root, {"docker-compose.prod.yml": text})


def test_a_shard_to_come_has_what_every_shard_has(tmp_path: Path) -> None:
    """Its network, though all have addresses there; the mounts that stand above the state."""
    stack = standalone(tmp_path / "project", '"./conf:/conf:ro", "@:/app/storage/whatsapp"')
    (note,) = told(stack)["notes"]
    assert note.startswith("the migrations are for the table business")
    stack.ok("adopt", "--exact", "--write")
    stack.change("shards.yaml", "  - id: 2\n", "  - id: 3\n  - id: 2\n")
    stack.render()
    new = stack.read("docker-compose.prod.yml").split("  baileys-3:\n")[1]
    assert "      back: {aliases: [baileys-3]}\n" in new
    assert '"wa_shard3:/app/storage/whatsapp", "./conf:/conf:ro"' in new


def test_what_a_shard_to_come_would_lack_is_shown(tmp_path: Path) -> None:
    stack = standalone(tmp_path / "project", '"@:/app/storage/whatsapp:rw", "./conf:/conf:ro"')
    (_, note) = told(stack, "--exact")["notes"]
    assert note.startswith('every shard has "./conf:/conf:ro" under volumes')
    stack.ok("adopt", "--exact", "--write")
    stack.is_clean()


@pytest.mark.parametrize("has_base", [True, False])
def test_a_shard_without_an_environment_gets_none(has_base: bool, tmp_path: Path) -> None:
    first = """\
  baileys:
    image: b
    environment: {TZ: UTC, LOG: info}
    volumes: ["wa:/app/storage/whatsapp"]
"""
    second = '  baileys-2: {image: b, volumes: ["wa2:/app/storage/whatsapp"]}\n'
    base = {"docker-compose.yml": f"services:\n{first}volumes:\n  wa:\n"} if has_base else {}
    overlay = f"services:\n{'' if has_base else first}{second}volumes:\n  wa2:\n"
    overlay += "" if has_base else "  wa:\n"
    stack = Stack(tmp_path / "project", {**base, "docker-compose.prod.yml": overlay})
    assert told(stack, "--exact", "--write")["differences"] == []
    assert "    environment: {BAILEYS_SHARD_ID: null, TZ: null, LOG: null}\n" in stack.read(
        "shards.yaml"
    )
    stack.is_clean()


def test_a_second_shard_is_one_line(tmp_path: Path) -> None:
    """Shard 1 alone and without its alias is called by its name, from the first day on."""
    stack = Stack.copy(PROJECTS / "one_shard", tmp_path / "project")
    stack.ok("adopt", "--exact", "--write")
    stack.write("shards.yaml", stack.read("shards.yaml") + "  - id: 2\n")
    stack.render()
    stack.is_clean()


@pytest.mark.parametrize(
    ("difference", "text"),
    [
        (("add", None, "baileys-1"), "services.a.networks: + baileys-1"),
        (("remove", {"x": 1}, None), "services.a.networks: - {x: 1}"),
        (("change", "no", ["a", "b"]), "services.a.networks: no → [a, b]"),
    ],
)
def test_a_difference_on_one_line(difference: tuple[str, object, object], text: str) -> None:
    action, before, after = difference
    made = Difference(path=("services", "a", "networks"), action=action, before=before, after=after)
    assert difference_text(made) == text
