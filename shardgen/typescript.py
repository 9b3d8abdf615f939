"""A TypeScript module's text in; what in it does not close, as an error, out.

It is no parser: it knows where texts, comments, templates and regular expressions end, and so sees
what a wrong quote would do to the rest of a file.
"""

from __future__ import annotations

import re

TOKEN = re.compile(
    r"""
      (?P<plain> [^"'`/()\[\]{}]+ )
    | (?P<comment> //[^\n]* | /\*.*?\*/ )
    | (?P<text> "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' )
    | (?P<template> ` )
    | (?P<open> [(\[{] )
    | (?P<close> [)\]}] )
    | (?P<slash> /(?!\*) )
    | (?P<broken> . )
    """,
    re.DOTALL | re.VERBOSE,
)
#: The rest of a template: to its end, or to a value in it.
TEMPLATE = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*(`|\$\{)", re.DOTALL)
REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/")
WORD = re.compile(r"[\w$]+\Z")
#: Words after which a slash does not divide, but begins a regular expression.
BEFORE_REGEX = frozenset({"case", "in", "of", "return", "typeof"})
CLOSING = {"(": ")", "[": "]", "{": "}", "${": "}"}


def read_typescript(text: str) -> None:
    """Demand that all that is opened closes; raises ValueError with the line where it does not."""
    opened: list[tuple[str, int]] = []
    position, before = 0, ""
    while token := TOKEN.match(text, position):
        start, position, kind = token.start(), token.end(), token.lastgroup
        if kind == "broken":
            raise fault(text, start, f"{text[start]} is not closed")
        if kind == "open":
            opened.append((text[start], start))
        elif kind == "template" or (kind == "close" and closed(text, start, opened) == "${"):
            position = after_template(text, position, start, opened)
        elif kind == "slash":
            position = after_slash(text, position, before)
        if kind != "comment":
            before = text[start:position].strip() or before
    if opened:
        bracket, start = opened[-1]
        raise fault(text, start, f"{bracket} is not closed")


def closed(text: str, start: int, opened: list[tuple[str, int]]) -> str:
    """Return the bracket that another one closes."""
    bracket, _ = opened.pop() if opened else ("", 0)
    if CLOSING.get(bracket) != text[start]:
        raise fault(text, start, f"{text[start]} closes nothing")
    return bracket


def after_slash(text: str, position: int, before: str) -> int:
    """Return where a regular expression ends; a slash after a value divides it."""
    word = WORD.search(before)
    if word[0] not in BEFORE_REGEX if word else before.endswith(('"', "'", "`", ")", "]", "}")):
        return position
    regex = REGEX.match(text, position - 1)
    return regex.end() if regex else position


def after_template(text: str, position: int, start: int, opened: list[tuple[str, int]]) -> int:
    """Return where a template's end is, or the value that is opened in it."""
    rest = TEMPLATE.match(text, position)
    if rest is None:
        raise fault(text, start, "` is not closed")
    if rest[1] == "${":
        opened.append(("${", rest.end() - 2))
    return rest.end()


def fault(text: str, position: int, what: str) -> ValueError:
    """Return an error with its line."""
    line = text.count("\n", 0, position) + 1
    return ValueError(f"line {line}: {what}")
