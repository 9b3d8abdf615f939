"""The table is as its schema says, and enough: a program that has nothing else answers as the router."""

from __future__ import annotations

import copy
import json
import random
import re
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from shardgen.model import build_fleet
from shardgen.readback import read_back
from shardgen.resources import resource_text
from tests.projects import ROOT
from tests.router.routers import CONFIGURATIONS, load, shards
from tests.router.test_router_hash import GOLDEN
from tests.router.test_router_rendezvous import GOLDEN as DRAWN
from tests.typescript.modules import node, rendered, table
from tests.typescript.test_answers import drawn_environment, drawn_fleet

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = json.loads(resource_text("schema/table.schema.json"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_every_table_is_as_the_schema_says(name: str) -> None:
    data = CONFIGURATIONS[name]
    VALIDATOR.validate(table(data))
    assert (
        read_back("table_json", "json", rendered(data, "table.json.j2"), build_fleet(data)) is None
    )


def test_the_schema_is_closed_and_demands_every_key() -> None:
    """A key more or less is another format, also in what lies deeper."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    found = table(CONFIGURATIONS["retired"])
    places: list[tuple[str | int, ...]] = [
        (),
        ("routing",),
        ("url",),
        ("variables",),
        ("shards", 0),
    ]
    for place in places:
        for key in [*at(found, place), "more"]:
            wrong = copy.deepcopy(found)
            part = at(wrong, place)
            if key == "more":
                part[key] = 1
            else:
                del part[key]
            assert not VALIDATOR.is_valid(wrong), (place, key)


def at(found: Any, place: tuple[str | int, ...]) -> Any:
    """Return what is at a place."""
    for step in place:
        found = found[step]
    return found


def test_one_more_shard_is_one_more_line_and_its_id() -> None:
    before = rendered(shards(1, 2), "table.json.j2").splitlines()
    after = rendered(shards(1, 2, 3), "table.json.j2").splitlines()
    new = [line for line in after if line.rstrip(",") not in {old.rstrip(",") for old in before}]
    assert [line.split(":")[0].strip() for line in new] == ['"ids"', '{"id"']


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"state": "active"', '"state": "retired"', "says {'state': 'retired'"),
        ("http://baileys-2:3300", "http://baileys-3:3300", "of shard 2, not"),
        ('"shards"', '"shard"', "of shard 1, not"),
        ("{", "[", "cannot be read back as json"),
    ],
)
def test_a_template_of_ones_own_cannot_lose_a_shard(old: str, new: str, fault: str) -> None:
    data = shards(1, 2)
    text = rendered(data, "table.json.j2").replace(old, new, 1)
    assert fault in str(read_back("table_json", "json", text, build_fleet(data)))


def test_the_vectors_of_the_documentation_are_right() -> None:
    """Who tries an implementation by them is not misled."""
    page = (ROOT / "docs" / "consumers.md").read_text(encoding="utf-8")
    _, hashed, drawn = page.split("\n| id |")
    rows = [[int(cell) for cell in row.strip("| ").split("|")] for row in vectors(hashed)]
    assert {row[0]: tuple(row[1:]) for row in rows} == GOLDEN
    rows = [[int(cell) for cell in row.strip("| ").split("|")] for row in vectors(drawn)]
    assert {row[0]: row[1] for row in rows} == {n: found[-1] for n, found in DRAWN.items()}


def vectors(text: str) -> list[str]:
    """Return the rows of a table that hold numbers."""
    return re.findall(r"^\| -?[0-9][-0-9 |]*$", text.partition("\n\n")[0], re.MULTILINE)


@pytest.mark.node
def test_who_has_the_table_alone_answers_as_the_router(packages: Path) -> None:
    """Every configuration and 300 drawn fleets, each in an environment, explicit and by fallback."""
    chance = random.Random("tables")
    drawn: list[Any] = [(data, {}) for data in CONFIGURATIONS.values()]
    drawn += [(drawn_fleet(chance), drawn_environment(chance)) for _ in range(300)]
    jobs, expected = [], []
    for data, variables in drawn:
        ids = [*range(-9, 60), *(chance.randrange(-(2**63), 2**63) for _ in range(40))]
        calls = [(number, None) for number in ids]
        calls += [(7, given) for given in range(-1, 13)]
        written = [[str(number), given] for number, given in calls]
        jobs.append({"table": table(data), "environment": variables, "calls": written})
        expected.append(routed(data, variables, calls))
    assert node(packages, "reference.mjs", jobs) == expected
    refused = sum(each is None for answers in expected for each in answers)
    assert 5_000 < refused < sum(map(len, expected)) / 2


@pytest.mark.node
def test_who_has_the_table_alone_answers_for_100000_ids(packages: Path) -> None:
    names = ["three", "holes", "retired", "frozen", "modulo", "rendezvous_weights"]
    ids = [*range(-1_000, 99_000)]
    jobs = [
        {
            "table": table(CONFIGURATIONS[name]),
            "environment": {},
            "calls": [[str(n), None] for n in ids],
        }
        for name in names
    ]
    for name, found in zip(names, node(packages, "reference.mjs", jobs), strict=True):
        router = load(CONFIGURATIONS[name])
        assert [each[0] for each in found] == [router.shard_for(number) for number in ids], name


def routed(data: dict[str, Any], variables: dict[str, str], calls: list[Any]) -> list[Any]:
    """Return the shard and the URL that the Python router gives each call; None where it raises."""
    try:
        router = load(data, variables)
    except ValueError:
        return [None] * len(calls)
    url = getattr(router, build_fleet(data).router.function)
    found: list[Any] = []
    for call in calls:
        try:
            found.append([router.shard_for(*call), url(*call)])
        except router.ShardError:
            found.append(None)
    return found
