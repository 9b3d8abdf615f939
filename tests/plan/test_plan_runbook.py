"""The runbook: which batches there are, in which order; the commands run in tests/e2e."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support import Project, fleet

GOLDEN = Path(__file__).parent / "runbooks"
ASSIGNED = "assign:\n  - {shard: 3, tenants: [7, 8, 9, 10, 11]}\n"
LIST = "id,shard\n7,1\n8,2\n9,2\n10,\n11,3\n"
CASES = {
    "assigned_with_a_list": (fleet(1, 2, 3, tail=ASSIGNED), ("--tenants", "-")),
    "assigned_without_a_list": (fleet(1, 2, 3, tail=ASSIGNED), ()),
    "a_shard_is_emptied": (fleet(1, tail="  - {id: 2, state: draining, move_to: 1}\n"), ()),
    "another_folder": (
        fleet(1, tail="  - id: 2\n" + ASSIGNED.replace("shard: 3", "shard: 2"), head=(
            "  storage: {folder: 'business_{id}/auth', mount: /data}\n"
            "database: {schema: app, table: order, id_column: user, shard_column: wa_shard}\n"
        )),
        (),
    ),
    "nobody": (fleet(1, 2, 3), ()),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_runbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    after, options = CASES[name]
    project = Project(tmp_path / "p", after if name == "another_folder" else fleet(1, 2))
    if name == "another_folder":
        project.change("docker-compose.yml", "/app/storage/whatsapp", "/data")
        before = re.sub(r"assign:\n.*\n", "", after)
        project.write("shards.yaml", before)
    project.render()
    project.write("shards.yaml", after)
    project.write("list.csv", LIST)
    options = tuple(
        option.replace("-", "list.csv") if option == "-" else option for option in options
    )
    said = project.ok("plan", "--runbook", *options).out
    golden = GOLDEN / f"{name}.md"
    if os.environ.get("ACCEPT"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(said)
    assert said == golden.read_text()
    for block in re.findall(r"^ *```sh\n(.*?)^ *```", said, re.MULTILINE | re.DOTALL):
        subprocess.run(["bash", "-n"], input=block, text=True, check=True)


def test_a_batch_is_a_migration_and_a_source(tmp_path: Path) -> None:
    """Tenants without a shard are where the fallback sends them; who is there already stays."""
    said = (GOLDEN / "assigned_with_a_list.md").read_text()
    titles = re.findall(r"^## (.*)$", said, re.MULTILINE)
    assert titles == [
        "1 of 2: 2 tenants, shard 1 → shard 3",
        "2 of 2: 2 tenants, shard 2 → shard 3",
    ]
    first, second = said.split("## 2 of 2")
    assert "migrations/0006" not in first, "it would move the rows of the second batch, too"
    assert "migrations/0006" in second
    assert "11" not in re.findall(r"for id in (.*); do", said)[0].split()


@pytest.mark.parametrize(
    "folder", ["/abs/{id}", "../{id}", "id", "{id}/{id}", "{id}/../x", "a b/{id}", "{id}$"]
)
def test_a_folder_that_cannot_be_is_refused(tmp_path: Path, folder: str) -> None:
    project = Project(tmp_path / "p", fleet(1, 2, head=f"  storage: {{folder: '{folder}'}}\n"))
    ran = project.run("render")
    assert (ran.code, "SG119" in ran.err) == (2, True), ran.err
    assert "a folder relative to the mount with {id} in it once" in ran.err
