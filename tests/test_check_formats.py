"""Every format of `check` says the same: the codes, the lines, and wrong input in its place."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from shardgen.codes.drift import CODES
from shardgen.digest import digest
from shardgen.disk import Disk
from shardgen.lock import read_lock
from shardgen.workspace import open_workspace
from tests.github import commands
from tests.repositories import first
from tests.support import OUTPUTS, Project, Ran, fleet, inside, shell
from tests.test_check import DAMAGES, DOCS, ENV, OVERLAY, Damage, as_json
from tests.test_formats import log_of

if TYPE_CHECKING:
    from pathlib import Path

#: By how a reason begins: what it is called.
REASONS = {
    "edited by hand": "SG901",
    "missing": "SG902",
    "not written yet": "SG902",
    "out of date": "SG903",
    "stale": "SG904",
    "holds the conflict of a merge": "SG912",
    "shard 2: its volume": "SG907",
}


def code_of(finding: dict[str, Any]) -> str:
    """Return the code that a finding must have."""
    if finding["kind"] in {"ledger", "lock"}:
        is_conflict = finding["kind"] == "lock" and "conflict" in finding["reason"]
        return "SG912" if is_conflict else {"ledger": "SG905", "lock": "SG906"}[finding["kind"]]
    return next(code for start, code in REASONS.items() if finding["reason"].startswith(start))


def by_place(found: list[tuple[str, int, str, str]]) -> list[tuple[str, int, str, str]]:
    """Return what a format says of findings: file, line, code and text, in one order."""
    return sorted(found)


def in_json(ran: Ran) -> list[tuple[str, int, str, str]]:
    """Return what the JSON says."""
    return by_place(
        [
            (each["path"], each["line"] or 0, each["code"], f"{each['reason']}\n{each['hint']}")
            for each in json.loads(ran.out)["findings"]
        ]
    )


def in_github(ran: Ran) -> list[tuple[str, int, str, str]]:
    """Return what the annotations say."""
    return by_place(
        [
            (properties["file"], int(properties.get("line", 0)), properties["title"][:5], text)
            for _, properties, text in commands(ran.out)
        ]
    )


def in_sarif(ran: Ran) -> list[tuple[str, int, str, str]]:
    """Return what the SARIF log says."""
    found = []
    for each in log_of(ran.out)["results"]:
        place = each["locations"][0]["physicalLocation"]
        line = place.get("region", {}).get("startLine", 0)
        uri = place["artifactLocation"]["uri"].replace("%20", " ")
        found.append((uri, line, each["ruleId"], each["message"]["text"]))
    return by_place(found)


def some(damages: tuple[Damage, ...]) -> list[Any]:
    """Return each fifth kind of damage for every run, and the others for a long one."""
    return [
        pytest.param(each, id=each.name, marks=[pytest.mark.slow] if number % 5 else [])
        for number, each in enumerate(damages)
    ]


@pytest.mark.parametrize("damage", some(DAMAGES))
def test_every_format_says_the_same_of_damage(damage: Damage, rendered: Project) -> None:
    damage.edit(rendered)
    text = rendered.run("check")
    ran = rendered.run("check", "--format", "json")
    data = as_json(ran)
    for each in data["findings"]:
        assert each["code"] == code_of(each), each
        assert each["hint"]
        lines = rendered.path(each["path"])
        count = len(lines.read_bytes().splitlines()) if lines.is_file() else 0
        assert (each["line"] or 0) <= count
    expected = in_json(ran)
    github = rendered.run("check", "--format", "github")
    assert in_github(github) == expected
    assert text.out.rstrip("\n") in github.out
    assert in_sarif(rendered.run("check", "--format", "sarif")) == expected


def test_a_line_is_the_first_that_differs(rendered: Project) -> None:
    lines = {name: rendered.read(name).count("\n") for name in OUTPUTS}
    for name, number in ((OVERLAY, 5), (ENV, 1), (DOCS, lines[DOCS])):
        text = rendered.read(name).split("\n")
        text[number - 1] += " x"
        rendered.write(name, "\n".join(text))
    rendered.path(OUTPUTS[2]).unlink()
    found = as_json(rendered.run("check", "--format", "json"))["findings"]
    assert {each["path"]: each["line"] for each in found} == {
        OVERLAY: 5, ENV: 1, DOCS: lines[DOCS], OUTPUTS[2]: None,
    }  # fmt: skip
    (annotation,) = [p for _, p, _ in commands(rendered.run("check", "--format", "github").out)
                     if p["file"] == OVERLAY]  # fmt: skip
    line = rendered.read(OVERLAY).splitlines()[4]
    assert (annotation["col"], annotation["endColumn"]) == ("1", str(len(line) + 1))


def test_lines_at_the_end_are_shown_at_the_last_one(rendered: Project) -> None:
    whole = rendered.read(DOCS)
    rendered.write(DOCS, "".join(whole.splitlines(keepends=True)[:-3]))
    (found,) = as_json(rendered.run("check", "--format", "json"))["findings"]
    assert found["line"] == whole.count("\n") - 3
    rendered.write(DOCS, whole + "more\n")
    (found,) = as_json(rendered.run("check", "--format", "json"))["findings"]
    assert found["line"] == whole.count("\n") + 1
    rendered.write(DOCS, "")
    (found,) = as_json(rendered.run("check", "--format", "json"))["findings"]
    assert found["line"] is None


def test_a_lock_that_is_out_of_date_is_shown_at_the_input(rendered: Project) -> None:
    rendered.write("docker-compose.yml", rendered.read("docker-compose.yml") + "# why\n")
    (found,) = as_json(rendered.run("check", "--format", "json"))["findings"]
    line = rendered.read("shardgen.lock").splitlines()[found["line"] - 1]
    assert line.strip().startswith('"docker-compose.yml"')


def test_a_conflict_is_shown_where_it_begins(rendered: Project) -> None:
    conflict = "<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n"
    lines = rendered.read(DOCS).splitlines(keepends=True)
    rendered.write(DOCS, "".join([*lines[:7], conflict, *lines[7:]]))
    (found,) = as_json(rendered.run("check", "--format", "json"))["findings"]
    assert (found["code"], found["line"]) == ("SG912", 8)


def test_a_change_of_state_is_shown_at_its_key(rendered: Project) -> None:
    rendered.change("shards.yaml", "  - id: 2\n", "  - id: 2\n    volume: other\n")
    found = as_json(rendered.run("check", "--format", "json"))["findings"][-1]
    line = rendered.read("shards.yaml").splitlines()[found["line"] - 1]
    assert (found["code"], line) == ("SG907", "    volume: other")


def test_each_change_of_state_has_its_own_way_back(tmp_path: Path) -> None:
    project = Project(tmp_path / "project", fleet(1, 2, 3))
    project.render()
    moved = [f"  - {{id: {number}, volume: other{number}}}\n" for number in (2, 3)]
    project.write("shards.yaml", fleet(1) + "".join(moved))
    found = as_json(project.run("check", "--format", "json"))["findings"]
    hints = [each["hint"] for each in found if each["kind"] == "state"]
    assert hints == [
        "put it back, or move the data first and type "
        f"`shardgen render --allow-state-change {number}`"
        for number in (2, 3)
    ]


def test_two_branches_that_appended_need_the_one_that_was_first(rendered: Project) -> None:
    rendered.write("migrations/0004_add_shard_9.sql", "SELECT 1;\n")
    found = as_json(rendered.run("check", "--format", "json"))["findings"]
    (hint,) = [each["hint"] for each in found if each["code"] == "SG905"]
    assert hint == (
        "type `git restore --source=BASE --staged --worktree -- migrations && shardgen render "
        "--replan BASE`, where BASE is the branch that was merged first"
    )


def test_files_that_are_not_ours_have_codes_of_their_own(tmp_path: Path) -> None:
    text = fleet(1, 2, head="outputs:\n  env: {path: config/app.env}\n")
    project = Project(tmp_path / "project", text)
    project.write("config/app.env", "A=1\n# shardgen:begin shards\n")
    project.write(DOCS, "mine\n")
    found = as_json(project.run("check", "--format", "json"))["findings"]
    codes = {each["path"]: each["code"] for each in found if each["kind"] != "create"}
    assert codes == {"config/app.env": "SG911", DOCS: "SG910", "shardgen.lock": "SG906"}
    assert {each["code"] for each in found if each["kind"] == "create"} == {"SG902"}
    hints = {each["code"]: each["hint"] for each in found}
    assert hints["SG911"] == "mend it by hand"
    assert hints["SG910"].endswith(f"to lose it, type `shardgen render --overwrite {DOCS}`")


def test_untracked_and_unkept_files_have_codes_of_their_own(tmp_path: Path) -> None:
    repository = first(tmp_path / "project")
    repository.shards("1", "2", "3")
    repository.render()
    ran = repository.run("check", "--tracked", "--format", "json")
    (found,) = as_json(ran)["findings"]
    assert (found["code"], found["hint"]) == (
        "SG908", "type `git add -f migrations/0005_add_shard_3.sql`",
    )  # fmt: skip
    repository.commit()
    shutil.rmtree(repository.path("migrations"))
    for name in (*OUTPUTS, "shardgen.lock"):
        repository.path(name).unlink()
    repository.shards("1", "2")
    repository.render()
    options = ("check", "--base", "HEAD", "--format", "json")
    found = as_json(repository.run(*options))["findings"]
    assert {each["code"] for each in found if each["kind"] == "base"} == {"SG909"}
    for each in found:
        assert each["hint"] == (
            "type `git restore --source=HEAD --staged --worktree -- migrations && "
            "shardgen render --replan HEAD`"
        )


def test_each_code_of_drift_is_explained() -> None:
    assert {"SG908", "SG909", "SG910", "SG911", "SG913"} | {*REASONS.values()} | {
        "SG905", "SG906",
    } == {*CODES}  # fmt: skip


# wrong input


WRONG = "version: 1\nshards:\n  - id: 1\n    volum: x\n  - id: 1\n"


def test_wrong_input_is_annotated_where_it_stands(rendered: Project) -> None:
    rendered.write("shards.yaml", WRONG)
    text = rendered.run("check")
    assert (text.code, text.out) == (2, "")
    found = rendered.run("check", "--format", "json")
    data = json.loads(found.out)
    assert not data["clean"]
    assert {(each["kind"], each["path"]) for each in data["findings"]} == {("input", "shards.yaml")}
    assert [each["line"] for each in data["findings"]] == [4]
    assert data["fix"] == [f"shards.yaml:4: {data['findings'][0]['hint']}"]
    github = rendered.run("check", "--format", "github")
    sarif = rendered.run("check", "--format", "sarif")
    for ran in (found, github, sarif):
        assert (ran.code, ran.err) == (2, text.err)
    assert in_github(github) == in_sarif(sarif) == in_json(found)
    assert log_of(sarif.out)["invocations"] == [{"executionSuccessful": False}]
    (annotation,) = [properties for _, properties, _ in commands(github.out)]
    assert (annotation["col"], annotation["endColumn"]) == ("5", "10")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--base", "nowhere"], "SG913", "--base nowhere: git knows no such commit here"),
        (["-c", "other.yaml"], "SG913", "there is no 'other.yaml' here"),
    ],
)
def test_a_wrong_command_line_is_annotated_at_the_config(
    rendered: Project, arguments: list[str], code: str, message: str
) -> None:
    text = rendered.run("check", *arguments)
    runs = {
        each: rendered.run("check", *arguments, "--format", each)
        for each in ("json", "github", "sarif")
    }
    for ran in runs.values():
        assert (ran.code, ran.err) == (2, text.err)
    expected = in_json(runs["json"])
    ((path, line, found, said),) = expected
    assert (path, line, found) == (arguments[-1] if "-c" in arguments else "shards.yaml", 0, code)
    assert said.startswith(f"{message}\n")
    assert in_github(runs["github"]) == in_sarif(runs["sarif"]) == expected


@pytest.mark.parametrize(
    ("template", "code"),
    [("{{ fleet.nothing }}\n", "SG701"), ("<<<<\x00", "SG702")],
)
def test_a_broken_template_has_its_code(rendered: Project, template: str, code: str) -> None:
    rendered.write("templates/compose.yml.j2", template)
    ran = rendered.run("check", "--format", "github")
    assert ran.code == 2
    assert [properties["title"][:5] for _, properties, _ in commands(ran.out)] == [code]


# where it is typed, and what it costs


def test_a_project_in_a_sub_folder_is_named_as_the_repository_has_it(tmp_path: Path) -> None:
    project = Project(tmp_path / "repository" / "a b")
    project.render()
    project.path(DOCS).unlink()
    outer = Project.__new__(Project)
    outer.root = project.root.parent
    assert shell(outer.root, "git init -q .").returncode == 0
    options = ("check", "--format", "github", "-c", "a b/shards.yaml")
    for ran in (outer.run(*options), project.run(*options[:3])):
        ((path, _, _, _),) = in_github(ran)
        assert path == f"a b/{DOCS}"
    ((path, _, _, said),) = in_sarif(outer.run(*options[:2], "sarif", *options[3:]))
    assert path == f"a b/{DOCS}"
    assert said == "missing\ntype `(cd 'a b' && shardgen render)`"


def test_the_summary_has_the_table_and_the_way_back(rendered: Project, tmp_path: Path) -> None:
    rendered.path(DOCS).unlink()
    path = tmp_path / "summary.md"
    rendered.run("check", "--format", "github", GITHUB_STEP_SUMMARY=str(path))
    text = path.read_text()
    assert text.startswith("### shardgen check\\: 1 finding\n\n| place |")
    assert text.endswith("```text\nto fix it, type:\nshardgen render\n```\n\n")
    path.unlink()
    rendered.render()
    ran = rendered.ok("check", "--format", "github", GITHUB_STEP_SUMMARY=str(path))
    assert not path.exists()
    assert commands(ran.out) == []


def test_what_an_edited_file_says_is_no_command_for_the_runner(rendered: Project) -> None:
    rendered.write(DOCS, "::add-mask::x\n##[add-mask]x\n" + rendered.read(DOCS))
    ran = rendered.run("check", "--format", "github")
    assert "+::add-mask::x" in ran.out
    assert [name for name, _, _ in commands(ran.out)] == ["error"]


def test_the_planned_lock_is_what_its_text_says(rendered: Project) -> None:
    rendered.write("shards.yaml", fleet(1, 2, 3))
    with inside(rendered.root):
        workspace = open_workspace(Disk("."), "shards.yaml")
    assert read_lock(workspace.lock_after) == workspace.planned
    assert workspace.planned.inputs["shards.yaml"] == digest(fleet(1, 2, 3).encode())


@pytest.mark.parametrize(
    "arguments", [["check"], ["check", "--full"], ["check", "--format", "json"]]
)
def test_a_clean_check_imports_no_format(rendered: Project, arguments: list[str]) -> None:
    script = (
        "import sys; from shardgen.__main__ import main; code = main(sys.argv[1:]); "
        "print(*sys.modules, sep='\\n', file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=rendered.root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = done.stderr.split()
    assert "shardgen.__main__" in loaded
    assert not [each for each in loaded if each.startswith(("shardgen.formats", "shardgen.publi"))]
    assert not [each for each in loaded if each == "shardgen.codes"]
