"""The parser's complaint about a text that is no YAML in; a diagnostic in people's words out."""

from __future__ import annotations

import contextlib
import re
from typing import Any

import yaml

from shardgen.diagnostics import Diagnostic

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: What no YAML file may hold; compiled only for an error, since that takes 4 ms.
UNPRINTABLE = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
ALIAS = re.compile(r"\*[^\s,\[\]{}]+")
CONFLICT = re.compile(r"^(?:<{7}|>{7}) .*|^={7}$", re.MULTILINE)
EXPECTED = re.compile("did not find (?:the )?expected (.*)")


def syntax_error(text: str, file: str, error: yaml.MarkedYAMLError) -> Diagnostic:
    """Return the parser's complaint at its place, in words for people where it is a usual one."""
    mark: Any = error.problem_mark or error.context_mark
    problem = str(error.problem)
    rest = text[mark.index :]
    alias = ALIAS.match(rest)
    width = 1
    message, hint = usual(problem, rest)
    if "another document" in problem:
        message, hint, width = "a second YAML document starts here", "keep one in the file", 3
    elif rest.startswith("\t"):
        message, hint = "a tab cannot indent YAML", "indent with spaces"
    elif "undefined alias" in problem and alias:
        message, hint = "this alias has no anchor", "define it above as &name, or write it out"
        width = len(alias[0])
    elif "mapping values" in problem:
        message, hint = "a ':' cannot stand here", "put a text that holds ': ' in quotes"
    elif "start any token" in problem:
        message, hint = f"a value cannot start with {rest[0]!r}", "put the text in quotes"
    elif "escape" in problem:
        hint = "write \\\\ for a backslash, or use single quotes"
    elif opened := unclosed(text, error, at_end=not rest.strip()):
        if not rest.strip():
            mark, message = opened, f"what starts here with {text[opened.index]!r} has no end"
        hint = f"close the {text[opened.index]} of line {opened.line + 1}"
    line, column = mark.line + 1, mark.column + 1
    if not text[mark.index :].strip():
        line, column = last_character(text)
    return Diagnostic(
        file=file,
        line=line,
        column=column,
        width=width,
        code="SG101",
        message=message,
        hint=hint,
    )


def usual(problem: str, rest: str) -> tuple[str, str]:
    """Return message and hint for what the parser did not expect; `rest` is the text from there."""
    message = EXPECTED.sub(r"expected \1 here", problem).replace("<document start>", "the end")
    if rest.startswith("- ") and "expected" in message:
        hint = "put it below the list that it belongs to, indented as its items are"
        return "a list item cannot stand here", hint
    return message, "see that indentation, quotes and brackets fit"


def conflict(text: str, file: str) -> Diagnostic | None:
    """Return the problem of a text in which a merge left its markers; None where there are none."""
    found = CONFLICT.search(text)
    if found is None:
        return None
    return Diagnostic(
        file=file,
        line=len(LINE_BREAK.split(text[: found.start()])),
        column=1,
        width=len(found[0]),
        code="SG101",
        message="a merge left its conflict here",
        hint="keep the lines that are meant, and remove the three marker lines",
    )


def last_character(text: str) -> tuple[int, int]:
    """Return line and column of the last character that is no space: the text ends too early."""
    lines = LINE_BREAK.split(text.rstrip())
    return len(lines), max(1, len(lines[-1]))


def unclosed(text: str, error: yaml.MarkedYAMLError, *, at_end: bool) -> Any:
    """Return the mark of the quote or bracket that is open where the parser gave up, if any."""
    if at_end and "quoted" in str(error.context):
        return error.context_mark
    opened: list[Any] = []
    with contextlib.suppress(yaml.YAMLError):
        for event in yaml.parse(text, Loader=Loader):
            if isinstance(event, yaml.CollectionStartEvent):
                opened.append(event)
            elif isinstance(event, yaml.CollectionEndEvent):
                opened.pop()
    return next((event.start_mark for event in reversed(opened) if event.flow_style), None)


def unreadable(text: str, file: str, error: Exception) -> Diagnostic:
    """Return the problem of a text whose characters or nesting YAML does not allow.

    The place is looked for here: libyaml's errors count bytes, and PyYAML's count characters.
    """
    found = re.search(UNPRINTABLE, text) if isinstance(error, yaml.reader.ReaderError) else None
    if found is None:
        return Diagnostic(
            file=file, line=0, column=0, width=0, code="SG101",
            message="this file is nested too deep to be read",
            hint="a shards.yaml needs no more than a dozen levels",
        )  # fmt: skip
    before = LINE_BREAK.split(text[: found.start()])
    return Diagnostic(
        file=file,
        line=len(before),
        column=len(before[-1]) + 1,
        width=1,
        code="SG101",
        message=f"the character U+{ord(found[0]):04X} is not allowed in YAML",
        hint="remove it, or write it as an escape in double quotes",
    )
