"""`pick_shard`: where a new tenant goes, by the loads that the caller counted."""

from __future__ import annotations

import random
import re
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import needs, pages
from tests.examples import examples
from tests.router.routers import CONFIGURATIONS, load, shards

PAGE = Path(__file__).parents[2] / "docs" / "routing.md"
TWO = load(shards(1, 2))
FULL = "^no active shard has room for a tenant$"


def entry(state: str, weight: float, capacity: float | None) -> dict[str, Any]:
    """Return the settings of a shard's entry."""
    return {"state": state, "weight": weight, "capacity": capacity}


entries = st.dictionaries(
    st.integers(1, 9),
    st.builds(
        entry,
        st.sampled_from(["active", "active", "draining", "retired"]),
        st.sampled_from([1, 1, 2, 0.5, 3]),
        st.sampled_from([None, None, 1, 3, 2.5]),
    ),
    min_size=1,
    max_size=6,
).filter(lambda found: any(each["state"] == "active" for each in found.values()))


@pytest.mark.parametrize(
    ("loads", "shard"),
    [
        ({}, 1),
        ({1: 1}, 2),
        ({1: 1, 2: 1}, 1),
        ({1: 5, 2: 4}, 2),
        ({1: 0.1, 2: 0.2}, 1),
        ({2: 7, 1: 7, 9: 0}, 1),
        ({None: 100, 1: 3, 2: 2}, 2),
        ({"1": 3, "2": 2}, 2),
        ({1: Decimal(3), 2: Decimal("2.5")}, 2),
        ({1: float("inf")}, 2),
    ],
)
def test_the_emptiest_shard_and_of_equals_the_lowest_id(loads: Any, shard: int) -> None:
    assert TWO.pick_shard(loads) == shard


@pytest.mark.parametrize(
    ("loads", "error"),
    [
        ({1: -1}, "the load of shard 1 must be 0 or more, not -1"),
        ({2: float("nan")}, "the load of shard 2 must be 0 or more, not nan"),
        ({"one": 1}, "shard must be an integer, not 'one'"),
        ({True: 1}, "shard must be an integer, not True"),
        ({1.5: 1}, "shard must be an integer, not 1.5"),
    ],
)
def test_what_is_no_load_is_an_error(loads: Any, error: str) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^{re.escape(error)}$"):
        TWO.pick_shard(loads)
    with pytest.raises(TypeError):
        TWO.pick_shard({1: None})


def test_a_weight_is_a_share_of_the_load() -> None:
    router = load({"shards": [{"id": 1}, {"id": 2, "weight": 2}]})
    assert router.pick_shard({1: 10, 2: 19}) == 2
    assert router.pick_shard({1: 10, 2: 20}) == 1
    assert router.pick_shard({1: 11, 2: 20}) == 2


def test_a_draining_or_retired_shard_gets_nobody() -> None:
    router = load(
        {
            "shards": [
                {"id": 1, "state": "draining"},
                {"id": 2, "state": "retired"},
                {"id": 3},
                {"id": 4},
            ]
        }
    )
    assert router.pick_shard({3: 9, 4: 8}) == 4
    assert router.pick_shard({1: 0, 2: 0, 3: 9, 4: 10}) == 3


def test_a_capacity_is_not_exceeded_and_full_is_an_error() -> None:
    router = load({"shards": [{"id": 1, "capacity": 3}, {"id": 2, "capacity": 2.5}]})
    assert router.pick_shard({1: 2, 2: 1}) == 2
    assert router.pick_shard({1: 2, 2: 2}) == 1
    with pytest.raises(router.ShardError, match=FULL):
        router.pick_shard({1: 3, 2: 1.6})


def test_one_without_a_capacity_is_never_full() -> None:
    router = load({"shards": [{"id": 1, "capacity": 3}, {"id": 2}]})
    assert router.pick_shard({1: 3, 2: 1_000_000}) == 2


