"""A script in; the waits and checks in it that look at some shards only out (SG813)."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from shardgen.audit.literals import addresses
from shardgen.audit.single import named_shards

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.audit.script import Script
    from shardgen.audit.steps import Step
    from shardgen.audit.subject import Subject
    from shardgen.diagnostics import Diagnostic
    from shardgen.shellwords import Word

#: Commands that wait for an address by themselves.
WAITING = re.compile(
    r"wait[-_]?for([-_]?(it|port|url|service))?(\.sh)?|wait-on|dockerize|wait4ports"
)
#: Commands that are given a host and a port in two words.
HOST_AND_PORT = frozenset({"nc", "ncat", "netcat", "telnet", "nmap"})
DEVICE = re.compile(r"/dev/(?:tcp|udp)/(?P<host>[A-Za-z0-9_.-]+)/(?P<port>[0-9]{1,5})")
TALK = frozenset({"echo", "printf", "logger"})


def waits(script: Script) -> tuple[list[Diagnostic], set[int]]:
    """Return the waits for some shards only, and where the words are that they are about."""
    subject = script.subject
    if not subject.is_sharded:
        return [], set()
    live = {shard.id for shard in subject.fleet.live}
    found = [each for step in script.steps for each in looked_at(step, script)]
    found += [
        pair
        for docker in script.calls
        if docker.step.is_waiting
        for pair in watched(docker.call.verb.text, [*named_shards(docker, subject)])
    ]
    seen = {number for number, _ in found}
    missing = sorted(live - seen)
    if not missing:
        return [], set()
    hint = "ask every shard, by a script that is rendered from a template"
    if subject.env:
        hint = f"ask every shard: each has a {subject.prefix}_SHARD_N_URL in {subject.env}"
    diagnostics = [
        script.at(
            word,
            "SG813",
            f"this waits for shard {number} alone: while it is down nothing goes on, and shard "
            f"{missing[0]} may be down unnoticed",
            hint,
        )
        for number, word in found
        if number in live and not script.is_meant(word, number)
    ]
    return diagnostics, {word.start for _, word in found}


def watched(verb: str, found: list[tuple[int, Word]]) -> list[tuple[int, Word]]:
    """Return the shards that a call of docker in a loop looks at."""
    return found if verb in {"ps", "exec", "inspect", "logs", "wait", "port", "top"} else []


def looked_at(step: Step, script: Script) -> Iterator[tuple[int, Word]]:
    """Yield the shards that a step waits for, with the word of each."""
    is_waiter = bool(WAITING.fullmatch(step.name))
    if not (is_waiter or step.is_waiting) or step.name in TALK:
        return
    subject = script.subject
    for word in step.words[1:]:
        raw = script.page.text[word.start : word.end]
        for address in addresses(raw, subject):
            if address.shard is not None:
                yield address.shard, word
    yield from hosts_with_port(step, subject)


def hosts_with_port(step: Step, subject: Subject) -> Iterator[tuple[int, Word]]:
    """Yield the shards that a command is given as a host and a port."""
    plain = [word for word in step.words[1:] if not word.text.startswith("-")]
    if step.name in HOST_AND_PORT:
        for host, port in pairwise(plain):
            if port.text.isdecimal() and len(port.text) <= 5:
                number = subject.address(host.text, int(port.text))
                if number is not None:
                    yield number, host
