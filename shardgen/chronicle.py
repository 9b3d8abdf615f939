"""The ledger, what git has of it and how a database stands to it in; a table and JSON out."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from shardgen.diagnostics import plain
from shardgen.ledger.state import RETIRED
from shardgen.standing import APPLIED, DIFFERENT, PENDING
from shardgen.telling import told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from shardgen.ledger.migration import Migration
    from shardgen.ledger.verify import Ledger
    from shardgen.standing import Live, Standing

    Paint = Callable[[str, str], str]

FORMAT_VERSION = 1
STYLES = {APPLIED: "create", PENDING: "update", DIFFERENT: "error", "not committed": "update"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chronicle:
    """All that there is to tell.

    `committed` are the files that git's HEAD has, None without git; `live` and `standing` are there
    where a database was asked.
    """

    folder: str
    ledger: Ledger
    apply: str
    committed: frozenset[str] | None = None
    live: Live | None = None
    standing: Standing | None = None

    @property
    def agrees(self) -> bool:
        """Whether the ledger is whole, and the database, where one was asked, is as it says."""
        return not self.ledger.problems and (self.standing is None or self.standing.agrees)

    def state(self, place: int) -> str:
        """Return the state of a migration in the database, else in git, else that there is one."""
        if self.standing:
            return self.standing.states[place]
        if self.committed is None:
            return "recorded"
        is_there = self.ledger.migrations[place].file in self.committed
        return "committed" if is_there else "not committed"


def chronicle_text(chronicle: Chronicle, paint: Paint = plain) -> str:
    """Return the history, the shards, and in the last lines what is not as it should be."""
    parts = [
        history_lines(chronicle, paint),
        shard_lines(chronicle),
        closing_lines(chronicle, paint),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def history_lines(chronicle: Chronicle, paint: Paint) -> list[str]:
    """Return the table of the migrations."""
    if not chronicle.ledger.migrations:
        return []
    rows = [("number", "file", "state", "what it does")]
    rows += [
        (f"{each.number:04d}", each.file, chronicle.state(place), told(each.operation))
        for place, each in enumerate(chronicle.ledger.migrations)
    ]
    return [line.rstrip() for line in table(rows, paint)]


def table(rows: Sequence[tuple[str, ...]], paint: Paint = plain) -> Iterator[str]:
    """Yield the lines of a table; a cell that is a state is painted after it was padded."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (
            paint(cell, STYLES[cell]) + " " * (width - len(cell))
            if cell in STYLES
            else cell.ljust(width)
            for cell, width in zip(row, widths, strict=True)
        )
        yield "  ".join(cells)


def shard_lines(chronicle: Chronicle) -> list[str]:
    """Return the table of the shards as the ledger records them, and as the database has them."""
    recorded, live = chronicle.ledger.recorded, chronicle.live
    registry, tenants = (live.registry, live.tenants) if live else ({}, None)
    rows: list[tuple[str, ...]] = []
    for shard in sorted({*recorded.shards, *registry}):
        entry = recorded.shards.get(shard)
        row: tuple[str, ...] = (str(shard), entry.state if entry else "–")
        if live:
            row += (registry[shard][0] if shard in registry else "–",)
            row += (str(tenants.get(shard, 0)) if tenants is not None else "–",)
        rows.append((*row, remark(chronicle, shard)))
    head: tuple[str, ...] = ("shard", "state")
    head += ("database", "tenants") if live else ()
    return [line.rstrip() for line in table([(*head, ""), *rows])] if rows else []


def remark(chronicle: Chronicle, shard: int) -> str:
    """Return what else is recorded of a shard."""
    recorded = chronicle.ledger.recorded
    entry = recorded.shards.get(shard)
    if shard == recorded.default_shard:
        return "the default of new rows"
    if entry is None or entry.move_to is None:
        return ""
    verb = "went" if entry.state == RETIRED or entry.has_moved else "go"
    return f"its tenants {verb} to shard {entry.move_to}"


