"""A script in; the commands in it that reach some shards and not all of them out (SG811)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.audit.script import Docker, Script
    from shardgen.audit.subject import Subject
    from shardgen.diagnostics import Diagnostic
    from shardgen.shellwords import Word

#: What changes a running service, or what it runs next.
CHANGING = frozenset(
    {
        "up",
        "restart",
        "stop",
        "start",
        "create",
        "kill",
        "pause",
        "unpause",
        "rm",
        "build",
        "update",
    }
)
#: What reaches into a service; a person who types it looks at one.
REACHING = frozenset({"exec", "cp", "run"})
#: What compose calls the only container of a service, and in older versions.
CONTAINER = re.compile(r".+[-_](?P<service>{name}(?:-[1-9][0-9]*)?)[-_]1")
EFFECT = {
    "build": "goes on with its old image",
    "exec": "is not reached",
    "cp": "is not reached",
    "run": "is not reached",
}


def singles(script: Script) -> Iterator[Diagnostic]:
    """Yield the names of shards in commands that leave another shard as it is."""
    if not script.subject.is_sharded:
        return
    live = {shard.id for shard in script.subject.fleet.here}
    for verb, found in by_verb(script).items():
        missing = sorted(live - {number for number, _ in found})
        for number, word in unique(found) if missing else ():
            if number in live and not script.is_meant(word, number):
                yield single(script, word, verb, missing)


def by_verb(script: Script) -> dict[str, list[tuple[int, Word]]]:
    """Return the shards that a script names to each verb; no verb that may reach all of them."""
    named: dict[str, list[tuple[int, Word]]] = {}
    whole: set[str] = set()
    for docker in script.calls:
        call = docker.call
        verb = call.verb.text
        is_look = verb in REACHING and (script.is_document or docker.step.is_waiting)
        if verb not in CHANGING | REACHING or is_look:
            continue
        named.setdefault(verb, []).extend(named_shards(docker, script.subject))
        is_whole = call.kind == "compose" and not call.arguments
        if is_whole or any(not word.is_fixed for word in call.arguments[:1]):
            whole.add(verb)
    return {verb: found for verb, found in named.items() if verb not in whole}


def single(script: Script, word: Word, verb: str, missing: list[int]) -> Diagnostic:
    """Return the diagnostic of one name."""
    left = f"shard {missing[0]}" if len(missing) == 1 else f"each of {len(missing)} other shards"
    names = [s.service for s in script.subject.fleet.here]
    return script.at(
        word,
        "SG811",
        f"{verb} of {word.text!r} alone: {left} {EFFECT.get(verb, 'stays as it is')}",
        f"name all of them ({' '.join(names[:4])}{' …' if len(names) > 4 else ''}), "
        "render the script from a template, or say 'shard N' in a comment where one is meant",
    )


def unique(found: list[tuple[int, Word]]) -> list[tuple[int, Word]]:
    """Return each place once."""
    return list({(word.start, number): (number, word) for number, word in found}.values())


def named_shards(docker: Docker, subject: Subject) -> Iterator[tuple[int, Word]]:
    """Yield the shards that a call of docker names, with the word of each."""
    call = docker.call
    arguments = call.arguments
    if call.kind == "compose":
        if call.verb.text in {"exec", "run"}:
            arguments = arguments[:1]
        for word in arguments:
            name = word.text.partition(":")[0] if call.verb.text == "cp" else word.text
            if name in subject.hosts:
                yield subject.hosts[name], word
    elif call.kind == "" and call.verb.text != "run":
        if call.verb.text == "exec":
            arguments = arguments[:1]
        for word in arguments:
            number = container_of(word.text, subject, is_copy=call.verb.text == "cp")
            if number is not None:
                yield number, word


def container_of(text: str, subject: Subject, *, is_copy: bool) -> int | None:
    """Return the shard whose container a name is, as compose makes it, or as it may be stated."""
    name = text.partition(":")[0] if is_copy else text
    if is_copy and ":" not in text:
        return None
    if name in subject.hosts:
        return subject.hosts[name]
    pattern = CONTAINER.pattern.replace("{name}", re.escape(subject.service))
    match = re.fullmatch(pattern, name)
    return subject.hosts.get(match["service"]) if match else None
