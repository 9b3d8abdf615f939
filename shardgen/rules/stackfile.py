"""The stack file of the user's that goes with ours: it is one, and has the consumers."""

from __future__ import annotations

import posixpath
import re
from itertools import chain
from typing import TYPE_CHECKING

from shardgen import compose
from shardgen.quoting import ENV_PLAIN
from shardgen.rules.basefile import known
from shardgen.swarm.settings import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.base import Base
    from shardgen.diagnostics import Diagnostic
    from shardgen.document import Path
    from shardgen.rules.subject import Subject

BASE: Path = ("outputs", "swarm", "base")
#: The versions of the format that know all that we write.
VERSION = re.compile(r"3\.(8|9|1[0-9])")


def stack_file(subject: Subject) -> Iterator[Diagnostic]:
    """Require a stack file where one is named, and in it the consumers and none of the shards."""
    name = settings_of(subject.output("swarm")).base
    if name is None:
        return
    stack = subject.stack
    if stack is None:
        yield from missing(subject, name)
        return
    if stack.document.problems:
        return
    data = stack.document.data
    if not isinstance(data, dict) or not isinstance(data.get("services"), dict):
        yield stack.document.error(
            (), "SG435", f"{stack.file} has no services", "a stack file has services:"
        )
        return
    yield from version(stack)
    yield from shards_in(subject, stack)
    yield from consumers(subject, stack)


def missing(subject: Subject, name: str) -> Iterator[Diagnostic]:
    """Yield why there is no stack file; what is wrong with its text is told already."""
    kind = subject.project.kind(posixpath.normpath(name))
    if kind == "file" and not name.startswith("/"):
        return
    where = "is an absolute path" if name.startswith("/") else "is not there"
    yield subject.error(
        BASE,
        "SG435",
        f"the stack file {name} {'is a folder' if kind == 'folder' else where}",
        "name the file that has your consumers in the swarm, relative to shards.yaml",
    )


def version(stack: Base) -> Iterator[Diagnostic]:
    """Require a version that fits ours: `docker stack deploy` takes no two of them."""
    stated = stack.document.data.get("version")
    if stated is not None and not (isinstance(stated, str) and VERSION.fullmatch(stated)):
        yield stack.document.error(
            ("version",),
            "SG435",
            f"the version {stated} of the stack file is none that a shard can have",
            'write version: "3.9", in quotes',
        )


def shards_in(subject: Subject, stack: Base) -> Iterator[Diagnostic]:
    """Refuse a service that is a shard's, has its name on the network, or mounts its volume."""
    taken = {name: shard for shard in subject.live for name in (shard.service, shard.alias)}
    volumes = {shard.volume: shard for shard in subject.shards}
    for name, service in stack.services.items():
        joined = compose.named(service.get("networks"), "networks").values()
        lists = [compose.listed(compose.options(each).get("aliases")) for each in joined]
        found = next((each for each in (name, *chain(*lists)) if each in taken), None)
        if found is not None:
            yield stack.document.error(
                ("services", name),
                "SG437",
                f"the service {name} has the name {found!r} of shard {taken[found].id}",
                "remove it: the rendered stack file defines every shard",
                key=True,
            )
        for mounted in compose.mounts(service.get("volumes")):
            if mounted.named and mounted.source in volumes:
                yield stack.document.error(
                    ("services", name, "volumes", mounted.index),
                    "SG437",
                    f"{name} mounts {mounted.source} of shard {volumes[mounted.source].id}",
                    "give it a volume of its own: two services on one volume destroy its state",
                )


def consumers(subject: Subject, stack: Base) -> Iterator[Diagnostic]:
    """Require that the consumers are there, get the variables, and reach the shards."""
    names = subject.fleet.service.consumers
    if names and subject.output("env") is None:
        yield subject.error(
            ("outputs", "env", "enabled"),
            "SG436",
            "the env output is off, but consumers receive their variables from it",
            "turn it on, or remove service.consumers",
        )
    for index, name in enumerate(names):
        if name not in stack.services:
            yield subject.error(
                ("service", "consumers", index),
                "SG436",
                f"{stack.file} has no service {name!r}",
                known(name, stack.services, "services"),
            )
    if names:
        yield from urls(subject)


def urls(subject: Subject) -> Iterator[Diagnostic]:
    """Require URLs that need no quotes: `docker stack deploy` takes those of an env_file along."""
    for shard in subject.live:
        if not ENV_PLAIN.fullmatch(shard.url):
            yield subject.error(
                subject.written(shard, "url"),
                "SG438",
                f"the url {shard.url!r} needs quotes in an env_file, which swarm takes literally",
                "write it with letters, digits and . _ ~ : / , @ % + = - alone",
            )


RULES = (stack_file,)
