"""Two branches: what git conflicts on, what `check` says, and the ways out, each to its end."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import pytest

from shardgen.ledger.sums import sum_text
from tests import needs
from tests.repositories import Repository, first, lines_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: The whole of it takes a while, and runs with `make test-all`.
pytestmark = pytest.mark.slow

DRAINING = "{id: 2, state: draining, move_to: 1}"
ASSIGN = "assign: [{{shard: 2, tenants: [{}]}}]\n"

#: The edits of a branch and of main, and of the merge: entries of shards.yaml and what follows.
PAIRS = {
    "both add": ((("1", "2", "3"), ""), (("1", "2", "4"), ""), (("1", "2", "4", "3"), "")),
    "one adds, one drains": (
        (("1", "2", "3"), ""),
        (("1", DRAINING), ""),
        (("1", DRAINING, "3"), ""),
    ),
    "one drains, one adds": (
        (("1", DRAINING), ""),
        (("1", "2", "3"), ""),
        (("1", DRAINING, "3"), ""),
    ),
    "both assign": (
        (("1", "2"), ASSIGN.format(1)),
        (("1", "2"), ASSIGN.format(2)),
        (("1", "2"), ASSIGN.format("1, 2")),
    ),
    "one is ahead": (
        (("1", "2", "3"), ""),
        (("1", "2", "3"), ASSIGN.format(1)),
        (("1", "2", "3"), ASSIGN.format(1)),
    ),
    "two against one": (
        (("1", DRAINING, "3"), ""),
        (("1", "2", "3", "4"), ""),
        (("1", DRAINING, "3", "4"), ""),
    ),
}
LEDGER = ("migrations/0", "migrations/shardgen.sum")
#: What main had rendered and committed before its edit, so that the branches share a file.
BEFORE = {"one is ahead": ("1", "2", "3")}
#: What check says of the merge of each pair, before anybody did anything about it.
SAID = {
    "both add": "0005_add_shard_3.sql and 0005_add_shard_4.sql claim the same number",
    "one adds, one drains": "0005_add_shard_3.sql and 0005_drain_shard_2.sql claim the same number",
    "one drains, one adds": "0005_add_shard_3.sql and 0005_drain_shard_2.sql claim the same number",
    "both assign": "0005_assign_to_shard_2.sql stands twice in the sum",
    "one is ahead": "holds the conflict of a merge",
    "two against one": "0005_add_shard_3.sql and 0005_add_shards_3_to_4.sql claim the same number",
}


@pytest.fixture(scope="session")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A repository with the first commit alone; to copy, not to change."""
    needs.require("git")
    return first(tmp_path_factory.mktemp("origin") / "project")


Pair = tuple[Repository, Repository]


@pytest.fixture(scope="session")
def made(origin: Repository, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Pair]:
    """Make a pair once: a repository on its branch, and one in the middle of the merge of main."""

    @functools.cache
    def make(name: str) -> Pair:
        theirs, ours, both = PAIRS[name]
        before = origin.copy(tmp_path_factory.mktemp("pair") / "before")
        if name in BEFORE:
            before.branch("main", *BEFORE[name])
        before.branch("main", *ours[0], tail=ours[1])
        before.branch("feature", *theirs[0], tail=theirs[1])
        merging = before.copy(tmp_path_factory.mktemp("pair") / "merging")
        merging.git("merge", "main", code=1)
        merging.shards(*both[0])
        merging.write("shards.yaml", merging.read("shards.yaml") + both[1])
        return before, merging

    return make


#: A pair in which two files have one number, and one in which one file has two contents.
USUAL = ("both add", "both assign")
ALL = [name if name in USUAL else pytest.param(name, marks=pytest.mark.slow) for name in PAIRS]
ONE = pytest.mark.parametrize(
    "pair", ["both add", pytest.param("both assign", marks=pytest.mark.slow)], indirect=True
)


@pytest.fixture(params=ALL)
def pair(
    request: pytest.FixtureRequest, made: Callable[[str], Pair], tmp_path: Path
) -> tuple[str, Repository, Repository]:
    """The name of a pair, a copy of it on its branch, and one in the middle of the merge."""
    before, merging = made(request.param)
    return request.param, before.copy(tmp_path / "before"), merging.copy(tmp_path / "merging")


