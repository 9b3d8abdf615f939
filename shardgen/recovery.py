"""The lock, a commit, else the files of ours on disk in; the fleet of the last render out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shardgen import compose, languages, plan, record
from shardgen.context import HEADER
from shardgen.outputs import HOST, OUTPUTS
from shardgen.ports import container_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shardgen.committed import Committed
    from shardgen.disk import Disk
    from shardgen.lock import Lock
    from shardgen.model import Fleet
    from shardgen.validate import Inputs


def last_fleet(
    disk: Disk,
    inputs: Inputs,
    paths: Mapping[str, str],
    lock: Lock | None,
    committed: Committed | None,
) -> Mapping[str, Any]:
    """Return the fleet before this render; a new plan starts from that of the commit."""
    if committed and committed.lock:
        return committed.lock.fleet
    if committed and committed.sum is None:
        return {}
    return lock.fleet if lock else fleet_on_disk(disk, inputs, paths)


def fleet_on_disk(disk: Disk, inputs: Inputs, paths: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the last fleet from the files that are ours, where the lock is lost."""
    found = dict(files_of_hosts(disk, inputs))
    overlay = disk.read(paths["compose"]) if "compose" in paths else None
    if (data := data_of_ours(overlay, languages.read_yaml)) is not None:
        found = {"": data, **found}
    before = record.record_of_files(found, inputs.fleet) if found else {}
    if "kubernetes" not in paths:
        return before
    from shardgen.kubernetes.objects import claims_in

    objects = data_of_ours(disk.read(paths["kubernetes"]), languages.read_yaml_stream)
    return record.with_claims(before, dict(claims_in(objects, inputs.fleet)), inputs.fleet)


def files_of_hosts(disk: Disk, inputs: Inputs) -> Iterator[tuple[str, Any]]:
    """Yield the other hosts that have a file of this config, and its data.

    They need not be named by a shard any more. What else is called so tells nothing: the overlay
    is, where it has its name by default.
    """
    written = inputs.data.get("outputs", {}).get("hosts") or {}
    pattern = str(written.get("path", OUTPUTS["hosts"].destination))
    before, found, _ = pattern.partition(HOST)
    if not found:
        return
    folder, _, start = before.rpartition("/")
    end = pattern[len(before) + len(HOST) :].partition("/")[0]
    name = re.compile(f"{re.escape(start)}(?P<host>[a-z0-9.-]+){re.escape(end)}")
    head = HEADER.partition("{config}")[0] + f"{inputs.document.file}."
    for host in (each["host"] for each in map(name.fullmatch, disk.names(folder or ".")) if each):
        content = disk.read(pattern.replace(HOST, host)) or b""
        data = data_of_ours(content, languages.read_yaml)
        if head.encode() in content.partition(b"\n")[0] and publishes(data, inputs.fleet):
            yield host, data


def publishes(data: Any, fleet: Fleet) -> bool:
    """Return whether each service of a compose file publishes the shards' port, as elsewhere."""
    services = data.get("services") if isinstance(data, dict) else None
    return isinstance(services, dict) and all(
        isinstance(each, dict)
        and fleet.service.port in map(container_port, compose.listed(each.get("ports")))
        for each in services.values()
    )


def data_of_ours(content: bytes | None, read: Callable[[str], Any]) -> Any:
    """Return the data of a file that bears our header; None where it tells nothing."""
    if not plan.is_marked(content):
        return None
    try:
        return read((content or b"").decode())
    except Exception:  # noqa: BLE001 - a broken file tells nothing
        return None
