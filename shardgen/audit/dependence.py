"""A compose file in; what in it waits for, is tied to, or configures some shards only, out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.audit.startup import NOT_PRODUCTION, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.audit.sheet import Sheet
    from shardgen.diagnostics import Diagnostic

#: Keys by which one container lives in the namespace of another one.
NAMESPACES = ("network_mode", "pid", "ipc")


def dependences(sheet: Sheet) -> Iterator[Diagnostic]:
    """Yield services that depend on some shards only (SG813), or are tied to them (SG811)."""
    if not sheet.subject.is_sharded:
        return
    for name, service in sheet.services.items():
        yield from waited_for(sheet, name, service)
        yield from tied_to(sheet, name, service)
    yield from overridden(sheet)


def waited_for(sheet: Sheet, name: str, service: dict[str, Any]) -> Iterator[Diagnostic]:
    """Yield the shards in `depends_on`, unless they are all there."""
    hosts = sheet.subject.hosts
    entries = compose.named(service.get("depends_on"), "depends_on")
    found = {each: hosts[each] for each in entries if each in hosts}
    missing = missing_ids(sheet, set(found.values()))
    for index, each in enumerate(entries):
        if missing and each in found:
            is_list = isinstance(service.get("depends_on"), list)
            yield sheet.at(
                ("services", name, "depends_on", index if is_list else each),
                "SG813",
                f"{name} waits for shard {found[each]} alone: while it is down {name} does not "
                f"start for the tenants of any shard, and {shards(missing)} may be down unnoticed",
                f"remove it: {name} has to live with a shard that is down",
                key=not is_list,
            )


def tied_to(sheet: Sheet, name: str, service: dict[str, Any]) -> Iterator[Diagnostic]:
    """Yield links to a shard, and namespaces of one."""
    hosts = sheet.subject.hosts
    if name in hosts:
        return
    for key in ("links", "external_links"):
        entries = [str(entry).partition(":")[0] for entry in compose.listed(service.get(key))]
        missing = missing_ids(sheet, {hosts[each] for each in entries if each in hosts})
        for index, each in enumerate(entries):
            if each in hosts and missing:
                yield sheet.at(
                    ("services", name, key, index),
                    "SG811",
                    f"{name} is linked to shard {hosts[each]} alone: {shards(missing)} stays out",
                    "remove the link: on one network every service finds every shard by its name",
                )
    for key in NAMESPACES:
        kind, _, other = str(service.get(key) or "").partition(":")
        if kind in {"service", "container"} and other in hosts:
            yield sheet.at(
                ("services", name, key),
                "SG811",
                f"{name} lives inside of shard {hosts[other]}: the other shards have none of it",
                f"make it a part of the image of {sheet.subject.service}, which all shards share",
            )


def overridden(sheet: Sheet) -> Iterator[Diagnostic]:
    """Yield shards that a further compose file configures, where it does not do so for all."""
    subject = sheet.subject
    path = sheet.page.path
    is_file = path.endswith((".yml", ".yaml"))  # a block in a document shows a part of one
    if not is_file or path in subject.compose_files or NOT_PRODUCTION.search(path.lower()):
        return
    found = {
        name: subject.hosts[name]
        for name, service in sheet.services.items()
        if name in subject.hosts and not {"image", "build", "extends"} & service.keys()
    }
    missing = missing_ids(sheet, set(found.values()))
    for name, number in found.items():
        if missing and sheet.services[name]:
            yield sheet.at(
                ("services", name),
                "SG811",
                f"this configures shard {number} alone: {shards(missing)} runs without it",
                f"state it in {subject.config} under service:, which applies to every shard",
                key=True,
            )


def missing_ids(sheet: Sheet, found: set[int]) -> list[int]:
    """Return the running shards that are not among those found; none where none is found."""
    live = {shard.id for shard in sheet.subject.fleet.here}
    return sorted(live - found) if found else []


def shards(numbers: list[int]) -> str:
    """Return the shards that something leaves out, as a text."""
    return f"shard {numbers[0]}" if len(numbers) == 1 else f"each of the shards {listed(numbers)}"
