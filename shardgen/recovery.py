"""The lock, a commit, else the files of ours on disk in; the fleet of the last render out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardgen import plan, readback, record
from shardgen.objects import claims_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shardgen.committed import Committed
    from shardgen.disk import Disk
    from shardgen.lock import Lock
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
    files = {each.subject: each.destination for each in inputs.outputs if each.name == "hosts"}
    if "compose" in paths:
        files = {"": paths["compose"], **files}
    read = readback.read_yaml
    found = {host: data_of_ours(disk.read(path), read) for host, path in files.items()}
    found = {host: data for host, data in found.items() if data is not None}
    before = record.record_of_files(found, inputs.fleet) if found else {}
    if "kubernetes" not in paths:
        return before
    objects = data_of_ours(disk.read(paths["kubernetes"]), readback.read_yaml_stream)
    return record.with_claims(before, dict(claims_in(objects, inputs.fleet)), inputs.fleet)


def data_of_ours(content: bytes | None, read: Callable[[str], Any]) -> Any:
    """Return the data of a file that bears our header; None where it tells nothing."""
    if not plan.is_marked(content):
        return None
    try:
        return read((content or b"").decode())
    except Exception:  # noqa: BLE001 - a broken file tells nothing
        return None
