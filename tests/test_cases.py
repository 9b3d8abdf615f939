"""Golden cases: a shards.yaml and what stands beside it in, every file of the project out.

`ACCEPT=1` rewrites the expectations, so that the git diff is the review.
"""

from __future__ import annotations

import os
import random
import re
import shutil
from pathlib import Path

import pytest

from shardgen import blocks
from shardgen.outputs import OUTPUTS
from shardgen.quick import early_answer
from tests.support import Project, Ran, inside, snapshot

CASES = Path(__file__).parent / "cases"
NAMES = sorted(path.name for path in CASES.iterdir())
#: What a lock says of this very package is no expectation.
MASKED = re.compile(rb'(?<="digest": )"[0-9a-f]{64}"(?=,\n)|(?<="package": )"[0-9a-f]{64}"')
PLACES = 6


class Case(Project):
    """A case in a folder of its own; `folder` is the one of its shards.yaml."""

    def __init__(self, name: str, root: Path) -> None:
        self.source, self.root = CASES / name, root
        root.mkdir()
        if (self.source / "given").exists():
            shutil.copytree(self.source / "given", root, dirs_exist_ok=True)
        if (self.source / "shards.yaml").exists():
            shutil.copy(self.source / "shards.yaml", root)
        typed = self.source / "arguments.txt"
        self.typed = typed.read_text().split() if typed.exists() else []
        config = self.typed[self.typed.index("-c") + 1] if "-c" in self.typed else "shards.yaml"
        self.config, self.folder = config, root / Path(config).parent

    def typed_run(self, command: str, *arguments: str, **environment: str) -> Ran:
        """Run a command with the options of the case."""
        return self.run(command, *self.typed, *arguments, **environment)

    def outputs(self) -> dict[str, str]:
        """Return the path and the form of every output, relative to the root, lock apart."""
        return {
            (self.folder / path).relative_to(self.root).as_posix(): entry.form
            for path, entry in self.case_lock.outputs.items()
        }

    @property
    def lock_name(self) -> str:
        """The lock's path, relative to the root."""
        stem = Path(self.config).stem
        name = "shardgen.lock" if stem == "shards" else f"{stem}.shardgen.lock"
        return (self.folder / name).relative_to(self.root).as_posix()

    @property
    def case_lock(self):
        """The lock, which must be whole."""
        from shardgen.lock import read_lock

        lock = read_lock(self.read(self.lock_name))
        assert lock is not None
        return lock


def masked(contents: dict[str, bytes], lock: str) -> dict[str, bytes]:
    """Return files as they are expected: the lock without what changes with the package."""
    return {
        name: MASKED.sub(b'"-"', content) if name == lock else content
        for name, content in contents.items()
    }


def expected(case: Case, ran: Ran, found: dict[str, bytes]) -> tuple[dict[str, bytes], str]:
    """Return the expected files and text; with ACCEPT they are what was found."""
    folder, text = case.source / "expected", case.source / "stdout.txt"
    if os.environ.get("ACCEPT"):
        shutil.rmtree(folder, ignore_errors=True)
        for name, content in found.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        text.write_bytes(ran.out.encode())
    files = {name: content for name, (content, _) in snapshot(folder).items()}
    return files, text.read_bytes().decode()


@pytest.mark.parametrize("name", NAMES)
def test_case(name: str, tmp_path: Path) -> None:
    case = Case(name, tmp_path / "project")
    before = snapshot(case.root)
    ran = case.typed_run("render")
    assert ran.code == 0, ran.err
    assert ran.err == ""
    found = masked(case.contents(), case.lock_name)
    files, text = expected(case, ran, found)
    assert ran.out == text
    assert sorted(found) == sorted(files)
    for path, content in files.items():
        assert found[path].decode() == content.decode(), path
        assert found[path] == content, path
    nothing_else_was_touched(case, before)
    a_second_render_changes_nothing(case)
    check_is_clean(case)
    every_byte_counts(case)


