"""A planned project in; the way back to a clean check out: what to decide, and what to type."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from shardgen import plan, record
from shardgen.findings import changed_inputs, lock_fault
from shardgen.ledger.damage import TAKE_ONE_SIDE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shardgen.findings import Base, Finding
    from shardgen.workspace import Workspace

#: Where what belongs to a shard's customers is stated, if not in shards.yaml as such.
PLACES = {
    "engine_volume": "its declaration",
    "claim": "outputs.kubernetes (form, namespace)",
    "engine": "outputs, beside the new one",
    "project": "the base's name: and outputs.hosts.path",
    "stack_volume": "outputs.swarm.stack",
}
#: stands for the branch that was merged first, where nobody said which it is
BASE = "BASE"


def fix_lines(
    workspace: Workspace, untracked: Sequence[str] = (), base: Base | None = None
) -> list[str]:
    """Return the way back to a clean check: decisions first, the command to type last."""
    decisions = [*(base.decisions if base else ()), *decision_lines(workspace, base)]
    commands = dict.fromkeys(fix_commands(workspace, untracked, base))
    command = in_root(workspace, " && ".join(commands))
    if decisions:
        after = [f"then: {command}"] if command else []
        return ["only a person can decide:", *(f"  {line}" for line in decisions), *after]
    return ["to fix it, type:", command]


def fix_commands(
    workspace: Workspace, untracked: Sequence[str], base: Base | None
) -> Iterator[str]:
    """Yield what to type, in order: the ledger first, then the render, then what git must know."""
    if side_to_take(workspace, base) is not None:
        yield restore_command(workspace, base)
    else:
        folder = shlex.quote(workspace.ledger_folder)
        for problem in workspace.damage:
            if problem.is_command:
                yield problem.fix.format(folder=folder)
    render = render_command(workspace, base)
    settled = [c.destination for c in workspace.refusals if not c.is_lost]
    if settled:
        yield overwrite_command(render, settled)
    elif (
        render != workspace.commands.render
        or workspace.drift
        or lock_fault(workspace)
        or changed_inputs(workspace)
    ):
        yield render
    if untracked:
        yield f"git add -f {' '.join(map(shlex.quote, untracked))}"


def side_to_take(workspace: Workspace, base: Base | None) -> str | None:
    """Return the commit whose ledger must be taken first; None where there is nothing to take."""
    takes_side = any(problem.fix == TAKE_ONE_SIDE for problem in workspace.damage)
    if not (takes_side or (base and base.findings)):
        return None
    return base.ref if base else workspace.replanned or BASE


def restore_command(workspace: Workspace, base: Base | None) -> str:
    """Return what brings back the ledger of the side to take; BASE where nobody said which."""
    source = shlex.quote(side_to_take(workspace, base) or BASE)
    folder = shlex.quote(workspace.ledger_folder)
    return f"git restore --source={source} --staged --worktree -- {folder}"


def render_command(workspace: Workspace, base: Base | None) -> str:
    """Return the render that brings everything back, on the ledger that was taken."""
    onto = side_to_take(workspace, base) or workspace.replanned
    render = workspace.commands.render
    return render if onto is None else f"{render} --replan {shlex.quote(onto)}"


def decision_lines(workspace: Workspace, base: Base | None = None) -> Iterator[str]:
    """Yield what no command can settle."""
    for problem in workspace.damage:
        if problem.fix == TAKE_ONE_SIDE:
            if base is None:
                place = f"{workspace.ledger_folder}/{problem.path}"
                yield f"{place}: which branch was merged first? It is {BASE}, and keeps its files"
        elif not problem.is_command:
            fix = problem.fix.format(folder=workspace.ledger_folder)
            yield f"{workspace.ledger_folder}/{problem.path}: {fix}"
    for change in workspace.refusals:
        if change.is_lost:
            yield f"{change.destination} {change.reason}: mend it by hand"
    changes = list(record.state_changes(workspace.fleet_before, workspace.fleet_after))
    for state in changes:
        what = f"{state.what.replace('_', ' ')} {state.before!r}"
        where = PLACES.get(state.what, workspace.config)
        if state.before == record.HERE:
            yield f"shard {state.shard}: take its host out of {where}"
        else:
            yield f"shard {state.shard}: put {what} back in {where}"
    if changes:
        yield f"or {allowing(workspace, changes)}"


def hinted(
    findings: Iterable[Finding], workspace: Workspace, base: Base | None = None
) -> Iterator[Finding]:
    """Yield the findings with the way back from each, for where it is shown without the others."""
    render = render_command(workspace, base)
    states: dict[int, list[record.StateChange]] = {}
    for change in record.state_changes(workspace.fleet_before, workspace.fleet_after):
        states.setdefault(change.shard, []).append(change)
    ledger = ledger_hints(workspace)
    whole = typed(workspace, f"{restore_command(workspace, base)} && {render}")
    if side_to_take(workspace, base) == BASE:
        whole += f", where {BASE} is the branch that was merged first"
    for finding in findings:
        hint = typed(workspace, render)
        if finding.kind == "untracked":
            hint = typed(workspace, f"git add -f {shlex.quote(finding.path)}")
        elif finding.kind == "state":
            hint = f"put it back, or {allowing(workspace, states[finding.shard])}"
        elif finding.kind in {"ledger", "base"}:
            hint = ledger.get(finding.path, whole)
        elif finding.code == "SG911":
            hint = "mend it by hand"
        elif finding.kind == plan.REFUSE:
            command = typed(workspace, overwrite_command(render, [finding.path]))
            hint = f"keep the edit in shards.yaml or in a template of yours; to lose it, {command}"
        yield finding._replace(hint=hint)


def ledger_hints(workspace: Workspace) -> dict[str, str]:
    """Return the way back for each damaged file of the ledger that is mended by itself."""
    folder = shlex.quote(workspace.ledger_folder)
    hints: dict[str, str] = {}
    for problem in workspace.damage:
        if problem.fix != TAKE_ONE_SIDE:
            fix = problem.fix.format(folder=folder)
            hint = typed(workspace, fix) if problem.is_command else fix
            hints.setdefault(f"{workspace.ledger_folder}/{problem.path}", hint)
    return hints


def typed(workspace: Workspace, command: str) -> str:
    """Return the advice to type a command."""
    return f"type `{in_root(workspace, command)}`"


def allowing(workspace: Workspace, changes: Iterable[record.StateChange]) -> str:
    """Return what to do first, and to type then, where shards are to change what they keep."""
    changes = list(changes)
    shards = dict.fromkeys(change.shard for change in changes)
    options = " ".join(f"--allow-state-change {shard}" for shard in shards)
    is_renamed = any(change.what == "service" for change in changes)
    is_away = any(change.what == "host" for change in changes)
    first = "stop the old containers" if is_renamed else "move the data"
    if any(change.what == "engine" for change in changes):
        first = (
            "stop it where it runs, and bring its volume along (docs/kubernetes.md, docs/swarm.md)"
        )
    if any(change.what == "claim" for change in changes):
        first = "bring the volumes to their new claims (docs/kubernetes.md)"
    if is_away:
        first = "stop it and copy its volume to the other host (docs/hosts.md)"
    command = in_root(workspace, f"{workspace.commands.render} {options}")
    return f"{first} first and type `{command}`"


def ways_out(workspace: Workspace) -> Iterator[str]:
    """Yield what a person can do about refused files."""
    settled = [c.destination for c in workspace.refusals if not c.is_lost]
    if settled:
        yield "keep the edit   move it into shards.yaml or a template of yours, then render again"
        command = overwrite_command(workspace.commands.render, settled)
        yield f"lose the edit   {in_root(workspace, command)}"
    for change in workspace.refusals:
        if change.is_lost:
            yield f"decide          mend {change.destination} by hand: {change.reason}"


def overwrite_command(render: str, paths: Iterable[str]) -> str:
    """Return the render that overwrites files which are not as we left them."""
    options = " ".join(f"--overwrite {shlex.quote(path)}" for path in paths)
    return f"{render} {options}"


def in_root(workspace: Workspace, command: str) -> str:
    """Return a command of the project's folder as it is typed where this one was."""
    is_here = not command or workspace.root == "."
    return command if is_here else f"(cd {shlex.quote(workspace.root)} && {command})"
