"""`render --replan`: what is not committed is planned again, what is committed never changes."""

from __future__ import annotations

import contextlib
import os
import re
from typing import TYPE_CHECKING

import pytest

from shardgen import files
from shardgen.lock import read_lock
from tests import needs
from tests.repositories import Repository, first
from tests.support import OUTPUTS, Project, fleet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: The whole of it takes a while, and runs with `make test-all`.
pytestmark = pytest.mark.slow

DRAINING = "{id: 2, state: draining, move_to: 1}"


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository with the first commit alone; to copy, not to change."""
    needs.require("git")
    return first(tmp_path_factory.mktemp("origin") / "project")


@pytest.fixture
def repository(origin: Repository, tmp_path: Path) -> Repository:
    """A repository with the first commit alone."""
    return origin.copy(tmp_path / "repository")


def added(repository: Repository) -> list[str]:
    """Return the names of the migrations that are not in HEAD."""
    committed = repository.git("ls-tree", "--name-only", "HEAD", "migrations/")
    return [name for name in repository.migrations() if f"migrations/{name}\n" not in committed]


def test_five_edits_before_the_commit_are_one_file(repository: Repository) -> None:
    committed = repository.contents()
    for count in range(3, 8):
        repository.shards(*map(str, range(1, count + 1)))
        repository.render()
    assert len(added(repository)) == 5
    ran = repository.render("--replan")
    assert added(repository) == ["0005_add_shards_3_to_7.sql"]
    assert ran.out.splitlines()[:3] == [
        "  + migrations/0005_add_shards_3_to_7.sql",
        "  ~ migrations/shardgen.sum",
        "  ~ migrations/apply.sql",
    ]
    for name in ("0005_add_shard_3.sql", "0009_add_shard_7.sql"):
        assert re.search(
            f"^  - migrations/{name} +planned again: it was not in HEAD$", ran.out, re.MULTILINE
        )
    repository.is_clean()
    now = repository.contents()
    kept = {name for name in committed if name.startswith("migrations/0")}
    assert {name: now[name] for name in kept} == {name: committed[name] for name in kept}
    assert "files agree" in repository.ok("check", "--base", "HEAD").out


def test_edits_that_take_each_other_back_leave_nothing(repository: Repository) -> None:
    before = repository.contents()
    for entries in (("1", DRAINING), ("1", "2"), ("1", "2", "3"), ("1", "2")):
        repository.shards(*entries)
        repository.run("render")
    assert added(repository)
    repository.render("--replan")
    assert added(repository) == []
    assert repository.contents() == before
    assert repository.git("status", "--short") == ""


def test_with_nothing_to_plan_again_it_is_a_plain_render(repository: Repository) -> None:
    before = repository.contents()
    assert repository.render("--replan").out == repository.render().out
    assert repository.contents() == before
    repository.shards("1", "2", "3")
    other = repository.copy(repository.root.parent / "other")
    assert repository.render("--replan").out == other.render().out
    assert repository.contents() == other.contents()


def test_a_plan_that_stays_is_not_written_again(repository: Repository) -> None:
    repository.shards("1", "2", "3")
    repository.render()
    path = repository.path("migrations/0005_add_shard_3.sql")
    os.utime(path, ns=(1, 1))
    repository.shards("1", DRAINING, "3")
    ran = repository.render("--replan")
    assert path.stat().st_mtime_ns == 1
    assert "0005_add_shard_3" not in ran.out.partition("\n\n")[0]
    assert added(repository) == [
        "0005_add_shard_3.sql", "0006_drain_shard_2.sql", "0007_move_shard_2_to_1.sql",
    ]  # fmt: skip


def test_a_file_of_the_same_name_is_said_to_be_planned_again(repository: Repository) -> None:
    repository.shards("1", "2")
    repository.change("shards.yaml", "shards:", "assign: [{shard: 2, tenants: [1]}]\nshards:")
    repository.render()
    repository.change("shards.yaml", "[1]", "[1, 2]")
    ran = repository.render("--replan")
    assert "  ~ migrations/0005_assign_to_shard_2.sql  planned again\n" in ran.out
    assert added(repository) == ["0005_assign_to_shard_2.sql"]
    assert "1, 2" in repository.read("migrations/0005_assign_to_shard_2.sql")
    repository.is_clean()


def test_a_dry_run_says_the_same_and_writes_nothing(repository: Repository) -> None:
    for count in (3, 4):
        repository.shards(*map(str, range(1, count + 1)))
        repository.render()
    before = repository.contents()
    ran = repository.render("--replan", "--dry-run")
    assert "  + migrations/0005_add_shards_3_to_4.sql" in ran.out
    assert repository.contents() == before


def test_a_shard_that_was_never_committed_may_go(repository: Repository) -> None:
    repository.shards("1", "2", "3")
    repository.render()
    repository.shards("1", "2")
    ran = repository.run("render")
    assert ran.code == 2
    assert "shard 3 is recorded as active but not listed" in ran.err
    repository.render("--replan")
    assert added(repository) == []
    repository.is_clean()


def test_a_shard_that_was_committed_may_not(repository: Repository) -> None:
    repository.shards("1")
    ran = repository.run("render", "--replan")
    assert ran.code == 2
    assert "shard 2 is recorded as active but not listed" in ran.err


def test_a_committed_shard_keeps_its_volume(repository: Repository) -> None:
    repository.shards("1", "{id: 2, volume: elsewhere}")
    ran = repository.run("render", "--replan")
    assert ran.code == 3
    assert "shard 2: its volume would change" in ran.err


def test_before_the_first_commit_everything_is_planned_again(project: Project) -> None:
    repository = Repository.__new__(Repository)
    repository.root = project.root
    repository.git("init", "--quiet")
    repository.shards("1", "2", "3")
    repository.render()
    repository.write("shards.yaml", fleet(1, 2, head="database: {table: tenant}\n"))
    assert repository.run("render").code == 2
    repository.render("--replan")
    assert repository.migrations() == [
        "0001_init.sql", "0002_pin.sql", "0003_validate.sql", "0004_add_shard_2.sql",
    ]  # fmt: skip
    assert "ALTER TABLE tenant" in repository.read("migrations/0001_init.sql")
    repository.is_clean()


def test_what_is_staged_is_not_committed(repository: Repository) -> None:
    for count in (3, 4):
        repository.shards(*map(str, range(1, count + 1)))
        repository.render()
        repository.git("add", "--all")
    repository.render("--replan")
    assert added(repository) == ["0005_add_shards_3_to_4.sql"]


def test_a_file_that_was_committed_without_its_line_stays(repository: Repository) -> None:
    """The sum was forgotten in the commit: the file is in HEAD all the same."""
    repository.shards("1", "2", "3")
    repository.render()
    repository.git("add", "migrations/0005_add_shard_3.sql")
    repository.git("commit", "--quiet", "--message", "half")
    before = repository.contents()
    repository.shards("1", "2", "3", "4")
    ran = repository.run("render", "--replan")
    assert ran.code == 3
    assert "0005_add_shard_3.sql   is in the folder but not in shardgen.sum" in ran.err
    assert {k: v for k, v in repository.contents().items() if k != "shards.yaml"} == {
        k: v for k, v in before.items() if k != "shards.yaml"
    }


def test_another_commit_than_head(repository: Repository) -> None:
    for count in (3, 4):
        repository.shards(*map(str, range(1, count + 1)))
        repository.render()
        repository.commit(str(count))
    repository.render("--replan", "first")
    assert repository.migrations()[4:] == ["0005_add_shards_3_to_4.sql"]
    repository.is_clean()
    assert repository.run("check", "--base", "HEAD").code == 1


def test_a_ledger_that_moved_is_not_planned_from_its_start(repository: Repository) -> None:
    repository.shards("1", "2", "3")
    repository.render()
    repository.commit("three")  # from its start it would be one file for the shards 2 and 3
    repository.git("mv", "migrations", "sql")
    repository.change("shards.yaml", "shards:", "database: {migrations: {path: sql}}\nshards:")
    repository.render()
    before = {name: repository.read(f"sql/{name}") for name in os.listdir(repository.path("sql"))}
    repository.render("--replan")
    assert {name: repository.read(f"sql/{name}") for name in before} == before
    repository.is_clean()


# refused


def test_a_committed_file_that_was_edited_is_refused(repository: Repository) -> None:
    repository.shards("1", "2", "3")
    repository.render()
    path = "migrations/0002_pin.sql"
    repository.write(path, repository.read(path) + "-- by hand\n")
    before = repository.contents()
    ran = repository.run("render", "--replan")
    assert ran.code == 3
    assert f"{path}   changed after it was written" in ran.err
    assert repository.contents() == before
    repository.type(ran.err.splitlines()[-1])
    repository.is_clean()


def test_a_file_that_was_edited_before_it_was_committed_is_planned_again(
    repository: Repository,
) -> None:
    """`git checkout` cannot bring it back, so this is the way out."""
    repository.shards("1", "2", "3")
    repository.render()
    path = "migrations/0005_add_shard_3.sql"
    text = repository.read(path)
    repository.write(path, text + "-- by hand\n")
    assert repository.run("render").code == 3
    repository.render("--replan")
    assert repository.read(path) == text
    repository.is_clean()


def test_a_file_that_was_deleted_before_it_was_committed_is_planned_again(
    repository: Repository,
) -> None:
    repository.shards("1", "2", "3")
    repository.render()
    repository.path("migrations/0005_add_shard_3.sql").unlink()
    repository.path("migrations/shardgen.sum").unlink()
    repository.render("--replan")
    assert added(repository) == ["0005_add_shard_3.sql"]
    repository.is_clean()


def test_a_file_that_is_not_ours_is_refused(repository: Repository) -> None:
    repository.write("migrations/mine.sql", "SELECT 1;\n")
    ran = repository.run("render", "--replan")
    assert ran.code == 3
    assert "migrations/mine.sql   is in the folder but not in shardgen.sum" in ran.err
    assert repository.read("migrations/mine.sql") == "SELECT 1;\n"


def test_outside_git_it_is_a_wrong_usage(project: Project) -> None:
    ran = project.run("render", "--replan", GIT_CEILING_DIRECTORIES=str(project.root.parent))
    assert (ran.code, ran.out) == (2, "")
    assert "--replan needs a git work tree: not a git repository" in ran.err
    assert not project.path("shardgen.lock").exists()


def test_an_unknown_commit_is_a_wrong_usage(repository: Repository) -> None:
    ran = repository.run("render", "--replan", "nowhere")
    assert ran.code == 2
    assert "--replan nowhere: git knows no such commit here" in ran.err


def test_with_the_output_off_there_is_nothing_to_plan(repository: Repository) -> None:
    off = "outputs: {migrations: {enabled: false}}\nshards:"
    repository.change("shards.yaml", "shards:", off)
    repository.render("--replan")
    repository.is_clean()


def test_without_a_lock_files_are_still_removed(repository: Repository) -> None:
    for count in (3, 4):
        repository.shards(*map(str, range(1, count + 1)))
        repository.render()
    repository.path("shardgen.lock").unlink()
    repository.render("--replan")
    assert added(repository) == ["0005_add_shards_3_to_4.sql"]
    repository.is_clean()


# crashes


class Killed(BaseException):
    """The process is gone: nothing after this runs."""


def killed_after(step: int, patch: pytest.MonkeyPatch) -> None:
    """Let so many renames and removals happen, and nothing after that."""
    left = [step]
    for name in ("replace", "unlink"):
        call = getattr(os, name)

        def counted(*arguments: object, call: object = call) -> None:
            if str(arguments[0]).endswith(files.STAGED) and call is unlink:
                return  # what was staged is cleared up by the next render
            left[0] -= 1
            if left[0] < 0:
                raise Killed
            call(*arguments)  # type: ignore[operator]

        patch.setattr(os, name, counted)


unlink = os.unlink


def edits(repository: Repository) -> None:
    """Files that were not committed: one will go, one is new, and one is another of the same name."""
    repository.shards("1", "2", "3")
    repository.change("shards.yaml", "shards:", "assign: [{shard: 2, tenants: [1]}]\nshards:")
    repository.render()
    repository.write("shards.yaml", repository.read("shards.yaml") + "  - id: 4\n")
    repository.render()
    assert added(repository)[1:] == ["0006_assign_to_shard_2.sql", "0007_add_shard_4.sql"]
    repository.change("shards.yaml", "[1]", "[1, 2]")


@pytest.fixture(scope="module")
def edited(origin: Repository, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository with edits to plan again; not to change."""
    made = origin.copy(tmp_path_factory.mktemp("edited") / "repository")
    edits(made)
    return made


