"""`fallback: rendezvous` (G12): a draw is one hash, the router's answer is shardgen's, and who moves."""

from __future__ import annotations

import hashlib
from collections import Counter
from math import sqrt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardgen.fallback import (
    MOST_HASHES,
    affordable,
    fallback_of,
    fallback_shard,
    rerouted_share,
)
from tests.examples import examples
from tests.router.routers import load, shards

Weights = dict[int, int]

#: The whole of it takes a while, and runs with `make test-all`.
pytestmark = pytest.mark.slow

TENANTS = range(1, 20_001)
#: tenant → its shard among 1..N of weight 1, for N of 1, 2, 3, 4, 8 and 64; then among WEIGHTED
COUNTS = (1, 2, 3, 4, 8, 64)
WEIGHTED = {1: 1, 2: 3, 4: 2}
GOLDEN = {
    1: (1, 1, 1, 1, 1, 18, 1),
    2: (1, 1, 3, 3, 3, 30, 2),
    42: (1, 2, 3, 3, 5, 19, 2),
    101: (1, 1, 1, 4, 4, 4, 4),
    12345: (1, 2, 3, 3, 3, 3, 2),
    2**31 - 1: (1, 2, 2, 4, 4, 21, 4),
    2**63 - 1: (1, 1, 1, 4, 4, 64, 2),
    -7: (1, 2, 2, 2, 8, 11, 4),
    0: (1, 1, 1, 1, 1, 33, 1),
}

fleets = st.dictionaries(st.integers(1, 2**31 - 1), st.integers(1, 12), min_size=1, max_size=8)
tenants = st.integers(-(2**63), 2**63 - 1)


def fleet(weights: Weights, **settings: Any) -> dict[str, Any]:
    """Return the data of a shards.yaml with these shards under rendezvous."""
    entries = [{"id": number, "weight": weight} for number, weight in weights.items()]
    return {"version": 1, "shards": entries, "routing": {"fallback": "rendezvous"}, **settings}


def plain(weights: Weights, tenant: int) -> int:
    """Return the shard of the highest hash, written from the words of docs/routing.md alone."""
    scores = {
        (hashlib.md5(f"{tenant}:{number}:{draw}".encode()).hexdigest(), -number)
        for number, weight in weights.items()
        for draw in range(1, weight + 1)
    }
    return -max(scores)[1]


def ours(weights: Weights, tenant: int) -> int:
    return fallback_shard("rendezvous", tenant, [*weights], [*weights.values()])


@pytest.mark.parametrize("tenant", GOLDEN)
def test_g12_golden_vectors(tenant: int) -> None:
    found = [ours(dict.fromkeys(range(1, count + 1), 1), tenant) for count in COUNTS]
    router = load(shards(1, routing={"fallback": "rendezvous"}))
    assert found == [router._hash_shard(tenant, count) for count in COUNTS]
    found.append(load(fleet(WEIGHTED)).shard_for(tenant))
    assert tuple(found) == GOLDEN[tenant]


@settings(max_examples=examples(60), deadline=None)
@given(weights=fleets, some=st.lists(tenants, min_size=1, max_size=10))
def test_g12_router_equals_fallback_equals_the_plain_words(
    weights: Weights, some: list[int]
) -> None:
    router = load(fleet(weights))
    for tenant in some:
        answer = router.shard_for(tenant)
        assert answer == ours(weights, tenant) == plain(weights, tenant)
        assert router.get_baileys_base_url(tenant) == router.get_all_shard_urls()[answer]


def test_the_order_of_the_file_is_nothing() -> None:
    backwards = dict(reversed(WEIGHTED.items()))
    for tenant in range(200):
        assert ours(backwards, tenant) == load(fleet(backwards)).shard_for(tenant)
        assert ours(backwards, tenant) == ours(WEIGHTED, tenant)


def test_the_name_that_existing_code_imports_knows_the_weights() -> None:
    data = {
        "shards": [{"id": 1}, {"id": 2, "weight": 3}],
        "routing": {"fallback": "rendezvous"},
    }
    router = load(data)
    assert [router._hash_shard(n, 2) for n in range(500)] == [
        router.shard_for(n) for n in range(500)
    ]
    assert router._hash_shard("42", 2) == router.shard_for(42)
    with pytest.raises(TypeError):
        router.shard_for(True)


