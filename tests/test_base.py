"""`check --base`: the ledger of a commit begins ours, or each file that does not is named."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import jsonschema
import pytest

from shardgen.committed import Committed
from shardgen.digest import digest
from shardgen.errors import UsageError
from shardgen.git import Commit
from shardgen.ledger.sums import sum_text
from shardgen.prefix import not_kept
from shardgen.resources import resource_text
from tests import needs
from tests.repositories import Repository, first, lines_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support import Project


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Three commits, tagged `first`, `three` and `four`, with a shard more each; not to change."""
    needs.require("git")
    made = first(tmp_path_factory.mktemp("grown") / "project")
    for name, entries in (("three", ("1", "2", "3")), ("four", ("1", "2", "3", "4"))):
        made.shards(*entries)
        made.render()
        made.commit(name)
        made.git("tag", name)
    return made


@pytest.fixture
def repository(grown: Repository, tmp_path: Path) -> Repository:
    """A copy with three commits."""
    return grown.copy(tmp_path / "repository")


# what git says


@pytest.mark.parametrize("ref", ["first", "three", "HEAD", "HEAD~1", "main", "@{0}"])
def test_every_earlier_commit_begins_ours(grown: Repository, ref: str) -> None:
    assert "files agree with" in grown.ok("check", "--base", ref).out


def test_what_is_not_committed_yet_may_follow(repository: Repository) -> None:
    repository.shards("1", "2", "3", "4", "5")
    repository.render()
    repository.ok("check", "--base", "HEAD")


def test_a_commit_without_a_ledger_begins_everything(project: Project) -> None:
    repository = Repository.__new__(Repository)
    repository.root = project.root
    repository.git("init", "--quiet", "--initial-branch=main")
    project.render()
    project.ok("check", "--base", "HEAD")  # there is no commit yet
    repository.git("add", "shards.yaml", "docker-compose.yml")
    repository.git("commit", "--quiet", "--message", "without outputs")
    project.ok("check", "--base", "HEAD")


def test_a_branch_that_is_behind_is_told_to_merge(repository: Repository) -> None:
    repository.git("switch", "--quiet", "--create", "behind", "three")
    ran = repository.run("check", "--base", "main")
    assert ran.code == 1
    assert lines_of(ran) == {"migrations/0006_add_shard_4.sql": "is in main, but not here"}
    assert (
        "main has commits that this branch lacks: bring them in first (git merge main)" in ran.out
    )
    repository.git("merge", "--quiet", "main")
    repository.ok("check", "--base", "main")


def test_a_file_that_was_written_anew_is_named(repository: Repository) -> None:
    """The same name, other bytes, and a sum that fits: only the commit tells."""
    path = "migrations/0006_add_shard_4.sql"
    repository.write(path, repository.read(path) + "-- and more\n")
    files = {
        name: repository.path(f"migrations/{name}").read_bytes() for name in repository.migrations()
    }
    repository.write("migrations/shardgen.sum", sum_text(files))
    repository.write("shardgen.lock", "")
    repository.run("render", "--overwrite", "docker-compose.prod.yml")
    ran = repository.run("check", "--base", "four")
    assert ran.code == 1
    assert lines_of(ran)[path] == "is not what four has: what was committed there stays as it is"
    repository.type(ran.last)
    repository.ok("check", "--base", "four")


def test_a_damaged_file_has_one_line(repository: Repository) -> None:
    path = "migrations/0006_add_shard_4.sql"
    repository.write(path, repository.read(path) + "-- and more\n")
    ran = repository.run("check", "--base", "four")
    assert lines_of(ran) == {
        path: "changed after it was written (sha256 differs from shardgen.sum)"
    }


def test_a_ledger_that_moved_to_another_folder_is_followed(repository: Repository) -> None:
    repository.git("mv", "migrations", "sql")
    repository.change("shards.yaml", "shards:", "database: {migrations: {path: sql/}}\nshards:")
    repository.render()
    repository.commit("moved")
    repository.ok("check", "--base", "four")
    for path in repository.path("sql").iterdir():
        path.unlink()
    repository.path("shardgen.lock").unlink()
    repository.render()  # from its start, in another folder
    repository.is_clean()
    ran = repository.run("check", "--base", "four")
    assert ran.code == 1
    assert lines_of(ran)["sql/0006_add_shard_4.sql"] == "is in four, but not here"


