"""The names that volumes have in the engine: two keys of compose may be one volume there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardgen.engine import engine_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.base import Base
    from shardgen.diagnostics import Diagnostic
    from shardgen.model import Shard
    from shardgen.rules.subject import Subject


def same_names(subject: Subject, base: Base, owners: dict[str, Shard]) -> Iterator[Diagnostic]:
    """Yield volumes of the base that are a shard's under another key."""
    project = base.document.data.get("name")
    implied = {s.volume: {"external": s.external} for s in subject.later}
    first: dict[str, str] = {}
    around = subject.around.volumes if subject.around else {}
    volumes: dict[str, dict[str, Any]] = {**implied, **base.volumes, **around}
    for volume in sorted(volumes, key=lambda key: (key not in owners, key in base.volumes)):
        path, name = engine_name(volume, volumes[volume], str(project or "*"))
        other = first.setdefault(name, volume)
        if other != volume and other in owners:
            where = subject.around if subject.around and volume in around else base
            yield where.document.error(
                ("volumes", volume, *path),
                "SG313",
                f"{volume} is the same volume as {other} of shard {owners[other].id}",
                "give it a name of its own: two services on one volume destroy its state",
            )
