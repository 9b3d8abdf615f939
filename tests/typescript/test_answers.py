"""node and Python give the same answers (G12): ids, shards, environments, lookups, loads, errors."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from shardgen.model import build_fleet
from shardgen.router_ts import typescript_names
from tests.router.routers import CONFIGURATIONS, environment, load, shards
from tests.router.test_router_hash import COUNTS, GOLDEN
from tests.router.test_router_rendezvous import COUNTS as DRAWN_COUNTS
from tests.router.test_router_rendezvous import GOLDEN as DRAWN
from tests.typescript.modules import Jobs, bigint, module

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.node

MANY = 100_000
LARGE = random.Random("ids")
#: ids of every size that a column can hold, the small ones first
TENANTS = [
    *range(60_000),
    *(LARGE.randrange(-(2 ** (size % 63 + 1)), 2 ** (size % 63 + 1)) for size in range(39_990)),
    *(2**53 - 1, 2**53, 2**53 + 1, -(2**53), 2**63 - 1, -(2**63), 2**31 - 1, -1, -7, 2**200),
]
WEIGHTED = {
    "shards": [{"id": 1}, {"id": 2, "weight": 3}, {"id": 4, "weight": 2}],
    "routing": {"fallback": "rendezvous"},
}
#: name → the data, the variables, and the shard that each call passes
COMPARED: dict[str, tuple[dict[str, Any], dict[str, str], int | None]] = {
    "fallback": (shards(1, 2, 3), {}, None),
    "sixty_four": (shards(*range(1, 65)), {}, None),
    "explicit": (shards(1, 2, 3), {}, 2),
    "stated": (CONFIGURATIONS["stated_url"], {"BAILEYS_PORT": "4000"}, None),
    "override": (
        shards(1, 2),
        {
            "BAILEYS_NUM_SHARDS": " 7 ",
            "BAILEYS_PORT": "4000",
            "BAILEYS_SHARD_2_URL": "http://two:1/a/",
            "BAILEYS_SHARD_6_URL": " https://six ",
        },
        None,
    ),
    "alone": (shards(1, 2, 3), {"BAILEYS_NUM_SHARDS": "1", "BAILEYS_BASE_URL": "http://x/"}, None),
    "retired": (CONFIGURATIONS["retired"], {}, None),
    "holes": (CONFIGURATIONS["holes"], {}, None),
    "frozen": (CONFIGURATIONS["frozen"], {}, None),
    "modulo": (shards(1, 2, 3, routing={"fallback": "modulo"}), {}, None),
    "modulo_holes": (shards(2, 5, 9, routing={"fallback": "modulo"}), {}, None),
    "rendezvous": (WEIGHTED, {}, None),
}
ERRORS = {"AttributeError": "TypeError", "ValueError": "RangeError"}


def test_enough_ids_are_compared() -> None:
    assert len(TENANTS) == MANY


def test_100000_ids_of_each_kind_have_the_same_shard_and_url(packages: Path) -> None:
    """Each id as a bigint, or as text; a small one as a number."""
    jobs = Jobs()
    for data, variables, shard in COMPARED.values():
        ids = [spelled(number, place) for place, number in enumerate(TENANTS)]
        given = [] if shard is None else [shard]
        calls = [["each", name, ids, *given] for name in ("shardFor", "getBaileysBaseUrl")]
        jobs.add(data, [*calls, ["getAllShardUrls"], ["warnings"]], variables)
    for name, found in zip(COMPARED, jobs.run(packages), strict=True):
        data, variables, shard = COMPARED[name]
        router = load(data, variables)
        assert [each.get("error") for each in found] == [None] * 4, name
        expected = [router.shard_for(tenant, shard) for tenant in TENANTS]
        assert found[0]["value"] == expected, name
        urls = router.get_all_shard_urls()
        assert dict(found[2]["value"]) == urls, name
        assert found[1]["value"] == [urls[number] for number in expected], name
        assert len(found[3]["value"]) == (name in {"override", "alone"})


def spelled(number: int, place: int) -> Any:
    """Return an id as a number where that is exact, as text, or as a bigint, in turn."""
    is_safe = abs(number) < 2**53
    if place % 3 == 0 and is_safe:
        return number
    return str(number) if place % 3 == 1 else bigint(number)


def test_g12_golden_vectors(packages: Path) -> None:
    jobs = Jobs()
    jobs.add(shards(1), [["hashShard", bigint(n), count] for n in GOLDEN for count in COUNTS])
    drawn = shards(1, routing={"fallback": "rendezvous"})
    jobs.add(drawn, [["hashShard", bigint(n), count] for n in DRAWN for count in DRAWN_COUNTS])
    hashed, high = ([each["value"] for each in found] for found in jobs.run(packages))
    assert hashed == [shard for row in GOLDEN.values() for shard in row]
    assert high == [shard for row in DRAWN.values() for shard in row[: len(DRAWN_COUNTS)]]


def test_md5_is_right_for_texts_of_every_length(packages: Path) -> None:
    """Blocks have 64 bytes, 55 of them for the text of the last one."""
    router = load(shards(1))
    numbers = [int("7" * length) for length in range(1, 200)]
    jobs = Jobs()
    jobs.add(shards(1), [["hashShard", str(number), 99_991] for number in numbers])
    found = [each["value"] for each in jobs.run(packages)[0]]
    assert found == [router._hash_shard(number, 99_991) for number in numbers]


#: what JavaScript has → the same in Python
ODD: list[tuple[Any, Any]] = [
    (None, None),
    (True, True),
    (False, False),
    (1.5, 1.5),
    ({"$number": "NaN"}, float("nan")),
    ({"$number": "Infinity"}, float("inf")),
    *((text, text) for text in ("", "x", "042", "1e3", "1.0", " 1", "+1", "-0", "1_0", "٣", "0x1")),
    ([1], [1]),
    ({}, {}),
    *((number, number) for number in (0, -1, 1, 2, 42, 2**53 - 1, -(2**53 - 1))),
    *((bigint(n), n) for n in (0, 2, -2, 2**53 - 1, 2**53, 2**53 + 1, 2**63 - 1, -(2**63))),
    *((str(n), n) for n in (0, 2, -2, 2**53 - 1, 2**53, 2**53 + 1, 2**63 - 1, -(2**63))),
]
#: a shard that is given, as far as both have the same to say
ODD_SHARDS = [pair for pair in ODD if not isinstance(pair[1], int) or abs(pair[1]) < 2**53]


@pytest.fixture(scope="module")
def odd(packages: Path) -> list[list[dict[str, Any]]]:
    """What every configuration says to odd ids, and to odd shards."""
    jobs = Jobs()
    for data in CONFIGURATIONS.values():
        ids = [["shardFor", written] for written, _ in ODD]
        jobs.add(data, [*ids, *(["shardFor", 42, written] for written, _ in ODD_SHARDS)])
    return jobs.run(packages)


def test_odd_ids_have_the_same_answer_or_the_same_error(odd: list[list[dict[str, Any]]]) -> None:
    for (name, data), found in zip(CONFIGURATIONS.items(), odd, strict=True):
        router = load(data)
        names = typescript_names(build_fleet(data).router)
        calls = [(value,) for _, value in ODD] + [(42, value) for _, value in ODD_SHARDS]
        for given, ours in zip(calls, found, strict=True):
            expected = said(router.shard_for, *given)
            place = f"{name}: {given}"
            if expected.get("error") != "TypeError":
                assert ours == expected, place
                continue
            parameter = names.shard_parameter if len(given) == 2 else names.tenant_parameter
            assert ours["error"] == "TypeError", place
            assert ours["message"].startswith(f"{parameter} must be an integer, not "), place


def said(act: Callable[..., Any], *given: Any) -> dict[str, Any]:
    """Return what a call gives or raises, as the driver has it."""
    try:
        found = act(*given)
    except Exception as error:
        kind = type(error).__name__
        return {"error": ERRORS.get(kind, kind), "message": str(error).replace("'", '"')}
    return {"value": [[*pair] for pair in found.items()] if isinstance(found, dict) else found}


def test_what_only_javascript_gets_wrong(packages: Path) -> None:
    """A number that is not exact, and a shard beyond all ids, are errors where Python has none."""
    calls = [["shardFor", 2**53], ["shardFor", -(2**53)], ["shardFor", 42, bigint(2**53)]]
    calls += [["shardFor", {"$undefined": 1}], ["hashShard", 1, 0], ["hashShard", 1, 1.5]]
    calls += [["hashShard", 1, 100_001], ["shardFor", "x" * 10_000]]
    jobs = Jobs()
    jobs.add(shards(1, 2), calls)
    (found,) = jobs.run(packages)
    assert [each["error"] for each in found] == ["TypeError"] * 4 + ["RangeError"] * 3 + [
        "TypeError"
    ]
    assert found[0]["message"] == (
        "businessId must be an integer, not 9007199254740992:"
        " one so large is exact as a bigint, or as text"
    )
    assert found[3]["message"] == "businessId must be an integer, not undefined"
    assert len(found[-1]["message"]) < 120


ROWS: list[tuple[Any, Any]] = [
    ({"id": 1, "whatsapp_shard": 2}, 2),
    ({"id": 1, "whatsappShard": 2}, 2),
    ({"id": "1", "whatsapp_shard": "1"}, 1),
    ({"id": bigint(1), "whatsapp_shard": None}, 2),
    ({"id": 1, "whatsapp_shard": 0}, 2),
    (1, 2),
    ("1", 2),
    ({"id": 1}, "the row has no whatsapp_shard"),
    ({"whatsapp_shard": 2}, "the row has no id"),
    ({"id": None, "whatsapp_shard": None}, "businessId must be an integer, not null"),
    ([], "the row has no id"),
    (None, "Cannot read"),
    ({"$undefined": 1}, "Cannot read"),
    (True, "businessId must be an integer, not true"),
]


def test_rows(packages: Path) -> None:
    jobs = Jobs()
    call = "getBaileysBaseUrlForBusiness"
    jobs.add(shards(1, 2), [[call, row] for row, _ in ROWS])
    jobs.add(shards(1, 2), [[call, {"id": 1, "whatsapp_shard": 2}, 1], [call, {"id": 1}, 1]])
    found, given = jobs.run(packages)
    for (row, expected), ours in zip(ROWS, found, strict=True):
        if isinstance(expected, int):
            assert ours == {"value": f"http://baileys-{expected}:3300"}, row
        else:
            assert ours["error"] == "TypeError", row
            assert ours["message"].startswith(expected), row
    assert given == [{"value": "http://baileys-1:3300"}] * 2


def test_names_follow_service_and_table(packages: Path) -> None:
    jobs = Jobs()
    for data in CONFIGURATIONS.values():
        jobs.add(data, [["exports"], ["shards"]])
    for (name, data), found in zip(CONFIGURATIONS.items(), jobs.run(packages), strict=True):
        names = typescript_names(build_fleet(data).router)
        fixed = ["DEFAULT_SHARD", "SHARDS", "ShardError", "forgetShard", "getAllShardUrls"]
        fixed += ["hashShard", "pickShard", "reloadEnvironment", "shardFor", "useShardLookup"]
        assert found[0]["value"] == sorted([*fixed, names.function, names.for_function]), name
        assert found[1]["value"] == [[*pair] for pair in load(data).SHARDS.items()]


VALUES = ["0", "1", "2", "3", "4", "9", " 3\r", "03", "two", "", "-1", "1e3", "100001", "65536"]
URLS = ["http://x:1/a//", " https://y ", "", "/", "http://z"]


def drawn_environment(chance: random.Random) -> dict[str, str]:
    """Return an environment, mostly of variables that mean something."""
    found = {
        "PATH": "/bin",
        "XBAILEYS_SHARD_2_URL": "http://no",
        "BAILEYS_SHARD_02_URL": "http://no",
    }
    for variable in ("BAILEYS_NUM_SHARDS", "BAILEYS_PORT"):
        if chance.random() < 0.4:
            found[variable] = chance.choice(VALUES[1:8] if chance.random() < 0.8 else VALUES)
    for variable in ("BASE", "SHARD_1", "SHARD_2", "SHARD_9"):
        if chance.random() < 0.3:
            found[f"BAILEYS_{variable}_URL"] = chance.choice(URLS)
    return found


def drawn_fleet(chance: random.Random) -> dict[str, Any]:
    """Return the data of a shards.yaml."""
    ids = sorted(chance.sample(range(1, 7), chance.randint(1, 4)))
    if chance.random() < 0.5:
        ids = [*range(1, len(ids) + 1)]
    entries: list[dict[str, Any]] = []
    for number in ids:
        entry: dict[str, Any] = {"id": number, "weight": chance.choice([1, 1, 2, 3])}
        entry["state"] = chance.choice(["active", "active", "draining", "retired"])
        entry["move_to"] = ids[0] if entry["state"] == "retired" else None
        entry["capacity"] = chance.choice([None, None, 3, 2.5])
        entry["url"] = chance.choice([None, None, f"https://s{number}.example/"])
        entries.append(entry)
    entries[0] |= {"state": "active", "move_to": None}
    live = [each["id"] for each in entries if each["state"] != "retired"]
    frozen = chance.sample(live, chance.randint(1, len(live))) if chance.random() < 0.3 else None
    routing = {
        "fallback": chance.choice(["md5", "md5", "modulo", "rendezvous"]),
        "fallback_shards": frozen,
        "unknown_shard": chance.choice(["direct", "error"]),
    }
    return {"version": 1, "shards": entries, "routing": routing}


def test_any_fleet_in_any_environment(packages: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Import, URLs, answers, warnings and errors are Python's, word for word."""
    chance = random.Random("environments")
    jobs, drawn = Jobs(), []
    for _ in range(400):
        data, variables = drawn_fleet(chance), drawn_environment(chance)
        calls = [
            ("shard_for", chance.randint(-99, 99), chance.choice([None, 0, *range(1, 12)]))
            for _ in range(12)
        ]
        loads = {number: chance.randint(0, 4) for number in range(1, 8) if chance.random() < 0.7}
        asked = [["shardFor", *call[1:]] for call in calls]
        asked += [["getBaileysBaseUrl", *call[1:]] for call in calls]
        asked += [["getAllShardUrls"], ["pickShard", {"$map": [[*pair] for pair in loads.items()]}]]
        jobs.add(data, [*asked, ["warnings"]], variables)
        drawn.append((data, variables, calls, loads))
    failures = 0
    for (data, variables, calls, loads), found in zip(drawn, jobs.run(packages), strict=True):
        caplog.clear()
        with environment(variables):
            expected = [said(load, data, variables)]
            if "value" in expected[0]:
                router = expected[0]["value"]
                expected = [said(router.shard_for, *call[1:]) for call in calls]
                expected += [said(router.get_baileys_base_url, *call[1:]) for call in calls]
                expected += [said(router.get_all_shard_urls), said(router.pick_shard, loads)]
                expected.append({"value": [record.getMessage() for record in caplog.records]})
            else:
                failures += 1
        assert found == expected, (data, variables)
    assert 40 < failures < 360


