"""The ledger's folder in; the same without the migrations that are to be planned again out."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from shardgen import migrations, plan
from shardgen.digest import digest
from shardgen.ledger.migration import is_ours
from shardgen.ledger.sums import read_sums
from shardgen.lock import Owned

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from shardgen.committed import Committed
    from shardgen.ledger.verify import Ledger, Problem
    from shardgen.lock import Lock
    from shardgen.migrations import Folder
    from shardgen.plan import Change

#: what a lost lock would have said of a migration that is removed
UNLISTED = Owned("migrations", "once", "")


def withdrawn(folder: Folder, committed: Committed) -> tuple[Folder, Ledger]:
    """Return the folder and the ledger as if nothing had been rendered since a commit.

    What the commit has must be there as it is there; a file that is not ours is found as always.
    """
    listed = {name for name, _ in read_sums(folder.sum or b"").entries}
    again = {
        name
        for name, content in folder.files.items()
        if name not in committed.stays and (name in listed or is_ours(content))
    }
    left = without(folder, again)
    ledger = migrations.read_ledger(replace(left, sum=committed.sum), None)
    problems = tuple(from_commit(problem, committed) for problem in ledger.problems)
    return left, replace(ledger, problems=problems)


def from_commit(problem: Problem, committed: Committed) -> Problem:
    """Return a problem with the way to take the file from the commit, in a merge as well."""
    if not problem.is_command or problem.path not in committed.stays:
        return problem
    source = f"--source={shlex.quote(committed.ref)} --staged --worktree"
    return replace(problem, fix=f"git restore {source} -- {{folder}}/{problem.path}")


def without(folder: Folder, names: Collection[str]) -> Folder:
    """Return the folder with some of its files held as ours to write again or to remove."""
    return replace(
        folder,
        files={name: content for name, content in folder.files.items() if name not in names},
        unfinished={
            **folder.unfinished,
            **{name: content for name, content in folder.files.items() if name in names},
        },
    )


def rewritten(lock: Lock | None, path: str) -> set[str]:
    """Return the migrations that an interrupted render was planning again.

    No other render replaces or removes a file that the sum lists.
    """
    return {
        name.removeprefix(f"{path}/")
        for name, entry in (lock.outputs.items() if lock else ())
        if entry.form == "once" and entry.was and name.startswith(f"{path}/")
    }


def recovered(folder: Folder, lock: Lock | None) -> tuple[Folder, Ledger]:
    """Return the folder and the ledger, without what an interrupted render was planning again."""
    again = rewritten(lock, folder.path)
    sums = read_sums(folder.sum or b"")
    if not again & dict(sums.entries).keys() or not sums.intact:
        return folder, migrations.read_ledger(folder, lock)
    left = without(folder, again)
    body = "".join(f"{sha256}  {name}\n" for name, sha256 in sums.entries if name not in again)
    kept = f"head {digest(body.encode())}\n{body}".encode()
    return left, migrations.read_ledger(replace(left, sum=kept), lock)


def proven(changes: Iterable[Change], before: Iterable[Change]) -> Iterator[Change]:
    """Yield the changes; a file that is as the ledger before them makes it is ours, lock or not."""
    ours = {change.destination for change in before if change.kind == plan.SAME}
    for change in changes:
        if change.kind == plan.REFUSE and change.destination in ours:
            yield replace(change, kind=plan.UPDATE, reason="out of date")
        else:
            yield change


def told(changes: Iterable[Change], folder: Folder, committed: Committed) -> Iterator[Change]:
    """Yield the ledger's changes as a new plan of what is there, not as the end of a broken one."""
    unfinished = {f"{folder.path}/{name}" for name in folder.unfinished}
    for change in changes:
        if change.owned and change.owned.form == "once" and change.kind == plan.CREATE:
            yield again(change)
        elif change.kind == plan.REMOVE and change.destination in unfinished:
            yield replace(change, reason=f"planned again: it was not in {committed.ref}")
        else:
            yield change


def again(change: Change) -> Change:
    """Return what becomes of a new migration of which there may be an older plan."""
    if change.before is None:
        return change
    if change.before == change.after:
        return replace(change, kind=plan.SAME, reason="")
    return replace(change, kind=plan.UPDATE, reason="planned again")
