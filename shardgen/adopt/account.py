"""A stack taken over in; what is said of it, as text and as data, out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardgen.diagnostics import plain
from shardgen.quoting import yaml_flow
from shardgen.stack import Difference, canonical_model, differences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from shardgen.adopt.proposal import Proposal
    from shardgen.adopt.repairs import Repair
    from shardgen.diagnostics import Diagnostic

    Paint = Callable[[str, str], str]

#: The version of the form of the JSON.
FORMAT_VERSION = 1
SIGNS = {"create": "+", "update": "~", "remove": "-"}
LIST_OF_FLAGS = "--exact (nothing changes) or --repair (all of it)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A difference, and why it is there."""

    difference: Difference
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How a stack was, or would be, taken over.

    `differences` are between what runs and what will; `proposals` are what is open. `changes` are
    (path, kind, note); `off` are outputs that are not made, with the file that is in their way.
    """

    proposal: Proposal
    differences: tuple[Told, ...]
    proposals: tuple[Told, ...]
    changes: tuple[tuple[str, str], ...]
    off: Mapping[str, str]
    notes: tuple[str, ...]
    is_written: bool
    check: str


def with_reasons(
    before: Mapping[str, Any], after: Mapping[str, Any], repairs: Sequence[Repair]
) -> tuple[Told, ...]:
    """Return what two models differ in, each with the reason of the repair that it belongs to."""
    found = differences(canonical_model(before), canonical_model(after))
    return tuple(Told(difference=each, reason=reason_of(each.path, repairs)) for each in found)


def reason_of(path: tuple[str, ...], repairs: Sequence[Repair]) -> str:
    """Return the reason of the repair whose path is the longest beginning of a path."""
    fitting = [each for each in repairs if path[: len(each.path)] == each.path]
    return max(fitting, key=lambda each: len(each.path)).reason if fitting else ""


def account_text(account: Account, paint: Paint = plain) -> str:
    """Return the account as it is printed."""
    lines = [*shard_lines(account), "", *difference_lines(account, paint), ""]
    lines += [
        *file_lines(account, paint),
        *off_lines(account),
        *comment_lines(account),
        *next_lines(account),
    ]
    return "\n".join(lines) + "\n"


def shard_lines(account: Account) -> Iterator[str]:
    """Yield each shard: where it stands, its volume, its mount."""
    found = account.proposal.found
    width = max(len(member.service) for member in found.members)
    places = [f"{member.files[-1].file}:{member.line}" for member in found.members]
    broad = max(map(len, places))
    for member, place in zip(found.members, places, strict=True):
        facts = account.proposal.facts.of(member)
        number, service = f"shard {member.id}", f"{member.service:<{width}}"
        yield f"{number}  {service}  {place:<{broad}}  {facts.volume} at {facts.mount}"


def difference_lines(account: Account, paint: Paint) -> Iterator[str]:
    """Yield what changes of what runs, or would."""
    if account.differences:
        yield "what runs changes in this, and in nothing else:"
        yield from told_lines(account.differences, paint)
    else:
        yield "what runs stays as it is: compose makes the same of the files before and after"
    if account.proposals:
        yield ""
        yield "with --repair it would change in this:"
        yield from told_lines(account.proposals, paint)


def told_lines(told: Sequence[Told], paint: Paint) -> Iterator[str]:
    """Yield differences, those of one reason below each other."""
    last = None
    for each in sorted(told, key=lambda one: first_of(one.reason, told)):
        if each.reason != last:
            yield f"  {each.reason or 'by the way it is stated'}"
        last = each.reason
        yield f"    {difference_text(each.difference, paint)}"


def first_of(reason: str, told: Sequence[Told]) -> int:
    """Return where a reason comes first."""
    return next(place for place, each in enumerate(told) if each.reason == reason)


def difference_text(difference: Difference, paint: Paint = plain) -> str:
    """Return a difference on one line."""
    path = ".".join(difference.path)
    if difference.action == "add":
        return f"{path}: {paint(f'+ {value_text(difference.after)}', 'create')}"
    if difference.action == "remove":
        return f"{path}: {paint(f'- {value_text(difference.before)}', 'remove')}"
    return f"{path}: {value_text(difference.before)} → {value_text(difference.after)}"


def value_text(value: Any) -> str:
    """Return a value on one line, a bare text without quotes."""
    return value if isinstance(value, str) and value.isprintable() else yaml_flow(value)


def file_lines(account: Account, paint: Paint) -> Iterator[str]:
    """Yield the files that are, or would be, written."""
    for path, kind in account.changes:
        yield f"  {paint(SIGNS[kind], kind)} {path}"
    verb = "written" if account.is_written else "to write"
    yield f"  {len(account.changes)} {verb}"


def off_lines(account: Account) -> Iterator[str]:
    """Yield the outputs that are off, because a file of the user's is in their place."""
    for note in account.notes:
        yield ""
        yield f"! {note}"
    for name, path in account.off.items():
        yield ""
        yield f"! {path} is there, and shardgen did not write it: the output {name} is off."
        yield f"  To let shardgen write it: --overwrite {path}"


