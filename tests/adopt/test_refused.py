"""What cannot be taken over, as a user sees it: its place, code, message, token and hint.

ACCEPT=1 rewrites the expected stderr.txt; the diff is the review. `token` names what the carets
must underline, several with ` | ` between.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from shardgen.codes import CODES
from shardgen.codes.adopting import CODES as OURS
from tests.support import run, snapshot
from tests.test_refused import HEAD, tokens

FOLDER = Path(__file__).parent
CASES = sorted(FOLDER.joinpath("refused").iterdir())
#: Codes of what does not fail a run: the golden cases show them.
WARNINGS = {"SG735", "SG736", "SG737", "SG738"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_refused(case: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(case / "given", project)
    before = snapshot(project)
    typed = case.joinpath("arguments.txt").read_text().split()
    ran = run(project, "adopt", *typed, "--write", *(() if "--exact" in typed else ("--exact",)))
    expected = case / "stderr.txt"
    if os.environ.get("ACCEPT"):
        expected.write_text(ran.err)
    assert ran.err == expected.read_text()
    assert (ran.code, ran.out) == (2, "")
    assert snapshot(project) == before
    wanted = case.joinpath("token").read_text().strip()
    assert " | ".join(tokens(ran.err)) == ("" if wanted == "(none)" else wanted)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_error_says_what_to_do(case: Path) -> None:
    text = case.joinpath("stderr.txt").read_text()
    if "error[" not in text:
        assert re.match("error: |shardgen", text)
        return
    for paragraph in text.split("\n\n")[:-1]:
        head, *rest = paragraph.splitlines()
        assert HEAD.match(head)
        assert len(rest[-1].split("^ ")[-1].strip()) > 3


def test_each_code_is_raised_by_a_case() -> None:
    raised = {
        match["code"]
        for case in CASES
        for match in HEAD.finditer(case.joinpath("stderr.txt").read_text())
    }
    assert raised >= OURS.keys() - WARNINGS
    assert raised <= CODES.keys()
