"""Sizes of projects in; what shardgen and a plain script take for each, in interleaved runs."""

from __future__ import annotations

import statistics
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bench.processes import Cost, environment, run
from bench.projects import forget_outputs, make_project, outputs
from bench.templates import plain_templates

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SHARDGEN = str(Path(sysconfig.get_path("scripts")) / "shardgen")
PLAIN = str(Path(__file__).with_name("plain.py"))
#: Above this many shards a run takes seconds, and three of them tell as much as ten.
LARGE = 1_000
FEW = 3


class Subject(NamedTuple):
    """One command on one project, and what has to be done before it is timed."""

    kind: str
    shards: int
    command: Sequence[str]
    folder: Path
    env: dict[str, str]
    prepare: Callable[[Path], None]


class Runs(NamedTuple):
    """What every run took, by kind and shards; and how much text each kind of render wrote."""

    costs: dict[tuple[str, int], list[Cost]]
    sizes: dict[tuple[str, int], int]

    def seconds(self, kind: str, shards: int = 0) -> float:
        """Return the median time of the whole process."""
        return statistics.median(cost.seconds for cost in self.costs[kind, shards])

    def peak(self, kind: str, shards: int) -> int:
        """Return the most memory that any of the processes had, in bytes."""
        return max(cost.peak_bytes for cost in self.costs[kind, shards])


def measure(root: Path, sizes: Sequence[int], rounds: int) -> Runs:
    """Return the runs on projects of these sizes, made below `root`."""
    make_templates(root)
    subjects = [*subjects_of(root, sizes)]
    runs = Runs({}, {})
    for number in range(-1, rounds):  # the first round warms the disk and the byte code up
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        for subject in subjects:
            if number >= FEW and subject.shards > LARGE:
                continue
            subject.prepare(subject.folder)
            cost = run(subject.command, subject.folder, subject.env)
            if number >= 0:
                runs.costs.setdefault((subject.kind, subject.shards), []).append(cost)
    for subject in subjects:
        if subject.kind in {"render", "plain"}:
            written = "".join(outputs(subject.folder).values())
            runs.sizes[subject.kind, subject.shards] = len(written)
    return runs


def make_templates(root: Path) -> None:
    """Write the plain script's templates, from what shardgen writes for 3 and 4 shards."""
    texts = []
    for shards in (3, 4):
        folder = root / f"sample-{shards}"
        make_project(folder, shards)
        run([SHARDGEN, "render"], folder, environment())
        texts.append(outputs(folder))
    for name, text in plain_templates(*texts).items():
        path = root / "templates" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def subjects_of(root: Path, sizes: Sequence[int]) -> list[Subject]:
    """Return what each round runs, in order; the checks follow on the render of their project."""
    usual, ci = environment(), environment(CI="true")
    found = [Subject("bare", 0, [sys.executable, "-c", "pass"], root, usual, untouched)]
    plain = [sys.executable, PLAIN, str(root / "templates")]
    for shards in sizes:
        folder, beside = root / f"shards-{shards}", root / f"plain-{shards}"
        make_project(folder, shards)
        make_project(beside, shards)
        found += [
            Subject("render", shards, [SHARDGEN, "render"], folder, usual, forget_outputs),
            Subject("check", shards, [SHARDGEN, "check"], folder, usual, untouched),
            Subject("full", shards, [SHARDGEN, "check"], folder, ci, untouched),
            Subject("plain", shards, plain, beside, usual, forget_outputs),
        ]
    return found


def untouched(folder: Path) -> None:
    """Leave a project as it is."""
