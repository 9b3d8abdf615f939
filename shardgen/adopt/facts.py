"""The shards that were found in; port, profile, volumes and names of the fleet out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.adopt.states import state_mounts
from shardgen.model import Service, Storage, volume_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shardgen.adopt.found import Found, Member
    from shardgen.diagnostics import Diagnostic

DEFAULT = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*:?-([0-9]{1,5})\}|([0-9]{1,5})")
LOCAL = re.compile(r"(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]):([0-9]{1,5})")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardFacts:
    """What names one shard, and where its state is. `url` None is the one by the naming rule."""

    id: int
    volume: str
    mount: str
    external: bool
    url: str | None
    has_alias: bool
    knows_id: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is true of the whole fleet; `profile` is that of the later shards."""

    port: int
    profile: str | None
    storage: Storage
    shards: tuple[ShardFacts, ...]

    def of(self, member: Member) -> ShardFacts:
        """Return the facts of one shard."""
        return next(each for each in self.shards if each.id == member.id)


def build_facts(found: Found, wants: Mapping[int, dict[str, Any]]) -> Facts:
    """Return the facts of shards that have a volume each; `wants` is what each is to run."""
    states = state_mounts(found)
    first = states[found.first.id]
    ports = {member.id: port_of(found, member) for member in found.members}
    known = [port for port in ports.values() if port is not None]
    port = ports[found.first.id] or next(iter(known), Service().port)
    named = volume_name(Storage(volume=first.source), found.first.id)
    storage = Storage(
        volume=first.source if named == first.source else first.source.removesuffix(
            f"_shard{found.first.id}"
        ),
        mount=first.target,
        external=is_external(found, first.source),
    )  # fmt: skip
    return Facts(
        port=port,
        profile=profile_of(found),
        storage=storage,
        shards=tuple(
            shard_facts(found, member, wants[member.id], states[member.id], ports[member.id], port)
            for member in found.members
        ),
    )


def shard_facts(
    found: Found,
    member: Member,
    want: dict[str, Any],
    state: compose.Mount,
    own: int | None,
    port: int,
) -> ShardFacts:
    """Return the facts of one shard."""
    has_alias = answers_by_rule(found, member, want)
    needs_url = own not in {None, port} or (member.id == 1 and not has_alias)
    return ShardFacts(
        id=member.id,
        volume=state.source,
        mount=state.target,
        external=is_external(found, state.source),
        url=f"http://{member.service}:{own or port}" if needs_url else None,
        has_alias=has_alias,
        knows_id=found.variable in compose.pairs(want.get("environment")),
    )


def answers_by_rule(found: Found, member: Member, want: dict[str, Any]) -> bool:
    """Return whether a shard has its alias, last, on each network that it joins."""
    alias = f"{found.name}-{member.id}"
    joined = compose.named(want.get("networks"), "networks")
    lists = [compose.listed(compose.options(each).get("aliases")) for each in joined.values()]
    return bool(lists) and all(
        each and each[-1] == alias and each.count(alias) == 1 for each in lists
    )


def is_external(found: Found, volume: str) -> bool:
    """Return whether a volume is made outside compose."""
    external = found.model["volumes"].get(volume, {}).get("external")
    return external not in (None, False, "false")


def profiles(found: Found) -> Iterator[Diagnostic]:
    """Yield profiles that shards.yaml cannot state: it has one for all shards but the first."""
    wanted: list[str] | None = None
    for member in found.members:
        stated = [str(each) for each in compose.listed(member.model.get("profiles"))]
        if member.id == 1:
            if stated != [str(each) for each in compose.listed(member.first.get("profiles"))]:
                yield member.error(
                    ("profiles",),
                    "SG725",
                    f"{member.service}, shard 1, has {named(stated)} in the overlay",
                    "shard 1 has those of the base alone: move them there, or remove them",
                    key=True,
                )
            continue
        wanted = stated if wanted is None else wanted
        if len(stated) > 1 or stated != wanted:
            other = "" if stated == wanted else f", a shard before it {named(wanted)}"
            yield member.error(
                ("profiles",),
                "SG725",
                f"{member.service} has {named(stated)}{other}",
                "give every shard but the first the same single profile",
                key=True,
            )


def named(profiles: list[str]) -> str:
    """Return profiles as words."""
    if not profiles:
        return "no profile"
    return f"the profile{'s' * (len(profiles) > 1)} {' and '.join(profiles)}"


def profile_of(found: Found) -> str | None:
    """Return the profile of the later shards; where there is none, the one that they will get."""
    later = [member for member in found.members if member.id != 1]
    if not later:
        return Service().profile
    stated = compose.listed(later[0].model.get("profiles"))
    return str(stated[0]) if stated else None


def port_of(found: Found, member: Member) -> int | None:
    """Return the port that a shard listens on, as far as its service says so."""
    environment = compose.pairs(member.model.get("environment"))
    check = compose.options(member.model.get("healthcheck")).get("test")
    words = check if isinstance(check, list) else [check]
    local = LOCAL.search(" ".join(str(each) for each in words))
    said = (
        environment.get(f"{found.prefix}_PORT"),
        *(each for each in compose.listed(member.model.get("expose"))[:1]),
        *(container_port(each) for each in compose.listed(member.model.get("ports"))[:1]),
        environment.get("PORT"),
        local[1] if local else None,
    )
    for text in said:
        match = DEFAULT.fullmatch(str(text))
        if match and 0 < int(match[1] or match[2]) <= 65535:
            return int(match[1] or match[2])
    return None


def container_port(entry: Any) -> str:
    """Return the container's port of an entry of `ports`."""
    if isinstance(entry, dict):
        return str(entry.get("target"))
    return str(entry).rpartition(":")[2].partition("/")[0]
