"""A planned project and what was rendered before in, all that the change means out."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shardgen import record
from shardgen.base import read_base
from shardgen.declarations import relative_to_project
from shardgen.impact import migrations_in
from shardgen.instructions import external_name
from shardgen.languages import read_env
from shardgen.outputs import HELD
from shardgen.rollout.clusters import deployments
from shardgen.rollout.containers import RECREATE, containers
from shardgen.rollout.elsewhere import aways, relocations
from shardgen.rollout.fleets import ADD, counts, shard_changes
from shardgen.rollout.reloads import reloads
from shardgen.rollout.risks import overall, risks
from shardgen.rollout.steps import Work, steps
from shardgen.rollout.tenants import Exposure, exposure, moves
from shardgen.stack import merged_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from shardgen.ledger.migration import Migration
    from shardgen.plan import Change
    from shardgen.record import StateChange
    from shardgen.rollout.before import Before
    from shardgen.rollout.containers import Container
    from shardgen.rollout.fleets import ShardChange
    from shardgen.rollout.risks import Risk
    from shardgen.rollout.step import Step
    from shardgen.rollout.tenants import Moves
    from shardgen.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a change means. `containers` is None where the model before is not to be had.

    `who` is counted over a list of tenants, or what the files alone can tell. `created` are new
    volumes, `restarted` the shards that run and are recreated; `state` is what would be taken from
    shards.
    """

    before: str
    count_before: int
    count_after: int
    shards: tuple[ShardChange, ...]
    containers: tuple[Container, ...] | None
    restarted: tuple[str, ...]
    created: tuple[str, ...]
    state: tuple[StateChange, ...]
    who: Exposure | Moves
    migrations: tuple[Migration, ...]
    risks: tuple[Risk, ...]
    steps: tuple[Step, ...]

    @property
    def risk(self) -> str:
        """The greatest grade: none, low, medium or high."""
        return overall(self.risks)

    @property
    def is_felt(self) -> bool:
        """Whether a tenant moves, or a shard that runs is recreated or loses its state."""
        if isinstance(self.who, Exposure):
            is_moving = not self.who.is_empty
        else:
            is_moving = bool(self.who.moved or self.who.stranded)
        return is_moving or bool(self.restarted) or bool(self.state)

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.shards or self.steps or self.risks)


def outlook(
    workspace: Workspace,
    before: Before,
    tenants: Iterable[tuple[int, int]] | None = None,
) -> Outlook:
    """Return what the project's change means; with a list of tenants, (id, shard or 0), exactly."""
    fleet = workspace.inputs.fleet
    migrations = tuple(
        each
        for change, each in migrations_in(workspace.changes)
        if change.destination.rpartition("/")[2] not in before.migrations
    )
    operations = [each.operation for each in migrations]
    changes = tuple(shard_changes(before.fleet, fleet))
    fates = container_changes(workspace, before)
    state = tuple(record.state_changes(before.fleet, workspace.fleet_after))
    who: Exposure | Moves
    if tenants is None:
        who = exposure(before.fleet, fleet, operations, committed=workspace.committed)
    else:
        who = moves(tenants, before.fleet, fleet, operations)
    running = {shard.service for shard in fleet.live}
    added = [change.shard for change in changes if change.what == ADD]
    was, now = counts(before.fleet, fleet)
    return Outlook(
        before=before.name,
        count_before=was,
        count_after=now,
        shards=changes,
        containers=fates,
        restarted=tuple(
            each.service
            for each in fates or ()
            if each.fate == RECREATE and each.service in running
        ),
        created=tuple(shard.volume for shard in added),
        state=state,
        who=who,
        migrations=migrations,
        risks=tuple(risks(changes, fates or (), running, who, state)),
        steps=tuple(steps(work_of(workspace, before, migrations, fates))),
    )


def work_of(
    workspace: Workspace,
    before: Before,
    migrations: Sequence[Migration],
    fates: Sequence[Container] | None,
) -> Work:
    """Return all that there is to do."""
    fleet = workspace.inputs.fleet
    added = [each.shard for each in shard_changes(before.fleet, fleet) if each.what == ADD]
    outputs = workspace.inputs.outputs
    changed = [
        each.destination
        for each in workspace.changes
        if each.owned and each.owned.digest != before.digests.get(each.destination)
    ]
    builds = has_new_router(workspace, before)
    return Work(
        fleet=fleet,
        commands=workspace.commands,
        migrations=migrations,
        containers=fates if before.fleet else None,
        volumes=[
            shlex.quote(external_name(shard, workspace.inputs.base))
            for shard in added
            if shard.external and not shard.host
        ],
        builds=builds,
        aways=aways(before.fleet, fleet, outputs, changed),
        clusters=deployments(before.fleet, fleet, outputs, changed, builds=builds),
        reloads=tuple(reloads(outputs, changed)),
        moving=relocations(before.fleet, fleet),
    )


def has_new_router(workspace: Workspace, before: Before) -> bool:
    """Return whether the consumers need another image: it holds the router."""
    return any(
        each.owned and each.owned.output in HELD and each.owned.digest not in before.routers
        for each in workspace.changes
    )


def container_changes(workspace: Workspace, before: Before) -> tuple[Container, ...] | None:
    """Return what becomes of the containers; None where the model before is not to be had."""
    if before.services is None:
        return None
    texts = {
        change.owned.output: (change.destination, (change.after or b"").decode())
        for change in workspace.changes
        if change.owned and change.owned.output in {"compose", "env"}
    }
    path, overlay = texts.get("compose", ("", ""))
    files = [each for each in (workspace.inputs.base, read_base(overlay, path)) if each]
    after = merged_files(files)["services"]
    file, env = texts.get("env", ("", ""))
    variables = read_env(env)
    # as the services name it: relative to the folder in which compose runs
    named = relative_to_project(workspace.inputs.fleet, path, file) if file else ""
    changed = {named.removeprefix("./"): variables_note(before.variables, variables)}
    notes = {name: note for name, note in changed.items() if note}
    is_new = has_new_router(workspace, before)
    rebuilt = workspace.inputs.fleet.service.consumers if is_new else ()
    return (
        *containers(before.services, after, notes, rebuilt),
        *containers_elsewhere(workspace, before),
    )


def host_files(workspace: Workspace) -> list[Change]:
    """Return the changes of the compose files of other hosts, but those that go."""
    return [each for each in workspace.changes if each.owned and each.owned.output == "hosts"]


def containers_elsewhere(workspace: Workspace, before: Before) -> Iterator[Container]:
    """Yield what becomes of the containers on other hosts, file by file."""
    hosts = {each.destination: each.subject for each in workspace.inputs.outputs}
    ran = {
        entry["service"]: entry.get("host", "") for entry in before.fleet.get("shards", {}).values()
    }
    after = {
        each.destination: read_base((each.after or b"").decode(), each.destination).services
        for each in host_files(workspace)
    }
    for path in sorted({*after, *before.elsewhere}):
        was, now = before.elsewhere.get(path, {}), after.get(path, {})
        for each in containers(was, now):
            yield replace(each, host=hosts.get(path) or ran.get(each.service, ""))


def variables_note(before: Mapping[str, str | None], after: Mapping[str, str | None]) -> str:
    """Return that an env file says something else; '' where it says the same."""
    return "" if dict(before) == dict(after) else "new shard variables"
