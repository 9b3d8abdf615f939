"""A fleet, an environment and a tenant in; the shard, its URL and what decides both out.

The answer is the generated router's in the same environment; tests hold the two together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shardgen.model import Fleet, Shard

    Path = tuple[str | int, ...]

RULES = {
    "md5": "md5({tenant}) mod {count}",
    "modulo": "{tenant} mod {count}",
    "rendezvous": "rendezvous({tenant}), the highest of {draws}",
}
MOST_SHARDS, MOST_PORT = 100_000, 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Where a tenant goes. `rule_at` and `url_at` are a path in shards.yaml, or the variable."""

    shard: int
    rule: str
    rule_at: Path | str
    url: str
    url_rule: str
    url_at: str


def answer(
    fleet: Fleet, environment: Mapping[str, str], tenant: int, given: int | None = None
) -> Answer:
    """Return where a tenant goes; raises UsageError where the router raises."""
    ids = fallback_ids(fleet, environment)
    port = number_in(environment, f"{fleet.service.prefix}_PORT", fleet.service.port, MOST_PORT)
    is_given = given is not None and given > 0
    shard, rule, rule_at = (
        rule_of_given(fleet, given or 0, ids)
        if is_given
        else rule_of_fallback(fleet, environment, tenant, ids)
    )
    at, alone = shard_of(fleet, shard), is_alone(fleet, ids)
    url, url_rule, url_at = url_of(fleet, environment, at or shard, port, alone=alone)
    return Answer(
        shard=shard, rule=rule, rule_at=rule_at, url=url, url_rule=url_rule, url_at=url_at
    )


def addresses(fleet: Fleet, environment: Mapping[str, str]) -> Iterator[tuple[Shard, str]]:
    """Yield each shard that runs with its URL; raises UsageError where the router raises."""
    alone = is_alone(fleet, fallback_ids(fleet, environment))
    port = number_in(environment, f"{fleet.service.prefix}_PORT", fleet.service.port, MOST_PORT)
    for shard in fleet.live:
        yield shard, url_of(fleet, environment, shard, port, alone=alone)[0]


def is_alone(fleet: Fleet, ids: Sequence[int]) -> bool:
    """Return whether shard 1 is the only one, so that the service's own name reaches it."""
    first = fleet.live[0]
    if first.id != 1 or first.explicit_url:
        return False
    return len(ids) == 1 if fleet.is_counted else len(fleet.live) == 1


def fallback_ids(fleet: Fleet, environment: Mapping[str, str]) -> Sequence[int]:
    """Return the shards that the fallback picks from in an environment."""
    variable = count_variable(fleet)
    count = number_in(environment, variable, len(fleet.live), MOST_SHARDS)
    if fleet.is_counted:
        return range(1, count + 1)
    if count != len(fleet.live):
        raise UsageError(f"{variable} is {count}, but shards.yaml has {len(fleet.live)}: unset it")
    return fleet.fallback_ids


def count_variable(fleet: Fleet) -> str:
    """Return the variable that overrides the number of shards."""
    return f"{fleet.service.prefix}_NUM_SHARDS"


def number_in(environment: Mapping[str, str], variable: str, default: int, most: int) -> int:
    """Return a variable's number; one that is set must hold one."""
    text = environment.get(variable)
    if text is None:
        return default
    number = int(text) if re.fullmatch(r"\s*[0-9]{1,9}\s*", text) else 0
    if not 1 <= number <= most:
        raise UsageError(f"{variable} must be 1 to {most} or unset, not {text!r:.60}")
    return number


def rule_of_given(fleet: Fleet, given: int, ids: Sequence[int]) -> tuple[int, str, Path | str]:
    """Return the shard that the caller passes, why it is used, and where that stands."""
    shard = shard_of(fleet, given)
    if shard is not None and shard.is_live:
        return given, f"shard {given} was given: it is used as it is", ("shards", shard.index)
    if shard is not None:
        to = f": its tenants live on shard {shard.move_to}" if shard.move_to else ""
        raise UsageError(f"shard {given} is retired{to}")
    known = given in ids and fleet.is_counted
    if fleet.routing.unknown_shard == "error" and not known:
        raise UsageError(f"shard {given} is not in shards.yaml, and routing.unknown_shard is error")
    rule = f"shard {given} was given: unknown, used as it is"
    return given, rule, ("routing", "unknown_shard")


def shard_of(fleet: Fleet, number: int) -> Shard | None:
    """Return the shard of an id, None where there is none."""
    return next((shard for shard in fleet.shards if shard.id == number), None)


def rule_of_fallback(
    fleet: Fleet, environment: Mapping[str, str], tenant: int, ids: Sequence[int]
) -> tuple[int, str, Path | str]:
    """Return the fallback's shard, how it is found, and where that stands."""
    fallback = fleet.fallback_over(ids)
    draws = sum(fallback.weights)
    told = "1 draw" if draws == 1 else f"{draws} draws"
    rule = RULES[fallback.kind].format(tenant=tenant, count=len(ids), draws=told)
    is_row = [*ids] == [*range(1, len(ids) + 1)] and not draws
    picked = " + 1" if is_row else f", picked from {[*ids]}"
    variable = count_variable(fleet)
    at: Path | str = variable if variable in environment else ("routing", "fallback")
    return fallback.picker()(tenant), f"no shard given: fallback {rule}{picked}", at


def url_of(
    fleet: Fleet, environment: Mapping[str, str], at: Shard | int, port: int, *, alone: bool
) -> tuple[str, str, str]:
    """Return a shard's URL, the rule that gives it, and the variable that does or could.

    `at` is the shard, or an id that shards.yaml does not have.
    """
    prefix, number = fleet.service.prefix, at if isinstance(at, int) else at.id
    variable = f"{prefix}_SHARD_{number}_URL"
    if url := environment.get(variable, "").strip().rstrip("/"):
        return url, "url from the environment", variable
    if alone and number == 1:
        variable = f"{prefix}_BASE_URL"
        url = environment.get(variable, "").strip().rstrip("/")
        rule = "url from the environment" if url else "the only shard: url of the service"
        return url or f"http://{fleet.service.name}:{port}", rule, variable
    if not isinstance(at, int) and at.explicit_url:
        return at.url, "url of its entry", variable
    port_variable = f"{prefix}_PORT"
    variable = port_variable if port_variable in environment else variable
    return f"http://{fleet.service.name}-{number}:{port}", "url by the naming rule", variable
