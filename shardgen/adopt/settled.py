"""A proposal in; the plan of all that it writes, and the account of what changes by it, out."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shardgen import plan
from shardgen.adopt import account as told
from shardgen.adopt.places import is_about_env, translated
from shardgen.adopt.proposal import VARIABLES, Proposal, Wish, propose, text_of
from shardgen.adopt.repairs import applied
from shardgen.base import read_base
from shardgen.diagnostics import ordered
from shardgen.disk import Drafted
from shardgen.errors import InvalidInput, UsageError
from shardgen.outputs import OUTPUTS
from shardgen.plan import Change
from shardgen.resources import resource_text
from shardgen.source import parse
from shardgen.stack import Difference, canonical_model, differences, merged_files
from shardgen.workspace import open_workspace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shardgen.adopt.found import Sources
    from shardgen.diagnostics import Diagnostic
    from shardgen.disk import Disk
    from shardgen.workspace import Workspace

#: The name and the password in a URL.
SECRET = re.compile(r"://[^/@]*@")
#: What is in a folder of migrations that is shardgen's own.
SUM = "shardgen.sum"
#: The schema that editors complete from.
SCHEMA = "schema/shards.schema.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A proposal with all that is written: shards.yaml, and the plan of everything made from it.

    `off` are the outputs that are not made, with the file in the way of each.
    """

    proposal: Proposal
    text: str
    workspace: Workspace
    off: Mapping[str, str]
    note: str


def settle(
    disk: Disk, config: str, sources: Sources, wish: Wish, overwrite: Sequence[str]
) -> Settled:
    """Return the plan of a proposal; what a file of the user's is in the way of is turned off.

    Raises InvalidInput with what shards.yaml would not accept, at the lines that say it.
    """

    def read(name: str) -> str | None:
        content = disk.read(name)
        return None if content is None else content.decode("utf-8", "replace")

    if wish.env and disk.kind(wish.env) not in {None, "file"}:
        raise UsageError(f"--env {wish.env}: that is no file")
    proposal = propose(sources, wish, read)
    off = {} if wish.has_env else {"env": VARIABLES}
    usual = OUTPUTS["migrations"].destination
    has_own = bool(disk.names(usual)) and disk.kind(f"{usual}/{SUM}") is None
    folder = f"{usual}/shardgen" if has_own else None
    while True:
        reasons = {name: why_off(path) for name, path in off.items()}
        text = text_of(proposal, reasons, folder)
        workspace = opened(disk, config, proposal, text, overwrite)
        places = {output.destination: output.name for output in workspace.inputs.outputs}
        blocked = {
            places[change.destination]: change.destination
            for change in workspace.refusals
            if places.get(change.destination) not in {None, "compose", "env"}
        }
        if not blocked:
            note = f"{usual} holds files of yours: the shards' migrations are in {folder}"
            return Settled(proposal=proposal, text=text, workspace=workspace, off=off,
                           note=note if folder else "")  # fmt: skip
        off |= blocked


def why_off(path: str) -> list[str]:
    """Return the comment above an output that is off."""
    return [
        f"{path} was there, and shardgen did not write it.",
        "To let shardgen write it, remove the next line and run",
        f"`shardgen render --overwrite {path}`.",
    ]


def opened(
    disk: Disk, config: str, proposal: Proposal, text: str, overwrite: Sequence[str]
) -> Workspace:
    """Return the project as it would be with the drafts of a proposal, wholly planned."""
    overlay = proposal.found.sources.overlay.file
    bom = b"\xef\xbb\xbf" if (disk.read(overlay) or b"").startswith(b"\xef\xbb\xbf") else b""
    drafts = {config: text.encode(), overlay: bom + proposal.marked.text.encode()}
    if proposal.wish.env and proposal.env is not None:
        drafts[proposal.wish.env] = proposal.env.encode()
    try:
        return open_workspace(Drafted(disk, drafts), config, overwrite=overwrite)
    except InvalidInput as error:
        made = parse(text, config)
        for each in error.diagnostics:
            if proposal.wish.env and is_about_env(made, each):
                way = f"{each.message}; {each.hint}"
                raise UsageError(f"--env {proposal.wish.env}: {way}") from None
        found = [
            translated(proposal.found, made, each) if each.file == config else each
            for each in error.diagnostics
        ]
        texts = {config: text}
        raise InvalidInput(ordered(found), texts=texts) from None


