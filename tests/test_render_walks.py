"""G8: random lives of a shards.yaml through the command line; no committed file ever changes."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings

from tests.examples import examples
from tests.ledger.walks import walks
from tests.support import Project

if TYPE_CHECKING:
    from shardgen.ledger.desired import Desired

SOME = settings(
    max_examples=examples(5),
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def text_of(wanted: Desired) -> str:
    """Return the shards.yaml that wants this.

    Several shards that ran before the first render are not taken to run by rendezvous.
    """
    is_drawn = wanted.fallback == "rendezvous" and wanted.adopt_shards > 1
    data = {
        "version": 1,
        "service": {"consumers": ["api"]},
        "routing": {"fallback": "md5" if is_drawn else wanted.fallback},
        "database": {
            "default_shard": wanted.default_shard,
            "adopt": {"shards": wanted.adopt_shards, "route": wanted.adopt_route},
        },
        "shards": [
            {
                "id": shard.id,
                "state": shard.state,
                **({"move_to": shard.move_to} if shard.move_to else {}),
            }
            for shard in wanted.shards
        ],
        "assign": [
            {"shard": shard, "tenants": [*tenants]} for shard, tenants in wanted.assign if tenants
        ],
    }
    return yaml.safe_dump(data, sort_keys=False)


def ledger(project: Project) -> dict[str, bytes]:
    """Return the migrations, sum and apply.sql apart."""
    contents = project.contents()
    return {name: content for name, content in contents.items() if name.startswith("migrations/0")}


def live(steps: list[Desired]) -> int:
    """Render each step; return how many renders there were that wrote something."""
    written = 0
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder, "project"))
        for wanted in steps:
            project.write("shards.yaml", text_of(wanted))
            before = project.contents()
            kept = ledger(project)
            ran = project.run("render")
            if ran.code != 0:
                assert ran.code == 2, ran.err
                assert "error[SG" in ran.err
                assert project.contents() == before
                continue
            assert {**ledger(project), **kept} == ledger(project)
            project.is_clean()
            after = project.contents()
            assert project.run("render").code == 0
            assert project.contents() == after
            written += after != before
    return written


@SOME
@given(walks(longest=4))
def test_G8_no_committed_file_ever_changes(steps: list[Desired]) -> None:
    assert live(steps)


@pytest.mark.slow
@settings(SOME, max_examples=examples(100))
@given(walks(longest=8))
def test_G8_no_committed_file_ever_changes_in_many_lives(steps: list[Desired]) -> None:
    live(steps)
