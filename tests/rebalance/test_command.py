"""`shardgen rebalance` as it is typed: lists, pins, text, JSON, exit codes, and what it writes."""

from __future__ import annotations

import io
import json
import os
import re
import threading
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml

from shardgen import infile
from shardgen.commands import rebalance as command
from shardgen.resources import resource_text
from tests.support import Project, Ran, fleet

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = json.loads(resource_text("schema/rebalance.schema.json"))
SKEWED = "id,shard,weight\n" + "".join(f"{n},1,{1000 / n:.2f}\n" for n in range(1, 151))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project of two shards and 150 customers, all on the first."""
    made = Project(tmp_path / "project")
    made.write("tenants.csv", SKEWED)
    return made


def asked(project: Project, *options: str, tenants: str = "tenants.csv") -> Ran:
    """Run the command, which must succeed and write nothing."""
    before = project.contents()
    ran = project.ok("rebalance", "--tenants", tenants, *options)
    assert project.contents() == before
    return ran


def result(project: Project, *options: str, tenants: str = "tenants.csv") -> dict[str, Any]:
    """Return the JSON, which its schema allows."""
    data = json.loads(asked(project, "--format", "json", *options, tenants=tenants).out)
    jsonschema.Draft202012Validator(SCHEMA).validate(data)
    assert isinstance(data, dict)
    return data


TEXT = """\
150 tenants, 2 active shards, by weight
goal: no shard above 110 % of its fair share

shard  before                             after
1      ███████████████   5,591.1  200 %   ████████▏         3,074.5  110 %
2                              0    0 %   ██████▊           2,516.7   90 %

7 moves, and no plan has fewer
7 of 150 customers (4.7 %) must pair again

  tenant  1   shard 1 → 2   1,000
  tenant  2   shard 1 → 2     500
  tenant  3   shard 1 → 2   333.3
  tenant  4   shard 1 → 2     250
  tenant  5   shard 1 → 2     200
  tenant  6   shard 1 → 2   166.7
  tenant 15   shard 1 → 2    66.7