def test_turned_off_is_no_way_to_lose_the_history(repository: Repository) -> None:
    off = "outputs: {migrations: {enabled: false}}\nshards:"
    repository.change("shards.yaml", "shards:", off)
    repository.render()
    repository.ok("check", "--base", "four")
    repository.path("migrations/0001_init.sql").unlink()
    ran = repository.run("check", "--base", "four")
    assert (ran.code, lines_of(ran)) == (
        1,
        {"migrations/0001_init.sql": "is in four, but not here"},
    )


def test_a_shards_yaml_that_git_does_not_have_is_looked_for_where_it_is_now(
    repository: Repository,
) -> None:
    for text in ("", "[]", "database: {migrations: 1}"):
        repository.write("shards.yaml", text)
        repository.commit(f"{text!r} as shards.yaml")
        repository.git("checkout", "--quiet", "four", "--", "shards.yaml")
        repository.ok("check", "--base", "HEAD")
    repository.git("rm", "--quiet", "--cached", "shards.yaml")
    repository.git("commit", "--quiet", "--message", "without")
    repository.ok("check", "--base", "HEAD")


def test_a_project_in_a_folder_of_the_repository(repository: Repository) -> None:
    names = [path.name for path in repository.root.iterdir() if path.name != ".git"]
    repository.path("deploy").mkdir()
    for name in names:
        repository.git("mv", name, f"deploy/{name}")
    repository.commit("moved")
    repository.ok("-c", "deploy/shards.yaml", "check", "--base", "HEAD")
    repository.path("deploy/migrations/0006_add_shard_4.sql").unlink()
    ran = repository.run("-c", "deploy/shards.yaml", "check", "--base", "HEAD")
    assert ran.code == 1


def test_json_has_the_same_findings(repository: Repository) -> None:
    repository.git("switch", "--quiet", "--create", "behind", "three")
    ran = repository.run("check", "--base", "four", "--format", "json")
    assert ran.code == 1
    result = json.loads(ran.out)
    jsonschema.validate(result, json.loads(resource_text("schema/check.schema.json")))
    assert result["findings"] == [
        {
            "path": "migrations/0006_add_shard_4.sql",
            "kind": "base",
            "code": "SG909",
            "line": None,
            "reason": "is in four, but not here",
            "hint": "type `git restore --source=four --staged --worktree -- migrations && "
            "shardgen render --replan four`",
            "diff": [],
        }
    ]
    assert result["clean"] is False
    assert result["fix"][-1].endswith("shardgen render --replan four")
    assert json.loads(repository.ok("check", "--base", "three", "--format", "json").out)["clean"]


def test_a_commit_whose_sum_is_damaged_cannot_be_compared(repository: Repository) -> None:
    repository.write("migrations/shardgen.sum", "head 0\n")
    repository.commit("damaged")
    repository.git("checkout", "--quiet", "four", "--", "migrations")
    ran = repository.run("check", "--base", "HEAD")
    assert ran.code == 2
    assert "--base HEAD: its migrations/shardgen.sum is not as it was written" in ran.err


def test_a_commit_with_crlf_in_its_sum_can(repository: Repository) -> None:
    text = repository.read("migrations/shardgen.sum")
    repository.write("migrations/shardgen.sum", text.replace("\n", "\r\n"))
    repository.commit("crlf")
    repository.write("migrations/shardgen.sum", text)
    repository.ok("check", "--base", "HEAD")


# what git cannot say


@pytest.mark.parametrize(
    "ref", ["nowhere", "-x", "--all", "0" * 40, "HEAD~99", "first:shards.yaml"]
)
def test_an_unknown_commit_is_exit_2(grown: Repository, ref: str) -> None:
    ran = grown.run("check", f"--base={ref}")
    assert (ran.code, ran.out) == (2, "")
    assert f"--base {ref}: git knows no such commit here" in ran.err
    assert "`git branch --all` lists what there is" in ran.err


def test_an_empty_commit_is_exit_2(grown: Repository) -> None:
    ran = grown.run("check", "--base", "")
    assert ran.code == 2
    assert "--base got an empty REF; is the variable set that it came from?" in ran.err


