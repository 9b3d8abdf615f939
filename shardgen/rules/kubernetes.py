"""The output kubernetes: names, forms and consumers that a cluster can have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shardgen.kubernetes import names
from shardgen.kubernetes.settings import SINGLE, settings_of
from shardgen.rules import manifests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shardgen.diagnostics import Diagnostic
    from shardgen.model import Shard
    from shardgen.rules.subject import Subject

OUTPUT = ("outputs", "kubernetes")
LABEL_VALUE = re.compile("[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
#: Keys of an entry that leave a shard as all others are.
COMMON = frozenset({"id", "state", "move_to", "capacity", "weight", "alias", "allow_plain"})


def service_name(subject: Subject) -> Iterator[Diagnostic]:
    """Require a service whose name is a host name in a cluster, with the id of every shard."""
    name = subject.fleet.service.name
    longest = names.LONGEST_SET - len(f"-{max(shard.id for shard in subject.shards)}")
    problem = ""
    if "_" in name:
        problem = f"the name {name!r} is no host name in Kubernetes: it has an underscore"
    elif len(name) > longest:
        problem = f"the name {name!r} is longer than the {longest} characters that Kubernetes takes"
    if problem:
        hint = "give the service another name in the base file and here, or turn the output off"
        yield subject.error(("service", "name"), "SG420", problem, hint)


def claims(subject: Subject) -> Iterator[Diagnostic]:
    """Require volumes whose names a claim can have."""
    cluster = settings_of(subject.output("kubernetes"))
    for shard in subject.live:
        template = names.claim_template(shard, subject.fleet, cluster)
        if len(template) > names.LONGEST_LABEL:
            path = subject.written(shard, "volume")
            is_ruled = path[-1] == "id"
            yield subject.error(
                ("service", "storage", "volume") if is_ruled else path,
                "SG421",
                f"the volume {shard.volume!r} of shard {shard.id} is longer than the "
                f"{names.LONGEST_LABEL} characters that a claim takes",
                f"choose a shorter name for the volume, as {subject.fleet.service.name}_auth",
            )
            if is_ruled:
                return


def consumers(subject: Subject) -> Iterator[Diagnostic]:
    """Require that somebody may reach the shards."""
    if settings_of(subject.output("kubernetes")).consumers:
        return
    hint = "state the labels of their pods, as outputs.kubernetes.consumers: {tier: backend}"
    listed = subject.fleet.service.consumers
    if not listed:
        message = "nobody could reach the shards: no consumers are listed"
        yield subject.error(OUTPUT, "SG423", message, hint, key=True)
    for index, name in enumerate(listed):
        if not LABEL_VALUE.fullmatch(name):
            message = f"no pod has the label {names.NAME_LABEL}: {name}"
            yield subject.error(("service", "consumers", index), "SG423", message, hint)


def shard_id(subject: Subject) -> Iterator[Diagnostic]:
    """Refuse a shard's id from the cluster's environment, which all shards share."""
    name = subject.fleet.shard_id_variable
    if name in settings_of(subject.output("kubernetes")).environment:
        yield subject.error(
            (*OUTPUT, "environment", name),
            "SG220",
            f"{name} is set by shardgen",
            "remove it: every shard gets its own id",
            key=True,
        )


def single(subject: Subject) -> Iterator[Diagnostic]:
    """Require that shards of one StatefulSet are 1 to N, and differ in nothing."""
    if not settings_of(subject.output("kubernetes")).is_single:
        return
    for position, shard in enumerate(subject.live, start=1):
        own = [key for key in subject.entry(shard) if key not in COMMON]
        if own:
            yield differs(subject, shard, own[0])
        if shard.id != position:
            yield subject.error(
                ("shards", shard.index, "id"),
                "SG428",
                f"the shards of one StatefulSet are numbered from 1 on, and shard {position} "
                "does not run",
                "retire the highest id first; with form: per-shard any shard can go",
            )
            return


def differs(subject: Subject, shard: Shard, key: str) -> Diagnostic:
    """Return the error at what one shard has of its own."""
    return subject.error(
        ("shards", shard.index, key),
        "SG428",
        f"shard {shard.id} differs from the others: with form: {SINGLE} all are one StatefulSet",
        f"state {key!r} under service where all may have it, or use form: per-shard",
        key=True,
    )


RULES: tuple[Callable[[Subject], Iterator[Diagnostic]], ...] = (
    service_name,
    claims,
    consumers,
    shard_id,
    single,
    manifests.values,
)
