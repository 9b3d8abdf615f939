"""An .env in; what in it contradicts shards.yaml, or names a shard under another name, out."""

from __future__ import annotations

import io
import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen.audit.literals import address_message, addresses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.audit.page import Page
    from shardgen.audit.subject import Subject
    from shardgen.diagnostics import Diagnostic

#: Files for one developer's machine: a stack without the overlay has one shard there, on localhost.
LOCAL = re.compile(r"(?:^|[._-])(?:dev|devel|development|local|test|testing|ci|e2e)(?:[._-]|$)")

#: What may stand before the name of a variable.
BEFORE = re.compile(r"\s*(?:export[^\S\r\n]+)?'?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A variable that a file gives a value. `start` is where its name is, `at` its value."""

    name: str
    value: str
    start: int
    at: int


def findings(page: Page, subject: Subject) -> Iterator[Diagnostic]:
    """Yield what an .env says that shards.yaml does not."""
    is_local = bool(LOCAL.search(posixpath.basename(page.path)))
    for setting in settings(page.text):
        yield from setting_findings(page, subject, setting, is_local=is_local)


def settings(text: str) -> Iterator[Setting]:
    """Yield the variables of an .env as python-dotenv, and so the consumers, read them."""
    from dotenv.parser import parse_stream

    offset = 0
    # The parser counts on the text's own line ends, which a text stream would translate.
    for binding in parse_stream(io.StringIO(text, newline="")):
        written = binding.original.string
        if binding.key and binding.value is not None and not binding.error:
            before = BEFORE.match(written)
            start = before.end() if before else 0
            at = written.find(binding.value.split("\n")[0], start + len(binding.key))
            yield Setting(
                name=binding.key,
                value=binding.value,
                start=offset + start,
                at=offset + max(at, start),
            )
        offset += len(written)


def setting_findings(
    page: Page, subject: Subject, setting: Setting, *, is_local: bool = False
) -> Iterator[Diagnostic]:
    """Yield what is wrong with one variable, of an .env or of an image."""
    if "$" in setting.value:
        return
    if subject.is_variable(setting.name):
        if not is_local and (found := disagreement(setting, subject)):
            message, hint = found
            end = setting.start + len(setting.name)
            yield page.span(setting.start, end, "SG806", message, hint)
        return
    if is_local:
        return
    for address in addresses(setting.value, subject):
        start = setting.at + address.start
        message = f"{setting.name}: {address_message(address, subject)}"
        hint = f"ask the router where {setting.name} is used, and remove the variable"
        yield page.span(start, start + address.end - address.start, "SG803", message, hint)


def disagreement(setting: Setting, subject: Subject) -> tuple[str, str] | None:
    """Return what is wrong with the value of a shard variable, and what to do; None if nothing."""
    name, value = setting.name, setting.value.strip()
    config, env = subject.config, subject.env or "the rendered variables"
    if name not in subject.variables:
        message = f"{name} is set, but {config} has no such shard: tenants are sent to nobody"
        return message, f"remove it, or list the shard in {config}"
    expected = subject.variables[name]
    if same(value, expected):
        return None
    message = (
        f"{name} is {value[:60]!r}, but {config} says {expected!r}: {consequence(name, subject)}"
    )
    return message, f"remove the line: {env} has it, and is the last env_file of every consumer"


def same(value: str, expected: str) -> bool:
    """Return whether the router takes two values for the same."""
    if value.rstrip("/") == expected.rstrip("/"):
        return True
    return [each.strip() for each in value.split(",")] == expected.split(",")


def consequence(name: str, subject: Subject) -> str:
    """Return what happens in production where a variable has another value."""
    if name.endswith("_NUM_SHARDS"):
        return "what reads it looks for tenants on shards where they are not"
    if name.endswith("_SHARD_IDS"):
        return "what reads it passes over shards, or asks some that are not there"
    if name.endswith("_PORT"):
        return "what reads it calls every shard at a port where nobody answers"
    if name.endswith("_BASE_URL"):
        return "what reads it calls a shard that does not answer there"
    number = re.sub(r"\D", "", name.removeprefix(subject.prefix))
    return f"tenants of shard {number} get no answer"
