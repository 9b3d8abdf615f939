"""A Markdown page in; what the code in its blocks has that goes around shards.yaml, out.

Code inside of a sentence is left alone: it names things, and is not typed as it stands.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from shardgen.audit import composefile, dockerfile, envfile, nginx
from shardgen.audit.fences import Block, blocks, typed_lines
from shardgen.audit.page import read_page
from shardgen.audit.script import read_script, step_settings
from shardgen.audit.shell import script_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from shardgen.audit.fences import Line
    from shardgen.audit.page import Page
    from shardgen.audit.subject import Subject
    from shardgen.diagnostics import Diagnostic

    Findings = Callable[[Page, Subject], Iterator[Diagnostic]]

SHELLS = frozenset(
    {"sh", "bash", "shell", "zsh", "console", "shell-session", "shellsession", "terminal",
     "session", "sh-session", "bash-session"}
)  # fmt: skip
OTHERS: dict[str, Findings] = {
    "yaml": composefile.findings,
    "yml": composefile.findings,
    "compose": composefile.findings,
    "nginx": nginx.findings,
    "dockerfile": dockerfile.findings,
    "docker": dockerfile.findings,
    "env": envfile.findings,
    "dotenv": envfile.findings,
    "ini": envfile.findings,
    "properties": envfile.findings,
}
#: What a block of commands without a language starts with.
COMMAND = re.compile(
    r"\s*(?:[$%] |sudo |docker[ -]|podman |cd |git |curl |make |export |ssh |source |\./|bash |sh )"
)
#: A heading above what one developer types for a stack of their own.
FOR_DEVELOPERS = re.compile(
    r"\b(?:dev|develop(?:ment|ing|ers?)?|local(?:ly)?|tests?|testing|contributing|ci|e2e)\b",
    re.IGNORECASE,
)
#: Commands that are about the stack of one developer do not name the whole of production's.
ABOUT_STACKS = frozenset({"SG812", "SG816"})


def findings(page: Page, subject: Subject) -> Iterator[Diagnostic]:
    """Yield what goes around shards.yaml in the blocks of code of a page."""
    known: dict[str, str] = {}
    for block in blocks(page.lines):
        if is_shell(block):
            yield from shell_block(page, subject, block, known)
        elif block.language in OTHERS:
            text = block.text
            inside = read_page(text, page.file, page.path)
            found = OTHERS[block.language](inside, subject)
            # A block shows a part of a file, which need not be one by itself.
            yield from moved((each for each in found if each.code != "SG809"), block.lines)


def is_shell(block: Block) -> bool:
    """Return whether a block holds commands."""
    if block.language:
        return block.language in SHELLS
    first = next((line.text for line in block.lines if line.text.strip()), "")
    return bool(COMMAND.match(first))


def shell_block(
    page: Page, subject: Subject, block: Block, known: dict[str, str]
) -> Iterator[Diagnostic]:
    """Yield what is wrong with a block of commands; what it exports holds for those below it."""
    lines = typed_lines(block)
    inside = read_page("\n".join(line.text for line in lines), page.file, page.path)
    script = read_script(
        inside,
        subject,
        is_document=True,
        about="\n".join((*block.headings, block.paragraph)),
        known=known,
    )
    is_for_developers = any(map(FOR_DEVELOPERS.search, block.headings))
    for step in script.steps:
        if step.name == "export":
            known.update(step_settings(step))
    yield from moved(
        (
            each
            for each in script_findings(script)
            if not (is_for_developers and each.code in ABOUT_STACKS)
        ),
        lines,
    )


def moved(found: Iterator[Diagnostic], lines: Sequence[Line]) -> Iterator[Diagnostic]:
    """Yield diagnostics of a block at their places in the page."""
    for each in found:
        if 0 < each.line <= len(lines):
            line = lines[each.line - 1]
            yield replace(each, line=line.number, column=each.column + line.shift)
