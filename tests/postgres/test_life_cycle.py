"""A fleet's whole life, applied with psql: after each file the database says what the ledger says."""

from __future__ import annotations

from itertools import pairwise

import psycopg
import pytest

from shardgen.fallback import fallback_shard
from shardgen.ledger.fold import fold
from shardgen.ledger.operations import Assign, Retire
from shardgen.ledger.runners import RUNNERS
from shardgen.ledger.state import RETIRED, Recorded
from tests.ledger.support import LIFE, Folder, desired, life, rendered
from tests.needs import lacking
from tests.postgres.conftest import VERSIONS
from tests.postgres.databases import BUSINESS, Database, statements

pytestmark = pytest.mark.postgres

FOLDER = rendered(*(wanted for _, wanted in LIFE))
FILES = tuple(FOLDER.files.items())
FOLDERS = {name: life(runner=name, batches=2 if name == "flyway" else 1) for name in RUNNERS}
TENANTS = 200


def texts_of(runner: str) -> list[tuple[str, str]]:
    """The migrations of a whole life for a runner, by name and text."""
    folder = FOLDERS[runner]
    return [(each.file, folder.files[each.file].decode()) for each in folder.ledger.migrations]


def assert_equals(database: Database, recorded: Recorded) -> None:
    """Prove that the database is in the recorded state."""
    shards = {
        shard: (entry.state, entry.move_to)
        for shard, entry in recorded.shards.items()
        if entry.state != RETIRED
    }
    assert database.registry() == shards
    assert database.default() == str(recorded.default_shard)
    assert database.validated() == recorded.validated
    tenants = database.tenants()
    assert {tenant: tenants[tenant] for tenant in recorded.assigned} == recorded.assigned
    if recorded.pinned:
        assert {*tenants.values()} <= {*shards}


def test_the_versions_that_the_files_are_for_are_here() -> None:
    """The tests of `each_database` prove as many versions as the machine has; in CI, these."""
    if missing := {15, 16, 18} - {*VERSIONS}:
        lacking(f"no PostgreSQL {', '.join(map(str, sorted(missing)))}")


def test_after_each_file_the_database_equals_the_fold(each_database: Database) -> None:
    each_database.populate(tenants=10_000)
    migrations = FOLDER.ledger.migrations
    for count, (_, content) in enumerate(FILES, start=1):
        assert "applied already" not in each_database.apply(content)
        folded = fold(migration.operation for migration in migrations[:count])
        assert_equals(each_database, folded.recorded)
        assert each_database.applied() == [migration.name for migration in migrations[:count]]
    fallback = {n: fallback_shard("md5", n, [1, 2]) for n in range(1, 10_001)}
    moved = {n: 3 if shard == 2 or n in {4, 5, 6} else shard for n, shard in fallback.items()}
    assert each_database.tenants() == moved


@pytest.mark.parametrize("runner", RUNNERS)
def test_every_prefix_can_be_replayed(database: Database, runner: str) -> None:
    database.populate()
    texts = [text for _, text in texts_of(runner)]
    for count, text in enumerate(texts, start=1):
        database.run_as(runner, text)
        before = database.state()
        for earlier in texts[:count]:
            database.run_as(runner, earlier)
        assert database.state() == before
    assert_equals(database, FOLDERS[runner].ledger.recorded)


def test_applied_twice_with_psql_is_a_no_op_that_says_so(database: Database) -> None:
    database.populate()
    for file, content in FILES:
        database.apply(content)
        before = database.state()
        assert f"{file} is applied already" in database.apply(content)
        assert database.state() == before


@pytest.mark.parametrize("runner", RUNNERS)
def test_out_of_order_is_refused_and_names_the_file_that_comes_first(
    database: Database, runner: str
) -> None:
    """Any two files swapped are among these: whatever is applied, each later file is refused."""
    database.populate()
    texts = texts_of(runner)
    for count, (_, text) in enumerate(texts):
        before = database.state()
        for (parent, _), (file, later) in list(pairwise(texts))[count:]:
            with pytest.raises(psycopg.errors.RaiseException, match=f"{file} comes after {parent}"):
                database.run_as(runner, later)
        assert database.state() == before
        database.run_as(runner, text)


def test_out_of_order_with_psql(database: Database) -> None:
    database.populate()
    first, _, third, *_ = (content for _, content in FILES)
    assert "and this database has no ledger yet" in database.refused(third)
    database.apply(first)
    assert "0003_validate.sql comes after 0002_pin.sql, which is not" in database.refused(third)


def test_without_on_error_stop_nothing_of_a_refused_file_happens(database: Database) -> None:
    database.populate()
    database.apply(FILES[0][1])
    before = database.state()
    database.psql(FILES[3][1], "-q")
    assert database.state() == before


@pytest.mark.parametrize("runner", RUNNERS)
def test_statement_by_statement_in_autocommit_nothing_happens(
    database: Database, runner: str
) -> None:
    database.populate()
    for file, text in texts_of(runner):
        before = database.state()
        errors = database.one_by_one(text.encode())
        assert f"{file} must run in one transaction; nothing was changed" in errors
        database.scattered(text.encode())
        assert database.state() == before
        database.run_as(runner, text)


