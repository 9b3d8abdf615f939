"""What a change means in, how the tenants that migrations move are brought over out, by batch.

The order is what matters: at no moment two shards may own one tenant.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen.instructions import migrate_upto
from shardgen.ledger.operations import Assign, Move
from shardgen.ledger.sql import quote_identifier
from shardgen.rollout.risks import plural
from shardgen.rollout.tenants import Moves

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shardgen.ledger.migration import Migration
    from shardgen.model import Fleet, Shard
    from shardgen.rollout.outlook import Outlook
    from shardgen.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Tenants that one migration moves from one shard to another.

    `tenants` is None where it moves all of the source's, `source` where no list says it. The
    migration moves its rows at once: it waits until the data of all its batches are there.
    """

    migration: Migration
    source: Shard | None
    goal: Shard
    tenants: tuple[int, ...] | None
    is_last: bool = True


def runbook_text(outlook: Outlook, workspace: Workspace) -> str:
    """Return the runbook as Markdown: each batch with its steps, and the way back."""
    fleet = workspace.inputs.fleet
    sources = outlook.who.sources if isinstance(outlook.who, Moves) else None
    found = list(batches(outlook.migrations, fleet, sources))
    if not found:
        return "No migration to come moves a tenant: there is nothing to bring over.\n"
    lines = ["# Bring tenants over", ""]
    lines += preface(workspace, has_list=sources is not None)
    for number, batch in enumerate(found, 1):
        lines += ["", f"## {number} of {len(found)}: {title(batch)}", ""]
        lines += batch_lines(batch, workspace)
    return "\n".join(lines) + "\n"


def batches(
    migrations: tuple[Migration, ...], fleet: Fleet, sources: Mapping[int, int] | None
) -> Iterator[Batch]:
    """Yield the batches in the order of the migrations; tenants who are there already are none."""
    shards = {shard.id: shard for shard in fleet.shards}
    for each in migrations:
        operation = each.operation
        if isinstance(operation, Move) and operation.part == 1:
            source, goal = shards[operation.shard], shards[operation.to]
            yield Batch(migration=each, source=source, goal=goal, tenants=None)
        elif isinstance(operation, Assign):
            goal = shards[operation.shard]
            if sources is None:
                yield Batch(migration=each, source=None, goal=goal, tenants=operation.tenants)
                continue
            known = {tenant: sources.get(tenant, 0) for tenant in operation.tenants}
            numbers = sorted(set(known.values()) - {goal.id, 0})
            for number in numbers:
                yield Batch(
                    migration=each,
                    source=shards.get(number),
                    goal=goal,
                    tenants=tuple(tenant for tenant, place in known.items() if place == number),
                    is_last=number == numbers[-1],
                )


def title(batch: Batch) -> str:
    """Return what a batch is about."""
    who = "every tenant" if batch.tenants is None else plural(len(batch.tenants), "tenant")
    source = f"shard {batch.source.id}" if batch.source else "where they are"
    return f"{who}, {source} → shard {batch.goal.id}"


def preface(workspace: Workspace, *, has_list: bool) -> Iterator[str]:
    """Yield what holds for all batches."""
    fleet = workspace.inputs.fleet
    yield "Two shards must never own one tenant: each batch ends at the first step that fails."
    yield f"A tenant's data are in `{fleet.storage.mount}/{fleet.storage.folder}`"
    yield "(`service.storage.folder` says so)."
    if not has_list:
        yield "Where the tenants live now is not known here: `--tenants` or `--database` says it."
    if fleet.routing.lookup:
        yield "Callers that use the router's lookup know of a move once their answer is older than"
        yield "its ttl, or after `forget_shard`."
    yield from ("", "The commands are for bash, in the project's folder:", "", "```sh")
    yield f'dc() {{ {workspace.commands.compose} "$@"; }}'
    yield "```"


def batch_lines(batch: Batch, workspace: Workspace) -> Iterator[str]:
    """Yield the steps of one batch."""
    fleet, source, goal = workspace.inputs.fleet, batch.source, batch.goal
    old = source.service if source else "$OLD"
    if source is None:
        yield from ("First set `OLD` to the service where they are, as in `OLD=baileys`.", "")
    where = f"on {source.url}" if source else "on that shard"
    restarted = goal.service if batch.tenants is None else f"{old} {goal.service}"
    connected = "See that each is connected without a new scan, and where one goes:"
    for number, (what, commands) in enumerate(
        (
            (f"Disconnect them {where}, and stop it:", [f"dc stop {old}"]),
            asked(batch, fleet),
            ("Copy their data, with owners and modes:", copied(batch, fleet, old)),
            ("Compare the copy; this must print nothing:", compared(batch, fleet, old)),
            *taken_away(batch, fleet, old),
            ("Move the rows:", applied(batch, workspace)),
            (f"Start, and connect them on {goal.url}:", [f"dc up -d --no-deps {restarted}"]),
            (connected, [f"shardgen route {(batch.tenants or (1,))[0]} --shard {goal.id}"]),
        ),
        1,
    ):
        yield from step(number, what, *commands)
    yield "The way back, as long as they are not connected on the new shard: stop it, copy the data"
    yield f"back the same way, take them from there, and `shardgen move … --to {home(batch)}`."


