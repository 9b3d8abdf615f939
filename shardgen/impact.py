"""A planned project in, what it means for the tenants out: who moves, and what avoids it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardgen import plan, record
from shardgen.errors import Refused
from shardgen.ledger.migration import Migration, read_migration
from shardgen.ledger.operations import Assign, Move, Pin
from shardgen.outputs import destination_of
from shardgen.telling import told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from shardgen.ledger.operations import Operation
    from shardgen.plan import Change
    from shardgen.workspace import Workspace

    Paint = Callable[[str, str], str]


def impact_lines(workspace: Workspace, paint: Paint) -> list[str]:
    """Return what a render does to tenants, each line of it marked; none where nobody moves."""
    lines = [*reroute_lines(workspace), *move_lines(workspace), *consumer_lines(workspace)]
    marked = [f"{paint('!', 'error')}{line[1:]}" if line[:1] == "!" else line for line in lines]
    return ["", *marked] if marked else []


def reroute_lines(workspace: Workspace) -> Iterator[str]:
    """Yield the share of fallback tenants that change their shard, and the line that avoids it."""
    before, fleet = workspace.fleet_before, workspace.inputs.fleet
    change = record.reroute(before, fleet)
    if change is None:
        return
    if before and workspace.committed and record.routes_alike(workspace.committed, fleet):
        yield "  The fallback is as it was committed: nobody moves who did not before."
        return
    who = "of the tenants routed by the fallback move to another shard and must pair again."
    yield f"! {share_text(change)} {who}"
    counted = f"counted over the ids 1 to {change.counted:,}"
    passed = "passed, or found by the lookup," if fleet.routing.lookup else "passed"
    yield f"  ({counted}; a tenant whose shard is {passed} does not move)"
    if not before:
        count = fleet.database.adopt.shards
        runs = "1 shard runs" if count == 1 else f"{count} shards run"
        yield f"  {runs} today, says database.adopt; if not:   database: {{adopt: {{shards: N}}}}"
    if change.freeze:
        yield f"  To move none, {freeze_line(workspace, change.freeze)}"
    if is_guarded(workspace):
        yield f"  routing.guard is on:   {workspace.commands.render} --allow-reroute"


def share_text(change: record.Reroute) -> str:
    """Return a share in percent; one of which a small sample found nobody is not called nothing."""
    if not change.share:
        return f"fewer than 1 in {change.counted:,}"
    return f"{change.share:.1%}".replace("%", " %")


def is_guarded(workspace: Workspace) -> bool:
    """Return whether `routing.guard` refuses what a render does to the tenants of the fallback.

    Another list in fallback_shards is what was meant; another hash, or another weight, is not.
    """
    before, fleet = workspace.fleet_before, workspace.inputs.fleet
    routing = fleet.routing
    is_same_kind = before.get("fallback", routing.fallback) == routing.fallback
    is_listed = routing.fallback_shards is not None
    is_another = [*before.get("fallback_shards", ())] != list(fleet.fallback_ids)
    is_meant = is_listed and is_same_kind and is_another
    if not routing.guard or routing.lookup or is_meant or record.reroute(before, fleet) is None:
        return False
    return not (workspace.committed and record.routes_alike(workspace.committed, fleet))


def guarded(workspace: Workspace) -> Refused:
    """Return why `routing.guard` refuses a render, and the ways on."""
    change = record.reroute(workspace.fleet_before, workspace.inputs.fleet)
    ways = []
    if change and change.freeze:
        ways.append(f"to move none     {freeze_line(workspace, change.freeze)}")
    ways.append(
        "with a lookup    where every caller uses the router's use_shard_lookup, "
        "set under routing:   lookup: true"
    )
    ways.append(f"to move them     {workspace.commands.render} --allow-reroute")
    what = "nothing was written: routing.guard refuses to re-route tenants"
    return Refused(what, [*reroute_lines(workspace)][:2], ways)


def freeze_line(workspace: Workspace, ids: tuple[int, ...]) -> str:
    """Return the line for shards.yaml that keeps the fallback on some shards."""
    line = f"fallback_shards: [{', '.join(map(str, ids))}]"
    if "routing" in workspace.inputs.data:
        return f"set under routing: in {workspace.config}:   {line}"
    return f"add to {workspace.config}:   routing: {{{line}}}"


def move_lines(workspace: Workspace) -> Iterator[str]:
    """Yield what the new migrations do to tenants: their rows move, and their data does not."""
    found = [(each, each.operation) for each in new_migrations(workspace)]
    moving = [(each, operation) for each, operation in found if moves(operation)]
    for migration, operation in moving:
        yield f"! {migration.file} {told(operation)}"
    if moving:
        yield "  Bring their data over before it is applied, or they must pair again."


def moves(operation: Operation) -> bool:
    """Return whether an operation changes the shard of tenants that have one."""
    is_everyone = isinstance(operation, Pin) and operation.route == "hash"
    return isinstance(operation, (Assign, Move)) or is_everyone


def new_migrations(workspace: Workspace) -> Iterator[Migration]:
    """Yield the migrations that this render writes."""
    for change, migration in migrations_in(workspace.changes):
        if change.kind in {plan.CREATE, plan.UPDATE}:
            yield migration


def migrations_in(changes: Iterable[Change]) -> Iterator[tuple[Change, Migration]]:
    """Yield the migrations among the changes, those that are there already too, in order."""
    for change in changes:
        if change.owned and change.owned.form == "once" and change.after is not None:
            name = change.destination.rpartition("/")[2]
            found = read_migration(name, change.after)
            if isinstance(found, Migration):
                yield change, found


def consumer_lines(workspace: Workspace) -> Iterator[str]:
    """Yield that nobody receives the variables, where that is new."""
    path = destination_of(workspace.inputs.outputs, "env")
    if path and not workspace.fleet_before and not workspace.inputs.fleet.service.consumers:
        who = "those that import the router belong into service.consumers"
        yield f"  No service receives {path}: {who}"
