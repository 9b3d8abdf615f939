"""A project's folder in; what should be on disk, what is, and what becomes of each file, out.

This is the whole main path, and the one plan that `render`, `check` and `--dry-run` share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardgen import languages, migrations, plan, readback, record, replan
from shardgen.alongside import plan_alongside
from shardgen.context import HEADER, build_context
from shardgen.details import details
from shardgen.digest import SHORT, digest, lock_name
from shardgen.errors import InvalidInput, UnreadableOutput, UsageError
from shardgen.homes import homes
from shardgen.instructions import build_commands
from shardgen.lock import Lock, lock_in, lock_text
from shardgen.overlay import build_overlay
from shardgen.package import package_digest
from shardgen.recording import Recording, templates
from shardgen.recovery import last_fleet
from shardgen.render import Renderer
from shardgen.validate import validate

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from shardgen.committed import Committed
    from shardgen.disk import Disk
    from shardgen.instructions import Commands
    from shardgen.ledger.verify import Problem
    from shardgen.outputs import Output
    from shardgen.plan import Change
    from shardgen.validate import Inputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A project, wholly planned. `changes` stand in the order in which they are written.

    `root` is the project's folder as it was typed; every other path is relative to it. `replanned`
    is the commit whose migrations stayed, where all others were planned again.
    """

    root: str
    config: str
    inputs: Inputs
    commands: Commands
    changes: tuple[Change, ...]
    damage: tuple[Problem, ...]
    ledger_folder: str
    lock: str
    lock_before: Lock | None
    lock_on_disk: bytes | None
    #: The lock as it stands once every change is written; `lock_after` is its text.
    planned: Lock
    lock_during: str
    lock_after: str
    fleet_before: Mapping[str, Any]
    fleet_after: Mapping[str, Any]
    #: The fleet in the lock of git HEAD, where a command has looked for it.
    committed: Mapping[str, Any] | None = None
    replanned: str | None = None

    @property
    def refusals(self) -> tuple[Change, ...]:
        """The files that only a person can decide about."""
        return tuple(change for change in self.changes if change.kind == plan.REFUSE)

    @property
    def drift(self) -> tuple[Change, ...]:
        """The files that are not as they should be."""
        return tuple(change for change in self.changes if change.is_drift)

    @property
    def is_interrupted(self) -> bool:
        """Whether the last render did not come to its end."""
        return self.lock_before is not None and not self.lock_before.is_complete

    @property
    def has_same_lock(self) -> bool:
        """Whether the lock on disk needs no writing."""
        return self.lock_on_disk == self.lock_after.encode()

    @property
    def lock_is_current(self) -> bool:
        """Whether the lock says exactly what it should; another package's digest is no drift."""
        before, after = self.lock_before, self.planned
        return before is not None and after == before._replace(package=after.package)


def open_workspace(
    disk: Disk,
    config: str,
    *,
    overwrite: Collection[str] = (),
    committed: Committed | None = None,
) -> Workspace:
    """Return the project with everything rendered, read back and planned; nothing is written.

    With a commit's ledger, the migrations that it does not have are planned again.
    Raises InvalidInput, BrokenTemplate or UnreadableOutput where there is nothing to plan.
    """
    recording = Recording(disk)
    text = recording.required(config)
    inputs = validate(text, config, recording)
    lock_path = lock_name(config)
    on_disk = disk.read(lock_path)
    lock = lock_in(on_disk)
    renderer = Renderer(templates(recording, inputs.data.get("templates", "templates")))
    paths = {output.name: output.place for output in inputs.outputs}
    commands = build_commands(inputs.fleet, config, paths.get("compose"), inputs.base)
    before = last_fleet(disk, inputs, paths, lock, committed)
    header = HEADER.format(config=config, command=commands.render)
    ledger_changes, damage, folder = plan_ledger(
        disk, inputs, lock, renderer, header, before, committed
    )
    refuse_lost(before, inputs)
    overlay = build_overlay(inputs.data, inputs.fleet, inputs.base, paths, inputs.around)
    context = build_context(inputs.fleet, overlay, commands, config, paths)
    for name, output in {each.name: each for each in inputs.outputs}.items():
        if (data := details(output, inputs, ledger_changes)) is not None:
            context[name] = data
    entries = lock.outputs if lock else {}
    changes = [*ledger_changes]
    for output in inputs.outputs:
        if output.meets != "once":
            about = {**context, "subject": output.subject} if output.subject else context
            rendered = renderer.output(output, about)
            current = disk.read(output.destination)
            change = plan.plan_output(rendered, current, entries.get(output.destination))
            verify(output, change, inputs)
            changes.append(change)
            if change.owned is None or is_whole(change):
                context["digests"][output.destination] = digest(rendered.whole.encode())[:SHORT]
    if lock:
        wanted = {change.destination for change in changes}
        changes += plan.plan_stale(lock, wanted, disk.read)
    known_overwrites(overwrite, changes)
    changes = list(plan.overwritten(changes, overwrite))
    fleet = record.fleet_record(inputs.fleet, inputs.base, inputs.around, homes(inputs, before))
    after = lock_for(changes, recording.inputs, fleet)
    return Workspace(
        root=disk.root,
        config=config,
        inputs=inputs,
        commands=commands,
        changes=tuple(changes),
        damage=damage,
        ledger_folder=folder,
        lock=lock_path,
        lock_before=lock,
        lock_on_disk=on_disk,
        planned=after,
        lock_during=lock_text(during(after._replace(fleet=before), changes, lock)),
        lock_after=lock_text(after),
        fleet_before=before,
        fleet_after=fleet,
        replanned=committed.ref if committed else None,
    )


