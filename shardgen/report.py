"""A planned project in, what `render` and `check` say of it out, as text and as JSON."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from shardgen import plan, record
from shardgen.diagnostics import plain
from shardgen.diff import diff_lines
from shardgen.lock import read_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from shardgen.plan import Change
    from shardgen.workspace import Workspace

    Paint = Callable[[str, str], str]

SIGNS = {plan.CREATE: "+", plan.UPDATE: "~", plan.REMOVE: "-", plan.REFUSE: "!"}
FORMAT_VERSION = 1


def render_text(workspace: Workspace, *, dry: bool, paint: Paint = plain) -> str:
    """Return what a render did, file by file, and what the operator has to know and to type next."""
    drift = workspace.drift
    width = max((len(change.destination) for change in drift), default=0)
    lines = [
        f"  {paint(SIGNS[change.kind], change.kind)} {change.destination:<{width}}  "
        f"{note(change, workspace)}".rstrip()
        for change in drift
    ]
    unchanged = len(workspace.changes) - len(drift)
    verb = "to write" if dry else "written"
    lines.append(f"  {len(drift)} {verb}, {unchanged} unchanged")
    lines += reroute_lines(workspace, paint)
    if drift or workspace.is_interrupted:
        lines += next_lines(workspace)
    return "\n".join(lines) + "\n"


def note(change: Change, workspace: Workspace) -> str:
    """Return what one change means, in a few words."""
    if change.kind == plan.REMOVE:
        return change.reason
    if change.owned and change.owned.output == "compose":
        return ", ".join(fleet_notes(workspace))
    if change.owned and change.owned.output == "env":
        return count_note(workspace)
    return ""


def fleet_notes(workspace: Workspace) -> Iterator[str]:
    """Yield the services and volumes that an overlay gains and loses."""
    fleet = workspace.inputs.fleet
    before = workspace.fleet_before.get("shards", {})
    for shard in fleet.shards:
        was = before.get(str(shard.id), {}).get("state", "retired" if before else None)
        if shard.is_live and was == "retired":
            yield f"+ {shard.service}"
            yield f"+ {shard.volume}"
        elif not shard.is_live and was not in {"retired", None}:
            yield f"- {shard.service}"


def count_note(workspace: Workspace) -> str:
    """Return how the number of shards changes; '' where it stays."""
    before = workspace.fleet_before.get("shards", {})
    was = sum(shard.get("state") != "retired" for shard in before.values())
    now = len(workspace.inputs.fleet.live)
    prefix = workspace.inputs.fleet.service.prefix
    return f"{prefix}_NUM_SHARDS {was} → {now}" if before and was != now else ""


def reroute_lines(workspace: Workspace, paint: Paint) -> list[str]:
    """Return the warning that fallback tenants move, and the line that avoids it."""
    change = record.reroute(workspace.fleet_before, workspace.inputs.fleet)
    if change is None:
        return []
    lines = [
        "",
        f"{paint('!', 'error')} {change.share:.1%} of the tenants routed by the fallback move to "
        "another shard and must pair again.".replace("%", " %"),
        "  (counted over the ids 1 to 100,000; a tenant whose shard is passed does not move)",
    ]
    if change.freeze:
        line = f"fallback_shards: [{', '.join(str(number) for number in change.freeze)}]"
        has_routing = "routing" in workspace.inputs.data
        where = f"set under routing: in {workspace.config}" if has_routing else f"add to {workspace.config}"
        lines.append(f"  To move none, {where}:   {line if has_routing else f'routing: {{{line}}}'}")
    return lines


def next_lines(workspace: Workspace) -> list[str]:
    """Return the commands that bring what was written into effect, in order."""
    commands = list(workspace.commands.create_volumes)
    commands += [
        f"psql -X -v ON_ERROR_STOP=1 -f {shlex.quote(change.destination)}"
        for change in workspace.changes
        if is_new_migration(change, workspace)
    ]
    if len(commands) > MOST_COMMANDS:
        commands = [*commands[:MOST_COMMANDS], f"… {len(commands) - MOST_COMMANDS} more, in order"]
    if any(changes_services(change, workspace) for change in workspace.changes):
        commands.append(workspace.commands.up)
    if not commands:
        return []
    where = [] if workspace.root == "." else [f"next, in {workspace.root}:"]
    first = "      " if where else "next  "
    return ["", *where, first + commands[0], *("      " + command for command in commands[1:])]


#: More commands than this are summed up.
MOST_COMMANDS = 12


def is_new_migration(change: Change, workspace: Workspace) -> bool:
    """Return whether a migration is written now, or was by a render that did not come to say so."""
    if change.owned is None or change.owned.form != "once":
        return False
    entry = workspace.lock_before and workspace.lock_before.outputs.get(change.destination)
    return change.kind == plan.CREATE or bool(entry and entry.was is not None)


def changes_services(change: Change, workspace: Workspace) -> bool:
    """Return whether what runs may not be what a file says now."""
    is_read = change.owned is not None and change.owned.output in {"compose", "env"}
    return is_read and (change.is_drift or workspace.is_interrupted)


def refusal_text(workspace: Workspace, paint: Paint = plain) -> str:
    """Return why nothing was written: each file, its diff, and the ways out."""
    parts = []
    for change in workspace.refusals:
        lines = [f"{paint(change.destination, 'bold')}   {change.reason}", *diff(change, paint)]
        parts.append("\n".join(lines))
    parts.append("\n".join([f"{error(paint)}: nothing was written: {count(workspace.refusals)} not "
                            "ours to change", *ways_out(workspace)]))  # fmt: skip
    return "\n\n".join(parts) + "\n"


def error(paint: Paint) -> str:
    """Return the word that a refusal begins with."""
    return paint("error", "error")


def ways_out(workspace: Workspace) -> Iterator[str]:
    """Yield what a person can do about refused files."""
    settled = [c.destination for c in workspace.refusals if not c.is_lost]
    if settled:
        yield "keep the edit   move it into shards.yaml or a template of your own, then render again"
        yield f"lose the edit   {in_root(workspace, overwrite_command(workspace, settled))}"
    for change in workspace.refusals:
        if change.is_lost:
            yield f"decide          mend {change.destination} by hand: {change.reason}"


def overwrite_command(workspace: Workspace, paths: Iterable[str]) -> str:
    """Return the render that overwrites files which are not as we left them."""
    options = " ".join(f"--overwrite {shlex.quote(path)}" for path in paths)
    return f"{workspace.commands.render} {options}"


def in_root(workspace: Workspace, command: str) -> str:
    """Return a command of the project's folder as it is typed where this one was."""
    is_here = not command or workspace.root == "."
    return command if is_here else f"(cd {shlex.quote(workspace.root)} && {command})"


