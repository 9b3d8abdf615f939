"""`shardgen add`: the edit to shards.yaml that adds a shard, and what it will do."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from shardgen import report
from shardgen.commands.render import with_committed_fleet
from shardgen.disk import Edited
from shardgen.edit import with_shard
from shardgen.errors import InvalidInput, UsageError
from shardgen.files import held, replace_text
from shardgen.source import parse
from shardgen.terminal import out, painter
from shardgen.validate import validate
from shardgen.workspace import open_workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shardgen.disk import Disk


def add(
    disk: Disk,
    config: str,
    *,
    number: int | None,
    values: Sequence[str],
    dry_run: bool = False,
) -> int:
    """Append a shard to shards.yaml, then print what the next render will do; returns 0.

    The new text is validated and planned before it is written.
    """
    with held(disk.root):
        content = disk.required(config)
        inputs = validate(content, config, disk)
        used = [shard.id for shard in inputs.fleet.shards]
        chosen = number if number is not None else max(used) + 1
        if chosen in used:
            free = max(used) + 1
            raise UsageError(f"shard {chosen} is there already; the next free id is {free}")
        entry = {"id": chosen, **dict(parsed(value) for value in values)}
        bom = "\ufeff" if content.startswith(b"\xef\xbb\xbf") else ""
        text = bom + with_shard(inputs.document, entry)
        try:
            workspace = open_workspace(Edited(disk, config, text.encode()), config)
        except InvalidInput as error:
            raise InvalidInput(error.diagnostics, texts={config: text}) from None
        if not dry_run:
            replace_text(os.path.realpath(disk.path(config)), text)
    verb = "would add" if dry_run else "added"
    out(f"{verb} shard {chosen} to {config}; `{workspace.commands.render}` will do this:\n\n")
    workspace = with_committed_fleet(disk, workspace)
    out(report.render_text(workspace, dry=True, paint=painter()))
    return 0


def parsed(argument: str) -> tuple[str, Any]:
    """Return key and value of `key=value`; the value is read as YAML reads it."""
    key, equals, text = argument.partition("=")
    if not equals or not key:
        raise UsageError(f"{argument!r} is not key=value, as in volume=whatsapp_auth_eu")
    if key == "id":
        raise UsageError(f"{argument!r}: the id is given by --id")
    value = parse(text, argument)
    if value.problems:
        problem = value.problems[0]
        raise UsageError(f"{argument!r}: {problem.message}; {problem.hint}")
    return key, value.data