next  the same command with --write puts them into shards.yaml
"""


def test_the_text(project: Project) -> None:
    ran = asked(project, "--by", "weight")
    assert (ran.out, ran.err) == (TEXT, "")


def test_eighty_columns(project: Project) -> None:
    ids = range(1, 41)
    project.write("shards.yaml", fleet(*ids, tail="    state: draining\n"))
    rows = [f"{n},{n * n % 40 + 1},{n * 123456.7:.2f}" for n in range(1, 3000)]
    project.write("many.csv", "id,shard,weight\n" + "\n".join(rows))
    out = asked(project, "--by", "weight", tenants="many.csv").out
    assert max(map(len, out.splitlines())) <= 80
    assert "40 draining  " in out
    assert "… 20 more; --format json lists them all" in out
    assert re.search(r"  … [\d,]+ more; --format json", out)
    assert "\x1b" not in out


def test_the_json(project: Project) -> None:
    found = result(project, "--by", "weight")
    assert found["planned_moves"] == found["least_moves"] == len(found["moves"]) == 7
    assert found["goal_reached"] is True
    assert found["moves"][0] == {"tenant": 1, "from": 1, "to": 2, "weight": 1000}
    one, two = found["shards"]
    assert one["after"]["load"] <= one["limit"] < one["before"]["load"]
    assert two["after"] == {"tenants": 7, "load": two["after"]["load"]}
    assert found["share_moved"] == pytest.approx(7 / 150)


def test_exit_codes(project: Project) -> None:
    arguments = ("rebalance", "--tenants", "tenants.csv", "--exit-code")
    assert project.run(*arguments).code == 1
    assert project.run(*arguments, "--tolerance", "1").code == 0
    assert project.run("rebalance").code == 2
    assert project.run("rebalance", "--tenants", "a", "--database", "b").code == 2
    ran = project.run("rebalance", "--tenants", "none.csv")
    assert (ran.code, ran.err) == (2, "error: --tenants none.csv: No such file or directory\n")


@pytest.mark.parametrize("command", ["rebalance", "plan"])
@pytest.mark.parametrize(("text", "message"), [
    ("", "bad: error[SG001]: the list is empty"),
    ("\n\n", "bad: error[SG001]: the list is empty"),
    (f"id,shard\n{'9' * 5000},1\n", "bad:2:1: error[SG001]: '99999999999"),
    (f"{'9' * 5000},1\n", "bad:1:1: error[SG001]: '99999999999"),
    (f"id,shard\n1,{'9' * 5000}\n", "bad:2:1: error[SG001]: '99999999999"),
    ("id;shard\n1;1\n", "the first line names the columns, with commas: id,shard"),
    (b"id,shard,name\n1,1,caf\xe9\n", "error: --tenants bad: it is not UTF-8"),
    (None, "error: --tenants bad: Is a directory"),
])  # fmt: skip
def test_what_is_no_list(
    project: Project, command: str, text: str | bytes | None, message: str
) -> None:
    project.path("bad").mkdir() if text is None else project.write("bad", text)
    ran = project.run(command, "--tenants", "bad")
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


@pytest.mark.parametrize("command", ["rebalance", "plan"])
def test_standard_input_is_read_as_a_file_is(
    project: Project, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    for text, code in ((b"\xef\xbb\xbfid,shard\r\n1,1\r\n", 0), (b"id,shard\n\xe9,1\n", 2)):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text), encoding="ascii"))
        ran = project.run(command, "--tenants", "-")
        assert (ran.code, "Traceback" in ran.err) == (code, False)
    assert ran.err.startswith("error: --tenants -: it is not UTF-8")


@pytest.mark.parametrize("command", ["rebalance", "plan"])
def test_a_pipe_with_a_name_is_read_once(project: Project, command: str) -> None:
    os.mkfifo(project.path("pipe"))
    writer = threading.Thread(target=project.path("pipe").write_text, args=("id,shard\nx,1\n",))
    writer.start()
    ran = project.run(command, "--tenants", "pipe")
    writer.join()
    assert "pipe:2:1: error[SG001]: 'x' is no id of a tenant\n    ids are whole numbers" in ran.err


@pytest.mark.parametrize("command", ["rebalance", "plan"])
def test_the_lines_that_are_shown_are_those_of_the_list(project: Project, command: str) -> None:
    """A list is named from where the command is typed, and not from the folder of shards.yaml."""
    project.write("deploy/list.csv", "this is\nanother file\n")
    project.write("list.csv", "id,shard\nx,1\n")
    project.write("deploy/shards.yaml", project.read("shards.yaml"))
    project.write("deploy/docker-compose.yml", project.read("docker-compose.yml"))
    ran = project.run(command, "-c", "deploy/shards.yaml", "--tenants", "list.csv")
    assert "list.csv:2:1: error[SG001]: 'x' is no id of a tenant\n  2 | x,1\n" in ran.err


@pytest.mark.parametrize(("options", "message"), [
    (("--tolerance", "nan"), "--tolerance takes a number from 0 to 100: 0.1 is 10 %"),
    (("--pin", "9" * 5000), "ids have commas alone between them: 101,205"),
    (("--pin", "1, 2"), "--pin 1, 2: No such file or directory; ids have commas alone"),
])  # fmt: skip
def test_wrong_options(project: Project, options: tuple[str, ...], message: str) -> None:
    ran = project.run("rebalance", "--tenants", "tenants.csv", *options)
    assert (ran.code, message in ran.err, "Traceback" in ran.err) == (2, True, False)


def test_a_first_line_of_pins_that_is_nearly_an_id_is_no_heading(project: Project) -> None:
    project.write("pins.txt", "1O1\n2\n")
    ran = project.run("rebalance", "--tenants", "tenants.csv", "--pin", "pins.txt")
    assert "pins.txt:1:1: error[SG001]: '1O1' is no id of a tenant" in ran.err


def test_nothing_to_do(project: Project) -> None:
    project.write("even.csv", "1,1\n2,2\n")
    assert asked(project, tenants="even.csv").last == "nothing to move"


def test_a_list_without_a_header_and_with_other_names(project: Project) -> None:
    project.write("bare.csv", "\ufeff" + SKEWED.partition("\n")[2].replace("\n", "\r\n"))
    columns = "name,whatsapp_shard,id,messages\n"
    rows = (row.split(",") for row in SKEWED.splitlines()[1:])
    other = columns + "".join(f'"a, b",{s},{n},{w}\n' for n, s, w in rows)
    project.write("other.csv", other)
    wanted = result(project, "--by", "weight")
    assert result(project, "--by", "weight", tenants="bare.csv") == wanted
    options = ("--by", "weight", "--weight-column", "messages")
    assert result(project, *options, tenants="other.csv") == wanted


def test_stdin(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = result(project)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(SKEWED.encode())))
    assert result(project, tenants="-") == wanted
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"1,9\n")))
    ran = project.run("rebalance", "--tenants", "-")
    assert ran.code == 2
    assert "stdin:1:1: error[SG003]: tenant 1 is on shard 9, which is not listed" in ran.err


def test_tenants_without_a_shard_are_where_the_fallback_sends_them(project: Project) -> None:
    project.write("shards.yaml", fleet(1, 2, head="routing: {fallback: modulo}\n"))
    project.write("some.csv", "id,shard\n2,\n4,0\n6,\n7,2\n")
    found = result(project, tenants="some.csv")
    assert found["counted_by_fallback"] == 3
    assert [shard["before"]["tenants"] for shard in found["shards"]] == [3, 1]
    project.write("shards.yaml", fleet(1, 2, head="routing: {fallback: rendezvous}\n"))
    where = project.ok("route", "6").out.split()[4]
    project.write("one.csv", "id,shard\n6,\n")
    shards = result(project, tenants="one.csv")["shards"]
    assert [str(shard["id"]) for shard in shards if shard["before"]["tenants"]] == [where]
    out = asked(project, tenants="some.csv").out
    assert "3 without a shard are counted where the fallback sends them" in out


def test_tenants_that_are_assigned_are_there(project: Project) -> None:
    project.write("shards.yaml", fleet(1, 2, tail="assign: [{shard: 2, tenants: [1, 2, 3]}]\n"))
    found = result(project, "--by", "weight")
    assert found["counted_by_assign"] == 3
    assert {move["tenant"] for move in found["moves"]}.isdisjoint({1, 2, 3})


WRONG = """\
id,shard,weight
1,1,2
x,1,2
3,9,1
4,2
5,1,-3
6,-1,1
7,two,1
8,3,1
1,2,nan
"""


def test_every_wrong_line_is_told(project: Project) -> None:
    project.write("wrong.csv", WRONG)
    ran = project.run("rebalance", "--tenants", "wrong.csv", "--by", "weight")
    assert ran.code == 2
    heads = re.findall(r"^wrong\.csv:(\d+):1: error\[(\w+)\]: (.*)$", ran.err, re.MULTILINE)
    assert [(int(line), code) for line, code, _ in heads] == [
        (line, "SG001") for line in (3, 5, 6, 7, 8, 10)
    ]
    assert "  3 | x,1,2\n    | ^ ids are whole numbers" in ran.err
    project.write("shards.yaml", fleet(1, 2, 3).replace("- id: 3", "- {id: 3, state: retired}"))
    project.write("lost.csv", "1,9\n2,3\n3,1\n3,2\n")
    ran = project.run("rebalance", "--tenants", "lost.csv")
    assert "lost.csv:4:1: error[SG002]: tenant 3 is there twice" in ran.err
    project.write("lost.csv", "1,9\n2,3\n3,1\n")
    ran = project.run("rebalance", "--tenants", "lost.csv")
    assert ran.err == LOST


LOST = """\
lost.csv:1:1: error[SG003]: tenant 1 is on shard 9, which is not listed in shards.yaml
  1 | 1,9
    | ^ list the shard, or correct the row

