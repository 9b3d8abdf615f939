"""The fallback: where a tenant without a shard lives, and the share that a change re-routes.

This is the one hash in Python. The generated router and the SQL of the migrations compute the same
numbers by other means, and tests hold the three together (guarantee G12).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    #: what is hashed of a draw, and minus the shard: of equal hashes the lowest id wins
    Draw = tuple[bytes, int]

#: Copying an empty hash is faster than making one. FIPS builds refuse md5 for any other use.
EMPTY_MD5 = hashlib.md5(usedforsecurity=False)

RENDEZVOUS = "rendezvous"
#: A draw is a hash at each call, so that weights stay small: of one shard, of all together.
MOST_WEIGHT, MOST_DRAWS = 100, 1_000
#: Hashes that a share is counted with, under rendezvous: about a second.
MOST_HASHES = 1_000_000
NOTHING: Draw = (b"", 0)


def md5_number(tenant: int) -> int:
    """Return the md5 of an id's decimal digits as a number of 128 bits."""
    digest = EMPTY_MD5.copy()
    digest.update(b"%d" % tenant)
    return int.from_bytes(digest.digest(), "big")


#: kind → the number whose remainder by the count of shards picks one of them
NUMBERS: dict[str, Callable[[int], int]] = {"md5": md5_number, "modulo": int}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """A kind, the ids that it picks from, sorted, and under rendezvous the weight of each."""

    kind: str
    ids: tuple[int, ...]
    weights: tuple[int, ...] = ()

    @property
    def draws(self) -> tuple[Draw, ...]:
        """Return what rendezvous draws by: of a weight of 2, `shard:1` and `shard:2`."""
        pairs = zip(self.ids, self.weights, strict=True)
        return tuple(
            (b"%d:%d" % (shard, draw), -shard)
            for shard, weight in pairs
            for draw in range(1, weight + 1)
        )

    def picker(self) -> Callable[[int], int]:
        """Return what gives a tenant's shard.

        Raises KeyError for another kind and ZeroDivisionError where there are no ids.
        """
        if not self.ids:
            raise ZeroDivisionError("a fallback over no shards")
        if self.kind == RENDEZVOUS:
            draws = self.draws
            return lambda tenant: -highest(tenant, draws)[1]
        number, ids, count = NUMBERS[self.kind], self.ids, len(self.ids)
        return lambda tenant: ids[number(tenant) % count]


def fallback_index(kind: str, tenant: int, count: int) -> int:
    """Return the place of a tenant's shard, 0 to `count` - 1, in the sorted list of `count` shards.

    `md5` is `int(md5(str(tenant)), 16) % count`, as the deployed system has it; `modulo` is
    `tenant % count`, which is never negative. Raises KeyError for another kind and
    ZeroDivisionError for a count of 0.
    """
    return NUMBERS[kind](tenant) % count


def fallback_shard(kind: str, tenant: int, ids: Sequence[int], weights: Sequence[int] = ()) -> int:
    """Return the id that the fallback picks from `ids`, in whatever order they come.

    For the ids 1..N under md5 or modulo that is `fallback_index(kind, tenant, N) + 1`. Without
    weights, rendezvous takes all for equal. Raises ZeroDivisionError where there are no ids.
    """
    return fallback_of(kind, ids, weights).picker()(tenant)


def fallback_of(kind: str, ids: Iterable[int], weights: Iterable[int] = ()) -> Fallback:
    """Return the fallback over ids in any order; the weights, where there are any, go with them."""
    given = tuple(ids)
    if kind != RENDEZVOUS:
        return Fallback(kind=kind, ids=tuple(sorted(given)))
    pairs = sorted(zip(given, tuple(weights) or (1,) * len(given), strict=True))
    return Fallback(
        kind=kind,
        ids=tuple(shard for shard, _ in pairs),
        weights=tuple(weight for _, weight in pairs),
    )


def highest(tenant: int, draws: Iterable[Draw]) -> Draw:
    """Return the highest md5 of `tenant:shard:draw`, with minus its shard.

    A draw loses to another for the same tenants whatever else is drawn, which is why a new shard
    takes tenants from all others alike, and moves none between those.
    """
    prefix = b"%d:" % tenant
    best, found = NOTHING
    for text, shard in draws:
        digest = EMPTY_MD5.copy()
        digest.update(prefix + text)
        score = digest.digest()
        if score >= best:
            best, found = max((best, found), (score, shard))
    return best, found


def affordable(before: Fallback, after: Fallback, most: int) -> int:
    """Return over how many tenants, at most `most`, a share is counted in about a second."""
    draws = {draw for each in (before, after) if each.weights for draw in each.draws}
    return min(most, MOST_HASHES // len(draws)) if draws else most


def rerouted_share(before: Fallback, after: Fallback, sample: int = 100_000) -> float:
    """Return the share, 0 to 1, of the tenants 1..`sample` whose fallback shard changes.

    It is counted, not estimated, so that it equals what a brute force over the router says: 0.66526
    for growth from 2 shards to 3 under `md5`. Errors are those of `picker`.
    """
    if before == after:
        return 0.0
    pairs = both(before, after, range(1, sample + 1))
    return sum(old != new for old, new in pairs) / sample


def both(before: Fallback, after: Fallback, tenants: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the shards of each tenant before and after; what both would hash is hashed once."""
    if before.kind != after.kind:
        return zip(map(before.picker(), tenants), map(after.picker(), tenants), strict=True)
    if before.kind == RENDEZVOUS:
        return both_drawn(before, after, tenants)
    numbers = map(NUMBERS[before.kind], tenants)
    old, new = before.ids, after.ids
    count_old, count_new = len(old), len(new)
    return ((old[number % count_old], new[number % count_new]) for number in numbers)


def both_drawn(
    before: Fallback, after: Fallback, tenants: Iterable[int]
) -> Iterator[tuple[int, int]]:
    """Yield the shards that rendezvous draws before and after."""
    old, new = {*before.draws}, {*after.draws}
    stay, go, come = old & new, old - new, new - old
    for tenant in tenants:
        best = highest(tenant, stay)
        yield -max(best, highest(tenant, go))[1], -max(best, highest(tenant, come))[1]
