"""`python -m bench.rebalance`: a plan for 1,000,000 tenants on 1,000 shards, time and memory."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.figures import Figure, table
from bench.processes import environment, run

TENANTS, SHARDS, NEW = 1_000_000, 1_000, 10
SECONDS, PEAK = 10, 1_000


def main() -> None:
    """Print the figures; a bench is no test, so the exit code is 0 whatever they are."""
    with tempfile.TemporaryDirectory(prefix="shardgen-bench-") as name:
        folder = Path(name)
        write_project(folder)
        figures = [each for kind in ("count", "weight") for each in measured(folder, kind)]
    sys.stdout.write(table(figures))


def write_project(folder: Path) -> None:
    """Write a fleet of which the last shards are new, and its tenants with uneven weights."""
    entries = "".join(f"  - id: {number}\n" for number in range(1, SHARDS + 1))
    head = "version: 1\nservice: {base: null, image: x}\nshards:\n"
    (folder / "shards.yaml").write_text(head + entries)
    chance = random.Random(1)
    with (folder / "tenants.csv").open("w") as file:
        file.write("id,shard,weight\n")
        for number in range(1, TENANTS + 1):
            shard = int(chance.random() ** 1.5 * (SHARDS - NEW)) + 1
            file.write(f"{number},{shard},{chance.paretovariate(1.3):.3f}\n")


def measured(folder: Path, kind: str) -> list[Figure]:
    """Return what a plan costs, and how near to its bound it is."""
    command = [sys.executable, "-m", "shardgen", "rebalance", "--tenants", "tenants.csv"]
    command += ["--by", kind]
    cost = run(command, folder, environment())
    printed = subprocess.run(
        [*command, "--format", "json"],
        cwd=folder, env=environment(), capture_output=True, check=True,
    ).stdout  # fmt: skip
    plan = json.loads(printed)
    name = f"rebalance {TENANTS:,} tenants on {SHARDS:,} shards, by {kind}"
    ratio = plan["planned_moves"] / plan["least_moves"]
    return [
        Figure(name, cost.seconds, "s", budget=SECONDS),
        Figure("  its peak memory", cost.peak_bytes / 1e6, "MB", budget=PEAK),
        Figure(f"  its {plan['planned_moves']:,} moves", None, "", ratio, "the least there can be"),
    ]


if __name__ == "__main__":
    main()
