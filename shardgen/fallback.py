"""The fallback: the shard of a tenant for whom no shard was given, and the share that a change re-routes.

This is the one hash in Python. The generated router and the SQL of the migrations compute the same
numbers by other means, and tests hold the three together (guarantee G12).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

#: Copying an empty hash is faster than making one. FIPS builds refuse md5 unless it is declared harmless.
_EMPTY_MD5 = hashlib.md5(usedforsecurity=False)


def _md5(tenant: int) -> int:
    digest = _EMPTY_MD5.copy()
    digest.update(b"%d" % tenant)
    return int.from_bytes(digest.digest(), "big")


def _modulo(tenant: int) -> int:
    return tenant


#: kind → the number of which the remainder by the count of shards picks the shard
_NUMBERS: dict[str, Callable[[int], int]] = {"md5": _md5, "modulo": _modulo}


def fallback_index(kind: str, tenant: int, count: int) -> int:
    """Return the place, from 0 to `count` - 1, of a tenant's shard in the sorted list of `count` shards.

    `md5` is `int(md5(str(tenant)), 16) % count`, as the deployed system has it; `modulo` is
    `tenant % count`, never negative. Raises KeyError for another kind, ZeroDivisionError for a count
    of 0.
    """
    return _NUMBERS[kind](tenant) % count


def fallback_shard(kind: str, tenant: int, ids: Sequence[int]) -> int:
    """Return the id of the shard that the fallback picks from `ids`, in whatever order they come.

    For the ids 1..N that is `fallback_index(kind, tenant, N) + 1`. Raises ZeroDivisionError without
    ids.
    """
    return sorted(ids)[fallback_index(kind, tenant, len(ids))]


def rerouted_share(
    kind_before: str,
    ids_before: Sequence[int],
    kind_after: str,
    ids_after: Sequence[int],
    sample: int = 100_000,
) -> float:
    """Return the share, from 0 to 1, of the tenants 1..`sample` whose fallback shard changes.

    It is counted, not estimated, so that it equals what a brute force over the router says: 0.66526
    for growth from 2 shards to 3 under `md5`. Errors are those of `fallback_shard`.
    """
    before, after = sorted(ids_before), sorted(ids_after)
    if (kind_before, before) == (kind_after, after):
        return 0.0
    tenants = range(1, sample + 1)
    old = _numbers(kind_before, tenants)
    new = old if kind_after == kind_before else _numbers(kind_after, tenants)
    count_before, count_after = len(before), len(after)
    moved = sum(
        before[number % count_before] != after[other % count_after]
        for number, other in zip(old, new, strict=True)
    )
    return moved / sample


def _numbers(kind: str, tenants: range) -> Sequence[int]:
    return tenants if kind == "modulo" else [_NUMBERS[kind](tenant) for tenant in tenants]
