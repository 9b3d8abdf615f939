"""Projects in a temporary folder: made from this work tree, and commands run in them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests import needs

ROOT = Path(__file__).parent.parent
#: What decides about the output of a command, and must not come from the machine.
UNWANTED = ("CI", "FORCE_COLOR", "PYTHONPATH", "VIRTUAL_ENV", "MAKEFLAGS", "MAKELEVEL")
IDENTITY = {
    "GIT_AUTHOR_NAME": "test",
    "GIT_AUTHOR_EMAIL": "test@localhost",
    "GIT_COMMITTER_NAME": "test",
    "GIT_COMMITTER_EMAIL": "test@localhost",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def environment(**more: str) -> dict[str, str]:
    """Return an environment with this interpreter's scripts, git's identity and plain output."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in UNWANTED and not name.startswith(("GIT_", "BAILEYS_"))
    }
    return {**kept, "PATH": needs.path(), "NO_COLOR": "1", "LC_ALL": "C.UTF-8", **IDENTITY, **more}


def run(
    folder: Path, *command: str, code: int | None = 0, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder; what it prints is one text. `code` None allows any exit."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        check=False,
    )
    assert code is None or done.returncode == code, f"{command}\n{done.stdout}"
    return done


def work_tree(folder: Path) -> Path:
    """Copy what git tracks, or would track, into a folder of its own, all of it committed."""
    git = needs.require("git")
    listed = run(ROOT, git, "ls-files", "-z", "--cached", "--others", "--exclude-standard").stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return committed(folder)


def small(folder: Path) -> Path:
    """Make the project of the documentation: this repository's two inputs, rendered, committed."""
    needs.require("git")
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("docker-compose.yml", "shards.yaml"):
        shutil.copy(ROOT / name, folder / name)
    run(folder, "shardgen", "render")
    return committed(folder)


def committed(folder: Path) -> Path:
    """Put a folder under git, with all that is in it in one commit."""
    run(folder, "git", "init", "--quiet", "--initial-branch=main")
    commit(folder)
    run(folder, "git", "tag", "first")
    return folder


def reset(folder: Path) -> None:
    """Take a folder back to its first commit."""
    run(folder, "git", "reset", "--quiet", "--hard", "first")
    run(folder, "git", "clean", "--quiet", "--force", "-d", "-x")


def commit(folder: Path) -> None:
    """Commit whatever changed in a folder."""
    run(folder, "git", "add", "--all")
    run(folder, "git", "commit", "--quiet", "--allow-empty", "--message", "as it is")
