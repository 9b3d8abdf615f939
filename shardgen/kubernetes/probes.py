"""A shard's healthcheck as compose has it in, the three probes of its container out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from shardgen.kubernetes.amounts import MOST, seconds
from shardgen.kubernetes.interpolation import escaped, literal

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What compose takes where a healthcheck does not say; without one a connection is made.
INTERVAL, TIMEOUT, RETRIES, START = 30, 30, 3, 0
CONNECTION = {"interval": "30s", "timeout": "5s", "retries": 3}
#: A start takes this long at least before it has failed, and a shard fails this long before it is
#: started anew: that drops the connection of every tenant.
PATIENCE = 300
START_PERIOD = 10

Probe = dict[str, Any]


def container_probes(healthcheck: Any, path: str | None) -> dict[str, Probe]:
    """Return the probes; raises Unclear for values that no cluster can take.

    `path` is what shards.yaml has probed over HTTP, for which the kubelet needs no node in the
    image. Where there is no healthcheck, a connection to the port is all that can be asked for.
    """
    check = healthcheck if isinstance(healthcheck, dict) else {}
    if path is not None:
        action: Probe = {"httpGet": {"path": path, "port": "http"}}
    elif command := command_of(check):
        action = {"exec": {"command": command}}
    else:
        action, check = {"tcpSocket": {"port": "http"}}, CONNECTION
    interval = duration(check, "interval", INTERVAL) or INTERVAL
    timeout = duration(check, "timeout", TIMEOUT) or TIMEOUT
    retries = number(check.get("retries")) or RETRIES
    start = duration(check, "start_period", START) + interval * retries
    return {
        "startupProbe": probe(action, START_PERIOD, timeout, times(START_PERIOD, start)),
        "readinessProbe": probe(action, interval, timeout, min(retries, MOST)),
        "livenessProbe": probe(action, interval, timeout, max(2 * retries, times(interval, 0))),
    }


def probe(action: Probe, period: int, timeout: int, failures: int) -> Probe:
    """Return one probe."""
    return {
        **action,
        "periodSeconds": period,
        "timeoutSeconds": timeout,
        "failureThreshold": min(failures, MOST),
    }


def times(period: int, least: int) -> int:
    """Return how many probes fill a time, and our patience at least."""
    return math.ceil(max(PATIENCE, least) / period)


def duration(check: Mapping[str, Any], key: str, default: int) -> int:
    """Return a duration of a healthcheck in seconds."""
    return default if check.get(key) is None else seconds(check[key])


def number(value: Any) -> int:
    """Return how often a healthcheck is tried; 0 where it does not say."""
    text = "" if value is None else literal(value)
    return int(text) if text.isdecimal() else 0


def command_of(check: Mapping[str, Any]) -> list[str]:
    """Return the command of a healthcheck, as a probe spells it; none where it is off."""
    test = check.get("test")
    if check.get("disable") is True or not test or test in ("NONE", ["NONE"]):
        return []
    if isinstance(test, str):
        return ["/bin/sh", "-c", escaped(literal(test))]
    words = [escaped(literal(word)) for word in test]
    return ["/bin/sh", "-c", *words[1:2]] if words[0] == "CMD-SHELL" else words[1:]