@pytest.mark.parametrize("count", ["1", "3"])
def test_a_count_would_not_say_which_draws(count: str) -> None:
    data = shards(1, 2, routing={"fallback": "rendezvous"})
    with pytest.raises(ValueError, match=f"^BAILEYS_NUM_SHARDS is {count}, but shards.yaml has 2"):
        load(data, {"BAILEYS_NUM_SHARDS": count})
    assert load(data, {"BAILEYS_NUM_SHARDS": "2"}).shard_for(1) in {1, 2}


@settings(max_examples=examples(20), deadline=None)
@given(weights=fleets, new=st.integers(1, 2**31 - 1), weight=st.integers(1, 12))
def test_growth_moves_tenants_to_the_new_shard_alone(
    weights: Weights, new: int, weight: int
) -> None:
    if new in weights:
        weight += weights[new]
    after = {**weights, new: weight}
    for tenant in range(300):
        now = ours(after, tenant)
        assert now in {new, ours(weights, tenant)}


@settings(max_examples=examples(20), deadline=None)
@given(weights=fleets.filter(lambda found: len(found) > 1), data=st.data())
def test_a_loss_moves_the_tenants_of_the_lost_shard_alone(
    weights: Weights, data: st.DataObject
) -> None:
    lost = data.draw(st.sampled_from([*weights]))
    after = {number: weight for number, weight in weights.items() if number != lost}
    for tenant in range(300):
        before = ours(weights, tenant)
        assert (ours(after, tenant) == before) is (before != lost)


@pytest.mark.parametrize(
    ("before", "new"),
    [
        ({1: 1, 2: 1}, {3: 1}),
        ({1: 1, 2: 3, 4: 2}, {5: 4}),
        (dict.fromkeys(range(1, 21), 1), {21: 5}),
    ],
)
def test_growth_takes_the_new_shards_share(before: Weights, new: Weights) -> None:
    """w of Σ + w, within four standard deviations of a fair draw."""
    after = {**before, **new}
    wanted = sum(new.values()) / sum(after.values())
    noise = 4 * sqrt(wanted * (1 - wanted) / len(TENANTS))
    old, now = fallback(before), fallback(after)
    share = rerouted_share(old, now, len(TENANTS))
    assert abs(share - wanted) < noise
    assert share == rerouted_share(now, old, len(TENANTS))


def test_each_shard_has_the_share_of_its_weight() -> None:
    found = Counter(map(fallback(WEIGHTED).picker(), TENANTS))
    for number, weight in WEIGHTED.items():
        wanted = weight / sum(WEIGHTED.values())
        noise = 4 * sqrt(wanted * (1 - wanted) / len(TENANTS))
        assert abs(found[number] / len(TENANTS) - wanted) < noise


def fallback(weights: Weights) -> Any:
    return fallback_of("rendezvous", weights, weights.values())


@settings(max_examples=examples(20), deadline=None)
@given(fleets, fleets)
def test_the_share_is_that_of_two_routers(before: Weights, after: Weights) -> None:
    old, new = load(fleet(before)), load(fleet(after))
    moved = [tenant for tenant in range(1, 101) if old.shard_for(tenant) != new.shard_for(tenant)]
    assert rerouted_share(fallback(before), fallback(after), 100) == len(moved) / 100


def test_weights_are_never_reduced() -> None:
    """2 and 2 are not 1 and 1: half of the draws are others."""
    assert 0.2 < rerouted_share(fallback({1: 1, 2: 1}), fallback({1: 2, 2: 2}), 2_000) < 0.3


def test_a_share_is_counted_over_what_can_be_paid() -> None:
    few, many = fallback({1: 1, 2: 1}), fallback(dict.fromkeys(range(1, 1001), 1))
    more = fallback(dict.fromkeys(range(1, 1000), 1))
    md5 = fallback_of("md5", [1, 2])
    assert affordable(md5, fallback_of("md5", [1]), 100_000) == 100_000
    assert affordable(few, md5, 100_000) == 100_000
    assert affordable(few, many, 100_000) == affordable(more, many, 100_000) == MOST_HASHES // 1000
    assert affordable(more, many, 10) == 10