def plan_ledger(
    disk: Disk,
    inputs: Inputs,
    lock: Lock | None,
    renderer: Renderer,
    header: str,
    before: Mapping[str, Any],
    committed: Committed | None = None,
) -> tuple[tuple[Change, ...], tuple[Problem, ...], str]:
    """Return the ledger's changes, what is damaged in it, and its folder; '' where it is off."""
    output = next((each for each in inputs.outputs if each.meets == "once"), None)
    if output is None:
        return (), (), ""
    path = output.destination
    folder = on_disk = migrations.read_folder(path, disk.names(path), disk.read, lock)
    if committed:
        folder, ledger = replan.withdrawn(folder, committed)
    else:
        folder, ledger = replan.recovered(folder, lock)
    if ledger.problems:
        return (), ledger.problems, path
    changes = migrations.plan_migrations(
        folder, ledger, inputs.fleet, before, inputs.document, renderer.text, header
    )
    if any(change.kind == plan.REFUSE for change in changes):
        for known in (ledger, migrations.read_ledger(on_disk, None)):
            was = plan_alongside(folder, known.migrations, inputs.fleet, renderer.text, header)
            changes = tuple(replan.proven(changes, was))
    return tuple(replan.told(changes, folder, committed)) if committed else changes, (), path


def refuse_lost(before: Mapping[str, Any], inputs: Inputs) -> None:
    """Raise InvalidInput where a shard that was rendered is no longer listed."""
    if lost := record.lost_shards(before, inputs.fleet):
        raise InvalidInput(
            [
                inputs.document.error(
                    ("shards",),
                    "SG601",
                    f"shard {number} was rendered before and is no longer listed",
                    "put its entry back; to take it out of service give it `state: draining`, "
                    "later `state: retired`; if it was never committed, `shardgen render --replan` "
                    "plans without it",
                    key=True,
                )
                for number in lost
            ]
        )


def verify(output: Output, change: Change, inputs: Inputs) -> None:
    """Raise UnreadableOutput where a new text does not read back as what it should say."""
    has_surroundings = change.owned is not None and change.owned.form == "blocks"
    if change.after is None or (change.kind == plan.SAME and not has_surroundings):
        return
    fleet = inputs.fleet.on(output.subject) if output.subject else inputs.fleet
    fault = readback.read_back(output.name, output.format, change.after.decode(), fleet)
    if fault is None:
        return
    if is_whole(change):
        fault = f"rendered from templates/{output.template}, {fault}"
    elif theirs := languages.parsed(output.format, (change.before or b"").decode())[1]:
        fault = f"not all of it is ours, and it {theirs} already: mend it first"
    else:
        fault = f"with the blocks from templates/{output.template}, {fault}"
    raise UnreadableOutput(f"{output.destination}: {fault}")


def is_whole(change: Change) -> bool:
    """Return whether a file is ours as a whole."""
    return change.owned is not None and change.owned.form == "whole"


def known_overwrites(paths: Collection[str], changes: Collection[Change]) -> None:
    """Raise UsageError where --overwrite names what is no destination."""
    known = {change.destination for change in changes}
    for path in paths:
        if path not in known:
            raise UsageError(f"--overwrite {path}: no output writes that file")


def lock_for(
    changes: Collection[Change], inputs: Mapping[str, str | None], fleet: Mapping[str, Any]
) -> Lock:
    """Return the lock as it stands once every change is written."""
    return Lock(
        package=package_digest(),
        inputs=dict(inputs),
        outputs={change.destination: change.owned for change in changes if change.owned},
        fleet=fleet,
    )


def during(after: Lock, changes: Collection[Change], lock: Lock | None) -> Lock:
    """Return the lock as it stands while files are being replaced: old digests beside the new.

    The fleet stays the one before: until the render ends, nothing runs as the new one says.
    """
    entries = lock.outputs if lock else {}
    outputs = dict(after.outputs)
    for change in changes:
        if change.kind not in {plan.SAME, plan.REFUSE}:
            entry = entries.get(change.destination) or replan.UNLISTED
            outputs[change.destination] = plan.entry_during(change, entry)
    return after._replace(outputs=outputs)
