"""The fleet and the committed ledger in; the migrations to come, and each file's change, out."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from shardgen import languages, plan
from shardgen.alongside import plan_alongside
from shardgen.digest import digest
from shardgen.errors import InvalidInput, UnreadableOutput
from shardgen.ledger import history, migration, sums, verify
from shardgen.ledger.damage import Problem, restored
from shardgen.ledger.runners import RUNNERS, WHOLE
from shardgen.lock import Owned
from shardgen.record import adopted_record, recorded_fallback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from shardgen.diagnostics import Diagnostic
    from shardgen.document import Document
    from shardgen.ledger.migration import Migration
    from shardgen.ledger.runners import Runner
    from shardgen.ledger.verify import Ledger
    from shardgen.lock import Lock
    from shardgen.model import Fleet
    from shardgen.plan import Change

    RenderText = Callable[[str, Mapping[str, object]], str]

CODES = {
    "shard_deleted": "SG601",
    "retired_returns": "SG602",
    "schema_changed": "SG603",
    "table_changed": "SG603",
    "id_column_changed": "SG603",
    "shard_column_changed": "SG603",
    "adopt_unlisted": "SG604",
    "adopt_too_few": "SG609",
    "adopt_assumed": "SG610",
    "assign_inactive": "SG605",
    "retire_assigned": "SG607",
    "runner_changed": "SG608",
    # the rules say these at the value itself, before anything is planned
    "default_inactive": "SG210",
    "move_to_inactive": "SG208",
    "assigned_twice": "SG215",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """The ledger's folder on disk: its history, its sum, and what an interrupted render left.

    A file that the lock of an interrupted render announces and the sum does not list was never
    committed: it is ours to write again or to remove. `whole` are the files that every render
    makes again, `owned` is what the lock says of them.
    """

    path: str
    files: Mapping[str, bytes]
    sum: bytes | None
    unfinished: Mapping[str, bytes]
    whole: Mapping[str, bytes] = field(default_factory=dict)
    owned: Mapping[str, Owned] = field(default_factory=dict)


def read_folder(
    path: str, names: list[str], read: Callable[[str], bytes | None], lock: Lock | None
) -> Folder:
    """Return the ledger's folder as it is on disk."""
    found = {name: read(f"{path}/{name}") or b"" for name in names if sums.belongs(name)}
    whole = {name: read(f"{path}/{name}") for name in sorted(WHOLE)}
    entries = {name: lock.outputs.get(f"{path}/{name}") for name in whole} if lock else {}
    committed = read(f"{path}/{sums.SUM_FILE}")
    listed = {name for name, _ in sums.read_sums(committed or b"").entries}
    unfinished = {
        name: content
        for name, content in found.items()
        if name not in listed and lock and announced(lock, f"{path}/{name}", content)
    }
    files = {name: content for name, content in found.items() if name not in unfinished}
    return Folder(
        path=path,
        files=files,
        sum=committed,
        unfinished=unfinished,
        whole={name: content for name, content in whole.items() if content is not None},
        owned={name: entry for name, entry in entries.items() if entry is not None},
    )


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


def desired_of(fleet: Fleet, before: Mapping[str, Any]) -> history.Desired:
    """Return what shards.yaml wants the ledger to say.

    `before` is the fleet as last rendered, empty for none: its fallback is the one that runs today.
    """
    database = fleet.database
    today = recorded_fallback(before or adopted_record(fleet), fleet) or fleet.fallback
    return history.Desired(
        schema=database.schema,
        table=database.table,
        id_column=database.id_column,
        shard_column=database.shard_column,
        default_shard=database.default_shard,
        adopt_shards=database.adopt.shards,
        adopt_route=database.adopt.route,
        fallback=today.kind,
        is_assumed=not before,
        weights=tuple(zip(today.ids, today.weights, strict=True)) if today.weights else (),
        shards=tuple(
            history.DesiredShard(id=shard.id, state=shard.state, move_to=shard.move_to)
            for shard in fleet.shards
        ),
        assign=tuple((entry.shard, entry.tenants) for entry in fleet.assign),
        runner=database.migrations.runner,
        batches=database.migrations.batches,
    )


def plan_migrations(
    folder: Folder,
    ledger: Ledger,
    fleet: Fleet,
    before: Mapping[str, Any],
    document: Document,
    render: RenderText,
    header: str,
) -> tuple[Change, ...]:
    """Return what becomes of the ledger's files, in the order in which they must be written.

    `before` is the fleet as last rendered; `header` is the first line of the files that every
    render makes again.
    Raises InvalidInput where no migration leads to what shards.yaml wants.
    """
    planned = history.plan(ledger.recorded, desired_of(fleet, before))
    if planned.problems:
        raise InvalidInput([diagnostic(problem, fleet, document) for problem in planned.problems])
    coming = migration.next_migrations(ledger, planned.operations)
    new = new_files(ledger, coming, fleet, render)
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
    whole = (*ledger.migrations, *coming)
    alongside = plan_alongside(folder, whole, fleet, render, header)
    return (*committed, *created, summed, *alongside, *orphans)


def new_files(
    ledger: Ledger,
    coming: Iterable[Migration],
    fleet: Fleet,
    render: RenderText,
) -> dict[str, bytes]:
    """Return the new migrations' files, and what the runner has beside each, by name, in order.

    Raises UnreadableOutput where one does not read back as what it records.
    """
    names, runner = fleet.database.names, RUNNERS[fleet.database.migrations.runner]
    previous = ledger.migrations[-1] if ledger.migrations else None
    found = {}
    for made in coming:
        context = migration.migration_context(made, previous, names, runner)
        template = f"migrations/{made.operation.op}.sql.j2"
        text = render(template, context)
        files = {made.file: (template, text, fault_of(made, text, runner))}
        for beside in runner.each:
            text = render(beside.template, context)
            fault = languages.parsed(beside.format, text)[1]
            files[runner.file_of(made.name, beside.file)] = (beside.template, text, fault)
        for file, (template, text, fault) in files.items():
            if fault:
                raise UnreadableOutput(f"{file}: rendered from templates/{template}, {fault}")
            found[file] = text.encode()
        previous = made
    return found


def fault_of(made: Migration, text: str, runner: Runner) -> str | None:
    """Return why a new file must not be written: no SQL, another header, another transaction."""
    if migration.read_migration(made.file, text.encode()) != made:
        return "does not bear the header of its migration"
    statements, fault = languages.parsed("sql", text)
    if fault:
        return fault
    ends = [words[-1] for each in statements if (words := each.split()) and words[-1] in ENDS]
    if ends != (["BEGIN;", "COMMIT;"] if runner.begins else []):
        wanted = "one BEGIN and one COMMIT" if runner.begins else "no transaction of its own"
        return f"has not what {runner.name} needs: {wanted}"
    if [*SECTION.findall(text)] != (["up", "down"] if runner.has_sections else []):
        return f"has not what {runner.name} needs: its two sections, or none"
    return None


#: The statements that open or end a transaction.
ENDS = frozenset({"BEGIN;", "COMMIT;", "ROLLBACK;"})
#: What dbmate divides a file by.
SECTION = re.compile("^-- migrate:(up|down)", re.MULTILINE)


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
