"""What each shard is to run in; what shards.yaml states for all of them, and for each, out.

The words are tried out with the very functions that make the overlay, so that what is stated here
becomes what runs. Of the ways to state a key, the shortest is taken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardgen import compose, overlay
from shardgen.adopt.key import ABSENT, UNSTATABLE, count, ways
from shardgen.adopt.naming import named_data
from shardgen.adopt.trial import Trial
from shardgen.healthcheck import PROBE, healthcheck
from shardgen.model import build_fleet
from shardgen.quoting import yaml_flow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shardgen.adopt.facts import Facts
    from shardgen.adopt.found import Found, Member

#: Keys of compose that shards.yaml states in words of its own, or that say how a service was made.
APART = frozenset({"profiles", "extends"})
#: What one container alone can have: it is stated in an entry, and what the base says of it is not
#: passed on to the shards to come.
PERSONAL = frozenset({"ports", "hostname", "mac_address", "domainname"})
#: What a shard to come is to have wherever every shard has it, at the price of longer entries.
GATHERED = frozenset({"networks", "volumes"})
ASKED = re.compile(r"path:'([^']*)'")
ON_NETWORK = frozenset({"aliases", "ipv4_address", "ipv6_address", "mac_address", "link_local_ips"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """What shards.yaml says under `service`, and in each entry; what it has no words for."""

    service: dict[str, Any]
    entries: dict[int, dict[str, Any]]
    unstatable: tuple[tuple[int, str], ...]
    lacking: tuple[str, ...]


def build_statements(found: Found, facts: Facts, wants: Mapping[int, dict[str, Any]]) -> Statements:
    """Return the statements by which every shard becomes what it is to run."""
    skeleton = named_data(found, facts)
    fleet = build_fleet(skeleton)
    service: dict[str, Any] = dict(skeleton["service"])
    entries = {entry["id"]: dict(entry) for entry in skeleton["shards"]}
    unstatable: list[tuple[int, str]] = []
    lacking: list[str] = []
    starts = {member.id: start_of(found, member) for member in found.members}
    keys = dict.fromkeys(key for each in (*starts.values(), *wants.values()) for key in each)
    for key in keys:
        if key in APART:
            continue
        has_base = found.base is not None
        trials = [
            Trial(key, shard, fleet, starts[shard.id], wants[shard.id], has_base)
            for shard in fleet.shards
        ]
        best = shortest(key, trials)
        if isinstance(best, int):
            unstatable.append((best, key))
            continue
        lacking += best.lacking
        put(service, key, best.shared)
        for number, own in best.own.items():
            put(entries[number], key, own)
    for layer in (service, *entries.values()):
        if isinstance(layer.get("healthcheck"), dict):
            layer["healthcheck"] = as_path(layer["healthcheck"], facts.port)
    return Statements(
        service=service, entries=entries, unstatable=tuple(unstatable), lacking=tuple(lacking)
    )


def as_path(check: dict[str, Any], port: int) -> dict[str, Any]:
    """Return a healthcheck by the path that it asks for, where it is a probe of shardgen's own."""
    match = ASKED.search(str(check["test"]))
    settings = {key: value for key, value in check.items() if key != "test"}
    if match is None or not PROBE.keys() <= check.keys():
        return check
    short = {key: value for key, value in settings.items() if PROBE.get(key) != value}
    stated = {"path": match[1], **short}
    return stated if healthcheck(stated, port) == check else check


