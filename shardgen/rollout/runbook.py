"""What a change means in, how the tenants that migrations move are brought over out, by batch.

The order is what matters: at no moment two shards may own one tenant.
"""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from shardgen.instructions import migrate_upto
from shardgen.ledger.sql import quote_identifier
from shardgen.rollout.batches import batches, home, left_out, services_of, title
from shardgen.rollout.elsewhere import compose_function
from shardgen.rollout.tenants import Moves

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shardgen.model import Fleet
    from shardgen.rollout.batches import Batch
    from shardgen.rollout.outlook import Outlook
    from shardgen.workspace import Workspace


def runbook_text(outlook: Outlook, workspace: Workspace) -> str:
    """Return the runbook as Markdown: each batch with its steps, and the way back."""
    fleet = workspace.inputs.fleet
    sources = outlook.who.sources if isinstance(outlook.who, Moves) else None
    found = list(batches(outlook.migrations, fleet, sources))
    others = list(left_out(outlook))
    if not found:
        nobody = "No migration to come moves a tenant: there is nothing to bring over."
        return "\n".join([nobody, *others]) + "\n"
    if migrate_upto(fleet, outlook.migrations) is None:
        found = [*(replace(each, waits=True) for each in found[:-1]), found[-1]]
    lines = ["# Bring tenants over", ""]
    lines += preface(workspace, others, has_list=sources is not None)
    waiting: list[str] = []
    for number, batch in enumerate(found, 1):
        lines += ["", f"## {number} of {len(found)}: {title(batch)}", ""]
        waiting += services_of(batch)
        lines += batch_lines(batch, workspace, list(dict.fromkeys(waiting)))
        if not batch.waits:
            waiting = []
    return "\n".join(lines) + "\n"


def preface(workspace: Workspace, others: Sequence[str], *, has_list: bool) -> Iterator[str]:
    """Yield what holds for all batches; `others` is who moves in none of them."""
    fleet = workspace.inputs.fleet
    yield "Two shards must never own one tenant: each batch ends at the first step that fails."
    mount = "the mount of its shard" if has_mounts(fleet) else fleet.storage.mount
    yield f"A tenant's data are in `{mount}/{fleet.storage.folder}`"
    yield "(`service.storage.folder` says so)."
    yield "`shardgen plan` has these steps in short (bring the tenants' data over, then move their"
    yield "rows): do first what stands before them there."
    if not has_list:
        yield "Where the tenants live now is not known here: `--tenants` or `--database` says it."
    if fleet.routing.lookup:
        yield "Callers that use the router's lookup know of a move once their answer is older than"
        yield "its ttl, or after `forget_shard`."
    if fleet.hosts:
        yield "On other hosts, the project is in a folder of the same path; `ssh HOST` leads there."
    yield from others
    yield from ("", "The commands are for bash, in the project's folder:", "", "```sh")
    yield from compose_function(workspace)
    yield "```"


def batch_lines(batch: Batch, workspace: Workspace, again: Sequence[str]) -> Iterator[str]:
    """Yield the steps of one batch; `again` are the services that run after it."""
    fleet, source, goal = workspace.inputs.fleet, batch.source, batch.goal
    old = source.service if source else "$OLD"
    if source is None:
        mount = " and `MOUNT` to its mount" if has_mounts(fleet) else ""
        example = f"as in `OLD={fleet.service.name}`{mount}"
        yield from (f"First set `OLD` to the service where they are, {example}.", "")
    where = f"on {source.url}" if source else "on that shard"
    connected = "See that each is connected without a new scan, and where one goes:"
    route = workspace.commands.route((batch.tenants or (1,))[0], goal.id)
    after = (
        ("Move the rows:", applied(batch, workspace)),
        (f"Start, and connect them on {goal.url}:", restarted(again, fleet)),
        (connected, [route]),
    )
    for number, (what, commands) in enumerate(
        (
            (f"Disconnect them {where}, and stop it:", [f"dc stop {old}"]),
            asked(batch, fleet),
            *overwritten(batch, fleet, old),
            ("Copy their data, with owners and modes:", copied(batch, fleet, old)),
            ("Compare the copy; this must print nothing:", compared(batch, fleet, old)),
            *taken_away(batch, fleet, old),
            *(() if batch.waits else after),
        ),
        1,
    ):
        yield from step(number, what, *commands)
    if batch.waits:
        yield "Leave them disconnected: the runner applies all migrations at once, so that the last"
        yield "batch moves these rows, too."
        yield ""
    back = f"shardgen move … --to {home(batch)}{workspace.commands.option}"
    yield "The way back, as long as they are not connected on the new shard: stop it, copy the data"
    yield f"back the same way, take them from there, and `{back}`."


