"""The tools that apply migrations, one record each: file names, transactions, what is typed."""

from __future__ import annotations

from dataclasses import dataclass

NAMED = "{number}_{slug}.sql"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A file that a runner needs beside the migrations; `file` is the form of its name."""

    file: str
    template: str
    format: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """What one tool expects of the ledger's folder.

    `file` is the form of a migration's name. A file that `begins` opens and ends its transaction;
    for the others the tool does, or sends the whole file as one query, which is a transaction too.
    `has_sections` marks up and down in one file. The files of `each` are written once, with a
    migration; those of `whole` are for the folder, and rendered again with each render.
    `apply` is the command; `{history}` is the table in which the tool keeps its own history. `upto`
    is the one that stops after a migration, None where the tool knows no such.
    """

    name: str
    apply: str
    upto: str | None = None
    file: str = NAMED
    begins: bool = False
    has_sections: bool = False
    each: tuple[Beside, ...] = ()
    whole: tuple[Beside, ...] = ()

    def file_of(self, name: str, form: str | None = None) -> str:
        """Return the file name of the migration `0005_add_shard_3`, or of a file beside it."""
        number, _, slug = name.partition("_")
        return (form or self.file).format(number=number, slug=slug)

    def beside(self, name: str) -> tuple[str, ...]:
        """Return the names of the files that stand beside the migration."""
        return tuple(self.file_of(name, beside.file) for beside in self.each)


#: By the name in shards.yaml, `database.migrations.runner`. The first migration fixes it.
RUNNERS: dict[str, Runner] = {
    runner.name: runner
    for runner in (
        Runner(
            name="psql",
            apply="psql -X -v ON_ERROR_STOP=1 -f {folder}/apply.sql",
            upto="psql -X -v ON_ERROR_STOP=1 {files}",
            begins=True,
            whole=(Beside(file="apply.sql", template="runners/apply.sql.j2", format="text"),),
        ),
        Runner(
            name="dbmate",
            apply="dbmate --migrations-dir {folder} --migrations-table {history}"
            " --no-dump-schema up --strict",
            has_sections=True,
        ),
        Runner(
            name="golang-migrate",
            apply="migrate -path {folder}"
            ' -database "$DATABASE_URL?x-migrations-table={history}" up',
            upto="migrate -path {folder}"
            ' -database "$DATABASE_URL?x-migrations-table={history}" goto {number}',
            file="{number}_{slug}.up.sql",
            each=(
                Beside(
                    file="{number}_{slug}.down.sql",
                    template="migrations/_down.sql.j2",
                    format="sql",
                ),
            ),
        ),
        Runner(
            name="flyway",
            apply="flyway -locations=filesystem:{folder} -table={history}"
            " -baselineOnMigrate=true -baselineVersion=0 migrate",
            upto="flyway -locations=filesystem:{folder} -table={history}"
            " -baselineOnMigrate=true -baselineVersion=0 -target={number} migrate",
            file="V{number}__{slug}.sql",
        ),
        Runner(
            name="alembic",
            apply="alembic -c {folder}/alembic.ini upgrade head",
            upto="alembic -c {folder}/alembic.ini upgrade {revision}",
            each=(
                Beside(
                    file="{number}_{slug}.py",
                    template="migrations/_revision.py.j2",
                    format="python",
                ),
            ),
            whole=(
                Beside(file="alembic.ini", template="runners/alembic.ini.j2", format="text"),
                Beside(file="alembic/env.py", template="runners/env.py.j2", format="python"),
            ),
        ),
    )
}

#: What init records where shards.yaml names no runner.
PSQL = RUNNERS["psql"]
#: Every file of a folder that is rendered again and is no part of the history.
WHOLE = frozenset(beside.file for runner in RUNNERS.values() for beside in runner.whole)


def form_of(file: str) -> Runner:
    """Return a runner whose migrations are named like this file."""
    if file.startswith("V"):
        return RUNNERS["flyway"]
    return RUNNERS["golang-migrate"] if file.endswith(".up.sql") else PSQL
