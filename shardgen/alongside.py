"""The ledger in; what becomes of the files that its runner has for the folder as a whole, out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardgen import languages, plan
from shardgen.errors import UnreadableOutput
from shardgen.ledger.runners import RUNNERS, WHOLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shardgen.ledger.migration import Migration
    from shardgen.migrations import Folder, RenderText
    from shardgen.model import Fleet
    from shardgen.plan import Change


def plan_alongside(
    folder: Folder, migrations: Iterable[Migration], fleet: Fleet, render: RenderText, header: str
) -> Iterator[Change]:
    """Yield what becomes of the files that each render makes again; other runners' are stale.

    Raises UnreadableOutput where one is not what its language demands.
    """
    runner = RUNNERS[fleet.database.migrations.runner]
    names = fleet.database.names
    context = {
        "header": header,
        "ledger": names.qualified(names.ledger),
        "history": names.history,
        "migrations": [{"id": each.id, "file": each.file} for each in migrations],
    }
    for beside in runner.whole:
        text = render(beside.template, context)
        if fault := languages.parsed(beside.format, text)[1]:
            place = f"rendered from templates/{beside.template}, {fault}"
            raise UnreadableOutput(f"{folder.path}/{beside.file}: {place}")
        yield plan.plan_whole(
            "migrations",
            f"{folder.path}/{beside.file}",
            text,
            folder.whole.get(beside.file),
            folder.owned.get(beside.file),
        )
    wanted = {beside.file for beside in runner.whole}
    for file in sorted((WHOLE - wanted) & folder.whole.keys() & folder.owned.keys()):
        path, before = f"{folder.path}/{file}", folder.whole[file]
        yield plan.stale(path, before, folder.owned[file])
