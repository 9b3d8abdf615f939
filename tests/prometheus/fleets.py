"""Fleets that are watched, and what a render writes for Prometheus."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from tests.support import Project

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

#: Every setting that adds an alert.
FULL: dict[str, Any] = {
    "labels": {"env": "prod"},
    "tenants_metric": 'tenants{database="main"}',
    "volume_free_metric": "kubelet_volume_stats_available_bytes",
    "volume_size_metric": "kubelet_volume_stats_capacity_bytes",
}
OFF = ("compose", "env", "migrations", "router")


def states(count: int) -> list[dict[str, Any]]:
    """Return so many shards, the second of each ten draining and the third retired."""
    found: list[dict[str, Any]] = []
    for number in range(1, count + 1):
        state = {2: "draining", 3: "retired"}.get(number % 10, "active")
        found.append({"id": number, "state": state, "capacity": 100 * number})
    return found


class Watched(Project):
    """A project with the output on, rendered."""

    def __init__(
        self, root: Path, shards: Sequence[dict[str, Any]], more: Any = None, **settings: Any
    ) -> None:
        super().__init__(root, "")
        self.more = more or {}
        self.say(shards, **settings)

    def say(self, shards: Sequence[dict[str, Any]], **settings: Any) -> None:
        """Write the fleet, and render it."""
        off: dict[str, Any] = {name: {"enabled": False} for name in OFF}
        outputs = {**off, "prometheus": {"enabled": True, **settings}}
        data = {"version": 1, **self.more, "outputs": outputs, "shards": list(shards)}
        self.write("shards.yaml", yaml.safe_dump(data, sort_keys=False))
        self.render()

    @property
    def files(self) -> dict[str, str]:
        """The text of each file of the output."""
        return {path.name: path.read_text() for path in sorted(self.path("prometheus").iterdir())}

    def yaml(self, name: str) -> Any:
        """Return the data of a file of YAML."""
        return yaml.safe_load(self.files[name])

    @property
    def targets(self) -> list[dict[str, Any]]:
        """What is probed."""
        found: list[dict[str, Any]] = json.loads(self.files["targets.json"])
        return found

    @property
    def rules(self) -> list[dict[str, Any]]:
        """The alerts."""
        (group,) = self.yaml("rules.yml")["groups"]
        found: list[dict[str, Any]] = group["rules"]
        return found

    @property
    def declared(self) -> list[dict[str, Any]]:
        """The recording rules."""
        (group,) = self.yaml("declared.yml")["groups"]
        found: list[dict[str, Any]] = group["rules"]
        return found

    @property
    def dashboard(self) -> dict[str, Any]:
        """The dashboard."""
        found: dict[str, Any] = json.loads(self.files["dashboard.json"])
        return found