@pytest.fixture
def repository(origin: Repository, tmp_path: Path) -> Repository:
    """A repository with the first commit alone."""
    return origin.copy(tmp_path / "repository")


def ends_well(repository: Repository, shards: int) -> None:
    """Commit, and prove that the project agrees, its ledger with main's, and that it is linear."""
    repository.commit("merged")
    ran = repository.ok("check", "--full", "--tracked", "--base", "main")
    assert "files agree with shards.yaml" in ran.out
    numbers = [name.partition("_")[0] for name in repository.migrations()]
    assert numbers == [f"{number:04d}" for number in range(1, len(numbers) + 1)]
    assert f"BAILEYS_NUM_SHARDS={shards}\n" in repository.read(".env.shards")


def count(name: str) -> int:
    """Return how many shards a pair has after the merge."""
    return len(PAIRS[name][2][0])


def test_git_conflicts_on_the_head_line(pair: tuple[str, Repository, Repository]) -> None:
    _, _, merging = pair
    conflicted = merging.git("diff", "--name-only", "--diff-filter=U").split()
    assert "migrations/shardgen.sum" in conflicted
    assert "shardgen.lock" in conflicted
    top = merging.read("migrations/shardgen.sum").splitlines()[:5]
    assert [line.split(" ")[0] for line in top] == ["<<<<<<<", "head", "=======", "head", ">>>>>>>"]


def test_check_names_both_files_and_the_way_out_works(
    pair: tuple[str, Repository, Repository],
) -> None:
    name, _, merging = pair
    ran = merging.run("check")
    assert ran.code == 1
    said = lines_of(ran)
    ledger = {path: reason for path, reason in said.items() if path.startswith(LEDGER)}
    assert [*ledger.values()] == [f"{SAID[name]}: two branches appended to the ledger"]
    others = {reason for path, reason in said.items() if path not in ledger}
    assert others == {"holds the conflict of a merge"}
    assert "which branch was merged first? It is BASE, and keeps its files" in ran.out
    merging.type(ran.last.removeprefix("then: ").replace("BASE", "main"))
    ends_well(merging, count(name))


@ONE
def test_render_refuses_with_the_same_words(pair: tuple[str, Repository, Repository]) -> None:
    name, _, merging = pair
    before = merging.contents()
    ran = merging.run("render")
    assert (ran.code, ran.out) == (3, "")
    assert f"{SAID[name]}: two branches appended to the ledger" in ran.err
    assert "error: nothing was written: the ledger is damaged" in ran.err
    assert merging.contents() == before


@ONE
def test_with_base_the_command_needs_no_decision(pair: tuple[str, Repository, Repository]) -> None:
    name, _, merging = pair
    ran = merging.run("check", "--base", "main")
    assert ran.code == 1
    assert "\nto fix it, type:\n" in ran.out
    merging.type(ran.last)
    ends_well(merging, count(name))


@ONE
def test_take_the_folder_of_the_base_and_render_again(
    pair: tuple[str, Repository, Repository],
) -> None:
    name, _, merging = pair
    merging.git("restore", "--source=main", "--staged", "--worktree", "--", "migrations")
    merging.render()
    ends_well(merging, count(name))


@ONE
def test_take_everything_of_the_base_and_render_again(
    pair: tuple[str, Repository, Repository],
) -> None:
    """Nothing is left of our side but shards.yaml: the lock tells that the files are ours."""
    name, _, merging = pair
    text = merging.read("shards.yaml")
    merging.git("restore", "--source=main", "--staged", "--worktree", "--", ".")
    merging.write("shards.yaml", text)
    merging.render()
    ends_well(merging, count(name))


