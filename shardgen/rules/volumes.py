"""The state of a shard: one volume, one mount, one service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.rules.volume_names import same_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shardgen.base import Base
    from shardgen.compose import Mount
    from shardgen.diagnostics import Diagnostic
    from shardgen.document import Path
    from shardgen.model import Shard
    from shardgen.rules.subject import Subject

ALONE = "two services on one volume destroy its state"


def first_mount(subject: Subject) -> Iterator[Diagnostic]:
    """Require that the base's shard 1 mounts the volume that shards.yaml calls its own."""
    first = subject.by_id.get(1)
    if first is None or not first.is_live or not subject.base_service:
        return
    found = compose.mounts(subject.base_service.get("volumes"))
    at_target = [each for each in found if same_target(each.target, first.mount)]
    if any(each.named and each.source == first.volume for each in at_target):
        return
    written = written_storage(subject, first, is_volume=at_target != [])
    path, message, hint = mount_problem(subject, first, found, at_target)
    if written is not None:
        yield subject.error(written, "SG312", f"in {subject.fleet.service.base}, {message}", hint)
    else:
        yield subject.base_error(path, "SG312", message, hint)


def mount_problem(
    subject: Subject, first: Shard, found: tuple[Mount, ...], at_target: list[Mount]
) -> tuple[Path, str, str]:
    """Return the place in the base, the message and the hint of a mount that is another one."""
    name = subject.fleet.service.name
    if at_target:
        other = at_target[0]
        hint = f"state what runs: storage: {{volume: {other.source}}}"
        if not other.named:
            hint = "a shard's state is a named volume: mount one there, and move the files into it"
        message = f"{name} mounts {other.source!r} at {first.mount}, not {first.volume!r}"
        return ("volumes", other.index), message, hint
    for mounted in found:
        if mounted.source == first.volume:
            message = f"{name} mounts {first.volume!r} at {mounted.target}, not at {first.mount}"
            hint = f"state what runs: storage: {{mount: {mounted.target}}}"
            return ("volumes", mounted.index), message, hint
    message = f"{name} does not mount {first.volume!r} at {first.mount}"
    return ("volumes",), message, "state the service's own volume and mount under service.storage"


def written_storage(subject: Subject, first: Shard, *, is_volume: bool) -> Path | None:
    """Return the path of the written value that says what shard 1 mounts, None for the defaults."""
    own, shared = subject.entry(first), subject.service.get("storage", {})
    prefix: Path = ("shards", first.index)
    places: tuple[tuple[Any, Path, bool], ...] = (
        (own.get("volume"), (*prefix, "volume"), True),
        (own.get("storage", {}).get("mount"), (*prefix, "storage", "mount"), False),
        (shared.get("volume"), ("service", "storage", "volume"), True),
        (shared.get("mount"), ("service", "storage", "mount"), False),
    )
    found = [(path, of_volume) for value, path, of_volume in places if value]
    found.sort(key=lambda each: each[1] != is_volume)
    return found[0][0] if found else None


def same_target(first: str, second: str) -> bool:
    """Return whether two mount paths are the same folder."""
    return compose.folder(first) == compose.folder(second)


def volume_owners(shards: Sequence[Shard]) -> dict[str, Shard]:
    """Return whose each volume is; one that two shards have is the first one's."""
    return {shard.volume: shard for shard in reversed(shards)}


def other_services(subject: Subject) -> Iterator[Diagnostic]:
    """Refuse another service of the base with a shard's volume, by whatever way."""
    if subject.base is None or not subject.base_service:
        return
    owners = volume_owners(subject.live)
    own = subject.fleet.service.name
    derived = {shard.service for shard in subject.later}
    names = {own} | names_of_shards(subject.live, subject.base_service)
    for name, service in subject.base.services.items():
        if name in derived:
            continue
        if name == own:
            yield from own_mounts(subject, owners)
            later = names_of_shards(subject.later, service)
            yield from borrowed(subject.base, name, service, later - {name})
            continue
        for step, source in mounted_by(subject.base, name, service):
            if source in owners:
                yield subject.base.document.error(
                    ("services", name, *step),
                    "SG313",
                    f"{name} mounts {source!r}, the volume of shard {owners[source].id}",
                    f"give {name} a volume of its own: {ALONE}",
                )
        yield from borrowed(subject.base, name, service, names)
    yield from same_names(subject, subject.base, owners)


