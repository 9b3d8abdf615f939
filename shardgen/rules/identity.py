"""Ids, volumes and URLs: each belongs to one shard."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from shardgen.rules.characters import bad_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.diagnostics import Diagnostic
    from shardgen.model import Shard
    from shardgen.rules.subject import Subject


def repeated_ids(subject: Subject) -> Iterator[Diagnostic]:
    """Refuse an id that stands twice."""
    entries = subject.data["shards"]
    if len(subject.shards) == len(entries):
        return
    free = max(entry["id"] for entry in entries) + 1
    for index, entry in enumerate(entries):
        first = subject.by_id[entry["id"]]
        if first.index != index:
            line = subject.error(("shards", first.index, "id"), "", "", "").line
            yield subject.error(
                ("shards", index, "id"),
                "SG204",
                f"shard id {entry['id']} is already used",
                f"first used at line {line}; ids are never shared: the next free one is {free}",
            )


def first_shard(subject: Subject) -> Iterator[Diagnostic]:
    """Require shard 1 where the base file defines it."""
    base = subject.fleet.service.base
    if base is None or not subject.has_overlay:
        return
    first = subject.by_id.get(1)
    if first is None:
        yield subject.error(
            ("shards", 0, "id"),
            "SG202",
            f"{base} defines shard 1, but no shard has id 1",
            "add '- id: 1', or set service.base: null so that every shard is defined here",
        )
    elif not first.is_live:
        yield subject.error(
            ("shards", first.index, "state"),
            "SG203",
            f"shard 1 cannot be retired while {base} defines it",
            "leave it draining, or remove it from the base and set service.base: null",
        )


def shared_volumes(subject: Subject) -> Iterator[Diagnostic]:
    """Refuse a volume of two shards, also of a retired one."""
    owners: dict[str, Shard] = {}
    for shard in subject.shards:
        owner = owners.setdefault(shard.volume, shard)
        if owner is shard:
            continue
        culprit, other = (shard, owner) if subject.entry(shard).get("volume") else (owner, shard)
        yield subject.error(
            subject.written(culprit, "volume"),
            "SG205",
            f"the volume {shard.volume!r} is already shard {other.id}'s",
            "give this shard a volume of its own: two services on one volume destroy its state",
        )


def shared_urls(subject: Subject) -> Iterator[Diagnostic]:
    """Refuse a URL of two shards; shard 1 also answers the service's own name."""
    owners: dict[str, Shard] = {}
    first = subject.by_id.get(1)
    if first is not None and first.is_live and not first.explicit_url:
        owners[plain_url(subject.fleet.legacy_url)] = first
    for shard in subject.live:
        if shard.explicit_url and bad_url(shard.url):
            continue
        owner = owners.setdefault(plain_url(shard.url), shard)
        is_by_port = shard.host and shard.host == owner.host and shard.host_port == owner.host_port
        if owner is shard or is_by_port:
            continue
        culprit, other = (shard, owner) if shard.explicit_url else (owner, shard)
        yield subject.error(
            subject.written(culprit, "url"),
            "SG206",
            f"the url {culprit.url!r} is already shard {other.id}'s",
            "every shard answers at a URL of its own; without 'url:' the naming rule gives it one",
        )


def plain_url(url: str) -> str:
    """Return a URL in the form in which two that lead to one place are equal."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{plain_host(parts.hostname or '')}:{port}{parts.path.rstrip('/')}"


def plain_host(host: str) -> str:
    """Return a host in lower case, an address of IPv6 in its shortest form."""
    return str(ipaddress.IPv6Address(host)) if ":" in host else host.lower()
