"""A Makefile, or a workflow of GitHub's, in; what the commands in it have, out.

Such a file often starts a stack of its own, for a developer or for one run of the tests: what
would be wrong about the whole stack of production is left alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shardgen.audit.page import read_page
from shardgen.audit.script import read_script
from shardgen.audit.shell import script_findings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shardgen.audit.page import Page
    from shardgen.audit.subject import Subject
    from shardgen.diagnostics import Diagnostic

#: Codes about the stack as a whole.
ABOUT_STACKS = frozenset({"SG812", "SG816"})
RECIPE = re.compile(r"\t[\t @+-]*(?P<code>.*)")
RUN = re.compile(
    r"(?P<indent> *(?:- +)?)run:[ ]*(?:(?P<block>[|>][0-9+-]*)|(?P<line>[^\s#].*))?\s*"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a script in its file: its number, and the column there of each character."""

    number: int
    text: str
    columns: tuple[int, ...]

    def column(self, at: int) -> int:
        """Return the column in the file of a column of the script; that after the last counts."""
        if at <= len(self.columns):
            return self.columns[at - 1]
        return (self.columns[-1] if self.columns else 0) + 1


def makefile(page: Page, subject: Subject) -> Iterator[Diagnostic]:
    """Yield what the recipes of a Makefile have; each target is a script of its own."""
    recipe: list[Line] = []
    for number, text in enumerate(page.lines, 1):
        if match := RECIPE.fullmatch(text):
            recipe.append(without_make(number, match["code"], match.start("code") + 1))
        elif text.strip() and not text.startswith(("#", "\t")):
            yield from script_of(recipe, page, subject)
            recipe = []
    yield from script_of(recipe, page, subject)


def without_make(number: int, text: str, column: int) -> Line:
    """Return a line of a recipe as the shell receives it: `$$` is its `$`."""
    doubled = {match.start() for match in re.finditer(r"\$\$", text)}
    kept = [at for at in range(len(text)) if at not in doubled]
    return Line(
        number=number,
        text="".join(text[at] for at in kept),
        columns=tuple(column + at for at in kept),
    )


def workflow(page: Page, subject: Subject) -> Iterator[Diagnostic]:
    """Yield what the `run:` of each step has."""
    at = 0
    while at < len(page.lines):
        match = RUN.fullmatch(page.lines[at])
        at += 1
        if match is None:
            continue
        script = []
        if match["line"]:
            script.append(as_it_is(at, match["line"], match.start("line") + 1))
        while match["block"] and at < len(page.lines) and is_inside(page.lines[at], match):
            script.append(as_it_is(at + 1, page.lines[at], 1))
            at += 1
        yield from script_of(script, page, subject)


def is_inside(text: str, match: re.Match[str]) -> bool:
    """Return whether a line belongs to a block of text, by its indentation."""
    return not text.strip() or len(text) - len(text.lstrip(" ")) > len(match["indent"])


def as_it_is(number: int, text: str, column: int) -> Line:
    """Return a line that is not changed."""
    return Line(number=number, text=text, columns=tuple(range(column, column + len(text))))


def script_of(lines: list[Line], page: Page, subject: Subject) -> Iterator[Diagnostic]:
    """Yield what a script has, at the places in its file."""
    if not lines:
        return
    text = "\n".join(line.text for line in lines)
    script = read_script(read_page(text, page.file, page.path), subject)
    yield from moved(script_findings(script), lines)


def moved(found: Iterable[Diagnostic], lines: list[Line]) -> Iterator[Diagnostic]:
    """Yield diagnostics of a script at their places in the file."""
    for each in found:
        if each.code not in ABOUT_STACKS and 0 < each.line <= len(lines):
            line = lines[each.line - 1]
            start = line.column(each.column)
            end = line.column(each.column + each.width - 1) + 1
            yield replace(each, line=line.number, column=start, width=end - start)