def restarted(services: Sequence[str], fleet: Fleet) -> list[str]:
    """Return the commands that start services again, one for each host."""
    hosts = {shard.service: shard.host for shard in fleet.live}
    groups: dict[str, list[str]] = {}
    for service in services:
        is_unknown = service not in hosts and bool(fleet.hosts)
        groups.setdefault(service if is_unknown else hosts.get(service, ""), []).append(service)
    return [f"dc up -d --no-deps {' '.join(group)}" for group in groups.values()]


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
    return "See that none of them has moved since; this must print nothing:", [psql(query)]


def applied(batch: Batch, workspace: Workspace) -> list[str]:
    """Return the commands that move the rows: those that are where they were, then the migration.

    The first one says how many it moved; the migration finds them there, and records it.
    """
    fleet = workspace.inputs.fleet
    upto = migrate_upto(fleet, batch.migrations)
    migrate = upto or workspace.commands.migrate
    if batch.tenants is None or batch.source is None or upto is None:
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


def mounts(batch: Batch, fleet: Fleet) -> tuple[str, str]:
    """Return where the data are on the old shard, and on the new one."""
    if batch.source:
        return batch.source.mount, batch.goal.mount
    return "$MOUNT" if has_mounts(fleet) else fleet.storage.mount, batch.goal.mount


def has_mounts(fleet: Fleet) -> bool:
    """Return whether some shard has its data elsewhere than the others."""
    return len({shard.mount for shard in fleet.shards}) > 1


def place(batch: Batch, fleet: Fleet, mount: str) -> str:
    """Return what is copied, below a mount, for a shell that has `$id`."""
    if batch.tenants is None:
        return f"{mount}/."
    return f"{mount}/{fleet.storage.folder}".replace("{id}", "${id}")


def copied(batch: Batch, fleet: Fleet, old: str) -> list[str]:
    """Return the commands that copy data between containers, which may both be stopped."""
    new = batch.goal.service
    source, goal = mounts(batch, fleet)
    path = place(batch, fleet, source)
    above = place(batch, fleet, goal).rpartition("/")[0]
    command = f'dc cp -a "{old}:{path}" - | dc cp -a - "{new}:{above}"'
    if batch.tenants is None:
        return [command]
    if above != goal:
        folder = f'dc run --rm --no-deps -T --entrypoint mkdir {new} -p "{above}"'
        command = f"{folder} && {command}"
    return [created(batch), *each_of(batch, command)]


def overwritten(batch: Batch, fleet: Fleet, old: str) -> tuple[tuple[str, list[str]], ...]:
    """Return the step that looks for files of one name on both shards, where a whole one is copied.

    The copy would take the place of the other shard's own.
    """
    if batch.tenants is not None:
        return ()
    sides = (
        f'<(dc cp "{service}:{place(batch, fleet, mount)}" - | tar -t | grep -v /$ | sort)'
        for service, mount in zip((old, batch.goal.service), mounts(batch, fleet), strict=True)
    )
    what = "See that the new shard has no file of the same name; this must print nothing:"
    return ((what, [created(batch), f"comm -12 {' '.join(sides)}"]),)


def created(batch: Batch) -> str:
    """Return the command that makes the new shard's container where there is none yet."""
    return f"dc create --no-recreate {batch.goal.service}"


def compared(batch: Batch, fleet: Fleet, old: str) -> list[str]:
    """Return the commands that compare the names, sizes and modes of what was copied."""
    paths = [place(batch, fleet, mount) for mount in mounts(batch, fleet)]
    # the goal may have tenants of its own: then what counts is what it lacks
    kept, compare = (" | grep -v ^d", "comm -23") if batch.tenants is None else ("", "diff")
    sides = (
        f'<(dc cp "{service}:{path}" - | tar -tv{kept} | sort)'
        for service, path in zip((old, batch.goal.service), paths, strict=True)
    )
    command = f"{compare} {' '.join(sides)}"
    return [command] if batch.tenants is None else each_of(batch, command)


def taken_away(batch: Batch, fleet: Fleet, old: str) -> tuple[tuple[str, list[str]], ...]:
    """Return the step that takes the data from the old shard; one that is emptied stays stopped."""
    if batch.tenants is None:
        return ()
    path = place(batch, fleet, mounts(batch, fleet)[0])
    what = "Take the data from the old shard, so that it cannot start them:"
    command = f'dc run --rm --no-deps -T --entrypoint rm {old} -rf "{path}"'
    return ((what, each_of(batch, command)),)
