"""What a change means in, the same as Markdown for a pull request out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardgen.rollout.fleets import ADD
from shardgen.rollout.told import (
    SIGNS,
    container_lines,
    details,
    headline,
    tenant_lines,
    volume_lines,
)
from shardgen.telling import told

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shardgen.rollout.outlook import Outlook
    from shardgen.rollout.step import Step
    from shardgen.workspace import Workspace

#: What GitHub and others would read as a sign of theirs.
SPECIAL = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_{}[]<>#|~"})


def plan_markdown(outlook: Outlook, workspace: Workspace) -> str:
    """Return a plan as a comment on a pull request: a summary, a table, the steps to fold out."""
    if outlook.is_quiet:
        return f"**shardgen plan**: nothing changes against {escaped(outlook.before)}.\n"
    count = f"{outlook.count_before} → {outlook.count_after}"
    lines = [f"### shardgen plan: {count} shards, risk **{outlook.risk}**", ""]
    lines += [bullet(f"{SIGNS[each.what]} {headline(each)}{tail(each)}") for each in outlook.shards]
    lines += ["", "| | |", "|---|---|"]
    lines += rows("Containers", container_lines(outlook))
    lines += rows("Volumes", volume_lines(outlook))
    lines += rows("Tenants", tenant_lines(outlook, workspace))
    lines += rows("Migrations", (f"{m.file} {told(m.operation)}" for m in outlook.migrations))
    lines += rows("Risks", (f"{r.grade}: {r.item} {r.reason}" for r in outlook.risks))
    lines += steps(outlook.steps)
    return "\n".join(lines) + "\n"


def tail(change: object) -> str:
    """Return what belongs to a new shard, on the same line."""
    if getattr(change, "what", "") != ADD:
        return ""
    return ": " + " · ".join(details(change))  # type: ignore[arg-type]


def rows(label: str, lines: Iterable[str]) -> Iterator[str]:
    """Yield one row of the table; none where there is nothing to say."""
    if found := "<br>".join(escaped(" ".join(line.split())) for line in lines):
        yield f"| **{label}** | {found} |"


def bullet(text: str) -> str:
    """Return one line of a list; a sign that it begins with opens no list in it."""
    return f"- \\{text[0]}{escaped(text[1:])}"


def steps(found: Iterable[Step]) -> Iterator[str]:
    """Yield the steps; a reviewer folds them out."""
    found = tuple(found)
    if not found:
        return
    yield from ("", "<details><summary>Steps</summary>", "")
    for number, step in enumerate(found, 1):
        yield from (
            f"{number}. {escaped(step.title)}",
            "",
            "   ```sh",
            f"   {step.command}",
            "   ```",
        )
        if step.back:
            yield from ("", f"   back: {escaped(step.back)}")
        yield ""
    yield "</details>"


def escaped(text: str) -> str:
    """Return text that Markdown shows as it is."""
    return text.translate(SPECIAL)
