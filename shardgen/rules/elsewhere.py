"""The services of other hosts: nothing in them leads to what is on the first host alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.hosts import on_hosts
from shardgen.ports import host_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.diagnostics import Diagnostic
    from shardgen.document import Path
    from shardgen.model import Host, Shard
    from shardgen.rules.subject import Subject

#: Keys of an entry that are about networks and services of the first host.
TIES = ("networks", "depends_on")
#: Keys by which a service reaches into others.
LINKS = ("links", "external_links", "volumes_from")
#: Keys by which it shares a namespace with another.
SHARED = ("ipc", "pid")
#: Keys whose texts are started, and so may hold an address.
COMMANDS = ("command", "entrypoint")
#: A host in a text: of a URL, or before a port.
IN_URL = re.compile(r"://(?:[^\s/@?#]*@)?([A-Za-z0-9][A-Za-z0-9._-]*)")
BEFORE_PORT = re.compile(r"(?<![A-Za-z0-9._])([A-Za-z0-9][A-Za-z0-9._-]*):[0-9]{1,5}(?![\w.-])")
#: What a variable is called that holds a host alone, and how it may be written.
HOST_VARIABLE = re.compile(r"(?:.*_)?(?:HOST|HOSTNAME|SERVER|ADDR|ADDRESS)", re.IGNORECASE)
ALONE = re.compile(r"(?:\$\{\w+:?-)?([A-Za-z0-9][A-Za-z0-9._-]*)\}?")


def services(subject: Subject) -> Iterator[Diagnostic]:
    """Refuse what is in a shard's service and cannot be on its host."""
    for shard in subject.shards:
        for key in (each for each in TIES if shard.host and subject.entry(shard).get(each)):
            yield subject.error(
                ("shards", shard.index, key),
                "SG448",
                f"{key} of the base {'are' if key == 'networks' else 'is'} not on {shard.host}",
                "remove it: there, a shard is reached by its port, and waits for no other service",
                key=True,
            )
    names = names_here(subject)
    for host, _, found in on_hosts(subject.data, subject.fleet, subject.pattern):
        there = {name.lower() for shard, _ in found for name in (shard.service, shard.alias)}
        missing = names - there
        ports = {shard.host_port: shard for shard, _ in found}
        told: set[str] = set()
        for shard, service in found:
            at: Path = ("shards", shard.index, "host")
            known = directed(service)  # most know none, and the names of all shards are many
            leading = dict(unreached(service, missing - known if known else missing))
            new = {key: name for key, name in leading.items() if key not in told}
            ties = [key for key in tied(service) if key not in told]
            told |= {*new, *ties}
            if new:
                yield subject.error(at, "SG447", *leads_nowhere(host, new))
            if ties:
                yield subject.error(at, "SG448", *not_there(host, ties))
            for number in taken(service, ports):
                owner = "its own" if ports[number] is shard else f"shard {ports[number].id}'s"
                message = f"shard {shard.id} also publishes on port {number}, which is {owner}"
                hint = "publish it on another port, or give the shard another host_port"
                yield subject.error(at, "SG446", message, hint)
                break


def names_here(subject: Subject) -> set[str]:
    """Return the names that only the networks of the first host know, in lower case."""
    found = {name for shard in subject.live for name in (shard.service, shard.alias)}
    for file in (subject.pattern, subject.around):
        for name, service in (file.services if file else {}).items():
            found |= {name, *(str(service[k]) for k in ("container_name", "hostname")
                              if service.get(k))}  # fmt: skip
            for options in compose.named(service.get("networks"), "networks").values():
                found |= set(map(str, compose.listed(compose.options(options).get("aliases"))))
    return {name.lower() for name in found}


def directed(service: dict[str, Any]) -> set[str]:
    """Return the names that a service says itself where they lead."""
    entries = compose.hosts(service.get("extra_hosts"))
    return {str(each).partition("=")[0].partition(":")[0].lower() for each in entries}


def unreached(service: dict[str, Any], missing: set[str]) -> Iterator[tuple[str, str]]:
    """Yield the variables, and keys of a command, that lead to a service, each with its name."""
    for variable, value in compose.pairs(service.get("environment")).items():
        if (name := leads_to(variable, str(value), missing)) is not None:
            yield variable, name
    for key in COMMANDS:
        for text in compose.listed(service.get(key)):
            if (name := leads_to("", str(text), missing)) is not None:
                yield key, name


def leads_nowhere(host: Host, leading: dict[str, str]) -> tuple[str, str]:
    """Return that variables lead to what is not on a host, and how to say what leads there."""
    names = list(dict.fromkeys(leading.values()))
    each = [leads([key for key in leading if leading[key] == name], name) for name in names]
    message = f"on {host.name}, {', '.join(each)}, which {'are' if names[1:] else 'is'} not there"
    variables = ", ".join(f"{key}: …" for key in leading if key not in COMMANDS)
    if not variables:
        return message, "take it from a variable, and state that for the host under hosts"
    return message, f"say what does: hosts: {{{host.name}: {{environment: {{{variables}}}}}}}"


def leads(keys: list[str], name: str) -> str:
    """Return that some keys lead to one service."""
    return f"{' and '.join(keys)} {'lead' if keys[1:] else 'leads'} to {name}"


def leads_to(variable: str, text: str, names: set[str]) -> str | None:
    """Return the first of some names that a text leads to as a host; None where it does not."""
    found = [*IN_URL.findall(text), *BEFORE_PORT.findall(text)]
    if HOST_VARIABLE.fullmatch(variable):
        found += ALONE.findall(text) if ALONE.fullmatch(text) else []
    return next((name for name in found if name.lower() in names), None)


def tied(service: dict[str, Any]) -> Iterator[str]:
    """Yield keys by which a service reaches into another one."""
    yield from (key for key in LINKS if service.get(key))
    for key in SHARED:
        if str(service.get(key, "")).partition(":")[0] in {"service", "container"}:
            yield key


def not_there(host: Host, keys: list[str]) -> tuple[str, str]:
    """Return that what keys name is not on a host, and what to do."""
    nulls = ", ".join(f"{key}: null" for key in keys)
    verb = "names" if len(keys) == 1 else "name"
    message = f"{' and '.join(keys)} {verb} another service, which is not on {host.name}"
    return message, f"take it from this shard, by compose: {{{nulls}}} in its entry"


def taken(service: dict[str, Any], ports: dict[int, Shard]) -> Iterator[int]:
    """Yield what a service publishes besides on the port of a shard; its own stands last."""
    for entry in service["ports"][:-1]:
        number = host_port(entry)
        if number in ports:
            yield number
