"""A script in; the commands in it that delete the volumes of shards out (SG812)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shardgen.audit.stack import stack_of
from shardgen.audit.startup import NOT_PRODUCTION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.audit.script import Docker, Script
    from shardgen.diagnostics import Diagnostic
    from shardgen.shellwords import Word

LOSS = "every tenant on them has to pair again"
#: Where the engine keeps volumes.
ENGINE_FOLDER = re.compile(r"/(?:docker|containers/storage)/volumes/(?P<name>[^/\s*]+|\*)?")


def deletions(script: Script) -> Iterator[Diagnostic]:
    """Yield the commands that delete a volume of a shard."""
    for docker in script.calls:
        verb, kind = docker.call.verb.text, docker.call.kind
        if kind == "compose" and verb == "down":
            yield from down(script, docker)
        elif (kind, verb) in {("volume", "rm"), ("volume", "remove")}:
            yield from removed(script, docker)
        elif (kind, verb) in {("volume", "prune"), ("system", "prune")}:
            yield from pruned(script, docker)
    for step in script.steps:
        if step.name == "rm":
            for word in step.words[1:]:
                yield from deleted_folder(script, word)


def down(script: Script, docker: Docker) -> Iterator[Diagnostic]:
    """Yield a `down` that deletes the volumes which the files declare; external ones survive."""
    call, subject = docker.call, script.subject
    switch = call.switch("-v", "--volumes")
    if switch is None or all(shard.external for shard in subject.fleet.here):
        return
    stack = stack_of(call, docker.around, subject)
    is_another = any(NOT_PRODUCTION.search(name.lower()) for name in stack.others)
    if stack.is_ours and stack.project is None and not is_another:
        yield script.at(
            switch,
            "SG812",
            f"this deletes the volumes of the shards that the files declare: {LOSS}",
            f"leave {switch.text} out: `down` alone keeps the volumes",
        )


def removed(script: Script, docker: Docker) -> Iterator[Diagnostic]:
    """Yield a removal of a shard's volume by name, and of all volumes at once."""
    for word in docker.call.arguments:
        number = script.subject.engine_volume(word.text)
        if number is not None:
            yield script.at(
                word,
                "SG812",
                f"this deletes the volume of shard {number}: every tenant on it has to pair again",
                "remove a shard's volume by hand, once it is retired and its tenants have left",
            )
        elif re.search(r"volume ls(?! .*(?:--filter|-f\b|grep))", word.text):
            yield script.at(
                word,
                "SG812",
                f"this deletes every volume of the machine, those of shards as well: {LOSS}",
                "name the volumes that may go",
            )


def pruned(script: Script, docker: Docker) -> Iterator[Diagnostic]:
    """Yield a `prune` of volumes; with a filter it deletes what somebody has marked for it."""
    call = docker.call
    if any(name == "--filter" for name, _ in call.options):
        return
    switch = call.verb if call.kind == "volume" else call.switch("--volumes")
    if switch is not None:
        yield script.between(
            call.words[0],
            switch,
            "SG812",
            f"this deletes the volumes of shards that do not run at that moment: {LOSS}",
            "prune images and containers alone, or mark what may go and use --filter label=…",
        )


def deleted_folder(script: Script, word: Word) -> Iterator[Diagnostic]:
    """Yield a removal of what the engine keeps of a shard's volume."""
    for match in ENGINE_FOLDER.finditer(word.text):
        name = match["name"] or "*"
        number = script.subject.engine_volume(name)
        if number is not None or name == "*":
            whose = "every volume" if number is None else f"the volume of shard {number}"
            yield script.at(
                word,
                "SG812",
                f"this deletes the files of {whose} behind the engine's back: {LOSS}",
                "remove a volume with `docker volume rm`, once nobody lives on it",
            )
