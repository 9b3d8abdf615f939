"""Stacks whose shards were written by hand, and what must be true of them once they are adopted."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from shardgen import blocks
from tests.support import Project

if TYPE_CHECKING:
    from pathlib import Path


class Stack(Project):
    """A stack in a folder of its own."""

    def __init__(self, root: Path, files: dict[str, str]) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            self.write(name, content)

    @classmethod
    def copy(cls, source: Path, root: Path) -> Stack:
        """Return a copy of a stack."""
        shutil.copytree(source, root)
        return cls(root, {})

    @property
    def overlay(self) -> str:
        """The overlay's name."""
        return files_of(self)[-1]

    @property
    def ids(self) -> list[int]:
        """The ids in shards.yaml."""
        return [
            int(each)
            for each in re.findall(r"^  - id: (\d+)", self.read("shards.yaml"), re.MULTILINE)
        ]


def files_of(stack: Stack) -> tuple[str, ...]:
    """Return the stack's compose files, in order."""
    names = ("docker-compose.yml", "docker-compose.prod.yml")
    found = [f"{folder}{name}" for folder in ("", "deploy/") for name in names]
    return tuple(name for name in found if stack.path(name).exists())


def outside_of_blocks(before: str, after: str) -> None:
    """Demand that a text with blocks is the one before, but for the lines of the shards.

    Besides, there is one empty line below the block of what is shared; and a section of which
    nothing was there stands at the end.
    """
    ending = "\r\n" if "\r\n" in before else "\n"
    shared = f"# shardgen:end shared{ending}"
    rest = blocks.without(after.replace(shared + ending, shared, 1))
    for section in ("networks", "volumes"):
        if not re.search(rf"^{section}:", before, re.MULTILINE):
            rest = rest.removesuffix(f"{ending}{section}:{ending}")
    old, place = before.splitlines(), 0
    for line in rest.splitlines():
        while place < len(old) and old[place] != line:
            place += 1
        assert place < len(old), f"no line of the text before, or not in its place: {line!r}"
        place += 1
