"""The shards that were found in; what is missing in them, and what each is to run with it, out."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.healthcheck import healthcheck
from shardgen.probes import missing_tool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shardgen.adopt.found import Found, Member

    ReadText = Callable[[str], str | None]

PROBED = re.compile(r"(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::[0-9]+)?(/[\w./~-]*)?")
SETTINGS = ("interval", "timeout", "retries", "start_period")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """One thing that is missing: where in the model, what the service has of the key then, and why.

    `shard` None is a service that is no shard.
    """

    shard: int | None
    path: tuple[str, ...]
    value: Any
    reason: str


def find_repairs(found: Found, port: int, read: ReadText) -> tuple[Repair, ...]:
    """Return what the shards lack, by their names and keys."""
    return tuple(
        repair
        for member in found.members
        for repair in (
            *alias(found, member),
            *identity(found, member),
            *variables(found, member),
            *lists(found, member),
            *probe(found, member, port, read),
        )
    )


def repaired(member: Member, repairs: tuple[Repair, ...]) -> dict[str, Any]:
    """Return what a shard is to run once everything is repaired."""
    want = dict(member.model)
    for repair in repairs:
        if repair.shard == member.id:
            key = repair.path[2]
            if len(repair.path) > 3:
                inner = {**compose.normal(key, want.get(key) or {}), repair.path[3]: repair.value}
                want[key] = inner
            else:
                want[key] = repair.value
    return want


def repair(member: Member, key: str, value: Any, reason: str, inner: str | None = None) -> Repair:
    """Return a repair of a shard."""
    path = ("services", member.service, key, *((inner,) if inner else ()))
    return Repair(shard=member.id, path=path, value=value, reason=reason)


def alias(found: Found, member: Member) -> Iterator[Repair]:
    """Yield the networks on which shard 1 lacks its alias; the others are found by their names."""
    if member.id != 1 or "network_mode" in member.model:
        return
    name = f"{found.name}-1"
    joined = compose.named(member.model.get("networks"), "networks") or {"default": None}
    for network, written in joined.items():
        options = compose.options(written)
        aliases = compose.listed(options.get("aliases"))
        if name not in aliases:
            value = {**options, "aliases": [*aliases, name]}
            reason = f"the router calls shard 1 {name}, and nothing answers to that"
            if len(found.members) == 1:
                reason = f"once there is a second shard, the router calls this one {name}"
            yield repair(member, "networks", value, reason, network)


def identity(found: Found, member: Member) -> Iterator[Repair]:
    """Yield the variable that tells a shard its id, where it lacks it."""
    if found.variable not in compose.pairs(member.model.get("environment")):
        reason = f"{member.service} does not know which shard it is"
        yield repair(member, "environment", str(member.id), reason, found.variable)


def variables(found: Found, member: Member) -> Iterator[Repair]:
    """Yield the variables that shard 1, or every other shard, has and this one lacks."""
    mine = compose.pairs(member.model.get("environment"))
    others = [
        compose.pairs(other.model.get("environment"))
        for other in found.members
        if other is not member
    ]
    personal = re.compile(rf"\b{re.escape(found.name)}-[0-9]+\b")
    for name in dict.fromkeys(name for each in others for name in each):
        having = [each for each in others if name in each]
        is_pattern = member is not found.first and having[0] is others[0]
        is_common = len(having) == len(others) > 1
        values = {str(each[name]) for each in having}
        if name in mine or name == found.variable or not (is_pattern or is_common):
            continue
        if len(values) == 1 and not personal.search(str(having[0][name])):
            reason = f"{owner(found, member)} has {name}, {member.service} does not"
            yield repair(member, "environment", having[0][name], reason, name)


def owner(found: Found, member: Member) -> str:
    """Return who else has what a shard lacks."""
    return found.first.service if member is not found.first else "every other shard"


def lists(found: Found, member: Member) -> Iterator[Repair]:
    """Yield the secrets and env files of shard 1 that another shard lacks: they hold variables."""
    if member is found.first:
        return
    for key, what in (("env_file", "the variables of"), ("secrets", "the secret")):
        mine, theirs = (compose.listed(each.model.get(key)) for each in (member, found.first))
        lacking = [item for item in theirs if not compose.among(mine, item)]
        if lacking:
            named = ", ".join(str(compose.options(item).get("source", item)) for item in lacking)
            reason = f"{found.first.service} has {what} {named}, {member.service} does not"
            yield repair(member, key, [*mine, *lacking], reason)


def probe(found: Found, member: Member, port: int, read: ReadText) -> Iterator[Repair]:
    """Yield a healthcheck that works, where the image lacks the tool of the one that is there."""
    check = compose.options(member.model.get("healthcheck"))
    tool = lacking_tool(member, check.get("test"), read, found)
    path = probed_path(check.get("test"))
    if tool is None or path is None:
        return
    settings = {key: check[key] for key in SETTINGS if check.get(key) is not None}
    wanted = healthcheck({"path": path, **settings}, port)
    if lacking_tool(member, wanted["test"], read, found) is None:
        reason = f"the image has no {tool}: the healthcheck of {member.service} never passes"
        yield repair(member, "healthcheck", wanted, reason)


def hopeless(found: Found, port: int, read: ReadText) -> Iterator[tuple[Member, str]]:
    """Yield shards whose healthcheck cannot work, and that nothing here can repair."""
    for member in found.members:
        test = compose.options(member.model.get("healthcheck")).get("test")
        tool = lacking_tool(member, test, read, found)
        if tool and not list(probe(found, member, port, read)):
            yield member, tool


def lacking_tool(member: Member, test: Any, read: ReadText, found: Found) -> str | None:
    """Return the tool that a healthcheck needs and the shard's image surely lacks."""
    build = compose.options(compose.normal("build", member.model.get("build")))
    image = member.model.get("image")
    text = build.get("dockerfile_inline") or (dockerfile(build, read, found) if build else None)
    if test is None or (build and text is None):
        return None
    return missing_tool(test, str(image) if image else None, text, build.get("target"))


def dockerfile(build: Mapping[str, Any], read: ReadText, found: Found) -> str | None:
    """Return the text of a build's Dockerfile, where it is in the project."""
    folder = posixpath.dirname(found.sources.files[0].file)
    context = posixpath.join(folder, str(build.get("context", ".")))
    name = posixpath.join(context, str(build.get("dockerfile") or "Dockerfile"))
    path = posixpath.normpath(name)
    return None if path.startswith(("/", "../")) else read(path)


def probed_path(test: Any) -> str | None:
    """Return the path that a healthcheck asks for on the container itself."""
    words = test if isinstance(test, list) else [test]
    match = PROBED.search(" ".join(str(each) for each in words))
    return (match[1] or "/") if match else None


def applied(model: Mapping[str, Any], repairs: tuple[Repair, ...], found: Found) -> dict[str, Any]:
    """Return a model with everything repaired."""
    services = dict(model["services"])
    for member in found.members:
        services[member.service] = repaired(member, repairs)
    for each in repairs:
        if each.shard is None:
            services[each.path[1]] = {**services[each.path[1]], each.path[2]: each.value}
    return {**model, "services": services}
