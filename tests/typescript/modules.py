"""A shards.yaml's data in; the TypeScript router, the table, and what node makes of them out."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shardgen.context import build_context
from shardgen.instructions import build_commands
from shardgen.model import build_fleet
from shardgen.router_ts import typescript_names
from tests import needs
from tests.router.routers import NO_OVERLAY, renderer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HERE = Path(__file__).parent
Data = dict[str, Any]


def rendered(data: Data, template: str) -> str:
    """Return what a template makes of a shards.yaml's data."""
    fleet = build_fleet(data)
    commands = build_commands(fleet, "shards.yaml", None)
    context = build_context(fleet, NO_OVERLAY, commands, "shards.yaml", {})
    own = {"router_ts": asdict(typescript_names(fleet.router))}
    return renderer().text(template, context | own)


def module(data: Data) -> str:
    """Return the router's text."""
    return rendered(data, "router.ts.j2")


def table(data: Data) -> Data:
    """Return the table, as a program reads it."""
    found: Data = json.loads(rendered(data, "table.json.j2"))
    return found


def node(packages: Path, script: str, asked: Any) -> Any:
    """Return what a script of this folder answers, both as JSON."""
    done = subprocess.run(
        [needs.require("node"), HERE / script, packages],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


class Jobs:
    """Calls of many routers, which one node carries out."""

    def __init__(self) -> None:
        self.texts: dict[str, int] = {}
        self.jobs: list[Data] = []

    def add(
        self,
        data: Data,
        calls: Sequence[Sequence[Any]],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Ask a router, imported in an environment, one call after the other."""
        text = self.texts.setdefault(module(data), len(self.texts))
        self.jobs.append({"text": text, "environment": environment or {}, "calls": calls})

    def run(self, packages: Path) -> list[list[Data]]:
        """Return what each call of each job gave: its `value`, or `error` and `message`."""
        asked = {"texts": [*self.texts], "jobs": self.jobs}
        found: list[list[Data]] = node(packages, "driver.mjs", asked)
        return found


def bigint(number: int) -> Data:
    """Return a bigint, as the driver reads it."""
    return {"$bigint": str(number)}
