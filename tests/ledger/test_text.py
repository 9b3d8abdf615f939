"""The SQL of every operation: PostgreSQL's parser and the linter accept it, and every runner passes it on."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pglast
import pytest

from shardgen.ledger.operations import OPERATIONS
from shardgen.ledger.runners import RUNNERS
from tests.ledger.support import TEMPLATES, desired, life, rendered, shards
from tests.needs import require

if TYPE_CHECKING:
    from pathlib import Path

#: what PostgreSQL versions the files must run on
VERSIONS = ("12", "13", "14", "15", "16", "17", "18")

RESERVED = {"schema": "analyse", "table": "user", "id_column": "order", "shard_column": "group"}
FOLDERS = {
    **{name: life(runner=name) for name in RUNNERS},
    "batches": life(runner="flyway", batches=3),
    "smallest": rendered(desired("1 2")),
    "hash": rendered(desired("1 2 3", adopt_shards=3, adopt_route="hash", batches=2)),
    "modulo": rendered(desired("1 2 3", adopt_shards=3, fallback="modulo")),
    "rendezvous": rendered(
        desired("1 2 3", adopt_shards=3, fallback="rendezvous", weights=((1, 1), (2, 3), (3, 2)))
    ),
    "rendezvous_alone": rendered(
        desired("1 2", adopt_shards=2, fallback="rendezvous", weights=((2, 4),), batches=2)
    ),
    "many": rendered(desired(" ".join(map(str, range(1, 31))))),
    "reserved": rendered(
        desired("1 2", **RESERVED),
        desired("1 2:retired>1", **RESERVED, assign=((1, tuple(range(-20, 480))),)),
    ),
}
#: every SQL file by case and name, and whether it opens its transaction itself
FILES = {
    f"{case}/{file}": content.decode()
    for case, folder in FOLDERS.items()
    for file, content in folder.files.items()
    if file.endswith(".sql")
}
UPWARDS = [file for file in FILES if not file.endswith(".down.sql")]


def begins(file: str) -> bool:
    """Whether a file opens its transaction itself."""
    return file.split("/", maxsplit=1)[0] not in {
        "dbmate",
        "golang-migrate",
        "flyway",
        "alembic",
        "batches",
    }


DO_BODY = re.compile(
    r"DO (\$[a-z]+\$)\n(.*?)^BEGIN\n(.*?)^(?:EXCEPTION|END\n)", re.MULTILINE | re.DOTALL
)
#: what a DO body adds to the statements inside it
PLPGSQL = re.compile(r"^ *(IF .* THEN|END IF;|PERFORM .*)\n", re.MULTILINE)


def statements_in_bodies(text: str) -> str:
    """The DDL and DML of the DO bodies but those that only refuse, as statements of their own."""
    bodies = [body for tag, _, body in DO_BODY.findall(text) if tag not in {"$guard$", "$down$"}]
    return PLPGSQL.sub("", "".join(bodies))


def test_every_operation_is_covered() -> None:
    covered = {migration.operation.op for migration in FOLDERS["psql"].ledger.migrations}
    assert covered == {kind.op for kind in OPERATIONS}
    beside = {each.template for runner in RUNNERS.values() for each in runner.each}
    assert {f"migrations/{path.name}" for path in (TEMPLATES / "migrations").iterdir()} == {
        "migrations/_file.sql.j2",
        *(f"migrations/{op}.sql.j2" for op in covered),
        *beside,
    }
    whole = {each.template for runner in RUNNERS.values() for each in runner.whole}
    assert {f"runners/{path.name}" for path in (TEMPLATES / "runners").iterdir()} == whole


@pytest.mark.parametrize("file", UPWARDS)
def test_the_parser_reads_it_as_one_transaction(file: str) -> None:
    parsed = [type(raw.stmt).__name__ for raw in pglast.parse_sql(FILES[file])]
    assert parsed.count("TransactionStmt") == (2 if begins(file) else 0)
    if begins(file):
        assert (parsed[0], parsed[-1]) == ("TransactionStmt", "TransactionStmt")
        parsed = parsed[1:-1]
    settings = ["VariableSetStmt", "VariableSetStmt", "SelectStmt", "VariableSetStmt", "DoStmt"]
    assert parsed[:5] == settings
    for kind in parsed[5:]:
        assert kind in {"DoStmt", "UpdateStmt", "InsertStmt"}
    pglast.parse_sql(statements_in_bodies(FILES[file]))


@pytest.mark.parametrize("file", UPWARDS)
def test_every_statement_that_changes_something_asks_for_the_guard(file: str) -> None:
    name = re.sub(r"^V(\d+)__", r"\1_", file.split("/")[1]).split(".")[0]
    condition = f"current_setting('shardgen.apply', true) = '{name}'"
    for raw in pglast.split(FILES[file]):
        words = raw.split()
        if words[0] in {"UPDATE", "INSERT", "DELETE"}:
            assert raw.count(condition) == 1
            assert "OR" not in raw.split(condition)[1].split()
        elif words[0] == "DO" and words[1] not in {"$guard$", "$down$"}:
            assert raw.split("BEGIN\n", 1)[1].startswith(f"    IF {condition} THEN\n")


def test_dbmate_finds_both_sections_and_nothing_before_them() -> None:
    for file, text in FILES.items():
        if file.startswith("dbmate/"):
            before, up, down = re.split(r"^-- migrate:(?:up|down)\n", text, flags=re.MULTILINE)
            assert all(not line or line.startswith("--") for line in before.splitlines())
            assert up.startswith("SET LOCAL")
            assert down.startswith("DO $down$")
        else:
            assert "migrate:up" not in text


def test_the_way_down_only_refuses() -> None:
    downs = [text for file, text in FILES.items() if file.endswith(".down.sql")]
    assert len(downs) == len(FOLDERS["golang-migrate"].ledger.migrations)
    for text in downs:
        (statement,) = pglast.parse_sql(text)
        assert type(statement.stmt).__name__ == "DoStmt"
        assert "RAISE EXCEPTION" in text


@pytest.mark.parametrize("file", FILES)
def test_the_text_passes_every_runner(file: str) -> None:
    text = FILES[file]
    for sign in ("%", "::", "${", "\\", "$$", "\r", "\t", " \n", "\n\n\n"):
        assert sign not in text
    assert not re.search(r"(?<!\w):\w", text.replace("migrate:", ""))
    assert text.isascii()
    assert text.endswith("COMMIT;\n" if begins(file) else ";\n")


#: psql alone reads `apply.sql`, and only that one may use its commands
PORTABLE = [
    path for path in sorted((TEMPLATES / "migrations").iterdir()) if path.name.endswith(".sql.j2")
]


@pytest.mark.parametrize("path", PORTABLE, ids=lambda p: p.name)
def test_the_templates_pass_every_runner(path: Path) -> None:
    text = re.sub(r"\{%.*?%\}", "", path.read_text())
    for sign in ("%", "::", "${", "\\", "$$"):
        assert sign not in text
    assert not re.search(r"(?<!\w):\w", text)


@pytest.mark.parametrize(
    "path",
    sorted((*(TEMPLATES / "migrations").iterdir(), *(TEMPLATES / "runners").iterdir())),
    ids=lambda p: p.name,
)
def test_control_tags_stand_at_the_margin(path: Path) -> None:
    for line in path.read_text().splitlines():
        if "{%" in line:
            assert re.fullmatch(r"\{% .* %\}", line)


def squawk(folder: Path, *options: str) -> str:
    """What the linter says about the files of a folder."""
    files = sorted(str(path) for path in folder.iterdir())
    command = [require("squawk"), *options, "--reporter=gcc", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + (done.stderr if done.returncode > 1 else "")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("own", [True, False], ids=["begins", "runner_begins"])
def test_the_linter_finds_nothing(tmp_path: Path, version: str, own: bool) -> None:
    options = (f"--pg-version={version}", *(() if own else ("--assume-in-transaction",)))
    for file, text in FILES.items():
        if begins(file) is own:
            (tmp_path / file.replace("/", "_")).write_text(text)
    assert squawk(tmp_path, *options) == ""


@pytest.mark.parametrize("version", VERSIONS)
def test_the_linter_finds_nothing_inside_the_bodies(tmp_path: Path, version: str) -> None:
    settings = "SET LOCAL statement_timeout = '30min';\nSET LOCAL lock_timeout = '5s';\n"
    for file, text in FILES.items():
        if body := statements_in_bodies(text):
            (tmp_path / file.replace("/", "_")).write_text(settings + body)
    assert len(list(tmp_path.iterdir())) >= 8
    options = ("--assume-in-transaction", f"--pg-version={version}")
    assert squawk(tmp_path, *options) == ""


def test_the_linter_is_awake(tmp_path: Path) -> None:
    (tmp_path / "bad.sql").write_text("ALTER TABLE business ADD COLUMN shard INTEGER NOT NULL;\n")
    assert "adding-required-field" in squawk(tmp_path)


def test_the_mandated_column() -> None:
    statement = "ADD COLUMN IF NOT EXISTS whatsapp_shard INTEGER NOT NULL DEFAULT 1;"
    assert statement in FILES["smallest/0001_init.sql"]


def test_shards_of_the_notation() -> None:
    assert [(s.id, s.state, s.move_to) for s in shards("1 2:draining>3")] == [
        (1, "active", None),
        (2, "draining", 3),
    ]
