"""`shardgen check`: proves that the files agree with shards.yaml; never writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shardgen import findings
from shardgen.errors import UsageError
from shardgen.files import held
from shardgen.terminal import out, painter
from shardgen.workspace import open_workspace

if TYPE_CHECKING:
    from shardgen.disk import Disk
    from shardgen.workspace import Workspace


def check(
    disk: Disk,
    config: str,
    *,
    with_diff: bool = True,
    tracked: bool = False,
    output_format: str = "text",
) -> int:
    """Print what is not as it should be; returns 1 where anything is, else 0."""
    with held(disk.root, shared=True):
        workspace = open_workspace(disk, config)
    untracked = untracked_files(disk, workspace) if tracked else []
    is_clean = findings.is_clean(workspace) and not untracked
    if output_format == "json":
        out(json.dumps(findings.check_json(workspace, untracked), indent=2) + "\n")
    elif is_clean:
        out(findings.clean_text(len(workspace.changes), config))
    else:
        out(findings.check_text(workspace, untracked, with_diff=with_diff, paint=painter()))
    return 0 if is_clean else 1


def untracked_files(disk: Disk, workspace: Workspace) -> list[str]:
    """Return the outputs, lock included, that git does not track.

    Raises UsageError outside a git work tree.
    """
    import subprocess

    paths = sorted({change.destination for change in workspace.changes if change.after is not None})
    paths.append(workspace.lock)
    command = ["git", "ls-files", "-z", "--", *(f":(literal){path}" for path in paths)]
    try:
        done = subprocess.run(command, cwd=disk.root, capture_output=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        raise UsageError("--tracked needs git, and a git work tree") from error
    known = set(done.stdout.decode().split("\0"))
    return [path for path in paths if path not in known]
