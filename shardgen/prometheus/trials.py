"""The shards and how they are watched in; the series and times of the tests of the rules out.

The tests look every ten minutes: so two days are 288 looks, however many shards there are.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from shardgen.prometheus.settings import seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shardgen.prometheus.settings import Prometheus

#: Minutes between two looks; a sample of the tests is one minute after the last.
STEP = 10
DAY = 24 * 60
MATCHER = re.compile('([a-zA-Z_][a-zA-Z0-9_]*)="([^"]*)"')


def trials(shards: Sequence[dict[str, Any]], monitoring: Prometheus, job: str) -> dict[str, Any]:
    """Return what rules.test.yml is made of: times in minutes, and one shard of each state."""
    states = {shard["labels"]["state"]: shard for shard in reversed(shards)}
    down = 2 * STEP + later(monitoring.down_after)
    flips = " ".join(["0 1"] * monitoring.flaps)
    return {
        "step": STEP,
        "down": down,
        "missing": later(monitoring.missing_after),
        "days": monitoring.down_days * DAY,
        "flapping": f"1x2 {flips} 1x60",
        "shards": [trial(shard, monitoring, job) for _, shard in sorted(states.items())],
    }


def later(duration: str) -> int:
    """Return the minutes until the first look at which an alert has been pending for so long."""
    return max(1, math.ceil(seconds(duration) / 60 / STEP)) * STEP


def trial(shard: dict[str, Any], monitoring: Prometheus, job: str) -> dict[str, Any]:
    """Return the labels of the series that a test gives to one shard."""
    number, label = shard["labels"]["shard"], monitoring.volume_label
    claim = {label: shard["volume"][label]} if shard["volume"] else {}
    return {
        "id": shard["id"],
        "shard": number,
        "state": shard["labels"]["state"],
        "labels": {"job": job, **shard["labels"]},
        "identity": shard["identity"],
        "capacity": shard["capacity"],
        "volume": shard["volume"],
        "tenants": series(monitoring.tenants_metric, {"shard": number}),
        "free": series(monitoring.volume_free_metric, claim),
        "size": series(monitoring.volume_size_metric, claim),
    }


def series(metric: str | None, labels: dict[str, str]) -> dict[str, Any]:
    """Return the name and the labels of a series that a metric, as it is stated, selects."""
    name, _, matchers = (metric or "").partition("{")
    return {"name": name, "labels": dict(MATCHER.findall(matchers)) | labels}
