"""Projects under git in temporary folders: branches, merges, and the commands that `check` prints."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING

from tests.support import GIT, Project, Ran, fleet

if TYPE_CHECKING:
    from pathlib import Path

ADOPTED = fleet(1, 2)


class Repository(Project):
    """A project under git, on the branch `main`."""

    def git(self, *arguments: str, code: int | None = 0) -> str:
        """Run git; return what it printed."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            env={**kept, **GIT},
            capture_output=True,
            text=True,
            check=False,
        )
        assert code is None or done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def commit(self, message: str = "as it is") -> None:
        """Commit all that changed."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)

    def shards(self, *entries: str) -> None:
        """Write shards.yaml with these entries, as `3` or `{id: 2, state: draining}`."""
        lines = "".join(f"  - {e if '{' in e else f'id: {e}'}\n" for e in entries)
        self.write("shards.yaml", fleet() + lines)

    def branch(self, name: str, *entries: str, tail: str = "") -> None:
        """Start a branch on the first commit, with one edit of shards.yaml, rendered, committed."""
        if name == "main":
            self.git("switch", "--quiet", "main")
        else:
            self.git("switch", "--quiet", "--create", name, "first")
        self.shards(*entries)
        if tail:
            self.write("shards.yaml", self.read("shards.yaml") + tail)
        self.render()
        self.commit(f"{name}: {', '.join(entries)}")

    def copy(self, root: Path) -> Repository:
        """Return a copy in another folder."""
        shutil.copytree(self.root, root, symlinks=True)
        made = Repository.__new__(Repository)
        made.root = root
        return made

    def type(self, command: str) -> None:
        """Type a line of git and shardgen commands that are joined with `&&`; all must succeed."""
        for part in command.split(" && "):
            program, *arguments = shlex.split(part)
            if program == "git":
                self.git(*arguments)
            else:
                assert program == "shardgen", part
                self.ok(*arguments)

    def migrations(self) -> list[str]:
        """Return the names of the migrations' files."""
        return sorted(path.name for path in self.path("migrations").glob("0*.sql"))


def first(root: Path) -> Repository:
    """Make a repository of two shards; its first commit, tagged `first`, is rendered."""
    made = Repository(root)
    made.render()
    made.git("init", "--quiet", "--initial-branch=main")
    made.commit("first")
    made.git("tag", "first")
    return made


def lines_of(ran: Ran) -> dict[str, str]:
    """Return what a check says of each file, with the lines `path   reason`."""
    rows = [line.split("   ", 1) for line in ran.out.splitlines() if "   " in line]
    return {path: reason for path, reason in rows if path and not path.startswith(" ")}
