"""A lookup in TypeScript does what it does in Python: walks on one clock, and what only node has."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from tests.router.routers import load, shards
from tests.router.test_router_lookup import Clock
from tests.typescript.modules import Jobs, bigint

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.node

ANSWERS = [None, 0, 1, 2, 2, 1, -1, 2.5, True, "2"]
DATA = shards(1, 2, 3)


def walk(chance: random.Random) -> list[list[Any]]:
    """Return what happens, one after the other."""
    steps: list[list[Any]] = [["use", chance.choice([0, 0.5, 2, 60])]]
    for _ in range(80):
        tenant = chance.randint(1, 4)
        steps.append(
            chance.choice(
                [
                    ["shardFor", tenant],
                    ["shardFor", str(tenant)],
                    ["shardFor", tenant, 0],
                    ["shardFor", tenant, chance.randint(0, 3)],
                    ["clock", chance.choice([0.25, 0.5, 1, 3, 100])],
                    ["row", str(tenant), chance.choice(ANSWERS)],
                    ["fault", chance.choice([None, None, "down", "x" * 400])],
                    ["forgetShard", tenant] if chance.random() < 0.7 else ["forgetShard"],
                ]
            )
        )
        if chance.random() < 0.03:
            steps.append(["use", chance.choice([0, 0.5, 2, 60])])
    return steps


class Python:
    """The same walk in Python."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self.router, self.clock, self.caplog = load(DATA), Clock(), caplog
        self.router.time = self.clock
        self.rows: dict[int, Any] = {}
        self.fault: str | None = None
        self.asked: list[str] = []

    def lookup(self, tenant: int) -> Any:
        self.asked.append(str(tenant))
        if self.fault is not None:
            raise Error(self.fault)
        return self.rows.get(tenant)

    def step(self, name: str, *given: Any) -> Any:
        match name:
            case "use":
                return self.router.use_shard_lookup(self.lookup, *given)
            case "shardFor":
                return self.router.shard_for(*given)
            case "forgetShard":
                return self.router.forget_shard(*given)
            case "clock":
                self.clock.now = given[0]
            case "row":
                self.rows[int(given[0])] = given[1]
            case "fault":
                self.fault = given[0]
        return None


class Error(Exception):
    """Named as JavaScript's."""


