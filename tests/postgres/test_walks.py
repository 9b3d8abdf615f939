"""Random lives of a fleet on a real database: its end state is the fold of the ledger."""

from __future__ import annotations

import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from shardgen.ledger.history import plan
from shardgen.ledger.operations import Retire
from tests.examples import examples
from tests.ledger.support import Folder
from tests.ledger.walks import TENANTS, walks
from tests.postgres.databases import fresh
from tests.postgres.test_life_cycle import assert_equals

if TYPE_CHECKING:
    from shardgen.ledger.desired import Desired
    from tests.postgres.conftest import Servers

pytestmark = pytest.mark.postgres

FEW = settings(
    max_examples=examples(15),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def whole_life(steps: list[Desired]) -> Folder:
    """The folder after all steps that can be rendered."""
    folder = Folder()
    for wanted in steps:
        if plan(folder.ledger.recorded, wanted).problems:
            break
        folder.render(wanted)
    return folder


@FEW
@given(steps=walks(longest=6))
def test_G8_the_database_ends_where_the_ledger_says(servers: Servers, steps: list[Desired]) -> None:
    folder = whole_life(steps)
    with (
        tempfile.TemporaryDirectory() as home,
        fresh(servers.any(), f"walk_{uuid.uuid4().hex}", Path(home)) as database,
    ):
        database.populate(tenants=len(TENANTS))
        for migration in folder.ledger.migrations:
            if isinstance(migration.operation, Retire):
                shard = migration.operation.shard
                database.run(
                    f"UPDATE business SET whatsapp_shard = DEFAULT WHERE whatsapp_shard = {shard}"
                )
            database.run_as(folder.ledger.recorded.runner, folder.files[migration.file].decode())
        tenants = database.tenants()
        recorded = folder.ledger.recorded
        # a retire may only follow once the operator has moved the tenants that no drain sent away
        for tenant, shard in recorded.assigned.items():
            assert tenants[tenant] == shard
        assert_equals(database, recorded)
