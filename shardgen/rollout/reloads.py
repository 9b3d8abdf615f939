"""Files that changed in, the steps that have the programs read them again out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardgen.rollout.step import EARLIER, Step

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from shardgen.outputs import Output

#: Prometheus looks at this file by itself.
WATCHED = "targets.json"
COMMANDS = {
    "nginx": ("have nginx read its files again", "nginx -t && nginx -s reload"),
    "prometheus": (
        "have Prometheus read its rules again",
        "curl -fsS -X POST http://PROMETHEUS:9090/-/reload",
    ),
}


def reloads(outputs: Sequence[Output], changed: Collection[str]) -> Iterator[Step]:
    """Yield a step for each program whose files are others now, and which would not notice."""
    files = {
        each.name
        for each in outputs
        if each.destination in changed and not each.destination.endswith(f"/{WATCHED}")
    }
    for name, (title, command) in COMMANDS.items():
        if name in files:
            yield Step(title=title, command=command, back=EARLIER)