def test_a_stack_of_one_shard_gets_no_tenant_on_another() -> None:
    """BAILEYS_NUM_SHARDS=1, as where the overlay is left out."""
    alone = {"BAILEYS_NUM_SHARDS": "1"}
    assert load(shards(1, 2), alone).pick_shard({1: 99}) == 1
    draining = {"shards": [{"id": 1, "state": "draining"}, {"id": 2}]}
    assert load(draining).pick_shard({}) == 2
    router = load(draining, alone)
    with pytest.raises(router.ShardError, match=FULL):
        router.pick_shard({})


@settings(max_examples=examples(100), deadline=None)
@given(found=entries, loads=st.dictionaries(st.integers(1, 12), st.integers(0, 5)))
def test_every_rule_at_once(found: dict[int, dict[str, Any]], loads: dict[int, int]) -> None:
    """Against the rules in exact numbers: active, with room, least load by weight, lowest id."""
    router = load({"shards": [{"id": number, **each} for number, each in found.items()]})
    free = [
        (Fraction(loads.get(number, 0)) / Fraction(each["weight"]), number)
        for number, each in found.items()
        if each["state"] == "active"
        and (each["capacity"] is None or loads.get(number, 0) + 1 <= each["capacity"])
    ]
    if free:
        assert router.pick_shard(loads) == min(free)[1]
    else:
        with pytest.raises(router.ShardError, match=FULL):
            router.pick_shard(loads)


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_a_thousand_new_tenants_fill_every_configuration_evenly(name: str) -> None:
    router = load(CONFIGURATIONS[name])
    loads: dict[int, int] = {}
    for _ in range(1_000):
        try:
            shard = router.pick_shard(loads)
        except router.ShardError:
            break
        loads[shard] = loads.get(shard, 0) + 1
    weights = {
        each["id"]: each.get("weight", 1)
        for each in CONFIGURATIONS[name]["shards"]
        if each.get("state", "active") == "active"
    }
    assert loads.keys() == weights.keys()
    capacities = getattr(router, "_CAPACITIES", {})
    assert all(loads[shard] <= most for shard, most in capacities.items())
    ratios = [loads[shard] / weight for shard, weight in weights.items() if shard not in capacities]
    if ratios:
        assert max(ratios) - min(ratios) <= 1 / min(weights.values())


@pytest.mark.slow  # sqlalchemy comes with the extra `servers`
def test_the_sqlalchemy_model_of_the_documentation(monkeypatch: pytest.MonkeyPatch) -> None:
    """It fills the shards by their weights, whatever else a session inserts at once."""
    sqlalchemy = needs.module("sqlalchemy")
    orm = needs.module("sqlalchemy.orm")
    (block,) = (
        block
        for block in pages.blocks(PAGE.read_text(encoding="utf-8"), "python")
        if "import pick_shard" in block and "sqlalchemy" in block
    )
    router = load({"shards": [{"id": 1}, {"id": 2, "weight": 2}, {"id": 3, "state": "draining"}]})
    monkeypatch.setitem(sys.modules, "server", ModuleType("server"))
    monkeypatch.setitem(sys.modules, "server.whatsapp_shard_router", router)
    module = ModuleType("models")
    monkeypatch.setitem(sys.modules, "models", module)
    names = module.__dict__
    exec(compile("from __future__ import annotations\n" + block, str(PAGE), "exec"), names)
    engine = sqlalchemy.create_engine("sqlite://")
    names["Base"].metadata.create_all(engine)
    with orm.Session(engine) as session:
        for number in range(1, 10):
            session.add(names["Business"](id=number))
            session.flush()
        session.add(names["Business"](id=10, whatsapp_shard=3))
        session.commit()
        query = sqlalchemy.text("SELECT whatsapp_shard, count(*) FROM business GROUP BY 1")
        assert dict(map(tuple, session.execute(query))) == {1: 3, 2: 6, 3: 1}
    engine.dispose()


def test_the_answer_does_not_depend_on_the_order_of_the_loads() -> None:
    router = load(CONFIGURATIONS["holes"])
    loads = [(shard, random.Random(shard).randrange(3)) for shard in router.SHARDS]
    assert len({router.pick_shard(dict(loads[at:] + loads[:at])) for at in range(5)}) == 1
