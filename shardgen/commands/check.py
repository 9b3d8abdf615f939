"""`shardgen check`: proves that the files agree with shards.yaml; never writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardgen import findings
from shardgen.errors import ShardgenError, UsageError
from shardgen.files import held
from shardgen.terminal import out, painter
from shardgen.verdict import (
    diagnostics_of,
    verdict_data,
    verdict_of,
    verdict_of_error,
    verdict_text,
)
from shardgen.workspace import open_workspace

if TYPE_CHECKING:
    from shardgen.disk import Disk
    from shardgen.verdict import Verdict
    from shardgen.workspace import Workspace


def check(
    disk: Disk,
    config: str,
    *,
    with_diff: bool = True,
    tracked: bool = False,
    base: str | None = None,
    output_format: str = "text",
) -> int:
    """Print what is not as it should be; returns 1 where anything is, else 0."""
    try:
        verdict = found(disk, config, tracked=tracked, base=base)
    except ShardgenError as error:
        if output_format == "json":
            show(verdict_of_error(error, config))
        raise
    text = verdict_text(verdict, with_diff=with_diff, paint=painter())
    if output_format == "json":
        show(verdict)
    elif output_format == "text":
        out(text)
    else:
        from shardgen.publication import publish

        found_here = diagnostics_of(verdict)
        publish(
            found_here, output_format, command="check", root=disk.root, text=text, fix=verdict.fix
        )
    return 0 if verdict.is_clean else 1


def show(verdict: Verdict) -> None:
    """Print a verdict as JSON."""
    import json

    out(json.dumps(verdict_data(verdict), indent=2) + "\n")


def found(disk: Disk, config: str, *, tracked: bool, base: str | None) -> Verdict:
    """Return what there is to say of a project."""
    with held(disk.root, shared=True):
        workspace = open_workspace(disk, config)
        against = None if base is None else compared(disk, workspace, base)
    untracked = untracked_files(disk, workspace) if tracked else []
    return verdict_of(workspace, untracked, against)


def compared(disk: Disk, workspace: Workspace, ref: str) -> findings.Base:
    """Return what the project does not keep of the ledger that a commit has.

    Raises UsageError where the commit or its sum cannot be read.
    """
    from shardgen import committed, git, prefix
    from shardgen.ledger.sums import SUM_FILE

    folder = workspace.inputs.fleet.database.migrations.path.rstrip("/")
    with git.commit_of(disk.root, ref, "--base") as commit:
        before = committed.committed_in(commit, disk, workspace.config)
    if before.sum is not None and not before.sums.intact:
        where = f"{before.folder}/{SUM_FILE}"
        raise UsageError(f"--base {ref}: its {where} is not as it was written; mend it there first")
    unkept = prefix.not_kept(before, lambda name: disk.read(f"{folder}/{name}"), disk.names(folder))
    found = tuple(
        findings.Finding(f"{folder}/{each.file}", "base", "SG909", each.reason) for each in unkept
    )
    is_merging = git.is_merging(disk.root)
    behind = found and not is_merging and git.lacks_commits_of(disk.root, ref)
    merge = f"{ref} has commits that this branch lacks: bring them in first (git merge {ref})"
    return findings.Base(ref, found, (merge,) if behind else ())


def untracked_files(disk: Disk, workspace: Workspace) -> list[str]:
    """Return the outputs, the inputs and the lock that git does not track.

    Raises UsageError outside a git work tree.
    """
    import subprocess

    made = {change.destination for change in workspace.changes if change.after is not None}
    read = {path for path, digest in workspace.planned.inputs.items() if digest}
    paths = [*sorted(made | read), workspace.lock]
    command = ["git", "ls-files", "-z", "--", *(f":(literal){path}" for path in paths)]
    try:
        done = subprocess.run(command, cwd=disk.root, capture_output=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        raise UsageError("--tracked needs git, and a git work tree") from error
    known = set(done.stdout.decode().split("\0"))
    return [path for path in paths if path not in known]