def closing_lines(chronicle: Chronicle, paint: Paint) -> list[str]:
    """Return what is to be done, or that nothing is."""
    folder, problems = chronicle.folder, chronicle.ledger.problems
    lines = [f"{folder}/{problem.path}   {problem.message}" for problem in problems]
    if problems:
        lines.append("the ledger is damaged: `shardgen check` says what to type")
    elif not chronicle.ledger.migrations:
        lines.append("there are no migrations yet; `shardgen render` writes the first")
    if chronicle.standing:
        lines += standing_lines(chronicle, chronicle.standing, paint)
    return lines


def standing_lines(chronicle: Chronicle, found: Standing, paint: Paint) -> Iterator[str]:
    """Yield how the database differs, and what to do about it."""
    if chronicle.agrees:
        yield f"the database is as these {len(found.states)} migrations say"
    for row in found.unknown:
        text = f"the database has {row.name}, which is not in {chronicle.folder}"
        yield f"{paint('unknown', 'error')}: {text}"
    for number, row in found.in_place.items():
        text = f"as number {number:04d} the database has another file, {row.name}"
        yield f"{paint(DIFFERENT, 'error')}: {text}"
    if found.unknown or found.in_place:
        yield "bring the branch that these were applied from here; no file can take their place"
    for difference in found.differences:
        yield f"{paint(DIFFERENT, 'error')}: {difference}"
    if found.differences:
        yield "the database was changed by other means than these files"
    pending = [
        migration.file
        for migration, state in zip(chronicle.ledger.migrations, found.states, strict=True)
        if state == PENDING
    ]
    if pending:
        is_are = "1 migration is" if len(pending) == 1 else f"{len(pending)} migrations are"
        yield f"{is_are} pending, from {pending[0]} on; apply with"
        yield chronicle.apply


def chronicle_json(chronicle: Chronicle) -> dict[str, Any]:
    """Return the same as data (schema/ledger.schema.json)."""
    recorded = chronicle.ledger.recorded
    return {
        "format_version": FORMAT_VERSION,
        "agrees": chronicle.agrees,
        "folder": chronicle.folder,
        "migrations": [
            migration_json(chronicle, place, each)
            for place, each in enumerate(chronicle.ledger.migrations)
        ],
        "recorded": {
            "default_shard": recorded.default_shard or None,
            "shards": [
                {"id": shard, "state": entry.state, "move_to": entry.move_to}
                for shard, entry in sorted(recorded.shards.items())
            ],
        },
        "damage": [
            {"path": f"{chronicle.folder}/{each.path}", "kind": each.kind, "reason": each.message}
            for each in chronicle.ledger.problems
        ],
        "database": database_json(chronicle.live, chronicle.standing),
    }


def migration_json(chronicle: Chronicle, place: int, migration: Migration) -> dict[str, Any]:
    """Return one migration as data."""
    committed, found = chronicle.committed, chronicle.standing
    return {
        "number": migration.number,
        "name": migration.name,
        "file": migration.file,
        "id": migration.id,
        "operation": {"op": migration.operation.op, **asdict(migration.operation)},
        "does": told(migration.operation),
        "committed": None if committed is None else migration.file in committed,
        "database": found.states[place] if found else None,
    }


def database_json(live: Live | None, found: Standing | None) -> dict[str, Any] | None:
    """Return what a database says as data; None where none was asked."""
    if live is None or found is None:
        return None
    counts = live.tenants
    return {
        "has_ledger": live.applied is not None,
        "unknown": [asdict(row) for row in found.unknown],
        "in_place": [asdict(row) for row in found.in_place.values()],
        "differences": list(found.differences),
        "shards": [
            {
                "id": shard,
                "state": state,
                "move_to": to,
                "tenants": None if counts is None else counts.get(shard, 0),
            }
            for shard, (state, to) in sorted(live.registry.items())
        ],
        "tenants": None if counts is None else sum(counts.values()),
    }
