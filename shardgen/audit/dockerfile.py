"""A Dockerfile in; what its image says of the shards, and cannot ask of itself, out."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from shardgen.audit.envfile import Setting, setting_findings
from shardgen.audit.literals import address_message, addresses
from shardgen.buildfile import Instruction, instructions
from shardgen.probes import missing_tool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.audit.page import Page
    from shardgen.audit.subject import Subject
    from shardgen.diagnostics import Diagnostic

PAIR = re.compile(r"(?P<name>[A-Za-z_]\w*)=(?P<value>\"(?:\\.|[^\"\\])*\"|'[^']*'|(?:\\.|\S)*)")
OLD_FORM = re.compile(r"(?P<name>[A-Za-z_]\w*)\s+(?P<value>.*)", re.DOTALL)
OPTIONS = re.compile(r"(?:--[\w-]+(?:=\S+)?\s+)*")


def findings(page: Page, subject: Subject) -> Iterator[Diagnostic]:
    """Yield what a Dockerfile says that shards.yaml does not, and a healthcheck that cannot run."""
    for each in instructions(page.text):
        if each.keyword in {"ENV", "ARG"}:
            for setting in settings(page, each):
                yield from setting_findings(page, subject, setting)
        elif each.keyword in {"CMD", "ENTRYPOINT"}:
            yield from called(page, subject, each)
        elif each.keyword == "HEALTHCHECK":
            yield from called(page, subject, each)
            yield from probed(page, each)


def settings(page: Page, instruction: Instruction) -> Iterator[Setting]:
    """Yield the variables that an ENV or an ARG gives a value."""
    at = page.offset(instruction.line)
    pairs = [*PAIR.finditer(instruction.rest)]
    if instruction.keyword == "ENV" and not re.match(r"\w+=", instruction.rest):
        old = OLD_FORM.fullmatch(instruction.rest)
        pairs = [old] if old else []
    for pair in pairs:
        value = unquoted(pair["value"])
        start = max(at, page.text.find(pair["name"], at))
        at = max(start, page.text.find(value, start + len(pair["name"])))
        yield Setting(name=pair["name"], value=value, start=start, at=at)


def unquoted(text: str) -> str:
    """Return a value without the quotes around it."""
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if is_quoted else text


def called(page: Page, subject: Subject, instruction: Instruction) -> Iterator[Diagnostic]:
    """Yield the addresses of shards in the command of an image."""
    first = page.offset(instruction.line)
    for address in addresses(instruction.rest, subject):
        start = max(first, page.text.find(address.text, first))
        hint = "take it from a variable that compose gives the container, from .env.shards"
        message = address_message(address, subject)
        yield page.span(start, start + len(address.text), "SG803", message, hint)


def probed(page: Page, instruction: Instruction) -> Iterator[Diagnostic]:
    """Yield a diagnostic for a healthcheck whose tool its own stage does not have."""
    rest = OPTIONS.sub("", instruction.rest, count=1)
    kind, _, command = rest.partition(" ")
    if kind.upper() != "CMD":
        return
    after = next(
        (
            each.line
            for each in instructions(page.text)
            if each.keyword == "FROM" and each.line > instruction.line
        ),
        None,
    )
    stage = page.text if after is None else page.text[: page.offset(after)]
    tool = missing_tool(test_of(command.strip()), None, stage)
    if tool is None:
        return
    first = page.offset(instruction.line)
    match = re.compile(rf"\b{re.escape(tool)}\b").search(page.text, first)
    start = match.start() if match else first
    message = (
        f"the image has no {tool}: the healthcheck fails for ever, the container never becomes "
        f"healthy, and what waits for it never starts"
    )
    hint = f"install {tool} in this stage, or probe with what the image runs anyway"
    yield page.span(start, start + len(tool), "SG814", message, hint)


def test_of(command: str) -> list[str]:
    """Return a healthcheck's command as compose writes it."""
    try:
        words = json.loads(command)
    except (ValueError, RecursionError):
        words = None
    if isinstance(words, list) and all(isinstance(word, str) for word in words):
        return ["CMD", *words]
    return ["CMD-SHELL", command]
