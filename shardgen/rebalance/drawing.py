"""Loads before and after in, bars of 80 columns out."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from shardgen.rebalance.problem import Limits, Problem

    Paint = Callable[[str, str], str]

EIGHTHS = " ▏▎▍▌▋▊▉"
FULL = "█"
WIDTH = 15
#: So many shards are drawn, those with the most of their fair share first.
DRAWN = 20


def bar_lines(
    problem: Problem,
    limits: Limits,
    before: Sequence[int],
    after: Sequence[int],
    paint: Paint,
) -> list[str]:
    """Return a line for each shard: bar, load and part of its fair share, before and after.

    Of many shards those are drawn that carry the most of their share before, and as many others as
    there is room for.
    """
    drawn = sorted(drawn_places(problem, before))
    most = max((max(before[place], after[place]) for place in drawn), default=0)
    names = [name_of(problem, place) for place in drawn]
    width = max([*map(len, names), len("shard")])
    column = WIDTH + 1 + 9 + 1 + 6
    lines = [f"{'shard':<{width}}  {'before':<{column}}   after"]
    for place, name in zip(drawn, names, strict=True):
        cells = []
        for loads in (before, after):
            is_over = loads[place] > limits.ceiling[place]
            bar = paint(bar_of(loads[place], most), "remove" if is_over else "create")
            load = number(loads[place], problem.unit)
            share = (
                ""
                if problem.places[place].is_draining
                else f"{problem.ratio(place, loads[place]) * 100:,.0f} %"
            )
            cells.append(f"{bar} {load:>9} {share:>6}")
        lines.append(f"{name:<{width}}  {cells[0]}   {cells[1]}".rstrip())
    if len(drawn) < len(problem.places):
        lines.append(f"… {len(problem.places) - len(drawn):,} more; --format json lists them all")
    return lines


def drawn_places(problem: Problem, before: Sequence[int]) -> list[int]:
    """Return the shards to draw: draining ones, then the fullest."""
    every = range(len(problem.places))
    draining = [place for place in every if problem.places[place].is_draining]
    active = sorted(problem.active, key=lambda place: (-problem.ratio(place, before[place]), place))
    return [*draining, *active][:DRAWN]


def name_of(problem: Problem, place: int) -> str:
    """Return what a shard is called in the drawing."""
    each = problem.places[place]
    return f"{each.id} draining" if each.is_draining else str(each.id)


def bar_of(load: int, most: int) -> str:
    """Return a bar as long as a load, in eighths of a character; what is not nothing is seen."""
    eighths = load * WIDTH * 8 // most if most else 0
    eighths = max(eighths, 1) if load else 0
    full, part = divmod(eighths, 8)
    return (FULL * full + (EIGHTHS[part] if part else "")).ljust(WIDTH)


def number(load: int, unit: int) -> str:
    """Return a load in at most nine characters."""
    if unit == 1:
        return f"{load:,}"
    found = Fraction(load, unit)
    if found.denominator == 1 and found < 10_000_000:
        return f"{found.numerator:,}"
    if found < 1_000_000:
        return f"{float(found):,.1f}" if found >= 100 else f"{float(found):.3g}"
    return f"{float(found):,.0f}" if found < 10_000_000 else f"{float(found):.3g}"


def percent(share: float) -> str:
    """Return a share in percent: whole where it is large, else with what can be told apart."""
    if share >= 1:
        return f"{share * 100:,.0f} %"
    return f"{share * 100:.1f} %" if share * 100 >= 0.05 or not share else "< 0.1 %"
