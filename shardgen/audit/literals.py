"""A text in; the addresses of shards that are typed in it, and what is wrong with that, out.

A hole is a part that is filled in later: `{…}`, `%s`, `${…}`, or NUL where the reader of a language
has replaced an expression.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.audit.subject import Subject

HOLE = r"(?:\0|%[sd]|\$?\{[^{}\s\"']*\}|\$\([^()\s\"']*\)|\$\w+)"
URL = re.compile(
    r"(?<![\w+.-])(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?:[^\s/@\"'<>]*@)?"
    rf"(?P<host>[A-Za-z0-9_.-]+)(?P<hole>{HOLE})?"
    rf"(?::(?P<port>[0-9]{{1,5}}(?![0-9])|{HOLE}))?(?![\w-]|\.\w)"
)
HOST_PORT = re.compile(
    rf"(?<![\w+./:@$-])(?P<host>[A-Za-z0-9_.-]+)(?P<hole>{HOLE})?"
    r":(?P<port>[0-9]{2,5})(?![\w:-]|\.\w)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address from `start` to `end` of a text. `shard` is None where a hole names the shard."""

    start: int
    end: int
    text: str
    shard: int | None
    is_url: bool


def addresses(text: str, subject: Subject) -> Iterator[Address]:
    """Yield every URL of a shard, and every `host:port`, as they stand in a text."""
    if "://" in text:
        for match in URL.finditer(text):
            if found := address_of(match, subject, match["scheme"].lower()):
                yield found
    for match in HOST_PORT.finditer(text):  # which begins with no part of a URL
        if found := address_of(match, subject, ""):
            yield found


def address_of(match: re.Match[str], subject: Subject, scheme: str) -> Address | None:
    """Return the address of a shard in a match, None where it is another host's.

    Without a scheme a colon may mean anything, so that the port has to be the fleet's own.
    """
    host, port = match["host"], match["port"] or ""
    number = int(port) if port.isdigit() else None
    is_filled_in = bool(port) and number is None
    shard: int | None = None
    if match["hole"]:
        # The naming rule, built again: at a port that does not fit it may be any other host.
        if host != f"{subject.service}-" or not (number == subject.port or is_filled_in):
            return None
    else:
        shard = subject.address(host, subject.port if is_filled_in else number, scheme)
        if shard is None or not (scheme or is_port_of(host, number, subject)):
            return None
    return Address(
        start=match.start(),
        end=match.end(),
        text=match[0].replace("\0", "{…}"),
        shard=shard,
        is_url=bool(scheme),
    )


def is_port_of(host: str, port: int | None, subject: Subject) -> bool:
    """Return whether a port is the one at which the shard of a host answers."""
    return port == subject.port or (port is not None and (host, port) in subject.stated)


def address_message(address: Address, subject: Subject) -> str:
    """Return what goes wrong in production where an address is typed."""
    if address.shard is None:
        return (
            f"a shard's address is built by hand: a shard that is retired, or has a URL of its "
            f"own in {subject.config}, gets no call from here"
        )
    return shard_message(address.text, address.shard, subject)


def shard_message(text: str, number: int, subject: Subject) -> str:
    """Return what goes wrong where a text that means one shard is typed."""
    shard = subject.shard(number)
    if shard is None:
        return f"{text!r} is shard {number}, which {subject.config} does not list: nobody answers"
    if not shard.is_live:
        return f"{text!r} is shard {number}, which is retired: nobody answers"
    if not subject.is_sharded:
        return f"{text!r} is typed here: once there is a second shard, its tenants get no answer"
    return f"{text!r} is shard {number} alone: tenants of the other shards get no answer from here"
