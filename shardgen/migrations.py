"""The fleet and the committed ledger in; the migrations to come, and what becomes of each file, out."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shardgen import plan, readback
from shardgen.digest import digest
from shardgen.errors import InvalidInput, UnreadableOutput
from shardgen.ledger import history, migration, sums, verify
from shardgen.ledger.damage import Problem, restored
from shardgen.ledger.names import Names, derive_names
from shardgen.lock import Owned

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shardgen.diagnostics import Diagnostic
    from shardgen.ledger.verify import Ledger
    from shardgen.lock import Lock
    from shardgen.model import Fleet
    from shardgen.plan import Change
    from shardgen.source import Document

    RenderText = Callable[[str, Mapping[str, object]], str]

CODES = {
    "shard_deleted": "SG601",
    "retired_returns": "SG602",
    "schema_changed": "SG603",
    "table_changed": "SG603",
    "id_column_changed": "SG603",
    "shard_column_changed": "SG603",
    "adopt_unlisted": "SG604",
    "assign_inactive": "SG605",
    "retire_with_tenants": "SG607",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """The ledger's folder on disk: its SQL files, its sum, and what an interrupted render left.

    A file that the lock of an interrupted render announces and the sum does not list was never
    committed: it is ours to write again or to remove.
    """

    path: str
    files: Mapping[str, bytes]
    sum: bytes | None
    unfinished: Mapping[str, bytes]


def read_folder(
    path: str, names: list[str], read: Callable[[str], bytes | None], lock: Lock | None
) -> Folder:
    """Return the ledger's folder as it is on disk."""
    found = {name: read(f"{path}/{name}") or b"" for name in names if name.endswith(".sql")}
    committed = read(f"{path}/{sums.SUM_FILE}")
    listed = {name for name, _ in sums.read_sums(committed or b"").entries}
    unfinished = {
        name: content
        for name, content in found.items()
        if name not in listed and lock and announced(lock, f"{path}/{name}", content)
    }
    files = {name: content for name, content in found.items() if name not in unfinished}
    return Folder(path=path, files=files, sum=committed, unfinished=unfinished)


def announced(lock: Lock, path: str, content: bytes) -> bool:
    """Return whether an interrupted render's lock says that it was about to write this file."""
    entry = lock.outputs.get(path)
    return bool(entry and entry.was is not None and digest(content) in {entry.digest, entry.was})


def read_ledger(folder: Folder, lock: Lock | None) -> Ledger:
    """Return the ledger; committed files that the lock knows and the folder lacks are a problem."""
    ledger = verify.read_ledger(folder.files, folder.sum)
    if folder.sum is None and (old := former_folder(folder, lock)):
        return replace(ledger, problems=(moved(folder, old),))
    reported = {problem.path for problem in ledger.problems}
    lost = [
        restored(name, "missing", f"is gone, and so is its line in {sums.SUM_FILE}", whole=True)
        for name in committed_files(lock).get(folder.path, ())
        if name not in folder.files and name not in reported
    ]
    return replace(ledger, problems=(*ledger.problems, *lost)) if lost else ledger


def committed_files(lock: Lock | None) -> dict[str, list[str]]:
    """Return the names of the migrations that the lock lists as committed, by their folder."""
    found: dict[str, list[str]] = {}
    for path, entry in sorted(lock.outputs.items() if lock else ()):
        if entry.form == "once" and entry.was is None:
            folder, _, name = path.rpartition("/")
            found.setdefault(folder, []).append(name)
    return found


def former_folder(folder: Folder, lock: Lock | None) -> str | None:
    """Return where the ledger was at the last render, if that is another folder."""
    known = committed_files(lock)
    return None if folder.path in known else next(iter(known), None)


def moved(folder: Folder, old: str) -> Problem:
    """Return the problem of a ledger that did not come along to its new path."""
    parent = shlex.quote(folder.path.rpartition("/")[0] or ".")
    move = f"mv {shlex.quote(old)} {shlex.quote(folder.path)}"
    return Problem(
        path=sums.SUM_FILE,
        kind="moved",
        message=f"is not there: the ledger was in {old!r} at the last render",
        fix=move if parent == "." else f"mkdir -p {parent} && {move}",
        is_command=True,
    )


