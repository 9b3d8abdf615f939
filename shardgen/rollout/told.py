"""What a change means in, the same as text out: for a terminal, and for a log."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from shardgen.impact import freeze_line, is_guarded, share_text
from shardgen.rollout.before import OVERLAY
from shardgen.rollout.containers import CREATE, KEEP, RECREATE, REMOVE
from shardgen.rollout.fleets import ACTIVATE, ADD, ADDRESS, DRAIN, RETIRE
from shardgen.rollout.risks import plural
from shardgen.rollout.tenants import Exposure
from shardgen.telling import told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from shardgen.rollout.containers import Container
    from shardgen.rollout.fleets import ShardChange
    from shardgen.rollout.outlook import Outlook
    from shardgen.rollout.step import Step
    from shardgen.rollout.tenants import Moves
    from shardgen.workspace import Workspace

    Paint = Callable[[str, str], str]

SIGNS = {ADD: "+", DRAIN: "~", RETIRE: "-", ACTIVATE: "~", ADDRESS: "~"}
STYLES = {"+": "green", "~": "yellow", "-": "red"}
#: rich would break lines; a command must come out as it is typed.
WIDE = 100_000
LABEL = 12
#: Services that a line names; more of them are counted.
MOST_NAMED = 12
#: Shards that the tree has.
MOST_SHARDS = 6
#: Tenants of one flow that are named as examples.
MOST_EXAMPLES = 5


def plan_text(outlook: Outlook, workspace: Workspace, paint: Paint, *, colour: bool) -> str:
    """Return what a change means; a quiet one in a line."""
    if outlook.is_quiet:
        return f"{workspace.config} is as {outlook.before} has it: nothing changes\n"
    brief = brief_text(outlook, workspace, paint, colour=colour)
    steps = "\n".join(step_lines(outlook.steps, paint))
    return "\n\n".join(part for part in (brief, steps) if part) + "\n"


def brief_text(outlook: Outlook, workspace: Workspace, paint: Paint, *, colour: bool) -> str:
    """Return what a change means, without the steps."""
    if outlook.is_quiet:
        return f"nothing else changes against {outlook.before}"
    parts = [
        tree_text(outlook, colour=colour),
        "\n".join(section_lines(outlook, workspace, paint)),
        "\n".join(risk_lines(outlook, paint)),
    ]
    return "\n\n".join(parts)


def tree_text(outlook: Outlook, *, colour: bool) -> str:
    """Return the fleet and what becomes of its shards, as a tree."""
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    was, now = plural(outlook.count_before, "shard"), f"{outlook.count_after:,}"
    arrow = f"{was} → {now}" if outlook.count_before != outlook.count_after else was
    tree = Tree(Text.assemble(("Fleet", "bold"), f"  {arrow}   (against {outlook.before})"))
    for change in outlook.shards[:MOST_SHARDS]:
        sign = SIGNS[change.what]
        branch = tree.add(Text(f"{sign} {headline(change)}", style=STYLES[sign]))
        for line in details(change):
            branch.add(Text(line))
    if len(outlook.shards) > MOST_SHARDS:
        tree.add(Text(f"… {len(outlook.shards) - MOST_SHARDS} more"))
    console = Console(
        file=io.StringIO(),
        force_terminal=colour,
        color_system="standard" if colour else None,
        width=WIDE,
        highlight=False,
        soft_wrap=True,
    )
    console.print(tree)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in text.splitlines())


def headline(change: ShardChange) -> str:
    """Return what becomes of a shard."""
    to = change.shard.move_to
    goal = f"; its tenants go to shard {to}" if to else ""
    return {
        ADD: f"shard {change.id}",
        DRAIN: f"shard {change.id} drains: it takes no new tenants{goal}",
        RETIRE: f"shard {change.id} is retired",
        ACTIVATE: f"shard {change.id} takes tenants again",
        ADDRESS: f"shard {change.id} has another address",
    }[change.what]


def details(change: ShardChange) -> list[str]:
    """Return what belongs to a shard."""
    shard = change.shard
    if change.what == ADD:
        host = f" on {shard.host}" if shard.host else ""
        return [f"service {shard.service}{host}", f"volume {shard.volume}", shard.url]
    if change.what == RETIRE:
        return [f"service {shard.service} goes", f"volume {shard.volume} stays until you delete it"]
    if change.what == ADDRESS:
        return [f"{change.before} → {shard.url}"]
    return []


def section_lines(outlook: Outlook, workspace: Workspace, paint: Paint) -> Iterator[str]:
    """Yield the containers, volumes, tenants and migrations, each with its label."""
    yield from labelled("Containers", container_lines(outlook), paint)
    yield from labelled("Volumes", volume_lines(outlook), paint)
    yield from labelled("Tenants", tenant_lines(outlook, workspace), paint)
    files = [f"{each.file}   {told(each.operation)}" for each in outlook.migrations]
    yield from labelled("Migrations", shortened(files) or ["none"], paint)


def labelled(label: str, lines: Iterable[str], paint: Paint) -> Iterator[str]:
    """Yield lines with a label before the first."""
    for index, line in enumerate(lines):
        head = paint(label, "bold") + " " * (LABEL - len(label)) if not index else " " * LABEL
        yield f"{head} {line}".rstrip()


def container_lines(outlook: Outlook) -> Iterator[str]:
    """Yield what becomes of containers, by fate."""
    if outlook.containers is None and outlook.before == OVERLAY:
        yield "not known: shardgen.lock is lost; `shardgen render` writes it again"
        return
    if outlook.containers is None:
        yield f"not known: a file that they are made from is not as {outlook.before} has it"
        return
    for fate in (CREATE, RECREATE, REMOVE, KEEP):
        found = [each for each in outlook.containers if each.fate == fate]
        for reason in dict.fromkeys(each.reason for each in found):
            told = [place(each) for each in found if each.reason == reason]
            note = f"   ({reason})" if reason else ""
            yield f"{fate:<9}{named(told)}{note}"


def place(container: Container) -> str:
    """Return a service, with the host where it is another than the consumers'."""
    return f"{container.service} on {container.host}" if container.host else container.service


