"""A ledger in memory for the tests: shards.yaml's part in a short notation in, files out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from shardgen.ledger.history import Desired, DesiredShard, plan
from shardgen.ledger.migration import Migration, migration_context, next_migrations
from shardgen.ledger.names import Names, derive_names
from shardgen.ledger.operations import Init
from shardgen.ledger.runners import PSQL, RUNNERS, Runner
from shardgen.ledger.sums import SUM_FILE, sum_text
from shardgen.ledger.verify import Ledger, read_ledger
from shardgen.render import Renderer, Templates

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shardgen.ledger.operations import Operation

TEMPLATES = Path(__file__).parents[2] / "templates"


def template(name: str) -> str | None:
    """Return a packaged template's text."""
    path = TEMPLATES / name
    return path.read_text() if path.exists() else None


RENDERER = Renderer(Templates(package=template, user=lambda name: None))


def shards(text: str) -> tuple[DesiredShard, ...]:
    """Return the shards of a notation such as `1 2:draining>3 3 4:retired`."""
    made = []
    for word in text.split():
        entry, _, to = word.partition(">")
        shard, _, state = entry.partition(":")
        made.append(
            DesiredShard(id=int(shard), state=state or "active", move_to=int(to) if to else None)
        )
    return tuple(made)


def desired(text: str = "1", **changes: object) -> Desired:
    """Return what the defaults of shards.yaml want, with these shards and changes."""
    start = Desired(
        schema=None,
        table="business",
        id_column="id",
        shard_column="whatsapp_shard",
        default_shard=1,
        adopt_shards=1,
        adopt_route="column",
        fallback="md5",
        shards=shards(text),
    )
    return replace(start, **changes)  # type: ignore[arg-type]


def names(wanted: Desired) -> Names:
    """Return the names of the database objects."""
    return derive_names(
        schema=wanted.schema,
        table=wanted.table,
        id_column=wanted.id_column,
        shard_column=wanted.shard_column,
    )


def sql(
    migration: Migration, previous: Migration | None, named: Names, runner: Runner = PSQL
) -> str:
    """Return the text of a migration."""
    context = migration_context(migration, previous, named, runner)
    return RENDERER.text(f"migrations/{context['op']}.sql.j2", context)


def beside(
    migration: Migration, previous: Migration | None, named: Names, runner: Runner
) -> dict[str, bytes]:
    """Return the files that the runner has beside a migration."""
    context = migration_context(migration, previous, named, runner)
    return {
        runner.file_of(migration.name, each.file): RENDERER.text(each.template, context).encode()
        for each in runner.each
    }


class Folder:
    """The ledger's folder, in memory."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.sum: bytes | None = None

    @property
    def ledger(self) -> Ledger:
        """The ledger as it is read back."""
        return read_ledger(self.files, self.sum)

    def render(self, wanted: Desired) -> list[str]:
        """Append what the desired state needs; return the names of the new files."""
        ledger = self.ledger
        assert ledger.problems == ()
        planned = plan(ledger.recorded, wanted)
        assert planned.problems == ()
        return self.append(planned.operations, names(wanted))

    def append(self, operations: Iterable[Operation], named: Names) -> list[str]:
        """Append operations, legal or not; return the names of the new files."""
        ledger = self.ledger
        previous = ledger.migrations[-1] if ledger.migrations else None
        added = []
        steps = tuple(operations)
        first = steps[0] if steps else None
        runner = RUNNERS[first.runner if isinstance(first, Init) else ledger.recorded.runner]
        for migration in next_migrations(ledger, steps):
            self.files[migration.file] = sql(migration, previous, named, runner).encode()
            self.files.update(beside(migration, previous, named, runner))
            added.append(migration.file)
            previous = migration
        self.write_sum()
        return added

    def write_sum(self) -> None:
        """Make the sum file agree with the files, as somebody who forges it would."""
        self.sum = sum_text(self.files).encode()


def rendered(*steps: Desired) -> Folder:
    """Return the folder after a render of each desired state."""
    folder = Folder()
    for wanted in steps:
        folder.render(wanted)
    return folder


#: one life of a fleet that uses every operation; tenants 1..n exist beforehand, on two shards
LIFE: tuple[tuple[str, Desired], ...] = (
    ("adopt two shards", desired("1 2", adopt_shards=2)),
    ("add shard 3", desired("1 2 3")),
    ("assign", desired("1 2 3", assign=((3, (4, 5, 6)),))),
    ("default 3", desired("1 2 3", default_shard=3)),
    ("drain 2", desired("1 2:draining 3", default_shard=3)),
    ("activate 2", desired("1 2 3", default_shard=3)),
    ("empty 2", desired("1 2:draining>3 3", default_shard=3)),
    ("retire 2", desired("1 2:retired 3", default_shard=3)),
    ("default 1", desired("1 2:retired 3 4")),
)


def life(**changes: object) -> Folder:
    """Return the folder of the whole life, with other settings: a runner, batches, names."""
    return rendered(*(replace(wanted, **changes) for _, wanted in LIFE))  # type: ignore[arg-type]


__all__ = ["LIFE", "SUM_FILE", "Folder", "desired", "life", "names", "rendered", "shards", "sql"]
