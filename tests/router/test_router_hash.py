"""The one hash (G12): shardgen's own, the router's, the deployed system's and RIG's numbers agree."""

from __future__ import annotations

import hashlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardgen.fallback import (
    NUMBERS,
    fallback_index,
    fallback_of,
    fallback_shard,
    md5_number,
    rerouted_share,
)
from tests.examples import examples
from tests.router.routers import load, shards

COUNTS = (1, 2, 3, 4, 8, 64)
#: tenant → its shard among 1..N for each of COUNTS, computed in PostgreSQL
GOLDEN = {
    1: (1, 2, 2, 4, 4, 28),
    2: (1, 1, 1, 1, 5, 45),
    42: (1, 1, 2, 3, 7, 39),
    101: (1, 1, 2, 3, 3, 19),
    12345: (1, 2, 2, 4, 4, 60),
    2**31 - 1: (1, 1, 1, 3, 3, 59),
    2**63 - 1: (1, 2, 1, 4, 8, 8),
}
#: 10,008 tenants: the small ids, and others of every size that a column can hold
TENANTS = [
    *range(1, 8001),
    *(random.Random(count).randrange(1, 2 ** (count % 63 + 1)) for count in range(2000)),
    *GOLDEN,
    0,
]
KINDS = ("md5", "modulo")
ALL_KINDS = (*KINDS, "rendezvous")

id_lists = st.lists(st.integers(1, 40), min_size=1, max_size=8, unique=True)


@pytest.mark.parametrize("tenant", GOLDEN)
def test_g12_golden_vectors(tenant: int) -> None:
    own = tuple(fallback_index("md5", tenant, count) + 1 for count in COUNTS)
    router = tuple(load(shards(1))._hash_shard(tenant, count) for count in COUNTS)
    assert own == router == GOLDEN[tenant]


@pytest.mark.parametrize("kind", ["md5", pytest.param("modulo", marks=pytest.mark.slow)])
def test_g12_router_equals_fallback_for_every_count(kind: str) -> None:
    assert len(TENANTS) >= 10_000
    for count in range(1, 65):
        router = load(shards(*range(1, count + 1), routing={"fallback": kind}))
        ours = [fallback_index(kind, tenant, count) + 1 for tenant in TENANTS]
        assert [router.shard_for(tenant) for tenant in TENANTS] == ours
        assert [router._hash_shard(tenant, count) for tenant in TENANTS] == ours


@pytest.mark.parametrize("count", [1, 2, 3, 7, 64, 2**31 - 1])
def test_g12_the_deployed_systems_arithmetic(count: int) -> None:
    for tenant in TENANTS[::7]:
        digest = hashlib.md5(str(tenant).encode(), usedforsecurity=False).hexdigest()
        assert fallback_index("md5", tenant, count) == int(digest, 16) % count
        assert fallback_index("modulo", tenant, count) == tenant % count


@settings(max_examples=examples(150), deadline=None)
@given(ids=id_lists, kind=st.sampled_from(ALL_KINDS), data=st.data())
def test_g12_holes_and_frozen_lists(ids: list[int], kind: str, data: st.DataObject) -> None:
    frozen = data.draw(st.none() | st.lists(st.sampled_from(ids), min_size=1, unique=True))
    tenants = data.draw(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20))
    routing = {"fallback": kind, "fallback_shards": frozen}
    router = load(shards(*ids, routing=routing))
    for tenant in tenants:
        expected = fallback_shard(kind, tenant, frozen or ids)
        assert router.shard_for(tenant) == expected
        assert router.get_baileys_base_url(tenant) == router.get_all_shard_urls()[expected]


def test_ids_come_in_any_order() -> None:
    assert [fallback_shard("modulo", tenant, [9, 2, 5]) for tenant in range(4)] == [2, 5, 9, 2]


def test_wrong_arguments_are_errors() -> None:
    with pytest.raises(KeyError):
        fallback_index("rendezvous", 1, 2)
    with pytest.raises(ZeroDivisionError):
        fallback_shard("md5", 1, [])
    with pytest.raises(ZeroDivisionError):
        fallback_shard("rendezvous", 1, [])
    with pytest.raises(ValueError, match="zip"):
        fallback_shard("rendezvous", 1, [1, 2], [1])


def share(
    kind: str, ids: list[int], kind_after: str, ids_after: list[int], sample: int = 100_000
) -> float:
    """Return the share of fallback tenants that a change moves."""
    return rerouted_share(fallback_of(kind, ids), fallback_of(kind_after, ids_after), sample)


def test_share_of_growth_from_two_to_three() -> None:
    assert share("md5", [1, 2], "md5", [1, 2, 3]) == 0.66526
    assert share("modulo", [1, 2], "modulo", [1, 2, 3]) == 0.66667
    assert share("rendezvous", [1, 2], "rendezvous", [1, 2, 3]) == 0.33308


@settings(max_examples=examples(40), deadline=None)
@given(st.sampled_from(ALL_KINDS), id_lists, st.sampled_from(ALL_KINDS), id_lists)
def test_share_equals_brute_force_over_two_routers(
    kind: str, ids: list[int], kind_after: str, ids_after: list[int]
) -> None:
    old = load(shards(*ids, routing={"fallback": kind}))
    new = load(shards(*ids_after, routing={"fallback": kind_after}))
    moved = [tenant for tenant in range(1, 301) if old.shard_for(tenant) != new.shard_for(tenant)]
    assert share(kind, ids, kind_after, ids_after, sample=300) == len(moved) / 300


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_share_is_nothing_where_the_fallback_stays(kind: str) -> None:
    assert share(kind, [2, 1], kind, [1, 2]) == 0


def test_share_is_all_where_no_id_stays() -> None:
    assert share("md5", [1, 2], "md5", [3, 4]) == 1
    assert share("rendezvous", [1, 2], "rendezvous", [3, 4]) == 1


def test_share_hashes_each_tenant_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing is nearly all that the share costs, so that this is its budget (bench/router.py)."""
    hashed: list[int] = []

    def counting(tenant: int) -> int:
        hashed.append(tenant)
        return md5_number(tenant)

    monkeypatch.setitem(NUMBERS, "md5", counting)
    assert share("md5", [1, 2], "md5", [1, 2, 3], sample=1000) > 0.6
    assert hashed == list(range(1, 1001))