def damage_lines(workspace: Workspace) -> list[str]:
    """Return a line for each thing that was done to the ledger."""
    folder = workspace.ledger_folder
    return [f"{folder}/{problem.path}   {problem.message}" for problem in workspace.damage]


def state_lines(workspace: Workspace) -> list[str]:
    """Return a line for each change that would take a shard's state from its customers."""
    changes = record.state_changes(workspace.fleet_before, workspace.inputs.fleet)
    return [
        f"shard {change.shard}: its {change.what} would change from {change.before!r} "
        f"to {change.after!r}, away from what its customers paired"
        for change in changes
    ]


def check_text(
    workspace: Workspace, untracked: Sequence[str] = (), *, with_diff: bool = True, paint: Paint = plain
) -> str:
    """Return why a check failed: the files, the reasons, the diffs, and last what to type."""
    parts = []
    for change in workspace.drift:
        lines = [f"{paint(change.destination, 'bold')}   {change.reason}"]
        if with_diff:
            lines += diff(change, paint)
        parts.append("\n".join(lines))
    parts += damage_lines(workspace)
    if lock_reason := lock_finding(workspace):
        parts.append(f"{paint(workspace.lock, 'bold')}   {lock_reason}")
    head = [f"{count(parts)} not as shards.yaml says"] if parts else []
    head += [f"{count(untracked)} not tracked by git"] if untracked else []
    parts += [f"{paint(path, 'bold')}   {UNTRACKED}" for path in untracked]
    parts += state_lines(workspace)
    return "\n".join([*parts, "", *head, *fix_lines(workspace, untracked)]) + "\n"


#: Why an output fails `check --tracked`.
UNTRACKED = "not tracked by git"


def count(items: Iterable[object]) -> str:
    """Return how many files, with the verb that fits."""
    number = len(list(items))
    return f"{number} file is" if number == 1 else f"{number} files are"


def is_clean(workspace: Workspace) -> bool:
    """Return whether everything on disk is exactly as it should be."""
    return not (workspace.drift or workspace.damage or lock_finding(workspace))


