"""Operations and their JSON: what is written is read back, and nothing else is."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardgen.ledger.operations import (
    LARGEST_SHARD,
    LARGEST_TENANT,
    MOST_ADOPTED,
    MOST_PARTS,
    MOST_TENANTS,
    Activate,
    Add,
    Assign,
    Default,
    Drain,
    Init,
    Move,
    Operation,
    Pin,
    Retire,
    Validate,
    operations_json,
    read_operations,
)
from shardgen.ledger.runners import RUNNERS

SHARDS = st.integers(1, LARGEST_SHARD)
ADOPTED = st.integers(1, MOST_ADOPTED)
PARTS = st.integers(1, MOST_PARTS)
NAMES = st.from_regex("[a-z_][a-z0-9_]{0,62}", fullmatch=True)
TENANTS = st.sets(st.integers(-LARGEST_TENANT, LARGEST_TENANT), min_size=1, max_size=30)

OPERATIONS: st.SearchStrategy[Operation] = st.one_of(
    st.builds(
        Init,
        schema=st.none() | NAMES,
        table=NAMES,
        id_column=NAMES,
        shard_column=NAMES,
        shards=ADOPTED,
        default=SHARDS,
        runner=st.sampled_from([*RUNNERS]),
    ),
    st.builds(
        Pin,
        route=st.sampled_from(["column", "hash"]),
        fallback=st.sampled_from(["md5", "modulo"]),
        shards=ADOPTED,
        part=PARTS,
        parts=PARTS,
    ),
    st.builds(
        Pin,
        route=st.sampled_from(["column", "hash"]),
        fallback=st.just("rendezvous"),
        shards=ADOPTED,
        weights=st.dictionaries(SHARDS, st.integers(1, 100), min_size=1, max_size=30)
        .map(lambda found: sorted(found.items()))
        .map(tuple),
    ),
    st.builds(Validate),
    st.builds(Add, ids=st.sets(SHARDS, min_size=1, max_size=30).map(sorted).map(tuple)),
    st.builds(Default, shard=SHARDS),
    st.builds(Activate, shard=SHARDS),
    st.builds(Assign, shard=SHARDS, tenants=TENANTS.map(sorted).map(tuple)),
    st.builds(Drain, shard=SHARDS, to=st.none() | SHARDS),
    st.builds(Move, shard=SHARDS, to=SHARDS, part=PARTS, parts=PARTS),
    st.builds(Retire, shard=SHARDS),
)


INIT = Init(
    schema=None, table="business", id_column="id", shard_column="shard", shards=1, default=1
)


@given(st.lists(OPERATIONS, max_size=4).map(tuple))
def test_operations_come_back_from_their_json(operations: tuple[Operation, ...]) -> None:
    text = operations_json(operations)
    assert read_operations(text) == operations
    assert text.isascii()
    assert "\n" not in text


def test_the_json_reads_well() -> None:
    assert operations_json((Add(ids=(3,)),)) == '[{"op": "add", "ids": [3]}]'


def pin(**changes: object) -> str:
    """A pin's JSON with other values."""
    start = {"op": "pin", "route": "hash", "fallback": "md5", "shards": 1, "part": 1, "parts": 1}
    return json.dumps([{**start, **changes}])


def test_a_pin_with_no_change_is_read() -> None:
    assert read_operations(pin())
    assert read_operations(pin(fallback="rendezvous", weights=[[1, 1], [3, 100]]))