@pytest.fixture(scope="module")
def wanted(edited: Repository, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """All files after a new plan that nothing interrupted."""
    made = edited.copy(tmp_path_factory.mktemp("wanted") / "repository")
    made.render("--replan")
    return made.contents()


def interrupted(edited: Repository, root: Path) -> Iterator[tuple[int, Repository]]:
    """Yield the project as it is after each step at which a new plan can be killed."""
    for step in range(40):
        made = edited.copy(root / str(step))
        with pytest.MonkeyPatch.context() as patch, contextlib.suppress(Killed):
            killed_after(step, patch)
            made.run("render", "--replan")
            return
        yield step, made
    raise AssertionError("it never ends")


def test_killed_at_any_step_the_same_command_completes_it(
    edited: Repository, wanted: dict[str, bytes], tmp_path: Path
) -> None:
    steps = 0
    for steps, made in interrupted(edited, tmp_path):
        made.render("--replan")
        assert made.contents() == wanted, steps
    assert steps >= 7


@pytest.mark.slow
def test_killed_at_any_step_a_plain_render_heals(edited: Repository, tmp_path: Path) -> None:
    """Every file is whole, and what was committed is as it was; check is clean after a render."""
    committed = {name for name in edited.git("ls-files").split() if name.startswith("migrations/0")}
    for step, made in interrupted(edited, tmp_path):
        lock = made.path("shardgen.lock").read_text()
        assert read_lock(lock) is not None, step
        made.render()
        made.ok("check", "--full", "--base", "HEAD")
        for name in committed:
            assert made.read(name) == edited.read(name)
        made.render("--replan")
        assert added(made) == ["0005_add_shards_3_to_4.sql", "0006_assign_to_shard_2.sql"]
        made.is_clean()


@pytest.mark.slow
def test_killed_and_edited_a_plain_render_heals(edited: Repository, tmp_path: Path) -> None:
    for step, made in interrupted(edited, tmp_path):
        if step % 3 == 0:
            made.write("shards.yaml", made.read("shards.yaml") + "  - id: 5\n")
            made.render()
            made.ok("check", "--full", "--base", "HEAD")


def test_the_other_outputs_follow_as_ever(repository: Repository) -> None:
    repository.shards("1", "2", "3")
    repository.render()
    repository.shards("1", "2", "3", "4")
    ran = repository.render("--replan")
    for output in OUTPUTS:
        assert f"  ~ {output}" in ran.out
    repository.write(OUTPUTS[0], repository.read(OUTPUTS[0]) + "# by hand\n")
    assert repository.run("render", "--replan").code == 3
