"""What the verbs share: an edit of shards.yaml is shown, asked about, and written."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen import migrations, plan, replan, report
from shardgen.commands.plan import before_at
from shardgen.commands.render import refuse, with_committed_fleet
from shardgen.diff import diff_lines, painted
from shardgen.digest import lock_name
from shardgen.disk import Drafted
from shardgen.errors import Declined, InvalidInput, Refused
from shardgen.files import clear, held, replace_text, write_plan
from shardgen.lock import lock_in
from shardgen.rollout.outlook import outlook
from shardgen.rollout.told import brief_text
from shardgen.terminal import ask, is_interactive, out, painter, uncoloured
from shardgen.transitions import Standing
from shardgen.validate import validate
from shardgen.workspace import open_workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shardgen.disk import Disk
    from shardgen.lock import Lock
    from shardgen.validate import Inputs
    from shardgen.workspace import Workspace

    Verb = Callable[[Standing], "Proposal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An edit of shards.yaml: its new text, and what it does, before and after it is done.

    `told` is the sentence where there is nothing to do; `text` is None then.
    """

    text: str | None = None
    would: str = ""
    did: str = ""
    told: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A proposal on a project: what shards.yaml is before it, and the project planned with it."""

    proposal: Proposal
    before: bytes
    after: bytes
    workspace: Workspace


def propose(
    disk: Disk,
    config: str,
    verb: Verb,
    *,
    dry_run: bool = False,
    yes: bool = False,
    render: bool = False,
) -> int:
    """Show what a verb makes of shards.yaml and what the next render will do, then write it.

    On a terminal it asks first, unless `yes`. With `render` the outputs are written with it, all or
    nothing. Returns 0; raises Declined where the answer is no.
    """
    with held(disk.root):
        edit = edit_of(disk, config, verb)
    if edit is None:
        return 0
    does_ask = not (dry_run or yes) and is_interactive()
    if dry_run or does_ask:
        out(shown(disk, edit, edit.proposal.would, render=render))
    if dry_run:
        return 0
    if does_ask and not ask("Apply this?"):
        raise Declined(f"nothing was written: {config} is as it was")
    with held(disk.root):
        workspace = written(disk, config, edit, render=render)
    if render:
        out(f"{edit.proposal.did}\n\n")
        out(report.render_text(workspace, dry=False, paint=painter()))
    elif does_ask:
        lines = report.typed_lines(workspace, [workspace.commands.render])
        out("\n".join([edit.proposal.did, *lines]) + "\n")
    else:
        out(shown(disk, edit, edit.proposal.did, render=False))
    return 0


def edit_of(disk: Disk, config: str, verb: Verb) -> Edit | None:
    """Return the edit, validated and planned; None where there is nothing to do, which is said."""
    before = disk.required(config)
    inputs = validate(before, config, disk)
    lock = lock_in(disk.read(lock_name(config)))
    typed = disk.typed(config)
    proposal = verb(
        Standing(
            fleet=inputs.fleet,
            document=inputs.document,
            rendered=lock.fleet if lock else {},
            assigned=assigned_in(disk, inputs, lock) if inputs.fleet.assign else {},
            option="" if typed == "shards.yaml" else f" -c {shlex.quote(typed)}",
        )
    )
    if proposal.text is None:
        out(f"{proposal.told}; {config} stays as it is\n")
        return None
    bom = b"\xef\xbb\xbf" if before.startswith(b"\xef\xbb\xbf") else b""
    after = bom + proposal.text.encode()
    return Edit(
        proposal=proposal, before=before, after=after, workspace=planned(disk, config, after)
    )


def assigned_in(disk: Disk, inputs: Inputs, lock: Lock | None) -> Mapping[int, int]:
    """Return the shard of each tenant that a written migration names."""
    path = next((each.destination for each in inputs.outputs if each.meets == "once"), None)
    if path is None:
        return {}
    folder = migrations.read_folder(path, disk.names(path), disk.read, lock)
    return replan.recovered(folder, lock)[1].recorded.assigned


def planned(disk: Disk, config: str, after: bytes) -> Workspace:
    """Return the project as it is planned with a new shards.yaml; its errors show the new text."""
    try:
        workspace = open_workspace(Drafted(disk, {config: after}), config)
    except InvalidInput as error:
        raise InvalidInput(error.diagnostics, texts={config: after.decode()}) from None
    return with_committed_fleet(disk, workspace)


def shown(disk: Disk, edit: Edit, what: str, *, render: bool) -> str:
    """Return what an edit changes in shards.yaml, and what that means."""
    paint = painter()
    diff = diff_lines(*(text.decode().removeprefix("\ufeff") for text in (edit.before, edit.after)))
    head = [f"{what}:" if diff else what, *painted(diff, paint), ""]
    command = "" if render else edit.workspace.commands.render
    return "\n".join([*head, consequences(disk, edit.workspace, command=command)])


def consequences(disk: Disk, workspace: Workspace, *, command: str) -> str:
    """Return the plan of an edit, and what to type from `command` on."""
    paint = painter()
    meant = outlook(workspace, before_at(disk, workspace, None))
    lines = [brief_text(meant, workspace, paint, colour=paint is not uncoloured)]
    lines += report.next_lines(workspace, (command,) if command else ())
    return "\n".join(lines) + "\n"


def written(disk: Disk, config: str, edit: Edit, *, render: bool) -> Workspace:
    """Write shards.yaml, and with `render` all that follows from it; returns what was planned.

    Raises Refused where shards.yaml is not what the edit was made of any more.
    """
    if disk.required(config) != edit.before:
        raise Refused(f"nothing was written: {config} was changed meanwhile; type it again")
    path = os.path.realpath(disk.path(config))
    if not render:
        replace_text(path, edit.after.decode())
        return edit.workspace
    clear(disk.root, lock_name(config))
    workspace = planned(disk, config, edit.after)
    refuse(workspace)
    change = plan.Change(
        destination=os.path.relpath(path, os.path.realpath(disk.root)).replace(os.sep, "/"),
        kind=plan.UPDATE,
        reason="",
        before=edit.before,
        after=edit.after,
        owned=None,
    )
    write_plan(
        disk.root,
        (change, *workspace.changes),
        workspace.lock,
        workspace.lock_during,
        workspace.lock_after,
    )
    return workspace