def test_a_remote_branch_that_was_not_fetched_is_named_with_the_fetch(
    repository: Repository, tmp_path: Path
) -> None:
    repository.git(
        "clone", "--quiet", "--depth=1", f"file://{repository.root}", str(tmp_path / "clone")
    )
    clone = Repository.__new__(Repository)
    clone.root = tmp_path / "clone"
    clone.git("update-ref", "-d", "refs/remotes/origin/main")
    ran = clone.run("check", "--base", "origin/main")
    assert ran.code == 2
    fetch = "git fetch --depth=1 origin main:refs/remotes/origin/main"
    assert f"type `{fetch}` (GitHub Actions: `fetch-depth: 0`" in ran.err
    clone.type(fetch)
    clone.ok("check", "--base", "origin/main")


def test_a_shallow_clone_says_how_to_become_whole(repository: Repository, tmp_path: Path) -> None:
    repository.git(
        "clone", "--quiet", "--depth=1", f"file://{repository.root}", str(tmp_path / "clone")
    )
    clone = Repository.__new__(Repository)
    clone.root = tmp_path / "clone"
    ran = clone.run("check", "--base", "first")
    assert ran.code == 2
    assert "this clone is shallow: type `git fetch --unshallow`" in ran.err
    clone.git("fetch", "--quiet", "--unshallow", "--tags")
    clone.ok("check", "--base", "first")


def test_outside_git_is_exit_2(project: Project) -> None:
    project.render()
    ran = project.run("check", "--base", "main", GIT_CEILING_DIRECTORIES=str(project.root.parent))
    assert ran.code == 2
    assert "--base needs a git work tree: not a git repository" in ran.err


def test_without_git_is_exit_2(rendered: Project, tmp_path: Path) -> None:
    ran = rendered.run("check", "--base", "main", PATH=str(tmp_path))
    assert ran.code == 2
    assert "error: git is not on PATH" in ran.err


def test_an_object_that_is_lost_is_exit_2(repository: Repository) -> None:
    blob = repository.git("rev-parse", "HEAD:migrations/shardgen.sum").strip()
    path = repository.path(f".git/objects/{blob[:2]}/{blob[2:]}")
    path.chmod(0o600)
    path.write_bytes(b"")
    ran = repository.run("check", "--base", "HEAD")
    assert ran.code == 2
    assert "git cannot read migrations/shardgen.sum of HEAD" in ran.err


def test_a_git_that_dies_is_no_empty_ledger(grown: Repository) -> None:
    with subprocess.Popen(
        ["sh", "-c", "read line"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as batch:
        commit = Commit(str(grown.root), "HEAD", "HEAD:", batch)
        with pytest.raises(UsageError, match="git cannot read a of HEAD"):
            commit.read("a")
        assert commit.read("a\nb") is None


# the comparison alone

A, B, C = "0001_a.sql", "0002_b.sql", "0003_c.sql"


def kept(before: dict[str, bytes], now: dict[str, bytes]) -> dict[str, str]:
    """Return what of a ledger is not kept in another."""
    committed = Committed(
        ref="x", folder="m", names=frozenset(before), sum=sum_text(before).encode(), lock=None
    )
    return {each.file: each.reason for each in not_kept(committed, now.get, [*now])}


def test_a_prefix_is_kept_and_nothing_else_is() -> None:
    files = {A: b"a", B: b"b", C: b"c"}
    for count in range(4):
        before = dict([*files.items()][:count])
        assert kept(before, files) == {}
        assert [*kept(files, before)] == [*files][count:]
    assert kept(files, {**files, B: b"B"}).keys() == {B}


def test_files_of_one_number_but_another_kind_do_not_take_each_others_place() -> None:
    up, down = "0001_a.up.sql", "0001_a.down.sql"
    assert kept({up: b"", down: b""}, {up: b""}) == {down: "is in x, but not here"}
    assert kept({"V0001__a.sql": b""}, {"V0001__b.sql": b""}) == {
        "V0001__a.sql": "is in x, but V0001__b.sql has its number here"
    }
    assert digest(b"") != digest(b"a")
