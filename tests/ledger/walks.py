"""Random lives of a fleet: one legal desired state after the other, as users would edit shards.yaml."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from shardgen.ledger.desired import Desired, DesiredShard
from shardgen.ledger.runners import RUNNERS
from tests.ledger.support import desired

if TYPE_CHECKING:
    from collections.abc import Callable

TENANTS = range(1, 13)


def active(wanted: Desired) -> list[int]:
    """The ids of the active shards."""
    return [shard.id for shard in wanted.shards if shard.state == "active"]


def changed(wanted: Desired, shard: DesiredShard) -> Desired:
    """The desired state with another entry for one shard; the order of the file is kept."""
    return replace(wanted, shards=tuple(shard if s.id == shard.id else s for s in wanted.shards))


def with_new_shard(wanted: Desired, draw: Callable[..., Any]) -> Desired:
    known = {shard.id for shard in wanted.shards}
    new = draw(st.integers(1, 30).filter(lambda shard: shard not in known))
    state = draw(st.sampled_from(["active", "active", "active", "draining", "retired"]))
    return replace(wanted, shards=(*wanted.shards, DesiredShard(id=new, state=str(state))))


def with_default(wanted: Desired, draw: Callable[..., Any]) -> Desired:
    return replace(wanted, default_shard=draw(st.sampled_from(active(wanted))))


def with_assignment(wanted: Desired, draw: Callable[..., Any]) -> Desired:
    shard, tenant = draw(st.sampled_from(active(wanted))), draw(st.sampled_from(TENANTS))
    others = tuple((s, tuple(t for t in ts if t != tenant)) for s, ts in wanted.assign)
    return replace(wanted, assign=(*others, (shard, (tenant,))))


def without_assignments(wanted: Desired, draw: Callable[..., Any]) -> Desired:
    return replace(wanted, assign=())


def with_leaving_shard(wanted: Desired, draw: Callable[..., Any]) -> Desired:
    """Drain or retire a shard that nothing points to, or change where its tenants go."""
    used = {wanted.default_shard, *(shard.move_to for shard in wanted.shards)}
    leaving = [
        shard for shard in wanted.shards if shard.state != "retired" and shard.id not in used
    ]
    if not leaving:
        return wanted
    shard = draw(st.sampled_from(leaving))
    targets = [target for target in active(wanted) if target != shard.id]
    to, state = (
        draw(st.sampled_from([None, *targets])),
        draw(st.sampled_from(["draining", "retired"])),
    )
    if state == "retired":
        to = targets[0]
    kept = tuple((s, tenants) for s, tenants in wanted.assign if s != shard.id)
    left = replace(wanted, assign=kept)
    return changed(left, DesiredShard(id=shard.id, state=state, move_to=to))


def with_returning_shard(wanted: Desired, draw: Callable[..., Any]) -> Desired:
    draining = [shard.id for shard in wanted.shards if shard.state == "draining"]
    if not draining:
        return wanted
    return changed(wanted, DesiredShard(id=draw(st.sampled_from(draining))))


EDITS = (
    with_new_shard,
    with_default,
    with_assignment,
    without_assignments,
    with_leaving_shard,
    with_returning_shard,
)


@st.composite
def walks(draw: Callable[..., Any], longest: int = 12) -> list[Desired]:
    """Desired states of which each is one edit, or a few, away from the one before."""
    adopted = draw(st.integers(1, 3))
    ids = range(1, adopted + draw(st.integers(0, 2)) + 1)
    fallback = draw(st.sampled_from(["md5", "modulo", "rendezvous"]))
    weights = tuple((shard, draw(st.integers(1, 3))) for shard in range(1, adopted + 1))
    wanted = desired(
        " ".join(map(str, ids)),
        adopt_shards=adopted,
        adopt_route=draw(st.sampled_from(["column", "hash"])),
        fallback=fallback,
        weights=weights if fallback == "rendezvous" else (),
        runner=draw(st.sampled_from([*RUNNERS])),
        batches=draw(st.sampled_from([1, 1, 2, 3])),
    )
    steps = [wanted]
    for edits in draw(st.lists(st.integers(1, 4), max_size=longest)):
        for _ in range(edits):
            edit = draw(st.sampled_from(EDITS))
            wanted = edit(wanted, draw)
        steps.append(wanted)
    return steps
