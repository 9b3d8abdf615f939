"""A shell script in; what goes around shards.yaml in it out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shardgen.audit.deletions import deletions
from shardgen.audit.keeping import typed_volumes
from shardgen.audit.literals import address_message, addresses, shard_message
from shardgen.audit.script import read_script
from shardgen.audit.single import singles
from shardgen.audit.startup import startups
from shardgen.audit.waits import DEVICE, TALK, hosts_with_port, waits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.audit.page import Page
    from shardgen.audit.script import Script
    from shardgen.audit.steps import Step
    from shardgen.audit.subject import Subject
    from shardgen.diagnostics import Diagnostic

#: A container's own address: inside a shard it is the shard's.
LOOPBACK = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\]):(?P<port>[0-9]{2,5})(?![0-9])")


def findings(page: Page, subject: Subject) -> Iterator[Diagnostic]:
    """Yield what goes around shards.yaml in a script."""
    yield from script_findings(read_script(page, subject))


def script_findings(script: Script) -> Iterator[Diagnostic]:
    """Yield what goes around shards.yaml in a script, or in a block of a document."""
    waiting, places = waits(script)
    yield from waiting
    yield from deletions(script)
    yield from singles(script)
    yield from startups(script)
    yield from typed(script, places)
    yield from typed_volumes(script)
    yield from typed_ports(script)


def typed(script: Script, places: set[int]) -> Iterator[Diagnostic]:
    """Yield the addresses of shards that are typed; `places` are found already."""
    page, subject = script.page, script.subject
    ranges = [place for step in script.steps for place in ranges_of(step, page)]
    for start, end in sorted({(a, b) for a, b in ranges if a not in places}):
        for address in addresses(page.text[start:end], subject):
            yield page.span(
                start + address.start,
                start + address.end,
                "SG803",
                address_message(address, subject),
                hint(script),
            )
    for step in script.steps:
        for number, word in hosts_with_port(step, subject):
            if word.start not in places:
                yield script.at(
                    word, "SG803", shard_message(word.text, number, subject), hint(script)
                )
    for match in DEVICE.finditer(page.text):
        found = subject.address(match["host"], int(match["port"]))
        if found is not None and not is_comment(page, match.start()):
            message = shard_message(match["host"], found, subject)
            yield page.span(match.start(), match.end(), "SG803", message, hint(script))


def is_comment(page: Page, offset: int) -> bool:
    """Return whether the line of an offset is a comment."""
    line, _ = page.place(offset)
    return page.lines[line - 1].lstrip().startswith("#")


def ranges_of(step: Step, page: Page) -> Iterator[tuple[int, int]]:
    """Yield where the words of a step stand, but for those that people alone read."""
    words = [*step.assigned]
    if step.name not in TALK or is_redirected(step, page):
        words += step.words
    yield from ((word.start, word.end) for word in words)
    yield from step.documents


def is_redirected(step: Step, page: Page) -> bool:
    """Return whether a message is written into a file."""
    rest = page.text[step.words[-1].end :].partition("\n")[0]
    return bool(re.match(r"\s*>>?\s*[^&\s]", rest))


def hint(script: Script) -> str:
    """Return what to write instead of an address."""
    subject = script.subject
    if subject.env is None:
        return "render the script: an output of your own has every shard (docs/outputs.md)"
    return (
        f"read {subject.env}, which has {subject.prefix}_SHARD_N_URL for every shard, or render "
        "the script as an output of your own"
    )


def typed_ports(script: Script) -> Iterator[Diagnostic]:
    """Yield the port of a shard that is typed where a command runs inside of one."""
    subject = script.subject
    for docker in script.calls:
        call = docker.call
        if call.verb.text != "exec" or not call.arguments:
            continue
        if call.arguments[0].text not in subject.hosts:
            continue
        for word in call.arguments[1:]:
            raw = script.page.text[word.start : word.end]
            for match in LOOPBACK.finditer(raw):
                if int(match["port"]) == subject.port:
                    yield script.page.span(
                        word.start + match.start("port"),
                        word.start + match.end("port"),
                        "SG804",
                        f"the shards listen on {match['port']} by {subject.config}: a change there "
                        "leaves this command behind",
                        "read the port from the variable that the service itself reads",
                    )
