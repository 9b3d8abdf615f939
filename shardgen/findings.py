"""A planned project in; all that is not as it should be out, each with its code and its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shardgen import plan, record
from shardgen.diff import diff_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shardgen.plan import Change
    from shardgen.workspace import Workspace


class Finding(NamedTuple):
    """One thing that is not as it should be. `kind` is a short name for programs.

    `line` is that of the first difference in the file on disk, 0 where it has no such line. `hint`
    is the way back from this finding alone. `shard` is the one whose state would change.
    """

    path: str
    kind: str
    code: str
    reason: str
    line: int = 0
    column: int = 1
    width: int = 1
    hint: str = ""
    diff: tuple[str, ...] = ()
    shard: int = 0


class Base(NamedTuple):
    """What a project does not keep of the ledger that a REF has, and what to decide about it."""

    ref: str
    findings: tuple[Finding, ...] = ()
    decisions: tuple[str, ...] = ()


def findings_of(
    workspace: Workspace, untracked: Iterable[str] = (), base: Base | None = None
) -> list[Finding]:
    """Return all that is wrong with a project, in the order in which its files are written."""
    found = [drift_finding(change) for change in workspace.drift]
    found += [
        Finding(f"{workspace.ledger_folder}/{problem.path}", "ledger", "SG905", problem.message)
        for problem in workspace.damage
    ]
    known = {finding.path for finding in found}
    found += [each for each in (base.findings if base else ()) if each.path not in known]
    if reason := lock_fault(workspace):
        found.append(lock_finding(workspace, reason))
    found += state_findings(workspace)
    return [*found, *map(untracked_finding, untracked)]


def untracked_finding(path: str) -> Finding:
    """Return what is wrong with a file that git does not track."""
    return Finding(path, "untracked", "SG908", "not tracked by git")


def drift_finding(change: Change) -> Finding:
    """Return what is wrong with a file that is not as it should be."""
    before = change.before or b""
    is_conflict = change.reason == plan.CONFLICTED
    line = conflict_line(before) if is_conflict else different_line(before, change.after or b"")
    return Finding(
        path=change.destination,
        kind=change.kind,
        code=code_of(change),
        reason=change.reason,
        line=line,
        width=width_of(before, line),
        diff=tuple(diff(change)),
    )


def code_of(change: Change) -> str:
    """Return the code of what is wrong with a file."""
    if change.reason == plan.CONFLICTED:
        return "SG912"
    if change.is_lost:
        return "SG911"
    if change.kind == plan.REMOVE or change.reason.startswith(plan.STALE):
        return "SG904"
    if change.kind == plan.REFUSE:
        return "SG901" if change.reason == plan.EDITED else "SG910"
    return "SG902" if change.kind == plan.CREATE else "SG903"


def different_line(before: bytes, after: bytes, start: int = 0) -> int:
    """Return the first line of a file that is to differ, counted from 1; 0 for an empty file.

    Where only lines at its end are lacking, it is the last one. `start` lines are passed over.
    """
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    same = start
    while same < min(len(old), len(new)) and old[same] == new[same]:
        same += 1
    return min(same + 1, len(old))


def conflict_line(content: bytes) -> int:
    """Return the line at which the conflict of a merge begins."""
    match = plan.CONFLICT.search(content)
    return content.count(b"\n", 0, match.start()) + 1 if match else 0


def width_of(content: bytes, line: int) -> int:
    """Return how many characters a line of a file has, 1 at least."""
    lines = content.splitlines()[line - 1 : line] if line else []
    return max([1, *(len(each.decode("utf-8", "replace")) for each in lines)])


def lock_finding(workspace: Workspace, reason: str) -> Finding:
    """Return what is wrong with the lock, below its own digest, which always differs."""
    content = workspace.lock_on_disk or b""
    is_conflict = reason == plan.CONFLICTED
    after = workspace.lock_after.encode()
    line = conflict_line(content) if is_conflict else different_line(content, after, start=2)
    return Finding(
        path=workspace.lock,
        kind="lock",
        code="SG912" if is_conflict else "SG906",
        reason=reason,
        line=line,
        width=width_of(content, line),
    )


#: Where an entry of a shard says what changed, if not under that name.
WRITTEN = {"mount": ("storage", "mount"), "engine_volume": ("volume",)}
#: Where it is stated for all shards at once.
STATED_ONCE: dict[str, tuple[str | int, ...]] = {
    "claim": ("outputs", "kubernetes", "form"),
    "engine": ("outputs",),
    "project": ("service", "base"),
    "stack_volume": ("outputs", "swarm", "stack"),
}


def state_findings(workspace: Workspace) -> Iterator[Finding]:
    """Yield each change that would take a shard's state from its customers, where it is written."""
    document = workspace.inputs.document
    index = {shard.id: shard.index for shard in workspace.inputs.fleet.shards}
    changes = record.state_changes(workspace.fleet_before, workspace.fleet_after)
    for change, text in zip(changes, state_lines(workspace), strict=True):
        path: tuple[str | int, ...] = (
            "shards",
            index[change.shard],
            *WRITTEN.get(change.what, (change.what,)),
        )
        if change.what in STATED_ONCE:
            path = STATED_ONCE[change.what]
        at = document.error(path, "SG907", text, "")
        yield Finding(
            path=workspace.config,
            kind="state",
            code="SG907",
            reason=text,
            line=at.line,
            column=at.column,
            width=at.width,
            shard=change.shard,
        )


def state_lines(workspace: Workspace) -> list[str]:
    """Return a line for each change that would take a shard's state from its customers."""
    changes = record.state_changes(workspace.fleet_before, workspace.fleet_after)
    return [
        f"shard {change.shard}: its {change.what.replace('_', ' ')} would change "
        f"from {change.before!r} to {change.after!r}, away from what its customers paired"
        for change in changes
    ]


def diff(change: Change) -> list[str]:
    """Return a file's diff: for a hand edit what the edit did, else what a render would do."""
    if change.before is None or change.after is None or change.reason == plan.CONFLICTED:
        return []
    before, after = (
        content.decode("utf-8", "replace") for content in (change.before, change.after)
    )
    by_hand = change.kind == plan.REFUSE
    return diff_lines(after, before) if by_hand else diff_lines(before, after)


def lock_fault(workspace: Workspace) -> str:
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
    before = workspace.lock_before.inputs if workspace.lock_before else {}
    now = workspace.planned.inputs
    looked_at = {*now} if workspace.damage else {*before, *now}
    return sorted(path for path in looked_at if before.get(path, "") != now.get(path, ""))
