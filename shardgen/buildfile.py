"""The text of a Dockerfile in; the instructions that its image is made of, and its base, out."""

from __future__ import annotations

import re
from dataclasses import dataclass

CONTINUED = re.compile(r"\\[ \t]*$")
#: Dockerfiles for Windows use backticks, because of the paths.
BACKTICKS = re.compile(r"#[ \t]*escape[ \t]*=[ \t]*`[ \t]*$", re.IGNORECASE)
CONTINUED_BY_BACKTICK = re.compile(r"`[ \t]*$")
HERE_DOCUMENT = re.compile(r"<<-?(['\"]?)([A-Za-z_]\w*)\1")
INSTRUCTION = re.compile(r"\s*([A-Za-z]+)\s+(.*)", re.DOTALL)
VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)(?::-(?P<default>[^}]*))?\}|(?P<plain>\w+))")
FLAG = re.compile(r"--\S+\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One instruction: its keyword in capitals, the rest with its lines joined, its first line."""

    keyword: str
    rest: str
    line: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage of a build: what it starts from, its name, what is done in it."""

    start: str
    name: str
    steps: tuple[Instruction, ...]


def instructions(text: str) -> list[Instruction]:
    """Return the instructions of a Dockerfile; comments and empty lines are none."""
    found: list[Instruction] = []
    lines = text.splitlines()
    continued = CONTINUED_BY_BACKTICK if any(map(BACKTICKS.match, lines[:5])) else CONTINUED
    at = 0
    while at < len(lines):
        parts: list[str] = []
        first = at + 1
        is_open = True
        while is_open and at < len(lines):
            line = lines[at]
            at += 1
            first = first if parts else at
            if line.lstrip().startswith("#") or (parts and not line.strip()):
                continue
            is_open = bool(continued.search(line))
            parts.append(continued.sub("", line))
        for _, delimiter in HERE_DOCUMENT.findall("\n".join(parts)):
            while at < len(lines):
                at += 1
                if lines[at - 1].strip() == delimiter:
                    break
                parts.append(lines[at - 1])
        if match := INSTRUCTION.fullmatch("\n".join(parts)):
            found.append(Instruction(keyword=match[1].upper(), rest=match[2].strip(), line=first))
    return found


def stages(text: str) -> list[Stage]:
    """Return the stages of a Dockerfile, with the defaults of its arguments filled in."""
    arguments: dict[str, str] = {}
    found: list[tuple[str, str, list[Instruction]]] = []
    for each in instructions(text):
        if each.keyword == "FROM":
            words = FLAG.sub("", filled(each.rest, arguments)).split()
            name = words[2] if len(words) == 3 and words[1].upper() == "AS" else ""
            found.append((words[0] if words else "$", name.lower(), []))
        elif found:
            found[-1][2].append(each)
        elif each.keyword == "ARG":
            name, equals, value = each.rest.partition("=")
            if equals:
                arguments[name.strip()] = filled(value.strip().strip("'\""), arguments)
    return [Stage(start=start, name=name, steps=tuple(steps)) for start, name, steps in found]


def filled(text: str, arguments: dict[str, str]) -> str:
    """Return a text with the arguments that have a value; others stay as they are written."""

    def value(match: re.Match[str]) -> str:
        name = match["braced"] or match["plain"]
        return arguments.get(name, match[0] if match["default"] is None else match["default"])

    return VARIABLE.sub(value, text)


def lineage(text: str, target: str | None = None) -> tuple[str, tuple[Instruction, ...]] | None:
    """Return the image that a build ends on, and all that is done on top of it; None without one.

    `target` is the stage that is built, by default the last one.
    """
    every = stages(text)
    at = len(every) - 1
    if target is not None:
        names = [stage.name for stage in every]
        at = names.index(target.lower()) if target.lower() in names else -1
    steps: tuple[Instruction, ...] = ()
    while at >= 0:
        stage = every[at]
        steps = (*stage.steps, *steps)
        below = [i for i in range(at) if every[i].name and every[i].name == stage.start.lower()]
        if not below:
            return stage.start, steps
        at = below[-1]
    return None