def comment_lines(account: Account) -> Iterator[str]:
    """Yield what becomes of the comments in the lines that go."""
    comments = account.proposal.marked.comments
    file = account.proposal.found.sources.overlay.file
    if carried := [each for each in comments if each.is_full]:
        yield ""
        what = plural(len(carried), "comment")
        yield f"{what} in the shards' lines: in shards.yaml, above the entry of the shard"
    if gone := [each for each in comments if not each.is_full]:
        yield ""
        yield f"{plural(len(gone), 'comment')} at the end of a line: for you to keep elsewhere"
        yield from (f"  {file}:{each.line}  {each.text}" for each in gone)


def plural(count: int, noun: str) -> str:
    """Return a number of things."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def next_lines(account: Account) -> Iterator[str]:
    """Yield what to type next."""
    yield ""
    if account.is_written:
        yield f"next  {account.check}"
    elif account.proposals and not account.proposal.wish.mode:
        yield f"nothing was written. Decide: {LIST_OF_FLAGS}; then add --write"
    else:
        yield "nothing was written; add --write"


def account_json(account: Account) -> dict[str, Any]:
    """Return the account as data (schema/adopt.schema.json)."""
    proposal = account.proposal
    found = proposal.found
    return {
        "format_version": FORMAT_VERSION,
        "already_adopted": False,
        "service": found.name,
        "files": [file.file for file in found.sources.files],
        "mode": proposal.wish.mode or None,
        "shards": [shard_json(account, number) for number in range(len(found.members))],
        "differences": [told_json(each) for each in account.differences],
        "proposals": [told_json(each) for each in account.proposals],
        "by_hand": [diagnostic_json(each) for each in proposal.by_hand],
        "notes": list(account.notes),
        "off": [{"output": name, "path": path} for name, path in account.off.items()],
        "comments": [
            {"line": each.line, "text": each.text, "kept": each.is_full}
            for each in proposal.marked.comments
        ],
        "changes": [{"path": path, "kind": kind} for path, kind in account.changes],
        "written": account.is_written,
    }


def nothing_json() -> dict[str, Any]:
    """Return what is said of a project that was taken over before."""
    lists = (
        "files",
        "shards",
        "differences",
        "proposals",
        "by_hand",
        "notes",
        "off",
        "comments",
        "changes",
    )
    return {
        "format_version": FORMAT_VERSION,
        "already_adopted": True,
        "service": None,
        "mode": None,
        **{name: [] for name in lists},
        "written": False,
    }


def shard_json(account: Account, place: int) -> dict[str, Any]:
    """Return one shard as data."""
    member = account.proposal.found.members[place]
    facts = account.proposal.facts.of(member)
    return {
        "id": member.id,
        "service": member.service,
        "path": member.files[-1].file,
        "line": member.line,
        "volume": facts.volume,
        "mount": facts.mount,
    }


def told_json(told: Told) -> dict[str, Any]:
    """Return a difference as data."""
    each = told.difference
    return {
        "path": list(each.path),
        "action": each.action,
        "before": each.before,
        "after": each.after,
        "reason": told.reason,
    }


def diagnostic_json(each: Diagnostic) -> dict[str, Any]:
    """Return what only a person can do as data."""
    return {
        "path": each.file,
        "line": each.line,
        "column": each.column,
        "code": each.code,
        "message": each.message,
        "hint": each.hint,
    }


def json_text(data: Mapping[str, Any]) -> str:
    """Return data as it is printed."""
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
