"""A number of shards in, a project's folder out, on the repository's own base file."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

BASE = Path(__file__).parents[1] / "docker-compose.yml"
CONSUMERS = "prosaas-api, worker, prosaas-calls"
INPUTS = frozenset({"docker-compose.yml", "shards.yaml"})
RECORDS = frozenset({"shardgen.lock", "shardgen.sum"})


def make_project(folder: Path, shards: int) -> None:
    """Write a project that was never rendered."""
    folder.mkdir(parents=True)
    shutil.copy(BASE, folder / "docker-compose.yml")
    entries = "".join(f"  - id: {number}\n" for number in range(1, shards + 1))
    text = f"version: 1\nservice:\n  consumers: [{CONSUMERS}]\nshards:\n{entries}"
    (folder / "shards.yaml").write_text(text, encoding="utf-8")


def forget_outputs(folder: Path) -> None:
    """Make a project one that was never rendered, and leave the disk nothing to catch up on."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in INPUTS:
            path.unlink()
    os.sync()


def outputs(folder: Path) -> dict[str, str]:
    """Return the text of each output by its path; what shardgen alone records is none."""
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in INPUTS | RECORDS
    }
