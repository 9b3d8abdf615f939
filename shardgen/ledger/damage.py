"""The folder's bytes and shardgen.sum in, one problem for each thing that was done to them out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen.digest import digest
from shardgen.ledger.sums import SUM_FILE, Sums, number_beside, number_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TAKE_ONE_SIDE = (
    "take {folder} whole from the branch that was merged first, then run `shardgen render` again"
)
TAKE_OUT = "move it out of {folder}, or give the ledger its own folder (migrations.path)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A damage of the ledger; `path` is a file name in its folder, `kind` is for programs.

    `{folder}` in `fix` stands for the ledger's folder; `is_command` tells a command to type from a
    decision that only a person can take.
    """

    path: str
    kind: str
    message: str
    fix: str
    is_command: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How the folder and the sum file relate: the files that equal it, and what does not."""

    sound: frozenset[str]
    problems: tuple[Problem, ...]


def restored(path: str, kind: str, message: str, *, whole: bool = False) -> Problem:
    """Return a problem that goes away when the committed file, or the whole folder, comes back."""
    fix = "git checkout -- {folder}" if whole else f"git checkout -- {{folder}}/{path}"
    return Problem(path=path, kind=kind, message=message, fix=fix, is_command=True)


def compare(files: Mapping[str, bytes], sums: Sums) -> Comparison:
    """Return which files are exactly what the sum file says, and a problem for each that is not."""
    listed = dict(sums.entries)
    renames = _renames(files, listed)
    moved = {*renames, *renames.values()}
    names = {*files, *listed} - moved
    forks = _forks(names, sums)
    forked = {file for fork in forks for file in fork}
    numbers = {number_of(file) for file in forked}
    forked |= {file for file in names if number_beside(file) in numbers - {None}}
    known = moved | forked
    problems = (
        *map(_fork_problem, forks),
        *(() if sums.intact or forks else _sum_problems(sums)),
        *(() if forks or not sums.intact else _order_problems(sums)),
        *(_rename_problem(old, new) for old, new in renames.items()),
        *_content_problems(files, {f: s for f, s in listed.items() if f not in known}),
        *(_extra_problem(file) for file in sorted({*files} - {*listed} - known)),
    )
    bad = known | {problem.path for problem in problems}
    return Comparison(sound=frozenset({*files} & {*listed} - bad), problems=problems)


def _renames(files: Mapping[str, bytes], listed: Mapping[str, str]) -> dict[str, str]:
    """Return the new name of each listed file whose bytes are in the folder under another name."""
    found = {digest(files[file]): file for file in sorted({*files} - {*listed})}
    gone = ((file, found.get(sha256)) for file, sha256 in listed.items() if file not in files)
    return {old: new for old, new in gone if new is not None}


def _forks(names: set[str], sums: Sums) -> list[tuple[str, ...]]:
    """Return the groups of files that claim the same place in the history."""
    claims: dict[int, list[str]] = defaultdict(list)
    for name in sorted(names):
        if (number := number_of(name)) is not None:
            claims[number].append(name)
    digests: dict[str, set[str]] = defaultdict(set)
    for file, sha256 in sums.entries:
        digests[file].add(sha256)
    twice = sorted(file for file, found in digests.items() if len(found) > 1)
    whole = {number_of(file) for file in twice}
    alone = [(file,) for file in twice if number_beside(file) not in whole - {None}]
    return [tuple(group) for _, group in sorted(claims.items()) if len(group) > 1] + alone


def _fork_problem(fork: tuple[str, ...]) -> Problem:
    claim = "stands twice in the sum" if len(fork) == 1 else "claim the same number"
    return Problem(
        path=fork[-1],
        kind="forked",
        message=f"{' and '.join(fork)} {claim}: two branches appended to the ledger",
        fix=TAKE_ONE_SIDE,
    )


def _sum_problems(sums: Sums) -> Iterator[Problem]:
    if {"=======", ">>>>>>>"} <= {line.partition(" ")[0] for line in sums.strange}:
        text = "holds the conflict of a merge: two branches appended to the ledger"
        yield Problem(path=SUM_FILE, kind="conflict", message=text, fix=TAKE_ONE_SIDE)
    elif sums.strange:
        text = f"has a line that is no sum: {sums.strange[0][:60]!r}"
        yield restored(SUM_FILE, "bad_sum", text)
    else:
        text = "does not match its head line: it was edited, or merged line by line"
        yield restored(SUM_FILE, "bad_head", text)


def _order_problems(sums: Sums) -> Iterator[Problem]:
    """Yield the first place where the numbers of the sum file do not count from 1."""
    files = [file for file, _ in sums.entries if number_beside(file) is None]
    numbers = [number_of(file) for file in files]
    count = [*range(1, len(numbers) + 1)]
    for expected, number, file in zip(count, numbers, files, strict=True):
        if number != expected:
            kind = "reordered" if {*numbers} == {*count} else "gap"
            text = f"{file} stands where number {expected:04d} belongs"
            yield restored(SUM_FILE, kind, text, whole=True)
            return


def _rename_problem(old: str, new: str) -> Problem:
    return Problem(
        path=new,
        kind="renamed",
        message=f"was {old} when it was written",
        fix=f"mv {{folder}}/{new} {{folder}}/{old}",
        is_command=True,
    )


def _content_problems(files: Mapping[str, bytes], listed: Mapping[str, str]) -> Iterator[Problem]:
    for file, sha256 in listed.items():
        content = files.get(file)
        if content is None:
            yield restored(file, "missing", f"is in {SUM_FILE} but not in the folder")
        elif digest(content) != sha256:
            if digest(content.replace(b"\r\n", b"\n")) == sha256:
                kept = f"*.{file.rpartition('.')[2]} -text"
                text = f"was saved with CRLF line ends (`{kept}` in .gitattributes avoids it)"
                yield restored(file, "crlf", text)
            else:
                text = f"changed after it was written (sha256 differs from {SUM_FILE})"
                yield restored(file, "changed", text)


def _extra_problem(file: str) -> Problem:
    text = f"is in the folder but not in {SUM_FILE}"
    return Problem(path=file, kind="extra", message=text, fix=TAKE_OUT)
