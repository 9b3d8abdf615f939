"""The verbs that edit shards.yaml, as they are typed: what is refused, asked, shown and written."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from shardgen.commands.move import ids_in
from shardgen.errors import UsageError
from tests.support import Project, fleet, snapshot
from tests.test_faults import Faults, Killed

if TYPE_CHECKING:
    from pathlib import Path

#: Shard 3 is draining, 4 is retired, 5 drains to nowhere yet.
STATES = fleet(
    1,
    2,
    tail="  - {id: 3, state: draining, move_to: 2}\n"
    "  - {id: 4, state: retired, move_to: 1}\n"
    "  - {id: 5, state: draining}\n",
)
ASKED = "Apply this? [y/N] "


@pytest.fixture
def states(rendered: Project) -> Project:
    """A project with shards in every state, rendered."""
    rendered.write("shards.yaml", STATES)
    rendered.render()
    return rendered


def typed(project: Project, line: str, **environment: str) -> str:
    """Return what a refused command says; nothing may have changed."""
    before = snapshot(project.root)
    ran = project.run(*line.split(), **environment)
    assert (ran.code, ran.out) == (2, ""), ran
    assert snapshot(project.root) == before
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1
    return ran.err.removeprefix("error: ").rstrip("\n")


@pytest.mark.parametrize(("line", "message"), [
    ("drain 9 --to 1", "there is no shard 9; there are 1, 2, 3, 4, 5"),
    ("drain 4 --to 1", "shard 4 is retired: nothing is left on it to drain"),
    ("drain 1 --to 2", "new tenants go to shard 1 by default (database.default_shard); first: `shardgen set-default 2`"),
    ("drain 1", "new tenants go to shard 1 by default (database.default_shard); first: `shardgen set-default 2`"),
    ("drain 2 --to 1", "shard 3 is draining to shard 2; first: `shardgen drain 3 --to 1`"),
    ("drain 5 --to 5", "the tenants of shard 5 cannot go to shard 5, which is the shard that they leave; try `shardgen drain 5 --to 1`"),
    ("drain 5 --to 3", "the tenants of shard 5 cannot go to shard 3, which is draining and takes none; try `shardgen drain 5 --to 1`"),
    ("drain 5 --to 4", "the tenants of shard 5 cannot go to shard 4, which is retired and takes none; try `shardgen drain 5 --to 1`"),
    ("drain 5 --to 8", "the tenants of shard 5 cannot go to shard 8, which is not listed; try `shardgen drain 5 --to 1`"),
    ("retire 9", "there is no shard 9; there are 1, 2, 3, 4, 5"),
    ("retire 2", "shard 2 is active, and tenants may live on it; first: `shardgen drain 2 --to 1`"),
    ("activate 4", "shard 4 is retired, and its id is never used again; another one: `shardgen add`"),
    ("activate 9", "there is no shard 9; there are 1, 2, 3, 4, 5"),
    ("set-default 3", "shard 3 is draining and cannot be the default; take one of 1, 2, or first: `shardgen activate 3`"),
    ("set-default 4", "shard 4 is retired and cannot be the default; the active shards are 1, 2"),
    ("set-default 9", "there is no shard 9; there are 1, 2, 3, 4, 5; first: `shardgen add --id 9`"),
    ("move 7 --to 3", "shard 3 is draining and takes no tenants; take one of 1, 2, or first: `shardgen activate 3`"),
    ("move 7 --to 4", "shard 4 is retired and takes no tenants; the active shards are 1, 2"),
    ("move 7 --to 9", "there is no shard 9; there are 1, 2, 3, 4, 5; first: `shardgen add --id 9`"),
    ("move --to 1", "no tenant is given: name their ids, or a file of them with --file"),
])  # fmt: skip
def test_a_step_out_of_turn_names_the_one_that_comes_first(
    states: Project, line: str, message: str
) -> None:
    assert typed(states, line) == message


def test_the_last_active_shard_stays(rendered: Project) -> None:
    rendered.write("shards.yaml", fleet(1, tail="  - {id: 2, state: draining}\n"))
    assert typed(rendered, "drain 1 --to 2") == (
        "shard 1 is the last active one, and new tenants need one to go to; first: `shardgen add`"
    )


def test_a_drain_leaves_no_assignment_behind(rendered: Project) -> None:
    tail = "assign:\n  - {shard: 1, tenants: [9]}\n  - {shard: 2, tenants: [1, 2, 3, 4, 5, 6, 7]}\n"
    rendered.write("shards.yaml", fleet(1, 2, tail=tail))
    assert typed(rendered, "drain 2") == (
        "`assign:` is to bring tenants to shard 2 (shards.yaml:9), and no migration has yet; "
        "first: `shardgen move 1 2 3 4 5 6 … --to 1`"
    )
    rendered.ok("move", *"1234567", "--to", "1")
    rendered.ok("drain", "2", "--to", "1", "--render")
    rendered.is_clean()


def test_assignments_that_are_written_go_with_the_drain(rendered: Project) -> None:
    """What a migration says already, `assign:` need not say; a draining shard may not be there."""
    rendered.ok("move", "7", "8", "--to", "2", "--render")
    rendered.ok("move", "9", "--to", "1")
    rendered.ok("drain", "2", "--render")
    assert rendered.read("shards.yaml").endswith("assign:\n  - shard: 1\n    tenants: [9]\n")
    rendered.ok("activate", "2", "--render")
    rendered.ok("move", "9", "--to", "2")
    assert "first: `shardgen move 9 --to 1`" in typed(rendered, "drain 2")
    rendered.render()
    rendered.ok("drain", "2", "--to", "1", "--render")
    assert rendered.read("shards.yaml").endswith("    move_to: 1\nassign: []\n")
    rendered.is_clean()


def test_a_drain_that_was_not_rendered_has_moved_nobody(rendered: Project) -> None:
    rendered.ok("drain", "2", "--to", "1")
    assert typed(rendered, "retire 2") == (
        "shard 2 is draining in shards.yaml, but not rendered yet; first: `shardgen render`, "
        "apply the migrations, bring the tenants' data over"
    )
    rendered.render()
    rendered.ok("retire", "2")


def test_a_shard_leaves_the_fallback_before_it_retires(rendered: Project) -> None:
    head = "routing:\n  fallback_shards: [1, 2]\n"
    rendered.write("shards.yaml", fleet(1, 2, head=head))
    rendered.ok("drain", "2", "--to", "1", "--render")
    message = typed(rendered, "retire 2")
    assert "the fallback picks from shard 2 (routing.fallback_shards, shards.yaml:5)" in message


def test_the_first_step_is_typed_for_the_same_project(rendered: Project) -> None:
    rendered.path("shards.yaml").rename(rendered.path("my fleet.yaml"))
    ran = rendered.run("-c", "my fleet.yaml", "retire", "2")
    assert ran.err.endswith("first: `shardgen drain 2 --to 1 -c 'my fleet.yaml'`\n")
    ran = rendered.run("retire", "2", "-c", f"{rendered.root}/my fleet.yaml")
    assert f"-c '{rendered.root}/my fleet.yaml'" in ran.err


@pytest.mark.parametrize(("line", "message"), [
    ("drain 3", "shard 3 is draining towards shard 2 already"),
    ("drain 3 --to 2", "shard 3 is draining towards shard 2 already"),
    ("drain 5", "shard 5 is draining already"),
    ("retire 4", "shard 4 is retired already"),
    ("activate 2", "shard 2 is active already"),
    ("set-default 1", "shard 1 is the default already"),
])  # fmt: skip
def test_a_step_that_is_taken_already_is_no_error(states: Project, line: str, message: str) -> None:
    before = snapshot(states.root)
    ran = states.ok(*line.split())
    assert ran.out == f"{message}; shards.yaml stays as it is\n"
    assert snapshot(states.root) == before


def test_tenants_that_are_there_already(states: Project) -> None:
    states.ok("move", "7", "8", "--to", "2")
    before = states.read("shards.yaml")
    assert states.ok("move", "8", "--to", "2").out.startswith(
        "tenant 8 is assigned to shard 2 already"
    )
    assert states.ok("move", "7", "8", "--to", "2").out.startswith("tenants 7, 8 are assigned to")
    assert states.read("shards.yaml") == before


def test_the_life_of_a_shard(rendered: Project) -> None:
    """Each step is rendered, checked, and says what it did."""
    steps = [
        ("add", "added shard 3 to shards.yaml:", "0005_add_shard_3.sql"),
        ("move 101 205 --to 3", "tenants 101, 205 are assigned to shard 3", "assign_to_shard_3"),
        ("set-default 3", "shard 3 is the default of new tenants", "default_shard_3"),
        ("set-default 1", "shard 1 is the default of new tenants", "default_shard_1"),
        ("drain 2", "shard 2 is draining in shards.yaml:", "drain_shard_2"),
        ("activate 2", "shard 2 is active again in shards.yaml:", "activate_shard_2"),
        ("drain 2 --to 1", "shard 2 is draining towards shard 1", "move_shard_2_to_1"),
        ("drain 2 --to 3", "shard 2 is draining towards shard 3", "move_shard_2_to_3"),
        ("retire 2", "shard 2 is retired in shards.yaml:", "retire_shard_2"),
    ]
    for line, said, file in steps:
        dry = rendered.ok(*line.split(), "--dry-run")
        assert file in dry.out
        ran = rendered.ok(*line.split())
        assert ran.out.startswith(said), ran.out
        assert ran.out.partition("\n")[2] == dry.out.partition("\n")[2]
        assert "\nnext  shardgen render\n" in ran.out
        assert file in ran.out
        rendered.render()
        rendered.is_clean()
    assert rendered.read("shards.yaml") == (
        "version: 1\nservice:\n  consumers: [api]\ndatabase:\n  default_shard: 1\nshards:\n  - id: 1\n"
        "  - id: 2\n    state: retired\n    move_to: 3\n  - id: 3\n"
        "assign:\n  - shard: 3\n    tenants: [101, 205]\n"
    )


def test_errors_of_the_new_text_show_its_lines(rendered: Project) -> None:
    """The whole validation runs on the text that would be written."""
    rendered.write("shards.yaml", fleet(1, 2, head="database: {default_shard: 2}\n"))
    rendered.render()
    rendered.ok("drain", "1", "--render")
    before = rendered.read("shards.yaml")
    ran = rendered.run("retire", "1")
    assert ran.code == 2
    assert "shards.yaml:7:12: error[SG203]" in ran.err
    assert "7 |     state: retired" in ran.err
    assert rendered.read("shards.yaml") == before
    ran = rendered.run("move", "9223372036854775808", "--to", "2")
    assert ran.code == 2
    assert "9223372036854775808" in ran.err


# tenants of a file


@pytest.mark.parametrize(("text", "ids"), [
    ("101\n205\n", [101, 205]),
    ("\n# pilots\n101\n\n205", [101, 205]),
    ("id,name\n101,a\n205,\"b, c\"\n", [101, 205]),
    ("id;name\r\n101;a\r\n", [101]),
    ("\"id\"\t\"x\"\n\"101\"\t7\n", [101]),
    ("business_id\n7\n", [7]),
    ("", []),
    ("id\n", []),
])  # fmt: skip
def test_tenants_of_a_file(text: str, ids: list[int]) -> None:
    assert list(ids_in(text, "x")) == ids


@pytest.mark.parametrize(("text", "message"), [
    ("101\nabc\n", "--file x, line 2: 'abc' is not a tenant's id"),
    ("1.5\n", "--file x, line 1: '1.5' is not a tenant's id"),
    ("9" * 5000, "is not a tenant's id"),
    ("id\nname\n", "line 2: 'name'"),
    ("9223372036854775808\n", "line 1: '9223372036854775808'"),
])  # fmt: skip
def test_what_is_no_tenant_is_named_with_its_line(text: str, message: str) -> None:
    with pytest.raises(UsageError, match="not a tenant's id") as caught:
        list(ids_in(text, "x"))
    assert message in str(caught.value)


def test_a_cell_that_no_csv_has_is_named_with_its_line(rendered: Project) -> None:
    rendered.write("wide.csv", f"id,x\n1,{'x' * 200_000}\n")
    said = typed(rendered, "move --file wide.csv --to 1")
    assert "--file wide.csv, line 2: it is no CSV: field larger than field limit" in said


def test_a_tenant_is_a_whole_number_of_the_column(rendered: Project) -> None:
    for number in ("9223372036854775808", "-9223372036854775809"):
        ran = rendered.run("move", "--to", "2", "--", number)
        assert (ran.code, f"{number} is not in the range" in ran.err) == (2, True)


def test_a_file_of_tenants(rendered: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered.write("a.csv", "\ufeffid,name\n205,x\n101,y\n")
    rendered.ok("move", "7", "101", "--file", "a.csv", "--to", "2")
    assert rendered.read("shards.yaml").endswith("  - shard: 2\n    tenants: [7, 101, 205]\n")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"8\n9\n")))
    rendered.ok("move", "--file", "-", "--to", "1")
    assert rendered.read("shards.yaml").endswith("  - shard: 1\n    tenants: [8, 9]\n")
    rendered.write("b", b"\xff\xfe1\x00")
    assert "it is not UTF-8" in typed(rendered, "move --file b --to 1")
    assert "--file nowhere: No such file" in typed(rendered, "move --file nowhere --to 1")
    assert "--file .: Is a directory" in typed(rendered, "move --file . --to 1")


def test_many_tenants_are_counted(rendered: Project) -> None:
    rendered.write("ids", "".join(f"{number}\n" for number in range(1, 1201)))
    ran = rendered.ok("move", "--file", "ids", "--to", "2")
    assert ran.out.startswith("1200 tenants are assigned to shard 2 in shards.yaml:\n")
    assert max(map(len, rendered.read("shards.yaml").splitlines())) <= 100
    rendered.render()
    rendered.is_clean()


# on a terminal


def on_a_terminal(folder: Path, answer: str, *arguments: str) -> tuple[int, str]:
    """Return how a command ends on a terminal where a person types an answer, and all it prints."""
    ours, theirs = pty.openpty()
    kept = {key: value for key, value in os.environ.items() if key != "CI"}
    process = subprocess.Popen(
        [sys.executable, "-m", "shardgen", *arguments], cwd=folder, env={**kept, "NO_COLOR": "1"},
        stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    os.write(ours, answer.encode())
    printed = b""
    with contextlib.suppress(OSError):
        while chunk := os.read(ours, 65536):
            printed += chunk
    code = process.wait(timeout=60)
    os.close(ours)
    return code, printed.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(
    "answer",
    [
        "\n",
        *(pytest.param(a, marks=pytest.mark.slow) for a in ("n\n", "no\n", "yesterday\n", "\x04")),
    ],
)
def test_whatever_is_no_yes_writes_nothing(rendered: Project, answer: str) -> None:
    before = snapshot(rendered.root)
    code, printed = on_a_terminal(rendered.root, answer, "drain", "2", "--to", "1")
    assert code == 3
    assert "would drain shard 2 towards shard 1:" in printed
    assert ASKED in printed
    assert printed.endswith("nothing was written: shards.yaml is as it was\n")
    assert snapshot(rendered.root) == before


@pytest.mark.parametrize("answer", ["y\n", "YES\n"])
def test_a_yes_writes(rendered: Project, answer: str) -> None:
    code, printed = on_a_terminal(rendered.root, answer, "drain", "2", "--to", "1")
    assert code == 0
    assert "  +    state: draining\n" in printed.partition(ASKED)[0]
    said = "shard 2 is draining towards shard 1 in shards.yaml\n\nnext  shardgen render\n"
    assert printed.endswith(said)
    assert rendered.read("shards.yaml").endswith("  - id: 2\n    state: draining\n    move_to: 1\n")


@pytest.mark.parametrize("options", [["--yes"], ["-y"], ["--dry-run"]])
def test_what_asks_nothing(rendered: Project, options: list[str]) -> None:
    before = rendered.read("shards.yaml")
    code, printed = on_a_terminal(rendered.root, "", "add", *options)
    assert (code, ASKED in printed) == (0, False)
    assert (rendered.read("shards.yaml") == before) == (options == ["--dry-run"])


def test_one_question_for_the_edit_and_the_render(rendered: Project) -> None:
    code, printed = on_a_terminal(rendered.root, "y\n", "add", "--render")
    assert code == 0
    asked, done = printed.split(ASKED)
    assert "recreate api" in asked
    assert "8 written" in done
    rendered.is_clean()


def test_shards_yaml_that_changes_while_the_question_stands_is_kept(
    rendered: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def edited(_: str) -> bool:
        rendered.write("shards.yaml", fleet(1, 2) + "# mine\n")
        return True

    monkeypatch.setattr("shardgen.commands.proposal.is_interactive", lambda: True)
    monkeypatch.setattr("shardgen.commands.proposal.ask", edited)
    ran = rendered.run("add")
    assert ran.code == 3
    assert (
        ran.err == "error: nothing was written: shards.yaml was changed meanwhile; type it again\n"
    )
    assert rendered.read("shards.yaml").endswith("# mine\n")


# --render


def test_render_comes_with_it(rendered: Project) -> None:
    ran = rendered.ok("drain", "2", "--to", "1", "--render")
    assert ran.out.startswith(
        "shard 2 is draining towards shard 1 in shards.yaml\n\n  + migrations/"
    )
    assert " written, " in ran.out
    assert "next  shardgen render" not in ran.out
    rendered.is_clean()


def test_render_that_is_refused_leaves_shards_yaml(rendered: Project) -> None:
    rendered.write("docker-compose.prod.yml", "mine\n")
    before = snapshot(rendered.root)
    ran = rendered.run("add", "--render")
    assert (ran.code, ran.out) == (3, "")
    assert "docker-compose.prod.yml" in ran.err
    assert snapshot(rendered.root) == before


def test_render_through_a_link(rendered: Project, tmp_path: Path) -> None:
    away = tmp_path / "elsewhere" / "fleet.yaml"
    away.parent.mkdir()
    away.write_text(rendered.read("shards.yaml"))
    rendered.path("shards.yaml").unlink()
    rendered.path("shards.yaml").symlink_to(away)
    rendered.ok("add", "--render")
    assert rendered.path("shards.yaml").is_symlink()
    assert away.read_text().endswith("  - id: 3\n")
    rendered.is_clean()


@pytest.mark.parametrize(
    "kill", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["error", "kill"]
)
def test_g3_edit_and_render_fail_at_any_step_and_heal(
    rendered: Project, tmp_path: Path, kill: bool
) -> None:
    """Every file is whole, shards.yaml too, and whichever of both it is, a render completes it."""
    counted = Faults()
    untouched = {name: content for name, (content, _) in snapshot(rendered.root).items()}
    old = rendered.read("shards.yaml")
    with counted.watched():
        rendered.ok("add", "--render")
    done = rendered.contents()
    seen = set()
    for at in range(1, len(counted.steps) + 1, 3):
        project = Project(tmp_path / f"at{at}")
        for name, content in untouched.items():
            project.write(name, content)
        with Faults(at, kill=kill).watched(), contextlib.suppress(Killed):
            project.run("add", "--render")
        text = project.read("shards.yaml")
        assert text in {old, done["shards.yaml"].decode()}
        seen.add(text)
        project.render()
        project.is_clean()
        is_new = text != old
        assert project.path("migrations/0005_add_shard_3.sql").exists() == is_new
    assert len(seen) == 2
