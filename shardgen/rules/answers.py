"""Names on the network: each shard's own are answered by that shard alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.base import service_networks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.diagnostics import Diagnostic
    from shardgen.document import Path
    from shardgen.model import Shard
    from shardgen.rules.subject import Subject

MISLED = "choose another name: a tenant of that shard would be sent here"


def taken_names(subject: Subject) -> Iterator[Diagnostic]:
    """Refuse names in the base that shards get."""
    if subject.base is None:
        return
    base = subject.base
    own = subject.fleet.service.name
    ours = names_in_base(subject)
    for name, service in base.services.items():
        if name.lower() in ours and name != own:
            yield base.document.error(
                ("services", name),
                "SG310",
                f"the service {name} is in the way of shard {ours[name.lower()]}",
                f"shardgen writes {name} itself: remove it here, or rename it",
                key=True,
            )
            continue
        for path, taken in (*other_names(service), *own_directions(service, ours)):
            number = ours.get(taken.lower())
            if number is None or (name == own and number == 1) or is_apart(subject, path, taken):
                continue
            yield base.document.error(
                ("services", name, *path),
                "SG310",
                f"{name} {verb(path)} {taken!r}, the name of shard {number}",
                MISLED,
                key=path == ("extra_hosts", taken),
            )


def around_names(subject: Subject) -> Iterator[Diagnostic]:
    """Refuse a shard's service outside of the blocks of the overlay, which write it too."""
    if subject.around is None:
        return
    ours = {shard.service: shard.id for shard in subject.here}
    for name in subject.around.services:
        if name in ours:
            yield subject.around.document.error(
                ("services", name),
                "SG310",
                f"the service {name} outside of the blocks is in the way of shard {ours[name]}",
                f"shardgen writes {name} between its markers: remove it here, or rename it",
                key=True,
            )


def without_alias(subject: Subject) -> Iterator[Diagnostic]:
    """Require a URL that leads to shard 1 where no alias gives it the name by the rule (G11)."""
    first = subject.by_id.get(1)
    if first is None or not first.is_live or first.has_alias or first.explicit_url:
        return
    if len(subject.live) > 1:
        service = subject.fleet.service
        yield subject.error(
            ("shards", first.index, "alias"),
            "SG222",
            f"without its alias, nothing answers at {first.url}",
            f"remove this line, or add url: http://{service.name}:{service.port}",
            key=True,
        )


def names_in_base(subject: Subject) -> dict[str, int]:
    """Return the names of running shards, in lower case, and whose each is."""
    ours = owned_names(subject)
    container = subject.base_service.get("container_name")
    return ours | {f"{container}-{s.id}".lower(): s.id for s in subject.later if container}


def owned_names(subject: Subject) -> dict[str, int]:
    """Return the services and aliases of running shards, in lower case, and whose each is."""
    return {name.lower(): s.id for s in subject.live for name in (s.service, s.alias)}


def is_apart(subject: Subject, path: Path, taken: str) -> bool:
    """Return whether the service's own name is an alias where no shard is: not in anyone's way."""
    is_alias = path[0] == "networks" and taken.lower() == subject.fleet.service.name.lower()
    return is_alias and path[1] not in service_networks(subject.base_service)


def verb(path: Path) -> str:
    """Return what a service does with a name, by the key that states it."""
    return "gives its own meaning to" if path[0] in DIRECTIONS else "answers to"


def other_names(service: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield where a service has another name, and that name."""
    for key in ("container_name", "hostname"):
        if service.get(key):
            yield (key,), str(service[key])
    yield from aliases(service)


def aliases(service: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield the aliases of a service with their places."""
    for network, options in compose.named(service.get("networks"), "networks").items():
        for index, alias in enumerate(compose.listed(compose.options(options).get("aliases"))):
            yield ("networks", network, "aliases", index), str(alias)


#: Keys by which a service says where a name leads, for itself alone.
DIRECTIONS = ("links", "external_links", "extra_hosts")


def own_directions(service: dict[str, Any], ours: dict[str, int]) -> Iterator[tuple[Path, str]]:
    """Yield where a service says itself where a name leads, and that name.

    A link by one of a shard's names to another of them leads where it should.
    """
    for key in ("links", "external_links"):
        for index, link in enumerate(compose.listed(service.get(key))):
            target, colon, alias = str(link).partition(":")
            if colon and ours.get(target.lower(), 0) != ours.get(alias.lower()):
                yield (key, index), alias
    hosts = service.get("extra_hosts")
    if isinstance(hosts, dict):
        yield from ((("extra_hosts", host), host) for host in hosts)
    for index, entry in enumerate([] if isinstance(hosts, dict) else compose.listed(hosts)):
        yield ("extra_hosts", index), str(entry).partition("=")[0].partition(":")[0]


def stated_names(subject: Subject) -> Iterator[Diagnostic]:
    """Refuse names in shards.yaml that are another shard's, and aliases that all would have."""
    ours = owned_names(subject)
    for path, layer, shard in subject.layers():
        if shard is not None and not shard.is_live:
            continue
        for at, taken in names_of(layer, ours):
            number = ours.get(taken.lower())
            if shard is None and len(subject.live) < 2:
                continue
            if shard is None and at[0] == "networks":
                yield subject.error(
                    (*path, *at),
                    "SG310",
                    f"every shard would answer to {taken!r}",
                    "state it in the entry of one shard",
                )
            elif number is not None and number != owner_of(at, shard):
                yield subject.error(
                    (*path, *at),
                    "SG310",
                    f"{taken!r} is the name of shard {number}",
                    MISLED,
                    key=at[-1] == taken,
                )


def names_of(layer: dict[str, Any], ours: dict[str, int]) -> Iterator[tuple[Path, str]]:
    """Yield where a layer gives a shard another name, and that name."""
    yield from aliases(layer)
    extra = layer.get("compose", {})
    for path, name in (*other_names(extra), *own_directions(extra, ours)):
        if path[0] != "networks":
            yield ("compose", *path), name


def owner_of(path: Path, shard: Shard | None) -> int:
    """Return whose a name in a layer is; of what all share, the container's name is shard 1's."""
    if shard is not None:
        return shard.id
    return 1 if path == ("compose", "container_name") else 0