def start_of(found: Found, member: Member) -> dict[str, Any]:
    """Return what a shard is before shards.yaml says anything: what the base says of it."""
    if found.base is None:
        return {}
    inherited = found.base.service(found.name)
    if member.id == 1:
        return {key: value for key, value in inherited.items() if key != "extends"}
    return overlay.transferable(inherited)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One way to state a key: for all shards, and in single entries.

    `lacking` is what every shard has by its entry alone, so that a shard to come would lack it.
    """

    shared: Any
    own: dict[int, Any]
    lacking: tuple[str, ...]

    @property
    def cost(self) -> tuple[int, int]:
        """How much a shard to come would lack, and how much is written, in entries twice."""
        written = count(self.shared) + sum(2 * count(each) for each in self.own.values())
        return len(self.lacking), written


def shortest(key: str, trials: Sequence[Trial]) -> Choice | int:
    """Return the shortest way to state a key; the id of a shard for which there is none."""
    choices: list[Choice] = []
    culprit = trials[-1].shard.id
    for shared in candidates(key, trials):
        own: dict[int, Any] = {}
        for trial in trials:
            stated = statement(trial, shared)
            if stated is UNSTATABLE:
                culprit = trial.shard.id
                break
            if stated is not ABSENT:
                own[trial.shard.id] = stated
        else:
            lacking = tuple(missed(key, trials, shared))
            choices.append(Choice(shared=shared, own=own, lacking=lacking))
    if key in PERSONAL and choices:
        return choices[0]
    return min(choices, key=lambda choice: choice.cost) if choices else culprit


def candidates(key: str, trials: Sequence[Trial]) -> Iterator[Any]:
    """Yield what may be stated for all shards: what they share, what shard 1 has, nothing, null."""
    states = {trial.shard.volume for trial in trials}
    wants = [impersonal(key, trial.own(trial.want), states) for trial in trials]
    for value in (common(key, wants), wants[0]) if key not in PERSONAL else ():
        if value is not None:
            for have in (None, trials[-1].have):
                yield from (way.stated for way in ways(key, have, value))
    taken = [None] if any(trial.have is not None for trial in trials) else []
    yield from (*taken, ABSENT) if key in PERSONAL else (ABSENT, *taken)


def missed(key: str, trials: Sequence[Trial], shared: Any) -> Iterator[str]:
    """Yield the networks or mounts that every shard has, and a shard to come would not."""
    if key not in GATHERED:
        return
    states = {trial.shard.volume for trial in trials}
    every = common(key, [impersonal(key, trial.own(trial.want), states) for trial in trials])
    last = trials[-1]
    have = compose.normal(key, impersonal(key, last.own(last.reached(shared)), states)) or ()
    for item in every or ():
        if not compose.among(list(have), item):
            yield f"{yaml_flow(item)} under {key}"


def impersonal(key: str, value: Any, states: set[str]) -> Any:
    """Return a value without what only one container can have: its state, its addresses."""
    if key == "volumes":
        others = [m.entry for m in compose.mounts(value) if not m.named or m.source not in states]
        return others or None
    if key != "networks" or value is None:
        return value
    return {
        name: {k: v for k, v in compose.options(each).items() if k not in ON_NETWORK} or None
        for name, each in compose.named(value, "networks").items()
    }


def common(key: str, values: Sequence[Any]) -> Any:
    """Return what values share: the equal entries of mappings, the first items of lists."""
    normal = [compose.normal(key, value) for value in values]
    first = normal[0]
    if all(isinstance(each, dict) for each in normal):
        return {
            name: item
            for name, item in first.items()
            if all(name in each and compose.same(each[name], item) for each in normal)
        }
    if all(isinstance(each, list) for each in normal):
        shared = [item for item in first if all(compose.among(each, item) for each in normal)]
        return shared or None
    return first if all(compose.same(first, each) for each in normal) else None


def statement(trial: Trial, shared: Any) -> Any:
    """Return what the entry of a shard must state once `shared` is stated for all."""
    if trial.is_reached(shared):
        return ABSENT
    before, want = trial.reached(shared), trial.own(trial.want)
    if trial.key == "environment" and want is None:
        want = {}  # each is removed: a null for all would take the place of the id's own null
    for way in ways(trial.key, trial.own(before), want):
        if trial.is_reached(shared, way.stated):
            return way.stated
    return UNSTATABLE


def put(target: dict[str, Any], key: str, value: Any) -> None:
    """State a key of compose in the words of shards.yaml."""
    if value is ABSENT or value == {}:
        return
    value = shown(key, value)
    limits = compose.options(compose.options(value).get("resources")).get("limits")
    if key == "deploy" and value == {"resources": {"limits": limits}} and is_limits(limits):
        target["limits"] = limits
    elif key in overlay.SAME or key == "healthcheck":
        have = target.get(key)
        target[key] = {**have, **value} if have and isinstance(value, dict) else value
    else:
        target.setdefault("compose", {})[key] = value


def shown(key: str, value: Any) -> Any:
    """Return names without options as a list."""
    is_plain = isinstance(value, dict) and all(
        each in (None, {"condition": "service_started", "required": True}, {})
        for each in value.values()
    )
    return list(value) if key in {"depends_on", "networks"} and is_plain else value


def is_limits(value: Any) -> bool:
    """Return whether a mapping holds what `limits` of shards.yaml does."""
    return (
        isinstance(value, dict)
        and set(value) <= {"cpus", "memory"}
        and all(each is not None for each in value.values())
    )