def judged(disk: Disk, config: str, settled: Settled) -> told.Account:
    """Return the account of a plan; raises InvalidInput where it would not do what was meant."""
    proposal, workspace = settled.proposal, settled.workspace
    found = proposal.found
    overlay = found.sources.overlay.file
    texts = {change.destination: change.after for change in workspace.changes}
    after = read_base((texts[overlay] or b"").decode(), overlay, disk.read)
    base = found.sources.base
    model = merged_files([base, after] if base else [after])
    expected, reached = canonical_model(proposal.expected), canonical_model(model)
    if unmeant := differences(expected, reached):
        raise InvalidInput(ordered(missed(proposal, each) for each in unmeant))
    repairs = proposal.repairs
    repaired = applied(found.model, repairs, found)
    variables = env_differences(proposal, workspace)
    drift = [each for each in all_changes(disk, config, settled) if each.is_drift]
    notes = (
        *filter(None, [settled.note, table_note(workspace)]),
        *map(lacking, proposal.statements.lacking),
    )
    return told.Account(
        proposal=proposal,
        differences=(*told.with_reasons(found.model, model, repairs), *variables),
        proposals=()
        if proposal.wish.mode
        else told.with_reasons(found.model, repaired, repairs),
        changes=(*((each.destination, each.kind) for each in drift), (workspace.lock, "create")),
        off=settled.off,
        notes=notes,
        is_written=False,
        check=workspace.commands.check,
    )  # fmt: skip


def table_note(workspace: Workspace) -> str:
    """Return what the first migrations are for, which no compose file says; '' without them."""
    if not workspace.ledger_folder:
        return ""
    database = workspace.inputs.fleet.database
    table = f"{database.table} ({database.id_column}, {database.shard_column})"
    return (
        f"the migrations are for the table {table}; if tenants are elsewhere, say so under "
        "database: in shards.yaml, and type `shardgen render --replan` before they are applied"
    )


def lacking(what: str) -> str:
    """Return the note about what every shard has by its entry alone."""
    return f"every shard has {what}, by its entry alone: state it in the entry of a new shard, too"


def missed(proposal: Proposal, difference: Difference) -> Diagnostic:
    """Return the error at what would be another than it is, or than it is meant to be."""
    section, name, *inner = difference.path
    found = proposal.found
    member = next((each for each in found.members if each.service == name), None)
    what = told.difference_text(difference)
    if section == "services" and member and inner:
        return member.error(
            (inner[0],),
            "SG727",
            f"shards.yaml cannot state this as it is: {what}",
            "write it as the other shards have it, or move it to the base",
            key=True,
        )
    return found.sources.overlay.document.error(
        (section, name),
        "SG734",
        f"this would change with the lines of the shards: {what}",
        "write the file in its usual layout: one key a line, indented by two blanks",
        key=True,
    )


def env_differences(proposal: Proposal, workspace: Workspace) -> tuple[told.Told, ...]:
    """Return what becomes of the variables in a file that is there already."""
    path = proposal.wish.env
    if path is None or proposal.env is None:
        return ()
    before = {name: SECRET.sub("://…@", text) for name, text in proposal.before.items()}
    after = {each.name: each.value for each in workspace.inputs.fleet.variables}
    reason = f"the block in {path} says what the fleet is"
    return tuple(
        told.Told(
            difference=Difference(
                path=(path, name),
                action="add" if name not in before else "change" if name in after else "remove",
                before=before.get(name),
                after=after.get(name),
            ),
            reason=reason,
        )
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name)
    )


def all_changes(disk: Disk, config: str, settled: Settled) -> list[Change]:
    """Return every file that is written, shards.yaml and the overlay first."""
    overlay = settled.proposal.found.sources.overlay.file
    first = [new_file(disk, config, settled.text.encode())]
    if disk.kind(SCHEMA) is None:
        first.append(new_file(disk, SCHEMA, resource_text(SCHEMA).encode()))
    planned = [on_disk(disk, each) for each in settled.workspace.changes]
    return [*first, *sorted(planned, key=lambda each: each.destination != overlay)]


def on_disk(disk: Disk, change: Change) -> Change:
    """Return a change of a draft as the change of what is on disk."""
    if change.kind != plan.SAME:
        return change
    before = disk.read(change.destination)
    kind = plan.SAME if before == change.after else plan.UPDATE
    return replace(change, kind=kind, before=before)


def new_file(disk: Disk, name: str, content: bytes) -> Change:
    """Return the change that writes a file which no output makes."""
    before = disk.read(name)
    kind = plan.SAME if before == content else plan.CREATE if before is None else plan.UPDATE
    return Change(destination=name, kind=kind, reason="", before=before, after=content, owned=None)
