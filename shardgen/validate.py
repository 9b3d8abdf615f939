"""The text of shards.yaml in; the fleet, its base and its outputs out, or every error there is."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from shardgen.base import Base, read_base
from shardgen.conform import conforms
from shardgen.diagnostics import Diagnostic, ordered
from shardgen.errors import InvalidInput
from shardgen.model import Fleet, build_fleet
from shardgen.outputs import OUTPUTS, Output, destination_of, find, outputs_of
from shardgen.schema import explain, load_schema
from shardgen.source import parse
from shardgen.surroundings import surroundings
from shardgen.wording import type_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shardgen.document import Document

#: Problems of the text after which its data says too little to look at it further.
LOST = frozenset({"SG101", "SG104", "SG108"})
#: Problems of the text after which its values may not be what was meant.
DOUBTFUL = LOST | {"SG106", "SG107"}


class Project(Protocol):
    """The folder of shards.yaml, as far as validation looks into it; paths are relative to it."""

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, None where there is none."""

    def peek(self, path: str) -> bytes | None:
        """Return the bytes of a destination, which is no input."""

    def kind(self, path: str) -> str | None:
        """Return 'file', 'folder' or 'link' (not followed), None where there is nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Everything that a render starts from.

    `around` is what the overlay itself defines outside of its blocks, None where it is ours.
    `stack` is the user's stack file, which goes with that of the swarm output.
    """

    document: Document
    data: dict[str, Any]
    fleet: Fleet
    base: Base | None
    outputs: tuple[Output, ...]
    around: Base | None = None
    stack: Base | None = None


def validate(text: bytes, file: str, project: Project) -> Inputs:
    """Return the inputs of a render; raises InvalidInput with all that is wrong with them."""
    decoded = decode(text, file)
    if isinstance(decoded, Diagnostic):
        raise InvalidInput([decoded])
    document = parse(decoded, file)
    problems = list(document.problems)
    codes = {problem.code for problem in problems}
    if codes & LOST:
        raise InvalidInput(ordered(problems))
    wrong = list(schema_problems(document))
    if wrong or codes & DOUBTFUL:
        raise InvalidInput(first_causes(problems, wrong))
    inputs, wrong = read_inputs(document, project)
    wrong += rule_problems(inputs, project, base_is_broken=bool(wrong))
    if problems or wrong:
        raise InvalidInput(first_causes(problems, wrong))
    return inputs


def first_causes(
    problems: list[Diagnostic], consequences: Iterable[Diagnostic]
) -> tuple[Diagnostic, ...]:
    """Return problems of the text, and what else is wrong at other places than theirs."""
    places = {(each.file, each.line, each.column) for each in problems}
    others = [each for each in consequences if (each.file, each.line, each.column) not in places]
    return ordered(problems + others)


def decode(text: bytes, file: str) -> str | Diagnostic:
    """Return the text of a file, or the error at its first byte that is not UTF-8."""
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        before = text[: error.start].decode("utf-8").removeprefix("\ufeff").split("\n")
        return Diagnostic(
            file=file,
            line=len(before),
            column=len(before[-1]) + 1,
            width=1,
            code="SG110",
            message=f"the byte 0x{text[error.start]:02x} is not UTF-8",
            hint="save the file as UTF-8",
        )


def schema_problems(document: Document) -> Iterable[Diagnostic]:
    """Return what is wrong with the data's shape."""
    if document.data is None:
        hint = "start with version: 1 and shards: [{id: 1}], or run `shardgen init`"
        return [document.error((), "SG111", "the file is empty", hint)]
    if not isinstance(document.data, dict):
        message = f"the top of the file must be a mapping, not {type_name(document.data)}"
        hint = "start with version: 1, and list the shards under shards:"
        return [document.error((), "SG112", message, hint)]
    schema = load_schema()
    return () if conforms(document.data, schema) else explain(document, schema)


def read_inputs(document: Document, project: Project) -> tuple[Inputs, list[Diagnostic]]:
    """Return the inputs of valid data, and what is wrong with the text of the base file."""
    fleet = build_fleet(document.data)
    outputs = tuple(
        replace(output, destination=posixpath.normpath(output.destination))
        for output in outputs_of(complete_outputs(document.data), fleet)
    )
    base: Base | None = None
    wrong: list[Diagnostic] = []
    name = fleet.service.base
    is_needed = any(output.reads_base for output in outputs)
    content = project.read(name) if name and is_needed and not name.startswith("/") else None
    if name and content is not None:
        text = decode(content, name)
        if isinstance(text, Diagnostic):
            wrong = [text]
        else:
            base = read_base(text, name, project.read)
            wrong = list(base.document.problems)
    if wrong:
        base = None
    stack, faults = read_stack(outputs, project)
    inputs = Inputs(document=document, data=document.data, fleet=fleet, base=base, outputs=outputs,
                    around=read_around(outputs, project), stack=stack)  # fmt: skip
    return inputs, wrong + faults


def read_stack(
    outputs: tuple[Output, ...], project: Project
) -> tuple[Base | None, list[Diagnostic]]:
    """Return the stack file that the swarm output goes with, and what is wrong with its text."""
    output = find(outputs, "swarm")
    name = output.settings.get("base") if output else None
    if not name or name.startswith("/") or (content := project.read(name)) is None:
        return None, []
    text = decode(content, name)
    if isinstance(text, Diagnostic):
        return None, [text]
    stack = read_base(text, name, project.read)
    return stack, list(stack.document.problems)


def read_around(outputs: tuple[Output, ...], project: Project) -> Base | None:
    """Return what the overlay on disk defines outside of its blocks."""
    overlay = destination_of(outputs, "compose")
    if not overlay or overlay.startswith(("/", "../")):
        return None
    return surroundings(project.peek(overlay), overlay, project.peek)


def complete_outputs(data: dict[str, Any]) -> dict[str, Any]:
    """Return the data without own outputs that lack what they need: the rules name those."""
    written = data.get("outputs", {})
    return {
        **data,
        "outputs": {name: entry for name, entry in written.items() if is_complete(name, entry)},
    }


def is_complete(name: str, entry: dict[str, Any]) -> bool:
    """Return whether an output has all that it needs."""
    return name in OUTPUTS or {"path", "template"} <= entry.keys()


def rule_problems(inputs: Inputs, project: Project, *, base_is_broken: bool) -> list[Diagnostic]:
    """Return what the rules say."""
    from shardgen.rules import RULES
    from shardgen.rules.subject import build_subject

    subject = build_subject(inputs, project, base_is_broken=base_is_broken)
    return [found for rule in RULES for found in rule(subject)]
