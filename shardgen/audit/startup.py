"""A script in; the compose commands in it that leave out the overlay or the profile out (SG816)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shardgen.audit.stack import stack_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.audit.script import Docker, Script
    from shardgen.diagnostics import Diagnostic

#: What a command does to the services that it finds in the files and profiles.
TO_ALL = frozenset(
    {"up", "create", "start", "restart", "stop", "down", "kill", "pause", "unpause", "rm", "pull",
     "build", "watch"}
)  # fmt: skip
#: What makes a container from what the files say.
MAKING = frozenset({"up", "create", "run", "watch"})
#: A further file that makes another stack of the base, which is not production's.
NOT_PRODUCTION = re.compile(
    r"(?:^|[^a-z])(?:dev|devel|development|local|tests?|testing|ci|e2e|debug|override|stag(?:e|ing)"
    r"|build|preview|sandbox)(?:$|[^a-z])"
)


def startups(script: Script) -> Iterator[Diagnostic]:
    """Yield the commands that leave the shards 2..N, or the shard variables, out."""
    for docker in script.calls:
        verb = docker.call.verb.text
        if docker.call.kind == "compose" and verb in TO_ALL | MAKING:
            yield from startup(script, docker)


def startup(script: Script, docker: Docker) -> Iterator[Diagnostic]:
    """Yield what is wrong with one command."""
    call, subject = docker.call, script.subject
    stack = stack_of(call, docker.around, subject)
    if not stack.is_ours or any(NOT_PRODUCTION.search(name.lower()) for name in stack.others):
        return
    verb, named = call.verb.text, call.arguments
    if verb == "run":
        named = named[:1]
    if not all(word.is_fixed for word in named):
        return
    others = [shard.id for shard in subject.fleet.here if shard.id != 1]
    missing: list[str] = []
    if named:
        if verb not in MAKING or not any(is_touched(word.text, script) for word in named):
            return
    elif not stack.has_profile and others:
        missing.append(f"--profile {subject.profile}")
    if not stack.has_overlay:
        missing.insert(0, f"-f {subject.overlay}")
    elif not stack.has_base:
        missing.insert(0, f"-f {subject.fleet.service.base}")
    if not missing:
        return
    yield script.between(
        call.words[0],
        call.verb,
        "SG816",
        f"{verb} without {' and '.join(missing)}: {effect(missing, others, verb)}",
        f"type it as shardgen prints it: {command(script, verb)}",
    )


def is_touched(name: str, script: Script) -> bool:
    """Return whether the overlay says something about a service."""
    subject = script.subject
    return subject.host(name) is not None or name in subject.fleet.service.consumers


def effect(missing: list[str], others: list[int], verb: str) -> str:
    """Return what goes wrong in production."""
    if missing[0].startswith("-f") and verb in MAKING:
        return "shard 1 loses its alias, and the consumers the variables that name every shard"
    shards = "shard " + str(others[0]) if len(others) == 1 else f"the shards {listed(others)}"
    tenants = "its tenants" if len(others) == 1 else "their tenants"
    if verb in {"up", "create", "start", "watch"}:
        return f"{shards} will not run, compose says nothing, and {tenants} get no answer"
    return f"{shards} will be left as {'it is' if len(others) == 1 else 'they are'}"


def listed(numbers: list[int]) -> str:
    """Return ids as a text, long lists by their ends."""
    if len(numbers) > 5:
        return f"{numbers[0]} to {numbers[-1]}"
    return f"{', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"


def command(script: Script, verb: str) -> str:
    """Return the command that reaches the whole fleet."""
    return f"{script.subject.up.removesuffix('up -d')}{'up -d' if verb == 'up' else verb}"
