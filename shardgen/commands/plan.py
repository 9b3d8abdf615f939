"""`shardgen plan`: what a change means before anything is done; never writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shardgen.commands.render import with_committed_fleet
from shardgen.digest import digest
from shardgen.errors import UsageError
from shardgen.files import held
from shardgen.lock import Lock, lock_in
from shardgen.publication import failing_as_json
from shardgen.rollout.before import OVERLAY, Before, read_before
from shardgen.rollout.outlook import outlook
from shardgen.terminal import out, painter, uncoloured
from shardgen.workspace import open_workspace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shardgen.disk import Disk
    from shardgen.git import Commit
    from shardgen.rollout.outlook import Outlook
    from shardgen.workspace import Workspace

LOCK = "the last render"


def plan(
    disk: Disk,
    config: str,
    *,
    against: str | None = None,
    tenants: str | None = None,
    database: str | None = None,
    output_format: str = "text",
    runbook: bool = False,
    exit_code: bool = False,
) -> int:
    """Print what a change means; with `exit_code` returns 1 where it is felt, else 0.

    Felt is what moves a tenant, recreates a shard that runs, or takes its state.
    """
    with failing_as_json(config, is_wanted=output_format == "json"):
        if tenants is not None and database is not None:
            raise UsageError("--tenants and --database both list the tenants: give one of them")
        if runbook and output_format == "json":
            raise UsageError("--runbook is Markdown: leave out --format json")
        with held(disk.root, shared=True):
            workspace = open_workspace(disk, config)
            if against is None:
                workspace = with_committed_fleet(disk, workspace)
            before = before_at(disk, workspace, against)
        if workspace.damage:
            raise UsageError("the ledger is damaged: `shardgen check` says how to mend it")
        found = outlook(workspace, before, listed_tenants(workspace, tenants, database))
        out(shown(found, workspace, "runbook" if runbook else output_format))
    return 1 if exit_code and found.is_felt else 0


def before_at(disk: Disk, workspace: Workspace, ref: str | None) -> Before:
    """Return what was rendered before: by the lock on disk, or by that of a commit.

    Raises UsageError where a commit cannot be read, or has no lock.
    """
    if ref is not None:
        from shardgen import git

        with git.commit_of(disk.root, ref, "--against") as commit:
            return committed_before(commit, workspace)
    lock = workspace.lock_before
    if lock is None:
        return before_without_lock(disk, workspace)
    reader = Rendered(disk, lock, workspace.lock)
    names = [path.rpartition("/")[2] for path, entry in lock.outputs.items()
             if entry.form == "once" and entry.was is None]  # fmt: skip
    return read_before(LOCK, lock, workspace.inputs.fleet.service.base, reader.read, names)


def before_without_lock(disk: Disk, workspace: Workspace) -> Before:
    """Return what was rendered where the lock is lost: as far as the overlay and the ledger tell.

    What the containers were made from is not known then.
    """
    fleet, folder = workspace.fleet_before, workspace.ledger_folder
    return Before(
        name=OVERLAY if fleet else "nothing",
        fleet=fleet,
        services=None if fleet else {},
        variables={},
        migrations=disk.names(folder) if folder else (),
    )


def committed_before(commit: Commit, workspace: Workspace) -> Before:
    """Return what a commit has of the project. Raises UsageError where it has no lock."""
    lock = lock_in(commit.read(workspace.lock))
    if lock is None:
        raise UsageError(
            f"--against {commit.name}: it has no {workspace.lock}, so nothing was rendered there; "
            "name a commit that has one"
        )
    base = base_of(lock, workspace)
    names = commit.names(workspace.ledger_folder) if workspace.ledger_folder else ()
    return read_before(commit.name, lock, base, commit.read, names)


def base_of(lock: Lock, workspace: Workspace) -> str | None:
    """Return the base file of a lock: the one of now, if it was an input then."""
    base = workspace.inputs.fleet.service.base
    return base if base in lock.inputs else None


class Rendered:
    """Files as a lock has them: from the folder, or from git HEAD where they were edited since."""

    def __init__(self, disk: Disk, lock: Lock, lock_path: str) -> None:
        self.disk, self.lock, self.lock_path = disk, lock, lock_path

    def read(self, name: str) -> bytes | None:
        """Return a file's bytes; None where no version is the lock's."""
        content = self.disk.read(name)
        if self.is_as_locked(name, content):
            return content
        from shardgen import git

        try:
            with git.commit_of(self.disk.root, "HEAD", "plan") as commit:
                content = commit.read(name)
        except UsageError:
            return None
        return content if self.is_as_locked(name, content) else None

    def is_as_locked(self, name: str, content: bytes | None) -> bool:
        """Return whether a file's bytes are what the lock says."""
        if content is None:
            return False
        if name in self.lock.inputs:
            return self.lock.inputs[name] == digest(content)
        entry = self.lock.outputs.get(name)
        return entry is None or entry.form != "whole" or entry.digest == digest(content)


def shown(found: Outlook, workspace: Workspace, output_format: str) -> str:
    """Return what a change means, in the form that was asked for."""
    if output_format == "json":
        from shardgen.rollout.record import plan_json

        return json.dumps(plan_json(found), indent=2) + "\n"
    if output_format == "markdown":
        from shardgen.rollout.markdown import plan_markdown

        return plan_markdown(found, workspace)
    if output_format == "runbook":
        from shardgen.rollout.runbook import runbook_text

        return runbook_text(found, workspace)
    from shardgen.rollout.told import plan_text

    paint = painter()
    return plan_text(found, workspace, paint, colour=paint is not uncoloured)


def listed_tenants(
    workspace: Workspace, tenants: str | None, database: str | None
) -> Iterable[tuple[int, int]] | None:
    """Return (id, shard or 0) of every tenant; None where no list was given.

    Raises InvalidInput where the list is wrong, UsageError where there is none.
    """
    settings = workspace.inputs.fleet.database
    if tenants is not None:
        from shardgen.infile import listed_in

        roster = listed_in(tenants, settings)
        return zip(roster.ids, roster.shards, strict=True)
    if database is not None:
        from shardgen.live import read_tenants

        batches = read_tenants(database, settings.names)
        return ((tenant, shard or 0) for batch in batches for tenant, shard, _ in batch)
    return None