def test_in_autocommit_nothing_happens_on_any_version(each_database: Database) -> None:
    each_database.populate()
    for _, text in texts_of("flyway")[:4]:
        before = each_database.state()
        each_database.one_by_one(text.encode())
        assert each_database.state() == before
        each_database.run_as("flyway", text)


@pytest.mark.parametrize("runner", sorted({*RUNNERS} - {"psql"}))
def test_a_file_without_its_runner_is_refused_out_loud(database: Database, runner: str) -> None:
    database.populate()
    file, text = texts_of(runner)[0]
    assert f"{file} must run in one transaction" in database.refused(text.encode())


def test_another_branch_is_refused(database: Database) -> None:
    database.populate()
    one, other = rendered(desired("1 2")), rendered(desired("1 3"))
    for content in one.files.values():
        database.apply(content)
    error = database.refused(other.files["0004_add_shard_3.sql"])
    assert "0004_add_shard_3.sql comes after 0003_validate.sql, but another file took its" in error
    strange = rendered(desired("1 2", adopt_shards=2))
    assert "this database has another one" in database.refused(strange.files["0001_init.sql"])


def test_a_tenant_cannot_be_on_a_shard_that_does_not_exist(database: Database) -> None:
    database.populate()
    folder = rendered(desired("1 2"))
    for content in folder.files.values():
        database.apply(content)
    for statement in (
        "UPDATE business SET whatsapp_shard = 9 WHERE id = 1",
        "INSERT INTO business (id, whatsapp_shard) VALUES (1000, 9)",
    ):
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            database.run(statement)
    folder.append([Assign(shard=9, tenants=(1, 2))], BUSINESS)
    assert "violates foreign key" in database.refused(folder.files["0005_assign_to_shard_9.sql"])


def test_new_values_are_checked_from_the_first_file_on(database: Database) -> None:
    database.populate(", whatsapp_shard integer DEFAULT 7")
    database.apply(FILES[0][1])
    database.run("UPDATE business SET title = 'renamed'")
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        database.run("UPDATE business SET whatsapp_shard = 9 WHERE id = 1")


def test_rows_on_unregistered_shards_fail_the_validation(database: Database) -> None:
    database.populate(", whatsapp_shard integer DEFAULT 1")
    database.run("UPDATE business SET whatsapp_shard = 7 WHERE id <= 3")
    init, pin, validate = rendered(desired("1")).files.values()
    database.apply(init)
    database.apply(pin)
    error = database.refused(validate)
    assert "rows of business on a shard that is not registered: 3" in error
    assert "give these rows a shard of whatsapp_shard_registry" in error
    database.run("UPDATE business SET whatsapp_shard = 1 WHERE id <= 3")
    database.apply(validate)
    assert database.validated()


def drained(database: Database, to: str = "") -> bytes:
    """Bring the database to the point where shard 2 may retire; return that file."""
    database.populate(tenants=20)
    steps = (desired("1 2"), desired("1 2", assign=((2, (1, 2, 3)),)), desired(f"1 2:draining{to}"))
    folder = rendered(*steps)
    for content in folder.files.values():
        database.apply(content)
    (file,) = folder.append([Retire(shard=2)], BUSINESS)
    return folder.files[file]


def test_retire_with_tenants_is_refused_says_how_many_and_can_be_retried(
    database: Database,
) -> None:
    retire = drained(database, to=">1")
    database.run("UPDATE business SET whatsapp_shard = 2 WHERE id <= 3")
    error = database.refused(retire)
    assert "shard 2 still has tenants: 3" in error
    way = "UPDATE business SET whatsapp_shard = 1 WHERE whatsapp_shard = 2"
    assert way in error
    database.run(way)
    database.apply(retire)
    assert database.registry() == {1: ("active", None)}


def test_retire_without_a_target_says_so(database: Database) -> None:
    error = database.refused(drained(database))
    assert "SET whatsapp_shard = (the other shard) WHERE whatsapp_shard = 2" in error


def test_concurrent_assign_of_the_same_name_is_no_replay(database: Database) -> None:
    database.populate()
    folder = Folder()
    for tenants in ((1,), (1, 2)):
        folder.render(desired("1 2", assign=((2, tenants),)))
    for content in folder.files.values():
        database.apply(content)
    assert database.applied()[-2:] == ["0005_assign_to_shard_2", "0006_assign_to_shard_2"]
    assert database.tenants()[2] == 2


def test_one_transaction_around_everything_works_as_well(database: Database) -> None:
    """A runner with a transaction of its own applies the files, each of them twice."""
    database.populate()
    with database.connect(autocommit=False) as connection:
        for _, content in FILES:
            for statement in [*statements(content), *statements(content)]:
                connection.execute(statement.encode())
    assert database.applied() == [migration.name for migration in FOLDER.ledger.migrations]
    assert_equals(database, FOLDER.ledger.recorded)
