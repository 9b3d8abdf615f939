"""`shardgen ledger`: the history as a table and as JSON, and how a database stands to it."""

from __future__ import annotations

import builtins
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from shardgen import chronicle, live
from shardgen.errors import UsageError
from shardgen.ledger.operations import (
    OPERATIONS,
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
)
from shardgen.resources import resource_text
from shardgen.standing import Applied, Live, standing
from shardgen.telling import told
from tests.ledger.support import LIFE, rendered
from tests.support import Project, commit, fleet

if TYPE_CHECKING:
    from shardgen.ledger.verify import Ledger

LEDGER = rendered(*(wanted for _, wanted in LIFE)).ledger
INIT = Init(
    schema=None, table="business", id_column="id", shard_column="shard", shards=3, default=1
)
SCHEMA = json.loads(resource_text("schema/ledger.schema.json"))


def result(text: str) -> dict[str, Any]:
    """Return what the JSON says, which its schema allows."""
    data = json.loads(text)
    jsonschema.Draft202012Validator(SCHEMA).validate(data)
    assert isinstance(data, dict)
    return data


# offline

TABLE = """\
number  file                        state     what it does
0001    0001_init.sql               recorded  adds whatsapp_shard to business, with shard 1
0002    0002_pin.sql                recorded  puts rows without a shard on shard 1
0003    0003_validate.sql           recorded  has PostgreSQL check the rows that were there before
0004    0004_add_3_shards.sql       recorded  registers shards 2, 3 and 5
0005    0005_default_shard_2.sql    recorded  makes shard 2 the default of new rows
0006    0006_drain_shard_3.sql      recorded  drains shard 3; its tenants go to shard 2
0007    0007_drain_shard_5.sql      recorded  drains shard 5; its tenants go to shard 1
0008    0008_move_shard_3_to_2.sql  recorded  moves every tenant of shard 3 to shard 2
0009    0009_move_shard_5_to_1.sql  recorded  moves every tenant of shard 5 to shard 1
0010    0010_retire_shard_5.sql     recorded  retires shard 5

shard  state
1      active
2      active    the default of new rows
3      draining  its tenants went to shard 2
5      retired   its tenants went to shard 1
"""


def test_the_history_as_a_table(project: Project) -> None:
    head = "database: {default_shard: 2}\n"
    project.write("shards.yaml", fleet(1, 2, 3, 5, head=head))
    project.render()
    project.change("shards.yaml", "- id: 3", "- {id: 3, state: draining, move_to: 2}")
    project.change("shards.yaml", "- id: 5", "- {id: 5, state: retired, move_to: 1}")
    project.render()
    ran = project.ok("ledger", GIT_CEILING_DIRECTORIES=str(project.root.parent))
    assert ran.err == ""
    assert ran.out == TABLE
    assert max(map(len, ran.out.splitlines())) <= 100


def test_the_state_is_what_git_has(rendered: Project) -> None:
    rendered.write("shards.yaml", fleet(1, 2, 3))
    rendered.render()
    ran = rendered.ok("ledger")
    rows = {line.split()[1]: line for line in ran.out.splitlines() if ".sql" in line}
    assert "  committed  " in rows["0004_add_shard_2.sql"]
    assert "  not committed  registers shard 3" in rows["0005_add_shard_3.sql"]
    found = result(rendered.ok("ledger", "--format", "json").out)
    assert [each["committed"] for each in found["migrations"]] == [True] * 4 + [False]


def test_the_same_as_json(rendered: Project) -> None:
    found = result(rendered.ok("ledger", "--format", "json").out)
    assert found["agrees"] is True
    assert found["folder"] == "migrations"
    assert found["database"] is None
    assert found["damage"] == []
    assert found["recorded"] == {
        "default_shard": 1,
        "shards": [{"id": number, "state": "active", "move_to": None} for number in (1, 2)],
    }
    last = found["migrations"][-1]
    assert last["file"] == "0004_add_shard_2.sql"
    assert last["operation"] == {"op": "add", "ids": [2]}
    assert last["does"] == "registers shard 2"


def test_before_the_first_render(project: Project) -> None:
    ran = project.ok("ledger")
    assert ran.out == "there are no migrations yet; `shardgen render` writes the first\n"
    found = result(project.ok("ledger", "--format", "json").out)
    assert found["recorded"] == {"default_shard": None, "shards": []}


