"""What other programs read of diagnostics: GitHub's log and summary, SARIF readers, JSON."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from shardgen.codes import CODES
from shardgen.diagnostics import Diagnostic, visible, window
from shardgen.formats.github import (
    MOST,
    annotations_text,
    data_text,
    log_text,
    property_text,
)
from shardgen.formats.listing import listed
from shardgen.formats.sarif import fingerprints, sarif_text
from shardgen.formats.summary import LIMIT, summary
from shardgen.publication import in_repository, publish
from tests import projects
from tests.github import commands
from tests.support import inside

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = st.text(max_size=40)
#: What an operating system allows in a path below a folder.
NAMES = st.from_regex(r"[^/\0]{1,12}(/[^/\0]{1,12}){0,2}", fullmatch=True)
DIAGNOSTICS = st.builds(
    Diagnostic,
    file=NAMES,
    line=st.integers(0, 9999),
    column=st.integers(1, 300),
    width=st.integers(0, 80),
    code=st.sampled_from(sorted(CODES)),
    message=st.text(min_size=1, max_size=40),
    hint=TEXTS,
    level=st.sampled_from(["error", "warning"]),
)
LISTS = st.lists(DIAGNOSTICS, max_size=30)
SARIF = jsonschema.Draft202012Validator(
    json.loads((projects.ROOT / "tests" / "sarif" / "sarif-2.1.0.json").read_text()),
    format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
)


def test_a_line_without_end_is_cut_before_it_is_cleaned() -> None:
    line = "x" * 500 + "\x1b" + "y" * 5_000_000
    seen, start = window(line, 500)
    assert (seen[start], len(seen)) == ("?", 98)
    assert (seen[0], seen[-1]) == ("…", "…")
    assert window("a\x07b", 1) == ("a?b", 1)


def finding(code: str = "SG903", line: int = 3, **changes: Any) -> Diagnostic:
    """Return a diagnostic."""
    made = Diagnostic(
        file="a/b.yml", line=line, column=5, width=4, code=code, message="is wrong", hint="mend it"
    )
    return replace(made, **changes)


# GitHub's log


@given(st.text(), st.text())
def test_any_text_comes_back_from_a_workflow_command(value: str, message: str) -> None:
    line = f"::error file={property_text(value)},title=x::{data_text(message)}"
    assert "\n" not in line
    assert "\r" not in line
    assert commands(line) == [("error", {"file": value, "title": "x"}, message)]


@given(LISTS)
def test_annotations_say_what_the_diagnostics_say(diagnostics: list[Diagnostic]) -> None:
    diagnostics = [
        replace(each, file=visible(each.file), message=visible(each.message), hint="")
        for each in diagnostics
    ]
    said = commands(annotations_text(diagnostics))
    for level in ("error", "warning"):
        of_level = [each for each in diagnostics if each.level == level]
        mine = [each for each in said if each[0] == level]
        assert len(mine) == min(len(of_level), MOST)
        if len(of_level) > MOST:
            assert mine.pop()[1]["title"].startswith(f"{len(of_level) - MOST + 1} {level}s more")
        rows = {(p["title"][:5], p["file"], p.get("line", "0"), text) for _, p, text in mine}
        assert rows <= {(each.code, each.file, str(each.line), each.message) for each in of_level}


def test_an_annotation_is_written_as_github_documents_it() -> None:
    assert annotations_text([finding(message="50 % is\nwrong", file="a,b:c.yml")]) == (
        "::error file=a%2Cb%3Ac.yml,line=3,col=5,endColumn=9,"
        "title=SG903%3A an output is out of date::50 %25 is%0Awrong%0Amend it\n"
    )
    assert annotations_text([finding(line=0, level="warning")]) == (
        "::warning file=a/b.yml,title=SG903%3A an output is out of date::is wrong%0Amend it\n"
    )


def test_the_tenth_annotation_counts_the_others_and_no_code_hides_another() -> None:
    many = [finding(line=number) for number in range(1, 25)]
    rare = [finding("SG901", file="x"), finding("SG902", file="y", level="warning")]
    said = commands(annotations_text([*many, *rare]))
    assert [name for name, _, _ in said] == ["error"] * 10 + ["warning"]
    assert [each[1]["title"][:5] for each in said[:3]] == ["SG903", "SG901", "SG903"]
    _, properties, text = said[9]
    assert properties == {"title": "16 errors more, in the log and in the summary of this step"}
    assert text == "a/b.yml (16)"
    ten = commands(annotations_text(many[:10]))
    assert [each[1]["line"] for each in ten] == [str(number) for number in range(1, 11)]
    files = [finding(file=f"f{number}") for number in range(50)]
    assert commands(annotations_text(files))[9][2].endswith("\nand 21 files more")


@given(st.text())
def test_no_line_of_a_file_is_a_workflow_command(text: str) -> None:
    log = log_text(text)
    lines = re.split("\r\n|\n|\r", log)
    assert commands(log) == []
    if text.strip():
        assert lines[0] == f"::stop-commands::{lines[-2][2:-2]}"
        assert lines[-2] not in lines[:-2]


def test_what_steers_the_runner_is_quiet() -> None:
    assert commands("::add-mask::secret") == [("add-mask", {}, "secret")]
    assert commands(log_text("  ::add-mask::secret\n##[error]no\n")) == []


# the summary: as Markdown shows it


def cells(markdown: str) -> list[list[str]]:
    """Return the rows of the tables of a page, each cell as the text that a reader sees."""
    rows: list[list[str]] = []
    for token in MarkdownIt("commonmark").enable("table").parse(markdown):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows and token.level > 3:
            parts = token.children or []
            assert {part.type for part in parts} <= {"text", "text_special", "html_inline"}
            assert {p.content for p in parts if p.type == "html_inline"} <= {"<br>"}
            rows[-1].append("".join("\n" if p.content == "<br>" else p.content for p in parts))
    return rows


def seen(text: str) -> str:
    """Return a text without what a table cannot hold: controls, blanks at the ends of lines."""
    return "\n".join(visible(line).strip().strip() for line in text.split("\n"))


@given(st.lists(DIAGNOSTICS, min_size=1, max_size=5))
def test_a_summary_shows_every_text_as_it_is(diagnostics: list[Diagnostic]) -> None:
    diagnostics = [
        replace(each, **{name: re.sub(r"\s", " ", getattr(each, name)).strip() or "x"
                         for name in ("file", "message", "hint")})
        for each in diagnostics
    ]  # fmt: skip
    head, *rows = cells(summary(diagnostics, "a title", ["type `this`"]))
    assert head == ["place", "code", "what", "way out"]
    assert rows == [
        [
            seen(f"{each.file}:{each.line}" if each.line else each.file),
            f"{each.level} {each.code}",
            seen(each.message),
            seen(each.hint),
        ]
        for each in diagnostics
    ]


def test_a_summary_ends_below_the_limit_and_says_how_many_are_missing() -> None:
    many = [finding(message="ä" * 900, hint=f"{number}") for number in range(2000)]
    text = summary(many, "x", ["type this"])
    assert LIMIT - 4000 < len(text.encode()) <= LIMIT
    rows = len(cells(text)) - 1
    assert f"\n{2000 - rows} more in the log of this step.\n" in text
    assert text.endswith("```text\ntype this\n```\n\n")
    assert summary(many, "x", ["y" * 5000], 4000).count("\n| a") == 2
    assert summary(many, "x", ["type this"], 40) == ""
    assert "more in the log" not in summary(many[:2], "x", [])


def test_a_fence_is_longer_than_what_is_in_it() -> None:
    assert "````text\ntype ```this\n````\n" in summary([finding()], "x", ["type ```this"])


# SARIF: as the schema of its editors has it


def log_of(text: str) -> dict[str, Any]:
    """Return a SARIF log, which must be valid, and the only run in it."""
    log = json.loads(text)
    SARIF.validate(log)
    assert (log["version"], len(log["runs"])) == ("2.1.0", 1)
    run: dict[str, Any] = log["runs"][0]
    return run


def test_the_schema_of_sarif_is_one_and_finds_faults() -> None:
    SARIF.check_schema(SARIF.schema)
    log = json.loads(sarif_text([finding()], "check"))
    log["runs"][0]["results"][0]["level"] = "loud"
    assert not SARIF.is_valid(log)


@given(LISTS, st.booleans())
def test_any_diagnostics_make_a_valid_log(diagnostics: list[Diagnostic], complete: bool) -> None:
    run = log_of(sarif_text(diagnostics, "check", is_complete=complete))
    assert run["invocations"] == [{"executionSuccessful": complete}]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted({each.code for each in diagnostics})
    assert len(run["results"]) == len(diagnostics)
    for result, each in zip(run["results"], diagnostics, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == each.code
        assert result["level"] == each.level
        assert result["message"]["text"] == "\n".join(filter(None, (each.message, each.hint)))
        place = result["locations"][0]["physicalLocation"]
        address = urlsplit(place["artifactLocation"]["uri"])
        assert address == ("", "", address.path, "", "")
        assert unquote(address.path) == each.file
        assert place["artifactLocation"]["uriBaseId"] in run["originalUriBaseIds"]
        assert ("region" in place) == (each.line > 0)


def test_a_log_of_nothing_has_no_results_and_is_no_failure() -> None:
    run = log_of(sarif_text([], "check"))
    assert run["results"] == []
    assert run["tool"]["driver"]["rules"] == []
    assert run["invocations"] == [{"executionSuccessful": True}]
    assert run["columnKind"] == "unicodeCodePoints"


def test_places_in_a_log() -> None:
    found = [finding(), finding(line=0), finding(file="/etc/a b"), finding(file="ä#?%.md")]
    run = log_of(sarif_text(found, "audit"))
    places = [each["locations"][0]["physicalLocation"] for each in run["results"]]
    assert places[0]["region"] == {
        "startLine": 3, "startColumn": 5, "endLine": 3, "endColumn": 9,
    }  # fmt: skip
    assert "region" not in places[1]
    assert places[2]["artifactLocation"] == {"uri": "file:///etc/a%20b"}
    assert places[3]["artifactLocation"]["uri"] == "%C3%A4%23%3F%25.md"
    assert run["automationDetails"]["id"] == "shardgen-audit/"


def test_every_code_has_what_code_scanning_shows_of_a_rule() -> None:
    run = log_of(sarif_text([finding(code) for code in CODES], "check"))
    for rule in run["tool"]["driver"]["rules"]:
        assert re.fullmatch("[A-Z][A-Za-z0-9]{1,254}", rule["name"]), rule["id"]
        assert 0 < len(rule["shortDescription"]["text"]) <= 1024
        assert 0 < len(rule["fullDescription"]["text"]) <= 1024
        assert rule["help"]["text"]
        assert rule["help"]["markdown"]
        assert rule["defaultConfiguration"] == {"level": "error"}
    names = [rule["name"] for rule in run["tool"]["driver"]["rules"]]
    assert len(set(names)) == len(names)


def test_a_fingerprint_outlives_lines_above_and_tells_equal_lines_apart() -> None:
    lines = ["one", "two", "  bad: 1", "three", "bad: 1"]
    before = [finding(), finding(line=5)]
    marks = list(fingerprints(before, {"a/b.yml": lines}))
    shifted = [replace(each, line=each.line + 2, message="is wrong now") for each in before]
    assert list(fingerprints(shifted, {"a/b.yml": ["x", "y", *lines]})) == marks
    assert len(set(marks)) == 2
    others = [finding("SG901"), finding(file="c"), finding(line=2)]
    assert not set(marks) & set(fingerprints(others, {"a/b.yml": lines, "c": lines}))
    whole = list(fingerprints([finding(line=0), finding(line=0, message="else")], {}))
    assert len(set(whole)) == 2


# JSON


@given(LISTS)
def test_the_list_for_programs_says_the_same(diagnostics: list[Diagnostic]) -> None:
    data = json.loads(json.dumps(listed(diagnostics)))
    assert len(data) == len(diagnostics)
    for entry, each in zip(data, diagnostics, strict=True):
        is_placed = each.line > 0
        assert entry == {
            "code": each.code,
            "level": each.level,
            "file": each.file,
            "line": each.line if is_placed else None,
            "column": each.column if is_placed else None,
            "end_column": each.column + each.width if is_placed else None,
            "message": each.message,
            "hint": each.hint,
        }


# the edge: which paths a repository has, and the summary's file


@pytest.mark.parametrize(
    ("workspace", "repositories", "root", "expected"),
    [
        ("", [""], "deploy", "deploy/x.yml"),
        ("", ["deploy"], "deploy", "x.yml"),  # a submodule, or a checkout below the workspace
        (".", [".", "deploy"], "deploy", "deploy/x.yml"),
        (".", ["deploy"], "deploy", "x.yml"),
        (".", [], "deploy", "deploy/x.yml"),
        ("elsewhere", ["."], "deploy", "deploy/x.yml"),
        ("", [], ".", "x.yml"),
    ],
)
def test_files_are_named_as_the_repository_has_them(
    tmp_path: Path, workspace: str, repositories: list[str], root: str, expected: str
) -> None:
    for folder in (*repositories, "elsewhere", "deploy"):
        tmp_path.joinpath(folder).mkdir(exist_ok=True)
    for folder in repositories:
        tmp_path.joinpath(folder, ".git").mkdir()
    place = str(tmp_path / workspace) if workspace else ""
    with inside(tmp_path, {"GITHUB_WORKSPACE": place}):
        assert in_repository("x.yml", root) == expected
        assert in_repository("x.yml", str(tmp_path / root)) == expected


def test_a_file_outside_of_the_repository_is_named_as_a_whole(tmp_path: Path) -> None:
    tmp_path.joinpath("a", ".git").mkdir(parents=True)
    with inside(tmp_path / "a", {"GITHUB_WORKSPACE": ""}):
        assert in_repository("../x.yml", ".") == str(tmp_path / "x.yml")
        assert in_repository("/etc/x", ".") == "/etc/x"


def test_the_summary_is_appended_and_a_lost_one_is_no_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "summary.md"
    path.write_text("before\n")
    with inside(tmp_path, {"GITHUB_STEP_SUMMARY": str(path), "GITHUB_WORKSPACE": ""}):
        publish([finding()], "github", command="check", root=".", text="said")
        publish([], "github", command="check", root=".", text="said")
        publish([finding()], "sarif", command="check", root=".", text="said")
    text = path.read_text()
    assert text.startswith("before\n### shardgen check\\: 1 finding\n")
    assert text.count("###") == 1
    path.write_bytes(b" " * LIMIT)
    with inside(tmp_path, {"GITHUB_STEP_SUMMARY": str(path), "GITHUB_WORKSPACE": ""}):
        publish([finding()], "github", command="check", root=".", text="said")
    assert path.stat().st_size == LIMIT
    capsys.readouterr()
    with inside(tmp_path, {"GITHUB_STEP_SUMMARY": str(tmp_path), "GITHUB_WORKSPACE": ""}):
        publish([finding()], "github", command="check", root=".", text="said")
    said = capsys.readouterr()
    assert said.err == f"the summary was not written: {tmp_path}: Is a directory\n"
    assert commands(said.out)[0][1]["file"] == "a/b.yml"