def desired_of(fleet: Fleet) -> history.Desired:
    """Return what shards.yaml wants the ledger to say."""
    database = fleet.database
    return history.Desired(
        schema=database.schema,
        table=database.table,
        id_column=database.id_column,
        shard_column=database.shard_column,
        default_shard=database.default_shard,
        adopt_shards=database.adopt.shards,
        adopt_route=database.adopt.route,
        fallback=fleet.routing.fallback,
        shards=tuple(
            history.DesiredShard(id=shard.id, state=shard.state, move_to=shard.move_to)
            for shard in fleet.shards
        ),
        assign=tuple((entry.shard, entry.tenants) for entry in fleet.assign),
    )


def plan_migrations(
    folder: Folder,
    ledger: Ledger,
    fleet: Fleet,
    document: Document,
    render: RenderText,
) -> tuple[Change, ...]:
    """Return what becomes of the ledger's files, in the order in which they must be written.

    Raises InvalidInput where no migration leads to what shards.yaml wants.
    """
    planned = history.plan(ledger.recorded, desired_of(fleet))
    if planned.problems:
        raise InvalidInput([diagnostic(problem, fleet, document) for problem in planned.problems])
    new = new_files(ledger, planned.operations, fleet, render)
    committed = [
        plan.once(f"{folder.path}/{name}", content, content, is_new=False)
        for name, content in folder.files.items()
    ]
    created = [
        plan.once(f"{folder.path}/{name}", content, folder.unfinished.get(name), is_new=True)
        for name, content in new.items()
    ]
    sum_path = f"{folder.path}/{sums.SUM_FILE}"
    text = sums.sum_text({**folder.files, **new})
    verified = Owned("migrations", "whole", digest(folder.sum)) if folder.sum else None
    summed = plan.plan_whole("migrations", sum_path, text, folder.sum, verified)
    orphans = [
        orphan(f"{folder.path}/{name}", content)
        for name, content in sorted(folder.unfinished.items())
        if name not in new
    ]
    return (*committed, *created, summed, *orphans)


def new_files(
    ledger: Ledger,
    operations: tuple[object, ...],
    fleet: Fleet,
    render: RenderText,
) -> dict[str, bytes]:
    """Return the new migrations' files, by name, in order.

    Raises UnreadableOutput where one does not read back as what it records.
    """
    names = database_names(fleet)
    previous = ledger.migrations[-1] if ledger.migrations else None
    found = {}
    for made in migration.next_migrations(ledger, operations):  # type: ignore[arg-type]
        context = migration.migration_context(made, previous, names)
        template = f"migrations/{made.operation.op}.sql.j2"
        text = render(template, context)
        if fault := fault_of(made, text):
            raise UnreadableOutput(f"{made.file}: rendered from templates/{template}, {fault}")
        found[made.file] = text.encode()
        previous = made
    return found


def fault_of(made: migration.Migration, text: str) -> str | None:
    """Return why a new file must not be written: it is no SQL, or its header says something else."""
    if migration.read_migration(made.file, text.encode()) != made:
        return "does not bear the header of its migration"
    return readback.parsed("sql", text)[1]


def database_names(fleet: Fleet) -> Names:
    """Return the names of the ledger's objects in the database."""
    database = fleet.database
    return derive_names(
        schema=database.schema,
        table=database.table,
        id_column=database.id_column,
        shard_column=database.shard_column,
    )


def orphan(path: str, content: bytes) -> Change:
    """Return the removal of a migration that an interrupted render wrote and no plan needs now."""
    return plan.Change(
        destination=path,
        kind=plan.REMOVE,
        reason="left by an interrupted render",
        before=content,
        after=None,
        owned=None,
    )


def diagnostic(problem: history.PlanProblem, fleet: Fleet, document: Document) -> Diagnostic:
    """Return a wish that no migration can fulfil as an error at its place in shards.yaml."""
    index = {shard.id: shard.index for shard in fleet.shards}
    path: tuple[str | int, ...] = ("shards",)
    if problem.key:
        path = tuple(problem.key.split("."))
    elif problem.shard in index:
        path = ("shards", index[problem.shard])
    code = CODES.get(problem.kind, "SG607")
    return document.error(path, code, problem.message, problem.hint, key=path == ("shards",))


def problem_path(folder: Folder, problem: Problem) -> str:
    """Return the path of a damaged file, relative to the project."""
    return f"{folder.path}/{problem.path}"
