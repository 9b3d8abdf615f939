"""Measured figures in, a table or JSON out."""

from __future__ import annotations

from typing import Any, NamedTuple


class Figure(NamedTuple):
    """One row: a value with its unit, what it is a ratio of, and the most that it may be.

    The budget is one for the ratio, where there is none for the value.
    """

    name: str
    value: float | None = None
    unit: str = ""
    ratio: float | None = None
    of: str = ""
    budget: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the figure is within its budget; None without one."""
        measured = self.value if self.ratio is None else self.ratio
        return None if self.budget is None or measured is None else measured <= self.budget


HEAD = ("", "value", "ratio", "of", "budget", "met")


def table(figures: list[Figure]) -> str:
    """Return the rows as a Markdown table, aligned for a terminal as well."""
    rows = [HEAD, *map(cells, figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = ["| " + " | ".join(map(aligned, row, widths, range(len(row)))) + " |" for row in rows]
    marks = [
        "-" * (width + 1) + ("-" if column in LEFT else ":") for column, width in enumerate(widths)
    ]
    lines.insert(1, "|" + "|".join(marks) + "|")
    return "\n".join(lines) + "\n"


#: Columns of words; the others are numbers and stand to the right.
LEFT = frozenset({0, 3, 5})


def aligned(cell: str, width: int, column: int) -> str:
    """Return a cell in its column's width."""
    return cell.ljust(width) if column in LEFT else cell.rjust(width)


def cells(figure: Figure) -> tuple[str, ...]:
    """Return the cells of one row."""
    value = "" if figure.value is None else f"{figure.value:,.1f} {figure.unit}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    budget = "" if figure.budget is None else f"{figure.budget:g}"
    met = {None: "", True: "yes", False: "NO"}[figure.met]
    return figure.name, value, ratio, figure.of, budget, met


def as_json(figures: list[Figure]) -> list[dict[str, Any]]:
    """Return the rows as data."""
    return [{**figure._asdict(), "met": figure.met} for figure in figures]