def test_a_pin_has_weights_only_where_it_draws_by_them() -> None:
    """So that a file of before there were weights keeps its text, and its digest."""
    md5 = Pin(route="hash", fallback="md5", shards=1)
    assert operations_json((md5,)) == pin()
    drawn = replace(md5, fallback="rendezvous", weights=((1, 2),))
    assert operations_json((drawn,)) == pin(fallback="rendezvous", weights=[[1, 2]])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "{}",
        "[1]",
        "[" * 100_000,
        '[{"op": "add"}]',
        '[{"op": "drop", "shard": 3}]',
        '[{"op": ["add"], "shard": 3}]',
        '[{"ids": [3], "op": "add"}]',
        '[{"op": "add", "ids": [3]} ]',
        '[{"op": "add", "ids": [3], "shard": 3}]',
        '[{"op": "add", "ids": [3], "state": "active"}]',
        '[{"op": "add", "ids": ["3"]}]',
        '[{"op": "add", "ids": [3].0}]',
        '[{"op": "add", "ids": [true]}]',
        '[{"op": "add", "ids": [null]}]',
        '[{"op": "add", "ids": [0]}]',
        '[{"op": "add", "ids": [2147483648]}]',
        '[{"op": "add", "ids": [' + "9" * 5000 + "]}]",
        '[{"op": "add", "ids": []}]',
        '[{"op": "add", "ids": 3}]',
        '[{"op": "add", "ids": [3, 2]}]',
        '[{"op": "add", "ids": [2, 2]}]',
        '[{"op": "move", "shard": 2, "to": null}]',
        '[{"op": "assign", "shard": 3, "tenants": []}]',
        '[{"op": "assign", "shard": 3, "tenants": 7}]',
        '[{"op": "assign", "shard": 3, "tenants": [2, 1]}]',
        '[{"op": "assign", "shard": 3, "tenants": [1, 1]}]',
        '[{"op": "assign", "shard": 3, "tenants": [1, "2"]}]',
        '[{"op": "assign", "shard": 3, "tenants": [9223372036854775808]}]',
        pin(route="guess"),
        pin(fallback="sha1"),
        pin(fallback=["md5"]),
        pin(shards=100_001),
        pin(part=0),
        pin(parts=1001),
        pin(parts="2"),
        pin(fallback="rendezvous"),
        pin(weights=[]),
        pin(weights=[[1, 1]]),
        pin(fallback="rendezvous", weights=[]),
        pin(fallback="rendezvous", weights=None),
        pin(fallback="rendezvous", weights={"1": 1}),
        pin(fallback="rendezvous", weights=[1]),
        pin(fallback="rendezvous", weights=[[1]]),
        pin(fallback="rendezvous", weights=[[1, 1, 1]]),
        pin(fallback="rendezvous", weights=[[1, 0]]),
        pin(fallback="rendezvous", weights=[[1, 101]]),
        pin(fallback="rendezvous", weights=[[1, 1.0]]),
        pin(fallback="rendezvous", weights=[["1", 1]]),
        pin(fallback="rendezvous", weights=[[2, 1], [1, 1]]),
        pin(fallback="rendezvous", weights=[[1, 1], [1, 2]]),
        pin(fallback="rendezvous", weights=[[number, 100] for number in range(1, 1002)]),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    assert read_operations(text) is None


@pytest.mark.parametrize("key", ["schema", "table", "id_column", "shard_column"])
@pytest.mark.parametrize("name", ["", "Business", "a b", 'a"', "a'; drop", "1a", "é", "a" * 64, 7])
def test_names_that_are_no_identifiers_are_refused(key: str, name: Any) -> None:
    record = {
        "op": "init",
        "schema": None,
        "table": "business",
        "id_column": "id",
        "shard_column": "whatsapp_shard",
        "shards": 1,
        "default": 1,
        "runner": "psql",
    }
    assert read_operations(json.dumps([record]))
    assert read_operations(json.dumps([{**record, key: name}])) is None


@pytest.mark.parametrize("runner", ["", "PSQL", "sqitch", None, 7])
def test_a_runner_that_there_is_not(runner: object) -> None:
    (init,) = json.loads(operations_json((INIT,)))
    assert read_operations(json.dumps([init])) == (INIT,)
    assert read_operations(json.dumps([{**init, "runner": runner}])) is None


def test_an_assign_holds_at_most_500_tenants() -> None:
    for count, fits in ((MOST_TENANTS, True), (MOST_TENANTS + 1, False)):
        text = operations_json((Assign(shard=1, tenants=tuple(range(count))),))
        assert (read_operations(text) is not None) is fits
