"""A value as compose reads it in; the text that it is, or the one variable that it names, out.

The grammar is that of compose-go (template/template.go): `$NAME`, `${NAME}`, the operators `-`,
`?` and `+` with or without a colon, and `$$` for a dollar sign. No variable is looked up: what is
in .env on one machine says nothing about a cluster. A default counts, a variable is the Secret's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")
OPERATOR = re.compile(":?[-?+]")


class Unclear(ValueError):
    """A value that has no equal in a cluster; the message is what is to be said of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A value that is what a variable holds, and no more."""

    name: str


def meaning(value: Any) -> str | Variable:
    """Return the text or the variable that a value is; raises Unclear for a mixture of both."""
    parts = list(merged(split(spelled(value))))
    if not parts:
        return ""
    if len(parts) > 1:
        name = next(part.name for part in parts if isinstance(part, Variable))
        raise Unclear(f"mixes a text with ${{{name}}}")
    return parts[0]


def literal(value: Any) -> str:
    """Return the text that a value is; raises Unclear where it needs a variable."""
    found = meaning(value)
    if isinstance(found, Variable):
        raise Unclear(f"is the variable ${{{found.name}}}")
    return found


def spelled(value: Any) -> str:
    """Return a scalar as compose spells it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def merged(parts: list[str | Variable]) -> list[str | Variable]:
    """Return parts with neighbouring texts as one, and without empty ones."""
    found: list[str | Variable] = []
    for part in parts:
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        elif part != "":
            found.append(part)
    return found


def split(text: str) -> list[str | Variable]:
    """Return the texts and variables that a value is made of."""
    parts: list[str | Variable] = []
    position = 0
    while (dollar := text.find("$", position)) >= 0:
        parts.append(text[position:dollar])
        found, position = reference(text, dollar)
        parts += found
    return [*parts, text[position:]]


def reference(text: str, start: int) -> tuple[list[str | Variable], int]:
    """Return what the `$…` at `start` stands for, and where it ends."""
    if text[start + 1 : start + 2] == "$":
        return ["$"], start + 2
    is_braced = text[start + 1 : start + 2] == "{"
    name = NAME.match(text, start + (2 if is_braced else 1))
    if name is None:
        raise Unclear(f"holds {text[start : start + 20]!r}, which compose cannot read")
    if not is_braced:
        return [Variable(name=name[0])], name.end()
    end = closing(text, start)
    rest = text[name.end() : end]
    operator = OPERATOR.match(rest)
    if rest and operator is None:
        raise Unclear(f"holds {text[start : end + 1]!r}, which compose cannot read")
    if operator and operator[0].endswith("+"):
        raise Unclear(f"holds {text[start : end + 1]!r}, which depends on a variable")
    if operator and operator[0].endswith("-"):
        return split(rest[operator.end() :]), end + 1
    return [Variable(name=name[0])], end + 1


def closing(text: str, start: int) -> int:
    """Return where the `${` at `start` is closed: by the brace that fits, else by the last one.

    Like compose, it does not look at what stands right behind an opening brace.
    """
    depth, position = 0, start
    while position < len(text):
        if text[position] == "}":
            depth -= 1
            if not depth:
                return position
        elif text[position] == "{":
            depth += 1
            position += 1
        position += 1
    last = text.rfind("}", start)
    if last < 0:
        raise Unclear(f"holds {text[start : start + 20]!r}, which is not closed")
    return last


def escaped(text: str) -> str:
    """Return a text as a manifest spells it in `env`, `command`, `args` and the command of a probe.

    There the kubelet replaces `$(NAME)`, and makes one dollar sign of two. It also garbles what is
    not ASCII behind a single one, so every one is doubled.
    """
    return text.replace("$", "$$")
