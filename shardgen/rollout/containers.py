"""The services of two merged compose models in, what `up -d` does to each container out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.stack import canonical_entry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

CREATE, RECREATE, REMOVE, KEEP = "create", "recreate", "remove", "keep"

#: What compose reads before it makes a container, and a container does not have.
UNSEEN = frozenset({"depends_on", "profiles", "develop", "scale", "extends"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """What becomes of one service's container, and why; `reason` is '' where it is kept.

    `host` is '' for the one where the consumers run.
    """

    service: str
    fate: str
    reason: str = ""
    host: str = ""


def containers(
    before: Mapping[str, Mapping[str, Any]],
    after: Mapping[str, Mapping[str, Any]],
    variables: Mapping[str, str] | None = None,
    rebuilt: Collection[str] = (),
) -> Iterator[Container]:
    """Yield the fate of each service's container, in the order in which the files name them.

    Compose recreates a container whose definition has another digest. `variables` are env files
    whose content changes, each with what is new in it: their readers are recreated, too. `rebuilt`
    are services whose image becomes another one.
    """
    for name, service in after.items():
        if name not in before:
            yield Container(service=name, fate=CREATE)
        elif reason := difference(before[name], service, variables or {}):
            yield Container(service=name, fate=RECREATE, reason=reason)
        elif name in rebuilt:
            yield Container(service=name, fate=RECREATE, reason="new router")
        else:
            yield Container(service=name, fate=KEEP)
    for name in before:
        if name not in after:
            yield Container(service=name, fate=REMOVE, reason="no file defines it any more")


def difference(
    before: Mapping[str, Any], after: Mapping[str, Any], variables: Mapping[str, str]
) -> str:
    """Return why a container is recreated; '' where it is kept."""
    first, second = (canonical_entry("services", each) for each in (before, after))
    changed = [
        key
        for key in dict.fromkeys((*second, *first))
        if key not in UNSEEN and not compose.same(first.get(key), second.get(key))
    ]
    if "networks" not in changed and bare_networks(before) != bare_networks(after):
        changed.append("networks")
    read = [variables[file] for file in env_files(after) if file in variables]
    others = [key for key in changed if not (key == "env_file" and read)]
    return ", ".join([*dict.fromkeys(read), *(f"another {key}" for key in others)])


def bare_networks(service: Mapping[str, Any]) -> set[str]:
    """Return the networks without options: compose's digest tells `net:` from `net: {}`."""
    joined = compose.named(service.get("networks"), "networks") or {"default": None}
    return {name for name, options in joined.items() if options is None}


def env_files(service: Mapping[str, Any]) -> Iterator[str]:
    """Yield the paths of a service's env files."""
    for entry in compose.listed(service.get("env_file")):
        yield str(entry.get("path") if isinstance(entry, dict) else entry).removeprefix("./")
