"""The strings of a shards.yaml, each with its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.document import Path

#: Service keys whose strings compose reads, and so interpolates.
COMPOSE = frozenset(
    {
        "build",
        "image",
        "environment",
        "env_file",
        "networks",
        "restart",
        "stop_grace_period",
        "healthcheck",
        "labels",
        "limits",
        "compose",
    }
)
#: Service keys whose strings may have several lines.
LONG = frozenset({"build", "environment", "healthcheck", "labels", "compose"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One string: its place, whether it is a key, and which service key it is under, if any."""

    path: Path
    value: str
    is_key: bool
    under: str


def texts_of(data: dict[str, Any]) -> Iterator[Text]:
    """Yield every string, keys of the user's own included; an alias's strings once."""
    seen: set[int] = set()
    waiting: list[tuple[Path, Any]] = [((), data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            yield Text(path=path, value=value, is_key=False, under=service_key(path))
        elif isinstance(value, (dict, list)):
            if id(value) in seen:
                continue
            seen.add(id(value))
            under = service_key(path)
            steps = value.items() if isinstance(value, dict) else enumerate(value)
            for step, child in steps:
                if under and isinstance(step, str):
                    yield Text(path=(*path, step), value=step, is_key=True, under=under)
                if not isinstance(child, (int, float)):
                    waiting.append(((*path, step), child))


def service_key(path: Path) -> str:
    """Return the service key that a place is under, empty elsewhere."""
    if path[:1] == ("service",) and len(path) > 1:
        return str(path[1])
    if path[:1] in {("shards",), ("hosts",)} and len(path) > 2:
        return str(path[2])
    if path[:2] == ("outputs", "kubernetes") and len(path) > 2:
        return str(path[2])
    return ""
