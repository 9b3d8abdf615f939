"""The SQL of every operation: PostgreSQL's parser and the linter accept it, and every runner passes it on."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pglast
import pytest

from shardgen.ledger.operations import OPERATIONS
from tests.ledger.support import LIFE, TEMPLATES, desired, rendered, shards
from tests.needs import require

if TYPE_CHECKING:
    from pathlib import Path

#: what PostgreSQL versions the files must run on
VERSIONS = ("12", "15", "18")

FOLDERS = {
    "life": rendered(*(wanted for _, wanted in LIFE)),
    "smallest": rendered(desired("1 2")),
    "hash": rendered(desired("1 2 3", adopt_shards=3, adopt_route="hash")),
    "modulo": rendered(desired("1 2 3", adopt_shards=3, fallback="modulo")),
    "reserved": rendered(
        desired("1 2", schema="analyse", table="user", id_column="order", shard_column="group"),
        desired(
            "1 2:retired>1",
            schema="analyse",
            table="user",
            id_column="order",
            shard_column="group",
            assign=((1, tuple(range(-20, 480))),),
        ),
    ),
}
FILES = {
    f"{case}/{file}": content.decode()
    for case, folder in FOLDERS.items()
    for file, content in folder.files.items()
}

DO_BODY = re.compile(
    r"DO (\$[a-z]+\$)\n(.*?)^BEGIN\n(.*?)^(?:EXCEPTION|END\n)", re.MULTILINE | re.DOTALL
)
#: what a DO body adds to the statements inside it
PLPGSQL = re.compile(r"^ *(IF .* THEN|END IF;|PERFORM .*)\n", re.MULTILINE)


def statements_in_bodies(text: str) -> str:
    """The DDL and DML of the DO bodies but the guard's, as statements of their own."""
    bodies = [body for tag, _, body in DO_BODY.findall(text) if tag != "$guard$"]
    return PLPGSQL.sub("", "".join(bodies))


def test_every_operation_is_covered() -> None:
    covered = {migration.operation.op for migration in FOLDERS["life"].ledger.migrations}
    assert covered == {kind.op for kind in OPERATIONS}
    assert {path.name for path in (TEMPLATES / "migrations").iterdir()} == {
        "_file.sql.j2",
        *(f"{op}.sql.j2" for op in covered),
    }


@pytest.mark.parametrize("file", FILES)
def test_the_parser_reads_it_as_one_transaction(file: str) -> None:
    parsed = [type(raw.stmt).__name__ for raw in pglast.parse_sql(FILES[file])]
    assert (parsed[0], parsed[-1]) == ("TransactionStmt", "TransactionStmt")
    assert parsed.count("TransactionStmt") == 2
    assert parsed[1:4] == ["VariableSetStmt", "SelectStmt", "VariableSetStmt"]
    for kind in parsed[4:-1]:
        assert kind in {"DoStmt", "UpdateStmt", "InsertStmt"}
    pglast.parse_sql(statements_in_bodies(FILES[file]))


@pytest.mark.parametrize("file", FILES)
def test_every_statement_that_changes_something_asks_for_the_guard(file: str) -> None:
    name = file.split("/")[1].removesuffix(".sql")
    condition = f"current_setting('shardgen.apply', true) = '{name}'"
    for raw in pglast.split(FILES[file]):
        words = raw.split()
        if words[0] in {"UPDATE", "INSERT", "DELETE"}:
            assert raw.count(condition) == 1
            assert "OR" not in raw.split(condition)[1].split()
        elif words[0] == "DO" and words[1] != "$guard$":
            assert raw.split("BEGIN\n", 1)[1].startswith(f"    IF {condition} THEN\n")


@pytest.mark.parametrize("file", FILES)
def test_the_text_passes_every_runner(file: str) -> None:
    text = FILES[file]
    for sign in ("%", "::", "${", "\\", "$$", "\r", "\t", " \n"):
        assert sign not in text
    assert not re.search(r"(?<!\w):\w", text)
    assert text.isascii()
    assert text.endswith("COMMIT;\n")


@pytest.mark.parametrize("path", sorted((TEMPLATES / "migrations").iterdir()), ids=lambda p: p.name)
def test_the_templates_pass_every_runner(path: Path) -> None:
    text = re.sub(r"\{%.*?%\}", "", path.read_text())
    for sign in ("%", "::", "${", "\\", "$$"):
        assert sign not in text
    assert not re.search(r"(?<!\w):\w", text)


@pytest.mark.parametrize("path", sorted((TEMPLATES / "migrations").iterdir()), ids=lambda p: p.name)
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
def test_the_linter_finds_nothing(tmp_path: Path, version: str) -> None:
    for file, text in FILES.items():
        (tmp_path / file.replace("/", "_")).write_text(text)
    assert squawk(tmp_path, f"--pg-version={version}") == ""


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
