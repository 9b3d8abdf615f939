"""Every refusal, as a user sees it: its place, code, message, token and hint (G5, G6, G10, G11).

ACCEPT=1 rewrites the expected stderr.txt; the diff is the review. The first line of a case's
shards.yaml names what the carets must underline: `# token: volum`, several with ` | ` between.
"""

from __future__ import annotations

import itertools
import os
import re
from typing import TYPE_CHECKING

import pytest

from shardgen.codes import CODES
from tests.folders import HERE, cases, render

if TYPE_CHECKING:
    from pathlib import Path

#: Codes that other stages raise: their cases are with the tests of those.
ELSEWHERE = {code for code in CODES if code.startswith(("SG0", "SG6", "SG7", "SG8", "SG9"))}
CASES = cases("refused")
HEAD = re.compile(
    r"^(?P<file>[^:\n]+)(:\d+:\d+)?: error\[(?P<code>SG\d{3})\]: (?P<message>.+)$", re.MULTILINE
)


def tokens(stderr: str) -> list[str]:
    """Return what each caret underlines, read from the text as a person would."""
    lines = stderr.splitlines()
    found = []
    for source, marked in itertools.pairwise(lines):
        match = re.fullmatch(r" +\| (\s*)(\^+) (.+)", marked)
        if match and re.match(r"  \d+ \| ", source):
            shown = source.split(" | ", 1)[1]
            start = len(match[1])
            found.append(shown[start : start + len(match[2])].replace("\t", "\\t"))
    return found


def wanted(case: Path) -> list[str]:
    """Return the tokens that a case names."""
    note = case / "token"
    first = (note if note.exists() else case / "shards.yaml").read_text()
    line = first.splitlines()[0].removeprefix("# token:").strip()
    return [token.strip() for token in line.split(" | ")] if line != "(none)" else []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_refused(
    case: Path,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """G5: exit 2, every error in its place, nothing written."""
    ran = render(project, monkeypatch, capfd)
    expected = case / "stderr.txt"
    if os.environ.get("ACCEPT"):
        expected.write_text(ran.stderr)
    assert ran.stderr == expected.read_text()
    assert (ran.code, ran.stdout) == (2, "")
    assert ran.after == ran.before
    assert tokens(ran.stderr) == wanted(case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_diagnostic_has_a_hint(case: Path) -> None:
    """A refusal says what to do next; nothing repeats a place, so no cause is told twice."""
    paragraphs = case.joinpath("stderr.txt").read_text().split("\n\n")
    places = []
    for paragraph in paragraphs[:-1]:
        head, *rest = paragraph.splitlines()
        assert HEAD.match(head)
        hint = rest[-1].split("^ ")[-1].strip()
        assert len(hint) > 3
        message = HEAD.match(head)["message"]  # type: ignore[index]
        assert not message.endswith(".")
        assert not re.match("[A-Z][a-z]+ ", message)
        places.append(head.split("]")[0])
    assert len(places) == len(set(places))


def test_there_are_enough_cases() -> None:
    """A runner that finds no cases proves nothing."""
    assert len(CASES) >= 60


def test_each_code_is_raised_by_a_case_and_explained() -> None:
    """The table of codes and the cases agree."""
    raised = {
        match["code"]
        for case in CASES
        for match in HEAD.finditer(case.joinpath("stderr.txt").read_text())
    }
    assert raised == set(CODES) - ELSEWHERE
    used = set()
    for path in HERE.parent.joinpath("shardgen").rglob("*.py"):
        used |= set(re.findall(r"\bSG\d{3}\b", path.read_text()))
    assert used <= set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_explanation(code: str) -> None:
    """Each code has a reason, and an example of wrong and of right."""
    text = CODES[code].explanation
    assert "Wrong:\n    " in text
    assert "Right:\n    " in text
    assert max(map(len, text.splitlines())) <= 100


@pytest.fixture
def project(case: Path, tmp_path: Path) -> Path:
    """Return a project made from a case."""
    from tests.folders import set_up

    set_up(case, tmp_path)
    return tmp_path
