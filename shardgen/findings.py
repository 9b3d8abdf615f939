"""A planned project in, what is wrong with it out, with the way back, as text and as JSON."""

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

FORMAT_VERSION = 1
#: Why an output fails `check --tracked`.
UNTRACKED = "not tracked by git"


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
