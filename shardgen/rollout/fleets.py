"""The fleet as it was and as it will be in, what becomes of each shard out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardgen.ledger.state import ACTIVE, DRAINING, RETIRED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shardgen.model import Fleet, Shard

ADD, DRAIN, RETIRE, ACTIVATE, ADDRESS = "add", "drain", "retire", "activate", "address"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardChange:
    """One thing that becomes of one shard. `before` is the old URL of an address, else ''."""

    what: str
    shard: Shard
    before: str = ""

    @property
    def id(self) -> int:
        """The shard's id."""
        return self.shard.id


def shard_changes(before: Mapping[str, Any], fleet: Fleet) -> Iterator[ShardChange]:
    """Yield what becomes of the shards, by id; `before` is a fleet's record, empty for none."""
    recorded = before.get("shards", {})
    for shard in fleet.shards:
        was = recorded.get(str(shard.id))
        if was is None:
            if shard.is_live:
                yield ShardChange(what=ADD, shard=shard)
            continue
        if what := change_of_state(was["state"], shard.state):
            yield ShardChange(what=what, shard=shard)
        if shard.is_live and not is_same_place(was.get("url", shard.url), shard):
            yield ShardChange(what=ADDRESS, shard=shard, before=was["url"])


def is_same_place(url: str, shard: Shard) -> bool:
    """Return whether a URL leads to the shard still: its service's name and its alias both do."""
    if url == shard.url:
        return True
    places = {name.join(("http://", ":")) for name in (shard.service, shard.alias)}
    return all(any(each.startswith(place) for place in places) for each in (url, shard.url))


def change_of_state(before: str, after: str) -> str:
    """Return what leads from a shard's state to another; '' where it is the same."""
    if before == after:
        return ""
    return {ACTIVE: ACTIVATE, DRAINING: DRAIN, RETIRED: RETIRE}[after]


def counts(before: Mapping[str, Any], fleet: Fleet) -> tuple[int, int]:
    """Return how many shards ran, and how many will; a retired one does not."""
    was = sum(entry["state"] != RETIRED for entry in before.get("shards", {}).values())
    return was, len(fleet.live)
