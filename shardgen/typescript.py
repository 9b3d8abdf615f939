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
#: What a slash after it divides; after anything else it begins a regular expression.
VALUE = re.compile(r"(?:[\w$\"'`)\]}])\s*\Z")
CLOSING = {"(": ")", "[": "]", "{": "}", "${": "}"}


def read_typescript(text: str) -> None:
    """Demand that all that is opened closes; raises ValueError with the line where it does not."""
    opened: list[tuple[str, int]] = []
    position, before = 0, ""
    while position < len(text):
        start = position
        token = TOKEN.match(text, start)
        kind = token.lastgroup if token else "broken"
        position = token.end() if token else start + 1
        if kind == "broken":
            raise fault(text, start, f"{text[start]} is not closed")
        if kind == "open":
            opened.append((text[start], start))
        elif kind == "close":
            bracket, _ = opened.pop() if opened else ("", 0)
            if CLOSING.get(bracket) != text[start]:
                raise fault(text, start, f"{text[start]} closes nothing")
            if bracket == "${":
                position = after_template(text, position, start, opened)
        elif kind == "template":
            position = after_template(text, position, start, opened)
        elif kind == "slash" and not VALUE.search(before) and (regex := REGEX.match(text, start)):
            position = regex.end()
        if kind != "comment":
            before = text[max(start, position - 40) : position].strip() or before
    if opened:
        bracket, start = opened[-1]
        raise fault(text, start, f"{bracket} is not closed")


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
