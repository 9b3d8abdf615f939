"""The prometheus output: times that fit each other, labels of one meaning, volumes told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardgen.prometheus.settings import Prometheus, seconds, settings_of
from shardgen.prometheus.watched import volume_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shardgen.diagnostics import Diagnostic
    from shardgen.document import Path
    from shardgen.rules.subject import Subject

AT = ("outputs", "prometheus")
#: Labels that the targets, the rules, the alerts or Prometheus itself set.
TAKEN = frozenset({"alertname", "alertstate", "host", "instance", "job", "service", "severity",
                   "shard", "state"})  # fmt: skip
#: Prometheus forgets a series five minutes after its last sample, and one probe may be lost.
LONGEST_INTERVAL = 2 * 60
HOUR = 3600
#: How long the alerts may wait at most: the tests of the rules look on until they fire.
LONGEST_WAITS = {"down_after": 12, "missing_after": 24}


def written(subject: Subject, *keys: str) -> Path:
    """Return the place of the first of some settings that is written, of the output else."""
    found = next((key for key in keys if key in subject.data["outputs"]["prometheus"]), None)
    return (*AT, found) if found else AT


def times(subject: Subject) -> Iterator[Diagnostic]:
    """Require probes that end before the next begins, and waits that an alert can outlast."""
    monitoring = settings_of(subject.output("prometheus"))
    interval = seconds(monitoring.interval)
    if interval > LONGEST_INTERVAL:
        yield subject.error(
            (*AT, "interval"),
            "SG451",
            f"the interval {monitoring.interval!r} is more than two minutes",
            "write 2m or less: Prometheus forgets a series after five, and one probe may be lost",
        )
    if seconds(monitoring.timeout) >= interval:
        yield subject.error(
            written(subject, "timeout", "interval"),
            "SG451",
            f"a probe may take {monitoring.timeout}, and the next begins after "
            f"{monitoring.interval}",
            "write a timeout that is shorter than the interval",
        )
    for key, hours in LONGEST_WAITS.items():
        if seconds(getattr(monitoring, key)) > hours * HOUR:
            yield subject.error(
                (*AT, key),
                "SG451",
                f"{key} is more than {hours} hours",
                f"write {hours}h or less; ShardDownForDays has down_days",
            )


def labels(subject: Subject) -> Iterator[Diagnostic]:
    """Refuse a label that has a meaning already, and one that the metrics of volumes need."""
    monitoring = settings_of(subject.output("prometheus"))
    for name in monitoring.labels:
        if name in TAKEN or (monitoring.sees_volumes and name == monitoring.volume_label):
            yield subject.error(
                (*AT, "labels", name),
                "SG452",
                f"the label {name!r} is set already",
                "choose another name, as env",
                key=True,
            )


def volumes(subject: Subject) -> Iterator[Diagnostic]:
    """Require both metrics of the volumes or none, and a name that finds each shard's own."""
    monitoring = settings_of(subject.output("prometheus"))
    if bool(monitoring.volume_free_metric) != bool(monitoring.volume_size_metric):
        stated, lacking = "volume_free_metric", "volume_size_metric"
        if monitoring.volume_size_metric:
            stated, lacking = lacking, stated
        yield subject.error(
            (*AT, stated),
            "SG453",
            f"{stated} is stated without {lacking}",
            f"add {lacking}: the alert divides one by the other",
            key=True,
        )
    if monitoring.sees_volumes:
        yield from volume_names(subject, monitoring)


def volume_names(subject: Subject, monitoring: Prometheus) -> Iterator[Diagnostic]:
    """Require that the label of volumes says of each shard what no other has."""
    owners: dict[str, int] = {}
    for shard in subject.live:
        value = volume_value(shard, subject.fleet, monitoring)
        other = owners.setdefault(value, shard.id)
        if other != shard.id:
            yield subject.error(
                written(subject, "volume_name"),
                "SG454",
                f"{monitoring.volume_label}={value!r} would be the volume of shard {other} and "
                f"of shard {shard.id}",
                "write a volume_name with {volume}, {claim}, {service} or {id} in it",
            )
            return
        mine = {"shard": str(shard.id), "service": shard.service}.get(monitoring.volume_label)
        if monitoring.volume_label in TAKEN and mine != value:
            yield subject.error(
                written(subject, "volume_label"),
                "SG454",
                f"the label {monitoring.volume_label!r} has a meaning already, and would be "
                f"{value!r} at shard {shard.id}",
                'with volume_label: shard write volume_name: "{id}", with service "{service}"',
            )
            return


RULES: tuple[Callable[[Subject], Iterator[Diagnostic]], ...] = (times, labels, volumes)
