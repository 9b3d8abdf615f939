"""Compose files in; the shards.yaml and the marked files that take them over, and why, out."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.adopt import facts as fleet_facts
from shardgen.adopt.consumers import Callers, find_callers, pattern
from shardgen.adopt.envfile import marked_env
from shardgen.adopt.found import find_shards
from shardgen.adopt.marking import Marked, Plan, marked_overlay
from shardgen.adopt.repairs import applied, find_repairs, hopeless, repaired
from shardgen.adopt.statements import build_statements
from shardgen.adopt.states import borrowers, state_mounts, stateless
from shardgen.adopt.writing import config_text
from shardgen.errors import InvalidInput
from shardgen.outputs import OUTPUTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shardgen.adopt.facts import Facts
    from shardgen.adopt.found import Found, Member, Sources
    from shardgen.adopt.repairs import Repair
    from shardgen.adopt.statements import Statements
    from shardgen.diagnostics import Diagnostic

    ReadText = Callable[[str], str | None]

#: The env output where nothing else is asked for.
VARIABLES = OUTPUTS["env"].destination


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the user asked for. `mode` is exact, repair, or '' where that is still open."""

    service: str | None
    volume: str | None
    mode: str
    env: str | None
    overlay: str
    #: Whether there is an env output, from which consumers can be told.
    has_env: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """How a stack is taken over. `repairs` are what it lacks; `is_repaired` whether they are made.

    `overlay` is the marked text, `env` that of the env file, None where there is no such file.
    `before` is the env file's variables that the block replaces.
    """

    found: Found
    wish: Wish
    facts: Facts
    statements: Statements
    marked: Marked
    repairs: tuple[Repair, ...]
    callers: Callers
    by_hand: tuple[Diagnostic, ...]
    env: str | None
    before: Mapping[str, str]

    @property
    def is_repaired(self) -> bool:
        """Whether the shards get what they lack."""
        return self.wish.mode == "repair"

    @property
    def expected(self) -> dict[str, Any]:
        """The model of the whole stack once it is taken over."""
        repairs = self.repairs if self.is_repaired else ()
        return applied(self.found.model, repairs, self.found)


def propose(sources: Sources, wish: Wish, read: ReadText) -> Proposal:
    """Return how a stack is taken over; raises InvalidInput with all that prevents it."""
    found, problems = find_shards(sources, wish.service, wish.volume)
    refuse(problems)
    refuse([*stateless(found), *fleet_facts.profiles(found)])
    as_is = {member.id: member.model for member in found.members}
    port = fleet_facts.build_facts(found, as_is).port
    callers = find_callers(found, from_compose(sources, wish.env or VARIABLES))
    repairs = (*find_repairs(found, port, read), *(callers.repairs if wish.has_env else ()))
    is_repaired = wish.mode == "repair"
    wants = {m.id: repaired(m, repairs) if is_repaired else m.model for m in found.members}
    facts = fleet_facts.build_facts(found, wants)
    statements = build_statements(found, facts, wants)
    refuse([unstatable(found, number, key) for number, key in statements.unstatable])
    marked = marked_overlay(sources.overlay.document, plan_of(found, facts))
    if not isinstance(marked, Marked):
        raise InvalidInput(marked)
    env = read(wish.env) if wish.env else None
    block = marked_env(env, pattern(found)) if env is not None else None
    return Proposal(
        found=found,
        wish=wish,
        facts=facts,
        statements=statements,
        marked=marked,
        repairs=repairs,
        callers=callers,
        by_hand=(
            *callers.by_hand,
            *borrowers(found),
            *(told(*each) for each in hopeless(found, port, read)),
        ),
        env=block.text if block else None,
        before=block.variables if block else {},
    )


def from_compose(sources: Sources, path: str) -> str:
    """Return a path as compose reads it: relative to the folder of its first file."""
    return posixpath.relpath(path, posixpath.dirname(sources.files[0].file) or ".")


def refuse(problems: Sequence[Diagnostic]) -> None:
    """Raise InvalidInput where there are problems."""
    if problems:
        raise InvalidInput(problems)


def unstatable(found: Found, number: int, key: str) -> Diagnostic:
    """Return the error at a key that shards.yaml has no words for."""
    member = next(each for each in found.members if each.id == number)
    return member.error(
        (key,),
        "SG727",
        f"shards.yaml cannot state the {key} of {member.service} as it is",
        "write it as the other shards have it; what has no value, as TZ:, gets one: TZ: ${TZ}",
        key=True,
    )


