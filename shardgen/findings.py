"""A planned project in, what is wrong with it out, with the way back, as text and as JSON."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, NamedTuple

from shardgen import plan, record
from shardgen.diagnostics import plain
from shardgen.diff import diff_lines
from shardgen.ledger.damage import TAKE_ONE_SIDE
from shardgen.lock import read_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from shardgen.plan import Change
    from shardgen.workspace import Workspace

    Paint = Callable[[str, str], str]

FORMAT_VERSION = 1
#: stands for the branch that was merged first, where nobody said which it is
BASE = "BASE"


def refusal_text(workspace: Workspace, paint: Paint = plain) -> str:
    """Return why nothing was written: each file, its diff, and the ways out."""
    parts = []
    for change in workspace.refusals:
        lines = [f"{paint(change.destination, 'bold')}   {change.reason}"]
        lines += painted(diff(change), paint)
        parts.append("\n".join(lines))
    what = f"nothing was written: {count(workspace.refusals)} not ours to change"
    parts.append("\n".join([f"{error(paint)}: {what}", *ways_out(workspace)]))
    return "\n\n".join(parts) + "\n"


def error(paint: Paint) -> str:
    """Return the word that a refusal begins with."""
    return paint("error", "error")


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


def damage_lines(workspace: Workspace) -> list[str]:
    """Return a line for each thing that was done to the ledger."""
    folder = workspace.ledger_folder
    return [f"{folder}/{problem.path}   {problem.message}" for problem in workspace.damage]


def state_lines(workspace: Workspace) -> list[str]:
    """Return a line for each change that would take a shard's state from its customers."""
    changes = record.state_changes(workspace.fleet_before, workspace.fleet_after)
    return [
        f"shard {change.shard}: its {change.what.replace('_', ' ')} would change "
        f"from {change.before!r} to {change.after!r}, away from what its customers paired"
        for change in changes
    ]


class Base(NamedTuple):
    """What a project does not keep of the ledger that a REF has, and what to decide about it."""

    ref: str
    findings: tuple[Finding, ...] = ()
    decisions: tuple[str, ...] = ()


class Finding(NamedTuple):
    """One thing that is not as it should be. `kind` is a short name for programs."""

    path: str
    kind: str
    reason: str
    diff: tuple[str, ...] = ()


def findings_of(
    workspace: Workspace, untracked: Iterable[str] = (), base: Base | None = None
) -> list[Finding]:
    """Return all that is wrong with a project, in the order in which its files are written."""
    found = [
        Finding(change.destination, change.kind, change.reason, tuple(diff(change)))
        for change in workspace.drift
    ]
    found += [
        Finding(f"{workspace.ledger_folder}/{problem.path}", "ledger", problem.message)
        for problem in workspace.damage
    ]
    known = {finding.path for finding in found}
    found += [each for each in (base.findings if base else ()) if each.path not in known]
    if reason := lock_finding(workspace):
        found.append(Finding(workspace.lock, "lock", reason))
    found += [Finding(workspace.config, "state", line) for line in state_lines(workspace)]
    return [*found, *(Finding(path, "untracked", "not tracked by git") for path in untracked)]


def check_text(
    workspace: Workspace,
    untracked: Sequence[str] = (),
    base: Base | None = None,
    *,
    with_diff: bool = True,
    paint: Paint = plain,
) -> str:
    """Return why a check failed: the files, the reasons, the diffs, and last what to type."""
    found = findings_of(workspace, untracked, base)
    lines = []
    for finding in found:
        lines.append(f"{paint(finding.path, 'bold')}   {finding.reason}")
        lines += painted(finding.diff, paint) if with_diff else ()
    paths = {finding.path for finding in found}
    lines += ["", f"{count(paths)} not as shards.yaml says", *fix_lines(workspace, untracked, base)]
    return "\n".join(lines) + "\n"


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
        has_conflict = plan.has_conflict(workspace.lock_on_disk)
        return plan.CONFLICTED if has_conflict else "damaged: not exactly as it was written"
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
    looked_at = {*now} if workspace.damage else {*before, *now}
    return sorted(path for path in looked_at if before.get(path, "") != now.get(path, ""))


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
    folder = shlex.quote(workspace.ledger_folder)
    takes_side = any(problem.fix == TAKE_ONE_SIDE for problem in workspace.damage)
    onto = workspace.replanned
    if takes_side or (base and base.findings):
        onto = base.ref if base else onto or BASE
        yield f"git restore --source={shlex.quote(onto)} --staged --worktree -- {folder}"
    else:
        for problem in workspace.damage:
            if problem.is_command:
                yield problem.fix.format(folder=folder)
    render = workspace.commands.render
    if onto is not None:
        render += f" --replan {shlex.quote(onto)}"
    settled = [c.destination for c in workspace.refusals if not c.is_lost]
    if settled:
        yield overwrite_command(render, settled)
    elif (
        render != workspace.commands.render
        or workspace.drift
        or lock_finding(workspace)
        or changed_inputs(workspace)
    ):
        yield render
    if untracked:
        yield f"git add -f {' '.join(map(shlex.quote, untracked))}"


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
        where = workspace.config if state.what != "engine_volume" else "its declaration"
        yield f"shard {state.shard}: put {what} back in {where}"
    if changes:
        yield f"or {allowing(workspace, changes)}"


def allowing(workspace: Workspace, changes: Iterable[record.StateChange]) -> str:
    """Return what to do first, and to type then, where shards are to change what they keep."""
    changes = list(changes)
    shards = dict.fromkeys(change.shard for change in changes)
    options = " ".join(f"--allow-state-change {shard}" for shard in shards)
    is_renamed = any(change.what == "service" for change in changes)
    first = "stop the old containers" if is_renamed else "move the data"
    command = in_root(workspace, f"{workspace.commands.render} {options}")
    return f"{first} first and type `{command}`"


def diff(change: Change) -> list[str]:
    """Return a file's diff: for a hand edit what the edit did, else what a render would do."""
    if change.before is None or change.after is None or change.reason == plan.CONFLICTED:
        return []
    before, after = (
        content.decode("utf-8", "replace") for content in (change.before, change.after)
    )
    by_hand = change.kind == plan.REFUSE
    return diff_lines(after, before) if by_hand else diff_lines(before, after)


def painted(lines: Iterable[str], paint: Paint) -> Iterator[str]:
    """Yield the lines of a diff, indented and in colour."""
    styles = {"-": "remove", "+": "create", "@": "place"}
    for line in lines:
        yield "  " + paint(line, styles.get(line[:1], "plain"))


def check_json(
    workspace: Workspace, untracked: Sequence[str] = (), base: Base | None = None
) -> dict[str, Any]:
    """Return a check's result as data (schema/check.schema.json)."""
    found = findings_of(workspace, untracked, base)
    return {
        "format_version": FORMAT_VERSION,
        "clean": not found,
        "files": len(workspace.changes),
        "findings": [{**finding._asdict(), "diff": list(finding.diff)} for finding in found],
        "fix": fix_lines(workspace, untracked, base) if found else [],
    }
