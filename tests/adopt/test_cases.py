"""Golden cases: a stack by hand and a command line in; what is written and what is told, out.

`arguments.txt` names a folder of `projects`, then what is typed. ACCEPT=1 rewrites the expectations,
so that the git diff is the review.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from shardgen import blocks
from tests.adopt.stacks import Stack, files_of, outside_of_blocks
from tests.support import Ran, snapshot

FOLDER = Path(__file__).parent
CASES = sorted(FOLDER.joinpath("cases").iterdir())
#: What adopt itself writes; the rest is as any render makes it (tests/cases).
OURS = re.compile(r"(^|/)(shards\.yaml|docker-compose.*\.yml|\.env.*)$")


def set_up(case: Path, root: Path) -> tuple[Stack, list[str]]:
    """Return the stack of a case in a folder, and what is typed."""
    name, *typed = case.joinpath("arguments.txt").read_text().split()
    return Stack.copy(FOLDER / "projects" / name, root), typed


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Path, tmp_path: Path) -> None:
    stack, typed = set_up(case, tmp_path / "project")
    before = snapshot(stack.root)
    ran = stack.run("adopt", *typed)
    after = {name: content for name, (content, _) in snapshot(stack.root).items()}
    changed = {
        name: content
        for name, content in after.items()
        if name not in before or before[name][0] != content
    }
    compare(case, ran, {name: text for name, text in changed.items() if OURS.search(name)})
    assert not before.keys() - after.keys()
    if ran.code or "--write" not in typed:
        assert not changed
        return
    stack.is_clean()
    nothing_else_changed(stack, before, changed)
    a_second_run_changes_nothing(stack)
    a_shard_is_one_line(stack)


def compare(case: Path, ran: Ran, found: dict[str, bytes]) -> None:
    """Demand what is expected; with ACCEPT that is what was found."""
    folder, told = case / "expected", case / "told.txt"
    text = f"{ran.out}--- stderr\n{ran.err}--- exit {ran.code}\n"
    if os.environ.get("ACCEPT"):
        shutil.rmtree(folder, ignore_errors=True)
        for name, content in found.items():
            folder.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
            folder.joinpath(name).write_bytes(content)
        told.write_text(text)
    assert text == told.read_text()
    files = {name: content for name, (content, _) in snapshot(folder).items()}
    assert sorted(found) == sorted(files)
    for name, content in files.items():
        assert found[name].decode() == content.decode(), name


def nothing_else_changed(
    stack: Stack, before: dict[str, tuple[bytes, int]], changed: dict[str, bytes]
) -> None:
    """Of the files that were there, those with blocks changed in them alone."""
    lock = stack.lock
    for name in changed.keys() & before.keys():
        entry = lock.outputs[name]
        if entry.form == "blocks":
            outside_of_blocks(before[name][0].decode(), changed[name].decode())


def a_second_run_changes_nothing(stack: Stack) -> None:
    before = snapshot(stack.root)
    files = [part for name in files_of(stack) for part in ("-f", name)]
    ran = stack.ok("adopt", "--exact", "--write", *files)
    assert ran.out == f"shards.yaml and {stack.overlay} are adopted already; nothing to do\n"
    assert snapshot(stack.root) == before


def a_shard_is_one_line(stack: Stack) -> None:
    """G2: afterwards one line adds a shard, and no existing line of the overlay changes."""
    if len(stack.ids) == 1:
        return
    overlay = stack.read(stack.overlay)
    shards = stack.read("shards.yaml")
    head, outputs, tail = shards.partition("\noutputs:\n")
    stack.write("shards.yaml", f"{head}  - id: 77\n" + (outputs and outputs + tail))
    stack.render()
    stack.is_clean()
    lines = overlay.splitlines()
    grown = stack.read(stack.overlay).splitlines()
    assert [line for line in grown if line in lines or "77" not in line][:3] == lines[:3]
    rest = iter(grown)
    assert all(line in rest for line in lines), "a line of the overlay changed"
    assert set(blocks.find_blocks(overlay)) == set(blocks.find_blocks("\n".join(grown) + "\n"))


def test_there_are_cases() -> None:
    assert len(CASES) >= 15


def test_each_warning_is_in_a_case() -> None:
    told = "".join(case.joinpath("told.txt").read_text() for case in CASES)
    assert set(re.findall(r"warning\[(SG\d{3})\]", told)) == {"SG735", "SG736", "SG737", "SG738"}
