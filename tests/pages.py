"""Markdown pages: their fenced blocks, and console blocks played so that they show the truth."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests import projects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FENCE = re.compile(
    r"(?P<fresh>^<!-- fresh -->\n\n?)?^```(?P<language>[a-z]*)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
#: A line of an output that stands for any number of lines.
ANYTHING = "…"


@dataclass(frozen=True)
class Step:
    """One command of a console block, with the lines that the page shows below it."""

    source: tuple[str, ...]
    shown: tuple[str, ...]

    @property
    def command(self) -> str:
        """The command as the shell reads it; lines that go on stand after `> `."""
        return "\n".join(line[2:] for line in self.source)


def blocks(text: str, language: str) -> list[str]:
    """Return the bodies of a page's fenced blocks in one language."""
    return [match["body"] for match in FENCE.finditer(text) if match["language"] == language]


def steps(body: str) -> Iterator[Step]:
    """Yield the commands of a console block."""
    source: list[str] = []
    shown: list[str] = []
    for line in body.splitlines():
        if line.startswith("$ "):
            if source:
                yield Step(tuple(source), tuple(shown))
            source, shown = [line], []
        elif (line == ">" or line.startswith("> ")) and not shown:
            source.append(line)
        else:
            shown.append(line)
    yield Step(tuple(source), tuple(shown))


def played(text: str, project: Path) -> str:
    """Return a page with the outputs that its console blocks have, run in order in one project.

    After the comment `<!-- fresh -->` the project is again as it was at first.
    """
    return FENCE.sub(lambda match: played_block(match, project), text)


def played_block(match: re.Match[str], project: Path) -> str:
    """Return a fenced block; a console block with what its commands print."""
    if match["language"] != "console":
        return match[0]
    if match["fresh"]:
        projects.reset(project)
    lines = []
    for step in steps(match["body"]):
        printed = projects.run(project, "bash", "-c", step.command, code=None).stdout
        lines += [*step.source, *told(step.shown, printed.splitlines())]
    return (match["fresh"] or "") + "\n".join(["```console", *lines, "```"])


def told(shown: tuple[str, ...], printed: list[str]) -> list[str]:
    """Return what a page should show: as it is where that agrees, up to `…`, else the output."""
    parts = [".*" if line == ANYTHING else re.escape(line + "\n") for line in shown]
    text = "".join(line + "\n" for line in printed)
    return list(shown) if re.fullmatch("".join(parts), text, re.DOTALL) else printed


def agrees(page: Path, made: Callable[[str], str]) -> None:
    """Assert that a page is what a function makes of it; ACCEPT=1 writes that instead."""
    text = page.read_text(encoding="utf-8")
    expected = made(text)
    if os.environ.get("ACCEPT"):
        page.write_text(expected, encoding="utf-8")
        return
    assert text == expected, f"{page.name} shows something else; ACCEPT=1 rewrites it"