def test_a_reload_reads_again_and_an_error_keeps_what_was(packages: Path) -> None:
    def changed(**variables: str) -> list[list[Any]]:
        return [
            ["environment", variables],
            ["getAllShardUrls"],
            ["reloadEnvironment"],
            ["getAllShardUrls"],
        ]

    jobs = Jobs()
    jobs.add(
        shards(1, 2),
        [
            *changed(BAILEYS_PORT="4000", BAILEYS_NUM_SHARDS="1", BAILEYS_BASE_URL="http://legacy"),
            *changed(BAILEYS_PORT="5000", BAILEYS_NUM_SHARDS="two"),
            *changed(),
        ],
    )
    (found,) = jobs.run(packages)
    first = [[1, "http://baileys-1:3300"], [2, "http://baileys-2:3300"]]
    assert [each.get("value") for each in (found[1], found[3], found[5], found[7], found[11])] == [
        first, [[1, "http://legacy"]], [[1, "http://legacy"]], [[1, "http://legacy"]], first,
    ]  # fmt: skip
    assert found[6] == {
        "error": "RangeError",
        "message": 'BAILEYS_NUM_SHARDS must be 1 to 100000 or unset, not "two"',
    }


def test_loads_as_databases_give_them(packages: Path) -> None:
    good = [
        {"1": 5, "2": "4"},
        {"$map": [[1, bigint(5)], [2, 4.5]]},
        [["1", "5"], [bigint(2), "4"], [None, 100]],
    ]
    bad = [
        ({"1": None}, 'the load of shard "1" must be a number, not null'),
        ({"1": ""}, 'the load of shard "1" must be a number, not ""'),
        ([[1, True]], "the load of shard 1 must be a number, not true"),
        ([[1, -1]], "the load of shard 1 must be 0 or more, not -1"),
        ([[1, {"$number": "NaN"}]], "the load of shard 1 must be 0 or more, not NaN"),
        ({"one": 1}, 'shard must be an integer, not "one"'),
        ([[1.5, 1]], "shard must be an integer, not 1.5"),
    ]
    jobs = Jobs()
    jobs.add(shards(1, 2), [["pickShard", each] for each in good])
    jobs.add(shards(1, 2), [["pickShard", each] for each, _ in bad])
    right, wrong = jobs.run(packages)
    assert right == [{"value": 2}] * 3
    assert [each.get("message") for each in wrong] == [message for _, message in bad]


def test_unknown_shards_do_not_fill_the_memory(packages: Path) -> None:
    jobs = Jobs()
    calls = [["shardFor", 42, number] for number in range(10, 2010)] * 2
    jobs.add(shards(1, 2), [*calls, ["warnings"]])
    (found,) = jobs.run(packages)
    assert len(found[-1]["value"]) == 1_000


def test_two_fleets_differ_in_the_lines_of_what_differs() -> None:
    """A review of one more shard is a review of a line or two."""
    before, after = module(shards(1, 2)), module(shards(1, 2, 3))
    assert [line for line in after.splitlines() if line not in before.splitlines()] == [
        '  [3, "http://baileys-3:3300"],'
    ]
