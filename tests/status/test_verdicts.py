"""What is made of answers, containers and rows: kinds, words, findings, the exit code's reason."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardgen.errors import UsageError
from shardgen.outputs import OUTPUTS
from shardgen.prometheus.watched import watched
from shardgen.resources import resource_text
from shardgen.status import answers, body, running
from shardgen.status.body import Said, Sessions, said
from shardgen.status.overview import questions
from shardgen.status.record import overview_json
from shardgen.status.table import overview_text, screen_text
from tests.projects import ROOT
from tests.status.support import (
    AT,
    COMPOSE,
    answer,
    container,
    database,
    engine,
    fleet_of,
    no_answer,
    view,
    volume,
)

if TYPE_CHECKING:
    from shardgen.status.findings import Finding
    from shardgen.status.overview import Overview

SCHEMA = json.loads(resource_text("schema/status.schema.json"))
ENDS = [value for name, value in vars(answers).items() if name.isupper()]
REGISTRY = {1: ("active", None), 2: ("active", None), 3: ("draining", None)}


def record(overview: Overview) -> dict[str, Any]:
    """Return an overview as data, which its schema allows."""
    data = overview_json(overview)
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(json.dumps(data)))
    return data


def only(overview: Overview) -> Finding:
    """Return the one thing that is wrong."""
    (finding,) = overview.findings
    return finding


# what a body says


@pytest.mark.parametrize(("text", "shard", "sessions"), [
    ("", None, None),
    ("OK", None, None),
    ("2", None, None),
    ("[1]", None, None),
    ("{", None, None),
    ('{"status": "ok"}', None, None),
    ('{"shard": 2}', 2, None),
    ('{"shard": "2"}', 2, None),
    ('{"shardId": " 12 "}', 12, None),
    ('{"shard_id": 7, "sessions": 4}', 7, (4, None)),
    ('{"shard": {"id": 3}}', 3, None),
    ('{"shard": "baileys-2"}', "baileys-2", None),
    ('{"shard": null, "shard_id": true, "shardId": 2.5}', None, None),
    ('{"shard": [1, 2]}', None, None),
    ('{"sessions": ["a", "b"]}', None, (2, None)),
    ('{"sessions": {"a": {}, "b": {}}}', None, (2, None)),
    ('{"sessions": {"connected": 3, "total": 5}}', None, (5, 3)),
    ('{"sessions": {"connected": 3}}', None, (None, 3)),
    ('{"sessions": {"count": 5}, "connected": 2}', None, (5, 2)),
    ('{"sessions": {}}', None, (0, None)),
    ('{"sessionCount": 5, "connectedSessions": ["a"]}', None, (5, 1)),
    ('{"connected": true, "sessions": false}', None, None),
    ('{"sessions": -1}', None, None),
    ('{"sessions": 1e400}', None, None),
    ('{"sessions": NaN}', None, None),
    ('{"sessions": 4.0}', None, (4, None)),
    ('{"a":' * 20_000, None, None),
    ('{"sessions": ' + "9" * 5000 + "}", None, None),
])  # fmt: skip
def test_a_body_says_what_the_page_lists(text: str, shard: Any, sessions: Any) -> None:
    found = Sessions(total=sessions[0], connected=sessions[1]) if sessions else None
    assert said(text.encode()) == Said(shard=shard, sessions=found)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["shard", "shard_id", "sessions", "connected", "total", "id", "x"]),
            inner,
        )
    ),
)


@given(JSON | st.binary())
def test_no_body_breaks_anything(value: Any) -> None:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    overview = view(answer(content))
    record(overview)
    assert max(map(len, overview_text(overview).splitlines()[:4])) <= 80


# what an answer means


@pytest.mark.parametrize(("given_answer", "kind", "word", "well"), [
    (answer(), "ok", "ok", True),
    (answer(b"", 204), "ok", "ok", True),
    (answer(seconds=1.01), "slow", "slow", True),
    (answer(status=503), "bad status", "status 503", False),
    (answer(status=404), "bad status", "status 404", False),
    (answer(status=304), "bad status", "status 304", False),
    (answer(status=302, location="/x"), "redirect", "redirect", False),
    (answer('{"shard": 2}'), "wrong shard", "wrong shard", False),
    (answer('{"shard": "baileys-2"}', 503), "wrong shard", "wrong shard", False),
    (answer('{"shard": 1}'), "ok", "ok", True),
    (answer('{"shard": "baileys-1"}'), "ok", "ok", True),
    (answer('{"shard": "baileys"}'), "ok", "ok", True),
    (answer('{"shard": "cb4bf6d8a4d1"}'), "ok", "ok", True),
    *((no_answer(end), end, end, False) for end in ENDS if end != answers.ANSWERED),
])  # fmt: skip
def test_each_end_has_its_name(given_answer: Any, kind: str, word: str, well: bool) -> None:
    overview = view(given_answer)
    health = overview.rows[0].health
    assert (health.kind, health.word, health.is_well) == (kind, word, well)
    assert overview.is_well == well
    data = record(overview)
    assert data["shards"][0]["health"]["kind"] == kind
    assert bool(health.detail) == (kind != "ok")
    assert max(len(line) for line in overview_text(overview).splitlines()[:4]) <= 80


def test_a_shard_that_is_given_another_id_is_not_called_wrong() -> None:
    fleet = fleet_of("shards: [{id: 1, environment: {BAILEYS_SHARD_ID: eu}}, {id: 2}]")
    assert view(answer('{"shard": 9}'), fleet=fleet).is_well
    assert not view(answer(), answer('{"shard": 9}'), fleet=fleet).is_well


def test_the_words_and_the_schema_know_the_same_kinds() -> None:
    kinds = set(SCHEMA["$defs"]["health"]["properties"]["kind"]["enum"])
    own = {"ok", "slow", "bad status", "redirect", "wrong shard"}
    assert kinds == own | {*ENDS} - {answers.ANSWERED}


def test_shards_are_asked_where_the_router_goes() -> None:
    fleet = fleet_of(
        "service: {healthcheck: {path: /up}}\n"
        "shards: [{id: 1}, {id: 2, url: 'https://two.example/wa/'}, {id: 3, state: retired}]"
    )
    environment = {"BAILEYS_SHARD_1_URL": " http://127.0.0.1:3301/ ", "BAILEYS_PORT": "4000"}
    asked = questions(fleet, environment, 2)
    assert [each.health_url for each in asked] == [
        "http://127.0.0.1:3301/up",
        "https://two.example/wa/up",
    ]
    assert [each.url for each in questions(fleet_of(), {"BAILEYS_PORT": "4000"}, 2)] == [
        f"http://baileys-{number}:4000" for number in (1, 2, 3)
    ]
    with pytest.raises(UsageError, match="BAILEYS_PORT must be"):
        questions(fleet, {"BAILEYS_PORT": "x"}, 2)


def test_a_shard_is_asked_at_the_path_of_its_own_healthcheck() -> None:
    shards = (
        "[{id: 1}, {id: 2, healthcheck: {path: /alive}}, {id: 3, healthcheck: {test: 'exit 0'}},"
        " {id: 4, healthcheck: null}]"
    )
    for head, path in (("", "/health"), ("service: {healthcheck: {path: /up}}\n", "/up")):
        fleet = fleet_of(f"{head}shards: {shards}")
        asked = questions(fleet, {}, 2)
        assert [each.health_url for each in asked] == [
            f"http://baileys-1:3300{path}",
            "http://baileys-2:3300/alive",
            f"http://baileys-3:3300{path}",
            f"http://baileys-4:3300{path}",
        ]
        targets = [each["url"] for each in watched(fleet, OUTPUTS["prometheus"])["shards"]]
        assert targets == [each.health_url for each in asked], "prometheus probes the same"


def test_no_password_of_a_url_is_told() -> None:
    environment = {"BAILEYS_SHARD_1_URL": "http://u:geheim@h:1"}
    location = {"status": 302, "location": "http://u:geheim@h/"}
    for given_answer in (no_answer(answers.UNASKABLE), answer(**location)):
        overview = view(given_answer, environment=environment)
        assert "geheim" not in overview_text(overview) + json.dumps(record(overview))


def test_the_page_explains_every_word() -> None:
    text = (ROOT / "docs" / "status.md").read_text(encoding="utf-8")
    words = set(re.findall(r"^\| ([^|`]+) \| ", text, re.MULTILINE))
    told = {re.sub(r" \(exit 1\)", "", part) for word in words for part in word.split(", ")}
    kinds = set(SCHEMA["$defs"]["health"]["properties"]["kind"]["enum"])
    assert kinds - told == {"bad status"}
    assert "status N" in told
    states = {running.UNHEALTHY, running.STARTING, running.MISSING, running.STOPPED,
              running.RESTARTING, running.ELSEWHERE, running.UNDECLARED}  # fmt: skip
    assert states <= told
    differs = SCHEMA["$defs"]["container"]["properties"]["differences"]["items"]["properties"]
    for what in differs["what"]["enum"]:
        assert (f"differs: {what}" if what != "old image" else what) in told
    keys = {*body.SHARD, *body.TOTAL, *body.CONNECTED, *body.COUNT}
    assert keys <= set(re.findall(r"\w+", text))


# what to do


def test_shards_with_the_same_trouble_share_a_line_and_a_command() -> None:
    refused = no_answer(answers.REFUSED)
    overview = view(refused, refused, refused)
    finding = only(overview)
    assert finding.shards == (1, 2, 3)
    assert finding.commands == (f"{COMPOSE} up -d baileys baileys-2 baileys-3",)
    assert "! shards 1, 2 and 3: refused: nothing listens at the URL" in overview_text(overview)


def test_without_compose_no_command_of_compose_is_said() -> None:
    assert only(view(no_answer(answers.REFUSED), compose="")).commands == ()


def test_another_shards_yaml_is_named_in_what_to_type() -> None:
    fleet = fleet_of("shards: [{id: 1}, {id: 4}]")
    overview = view(
        answer('{"shard": 4}'),
        fleet=fleet,
        config="eu.yaml",
        live=database({}, {1: ("active", None)}),
    )
    commands = [each for finding in overview.findings for each in finding.commands]
    assert commands == [
        "shardgen status --docker -c eu.yaml",
        'shardgen ledger --database "$DATABASE_URL" -c eu.yaml',
    ]


def test_where_no_name_is_known_this_is_the_wrong_place() -> None:
    nowhere = no_answer(answers.UNNAMED)
    finding = only(view(nowhere, nowhere, nowhere))
    assert (finding.kind, finding.shards, finding.commands) == ("outside", (), ())
    assert "BAILEYS_SHARD_1_URL" in finding.text
    assert only(view(nowhere, nowhere)).kind == answers.UNNAMED


def test_a_shard_of_another_host_has_no_command_here() -> None:
    fleet = fleet_of("shards: [{id: 1}, {id: 2, host: far}]")
    overview = view(answer(), no_answer(answers.REFUSED), fleet=fleet)
    assert only(overview).commands == ()
    found = view(fleet=fleet, engine=engine(container(1)))
    assert found.is_well
    assert found.rows[1].standing == running.Standing(state="elsewhere")


# containers

WELL = [container(number) for number in (1, 2, 3)]
TIMED = (answer(), answer(), no_answer(answers.REFUSED))


def test_what_runs_as_declared_is_right() -> None:
    overview = view(engine=engine(*WELL))
    assert overview.findings == ()
    assert overview.is_well
    assert [row.standing.word for row in overview.rows if row.standing] == ["up 12 d"] * 3
    record(overview)


@pytest.mark.parametrize(("more", "word", "text"), [
    ({"mounts": volume("shop_other")}, "differs: volume",
     "its state is in the volume shop_other, not in shop_whatsapp_auth_shard3; bring its data"),
    ({"mounts": {}}, "differs: volume", "nothing is mounted at /app/storage/whatsapp"),
    ({"mounts": volume("")}, "differs: volume", "its state is in the folder /var/lib"),
    ({"mounts": volume("shop_whatsapp_auth_shard3", is_writable=False)}, "differs: volume",
     "is mounted to be read alone"),
    ({"environment": {"LEVEL": "info", "PRICE": "5$"}}, "differs: shard id",
     "BAILEYS_SHARD_ID is not set"),
    ({"environment": {"LEVEL": "info", "PRICE": "5$", "BAILEYS_SHARD_ID": "2"}},
     "differs: shard id", "BAILEYS_SHARD_ID is '2' in its container"),
    ({"environment": {"LEVEL": "geheim", "BAILEYS_SHARD_ID": "3"}}, "differs: variables",
     "other values than declared: LEVEL and PRICE"),
    ({"networks": {"shop-net": ("x",)}}, "differs: alias",
     "no alias baileys-3 on the network shop-net: the URL leads nowhere"),
    ({"networks": {}}, "differs: network", "not on the network shop-net"),
    ({"image": "shop:1"}, "differs: image", "the image is shop:1, declared is shop-baileys-3"),
    ({"state": "exited", "exit_code": 137}, "stopped (exit 137)", "stopped (exit 137)"),
    ({"state": "restarting", "exit_code": 1}, "restarting (exit 1)", "started again and again"),
    ({"state": "paused"}, "paused", "paused"),
    ({"health": "unhealthy"}, "unhealthy", "unhealthy, says the healthcheck"),
])  # fmt: skip
def test_each_difference_has_its_name(more: Any, word: str, text: str) -> None:
    overview = view(engine=engine(*WELL[:2], container(3, **more)))
    assert overview.rows[2].standing
    assert overview.rows[2].standing.word == word
    finding = only(overview)
    assert text in finding.text
    assert (finding.shards, finding.serious, overview.is_well) == ((3,), True, False)
    assert all(command.startswith(COMPOSE) for command in finding.commands)
    assert finding.commands
    assert "geheim" not in overview_text(overview) + json.dumps(record(overview))
    assert max(map(len, overview_text(overview).splitlines()[:4])) <= 80


def test_what_is_not_there_is_missing() -> None:
    overview = view(*TIMED, engine=engine(*WELL[:2], container(3, is_one_off=True)))
    assert (only(overview).kind, only(overview).commands) == (
        "missing", (f"{COMPOSE} up -d baileys-3",),
    )  # fmt: skip
    fleet = fleet_of("shards: [{id: 1}, {id: 2}, {id: 3}, {id: 4}]")
    overview = view(fleet=fleet, engine=engine(*WELL))
    assert (only(overview).kind, only(overview).commands) == ("undeclared", ("shardgen render",))


def test_a_newer_image_and_a_restart_are_told_and_no_fault() -> None:
    overview = view(engine=engine(*WELL[:2], container(3, restarts=2), images={
        "shop-baileys-2": "sha256:new", "shop-baileys-3": "sha256:3",
    }))  # fmt: skip
    assert overview.is_well
    words = [row.standing.word for row in overview.rows if row.standing]
    assert words == ["up 12 d", "up 12 d, old image", "up 12 d, 2 restarts"]
    assert (only(overview).kind, only(overview).serious) == ("old image", False)


def test_a_shared_volume_comes_first() -> None:
    thief = container(3, mounts=volume("shop_whatsapp_auth_shard2"))
    overview = view(no_answer(answers.REFUSED), engine=engine(*WELL[:2], thief))
    first = overview.findings[0]
    assert first.kind == "shared volume"
    assert first.text == (
        "shop-baileys-2-1 and shop-baileys-3-1 write to the volume shop_whatsapp_auth_shard2 "
        "at once"
    )
    assert first.commands == ("docker stop shop-baileys-3-1",)
    assert {each.kind for each in overview.findings[1:]} == {"volume", answers.REFUSED}


@pytest.mark.parametrize(("more", "is_shared"), [
    ({"project": "other", "service": "x"}, True),
    ({"is_one_off": True}, True),
    ({"project": "other", "state": "exited"}, False),
    ({"project": "other", "mounts": volume("shop_whatsapp_auth_shard3", is_writable=False)}, False),
])  # fmt: skip
def test_whoever_writes_to_a_volume_is_seen(more: Any, is_shared: bool) -> None:
    another = container(3, name="another", **more)
    overview = view(engine=engine(*WELL, another))
    assert [each.kind for each in overview.findings] == ["shared volume"] * is_shared


def test_containers_of_retired_shards_and_of_none_are_extra() -> None:
    fleet = fleet_of("shards: [{id: 1}, {id: 2, state: retired}]")
    some = [container(1), container(2), container(9, state="exited"),
            container(1, service="baileys-api", name="api", mounts={})]  # fmt: skip
    overview = view(fleet=fleet, engine=engine(*some))
    assert [(each.kind, each.text, each.serious) for each in overview.findings] == [
        ("extra", "the container shop-baileys-2-1 runs, but shard 2 is retired", True),
        ("extra", "the container shop-baileys-9-1 is still there, but shards.yaml has no shard 9",
         False),
    ]  # fmt: skip


def test_what_the_container_explains_is_not_said_twice() -> None:
    stopped = container(3, state="exited", exit_code=1)
    overview = view(*TIMED, engine=engine(*WELL[:2], stopped))
    assert only(overview).kind == "stopped"
    assert "1 of 3 shards is not well" in overview_text(overview)
    overview = view(*TIMED, engine=engine(*WELL))
    assert only(overview).commands == (f"{COMPOSE} logs --tail 50 baileys-3",)


# the database


def test_tenants_are_counted() -> None:
    overview = view(live=database({1: 51, 2: 37, None: 3, 0: 1}, REGISTRY))
    assert overview.is_well
    assert [row.tenants for row in overview.rows] == [51, 37, 0]
    assert overview.loose == 4
    assert "4 tenants have no shard in the database" in overview_text(overview)
    assert record(overview)["tenants_without_shard"] == 4


@pytest.mark.parametrize(("tenants", "registry", "shards", "text"), [
    ({1: 1}, {**REGISTRY, 3: ("active", None)}, (3,), "active in the database, draining in"),
    ({1: 1}, {**REGISTRY, 3: ("draining", 1)}, (3,), "draining towards shard 1 in the database"),
    ({1: 1}, {1: ("active", None)} | {3: ("draining", None)}, (2,), "not in the database, active"),
    ({1: 1}, {**REGISTRY, 9: ("active", None)}, (9,), "active in the database, not in shards.yaml"),
    ({9: 2}, REGISTRY, (9,), "2 tenants are there, and it does not run"),
])  # fmt: skip
def test_what_the_database_says_otherwise(
    tenants: Any, registry: Any, shards: Any, text: str
) -> None:
    overview = view(live=database(tenants, registry))
    assert only(overview).shards == shards
    assert text in only(overview).text
    assert not overview.is_well
    record(overview)


def test_a_database_before_the_migrations_is_no_fault() -> None:
    overview = view(live=database(None, {}))
    assert overview.is_well
    assert [each.kind for each in overview.findings] == ["registry", "tenants"]
    assert [row.tenants for row in overview.rows] == [None] * 3


# the table

TABLE = """\
shard  state     health     latency  sessions  tenants  container
1      active    ok            4 ms        48       51  up 12 d
2      active    slow       1234 ms     37/40       37  up 12 d, old image
300    draining  no answer        –         –        4  restarting (exit 1)

