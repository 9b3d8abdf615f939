"""What shards.yaml says under `outputs.prometheus` in, the same with its defaults out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shardgen.settings import settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardgen.outputs import Output

#: Seconds in each unit of a duration.
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
DURATION = re.compile("([0-9]+)([a-z]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prometheus:
    """How the shards are watched. `labels` stand at every target, and so at every alert.

    A metric is a series by its name, as `business_tenants` or `tenants{database="main"}`.
    `volume_name` is the value of `volume_label` at a shard's volume.
    """

    job: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    blackbox: str = "blackbox:9115"
    interval: str = "30s"
    timeout: str = "5s"
    down_after: str = "2m"
    down_days: int = 2
    flaps: int = 3
    missing_after: str = "10m"
    tenants_metric: str | None = None
    capacity_ratio: float = 0.9
    volume_free_metric: str | None = None
    volume_size_metric: str | None = None
    volume_label: str = "persistentvolumeclaim"
    volume_name: str = "{claim}-{name}-{id}-0"
    volume_ratio: float = 0.9

    @property
    def sees_volumes(self) -> bool:
        """Whether there are metrics of the volumes."""
        return bool(self.volume_free_metric and self.volume_size_metric)


def settings_of(output: Output | None) -> Prometheus:
    """Return what is stated of the output; its defaults where it is off."""
    return settings(Prometheus, output.settings if output else None)


def seconds(duration: str) -> float:
    """Return the seconds of a duration that the schema accepts: a number and its unit."""
    match = DURATION.fullmatch(duration)
    return int(match[1]) * UNITS[match[2]] if match else 0.0
