"""The port of service.port, against the ports that the base says its service listens on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardgen import compose
from shardgen.ports import container_port, port_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.diagnostics import Diagnostic
    from shardgen.rules.subject import Subject


def listening(subject: Subject) -> Iterator[Diagnostic]:
    """Require service.port to be one that the base exposes, where it says which those are.

    Every URL has this port; another one would send all tenants where nobody listens. Ranges and
    `${…}` say too little, and are passed over.
    """
    service, port = subject.base_service, subject.fleet.service.port
    exposed, published = (
        [container_port(each) for each in compose.listed(service.get(key))]
        for key in ("expose", "ports")
    )
    said = exposed + published
    if exposed and None not in said and port not in said:
        yield differs(subject, ("expose", 0), f"exposes {exposed[0]}")
        return
    variable = f"{subject.fleet.service.prefix}_PORT"
    stated = str(compose.pairs(service.get("environment")).get(variable, port))
    if port_number(stated) not in {None, port}:
        yield differs(subject, ("environment", variable), f"sets {variable} to {stated}")


def differs(subject: Subject, path: tuple[str | int, ...], what: str) -> Diagnostic:
    """Return the error at the base's own word."""
    port = subject.fleet.service.port
    return subject.base_error(
        path,
        "SG311",
        f"the base {what}, but service.port is {port}",
        "write the port that the service listens on as `port:` under service",
    )
