"""shardgen.lock: what was rendered, from what, and for which fleet, as text and as a record."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from shardgen.digest import is_sealed, sealed

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = 1
#: JSON on one line, sorted and in ASCII; `json.dumps` would make an encoder for each line.
compact = json.JSONEncoder(sort_keys=True).encode


class Owned(NamedTuple):
    """One destination of ours. `digest` is of what is ours in it, `was` of what an interrupted
    render may have left: '' where there was nothing; None once the render has ended.
    """

    output: str
    form: str
    digest: str
    was: str | None = None


class Lock(NamedTuple):
    """The lock's content. `inputs` maps paths to digests, None for a file that must be absent."""

    package: str
    inputs: Mapping[str, str | None]
    outputs: Mapping[str, Owned]
    fleet: Mapping[str, Any]

    @property
    def is_complete(self) -> bool:
        """Whether the render that wrote it has ended."""
        return all(entry.was is None for entry in self.outputs.values())


def lock_text(lock: Lock) -> str:
    """Return the lock as it is committed: sorted JSON, a line for each file and each shard."""
    entries = {
        path: {key: value for key, value in entry._asdict().items() if value is not None}
        for path, entry in lock.outputs.items()
    }
    body = {
        "fleet": {**lock.fleet, "shards": Lines(lock.fleet.get("shards", {}))},
        "inputs": Lines(lock.inputs),
        "outputs": Lines(entries),
        "package": lock.package,
        "version": VERSION,
    }
    return sealed(json_text(body))


class Lines(dict[str, Any]):
    """A mapping that is written with one line an entry."""


def json_text(body: Mapping[str, Any]) -> str:
    """Return sorted JSON in which the `Lines` mappings spread over lines, and nothing else."""
    rows = []
    for key, value in sorted(body.items()):
        if isinstance(value, dict) and any(isinstance(v, Lines) for v in value.values()):
            rows.append(f'  "{key}": {{\n{nested(value, "    ")}\n  }}')
        elif isinstance(value, Lines):
            rows.append(f'  "{key}": {spread(value, "  ")}')
        else:
            rows.append(f'  "{key}": {compact(value)}')
    return "{\n" + ",\n".join(rows) + "\n}\n"


def nested(value: Mapping[str, Any], pad: str) -> str:
    """Return the lines of a mapping one level down."""
    return ",\n".join(
        f'{pad}"{key}": {spread(item, pad) if isinstance(item, Lines) else compact(item)}'
        for key, item in sorted(value.items())
    )


def spread(value: Mapping[str, Any], pad: str) -> str:
    """Return a mapping with one line an entry; numbers sort as numbers."""
    if not value:
        return "{}"
    keys = sorted(value, key=lambda key: (not key.isdigit(), len(key) if key.isdigit() else 0, key))
    rows = (f"{pad}  {compact(key)}: {compact(value[key])}" for key in keys)
    return "{\n" + ",\n".join(rows) + f"\n{pad}}}"


def lock_in(content: bytes | None) -> Lock | None:
    """Return the lock in a file's bytes; None where there is no file, or no lock in it."""
    return read_lock(content.decode("utf-8", "replace")) if content else None


def read_lock(text: str) -> Lock | None:
    """Return a lock; None for a text that is not exactly as `lock_text` writes it."""
    if not is_sealed(text):
        return None
    try:
        data = json.loads(text)
        outputs = {path: Owned(**entry) for path, entry in data["outputs"].items()}
        lock = Lock(data["package"], data["inputs"], outputs, data["fleet"])
        is_ours = data["version"] == VERSION
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return lock if is_ours else None