def test_a_damaged_ledger_is_exit_1(rendered: Project) -> None:
    path = "migrations/0003_validate.sql"
    rendered.write(path, rendered.read(path) + "-- by hand\n")
    ran = rendered.run("ledger")
    assert ran.code == 1
    assert f"{path}   changed after it was written" in ran.out
    assert ran.last == "the ledger is damaged: `shardgen check` says what to type"
    assert "0002_pin.sql" in ran.out
    assert "0004_add_shard_2.sql" not in ran.out
    ran = rendered.run("ledger", "--format", "json")
    assert ran.code == 1
    found = result(ran.out)
    assert found["agrees"] is False
    assert [each["path"] for each in found["damage"]] == [path]


def test_it_writes_nothing(rendered: Project) -> None:
    before = rendered.contents()
    rendered.ok("ledger")
    assert rendered.contents() == before


def test_with_the_output_off_there_is_none(project: Project) -> None:
    project.write("shards.yaml", fleet(1, 2, head="outputs: {migrations: {enabled: false}}\n"))
    ran = project.run("ledger")
    assert ran.code == 2
    assert "the output migrations is turned off, so there is no ledger" in ran.err


def test_without_a_shards_yaml_it_says_how_to_start(tmp_path: Any) -> None:
    project = Project(tmp_path / "project")
    project.path("shards.yaml").unlink()
    ran = project.run("ledger")
    assert ran.code == 2
    assert "`shardgen init` starts one" in ran.err


def test_in_a_repository_without_a_commit_nothing_is_committed(project: Project) -> None:
    project.render()
    commit(project.root)
    project.write("shards.yaml", fleet(1, 2, 3))
    assert "not committed" not in project.ok("ledger").out


# in words


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (INIT, "adds shard to business, with shards 1 to 3"),
        (replace(INIT, shards=1), "adds shard to business, with shard 1"),
        (replace(INIT, shards=2), "adds shard to business, with shards 1 and 2"),
        (Pin(route="column", fallback="md5", shards=1), "puts rows without a shard on shard 1"),
        (
            Pin(route="hash", fallback="md5", shards=4),
            "puts every row where md5 sends them, of shards 1 to 4",
        ),
        (
            Pin(route="column", fallback="modulo", shards=2, part=2, parts=8),
            "puts rows without a shard where modulo sends them, of shards 1 and 2 (part 2 of 8)",
        ),
        (Validate(), "has PostgreSQL check the rows that were there before"),
        (Add(ids=(3,)), "registers shard 3"),
        (Add(ids=(3, 4, 5, 6, 7, 8)), "registers shards 3 to 8"),
        (Add(ids=(3, 5, 9)), "registers shards 3, 5 and 9"),
        (Default(shard=2), "makes shard 2 the default of new rows"),
        (Activate(shard=2), "lets shard 2 take tenants again"),
        (Assign(shard=2, tenants=(7,)), "puts tenant 7 on shard 2"),
        (Assign(shard=2, tenants=tuple(range(0, 20, 2))), "puts 10 tenants on shard 2"),
        (Drain(shard=2, to=None), "drains shard 2"),
        (Drain(shard=2, to=1), "drains shard 2; its tenants go to shard 1"),
        (Move(shard=2, to=1), "moves every tenant of shard 2 to shard 1"),
        (
            Move(shard=2, to=1, part=1, parts=3),
            "moves every tenant of shard 2 to shard 1 (part 1 of 3)",
        ),
        (Retire(shard=2), "retires shard 2"),
    ],
)
def test_each_operation_in_words(operation: Operation, words: str) -> None:
    assert told(operation) == words


# against a database, which is a value here


def rows(ledger: Ledger, count: int | None = None) -> tuple[Applied, ...]:
    """The rows of the ledger table after so many migrations."""
    return tuple(
        Applied(number=each.number, name=each.name, id=each.id)
        for each in ledger.migrations[:count]
    )


def database(**changes: Any) -> Live:
    """A database as LEDGER leaves it, with changes."""
    recorded = LEDGER.recorded
    as_it_should = Live(
        applied=rows(LEDGER),
        registry={
            shard: (entry.state, entry.move_to)
            for shard, entry in recorded.shards.items()
            if entry.state != "retired"
        },
        default=str(recorded.default_shard),
        foreign_key=True,
        tenants={1: 5, 3: 2},
    )
    return replace(as_it_should, **changes)


