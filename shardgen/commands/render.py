"""`shardgen render`: writes what is out of date, and says what it did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardgen import findings, record, report
from shardgen.errors import Refused
from shardgen.files import clear, held, write_plan
from shardgen.lock import lock_name
from shardgen.terminal import out, painter
from shardgen.workspace import open_workspace

if TYPE_CHECKING:
    from collections.abc import Collection

    from shardgen.disk import Disk
    from shardgen.workspace import Workspace


def render(
    disk: Disk,
    config: str,
    *,
    dry_run: bool = False,
    overwrite: Collection[str] = (),
    allow_state_change: Collection[int] = (),
) -> int:
    """Write every file that is out of date, all or nothing; returns 0.

    Raises Refused where a file is not ours to change, the ledger is damaged, or a shard's state
    would be lost.
    """
    with held(disk.root):
        if not dry_run:
            clear(disk.root, lock_name(config))
        workspace = open_workspace(disk, config, overwrite=overwrite)
        refuse(workspace, allow_state_change)
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


def refuse(workspace: Workspace, allowed: Collection[int]) -> None:
    """Raise Refused where writing would lose something."""
    if workspace.damage:
        lines = [*findings.damage_lines(workspace), "", "error: nothing was written: the ledger is damaged",
                 *findings.fix_lines(workspace)]  # fmt: skip
        raise Refused("\n".join(lines))
    changes = [
        change
        for change in record.state_changes(workspace.fleet_before, workspace.inputs.fleet)
        if change.shard not in allowed
    ]
    if changes:
        lines = findings.state_lines(workspace)
        shards = dict.fromkeys(change.shard for change in changes)
        ids = " ".join(f"--allow-state-change {shard}" for shard in shards)
        lines += ["", "error: nothing was written: put it back in shards.yaml, or move the data first and then",
                  f"type `{findings.in_root(workspace, f'{workspace.commands.render} {ids}')}`"]  # fmt: skip
        raise Refused("\n".join(lines))
    if workspace.refusals:
        raise Refused(findings.refusal_text(workspace, painter(error=True)).rstrip("\n"))
