"""A planned project in, what `render` says out: what was done, what moves, what to type next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardgen import plan, record
from shardgen.diagnostics import plain
from shardgen.impact import impact_lines, migrations_in
from shardgen.outputs import HELD
from shardgen.rollout.clusters import deployments
from shardgen.rollout.elsewhere import aways, relocations
from shardgen.rollout.reloads import reloads
from shardgen.rollout.steps import Work, steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from shardgen.plan import Change
    from shardgen.workspace import Workspace

    Paint = Callable[[str, str], str]

SIGNS = {plan.CREATE: "+", plan.UPDATE: "~", plan.REMOVE: "-", plan.REFUSE: "!"}


def render_text(
    workspace: Workspace, *, dry: bool, paint: Paint = plain, first: Sequence[str] = ()
) -> str:
    """Return what a render did, file by file, and what to know and to type next.

    `first` are commands to type before all others.
    """
    drift = workspace.drift
    width = max((len(change.destination) for change in drift), default=0)
    lines = [
        f"  {paint(SIGNS[change.kind], change.kind)} {change.destination:<{width}}  "
        f"{note(change, workspace)}".rstrip()
        for change in drift
    ]
    if not workspace.has_same_lock:
        sign = plan.UPDATE if workspace.lock_on_disk else plan.CREATE
        lines.append(f"  {paint(SIGNS[sign], sign)} {workspace.lock}")
    unchanged = len(workspace.changes) - len(drift)
    verb = "to write" if dry else "written"
    written = len(drift) + (not workspace.has_same_lock)
    lines.append(f"  {written} {verb}, {unchanged} unchanged")
    lines += impact_lines(workspace, paint)
    lines += next_lines(workspace, first)
    return "\n".join(lines) + "\n"


def note(change: Change, workspace: Workspace) -> str:
    """Return what one change means, in a few words."""
    if change.kind == plan.REMOVE or is_planned_again(change):
        return change.reason
    if change.owned and change.owned.output in {"compose", "hosts"}:
        return ", ".join(fleet_notes(workspace, host_of(change, workspace)))
    if change.owned and change.owned.output == "env":
        return count_note(workspace)
    return ""


def is_planned_again(change: Change) -> bool:
    """Return whether a migration that was not committed is written anew."""
    is_migration = change.owned is not None and change.owned.form == "once"
    return is_migration and change.kind == plan.UPDATE


def host_of(change: Change, workspace: Workspace) -> str:
    """Return the host that a compose file is for; '' is the one where the consumers run."""
    known = {each.destination: each.subject for each in workspace.inputs.outputs}
    return known.get(change.destination, "")


def fleet_notes(workspace: Workspace, host: str) -> Iterator[str]:
    """Yield the services and volumes that the compose file of a host gains and loses."""
    fleet = workspace.inputs.fleet
    before = workspace.fleet_before.get("shards", {})
    for shard in fleet.shards:
        was = before.get(str(shard.id), {})
        ran = was.get("state", "retired" if before else None)
        is_there = shard.is_live and shard.host == host
        was_there = ran not in {"retired", None} and was.get("host", "") == host
        if is_there and not was_there and ran is not None:
            yield f"+ {shard.service}"
            yield f"+ {shard.volume}"
        elif was_there and not is_there:
            yield f"- {shard.service}"


def count_note(workspace: Workspace) -> str:
    """Return how the number of shards changes; '' where it stays."""
    before = workspace.fleet_before.get("shards", {})
    was = sum(shard.get("state") != "retired" for shard in before.values())
    now = len(workspace.inputs.fleet.live)
    prefix = workspace.inputs.fleet.service.prefix
    return f"{prefix}_NUM_SHARDS {was} → {now}" if before and was != now else ""


def next_lines(workspace: Workspace, first: Sequence[str] = ()) -> list[str]:
    """Return the commands that bring what was written into effect, in order."""
    is_needed = workspace.drift or workspace.is_interrupted
    return typed_lines(workspace, [*first, *(effect_commands(workspace) if is_needed else ())])


def typed_lines(workspace: Workspace, commands: Sequence[str]) -> list[str]:
    """Return commands as what to type next, and where: they are of the project's folder."""
    if not commands:
        return []
    where = [] if workspace.root == "." else [f"next, in {workspace.root}:"]
    start = "      " if where else "next  "
    return ["", *where, start + commands[0], *("      " + command for command in commands[1:])]


def effect_commands(workspace: Workspace) -> list[str]:
    """Return the commands that make volumes, apply migrations and start what is new, in order."""
    changes, fleet = workspace.changes, workspace.inputs.fleet
    made = list(workspace.commands.create_volumes)
    if len(made) > MOST_COMMANDS:
        made = [*made[:MOST_COMMANDS], f"… {len(made) - MOST_COMMANDS} more, in order"]
    starts = any(changes_services(change, workspace) for change in changes)
    before, outputs = workspace.fleet_before, workspace.inputs.outputs
    other = [each.destination for each in changes if each.is_drift or workspace.is_interrupted]
    builds = any(is_new_router(change) for change in changes)
    work = Work(
        fleet=fleet,
        aways=aways(before, fleet, outputs, other),
        clusters=deployments(before, fleet, outputs, other, builds=builds),
        reloads=tuple(reloads(outputs, other)),
        moving=relocations(before, fleet),
        commands=workspace.commands,
        migrations=[each for change, each in migrations_in(changes) if is_new(change, workspace)],
        containers=None,
        builds=builds,
        starts=starts,
        gone=record.stopped_services(before, fleet) if starts else (),
    )
    return [*made, *(step.command for step in steps(work))]


#: More commands than this are summed up.
MOST_COMMANDS = 12


def is_new(change: Change, workspace: Workspace) -> bool:
    """Return whether a migration is written now, or was by a render that did not come to say so."""
    entry = workspace.lock_before and workspace.lock_before.outputs.get(change.destination)
    return change.kind in {plan.CREATE, plan.UPDATE} or bool(entry and entry.was is not None)


def is_new_router(change: Change) -> bool:
    """Return whether the consumers need another image: it holds the router."""
    return change.is_drift and change.owned is not None and change.owned.output in HELD


def changes_services(change: Change, workspace: Workspace) -> bool:
    """Return whether what runs may not be what a file says now."""
    is_read = change.owned is not None and change.owned.output in {"compose", "env"}
    return is_read and (change.is_drift or workspace.is_interrupted)
