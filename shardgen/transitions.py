"""A fleet and a wished step in; why it cannot be taken yet, and the step that comes first, out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shardgen.document import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Any

    from shardgen.document import Document, Path
    from shardgen.model import Fleet, Shard

#: So many tenants or shards are named; of more, the first ones.
MOST = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a step starts from: the fleet as shards.yaml has it, and as it was last rendered.

    `assigned` is the shard of each tenant that a written migration names; `option` is what a typed
    command needs behind it to find the same shards.yaml.
    """

    fleet: Fleet
    document: Document
    rendered: Mapping[str, Any]
    assigned: Mapping[int, int] = field(default_factory=dict)
    option: str = ""

    def shard(self, number: int) -> Shard | None:
        """Return a shard; None where it is not listed."""
        return next((shard for shard in self.fleet.shards if shard.id == number), None)

    @property
    def active(self) -> list[int]:
        """The ids of the shards that take tenants."""
        return [shard.id for shard in self.fleet.shards if shard.state == "active"]

    def typed(self, command: str) -> str:
        """Return a command of shardgen as it is typed."""
        return f"`shardgen {command}{self.option}`"

    def place(self, path: Path) -> str:
        """Return where something stands, as `shards.yaml:7`."""
        node, _ = nearest(self.document.root, path)
        return f"{self.document.file}:{node.start_mark.line + 1}"

    def other(self, number: int) -> str:
        """Return an active shard that is not a given one, for a command to type."""
        return next((str(each) for each in self.active if each != number), "M")


def no_drain(standing: Standing, number: int, to: int | None) -> str:
    """Return why a shard cannot start to drain, towards another or none; '' where it can."""
    shard = standing.shard(number)
    if shard is None:
        return unknown(standing, number)
    if shard.state == "retired":
        return f"shard {number} is retired: nothing is left on it to drain"
    if standing.active == [number]:
        return (
            f"shard {number} is the last active one, and new tenants need one to go to; "
            f"first: {standing.typed('add')}"
        )
    if number == standing.fleet.database.default_shard:
        default = to if to in standing.active and to != number else standing.other(number)
        return (
            f"new tenants go to shard {number} by default (database.default_shard); "
            f"first: {standing.typed(f'set-default {default}')}"
        )
    return (
        bad_target(standing, number, to)
        or still_targeted(standing, number, to)
        or still_assigned(standing, number, to)
    )


def bad_target(standing: Standing, number: int, to: int | None) -> str:
    """Return why the tenants of a shard cannot go to another; '' where they can."""
    target = None if to is None else standing.shard(to)
    if to is None or (target and target.state == "active" and to != number):
        return ""
    if to == number:
        why = "is the shard that they leave"
    else:
        why = f"is {target.state} and takes none" if target else "is not listed"
    way = standing.typed(f"drain {number} --to {standing.other(number)}")
    return f"the tenants of shard {number} cannot go to shard {to}, which {why}; try {way}"


def still_targeted(standing: Standing, number: int, to: int | None) -> str:
    """Return which other shard drains towards one; '' where none does."""
    for shard in standing.fleet.shards:
        if shard.state == "draining" and shard.move_to == number:
            other = next((each for each in standing.active if each != number), "M")
            first = standing.typed(f"drain {shard.id} --to {to or other}")
            return f"shard {shard.id} is draining to shard {number}; first: {first}"
    return ""


def still_assigned(standing: Standing, number: int, to: int | None) -> str:
    """Return which tenants no migration has put on a shard yet, and shards.yaml does."""
    for index, entry in enumerate(standing.fleet.assign):
        coming = [each for each in entry.tenants if standing.assigned.get(each) != number]
        if entry.shard == number and coming:
            first = standing.typed(f"move {few(coming, ' ')} --to {to or standing.other(number)}")
            place = standing.place(("assign", index))
            return (
                f"`assign:` is to bring tenants to shard {number} ({place}), "
                f"and no migration has yet; first: {first}"
            )
    return ""


def done_assignments(standing: Standing, number: int) -> list[int]:
    """Return the places of a shard's entries in `assign:`, once migrations say all that they say.

    They may go then, and must, where the shard takes no tenants any more.
    """
    if still_assigned(standing, number, None):
        return []
    return [index for index, entry in enumerate(standing.fleet.assign) if entry.shard == number]


def no_retirement(standing: Standing, number: int) -> str:
    """Return why a shard cannot be retired; '' where it can.

    A drain that was never rendered has moved nobody.
    """
    shard = standing.shard(number)
    if shard is None:
        return unknown(standing, number)
    first = standing.typed(f"drain {number} --to {standing.other(number)}")
    if shard.state == "active":
        return f"shard {number} is active, and tenants may live on it; first: {first}"
    entry = standing.rendered.get("shards", {}).get(str(number), {})
    if shard.state == "draining" and entry.get("state") == "active":
        return (
            f"shard {number} is draining in {standing.document.file}, but not rendered yet; "
            f"first: {standing.typed('render')}, apply the migrations, bring the tenants' data over"
        )
    if number in (standing.fleet.routing.fallback_shards or ()):
        place = standing.place(("routing", "fallback_shards"))
        return (
            f"the fallback picks from shard {number} (routing.fallback_shards, {place}); "
            "first take it out of that list: its tenants move then"
        )
    return ""


def no_activation(standing: Standing, number: int) -> str:
    """Return why a shard cannot become active again; '' where it can."""
    shard = standing.shard(number)
    if shard is None:
        return unknown(standing, number)
    if shard.state == "retired":
        return (
            f"shard {number} is retired, and its id is never used again; "
            f"another one: {standing.typed('add')}"
        )
    return ""


def no_arrival(standing: Standing, number: int, what: str) -> str:
    """Return why a shard cannot take tenants, or become the default; '' where it can."""
    shard = standing.shard(number)
    if shard is None:
        return f"{unknown(standing, number)}; first: {standing.typed(f'add --id {number}')}"
    if shard.state == "active":
        return ""
    active = few(standing.active, ", ")
    first = (
        f"the active shards are {active}"
        if shard.state == "retired"
        else f"take one of {active}, or first: {standing.typed(f'activate {number}')}"
    )
    return f"shard {number} is {shard.state} and {what}; {first}"


def unknown(standing: Standing, number: int) -> str:
    """Return that a shard is not listed, and which are."""
    return (
        f"there is no shard {number}; there are {few([s.id for s in standing.fleet.shards], ', ')}"
    )


def few(numbers: Sequence[int] | Collection[int], separator: str) -> str:
    """Return numbers, cut short where they are many."""
    listed = [str(number) for number in numbers]
    return separator.join([*listed[:MOST], *(["…"] if listed[MOST:] else [])])