def nothing_else_was_touched(case: Case, before: dict[str, tuple[bytes, int]]) -> None:
    """G4: whatever is no destination is as it was, and blocks change nothing outside of them."""
    after, outputs = snapshot(case.root), case.outputs()
    for path, (content, time) in before.items():
        if path not in outputs:
            assert after[path] == (content, time), path
        elif outputs[path] == "blocks":
            old, new = content.decode(), after[path][0].decode()
            assert blocks.without(new).startswith(blocks.without(old)), path
            assert blocks.without(new)[len(blocks.without(old)) :].strip() == "", path
    assert after.keys() - before.keys() <= {*outputs, case.lock_name}


def a_second_render_changes_nothing(case: Case) -> None:
    """G3: unchanged files keep bytes and modification time."""
    before = snapshot(case.root)
    again = case.typed_run("render")
    assert again.code == 0
    assert again.out.startswith("  0 written, ")
    assert len(again.out.splitlines()) == 1
    assert snapshot(case.root) == before


def check_is_clean(case: Case) -> None:
    """The early answer and the full one agree; blocks are for the full one alone."""
    quick, full = case.typed_run("check"), case.typed_run("check", CI="1")
    assert (quick.code, quick.err) == (0, "")
    assert quick == full
    with inside(case.root):
        early = early_answer(case.config)
    has_blocks = "blocks" in case.outputs().values()
    assert early == (None if has_blocks else len(case.case_lock.outputs))


def every_byte_counts(case: Case) -> None:
    """G7: an owned file that is deleted, or in which any byte changes, fails both checks.

    The full check, which is dear, looks at one damage of each file.
    """
    chance = random.Random(case.root.name + case.source.name)
    for path, form in {**case.outputs(), case.lock_name: "whole"}.items():
        content = case.path(path).read_bytes()
        start, end = owned_part(content, form)
        looked_at = chance.randrange(2)
        case.path(path).unlink()
        fails(case, path, full=not looked_at)
        for number, place in enumerate(chance.sample(range(start, end), min(PLACES, end - start))):
            changed = (
                content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :],
                content[:place] + content[place + 1 :],
                content[:place] + b"#" + content[place:],
            )[number % 3]
            case.path(path).write_bytes(changed)
            fails(case, path, full=bool(looked_at) and number == 0)
        case.path(path).write_bytes(content)
    check_is_clean(case)


def owned_part(content: bytes, form: str) -> tuple[int, int]:
    """Return where what is ours begins and ends: one of the blocks, or the whole file."""
    if form != "blocks":
        return 0, len(content)
    found = blocks.find_blocks(content.decode()).values()
    start, end = max(found, key=lambda place: place[1] - place[0])
    text = content.decode()
    return len(text[:start].encode()), len(text[:end].encode())


def fails(case: Case, path: str, *, full: bool) -> None:
    """Demand that the early answer is none, and that the full check finds it."""
    with inside(case.root):
        assert early_answer(case.config) is None, path
    if full:
        ran = case.typed_run("check", CI="1")
        assert ran.code == 1, (path, ran.out, ran.err)
        assert Path(path).name in ran.out


def test_enough_cases_ran() -> None:
    assert len(NAMES) >= 25


def test_each_output_has_a_case() -> None:
    made = {
        entry.output
        for name in NAMES
        for lock in (CASES / name / "expected").rglob("*shardgen.lock")
        for entry in entries(lock)
    }
    assert OUTPUTS.keys() <= made
    assert made - OUTPUTS.keys(), "no case has an output of the user's own"


def entries(lock: Path) -> list:  # type: ignore[type-arg]
    """Return the entries of an expected lock, which bears no digest of its own."""
    import json

    from shardgen.lock import Owned

    return [Owned(**entry) for entry in json.loads(lock.read_text())["outputs"].values()]
