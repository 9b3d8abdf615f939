"""The fallback: where a tenant without a shard lives, and the share that a change re-routes.

This is the one hash in Python. The generated router and the SQL of the migrations compute the same
numbers by other means, and tests hold the three together (guarantee G12).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: Copying an empty hash is faster than making one. FIPS builds refuse md5 for any other use.
EMPTY_MD5 = hashlib.md5(usedforsecurity=False)


def md5_number(tenant: int) -> int:
    """Return the md5 of an id's decimal digits as a number of 128 bits."""
    digest = EMPTY_MD5.copy()
    digest.update(b"%d" % tenant)
    return int.from_bytes(digest.digest(), "big")


#: kind → the number whose remainder by the count of shards picks one of them
NUMBERS: dict[str, Callable[[int], int]] = {"md5": md5_number, "modulo": int}


def fallback_index(kind: str, tenant: int, count: int) -> int:
    """Return the place of a tenant's shard, 0 to `count` - 1, in the sorted list of `count` shards.

    `md5` is `int(md5(str(tenant)), 16) % count`, as the deployed system has it; `modulo` is
    `tenant % count`, which is never negative. Raises KeyError for another kind and
    ZeroDivisionError for a count of 0.
    """
    return NUMBERS[kind](tenant) % count


def fallback_shard(kind: str, tenant: int, ids: Sequence[int]) -> int:
    """Return the id that the fallback picks from `ids`, in whatever order they come.

    For the ids 1..N that is `fallback_index(kind, tenant, N) + 1`. Raises ZeroDivisionError where
    there are no ids.
    """
    return sorted(ids)[fallback_index(kind, tenant, len(ids))]


def rerouted_share(
    kind_before: str,
    ids_before: Sequence[int],
    kind_after: str,
    ids_after: Sequence[int],
    sample: int = 100_000,
) -> float:
    """Return the share, 0 to 1, of the tenants 1..`sample` whose fallback shard changes.

    It is counted, not estimated, so that it equals what a brute force over the router says: 0.66526
    for growth from 2 shards to 3 under `md5`. Errors are those of `fallback_shard`.
    """
    before, after = sorted(ids_before), sorted(ids_after)
    if (kind_before, before) == (kind_after, after):
        return 0.0
    old = list(map(NUMBERS[kind_before], range(1, sample + 1)))
    new = old if kind_after == kind_before else map(NUMBERS[kind_after], range(1, sample + 1))
    count_before, count_after = len(before), len(after)
    moved = sum(
        before[number % count_before] != after[other % count_after]
        for number, other in zip(old, new, strict=True)
    )
    return moved / sample