def test_walks(packages: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Answers, who is asked, and the warnings are the same, in 200 walks of 80 steps."""
    chance = random.Random("walks")
    jobs, walks = Jobs(), []
    for _ in range(200):
        now, steps = 1000.0, walk(chance)
        for step in steps:
            if step[0] == "clock":
                now = step[1] = now + step[1]
        walks.append(steps)
        jobs.add(DATA, [*steps, ["asked"], ["warnings"]])
    warnings = 0
    for steps, found in zip(walks, jobs.run(packages), strict=True):
        caplog.clear()
        python = Python(caplog)
        for number, step in enumerate(steps):
            assert found[number] == {"value": python.step(*step)}, steps[: number + 1]
        assert found[-2]["value"] == python.asked, steps
        texts = [record.getMessage() for record in caplog.records]
        warnings += len(texts)
        assert [one_tongue(text) for text in found[-1]["value"]] == [*map(one_tongue, texts)]
    assert warnings > 200


def one_tongue(text: str) -> str:
    """Return a warning without what its language shows of a value that is no shard."""
    return text.partition("TypeError: ")[0]


def test_a_promise_is_no_shard(packages: Path) -> None:
    """Who must wait for an answer does so before the call, and the console says that it is wrong."""
    jobs = Jobs()
    jobs.add(DATA, [["use", 60], ["promise", "42"], ["shardFor", 42], ["warnings"]])
    (found,) = jobs.run(packages)
    assert found[2]["value"] == load(DATA).shard_for(42)
    (warning,) = found[3]["value"]
    assert warning.endswith(": TypeError: a shard or null was expected, not [object Promise]")


def test_a_lookup_may_call_the_router_forget_and_switch(packages: Path) -> None:
    """Such a call gets what is known, and asks nobody; after a forget the answer is not kept."""
    fallback = load(DATA).shard_for(42)
    jobs = Jobs()
    jobs.add(DATA, [["nested", 60], ["shardFor", 42], ["shardFor", 42], ["asked"]])
    jobs.add(DATA, [["forgetting", 60], ["shardFor", 42], ["shardFor", 42], ["asked"]])
    nested, forgetting = jobs.run(packages)
    assert [each["value"] for each in nested[1:]] == [2, 2, [f"42 {fallback}"]]
    assert [each["value"] for each in forgetting[1:]] == [2, 2, ["42", "42"]]


def test_the_lookup_gets_a_number_where_that_is_exact_else_a_bigint(packages: Path) -> None:
    ids = [42, "42", bigint(42), str(2**53 - 1), str(2**53), bigint(2**63 - 1), "-7"]
    jobs = Jobs()
    jobs.add(DATA, [["kinds"], *(["shardFor", each] for each in ids), ["asked"]])
    (found,) = jobs.run(packages)
    assert found[-1]["value"] == [
        "number 42",
        "number 9007199254740991",
        "bigint 9007199254740992",
        "bigint 9223372036854775807",
        "number -7",
    ]


def test_an_answer_serves_for_its_time_from_when_it_was_asked_for(packages: Path) -> None:
    jobs = Jobs()
    ask = ["shardFor", 42]
    jobs.add(DATA, [["clock", 0], ["use", 60], ask, ["clock", 59.99], ask, ["asked"]])
    jobs.add(DATA, [["clock", 0], ["use", 60], ask, ["clock", 60], ask, ["asked"]])
    jobs.add(DATA, [["clock", 0], ["slow", 60], ask, ["clock", 60], ask, ["asked"]])
    young, old, slow = (found[-1]["value"] for found in jobs.run(packages))
    assert (young, old, slow) == (["42"], ["42"] * 2, ["42"] * 2)


def test_the_oldest_answers_make_room(packages: Path) -> None:
    """Of 100,000 answers; one that is asked for again is thereby the youngest."""
    jobs = Jobs()
    first = [["use", 60], ["each", "shardFor", [*range(100_000)]], ["clock", 2000], ["shardFor", 0]]
    again = [["use", 1e6], *first[1:]]
    more = [["shardFor", 100_000], ["asked"], ["shardFor", 0], ["shardFor", 2], ["shardFor", 1]]
    jobs.add(DATA, [*first, *more[:3], ["asked"]])
    jobs.add(DATA, [*again, *more, ["asked"], ["shardFor", 0], ["asked"]])
    renewed, kept = jobs.run(packages)
    assert renewed[-1]["value"] == []
    assert [found["value"] for found in (kept[-3], kept[-1])] == [["0", "1"], []]


def test_what_cannot_be_a_lookup_or_a_time_is_refused(packages: Path) -> None:
    jobs = Jobs()
    wrong = [[42], [{"$undefined": 1}], ["x"], [{}], [None, "60"], [None, None], [None, -1]]
    wrong += [[None, {"$number": "NaN"}]]
    jobs.add(DATA, [["useShardLookup", *given] for given in wrong])
    jobs.add(DATA, [["use", 60], ["useShardLookup", None], ["shardFor", 42], ["asked"]])
    jobs.add(DATA, [["forgetShard", each] for each in ("", "x", True, 2.5, [42])])
    refused, stopped, forgotten = jobs.run(packages)
    assert [each["error"] for each in refused] == ["TypeError"] * 6 + ["RangeError"] * 2
    assert refused[0]["message"] == "lookup must be a function or null, not 42"
    assert refused[4]["message"] == 'ttl must be a number of seconds, not "60"'
    assert stopped[-1]["value"] == []
    assert {each["error"] for each in forgotten} == {"TypeError"}