@ONE
def test_rebase_and_plan_again(pair: tuple[str, Repository, Repository]) -> None:
    """In a rebase HEAD is the base, so its name needs not be said."""
    name, before, merging = pair
    before.git("rebase", "main", code=1)
    before.write("shards.yaml", merging.read("shards.yaml"))
    ran = before.run("render", "--replan")
    if name == "both assign":  # one file of two contents: git has to take main's first
        assert ran.code == 3
        before.type(ran.err.splitlines()[-1])
    before.git("add", "--all")
    before.git("-c", "core.editor=true", "rebase", "--continue")
    ends_well(before, count(name))


@ONE
def test_in_a_merge_the_base_has_to_be_named(pair: tuple[str, Repository, Repository]) -> None:
    _, _, merging = pair
    before = merging.contents()
    ran = merging.run("render", "--replan")
    assert (ran.code, ran.out) == (2, "")
    assert "a merge is under way" in ran.err
    assert "shardgen render --replan origin/main" in ran.err
    assert merging.contents() == before


@ONE
def test_what_main_has_is_kept_byte_for_byte(pair: tuple[str, Repository, Repository]) -> None:
    _, before, merging = pair
    before.git("switch", "--quiet", "main")
    committed = {name: before.read(f"migrations/{name}") for name in before.migrations()}
    merging.type(
        "git restore --source=main --staged --worktree -- migrations && shardgen render --replan main"
    )
    kept = {name: merging.read(f"migrations/{name}") for name in merging.migrations()}
    assert {**kept, **committed} == kept


def keep_both(text: str) -> str:
    """Return a conflicted text with both sides, which is what `merge=union` does."""
    return "".join(
        line
        for line in text.splitlines(keepends=True)
        if not line.startswith(("<<<<<<< ", "=======", ">>>>>>> "))
    )


@ONE
def test_keep_both_is_no_resolution(pair: tuple[str, Repository, Repository]) -> None:
    name, _, merging = pair
    for path in merging.git("diff", "--name-only", "--diff-filter=U").split():
        merging.write(path, keep_both(merging.read(path)))
    merging.commit("keep both")
    ran = merging.run("check", "--no-diff")
    assert ran.code == 1
    said = [reason for path, reason in lines_of(ran).items() if path.startswith(LEDGER)]
    assert said == [f"{SAID[name]}: two branches appended to the ledger"]
    merging.type(ran.last.removeprefix("then: ").replace("BASE", "main"))
    ends_well(merging, count(name))


def test_a_hand_edit_beside_the_conflict_is_still_refused(
    made: Callable[[str], Pair], tmp_path: Path
) -> None:
    merging = made("both add")[1].copy(tmp_path / "merging")
    merging.git("restore", "--source=main", "--staged", "--worktree", "--", ".")
    merging.shards("1", "2", "4", "3")
    merging.change("docker-compose.prod.yml", "restart: unless-stopped", "restart: always")
    ran = merging.run("render")
    assert ran.code == 3
    assert "docker-compose.prod.yml   edited by hand" in ran.err


def test_the_last_fleet_is_that_of_the_base(made: Callable[[str], Pair], tmp_path: Path) -> None:
    """The lock on disk says nothing in a merge, but what moves must be said."""
    merging = made("both add")[1].copy(tmp_path / "merging")
    ran = merging.render("--replan", "main")
    assert "BAILEYS_NUM_SHARDS 3 → 4" in ran.out
    assert "To move none" in ran.out
    assert "fallback_shards: [1, 2, 4]" in ran.out


def test_identical_edits_merge_without_a_conflict(repository: Repository) -> None:
    repository.branch("main", "1", "2", "3")
    repository.branch("feature", "1", "2", "3")
    repository.git("merge", "--quiet", "--no-edit", "main")
    repository.is_clean()
    ends_well(repository, 3)


def test_a_branch_that_appends_nothing_merges_without_a_conflict(repository: Repository) -> None:
    repository.branch("main", "1", "2", "3")
    repository.git("switch", "--quiet", "--create", "feature", "first")
    repository.write("README", "of the application\n")
    repository.commit()
    repository.git("merge", "--quiet", "--no-edit", "main")
    ends_well(repository, 3)


LAST = "0004_add_shard_2.sql"


