"""One key of one shard in; what a statement in shards.yaml makes of it, out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardgen import compose, overlay
from shardgen.adopt.key import ABSENT
from shardgen.stack import alike

if TYPE_CHECKING:
    from shardgen.model import Fleet, Shard


class Trial:
    """One key of one shard: what it has of it, what it is to have, and what a statement does."""

    def __init__(self, key: str, shard: Shard, fleet: Fleet, start: dict[str, Any],
                 want: dict[str, Any], has_base: bool) -> None:  # fmt: skip  # noqa: FBT001
        self.key, self.shard, self.fleet = key, shard, fleet
        self.is_made = not has_base or shard.id != 1
        self.have, self.want = self.own(start.get(key)), want.get(key)

    def own(self, value: Any) -> Any:
        """Return a value without what names the shard: that is never stated."""
        if value is None:
            return value
        if self.key == "environment":
            pairs = compose.pairs(value)
            return {k: v for k, v in pairs.items() if k != self.fleet.shard_id_variable}
        if self.key == "networks" and self.shard.has_alias:
            joined = compose.named(value, "networks")
            return {name: without_alias(each, self.shard.alias) for name, each in joined.items()}
        return value

    def reached(self, shared: Any, own: Any = ABSENT) -> Any:
        """Return what a shard has of the key once this is stated for all, and for it alone."""
        service = {} if self.have is None else {self.key: self.have}
        for each in (shared, own):
            if each is not ABSENT:
                layer = {self.key: overlay.resets(self.key, each)}
                service = compose.merged_mapping(service, layer)
        full = self.completed(service, own)
        return overlay.with_name(full, self.shard, self.fleet).get(self.key)

    def completed(self, service: dict[str, Any], own: Any) -> dict[str, Any]:
        """Return a service with what every shard in the overlay gets: its volume, its container."""
        if not self.is_made:
            return service
        if self.key == "volumes":
            mounts = overlay.shard_volumes(self.shard, service.get("volumes"), self.fleet)
            return {**service, "volumes": mounts}
        is_later = self.shard.id != 1 and service.get("container_name") and own is ABSENT
        if self.key == "container_name" and is_later:
            return {"container_name": f"{service['container_name']}-{self.shard.id}"}
        return service

    def is_reached(self, shared: Any, own: Any = ABSENT) -> bool:
        """Return whether a shard has what it is to have once this is stated."""
        named = overlay.with_name({}, self.shard, self.fleet) if self.key == "networks" else {}
        want = self.want if self.want is not None else named.get(self.key)
        return alike(self.key, self.reached(shared, own), want)


def without_alias(written: Any, alias: str) -> Any:
    """Return a network's options without one alias."""
    options = compose.options(written)
    others = [each for each in compose.listed(options.get("aliases")) if each != alias]
    rest = {key: value for key, value in options.items() if key != "aliases"}
    return ({**rest, "aliases": others} if others else rest) or None
