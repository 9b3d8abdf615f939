"""`python -m bench`: every budget of shardgen's speed, measured in one run."""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from pathlib import Path

from bench import router
from bench.figures import Figure, as_json, table
from bench.runs import Runs, measure

SIZES = (3, 100, 1_000, 10_000)
QUICK = (3, 100)
ROUNDS = 11
#: kind → its name, and the most that it may cost, in bare starts, by number of shards
KINDS: dict[str, tuple[str, dict[int, float]]] = {
    "check": ("clean check", {3: 3, 100: 3, 1_000: 3}),
    "full": ("full check, as in CI", {}),
    "render": ("first render", {100: 20, 1_000: 40}),
    "plain": ("plain jinja2 script, no check", {}),
}
GROWTH = 11
PEAK = 100


def main() -> None:
    """Print the figures; a bench is no test, so the exit code is 0 whatever they are."""
    options = parser().parse_args()
    sizes, rounds = (QUICK, 1) if options.quick else (SIZES, options.rounds)
    with tempfile.TemporaryDirectory(prefix="shardgen-bench-") as folder:
        runs = measure(Path(folder), sizes, rounds)
        path = next(Path(folder).glob(f"shards-{sizes[0]}/server/*.py"))
        figures = [*process_figures(runs, sizes), *router_figures(path)]
    python = f"{platform.python_implementation()} {platform.python_version()}"
    if options.json:
        found = {
            "format_version": 1,
            "python": python,
            "rounds": rounds,
            "figures": as_json(figures),
        }
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    else:
        sys.stdout.write(f"{python}, medians of {rounds} interleaved runs\n\n{table(figures)}")


def parser() -> argparse.ArgumentParser:
    """Return the options."""
    found = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    found.add_argument("--json", action="store_true", help="print the figures as JSON")
    found.add_argument(
        "--quick", action="store_true", help="one round, small projects: a smoke run"
    )
    found.add_argument("--rounds", type=int, default=ROUNDS, help="runs of each command")
    return found


def process_figures(runs: Runs, sizes: tuple[int, ...]) -> list[Figure]:
    """Return the figures of whole processes."""
    bare = runs.seconds("bare")
    found = [Figure("python -c pass", bare * 1000, "ms")]
    for kind, (name, budgets) in KINDS.items():
        for shards in sizes:
            seconds = runs.seconds(kind, shards)
            found.append(
                Figure(f"{name}, {shards:,} shards", seconds * 1000, "ms", seconds / bare,
                       "bare start", budgets.get(shards))
            )  # fmt: skip
    largest, below = sizes[-1], sizes[-2]
    growth = runs.seconds("render", largest) / runs.seconds("render", below)
    limit, most = (GROWTH, PEAK) if sizes == SIZES else (None, None)
    text = runs.sizes["plain", below] / runs.sizes["render", below]
    peak = runs.peak("render", below) / 1e6
    return [
        *found,
        Figure(f"first render, {largest:,} shards", None, "", growth, f"{below:,} shards", limit),
        Figure(f"peak memory of a first render, {below:,} shards", peak, "MB", budget=most),
        Figure("text that the plain script writes", None, "", text, "shardgen's"),
    ]


def router_figures(path: Path) -> list[Figure]:
    """Return the figures of the generated router's calls."""
    return [
        Figure(row.name, row.value, row.unit, budget=row.budget)
        if row.unit == "ns"
        else Figure(row.name, None, "", row.value, row.unit.removeprefix("of "), row.budget)
        for row in router.measure(path)
    ]


if __name__ == "__main__":
    main()
