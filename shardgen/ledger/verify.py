"""The folder's files and shardgen.sum in; migrations, recorded state and problems out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen.ledger.damage import TAKE_ONE_SIDE, Problem, compare, restored
from shardgen.ledger.fold import fold
from shardgen.ledger.migration import NO_PARENT, Migration, Unreadable, is_ours, read_migration
from shardgen.ledger.operations import Init
from shardgen.ledger.runners import PSQL, RUNNERS
from shardgen.ledger.sums import SUM_FILE, Sums, belongs, number_beside, number_of, read_sums

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shardgen.ledger.runners import Runner
    from shardgen.ledger.state import Recorded

__all__ = ["Ledger", "Problem", "read_ledger"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The committed migrations in order, what they record, and how they were damaged.

    With problems, `migrations` holds those before the first damaged one, and nothing may follow.
    """

    migrations: tuple[Migration, ...]
    recorded: Recorded
    problems: tuple[Problem, ...]


def read_ledger(files: Mapping[str, bytes], sum_text: bytes | None) -> Ledger:
    """Return the ledger of a folder: every `*.sql` by file name, and shardgen.sum if it is there.

    What a runner has beside them counts too. A folder with neither is the empty ledger.
    """
    files = {file: content for file, content in files.items() if belongs(file)}
    sums, crlf = _read_sums(sum_text)
    compared = compare(files, sums)
    if sum_text is None and any(map(is_ours, files.values())):
        lost = restored(SUM_FILE, "sum_missing", "is not there, but migrations are")
        return _ledger((), (lost,))
    migrations, broken = _history(files, sums, compared.sound)
    return _ledger(migrations, (*crlf, *compared.problems, *broken))


def _ledger(migrations: tuple[Migration, ...], problems: tuple[Problem, ...]) -> Ledger:
    folded = fold(migration.operation for migration in migrations)
    illegal = tuple(
        restored(
            migrations[step.index].file,
            "illegal",
            f"records a step that cannot follow: {step.message}",
            whole=True,
        )
        for step in folded.illegal[:1]
    )
    return Ledger(migrations=migrations, recorded=folded.recorded, problems=(*problems, *illegal))


def _read_sums(content: bytes | None) -> tuple[Sums, tuple[Problem, ...]]:
    """Return the sum file, read without the carriage returns that it must not have."""
    if content is None:
        return Sums(entries=(), intact=True), ()
    if b"\r\n" not in content:
        return read_sums(content), ()
    problem = restored(SUM_FILE, "crlf", "was saved with CRLF line ends")
    return read_sums(content.replace(b"\r\n", b"\n")), (problem,)


def _history(
    files: Mapping[str, bytes], sums: Sums, sound: frozenset[str]
) -> tuple[tuple[Migration, ...], tuple[Problem, ...]]:
    """Return the migrations up to the first that is damaged or does not follow on its parent."""
    migrations: list[Migration] = []
    parent, runner = NO_PARENT, PSQL
    named = [file for file, _ in sums.entries if number_beside(file) is None]
    for number, file in enumerate(named, start=1):
        if file not in sound or number_of(file) != number:
            break
        migration = read_migration(file, files[file])
        if isinstance(migration, Unreadable):
            problem = restored(file, migration.kind, migration.message, whole=True)
            return tuple(migrations), (problem,)
        if migration.parent != parent:
            return tuple(migrations), (_broken_chain(file, migrations),)
        if isinstance(migration.operation, Init):
            runner = RUNNERS[migration.operation.runner]
        if (unlike := _unlike(migration, runner, sums)) is not None:
            return tuple(migrations), (unlike,)
        if not sound.issuperset(runner.beside(migration.name)):
            break
        migrations.append(migration)
        parent = migration.id
    return tuple(migrations), tuple(_astray(migrations, runner, sound, len(named)))


def _unlike(migration: Migration, runner: Runner, sums: Sums) -> Problem | None:
    """Return what tells a migration from those that the ledger's runner takes."""
    listed = {file for file, _ in sums.entries}
    if migration.file != (right := runner.file_of(migration.name)):
        text = f"should be called {right}: the ledger is for {runner.name}"
        return restored(migration.file, "misnamed", text, whole=True)
    for file in runner.beside(migration.name):
        if file not in listed:
            return restored(file, "missing", f"is not in {SUM_FILE}", whole=True)
    return None


def _astray(
    migrations: list[Migration], runner: Runner, sound: frozenset[str], count: int
) -> Iterator[Problem]:
    """Yield the listed files that stand beside no migration, where all migrations are sound."""
    if len(migrations) == count:
        known = {file for each in migrations for file in runner.beside(each.name)}
        for file in sorted(sound - known):
            if number_beside(file) is not None:
                text = f"is in {SUM_FILE} but belongs to no migration"
                yield restored(file, "astray", text, whole=True)


def _broken_chain(file: str, before: list[Migration]) -> Problem:
    place = f"on {before[-1].file}" if before else "as the first file"
    text = f"was not written to follow {place}"
    return Problem(path=file, kind="broken_chain", message=text, fix=TAKE_ONE_SIDE)
