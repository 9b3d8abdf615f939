"""Every code of a diagnostic: what it means, why it is an error, and what is written instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardgen.codes import (
    adopting,
    auditing,
    bases,
    destinations,
    drift,
    fleets,
    hosts,
    kubernetes,
    ledgers,
    lists,
    nginx,
    prometheus,
    rendering,
    swarm,
    texts,
    values,
)

if TYPE_CHECKING:
    from shardgen.codes.code import Code

#: By code, in the order of their numbers.
CODES: dict[str, Code] = {
    **lists.CODES,
    **texts.CODES,
    **fleets.CODES,
    **bases.CODES,
    **destinations.CODES,
    **kubernetes.CODES,
    **swarm.CODES,
    **hosts.CODES,
    **prometheus.CODES,
    **nginx.CODES,
    **values.CODES,
    **ledgers.CODES,
    **rendering.CODES,
    **adopting.CODES,
    **auditing.CODES,
    **drift.CODES,
}
