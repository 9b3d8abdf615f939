"""`python -m bench.outputs`: what each output that is off by default costs, and how it grows."""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from bench.figures import Figure, table
from bench.processes import environment, run
from bench.projects import forget_outputs, make_project
from bench.runs import SHARDGEN
from shardgen.outputs import OUTPUTS

SIZES = (1_000, 10_000)
ROUNDS = 3
#: The most that ten times as many shards may cost, and the least time that this is said of: below
#: it, the start of the process hides what grows.
GROWTH = 11
#: What an output needs to be told; the base of a bench builds its image.
STATED = {
    "kubernetes": "image: registry.example/baileys:1, environment: {TZ: UTC, LOG_LEVEL: info}",
    "swarm": "stack: shop, image: registry.example/baileys:1",
    "nginx": "tenant: $arg_business_id",
}
USUAL = tuple(name for name, output in OUTPUTS.items() if output.enabled and name != "hosts")
EXTRA = tuple(name for name, output in OUTPUTS.items() if not output.enabled)


def main() -> None:
    """Print a table: the usual outputs, each further one alone, and all of them at once."""
    kinds = {"usual": USUAL, **{name: (name,) for name in EXTRA}, "hosts": ("hosts",)}
    kinds["all but hosts"] = (*USUAL, *EXTRA)  # a cluster places its shards itself
    with tempfile.TemporaryDirectory(prefix="shardgen-bench-") as root:
        figures = [row for name, on in kinds.items() for row in rows(Path(root), name, on)]
    sys.stdout.write(f"first render, medians of {ROUNDS} runs\n\n{table(figures)}")


def rows(root: Path, name: str, outputs: tuple[str, ...]) -> list[Figure]:
    """Return the time of each size, and the growth from one to the other."""
    seconds, written = [], []
    for shards in SIZES:
        folder = root / f"{name}-{shards}"
        make_project(folder, shards)
        state(folder, outputs)
        costs = []
        for _ in range(ROUNDS):
            forget_outputs(folder)
            costs.append(run([SHARDGEN, "render"], folder, environment()).seconds)
        seconds.append(statistics.median(costs))
        written.append(sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) / 1e6)
        print(f"{name}: {shards} shards in {seconds[-1]:.2f} s", file=sys.stderr)
    found = [
        Figure(f"{name}, {shards:,} shards, {size:.1f} MB", spent * 1000, "ms")
        for shards, spent, size in zip(SIZES, seconds, written, strict=True)
    ]
    ratio = seconds[1] / seconds[0]
    return [*found, Figure(f"{name}, growth", None, "", ratio, f"{SIZES[0]:,} shards", GROWTH)]


def state(folder: Path, outputs: tuple[str, ...]) -> None:
    """Have a project make some outputs and no others; for hosts, two run all shards but one."""
    path = folder / "shards.yaml"
    text = path.read_text(encoding="utf-8")
    if "hosts" in outputs:
        head, _, entries = text.partition("  - id: 1\n")
        lines = [
            f"{line}, host: {host(number)}" for number, line in enumerate(entries.splitlines())
        ]
        moved = "".join(f"  - {{{line.removeprefix('  - ')}}}\n" for line in lines)
        text = f"{head}  - id: 1\n{moved}hosts:\n"
        text += "".join(f"  {each}: {{environment: {{{AWAY}}}}}\n" for each in map(host, (0, 1)))
    text += "outputs:\n"
    for name in OUTPUTS:
        is_on = name in outputs
        stated = STATED.get(name) if is_on else None
        text += f"  {name}: {{enabled: {str(is_on).lower()}{f', {stated}' if stated else ''}}}\n"
    path.write_text(text, encoding="utf-8")


AWAY = "FLASK_BASE_URL: 'http://10.0.0.1:5000', BACKEND_BASE_URL: 'http://10.0.0.1:5000'"


def host(number: int) -> str:
    """Return the host of a shard."""
    return f"shards-{'ab'[number % 2]}"


if __name__ == "__main__":
    main()