def clean_text(count_of_files: int, config: str) -> str:
    """Return what a check says where all is well."""
    return f"{count_of_files} files agree with {config}\n"


def lock_finding(workspace: Workspace) -> str:
    """Return what is wrong with the lock; '' where nothing is, or where the ledger comes first."""
    if workspace.lock_on_disk is None:
        return "missing"
    lock = workspace.lock_before
    if lock is None:
        return "damaged: not exactly as it was written"
    if not lock.is_complete:
        return "a render was interrupted"
    if workspace.damage or workspace.lock_is_current:
        return ""
    if changed := changed_inputs(workspace):
        return f"out of date: {', '.join(changed)} changed since the last render"
    return "out of date" if workspace.drift else "forged: its digests are not those of the files"


def changed_inputs(workspace: Workspace) -> list[str]:
    """Return the inputs that are not as the last render read them."""
    lock, after = workspace.lock_before, read_lock(workspace.lock_after)
    before, now = (each.inputs if each else {} for each in (lock, after))
    return sorted(path for path in {*before, *now} if before.get(path, "") != now.get(path, ""))


def fix_lines(workspace: Workspace, untracked: Sequence[str] = ()) -> list[str]:
    """Return the way back to a clean check: decisions first, the command to type last."""
    decisions = list(decision_lines(workspace))
    commands = [
        problem.fix.format(folder=workspace.ledger_folder)
        for problem in workspace.damage
        if problem.is_command
    ]
    settled = [c.destination for c in workspace.refusals if not c.is_lost]
    if settled:
        commands.append(overwrite_command(workspace, settled))
    elif workspace.drift or lock_finding(workspace) or changed_inputs(workspace):
        commands.append(workspace.commands.render)
    if untracked:
        commands.append(f"git add -f {' '.join(map(shlex.quote, untracked))}")
    command = in_root(workspace, " && ".join(dict.fromkeys(commands)))
    if decisions:
        after = [f"then: {command}"] if command else []
        return ["only a person can decide:", *(f"  {line}" for line in decisions), *after]
    return ["to fix it, type:", command]


def decision_lines(workspace: Workspace) -> Iterator[str]:
    """Yield what no command can settle."""
    for problem in workspace.damage:
        if not problem.is_command:
            fix = problem.fix.format(folder=workspace.ledger_folder)
            yield f"{workspace.ledger_folder}/{problem.path}: {fix}"
    for change in workspace.refusals:
        if change.is_lost:
            yield f"{change.destination} {change.reason}: mend it by hand"
    for state in record.state_changes(workspace.fleet_before, workspace.inputs.fleet):
        command = f"{workspace.commands.render} --allow-state-change {state.shard}"
        yield (
            f"shard {state.shard}: put {state.what} {state.before!r} back in shards.yaml, or move "
            f"its data and type `{in_root(workspace, command)}`"
        )


def diff(change: Change, paint: Paint) -> list[str]:
    """Return a file's diff: for a hand edit what the edit did, else what a render would do."""
    if change.before is None or change.after is None:
        return []
    before, after = (
        content.decode("utf-8", "replace") for content in (change.before, change.after)
    )
    by_hand = change.kind == plan.REFUSE
    lines = diff_lines(after, before) if by_hand else diff_lines(before, after)
    styles = {"-": "remove", "+": "create", "@": "place"}
    return ["  " + paint(line, styles.get(line[:1], "plain")) for line in lines]


def check_json(workspace: Workspace, untracked: Sequence[str] = ()) -> dict[str, Any]:
    """Return a check's result as data (schema/check.schema.json)."""
    findings = [
        {"path": change.destination, "kind": change.kind, "reason": change.reason,
         "diff": diff(change, plain)}
        for change in workspace.drift
    ]  # fmt: skip
    findings += [
        {"path": f"{workspace.ledger_folder}/{problem.path}", "kind": "ledger",
         "reason": problem.message, "diff": []}
        for problem in workspace.damage
    ]  # fmt: skip
    if reason := lock_finding(workspace):
        findings.append({"path": workspace.lock, "kind": "lock", "reason": reason, "diff": []})
    findings += [
        {"path": path, "kind": "untracked", "reason": UNTRACKED, "diff": []} for path in untracked
    ]
    clean = not findings
    return {
        "format_version": FORMAT_VERSION,
        "clean": clean,
        "files": len(workspace.changes),
        "findings": findings,
        "fix": [] if clean else fix_lines(workspace, untracked),
    }
