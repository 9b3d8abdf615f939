"""The folder's files and shardgen.sum in; migrations, recorded state and problems out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen.ledger.damage import TAKE_ONE_SIDE, Problem, compare, restored
from shardgen.ledger.fold import fold
from shardgen.ledger.migration import NO_PARENT, Migration, Unreadable, is_ours, read_migration
from shardgen.ledger.sums import SUM_FILE, Sums, number_of, read_sums

if TYPE_CHECKING:
    from collections.abc import Mapping

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

    A folder with neither is the empty ledger.
    """
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
    parent = NO_PARENT
    for number, (file, _) in enumerate(sums.entries, start=1):
        if file not in sound or number_of(file) != number:
            break
        migration = read_migration(file, files[file])
        if isinstance(migration, Unreadable):
            problem = restored(file, migration.kind, migration.message, whole=True)
            return tuple(migrations), (problem,)
        if migration.parent != parent:
            return tuple(migrations), (_broken_chain(file, migrations),)
        migrations.append(migration)
        parent = migration.id
    return tuple(migrations), ()


def _broken_chain(file: str, before: list[Migration]) -> Problem:
    place = f"on {before[-1].file}" if before else "as the first file"
    text = f"was not written to follow {place}"
    return Problem(path=file, kind="broken_chain", message=text, fix=TAKE_ONE_SIDE)
