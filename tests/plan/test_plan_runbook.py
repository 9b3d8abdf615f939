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


def runbook(folder: Path, before: str, after: str, tenants: str = "") -> str:
    """Return the runbook of an edit."""
    project = Project(folder / "p", before)
    project.render()
    project.write("shards.yaml", after)
    project.write("list.csv", tenants)
    return project.ok("plan", "--runbook", *(("--tenants", "list.csv") if tenants else ())).out


def draining(runner: str) -> tuple[str, str]:
    """Return a fleet whose moves come in parts, and the same with a shard that is emptied."""
    head = f"database: {{migrations: {{runner: {runner}, batches: 3}}}}\n"
    tail = "  - {id: 3, state: draining, move_to: 2}\nassign:\n  - {shard: 2, tenants: [7]}\n"
    return fleet(1, 2, 3, head=head), fleet(1, 2, head=head, tail=tail)


def test_all_parts_of_a_move_are_applied(tmp_path: Path) -> None:
    said = runbook(tmp_path, *draining("psql"))
    command = next(line for line in said.splitlines() if "part_1_of_3" in line)
    assert re.findall(r"part_\d_of_3", command) == [f"part_{part}_of_3" for part in (1, 2, 3)]


def test_where_the_runner_cannot_stop_no_row_moves_before_the_last_data_are_there(
    tmp_path: Path,
) -> None:
    said = runbook(tmp_path, *draining("dbmate"), "id,shard\n7,1\n8,3\n")
    first, last = said.split("## 2 of 2")
    assert "dbmate" not in first
    assert "UPDATE" not in said
    assert "Leave them disconnected" in first
    assert "dc up" not in first
    assert last.index("dc cp -a") < last.index("dbmate ") < last.index("dc up -d")
    assert "dc up -d --no-deps baileys baileys-2\n" in last


def test_each_shard_has_its_own_mount(tmp_path: Path) -> None:
    tail = "  - {id: 2, storage: {mount: /data}}\n"
    after = fleet(1, tail=f"{tail}assign:\n  - {{shard: 2, tenants: [7]}}\n")
    said = runbook(tmp_path, fleet(1, tail=tail), after, "id,shard\n7,1\n")
    old, new = '"baileys:/app/storage/whatsapp/${id}"', '"baileys-2:/data/${id}"'
    assert f'dc cp -a {old} - | dc cp -a - "baileys-2:/data" || break' in said
    assert f"diff <(dc cp {old} - | tar -tv | sort) <(dc cp {new} - | tar -tv | sort)" in said
    assert 'rm baileys -rf "/app/storage/whatsapp/${id}"' in said
    unknown = runbook(tmp_path / "u", fleet(1, tail=tail), after)
    assert (
        "First set `OLD` to the service where they are, as in `OLD=baileys` and `MOUNT`" in unknown
    )
    assert 'dc cp -a "$OLD:$MOUNT/${id}" - | dc cp -a - "baileys-2:/data"' in unknown


def test_who_is_in_no_batch_is_named(tmp_path: Path) -> None:
    after = fleet(1, 2, 3, tail="assign:\n  - {shard: 3, tenants: [7, 8, 9]}\n")
    rows = "id,shard\n7,1\n" + "".join(f"{n},\n" for n in range(100, 130))
    said = runbook(tmp_path, fleet(1, 2), after, rows)
    assert "! 2 tenants that migrations move, too, not on the list:\n8, 9. Make" in said
    count = re.search(r"! The fallback moves (\d+) tenants as well:\n", said)
    assert count
    assert 10 < int(count[1]) < 30


STAND_IN = """
dc() {
  case $* in
    *' -') local from=${*: -2:1}; tar -C "$ROOT/${from%%:*}" -c . ;;
    'cp -a - '*) tar -C "$ROOT/${4%%:*}" -x ;;
  esac
}
"""


def test_a_copy_of_a_whole_shard_takes_no_others_place(tmp_path: Path) -> None:
    """What the runbook types, with folders in the place of containers."""
    said = runbook(tmp_path, fleet(1, 2), CASES["a_shard_is_emptied"][0])
    command = next(line.strip() for line in said.splitlines() if "comm -12" in line)
    for service, files in (("baileys", ("1/creds", "index")), ("baileys-2", ("2/creds", "index"))):
        for name in files:
            path = tmp_path / service / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(service)
    done = subprocess.run(
        ["bash", "-c", STAND_IN + command], env={**os.environ, "ROOT": str(tmp_path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "./index\n"


@pytest.mark.parametrize(
    "folder", ["/abs/{id}", "../{id}", "id", "{id}/{id}", "{id}/../x", "a b/{id}", "{id}$"]
)
def test_a_folder_that_cannot_be_is_refused(tmp_path: Path, folder: str) -> None:
    project = Project(tmp_path / "p", fleet(1, 2, head=f"  storage: {{folder: '{folder}'}}\n"))
    ran = project.run("render")
    assert (ran.code, "SG119" in ran.err) == (2, True), ran.err
    assert "a folder relative to the mount with {id} in it once" in ran.err