def mounted_by(base: Base, name: str, service: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield where a service mounts a named volume, and which; `extends` brings in others' too."""
    written = base.document.data["services"][name]
    own = compose.mounts(written.get("volumes") if isinstance(written, dict) else None)
    for mounted in own:
        if mounted.named:
            yield ("volumes", mounted.index), mounted.source
    for mounted in compose.mounts(service.get("volumes")):
        if mounted.named and mounted.source not in {each.source for each in own}:
            yield ("extends",), mounted.source


def own_mounts(subject: Subject, owners: dict[str, Shard]) -> Iterator[Diagnostic]:
    """Yield mounts of the base's shard 1 but the one of its own volume."""
    first = subject.by_id.get(1)
    for mounted in compose.mounts(subject.base_service.get("volumes")):
        owner = owners.get(mounted.source) if mounted.named else None
        if owner is None or first is None:
            continue
        if owner is not first:
            message = f"shard 1 mounts {mounted.source!r}, the volume of shard {owner.id}"
        elif not same_target(mounted.target, first.mount) and mounts_twice(subject, first):
            message = (
                f"shard 1 mounts {mounted.source!r} twice, so every other shard would mount it too"
            )
        else:
            continue
        yield subject.base_error(
            ("volumes", mounted.index), "SG313", message, f"remove this mount: {ALONE}"
        )


def mounts_twice(subject: Subject, first: Shard) -> bool:
    """Return whether the base's shard 1 also mounts its volume where shards.yaml says."""
    found = compose.mounts(subject.base_service.get("volumes"))
    return any(m.source == first.volume and same_target(m.target, first.mount) for m in found)


def names_of_shards(shards: Sequence[Shard], service: dict[str, Any]) -> set[str]:
    """Return the names by which another service can take the volumes of shards."""
    container = service.get("container_name")
    names = {name for shard in shards for name in (shard.service, shard.alias)}
    if isinstance(container, str):
        names |= {container if s.id == 1 else f"{container}-{s.id}" for s in shards}
    return names


def lender(entry: Any) -> str:
    """Return the service or container of an entry of `volumes_from`."""
    first, _, rest = str(entry).partition(":")
    return rest.partition(":")[0] if first == "container" else first


def borrowed(
    base: Base, name: str, service: dict[str, Any], names: set[str]
) -> Iterator[Diagnostic]:
    """Yield where a service takes all volumes of a shard."""
    for index, source in enumerate(compose.listed(service.get("volumes_from"))):
        if lender(source) in names:
            yield base.document.error(
                ("services", name, "volumes_from", index),
                "SG313",
                f"{name} mounts the volumes of {lender(source)}",
                f"give {name} volumes of its own: {ALONE}",
            )


def passed_through(subject: Subject) -> Iterator[Diagnostic]:
    """Refuse mounts under `compose:` that touch the shards' state."""
    owners = volume_owners(subject.shards)
    names = names_of_shards(subject.live, subject.base_service)
    for path, layer, shard in subject.layers():
        extra = layer.get("compose", {})
        targets = [shard.mount] if shard else [each.mount for each in subject.live]
        for mounted in compose.mounts(extra.get("volumes")):
            if shard and (mounted.source, mounted.target) == (shard.volume, shard.mount):
                continue  # its own mount once more: for its place among others, or its options
            is_state = any(
                same_target(mounted.target, target) for target in targets if mounted.target
            )
            if is_state or (mounted.named and mounted.source in owners):
                yield subject.error(
                    (*path, "compose", "volumes", mounted.index),
                    "SG314",
                    f"{mounted.source!r} at {mounted.target!r} touches the state of a shard",
                    "the state is stated once: service.storage, or 'volume' in an entry",
                )
        for index, source in enumerate(compose.listed(extra.get("volumes_from"))):
            if lender(source) in names:
                yield subject.error(
                    (*path, "compose", "volumes_from", index),
                    "SG314",
                    f"volumes_from {str(source)!r} mounts the state of a shard",
                    ALONE,
                )


def declared(subject: Subject) -> Iterator[Diagnostic]:
    """Require that the base declares shard 1's volume."""
    first = subject.by_id.get(1)
    base = subject.base
    if base is None or first is None or not first.is_live or first.volume in base.volumes:
        return
    mounted = [
        m
        for m in compose.mounts(subject.base_service.get("volumes"))
        if m.named and m.source == first.volume
    ]
    if mounted and not base.is_partial:
        yield subject.base_error(
            ("volumes", mounted[0].index),
            "SG316",
            f"{base.file} does not declare the volume {first.volume!r}",
            f"add it at the end of {base.file}, under the top-level volumes:",
        )


def external(subject: Subject) -> Iterator[Diagnostic]:
    """Require that the volumes which the base declares are as external as shards.yaml says.

    One that is not external there is deleted by `down -v`, whatever shards.yaml promises.
    """
    base = subject.base
    for shard in subject.live if base and subject.base_service else ():
        if base is None or shard.volume not in base.volumes:
            continue
        stated = base.volumes[shard.volume].get("external")
        is_external = bool(stated) if not isinstance(stated, str) else stated != "false"
        if is_external == shard.external:
            continue
        message = (
            f"{shard.volume} is {'' if is_external else 'not '}external in {base.file}, "
            f"and {'' if shard.external else 'not '}external here"
        )
        hint = "set storage: {external: true}"
        if shard.external:
            hint = f"say 'external: true' in {base.file}, or set storage: {{external: false}}"
        if path := written_external(subject, shard):
            yield subject.error(path, "SG315", message, hint)
        else:
            path = ("volumes", shard.volume, "external")
            yield base.document.error(path, "SG315", message, hint)


def written_external(subject: Subject, shard: Shard) -> Path | None:
    """Return where shards.yaml says whether a shard's volume is external, None where nowhere."""
    if "external" in subject.entry(shard).get("storage", {}):
        return ("shards", shard.index, "storage", "external")
    is_common = "external" in subject.service.get("storage", {})
    return ("service", "storage", "external") if is_common else None


def driver_options(subject: Subject) -> Iterator[Diagnostic]:
    """Refuse to make a volume in the likeness of one on a device."""
    first = subject.by_id.get(1)
    base = subject.base
    if base is None or first is None or not base.volumes.get(first.volume, {}).get("driver_opts"):
        return
    for shard in subject.live:
        if shard is not first and shard.volume not in base.volumes and not shard.external:
            yield base.document.error(
                ("volumes", first.volume, "driver_opts"),
                "SG317",
                f"{first.volume} has options of its own, which {shard.volume} cannot share",
                f"declare {shard.volume} in {base.file}, with a device of its own",
                key=True,
            )
            return
