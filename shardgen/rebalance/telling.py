"""A proposal in; its loads as bars, its moves and what they are worth, as text and as JSON, out."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from shardgen.diagnostics import plain
from shardgen.rebalance.drawing import bar_lines, number, percent
from shardgen.rebalance.problem import limits_at
from shardgen.rebalance.reasons import reasons, remarks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from shardgen.rebalance.order import Move
    from shardgen.rebalance.problem import Problem
    from shardgen.rebalance.solve import Outcome
    from shardgen.rebalance.tenants import Tenants

    Paint = Callable[[str, str], str]

FORMAT_VERSION = 1
#: So many moves are shown.
SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A problem, the plan for it, and those of its moves that are proposed now."""

    problem: Problem
    tenants: Tenants
    outcome: Outcome
    moves: Sequence[Move]

    @property
    def by(self) -> str:
        """What makes the load."""
        return "count" if self.problem.unit == 1 else "weight"

    @property
    def after(self) -> list[int]:
        """The loads once the proposed moves are made."""
        loads, weights = list(self.problem.loads), self.problem.weights
        for move in self.moves:
            loads[move.source] -= weights[move.tenant]
            loads[move.target] += weights[move.tenant]
        return loads

    @property
    def counts(self) -> tuple[list[int], list[int]]:
        """How many tenants each shard has before and after."""
        before = [0] * len(self.problem.places)
        for place in self.problem.at:
            before[place] += 1
        after = list(before)
        for move in self.moves:
            after[move.source] -= 1
            after[move.target] += 1
        return before, after

    @property
    def later(self) -> int:
        """How many moves of the plan are left for another run."""
        return len(self.outcome.moved) - len(self.moves)

    @property
    def bound(self) -> int | None:
        """The number of moves that no plan as good as this is below; None where none is known."""
        return None if self.outcome.left or self.outcome.over else self.outcome.bound

    @property
    def share(self) -> float:
        """The share of the tenants that move."""
        return len(self.moves) / len(self.problem.ids) if len(self.problem.ids) else 0.0

    @property
    def is_reached(self) -> bool:
        """Whether the whole plan reaches the goal."""
        return not reasons(self.problem, self.outcome)


def proposal_text(proposal: Proposal, paint: Paint = plain) -> str:
    """Return the loads before and after, the moves, and what is to be said about them."""
    problem = proposal.problem
    limits = limits_at(problem, problem.goal)
    parts = [
        list(head_lines(proposal)),
        bar_lines(problem, limits, problem.loads, proposal.after, paint),
        [f"! {line}" for line in reasons(problem, proposal.outcome)],
        [f"  {line}" for line in remarks(problem, proposal.outcome)],
        list(move_lines(proposal)),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def head_lines(proposal: Proposal) -> Iterator[str]:
    """Yield what is weighed against what, and which tenants are counted elsewhere."""
    problem, tenants = proposal.problem, proposal.tenants
    active = len(problem.active)
    noun = "tenants" if len(problem.ids) != 1 else "tenant"
    shards = f"{active} active shard{'s' if active != 1 else ''}"
    yield f"{len(problem.ids):,} {noun}, {shards}, by {proposal.by}"
    yield f"goal: no shard above {percent(float(problem.goal))} of its fair share"
    if tenants.by_fallback:
        yield f"{tenants.by_fallback:,} without a shard are counted where the fallback sends them"
    if tenants.by_assign:
        yield f"{tenants.by_assign:,} are counted where `assign` in shards.yaml puts them"


def move_lines(proposal: Proposal) -> Iterator[str]:
    """Yield how many moves there are, the first of them, and who must pair again."""
    problem, moves = proposal.problem, proposal.moves
    if not proposal.outcome.moved:
        yield "nothing to move"
        return
    yield counted_line(proposal)
    yield (
        f"{len(moves):,} of {len(problem.ids):,} customers ({percent(proposal.share)}) "
        "must pair again"
    )
    yield ""
    rows = [
        (
            str(problem.ids[move.tenant]),
            str(problem.places[move.source].id),
            str(problem.places[move.target].id),
            number(problem.weights[move.tenant], problem.unit) if problem.unit != 1 else "",
        )
        for move in moves[:SHOWN]
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(4)]
    for tenant, source, target, weight in rows:
        line = (
            f"  tenant {tenant:>{widths[0]}}   shard {source:>{widths[1]}} → {target:<{widths[2]}}"
        )
        yield f"{line}   {weight:>{widths[3]}}".rstrip()
    if len(moves) > SHOWN:
        yield f"  … {len(moves) - SHOWN:,} more; --format json lists them all"


def counted_line(proposal: Proposal) -> str:
    """Return how many moves there are, and how few they could be."""
    count, bound = len(proposal.outcome.moved), proposal.bound
    text = f"{count:,} move{'s' if count != 1 else ''}"
    if bound == count:
        text += ", and no plan has fewer"
    elif bound is not None:
        text += f"; no plan has fewer than {bound:,}"
    if proposal.later:
        text += f". The first {len(proposal.moves):,} now, {proposal.later:,} in later runs"
    return text


def proposal_json(proposal: Proposal) -> dict[str, Any]:
    """Return the same as data (schema/rebalance.schema.json)."""
    problem = proposal.problem
    limits = limits_at(problem, problem.goal)
    before, after = proposal.counts
    loads = proposal.after
    return {
        "format_version": FORMAT_VERSION,
        "by": proposal.by,
        "tolerance": float(problem.tolerance),
        "tenants": len(problem.ids),
        "counted_by_fallback": proposal.tenants.by_fallback,
        "counted_by_assign": proposal.tenants.by_assign,
        "goal_reached": proposal.is_reached,
        "reasons": reasons(problem, proposal.outcome),
        "planned_moves": len(proposal.outcome.moved),
        "least_moves": proposal.bound,
        "share_moved": proposal.share,
        "shards": [
            {
                "id": place.id,
                "state": "draining" if place.is_draining else "active",
                "fair_share": 0 if place.is_draining else value(problem.fair(each), problem.unit),
                "limit": 0 if place.is_draining else value(limits.most[each], problem.unit),
                "before": {
                    "tenants": before[each],
                    "load": value(problem.loads[each], problem.unit),
                },
                "after": {"tenants": after[each], "load": value(loads[each], problem.unit)},
            }
            for each, place in enumerate(problem.places)
        ],
        "moves": [
            {
                "tenant": problem.ids[move.tenant],
                "from": problem.places[move.source].id,
                "to": problem.places[move.target].id,
                "weight": value(problem.weights[move.tenant], problem.unit),
            }
            for move in proposal.moves
        ],
    }


def value(load: int | Fraction, unit: int) -> int | float:
    """Return a load as a number: a whole one where it is whole."""
    found = Fraction(load) / unit
    return found.numerator if found.denominator == 1 else float(found)
