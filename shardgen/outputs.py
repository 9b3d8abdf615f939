"""The table of outputs: what each is made from, where it goes, and how it meets what is there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardgen.model import Fleet

#: The ending of files that wait to be renamed; no destination may have it.
STAGED = ".shardgen-new"
#: The languages that an output can be read back in.
FORMATS = ("yaml", "env", "python", "markdown", "json", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One kind of generated thing. `meets` says what becomes of a file that is already there.

    whole: the file is ours. block: in a file that is not ours, a block between markers, which the
    first render appends. once: each file is written one time (the ledger); destination is a folder.
    """

    name: str
    template: str
    destination: str
    format: str
    meets: str = "whole"
    enabled: bool = True


OUTPUTS: dict[str, Output] = {
    output.name: output
    for output in (
        Output(
            name="compose",
            template="compose.yml.j2",
            destination="docker-compose.prod.yml",
            format="yaml",
        ),
        Output(
            name="env",
            template="env.j2",
            destination=".env.shards",
            format="env",
            meets="block",
        ),
        Output(
            name="migrations",
            template="migrations",
            destination="migrations",
            format="sql",
            meets="once",
        ),
        Output(
            name="router",
            template="router.py.j2",
            destination="server/whatsapp_shard_router.py",
            format="python",
        ),
        Output(
            name="docs",
            template="docs.md.j2",
            destination="server/SSOT_SHARDING.md",
            format="markdown",
        ),
    )
}


def outputs_of(data: Mapping[str, Any], fleet: Fleet) -> tuple[Output, ...]:
    """Return the enabled outputs of a valid shards.yaml: the table's, then the user's own."""
    written = data.get("outputs", {})
    known = {
        **OUTPUTS,
        "migrations": replace(
            OUTPUTS["migrations"], destination=fleet.database.migrations.path.rstrip("/")
        ),
    }
    found = [stated(output, written.get(name) or {}) for name, output in known.items()]
    found += [custom(name, entry) for name, entry in written.items() if name not in OUTPUTS]
    return tuple(output for output in found if output.enabled)


def stated(output: Output, entry: Mapping[str, Any]) -> Output:
    """Return one of the table's outputs with what shards.yaml says of it."""
    return replace(
        output,
        enabled=entry.get("enabled", output.enabled),
        destination=entry.get("path", output.destination),
        template=entry.get("template", output.template),
        format=entry.get("format", output.format),
    )


def custom(name: str, entry: Mapping[str, Any]) -> Output:
    """Return an output of the user's own."""
    return Output(
        name=name,
        template=entry["template"],
        destination=entry["path"],
        format=entry.get("format", "text"),
        enabled=entry.get("enabled", True),
    )