def volume_lines(outlook: Outlook) -> Iterator[str]:
    """Yield the new volumes, and that no other is touched."""
    for change in outlook.state:
        what = change.what.replace("_", " ")
        yield f"! shard {change.shard}: {what} {change.before} → {change.after}"
    if outlook.created:
        yield f"{CREATE:<9}{named(outlook.created)}"
    if not outlook.state:
        yield "nothing else is touched" if outlook.created else "none is touched"


def tenant_lines(outlook: Outlook, workspace: Workspace) -> Iterator[str]:
    """Yield who moves, and what avoids it."""
    if isinstance(outlook.who, Exposure):
        yield from exposed_lines(outlook.who, workspace)
    else:
        yield from moved_lines(outlook.who)


def exposed_lines(who: Exposure, workspace: Workspace) -> Iterator[str]:
    """Yield who moves as far as the files tell."""
    if who.is_empty:
        yield "none moves"
    if who.reroute:
        share = share_text(who.reroute)
        yield f"{share} of those without a shard of their own move"
        yield f"(counted over the ids 1 to {who.reroute.counted:,}; --tenants or --database count)"
        if who.reroute.freeze:
            yield f"to move none, {freeze_line(workspace, who.reroute.freeze)}"
        if is_guarded(workspace):
            yield f"routing.guard is on:   {workspace.commands.render} --allow-reroute"
    if who.assigned:
        yield f"{plural(who.assigned, 'tenant')} whom migrations assign to a shard"
    for source, to in who.emptied:
        yield f"all of shard {source} move to shard {to}"


def moved_lines(who: Moves) -> Iterator[str]:
    """Yield who moves of a list."""
    verb = "moves" if who.moved == 1 else "move"
    yield f"{who.moved:,} of {who.total:,} {verb}"
    for shard, count in who.stranded.items():
        yield f"! {plural(count, 'tenant')} still on shard {shard}, which no router knows then"
    for (before, after), count in who.flows.items():
        some = [each.tenant for each in who.first if (each.before, each.after) == (before, after)]
        names = ", ".join(map(str, some[:MOST_EXAMPLES]))
        more = ", …" if some and count > MOST_EXAMPLES else ""
        yield f"shard {before} → {after}   {count:,}   {names}{more}".rstrip()


def risk_lines(outlook: Outlook, paint: Paint) -> Iterator[str]:
    """Yield the grade of the whole, and of each part that has one."""
    colours = {"high": "error", "medium": "update", "low": "create", "none": "create"}
    head = paint("Risk", "bold") + " " * (LABEL - 4)
    yield f"{head} {paint(outlook.risk, colours[outlook.risk])}"
    for risk in outlook.risks[:MOST_NAMED]:
        yield f"  {paint(f'{risk.grade:<10}', colours[risk.grade])} {risk.item}: {risk.reason}"
    if len(outlook.risks) > MOST_NAMED:
        yield f"  … {len(outlook.risks) - MOST_NAMED} more, none of them greater"


def step_lines(steps: Sequence[Step], paint: Paint) -> Iterator[str]:
    """Yield the steps: what each is for, what to type, and the way back."""
    if steps:
        yield paint("Steps", "bold")
    for number, step in enumerate(steps, 1):
        yield f"{number:>3}  {step.title}"
        yield f"     {paint(step.command, 'place')}"
        if step.back:
            yield f"     back: {step.back}"


def named(names: Sequence[str]) -> str:
    """Return names in a row, shortened where there are many."""
    return ", ".join(shortened(list(names)))


def shortened(items: list[str]) -> list[str]:
    """Return the first of many items, and how many more there are."""
    if len(items) <= MOST_NAMED:
        return items
    return [*items[: MOST_NAMED - 1], f"… {len(items) - MOST_NAMED + 1} more"]