def told_of(found: Live) -> tuple[bool, str]:
    """Whether a database agrees, and the last lines about it; the JSON is valid, too."""
    compared = standing(LEDGER, found)
    whole = chronicle.Chronicle(
        folder="migrations", ledger=LEDGER, apply="APPLY", live=found, standing=compared
    )
    result(json.dumps(chronicle.chronicle_json(whole)))
    return whole.agrees, chronicle.chronicle_text(whole).rpartition("\n\n")[2]


def test_a_database_as_the_ledger_says_agrees() -> None:
    number = len(LEDGER.migrations)
    assert told_of(database()) == (True, f"the database is as these {number} migrations say\n")
    assert told_of(database(tenants=None))[0]


@pytest.mark.parametrize("spelt", ["1", "'1'::integer", "(1)::integer", "1::bigint"])
def test_the_default_is_a_number_however_postgresql_spells_it(spelt: str) -> None:
    assert told_of(database(default=spelt))[0]


def test_without_a_ledger_table_all_is_pending() -> None:
    nothing = Live(applied=None, registry={}, default=None, foreign_key=None, tenants=None)
    agrees, text = told_of(nothing)
    assert not agrees
    number = len(LEDGER.migrations)
    assert text == f"{number} migrations are pending, from 0001_init.sql on; apply with\nAPPLY\n"


def test_with_an_empty_ledger_table_all_is_pending() -> None:
    nothing = Live(applied=(), registry={}, default=None, foreign_key=None, tenants={None: 3})
    compared = standing(LEDGER, nothing)
    assert {*compared.states} == {"pending"}
    assert compared.differences == ()


def test_what_is_pending_is_named() -> None:
    count = len(LEDGER.migrations) - 1
    before = rendered(*(wanted for _, wanted in LIFE[:-1])).ledger
    agrees, text = told_of(database(applied=rows(LEDGER, count)))
    assert not agrees
    assert f"1 migration is pending, from {LEDGER.migrations[-1].file} on" in text
    assert before.migrations[0] == LEDGER.migrations[0]


def test_what_only_the_database_has_is_unknown() -> None:
    other = Applied(number=99, name="0099_add_shard_9", id="f" * 64)
    agrees, text = told_of(database(applied=(*rows(LEDGER), other)))
    assert not agrees
    assert "unknown: the database has 0099_add_shard_9, which is not in migrations\n" in text
    assert "bring the branch that these were applied from here" in text


def test_another_file_under_the_same_number_is_different() -> None:
    *first, last = rows(LEDGER)
    other = Applied(number=last.number, name="0016_other", id="f" * 64)
    agrees, text = told_of(database(applied=(*first, other)))
    assert not agrees
    assert (
        f"different: as number {last.number:04d} the database has another file, 0016_other" in text
    )
    assert "pending" not in text


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"registry": {}}, "shard 1 is not registered there; by the ledger it is active"),
        ({"registry": {1: ("draining", 3), 3: ("active", None), 4: ("active", None)}},
         "shard 1 is draining towards shard 3 there; by the ledger it is active"),
        ({"registry": dict.fromkeys((1, 3, 4, 8), ("active", None))},
         "shard 8 is active there; by the ledger it is not registered"),
        ({"default": None}, "new rows go to no shard there; by the ledger they go to shard 1"),
        ({"default": "3"}, "new rows go to shard 3 there; by the ledger they go to shard 1"),
        ({"default": "random()"}, "new rows go to random() there; by the ledger they go to shard 1"),
        ({"foreign_key": None}, "the foreign key is gone"),
        ({"foreign_key": False}, "the foreign key does not hold for all rows"),
        ({"tenants": {None: 1}}, "1 tenant is on no shard"),
        ({"tenants": {0: 4, 1: 2}}, "4 tenants are on no shard"),
        ({"tenants": {7: 2}}, "2 tenants are on shard 7, which is not registered"),
    ],
)  # fmt: skip
def test_what_was_changed_by_hand_is_named(changes: dict[str, Any], line: str) -> None:
    agrees, text = told_of(database(**changes))
    assert not agrees
    assert f"different: {line}" in text
    assert "the database was changed by other means than these files" in text


