"""`shardgen ledger`: the recorded history, and whether a database is as it says; never writes."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

from shardgen import chronicle, migrations, replan
from shardgen.digest import lock_name
from shardgen.errors import UsageError
from shardgen.files import held
from shardgen.ledger.names import Names, derive_names
from shardgen.ledger.runners import RUNNERS
from shardgen.lock import lock_in
from shardgen.publication import failing_as_json
from shardgen.standing import standing
from shardgen.terminal import out, painter
from shardgen.validate import validate

if TYPE_CHECKING:
    from shardgen.disk import Disk
    from shardgen.ledger.verify import Ledger
    from shardgen.validate import Inputs


def ledger(
    disk: Disk, config: str, *, database: str | None = None, output_format: str = "text"
) -> int:
    """Print the history; returns 1 where it is damaged or the database differs from it, else 0.

    Raises UsageError where there is no ledger to show, or no database that answers.
    """
    with failing_as_json(config, is_wanted=output_format == "json"):
        inputs, path, found = recorded_in(disk, config)
        names = names_in(inputs, found)
        live = None
        if database is not None:
            from shardgen.live import read_live

            live = read_live(database, names)
        runner = RUNNERS[found.recorded.runner]
        told = chronicle.Chronicle(
            folder=path,
            ledger=found,
            apply=runner.apply.format(folder=shlex.quote(path), history=names.history),
            committed=committed_files(disk, path),
            live=live,
            standing=standing(found, live) if live else None,
        )
        if output_format == "json":
            out(json.dumps(chronicle.chronicle_json(told), indent=2) + "\n")
        else:
            out(chronicle.chronicle_text(told, painter()))
    return 0 if told.agrees else 1


def names_in(inputs: Inputs, found: Ledger) -> Names:
    """Return the names of the objects that the migrations made, or that the first would make."""
    source = found.recorded if found.recorded.initialised else inputs.fleet.database
    return derive_names(
        schema=source.schema,
        table=source.table,
        id_column=source.id_column,
        shard_column=source.shard_column,
    )


def recorded_in(disk: Disk, config: str) -> tuple[Inputs, str, Ledger]:
    """Return a project's inputs, the folder of its ledger, and the ledger."""
    with held(disk.root, shared=True):
        content = disk.required(config)
        inputs = validate(content, config, disk)
        path = next((each.destination for each in inputs.outputs if each.meets == "once"), None)
        if path is None:
            raise UsageError("the output migrations is turned off, so there is no ledger")
        lock = lock_in(disk.read(lock_name(config)))
        folder = migrations.read_folder(path, disk.names(path), disk.read, lock)
        return inputs, path, replan.recovered(folder, lock)[1]


def committed_files(disk: Disk, path: str) -> frozenset[str] | None:
    """Return the names in the folder that git's HEAD has; None without git."""
    from shardgen import git

    try:
        with git.commit_of(disk.root, "HEAD", "HEAD") as commit:
            return frozenset(commit.names(path))
    except UsageError:
        return None
