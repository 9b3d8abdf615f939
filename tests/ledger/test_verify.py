"""The ledger's folder read back: every damage is found, in one clear line."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardgen.digest import digest
from shardgen.ledger.operations import Add, Drain
from shardgen.ledger.runners import RUNNERS
from shardgen.ledger.state import Recorded
from shardgen.ledger.sums import SUM_FILE, number_of, read_sums, sum_text
from shardgen.ledger.verify import Ledger, Problem, read_ledger
from tests.ledger.support import LIFE, Folder, desired, life, names, rendered

if TYPE_CHECKING:
    from collections.abc import Callable

WHOLE = rendered(*(wanted for _, wanted in LIFE))
FILES = tuple(WHOLE.files)
PIN, ADD = "0002_pin.sql", "0004_add_shard_3.sql"
LINES = (WHOLE.sum or b"").decode().splitlines()


def copy() -> Folder:
    """The folder of a whole life."""
    folder = Folder()
    folder.files, folder.sum = dict(WHOLE.files), WHOLE.sum
    return folder


def the_problem(ledger: Ledger) -> Problem:
    """The only problem."""
    (problem,) = ledger.problems
    return problem


def test_an_empty_folder_is_the_empty_ledger() -> None:
    empty = Ledger(migrations=(), recorded=Recorded(), problems=())
    assert read_ledger({}, None) == empty
    assert read_ledger({}, sum_text({}).encode()) == empty


def test_a_whole_folder_has_no_problems() -> None:
    assert WHOLE.ledger.problems == ()
    assert len(WHOLE.ledger.migrations) == len(FILES)


def test_the_sum_file_reads_well() -> None:
    body = "".join(f"{digest(content)}  {file}\n" for file, content in WHOLE.files.items())
    assert WHOLE.sum == f"head {digest(body.encode())}\n{body}".encode()
    backwards = list(WHOLE.files.items())[::-1]
    assert sum_text(backwards).encode() == WHOLE.sum
    assert read_sums(WHOLE.sum).intact


def test_files_are_ordered_by_number() -> None:
    listed = read_sums(sum_text({"10000_a.sql": b"", "9999_b.sql": b"", "x.sql": b""}).encode())
    assert [file for file, _ in listed.entries] == ["x.sql", "9999_b.sql", "10000_a.sql"]
    assert [number_of(file) for file, _ in listed.entries] == [None, 9999, 10000]


def change(folder: Folder) -> None:
    folder.files[PIN] += b"\n"


def carriage_returns(folder: Folder) -> None:
    folder.files[PIN] = folder.files[PIN].replace(b"\n", b"\r\n")


def remove(folder: Folder) -> None:
    del folder.files[PIN]


def rename(folder: Folder) -> None:
    folder.files["0002_pins.sql"] = folder.files.pop(PIN)


def renumber(folder: Folder) -> None:
    folder.files["0007_pin.sql"] = folder.files.pop(PIN)


def add_a_stranger(folder: Folder) -> None:
    folder.files["notes.sql"] = b"SELECT 1;\n"


def add_a_number(folder: Folder) -> None:
    folder.files["0014_add_shard_9.sql"] = b"SELECT 1;\n"


def sum_removed(folder: Folder) -> None:
    folder.sum = None


def sum_with_carriage_returns(folder: Folder) -> None:
    folder.sum = "\r\n".join([*LINES, ""]).encode()


def sum_without_its_last_line_break(folder: Folder) -> None:
    folder.sum = "\n".join(LINES).encode()


def head_edited(folder: Folder) -> None:
    folder.sum = "\n".join([f"head {'0' * 64}", *LINES[1:], ""]).encode()


def a_conflict_in_the_sum(folder: Folder) -> None:
    folder.sum = "\n".join([LINES[0], "<<<<<<< HEAD", *LINES[1:], ""]).encode()


def forged(*lines: str) -> bytes:
    """A sum file with the right head over these lines."""
    body = "\n".join([*lines, ""])
    return f"head {digest(body.encode())}\n{body}".encode()


def reordered(folder: Folder) -> None:
    folder.sum = forged(LINES[1], LINES[3], LINES[2], *LINES[4:])


def gap(folder: Folder) -> None:
    del folder.files[ADD]
    folder.write_sum()


def beginning_lost(folder: Folder) -> None:
    del folder.files["0001_init.sql"]
    folder.write_sum()


def forged_operations(folder: Folder) -> None:
    text = folder.files[ADD].replace(b'"ids": [3]}', b'"ids": [7]}')
    folder.files[ADD] = text
    folder.write_sum()


def forged_parent(folder: Folder) -> None:
    other = rendered(desired("1 2 3 4"))
    folder.files = dict(list(folder.files.items())[:3])
    folder.files["0004_add_shards_2_to_4.sql"] = other.files["0004_add_shards_2_to_4.sql"]
    folder.write_sum()


def two_at_once(folder: Folder) -> None:
    other = rendered(desired("1 2", adopt_shards=2), desired("1 2 4"))
    folder.files = {**dict(list(folder.files.items())[:4]), **other.files}
    folder.write_sum()


def illegal_step(folder: Folder) -> None:
    folder.append([Add(ids=(2,))], names(desired()))


def illegal_steps(folder: Folder) -> None:
    folder.append([Drain(shard=9, to=8), Add(ids=(2,))], names(desired()))


def stranger_in_the_sum(folder: Folder) -> None:
    folder.files["0014_notes.sql"] = b"SELECT 1;\n"
    folder.write_sum()


CHECKOUT = "git checkout -- {folder}/"


@pytest.mark.parametrize(
    ("damage", "path", "kind", "fix"),
    [
        (change, PIN, "changed", CHECKOUT + PIN),
        (carriage_returns, PIN, "crlf", CHECKOUT + PIN),
        (remove, PIN, "missing", CHECKOUT + PIN),
        (rename, "0002_pins.sql", "renamed", f"mv {{folder}}/0002_pins.sql {{folder}}/{PIN}"),
        (renumber, "0007_pin.sql", "renamed", f"mv {{folder}}/0007_pin.sql {{folder}}/{PIN}"),
        (add_a_stranger, "notes.sql", "extra", None),
        (add_a_number, "0014_add_shard_9.sql", "extra", None),
        (sum_removed, SUM_FILE, "sum_missing", CHECKOUT + SUM_FILE),
        (sum_with_carriage_returns, SUM_FILE, "crlf", CHECKOUT + SUM_FILE),
        (sum_without_its_last_line_break, SUM_FILE, "bad_head", CHECKOUT + SUM_FILE),
        (head_edited, SUM_FILE, "bad_head", CHECKOUT + SUM_FILE),
        (a_conflict_in_the_sum, SUM_FILE, "bad_sum", CHECKOUT + SUM_FILE),
        (reordered, SUM_FILE, "reordered", CHECKOUT),
        (gap, SUM_FILE, "gap", CHECKOUT),
        (beginning_lost, SUM_FILE, "gap", CHECKOUT),
        (forged_operations, ADD, "wrong_id", CHECKOUT),
        (forged_parent, "0004_add_shards_2_to_4.sql", "broken_chain", None),
        (two_at_once, "0004_add_shard_4.sql", "forked", None),
        (illegal_step, "0014_add_shard_2.sql", "illegal", CHECKOUT),
        (illegal_steps, "0014_drain_shard_9.sql", "illegal", None),
        (stranger_in_the_sum, "0014_notes.sql", "no_header", None),
    ],
)
def test_a_damage_is_one_clear_line(
    damage: Callable[[Folder], None], path: str, kind: str, fix: str | None
) -> None:
    folder = copy()
    damage(folder)
    problem = the_problem(folder.ledger)
    assert (problem.path, problem.kind) == (path, kind)
    if fix:
        assert (problem.fix, problem.is_command) == (fix.removesuffix("/"), True)


def test_every_file_of_a_checkout_with_crlf_is_named() -> None:
    crlf = {file: text.replace(b"\n", b"\r\n") for file, text in WHOLE.files.items()}
    ledger = read_ledger(crlf, (WHOLE.sum or b"").replace(b"\n", b"\r\n"))
    assert [problem.path for problem in ledger.problems] == [SUM_FILE, *FILES]
    assert {problem.kind for problem in ledger.problems} == {"crlf"}


def test_the_state_before_a_damage_is_still_told() -> None:
    folder = copy()
    change(folder)
    assert [migration.file for migration in folder.ledger.migrations] == ["0001_init.sql"]
    assert folder.ledger.recorded.initialised
    assert not folder.ledger.recorded.pinned


def test_files_of_somebody_else_are_told_from_a_lost_sum() -> None:
    ledger = read_ledger({"0001_users.sql": b"CREATE TABLE users ();\n"}, None)
    problem = the_problem(ledger)
    assert (problem.kind, problem.is_command) == ("extra", False)
    assert "its own folder" in problem.fix


MINE = rendered(desired("1 2"), desired("1 2 3"))
THEIRS = rendered(desired("1 2"), desired("1 2 4"))
COMMON = rendered(desired("1 2"))


def merged(sum_file: bytes) -> Problem:
    """The problem after a merge that left the files of both branches and this sum file."""
    return the_problem(read_ledger({**MINE.files, **THEIRS.files}, sum_file))


def test_a_merge_that_kept_both_names_both_files() -> None:
    mine, theirs = ((side.sum or b"").decode().splitlines() for side in (MINE, THEIRS))
    keep_both = [mine[0], *mine[1:], theirs[-1], ""]
    markers = ["<<<<<<< HEAD", *mine, "=======", theirs[0], theirs[-1], ">>>>>>> theirs", ""]
    for lines in (keep_both, markers):
        problem = merged("\n".join(lines).encode())
        assert (problem.kind, problem.is_command) == ("forked", False)
        assert "0005_add_shard_3.sql and 0005_add_shard_4.sql" in problem.message
        assert "branch that was merged first" in problem.fix


def test_a_merge_that_kept_one_sum_and_both_files_names_both_files() -> None:
    for side in (MINE, THEIRS):
        problem = merged(side.sum or b"")
        assert problem.kind == "forked"
        assert "0005_add_shard_3.sql and 0005_add_shard_4.sql" in problem.message


def test_a_merge_of_files_with_the_same_name() -> None:
    mine, theirs = (
        rendered(desired("1 2"), desired("1 2", assign=((2, (tenant,)),))) for tenant in (5, 6)
    )
    both = (mine.sum or b"").decode() + (theirs.sum or b"").decode().splitlines()[-1] + "\n"
    problem = the_problem(read_ledger(mine.files, both.encode()))
    assert problem.kind == "forked"
    assert "0005_assign_to_shard_2.sql stands twice" in problem.message


def test_taking_one_side_and_rendering_again_is_the_way_out() -> None:
    folder = Folder()
    folder.files, folder.sum = dict(MINE.files), MINE.sum
    assert folder.render(desired("1 2 3 4")) == ["0006_add_shard_4.sql"]
    assert folder.ledger.problems == ()


RUN = {name: life(runner=name) for name in RUNNERS}


def run_by(name: str) -> Folder:
    """The folder of a whole life, for a runner."""
    folder = Folder()
    folder.files, folder.sum = dict(RUN[name].files), RUN[name].sum
    return folder


@pytest.mark.parametrize("name", RUNNERS)
def test_each_runner_has_a_sound_folder_of_its_own(name: str) -> None:
    folder, runner = RUN[name], RUNNERS[name]
    assert folder.ledger.problems == ()
    assert folder.ledger.recorded.runner == name
    assert len(folder.ledger.migrations) == len(FILES)
    wanted = {
        file
        for migration in folder.ledger.migrations
        for file in (migration.file, *runner.beside(migration.name))
    }
    assert {*folder.files} == wanted == {file for file, _ in read_sums(folder.sum or b"").entries}


@pytest.mark.parametrize(
    ("name", "add"),
    [
        ("psql", ["0004_add_shard_3.sql"]),
        ("dbmate", ["0004_add_shard_3.sql"]),
        ("golang-migrate", ["0004_add_shard_3.up.sql", "0004_add_shard_3.down.sql"]),
        ("flyway", ["V0004__add_shard_3.sql"]),
        ("alembic", ["0004_add_shard_3.sql", "0004_add_shard_3.py"]),
    ],
)
def test_the_names_that_each_runner_expects(name: str, add: list[str]) -> None:
    assert [file for file in RUN[name].files if "add_shard_3" in file] == add


@pytest.mark.parametrize("name", RUNNERS)
def test_G7_every_file_of_every_runner_counts(name: str) -> None:
    for file, content in RUN[name].files.items():
        place = len(content) // 2
        for text in (
            content[:place] + b"!" + content[place + 1 :],
            content + b"\n",
            content[:-1],
            content.replace(b"\n", b"\r\n"),
        ):
            ledger = read_ledger({**RUN[name].files, file: text}, RUN[name].sum)
            problem = the_problem(ledger)
            assert (problem.path, problem.fix) == (file, CHECKOUT + file)
            assert len(ledger.migrations) == int(file.lstrip("V").split("_")[0]) - 1
        folder = run_by(name)
        del folder.files[file]
        assert the_problem(folder.ledger).path == file
        folder.write_sum()
        is_end = file == RUN[name].ledger.migrations[-1].file and not RUNNERS[name].each
        assert bool(folder.ledger.problems) is not is_end


@pytest.mark.parametrize("name", ["golang-migrate", "alembic"])
def test_what_is_beside_a_migration_cannot_leave_the_sum(name: str) -> None:
    beside = RUNNERS[name].beside("0004_add_shard_3")[0]
    folder = run_by(name)
    del folder.files[beside]
    folder.write_sum()
    problem = the_problem(folder.ledger)
    assert (problem.path, problem.kind) == (beside, "missing")
    assert len(folder.ledger.migrations) == 3


@pytest.mark.parametrize(("name", "file"), [("psql", "0004_x.py"), ("alembic", "0004_x.py"),
                                            ("golang-migrate", "0099_x.down.sql")])  # fmt: skip
def test_what_is_beside_no_migration_is_astray(name: str, file: str) -> None:
    folder = run_by(name)
    folder.files[file] = b"pass\n"
    assert the_problem(folder.ledger).kind == "extra"
    folder.write_sum()
    problem = the_problem(folder.ledger)
    assert (problem.path, problem.kind) == (file, "astray")


def test_a_file_for_another_runner_is_misnamed() -> None:
    folder = run_by("psql")
    folder.files["V0004__add_shard_3.sql"] = folder.files.pop(ADD)
    folder.write_sum()
    problem = the_problem(folder.ledger)
    assert (problem.path, problem.kind) == ("V0004__add_shard_3.sql", "misnamed")
    assert "should be called 0004_add_shard_3.sql: the ledger is for psql" in problem.message


@pytest.mark.parametrize("name", RUNNERS)
def test_a_fork_under_every_runner_is_one_problem(name: str) -> None:
    mine, theirs = (
        rendered(desired("1 2", runner=name), desired(f"1 2 {new}", runner=name)) for new in "34"
    )
    for files in (mine, theirs):
        problem = the_problem(read_ledger({**mine.files, **theirs.files}, files.sum))
        assert problem.kind == "forked"
        assert "add_shard_3" in problem.message
        assert "add_shard_4" in problem.message


@pytest.mark.parametrize("name", RUNNERS)
def test_a_merge_of_equal_names_under_every_runner_is_one_problem(name: str) -> None:
    mine, theirs = (
        rendered(desired("1 2", runner=name), desired("1 2", runner=name, assign=((2, (tenant,)),)))
        for tenant in (5, 6)
    )
    added = len(RUNNERS[name].each) + 1
    lines = (theirs.sum or b"").decode().splitlines()[-added:]
    both = (mine.sum or b"").decode() + "\n".join([*lines, ""])
    problem = the_problem(read_ledger(mine.files, both.encode()))
    assert problem.kind == "forked"
    assert "assign_to_shard_2" in problem.message


def test_what_each_render_makes_again_is_no_part_of_the_ledger() -> None:
    for name in RUNNERS:
        folder = run_by(name)
        folder.files["apply.sql"] = b"\\ir 0001_init.sql\n"
        assert folder.ledger.problems == ()


def mutated(folder: Folder, data: st.DataObject) -> None:
    """Do something to one file or to the sum file."""
    file = data.draw(st.sampled_from(FILES), label="file")
    content = folder.files[file]
    match data.draw(st.integers(0, 7), label="damage"):
        case 0:
            place = data.draw(st.integers(0, len(content) - 1))
            other = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[place]))
            folder.files[file] = content[:place] + bytes([other]) + content[place + 1 :]
        case 1:
            folder.files[file] = content[: data.draw(st.integers(0, len(content) - 1))]
        case 2:
            del folder.files[file]
        case 3:
            folder.files[data.draw(st.from_regex(r"[0-9]{4}_[a-z]{1,3}\.sql", fullmatch=True))] = (
                folder.files.pop(file)
            )
        case 4:
            other_file = data.draw(st.sampled_from([name for name in FILES if name != file]))
            folder.files[file], folder.files[other_file] = folder.files[other_file], content
        case 5:
            folder.files[file] = content.replace(b"\n", b"\r\n")
        case 6:
            folder.files[data.draw(st.from_regex(r"[0-9]{4}_x\.sql", fullmatch=True))] = content
        case _:
            text = folder.sum or b""
            place = data.draw(st.integers(0, len(text) - 1))
            other = data.draw(st.integers(0, 255).filter(lambda byte: byte != text[place]))
            folder.sum = text[:place] + bytes([other]) + text[place + 1 :]


@given(st.data())
def test_any_damage_is_found(data: st.DataObject) -> None:
    folder = copy()
    mutated(folder, data)
    problems = folder.ledger.problems
    assert problems
    assert all(problem.message and problem.fix for problem in problems)


@pytest.mark.parametrize("file", FILES)
def test_every_byte_counts(file: str) -> None:
    for place in range(0, len(WHOLE.files[file]), 29):
        content = bytearray(WHOLE.files[file])
        content[place] ^= 1
        problem = the_problem(read_ledger({**WHOLE.files, file: bytes(content)}, WHOLE.sum))
        assert (problem.path, problem.kind) == (file, "changed")


@pytest.mark.parametrize(("one", "other"), list(pairwise(FILES)))
def test_swapped_files_are_found_even_if_the_sum_agrees(one: str, other: str) -> None:
    folder = copy()
    folder.files[one], folder.files[other] = folder.files[other], folder.files[one]
    folder.write_sum()
    assert the_problem(folder.ledger).path == one


def test_a_dropped_end_is_only_visible_to_whoever_knows_the_base() -> None:
    folder = copy()
    del folder.files[FILES[-1]]
    folder.write_sum()
    assert folder.ledger.problems == ()
    assert folder.ledger.migrations == WHOLE.ledger.migrations[:-1]