lost.csv:2:1: error[SG003]: tenant 2 is on shard 3, which is retired
  2 | 2,3
    | ^ its tenants live elsewhere by now: another shard is in their rows

2 errors; nothing was written. `shardgen explain SG003` says more.
"""


def test_of_many_wrong_lines_the_first_are_told(project: Project) -> None:
    project.write("lost.csv", "".join(f"{number},9\n" for number in range(1, 101)))
    ran = project.run("rebalance", "--tenants", "lost.csv")
    assert ran.err.count("error[SG003]") == 21
    assert "80 more tenants are on shards that do not run" in ran.err


def test_pins(project: Project) -> None:
    project.write("pins.txt", "id\n2   # the shop\n\n3,Anna\n")
    found = result(project, "--by", "weight", "--pin", "1,4", "--pin", "pins.txt")
    assert {move["tenant"] for move in found["moves"]}.isdisjoint({1, 2, 3, 4})
    ran = project.run("rebalance", "--tenants", "tenants.csv", "--pin", "1,777")
    assert ran.code == 2
    assert "--pin: error[SG004]: tenant 777 is pinned, and no row has it" in ran.err
    project.write("pins.txt", "1\nq\n")
    ran = project.run("rebalance", "--tenants", "tenants.csv", "--pin", "pins.txt")
    assert "pins.txt:2:1: error[SG001]: 'q' is no id of a tenant" in ran.err


def test_capacities_weights_and_draining_shards(project: Project) -> None:
    entries = "{id: 1, state: draining}\n  - {id: 2, capacity: 30}\n  - {id: 3, weight: 3}"
    text = fleet(1, 2, 3, head="database: {default_shard: 2}\n")
    text = text.replace("id: 1\n  - id: 2\n  - id: 3", entries)
    project.write("shards.yaml", text)
    found = result(project)
    one, two, three = found["shards"]
    assert one["after"]["tenants"] == 0
    assert two["after"]["tenants"] <= 30
    assert three["fair_share"] == 3 * two["fair_share"]
    assert found["planned_moves"] == 150
    project.write("shards.yaml", text.replace("weight: 3", "capacity: 100"))
    found = result(project)
    assert [shard["after"]["tenants"] for shard in found["shards"]] == [20, 30, 100]
    assert found["goal_reached"] is False
    assert found["least_moves"] is None
    reason = "20 tenants stay on a draining shard: no capacity is left for them"
    assert reason in found["reasons"]
    assert f"! {reason}" in asked(project).out


def test_why_the_goal_is_not_reached(project: Project) -> None:
    project.write("few.csv", "1,1,10\n2,1,10\n3,1,10\n")
    out = asked(project, "--by", "weight", tenants="few.csv").out
    assert "the nearest that was found is 133.3 % of a fair share: the tenants are too heavy" in out
    assert "1 move, and no plan has fewer" in out
    out = asked(project, "--by", "weight", "--pin", "1,2,3", tenants="few.csv").out
    assert "! the tenants pinned to shard 1 alone are above its limit" in out
    project.write("few.csv", "1,1,100\n2,1,1\n3,2,1\n")
    out = asked(project, "--by", "weight", tenants="few.csv").out
    assert "tenant 1 alone is 196 % of a fair share: it has shard 1 for itself" in out
    project.change(
        "shards.yaml", "- id: 1\n  - id: 2", "- {id: 1, capacity: 5}\n  - {id: 2, capacity: 9}"
    )
    out = asked(project, "--by", "weight", tenants="few.csv").out
    assert "! shard 1 stays above its capacity: the others have no room" in out


# writing


def assigned(project: Project) -> dict[int, list[int]]:
    """Return the assignments in shards.yaml."""
    data = yaml.safe_load(project.read("shards.yaml"))
    return {entry["shard"]: entry["tenants"] for entry in data["assign"]}


def test_write_assigns_and_a_second_run_has_nothing_to_do(project: Project) -> None:
    project.change("shards.yaml", "shards:", "# kept\nshards:  # too")
    project.render()
    arguments = ("rebalance", "--tenants", "tenants.csv", "--by", "weight")
    ran = project.ok(*arguments, "--write", "--max-moves", "3")
    assert "7 moves, and no plan has fewer. The first 3 now, 4 in later runs" in ran.out
    assert ran.out.endswith("\nnext  shardgen render\n")
    assert assigned(project) == {2: [1, 2, 3]}
    assert "# kept\nshards:  # too" in project.read("shards.yaml")
    project.ok(*arguments, "--write")
    assert assigned(project) == {2: [1, 2, 3, 4, 5, 6, 15]}
    assert project.ok(*arguments, "--write").last == "nothing to move"
    project.render()
    assert "0005_assign_to_shard_2.sql" in project.read("migrations/shardgen.sum")
    project.is_clean()


def test_write_migrations_renders_in_the_same_run(project: Project) -> None:
    project.render()
    ran = project.ok("rebalance", "--tenants", "tenants.csv", "--write=migrations")
    assert "+ migrations/0005_assign_to_shard_2.sql" in ran.out
    project.is_clean()


def test_write_migrations_writes_all_or_nothing(project: Project) -> None:
    project.render()
    project.write(".env.shards", "BAILEYS_NUM_SHARDS=7\n")
    before = project.contents()
    ran = project.run("rebalance", "--tenants", "tenants.csv", "--write=migrations")
    assert ran.code == 3
    assert project.contents() == before


def test_json_and_write_print_json_alone(project: Project) -> None:
    options = ("--write", "--format", "json")
    ran = project.ok("rebalance", "--tenants", "tenants.csv", *options)
    assert json.loads(ran.out)["planned_moves"] == sum(map(len, assigned(project).values()))


def test_many_targets_are_one_edit(project: Project) -> None:
    ids = range(1, 31)
    text = fleet(*ids, tail="assign:\n  # old\n  - {shard: 5, tenants: [1, 2]}  # kept\n")
    project.write("shards.yaml", text)
    project.write("many.csv", "".join(f"{n},1\n" for n in range(1, 601)))
    project.ok("rebalance", "--tenants", "many.csv", "--write")
    found = assigned(project)
    assert set(found) == set(range(2, 31))
    assert {1, 2} <= set(found[5])
    assert max(map(len, project.read("shards.yaml").splitlines())) <= 100
    assert "  # old\n" in project.read("shards.yaml")
    assert result(project, tenants="many.csv")["moves"] == []


def test_assigned_tenants_move_on_and_empty_entries_go(project: Project) -> None:
    """All that shard 2 was assigned moves to 3; an entry of no tenant is no entry."""
    tail = "assign: [{shard: 2, tenants: [1, 2, 3, 4]}]\n"
    text = fleet(1, 2, 3, head="database: {default_shard: 1}\n", tail=tail)
    project.write("shards.yaml", text)
    project.write("few.csv", "".join(f"{n},1\n" for n in range(1, 9)) + "9,2\n10,2\n11,3\n")
    project.ok("rebalance", "--tenants", "few.csv", "--tolerance", "0", "--write")
    found = assigned(project)
    assert sorted(t for tenants in found.values() for t in tenants)[:4] == [1, 2, 3, 4]
    assert all(found.values())


def test_a_bar_shows_on_a_terminal_alone(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with infile.progress("reading tenants", 10) as tick:
        tick(10)
    assert "reading tenants" in capsys.readouterr().err
    monkeypatch.setattr("sys.stderr.isatty", lambda: False, raising=False)
    with infile.progress("reading tenants", 10) as tick:
        tick(10)
    assert capsys.readouterr().err == ""


def test_colour_is_for_terminals(project: Project) -> None:
    assert "\x1b[" not in asked(project).out


def test_the_bars_are_red_where_a_shard_is_too_full(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def painted(text: str, style: str) -> str:
        return f"<{style}>{text}"

    monkeypatch.setattr(command, "painter", lambda: painted)
    lines = asked(project).out.splitlines()
    assert [re.findall("<([a-z]+)>", line) for line in lines[4:6]] == [
        ["remove", "create"],
        ["create", "create"],
    ]