def byte_edit(repository: Repository) -> None:
    repository.change(f"migrations/{LAST}", "registers", "Registers") if (
        "registers" in repository.read(f"migrations/{LAST}")
    ) else repository.change(f"migrations/{LAST}", "Registers", "registers")


def crlf(repository: Repository) -> None:
    path = f"migrations/{LAST}"
    repository.write(path, repository.read(path).replace("\n", "\r\n"))


def crlf_sum(repository: Repository) -> None:
    path = "migrations/shardgen.sum"
    repository.write(path, repository.read(path).replace("\n", "\r\n"))


def deleted(repository: Repository) -> None:
    repository.path(f"migrations/{LAST}").unlink()


def deleted_with_its_line(repository: Repository) -> None:
    deleted(repository)
    write_sum(repository)


def forged(repository: Repository) -> None:
    """Another operation in the header, and the sum made to fit."""
    repository.change(f"migrations/{LAST}", '"ids": [2]', '"ids": [7]')
    write_sum(repository)


def write_sum(repository: Repository) -> None:
    """Make the sum fit whatever is in the folder."""
    files = {
        name: repository.path(f"migrations/{name}").read_bytes() for name in repository.migrations()
    }
    repository.write("migrations/shardgen.sum", sum_text(files))


@pytest.mark.parametrize(
    ("damage", "path", "line"),
    [
        (byte_edit, LAST, "changed after it was written (sha256 differs from shardgen.sum)"),
        (crlf, LAST, "was saved with CRLF line ends (`*.sql -text` in .gitattributes avoids it)"),
        (crlf_sum, "shardgen.sum", "was saved with CRLF line ends"),
        (deleted, LAST, "is in shardgen.sum but not in the folder"),
        (deleted_with_its_line, LAST, "is gone, and so is its line in shardgen.sum"),
        (forged, LAST, "has an id that does not belong to its parent and operations"),
    ],
)
def test_each_damage_has_one_line_and_a_command(
    repository: Repository, damage: object, path: str, line: str
) -> None:
    damage(repository)  # type: ignore[operator]
    assert lines_of(repository.run("check", "--base", "main")) == {f"migrations/{path}": line}
    ran = repository.run("check")
    assert ran.code == 1
    assert lines_of(ran) == {f"migrations/{path}": line}
    repository.type(ran.last)
    repository.ok("check", "--full", "--base", "main")
    assert repository.git("status", "--short") == ""


def test_deleted_and_regenerated_is_found_by_base_alone(repository: Repository) -> None:
    """Two files become one: the folder is sound, and another history."""
    repository.shards("1", "2", "3")
    repository.render()
    repository.commit("three")
    repository.git("tag", "three")
    for path in repository.path("migrations").iterdir():
        path.unlink()
    repository.path("shardgen.lock").unlink()
    repository.render()
    repository.commit("regenerated")
    repository.is_clean()
    ran = repository.run("check", "--full", "--base", "three")
    assert ran.code == 1
    assert lines_of(ran) == {
        "migrations/0004_add_shard_2.sql": "is in three, but 0004_add_shards_2_to_3.sql has its number here",
        "migrations/0005_add_shard_3.sql": "is in three, but not here",
    }
    repository.type(ran.last)
    repository.ok("check", "--full", "--base", "three")
    assert repository.git("diff", "three", "--stat") == ""


def test_a_whole_forgery_is_found_by_base_alone(repository: Repository) -> None:
    """Another operation, id and sum, of the last file: nothing in the folder tells."""
    repository.shards("1", "3")
    for path in ("migrations", "shardgen.lock"):
        repository.git("rm", "-r", "--quiet", path)
    for path in ("docker-compose.prod.yml", ".env.shards"):
        repository.git("rm", "--quiet", path)
    repository.render("--overwrite", "server/whatsapp_shard_router.py",
                      "--overwrite", "server/SSOT_SHARDING.md")  # fmt: skip
    repository.is_clean()
    ran = repository.run("check", "--full", "--base", "first", "--no-diff")
    assert ran.code == 1
    assert lines_of(ran) == {
        "migrations/0004_add_shard_2.sql": "is in first, but 0004_add_shard_3.sql has its number here"
    }
