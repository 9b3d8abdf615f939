"""Reads a project as a commit of git has it: what `disk` answers of the folder, about a REF."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import subprocess
from typing import TYPE_CHECKING

from shardgen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

REMOTE_BRANCH = re.compile(r"(?:refs/remotes/)?([^/]+)/(.+)")


class Commit:
    """What one commit holds of a project's folder; paths are relative to it, with '/'.

    `name` is the REF as it was typed. A branch without a commit yet holds nothing.
    """

    def __init__(self, root: str, name: str, place: str, batch: subprocess.Popen[bytes]) -> None:
        self.root, self.name = root, name
        self._place, self._batch = place, batch

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes as they were committed; None where there is no file."""
        if not self._place or "\n" in path:
            return None
        asked, answered = self._batch.stdin, self._batch.stdout
        assert asked is not None  # noqa: S101 - both are pipes
        assert answered is not None  # noqa: S101
        with contextlib.suppress(BrokenPipeError):
            asked.write(f"{self._place}{path}\n".encode())
            asked.flush()
        header = answered.readline()
        if header.endswith(b" missing\n"):
            folder, _, name = path.rpartition("/")
            if name not in self.names(folder):
                return None
        elif header:
            kind, size = header.split()[-2:]
            content = answered.read(int(size) + 1)[:-1]
            return content if kind == b"blob" else None
        raise UsageError(f"git cannot read {path} of {self.name}; `git fsck` may say why")

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder, sorted; none where there is no folder."""
        if not self._place:
            return []
        done = git(self.root, "ls-tree", "-z", "--name-only", f"{self._place}{folder}")
        return sorted(filter(None, done.stdout.decode("utf-8", "surrogateescape").split("\0")))


@contextlib.contextmanager
def commit_of(root: str, ref: str, option: str) -> Iterator[Commit]:
    """Give a commit to read from. Raises UsageError, with what to type, where there is none."""
    place = found(root, ref, option)
    command = ["git", "cat-file", "--batch"]
    with subprocess.Popen(  # noqa: S603 - a fixed list
        command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as batch:
        yield Commit(root, ref, place, batch)


def found(root: str, ref: str, option: str) -> str:
    """Return the start of the names that git has for files of the folder in a commit; '' for a
    branch without a commit.
    """
    if not ref:
        raise UsageError(f"{option} got an empty REF; is the variable set that it came from?")
    top = git(root, "rev-parse", "--show-prefix")
    if top.returncode:
        raise UsageError(f"{option} needs a git work tree: {reason(top)}")
    prefix = top.stdout.decode("utf-8", "surrogateescape").rstrip("\n")
    commit = "" if ref.startswith("-") else commit_id(root, ref)
    if not commit and not (ref == "HEAD" and is_unborn(root)):
        raise UsageError(f"{option} {ref}: git knows no such commit here; {way_to(root, ref)}")
    return commit and f"{commit}:{prefix}"


def commit_id(root: str, ref: str) -> str:
    """Return the digest of a commit; '' where git does not have it."""
    done = git(root, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
    return "" if done.returncode else done.stdout.decode().strip()


def is_unborn(root: str) -> bool:
    """Return whether the branch has no commit yet."""
    return git(root, "symbolic-ref", "--quiet", "HEAD").returncode == 0


def way_to(root: str, ref: str) -> str:
    """Return what to type so that git has a commit that it does not have."""
    shallow = git(root, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
    remotes = git(root, "remote").stdout.decode("utf-8", "replace").split()
    match = REMOTE_BRANCH.fullmatch(ref)
    if match and match[1] in remotes:
        branch = match[2]
        target = f"{branch}:refs/remotes/{match[1]}/{branch}"
        return f"type `git fetch --depth=1 {match[1]} {shlex.quote(target)}`{actions(shallow)}"
    if shallow:
        return f"this clone is shallow: type `git fetch --unshallow`{actions(shallow)}"
    return "`git branch --all` lists what there is"


def actions(shallow: bool) -> str:  # noqa: FBT001 - one caller, one meaning
    """Return how a checkout in CI comes to have the whole history."""
    return " (GitHub Actions: `fetch-depth: 0` at actions/checkout)" if shallow else ""


def is_merging(root: str) -> bool:
    """Return whether a merge waits for its conflicts to be resolved."""
    return bool(commit_id(root, "MERGE_HEAD"))


def lacks_commits_of(root: str, ref: str) -> bool:
    """Return whether the branch that is checked out is behind a REF."""
    return git(root, "merge-base", "--is-ancestor", ref, "HEAD").returncode == 1


def git(root: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run git in a folder. Raises UsageError where there is no git."""
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        return subprocess.run(  # noqa: S603 - a fixed list, and a REF that is no option
            ["git", *arguments], cwd=root, env=environment, capture_output=True, check=False
        )
    except FileNotFoundError as error:
        raise UsageError("git is not on PATH") from error


def reason(done: subprocess.CompletedProcess[bytes]) -> str:
    """Return the first line of what git complained about."""
    text = done.stderr.decode("utf-8", "replace").strip()
    return text.partition("\n")[0].removeprefix("fatal: ") or "git says no more"
