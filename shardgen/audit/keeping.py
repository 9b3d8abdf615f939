"""A script in; the volumes of shards that are typed in it out (SG805)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.audit.dockercall import Call
    from shardgen.audit.script import Script
    from shardgen.diagnostics import Diagnostic
    from shardgen.shellwords import Word

#: A volume of the engine in front of the folder where it is mounted.
MOUNTED = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*):/")
SOURCE = re.compile(r"(?:^|,)(?:source|src)=(?P<name>[A-Za-z0-9][\w.-]*)")
#: What a variable is called that holds the name of a volume.
VARIABLE = re.compile(r"(?:\w*_)?VOL(?:UME)?S?(?:_\w*)?", re.IGNORECASE)


def typed_volumes(script: Script) -> Iterator[Diagnostic]:
    """Yield the volumes of shards that a script names to docker, or keeps in a variable for it."""
    named = [pair for docker in script.calls for pair in volumes_of(docker.call)]
    for step in script.steps:
        for word in step.assigned:
            variable, _, value = word.text.partition("=")
            if VARIABLE.fullmatch(variable):
                named.append((value, word))
    found = {}
    for name, word in named:
        number = script.subject.engine_volume(name)
        if number is not None:
            found[word.start, number] = word
    for (_, number), word in found.items():
        yield script.at(
            word,
            "SG805",
            f"this is the volume of shard {number} alone: the state of the other shards is missed",
            "render the script: an output of your own has {{ shard.volume }} of every shard",
        )


def volumes_of(call: Call) -> Iterator[tuple[str, Word]]:
    """Yield the names of volumes that a call of docker mounts or looks into."""
    if call.kind == "volume" and call.verb.text == "inspect":
        yield from ((word.text, word) for word in call.arguments)
    if call.kind in {"", "compose"}:
        words = [value for _, value in call.options if value is not None]
        for word in words:
            if match := MOUNTED.match(word.text) or SOURCE.search(word.text):
                yield match["name"], word