def home(batch: Batch) -> str:
    """Return the id of the shard where the tenants were."""
    return str(batch.source.id) if batch.source else "…"


def step(number: int, what: str, *commands: str) -> Iterator[str]:
    """Yield one step with its commands."""
    yield from (f"{number}. {what}", "", "   ```sh")
    yield from (f"   {command}" for command in commands)
    yield from ("   ```", "")


def each_of(batch: Batch, command: str) -> list[str]:
    """Return a loop over the tenants of a batch; it ends where a command fails."""
    ids = " ".join(map(str, batch.tenants or ()))
    return [f"for id in {ids}; do", f"  {command} || break", "done"]


def asked(batch: Batch, fleet: Fleet) -> tuple[str, list[str]]:
    """Return the step that looks whether the rows are as the batch takes them to be."""
    table, key, column = sql_names(fleet)
    if batch.tenants is None:
        where = f"{column} = {home(batch)}"
        query = f"SELECT count(*) FROM {table} WHERE {where}"  # noqa: S608 - names are checked
        return "See how many they are:", [psql(query)]
    known = f"NOT IN ({batch.source.id}, 0)" if batch.source else f"= {batch.goal.id}"
    where = f"{key} IN ({listed(batch)}) AND {column} {known}"
    query = f"SELECT {key}, {column} FROM {table} WHERE {where}"  # noqa: S608
    return "See that they are still there; this must print nothing:", [psql(query)]


def applied(batch: Batch, workspace: Workspace) -> list[str]:
    """Return the commands that move the rows: those that are where they were, then the migration.

    The first one says how many it moved; the migration finds them there, and records it.
    """
    fleet = workspace.inputs.fleet
    migrate = migrate_upto(fleet, [batch.migration]) or workspace.commands.migrate
    if batch.tenants is None or batch.source is None:
        return [migrate]
    table, key, column = sql_names(fleet)
    where = f"{key} IN ({listed(batch)}) AND {column} IN ({batch.source.id}, 0)"
    update = f"UPDATE {table} SET {column} = {batch.goal.id} WHERE {where}"  # noqa: S608
    guarded = f"{psql(update)}   # UPDATE {len(batch.tenants)}"
    return [guarded, migrate] if batch.is_last else [guarded]


def sql_names(fleet: Fleet) -> tuple[str, str, str]:
    """Return the table, its key and its shard column, for SQL."""
    database = fleet.database
    table = quote_identifier(database.names.qualified(database.table))
    return table, quote_identifier(database.id_column), quote_identifier(database.shard_column)


def psql(query: str) -> str:
    """Return the command that runs one query."""
    return f"psql -XAt -v ON_ERROR_STOP=1 -c {shlex.quote(query)}"


def listed(batch: Batch) -> str:
    """Return the tenants of a batch for SQL."""
    return ", ".join(map(str, batch.tenants or ()))


def places(batch: Batch, fleet: Fleet) -> tuple[str, str]:
    """Return what is copied, for a shell that has `$id`, and the folder that receives it."""
    mount = fleet.storage.mount
    if batch.tenants is None:
        return f"{mount}/.", mount
    path = f"{mount}/{fleet.storage.folder}".replace("{id}", "${id}")
    return path, path.rpartition("/")[0]


def copied(batch: Batch, fleet: Fleet, old: str) -> list[str]:
    """Return the commands that copy data between containers, which may both be stopped."""
    new = batch.goal.service
    path, above = places(batch, fleet)
    made = f"dc create --no-recreate {new}"
    command = f'dc cp -a "{old}:{path}" - | dc cp -a - "{new}:{above}"'
    if batch.tenants is None:
        return [made, command]
    if above != fleet.storage.mount:
        folder = f'dc run --rm --no-deps -T --entrypoint mkdir {new} -p "{above}"'
        command = f"{folder} && {command}"
    return [made, *each_of(batch, command)]


def compared(batch: Batch, fleet: Fleet, old: str) -> list[str]:
    """Return the commands that compare the names, sizes and modes of what was copied."""
    path, _ = places(batch, fleet)
    # the goal may have tenants of its own: then what counts is what it lacks
    kept, compare = (" | grep -v ^d", "comm -23") if batch.tenants is None else ("", "diff")
    sides = (
        f'<(dc cp "{service}:{path}" - | tar -tv{kept} | sort)'
        for service in (old, batch.goal.service)
    )
    command = f"{compare} {' '.join(sides)}"
    return [command] if batch.tenants is None else each_of(batch, command)


def taken_away(batch: Batch, fleet: Fleet, old: str) -> tuple[tuple[str, list[str]], ...]:
    """Return the step that takes the data from the old shard; one that is emptied stays stopped."""
    if batch.tenants is None:
        return ()
    path, _ = places(batch, fleet)
    what = "Take the data from the old shard, so that it cannot start them:"
    command = f'dc run --rm --no-deps -T --entrypoint rm {old} -rf "{path}"'
    return ((what, each_of(batch, command)),)
