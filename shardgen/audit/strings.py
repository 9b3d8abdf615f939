"""A Python text in; the shard hosts, URLs, ports and volumes that are typed in it out."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen.audit.literals import address_message, addresses, shard_message
from shardgen.audit.pieces import HOLE
from shardgen.audit.surroundings import beside, dotted, is_command, is_prose, names_around
from shardgen.audit.words import VOLUMELIKE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shardgen.audit.literals import Address
    from shardgen.audit.module import Module
    from shardgen.diagnostics import Diagnostic

HOST, PORT, VOLUME = "SG803", "SG804", "SG805"
#: What names a place in the network.
HOSTLIKE = re.compile(
    r"host|server|upstream|endpoint|addr|ur[li]|shard|node|container|connect|backend|proxy|target",
    re.IGNORECASE,
)
WORD = re.compile(r"[\w.-]+")
#: Where an address may stand in a text that is no prose: at its start, or after one of these.
BEFORE = re.compile(r"[=,;@]$")
#: What makes a sentence of the words behind an address.
SENTENCE = re.compile(r"\S*\s+\w+\s+\w")


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """A text in a Python file: its node, what is typed, holes for the rest, and what is around."""

    module: Module
    node: ast.expr
    text: str
    parents: Sequence[ast.AST]

    def found(self, code: str, message: str, part: str) -> Diagnostic:
        """Return a diagnostic at a part of the text."""
        return self.module.found(self.node, code, message, hint(self.module, code), part)


def literals(
    module: Module, node: ast.expr, text: str, parents: Sequence[ast.AST]
) -> Iterator[Diagnostic]:
    """Yield what a text says that only shards.yaml should say."""
    if is_prose(parents):
        return
    literal = Literal(module=module, node=node, text=text, parents=parents)
    found = [*typed_addresses(literal)] or [*typed_host(literal)] or [*typed_port(literal)]
    yield from found or typed_volume(literal)


def typed_addresses(literal: Literal) -> Iterator[Diagnostic]:
    """Yield the URLs and the `host:port` of a text that is used, not read by people."""
    subject = literal.module.subject
    for address in addresses(literal.text, subject):
        if is_command(literal.parents) or is_used(literal.text, address):
            part = literal.text[address.start : address.end].partition(HOLE)[0]
            yield literal.found(HOST, address_message(address, subject), part)


def is_used(text: str, address: Address) -> bool:
    """Return whether an address is what a text is for, and not a word in a sentence."""
    before, after = text[: address.start], text[address.end :]
    if not before.strip():
        return not SENTENCE.match(after)
    return bool(BEFORE.search(before)) and not re.search(r"\s", text)


def typed_host(literal: Literal) -> Iterator[Diagnostic]:
    """Yield a text that is nothing but a shard's host, where a host is asked for, and its port."""
    subject = literal.module.subject
    shard = subject.hosts.get(literal.text)
    if shard is None:
        return
    ports = [node for node in beside(literal.node, literal.parents) if is_port(literal, node)]
    names = names_around(literal.node, literal.parents)
    is_alias = literal.text != subject.service
    if ports or (is_alias and any(HOSTLIKE.search(name) for name in names)):
        yield literal.found(HOST, shard_message(literal.text, shard, subject), literal.text)
    for node in ports:
        message = f"the port of {literal.text!r} is typed here: a change of it in {subject.config}"
        message += " leaves this behind, and nobody answers"
        yield literal.module.found(node, PORT, message, hint(literal.module, PORT))


def is_port(literal: Literal, node: ast.expr) -> bool:
    """Return whether an expression is the fleet's port, as a number or as text."""
    port = literal.module.subject.port
    is_number = isinstance(node, ast.Constant) and not isinstance(node.value, bool)
    return is_number and node.value in {port, str(port)}  # type: ignore[attr-defined]


def typed_port(literal: Literal) -> Iterator[Diagnostic]:
    """Yield the fleet's port in a URL whose host is computed, from a name that says whose it is."""
    subject = literal.module.subject
    if not isinstance(literal.node, ast.JoinedStr):
        return
    match = re.match(rf"[a-z+]+://{HOLE}:{subject.port}(?!\d)", literal.text)
    host = next(
        (each for each in literal.node.values if isinstance(each, ast.FormattedValue)), None
    )
    if match and host and subject.fleet.service.identifier in dotted(host.value).lower():
        message = (
            f"the port of the shards is typed here: a change of it in {subject.config}, or a "
            f"shard with a URL of its own, leaves this behind, and nobody answers"
        )
        yield literal.found(PORT, message, f":{subject.port}")


def named_port(
    module: Module, node: ast.Constant, parents: Sequence[ast.AST]
) -> Iterator[Diagnostic]:
    """Yield the fleet's port where it is given to a name that says so, as BAILEYS_PORT."""
    subject = module.subject
    if isinstance(node.value, bool) or node.value not in {subject.port, str(subject.port)}:
        return
    identifier = re.escape(subject.fleet.service.identifier)
    pattern = re.compile(rf"(?:.*\.)?{identifier}_?port", re.IGNORECASE)
    name = next(iter(names_around(node, parents)), "")
    if pattern.fullmatch(name):
        message = f"{name} is typed here: a change of the port in {subject.config} leaves it behind"
        yield module.found(node, PORT, message, hint(module, PORT))


def typed_volume(literal: Literal) -> Iterator[Diagnostic]:
    """Yield a text that is a shard's volume: its name, a mount of it, or a command with it."""
    subject = literal.module.subject
    name, colon, _ = literal.text.partition(":/")
    volumes = {name: subject.volume(name)} if colon or is_volume(literal) else {}
    if is_command(literal.parents) and "docker" in literal.text:
        volumes = {word: subject.engine_volume(word) for word in WORD.findall(literal.text)}
    for volume, shard in volumes.items():
        if shard is not None:
            message = (
                f"{volume!r} is the volume of shard {shard} alone: what is done with it here "
                f"passes over the tenants of the other shards"
            )
            yield literal.found(VOLUME, message, volume)


def is_volume(literal: Literal) -> bool:
    """Return whether a text surely means a volume: by its own form, or by the names around it."""
    if re.search(r"_shard[0-9]+$", literal.text):
        return True
    names = names_around(literal.node, literal.parents)
    return any(word in name.lower() for name in names for word in VOLUMELIKE)


def hint(module: Module, code: str) -> str:
    """Return what to write in Python instead."""
    router = module.subject.fleet.router
    if code == VOLUME:
        return "take the volumes from an output of your own, rendered for every shard"
    one = f"{router.for_function}({router.entity_parameter})"
    return f"use {one}; get_all_shard_urls() has every shard's"
