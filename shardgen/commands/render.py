"""`shardgen render`: writes what is out of date, and says what it did."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shardgen import findings, impact, record, remedy, report, verdict
from shardgen.digest import lock_name
from shardgen.errors import Refused, UsageError
from shardgen.files import clear, held, write_plan
from shardgen.lock import lock_in
from shardgen.terminal import out, painter
from shardgen.workspace import open_workspace

if TYPE_CHECKING:
    from collections.abc import Collection

    from shardgen.committed import Committed
    from shardgen.disk import Disk
    from shardgen.workspace import Workspace


def render(
    disk: Disk,
    config: str,
    *,
    dry_run: bool = False,
    overwrite: Collection[str] = (),
    allow_state_change: Collection[int] = (),
    allow_reroute: bool = False,
    replan: str | None = None,
) -> int:
    """Write every file that is out of date, all or nothing; returns 0.

    Raises Refused where a file is not ours to change, the ledger is damaged, a shard's state would
    be lost, or `routing.guard` keeps tenants where they are. `replan` names the commit whose
    migrations stay; all others are planned again.
    """
    with held(disk.root):
        if not dry_run:
            clear(disk.root, lock_name(config))
        before = None if replan is None else committed_at(disk, config, replan)
        workspace = open_workspace(disk, config, overwrite=overwrite, committed=before)
        workspace = with_committed_fleet(disk, workspace)
        refuse(workspace, allow_state_change, allow_reroute=allow_reroute)
        if not dry_run and (workspace.drift or not workspace.has_same_lock):
            write_plan(
                disk.root,
                workspace.changes,
                workspace.lock,
                workspace.lock_during,
                workspace.lock_after,
            )
    out(report.render_text(workspace, dry=dry_run, paint=painter()))
    return 0


def with_committed_fleet(disk: Disk, workspace: Workspace) -> Workspace:
    """Return the workspace with the fleet of git HEAD, where the fallback changes.

    A change that was rendered and never committed has moved nobody; without git, nothing tells.
    """
    if not workspace.fleet_before or record.routes_alike(
        workspace.fleet_before, workspace.inputs.fleet
    ):
        return workspace
    from shardgen import git

    try:
        with git.commit_of(disk.root, "HEAD", "render") as commit:
            lock = lock_in(commit.read(workspace.lock))
    except UsageError:
        return workspace
    return replace(workspace, committed=lock.fleet) if lock else workspace


def committed_at(disk: Disk, config: str, ref: str) -> Committed:
    """Return the ledger of a commit; '' is HEAD, where that is the one that decides.

    Raises UsageError where it cannot be read.
    """
    from shardgen import git
    from shardgen.committed import committed_in

    with git.commit_of(disk.root, ref or "HEAD", "--replan") as commit:
        if not ref and git.is_merging(disk.root):
            raise UsageError(
                "a merge is under way, and HEAD is one side of it: name the branch that was merged "
                "first, as in `shardgen render --replan origin/main`"
            )
        return committed_in(commit, disk, config)


def refuse(
    workspace: Workspace, allowed: Collection[int] = (), *, allow_reroute: bool = False
) -> None:
    """Raise Refused where writing would lose something, or re-route tenants against the guard."""
    if workspace.damage:
        what = "nothing was written: the ledger is damaged"
        raise Refused(what, verdict.damage_lines(workspace), [*remedy.fix_lines(workspace)])
    known = {shard.id for shard in workspace.inputs.fleet.shards}
    if unknown := sorted(set(allowed) - known):
        raise UsageError(f"--allow-state-change {unknown[0]}: there is no shard {unknown[0]}")
    every = record.state_changes(workspace.fleet_before, workspace.fleet_after)
    if changes := [change for change in every if change.shard not in allowed]:
        what = f"nothing was written: put it back in {workspace.config}, or"
        way = remedy.allowing(workspace, changes)
        raise Refused(what, [*findings.state_lines(workspace)], [way])
    if not allow_reroute and impact.is_guarded(workspace):
        raise impact.guarded(workspace)
    if workspace.refusals:
        raise verdict.refusal(workspace, painter(error=True))