1 of 3 shards is not well, 1 is slow
2 tenants have no shard in the database: the fallback routes them

! shard 300: ends, and is started again and again (exit 1)
    docker compose -f a.yml logs --tail 50 baileys-300

  shard 2: another image is called shop-baileys-2 now; the container has the one before
    docker compose -f a.yml up -d baileys-2

  shard 2: slow: more than 1 s
    docker compose -f a.yml logs --tail 50 baileys-2
"""


def large() -> Overview:
    """Return a fleet with all there is to show."""
    restarting = container(300, state="restarting", exit_code=1)
    return view(
        answer('{"sessions": 48}'),
        answer('{"sessions": {"connected": 37, "total": 40}}', seconds=1.234),
        no_answer(answers.UNANSWERED),
        fleet=fleet_of("shards: [{id: 1}, {id: 2}, {id: 300, state: draining}]"),
        engine=engine(*WELL[:2], restarting, images={"shop-baileys-2": "sha256:new"}),
        live=database({1: 51, 2: 37, 300: 4, None: 2}, {1: ("active", None), 2: ("active", None),
                                                        300: ("draining", None)}),
    )  # fmt: skip


def test_the_table() -> None:
    assert overview_text(large()) == TABLE
    record(large())


def test_the_widest_table_has_80_columns() -> None:
    """Every long word at once, ids of three digits, tenants of seven."""
    overview = view(
        answer('{"sessions": {"connected": 1234, "total": 1234}}'),
        no_answer(answers.UNCONNECTED),
        fleet=fleet_of("shards: [{id: 998, state: draining}, {id: 999}]"),
        engine=engine(container(998, restarts=99), container(999, state="exited", exit_code=137)),
        live=database({998: 1_234_567}, {}),
    )
    lines = overview_text(overview).splitlines()[:3]
    assert max(map(len, lines)) <= 80, lines


@pytest.mark.parametrize(("given_answers", "summary"), [
    ((), "all 3 shards are well"),
    ((answer(seconds=1.5),), "all 3 shards are well, 1 is slow"),
    ((no_answer("refused"),) * 2, "2 of 3 shards are not well"),
])  # fmt: skip
def test_one_line_sums_it_up(given_answers: Any, summary: str) -> None:
    assert overview_text(view(*given_answers)).splitlines()[5] == summary


def test_a_difference_is_in_that_line_too() -> None:
    overview = view(engine=engine(*WELL[:2], container(3, mounts={})))
    line = overview_text(overview).split("\n\n")[1]
    assert line == "all 3 shards are well; 1 other thing is not as declared"
    alone = view(fleet=fleet_of("shards: [{id: 1}]"))
    assert overview_text(alone).splitlines()[-1] == "the shard is well"


def test_a_screen_keeps_those_that_are_not_well() -> None:
    fleet = fleet_of(f"shards: [{', '.join(f'{{id: {number}}}' for number in range(1, 101))}]")
    given_answers = [answer()] * 70 + [no_answer("refused")]
    text = screen_text(view(*given_answers, fleet=fleet), "title", 24)
    lines = text.splitlines()
    assert len(lines) <= 24
    assert lines[0] == "title"
    assert "71     active  refused        –" in lines
    assert "… 85 more" in lines
    assert "1 of 100 shards is not well" in lines
    short = screen_text(view(), "title", 24)
    assert short == f"title\n\n{overview_text(view())}".rstrip("\n")
    assert AT not in short