def test_before_the_pin_rows_without_a_shard_are_no_difference() -> None:
    start = Live(
        applied=rows(LEDGER, 1),
        registry={1: ("active", None), 2: ("active", None)},
        default="1",
        foreign_key=False,
        tenants={None: 3, 0: 2, 7: 1},
    )
    assert standing(LEDGER, start).differences == ()


def test_a_table_says_what_the_database_has() -> None:
    whole = chronicle.Chronicle(
        folder="m",
        ledger=LEDGER,
        apply="",
        live=(found := database()),
        standing=standing(LEDGER, found),
    )
    text = chronicle.chronicle_text(whole)
    assert "shard  state    database  tenants\n" in text
    assert "1      active   active    5        the default of new rows\n" in text
    assert "2      retired  –         0        its tenants went to shard 3\n" in text
    stray = replace(found, registry={**found.registry, 9: ("active", None)}, tenants=None)
    text = chronicle.chronicle_text(replace(whole, live=stray, standing=standing(LEDGER, stray)))
    assert "9      –        active    –\n" in text


def test_states_are_painted() -> None:
    found = database(applied=rows(LEDGER, 2))
    whole = chronicle.Chronicle(
        folder="m", ledger=LEDGER, apply="", live=found, standing=standing(LEDGER, found)
    )
    painted = chronicle.chronicle_text(whole, lambda text, style: f"<{style}:{text}>")
    assert "<create:applied>" in painted
    assert "<update:pending>" in painted


# connection strings


@pytest.mark.parametrize(
    ("given", "checked"),
    [
        ("", ""),
        ("host=x dbname=y password=p@/#", "host=x dbname=y password=p@/#"),
        ("postgresql://u:p%40@h/d", "postgresql://u:p%40@h/d"),
        ("postgres://h/d?sslmode=require", "postgres://h/d?sslmode=require"),
        ("postgresql+psycopg2://u@h/d", "postgresql://u@h/d"),
        ("postgresql+asyncpg:///d", "postgresql:///d"),
    ],
)
def test_connection_strings_that_libpq_takes(given: str, checked: str) -> None:
    assert live.checked_url(given) == checked


@pytest.mark.parametrize(
    "given",
    [
        "postgresql://u:geheim@wort@h/d",
        "postgresql://u:geheim/wort@h/d",
        "postgresql://u:geheim?wort@h/d",
        "postgresql://u:geheim#wort@h/d",
        "mysql://u:geheim@h/d",
        "geheim",
        "postgresql:/u:geheim@h",
    ],
)
def test_connection_strings_that_could_spill_a_password_are_refused(
    rendered: Project, given: str
) -> None:
    pytest.importorskip("psycopg")
    ran = rendered.run("ledger", "--database", given)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: --database")
    assert "geheim" not in ran.err
    assert "wort" not in ran.err.replace("password", "")


@pytest.mark.parametrize(
    "given",
    [
        "postgresql://u:geheim@127.0.0.1:1/d",
        "postgresql://u:geheim@127.0.0.1:geheim/d",
        "host=/nowhere password=geheim",
        "geheim=1 password=geheim",
        "host=127.0.0.1 port=1 user=u password='geheim",
    ],
)
def test_no_connection_is_exit_2_and_no_password(rendered: Project, given: str) -> None:
    pytest.importorskip("psycopg")
    ran = rendered.run("ledger", "--database", given)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: --database")
    assert "geheim" not in ran.err
    assert "Traceback" not in ran.err


def test_without_psycopg_it_says_what_to_install(
    rendered: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported = builtins.__import__

    def without(name: str, *arguments: Any) -> Any:
        if name == "psycopg":
            raise ImportError(name)
        return imported(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=r"pip install 'shardgen\[live\]'"):
        live.read_live("", None)  # type: ignore[arg-type]
    assert rendered.run("ledger", "--database", "").code == 2
    rendered.ok("ledger")


def test_the_schema_describes_every_operation() -> None:
    kinds = SCHEMA["$defs"]["migration"]["properties"]["operation"]["properties"]["op"]["enum"]
    assert kinds == [kind.op for kind in OPERATIONS]
