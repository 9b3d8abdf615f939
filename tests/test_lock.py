"""shardgen.lock: what it says, and what becomes of a project whose lock is lost."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardgen.digest import is_sealed, lock_name, sealed
from shardgen.lock import Lock, Owned, lock_text, read_lock
from tests.support import OUTPUTS, Project, fleet, snapshot

if TYPE_CHECKING:
    from pathlib import Path

OVERLAY, ENV, ROUTER, DOCS = OUTPUTS
DIGEST = st.text("0123456789abcdef", min_size=64, max_size=64)
PATHS = st.text(min_size=1, max_size=12)
LOCKS = st.builds(
    Lock,
    package=DIGEST,
    inputs=st.dictionaries(PATHS, st.none() | DIGEST, max_size=3),
    outputs=st.dictionaries(
        PATHS,
        st.builds(Owned, output=st.text(max_size=5), form=st.sampled_from(["whole", "blocks", "once"]),
                  digest=DIGEST, was=st.none() | st.just("") | DIGEST),
        max_size=3,
    ),
    fleet=st.fixed_dictionaries({
        "fallback": st.sampled_from(["md5", "modulo"]),
        "fallback_shards": st.lists(st.integers(1, 2**31), max_size=3),
        "shards": st.dictionaries(st.integers(1, 99).map(str), st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=2), max_size=3),
    }),
)  # fmt: skip


@given(LOCKS)
def test_a_lock_comes_back_equal_and_is_plain_json(lock: Lock) -> None:
    text = lock_text(lock)
    assert read_lock(text) == lock
    assert lock_text(lock) == text
    assert text.isascii()
    assert json.loads(text)["version"] == 1
    assert lock.is_complete == all(entry.was is None for entry in lock.outputs.values())


@given(LOCKS, st.data())
def test_a_lock_in_which_any_character_changed_is_none(lock: Lock, data: st.DataObject) -> None:
    text = lock_text(lock)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from(["", "x", "\n", text[place] * 2]))
    changed = text[:place] + other + text[place + 1 :]
    assert changed == text or read_lock(changed) is None


def test_the_lines_of_a_lock_are_sorted_and_one_for_each_entry() -> None:
    entries = {path: Owned("docs", "whole", "0" * 64) for path in ("b", "a")}
    shards = {str(number): {"state": "active"} for number in (10, 9, 1)}
    text = lock_text(Lock("p", {}, entries, {"fallback": "md5", "shards": shards}))
    lines = [line.strip().partition(":")[0] for line in text.splitlines() if line.startswith("   ")]
    assert lines == ['"fallback"', '"shards"', '"1"', '"9"', '"10"', "}", '"a"', '"b"']
    assert '"inputs": {},' in text


@pytest.mark.parametrize("body", ["", "1\n", "[\n", '"package": 1, "version": 1}\n',
                                  '"package": 1, "inputs": {}, "outputs": {"a": {"x": 1}}, "fleet": {}, "version": 1}\n'])  # fmt: skip
def test_a_sealed_text_that_is_no_lock_is_none(body: str) -> None:
    text = sealed("{\n" + body)
    assert is_sealed(text)
    assert read_lock(text) is None


@pytest.mark.parametrize(("config", "name"), [
    ("shards.yaml", "shardgen.lock"), ("shards.yml", "shards.shardgen.lock"), ("a/shards.yaml", "a/shardgen.lock"),
    ("media.yaml", "media.shardgen.lock"), ("a/media", "a/media.shardgen.lock"),
])  # fmt: skip
def test_each_config_has_a_lock_of_its_own(config: str, name: str) -> None:
    assert lock_name(config) == name


def test_a_lock_names_no_machine_and_no_time(rendered: Project) -> None:
    text = rendered.read("shardgen.lock")
    assert str(rendered.root) not in text
    assert set(json.loads(text)) == {"digest", "fleet", "inputs", "outputs", "package", "version"}


def test_a_lost_lock_is_rebuilt_as_it_was(rendered: Project) -> None:
    before = rendered.contents()
    rendered.path("shardgen.lock").unlink()
    assert "shardgen.lock" in rendered.render().out
    assert rendered.contents() == before
    rendered.is_clean()


@pytest.mark.parametrize("damage", ["gone", "conflict", "edited"])
def test_without_a_lock_files_that_differ_are_refused(rendered: Project, damage: str) -> None:
    text = rendered.read("shardgen.lock")
    rendered.path("shardgen.lock").unlink()
    if damage != "gone":
        rendered.write(
            "shardgen.lock", f"<<<<<<< a\n{text}" if damage == "conflict" else text + " "
        )
    rendered.write("shards.yaml", fleet(1, 2, 3))
    before = snapshot(rendered.root)
    ran = rendered.run("render")
    assert ran.code == 3
    assert ran.out == ""
    assert f"{OVERLAY}   exists, and shardgen did not write it" in ran.err
    assert "  +  baileys-3:" in ran.err.replace("  -  baileys-3:", "  +  baileys-3:")
    assert f"--overwrite {OVERLAY}" in ran.err
    assert snapshot(rendered.root) == before
    typed = re.search(r"lose the edit   shardgen (render .*)", ran.err)
    assert typed
    ran = rendered.ok(*typed[1].split())
    assert "66.5 %" in ran.out, "the last fleet is that of the overlay"
    rendered.is_clean()


def test_without_a_lock_the_last_fleet_is_that_of_our_overlay(rendered: Project) -> None:
    rendered.path("shardgen.lock").unlink()
    rendered.write("shards.yaml", fleet(1))
    ran = rendered.run("render")
    assert ran.code == 2
    assert "shard 2" in ran.err
    rendered.write(
        "shards.yaml", fleet(1, 2).replace("  - id: 2\n", "  - {id: 2, volume: other}\n")
    )
    ran = rendered.run("render")
    assert ran.code == 3
    assert "shard 2: its volume would change from 'whatsapp_auth_shard2' to 'other'" in ran.err
    rendered.change(OVERLAY, "# Generated by shardgen from", "# Written from")
    ran = rendered.run("render")
    assert "its volume would change" not in ran.err, "an overlay without our header tells nothing"


@pytest.mark.parametrize("text", [
    "services: [baileys-2]\n", "services: {baileys-2: x}\n", "services: {baileys-2: {environment: [x]}}\n", "[]\n", "{\n",
    "services: {baileys-2: {environment: {BAILEYS_SHARD_ID: abc}}}\n", "services:\n",
    "services: {baileys-2: {environment: {BAILEYS_SHARD_ID: \u00b2}}}\n",
    "services: {baileys-2: {environment: {BAILEYS_SHARD_ID: '2'}, volumes: [{type: bind}]}}\n",
])  # fmt: skip
def test_a_strange_overlay_tells_nothing(rendered: Project, text: str) -> None:
    rendered.path("shardgen.lock").unlink()
    rendered.write(OVERLAY, "# Generated by shardgen from shards.yaml.\n" + text)
    ran = rendered.run("render")
    assert ran.code == 3
    assert f"{OVERLAY}   exists, and shardgen did not write it" in ran.err
    rendered.write(OVERLAY, b"# Generated by shardgen from x\n\xff\n")
    assert rendered.run("render").code == 3


def test_the_volume_of_a_shard_is_the_one_at_its_mount(tmp_path: Path) -> None:
    from tests.support import BASE

    base = BASE.replace('["whatsapp_auth:', '["cache:/cache", "whatsapp_auth:')
    project = Project(tmp_path / "project", base=base)
    project.render()
    project.path("shardgen.lock").unlink()
    project.render()
    project.is_clean()


def test_two_configs_in_one_folder_do_not_know_each_other(tmp_path: Path) -> None:
    project = Project(tmp_path / "project")
    paths = "database: {migrations: {path: m2}}\noutputs:\n" + "".join(
        f"  {name}: {{path: other/{path}}}\n"
        for name, path in (
            ("compose", "c.yml"),
            ("env", "e.env"),
            ("router", "r.py"),
            ("docs", "d.md"),
        )
    )
    project.write("other.yaml", fleet(1, 2, 3, head=paths))
    project.render()
    project.render("-c", "other.yaml")
    for config in ("shards.yaml", "other.yaml"):
        project.ok("check", "-c", config)
        project.ok("check", "--full", "-c", config)
    shutil.rmtree(project.path("other"))
    project.ok("check")
    assert project.run("check", "-c", "other.yaml").code == 1
