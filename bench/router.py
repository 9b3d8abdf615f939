"""What the committed router's calls cost, beside dict lookups and a bare hash of the same run."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import timeit
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from tests.router.routers import execute, render, shards

ROUTER = Path(__file__).parents[1] / "server" / "whatsapp_shard_router.py"
#: Rounds over all subjects, so that a slow moment hits none alone; the fastest counts.
ROUNDS = 15
CALLS = 50_000


class Row(NamedTuple):
    """One figure; `budget` is the most that it may be, None where nothing is promised."""

    name: str
    value: float
    unit: str
    budget: float | None = None

    @property
    def met(self) -> bool:
        """Whether the figure is within its budget."""
        return self.budget is None or self.value <= self.budget


def lookup(table: dict[int, str], key: int) -> str:
    """Return what one plain dict call costs, when timed."""
    return table[key]


def three_lookups(table: dict[int, str], key: int) -> tuple[str, str, str]:
    """Return what three plain dict lookups in one function cost, when timed."""
    return table[key], table[key], table[key]


def bare_hash(tenant: int) -> int:
    """Return the hash of the fallback, as anybody would write it."""
    digest = hashlib.md5(str(tenant).encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest, "big")


def measure(path: Path = ROUTER) -> list[Row]:
    """Return ns per call of a router's file, then the ratios that have a budget (DESIGN, Speed).

    An explicit shard: less than three plain dict calls. The fallback: less than 1.5 times its hash.
    """
    router = load(path)
    function = next(name for name in router.__all__ if name.endswith("_base_url"))
    names = {
        "lookup": lookup,
        "three_lookups": three_lookups,
        "bare_hash": bare_hash,
        "url": getattr(router, function),
        "table": dict(router.SHARDS),
        "shard": min(router.SHARDS),
        "tenant": 12345,
    }
    subjects = {
        "a dict lookup in a function": "lookup(table, shard)",
        "three dict lookups in a function": "three_lookups(table, shard)",
        "router, explicit shard": "url(tenant, shard)",
        "hash alone": "bare_hash(tenant)",
        "router, fallback": "url(tenant)",
    }
    timers = {name: timeit.Timer(code, globals=names) for name, code in subjects.items()}
    rounds = [{name: timer.timeit(CALLS) for name, timer in timers.items()} for _ in range(ROUNDS)]
    best = {name: min(took[name] for took in rounds) / CALLS * 1e9 for name in timers}
    one, three, explicit, alone, fallback = best.values()
    return [
        *(Row(name, value, "ns") for name, value in best.items()),
        Row("router, explicit shard", explicit / one, "dict calls", 3),
        Row("router, explicit shard", explicit / three, "of three lookups in one call"),
        Row("router, fallback", fallback / alone, "of its hash", 1.5),
        *measure_rendezvous(),
    ]


def measure_rendezvous() -> list[Row]:
    """Return ns per call of `fallback: rendezvous`, which has no budget: it is a hash per draw."""
    rows = []
    for draws in (2, 10, 1_000):
        router = execute(render(shards(*range(1, draws + 1), routing={"fallback": "rendezvous"})))
        calls = CALLS // draws
        timer = timeit.Timer("url(12345)", globals={"url": router.get_baileys_base_url})
        took = min(timer.repeat(ROUNDS, calls)) / calls * 1e9
        rows.append(Row(f"router, rendezvous, {draws:,} draws", took, "ns"))
    return rows


def load(path: Path) -> Any:
    """Return the router as a module, imported where no variable is set."""
    spec = importlib.util.spec_from_file_location("measured_router", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    with mock.patch.dict(os.environ, clear=True):
        spec.loader.exec_module(module)
    return module


def main() -> None:
    """Print one line per figure."""
    for row in measure():
        verdict = "met" if row.met else "MISSED"
        promise = "" if row.budget is None else f" (budget {row.budget:g}: {verdict})"
        print(f"{row.name:34}{row.value:8.2f} {row.unit}{promise}")


if __name__ == "__main__":
    main()