def told(member: Member, tool: str) -> Diagnostic:
    """Return the warning at a healthcheck that cannot work."""
    error = member.error(
        ("healthcheck", "test"),
        "SG737",
        f"the image of {member.service} has no {tool}, so that its healthcheck never passes",
        "write one for a tool that the image has, or add that tool to the image",
    )
    return replace(error, level="warning")


def plan_of(found: Found, facts: Facts) -> Plan:
    """Return what goes from the overlay, and which blocks come into it."""
    overlay = found.sources.overlay
    networks = dict.fromkeys(
        name
        for member in found.members
        for name in compose.named(member.model.get("networks"), "networks")
        if name not in overlay.networks and name != "default"
    )
    needs_networks = found.base is None and bool(networks)
    return Plan(
        entries={
            "services": [m.service for m in found.members if m.service in overlay.services],
            "volumes": [s.volume for s in facts.shards if is_ours(found, s.volume, s.external)],
        },
        blocks=["services", "volumes", *(["networks"] if needs_networks else [])],
        shared=[found.name, f"{found.name}-environment"],
    )


def is_ours(found: Found, volume: str, external: bool) -> bool:  # noqa: FBT001
    """Return whether the overlay's declaration of a volume says what a block of ours would.

    One that says more stays where it is, and shardgen does not declare that volume again.
    """
    overlay, base = found.sources.overlay, found.base
    if volume not in overlay.volumes or (base and volume in base.volumes):
        return False
    stated = overlay.volumes[volume]
    first = base.volumes.get(found_volume(found), {}) if base else {}
    likeness = {key: first[key] for key in ("driver", "labels") if first.get(key)}
    return stated == ({"external": True} if external else likeness)


def found_volume(found: Found) -> str:
    """Return the volume of the first shard."""
    return state_mounts(found)[found.first.id].source


def text_of(
    proposal: Proposal, disabled: Mapping[str, Sequence[str]], migrations: str | None = None
) -> str:
    """Return the text of the shards.yaml; `migrations` is their folder, None the usual one."""
    found, statements = proposal.found, proposal.statements
    owners = {member.service: member.id for member in found.members}
    owners |= {shard.volume: shard.id for shard in proposal.facts.shards}
    comments: dict[int, list[str]] = {}
    for each in proposal.marked.comments:
        if each.is_full:
            comments.setdefault(owners.get(each.name, found.first.id), []).append(each.text)
    service = dict(statements.service)
    names = proposal.callers.names if proposal.wish.has_env else []
    if proposal.is_repaired and names:
        service = with_consumers(service, names)
    return config_text(
        [f"Adopted from {' and '.join(file.file for file in found.sources.files)}."],
        {"service": service, "database": database(found, migrations)},
        [statements.entries[shard.id] for shard in proposal.facts.shards],
        comments,
        {**outputs(proposal), **{name: {"enabled": False} for name in disabled}},
        disabled,
    )


def with_consumers(service: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """Return the service with its consumers, after what names it."""
    first = ("name", "port", "profile", "base")
    head: dict[str, Any] = {key: service[key] for key in first if key in service}
    return {**head, "consumers": names, **service}


def database(found: Found, migrations: str | None) -> dict[str, Any]:
    """Return what shards.yaml says of the database: how many shards run today."""
    stated: dict[str, Any] = {}
    ids = [member.id for member in found.members]
    counted = sum(ids[:place] == [*range(1, place + 1)] for place in range(1, len(ids) + 1))
    if counted > 1:  # those above a hole are added to them by a migration
        stated["adopt"] = {"shards": counted}
    return {**stated, **({"migrations": {"path": migrations}} if migrations else {})}


def outputs(proposal: Proposal) -> dict[str, Any]:
    """Return where outputs go that have another place than the usual."""
    wish = proposal.wish
    usual = OUTPUTS["compose"].destination
    compose_path = {} if wish.overlay == usual else {"path": wish.overlay}
    env_path = {"path": wish.env} if wish.env not in {None, VARIABLES} else {}
    found = {"compose": compose_path, "env": env_path}
    return {name: entry for name, entry in found.items() if entry}
