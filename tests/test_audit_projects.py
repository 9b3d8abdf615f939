"""A project in which every rule finds its faults, each in its place, and the same one mended.

ACCEPT=1 rewrites bad.txt: code, place and underlined text of every finding; the diff is the review.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from shardgen.codes.auditing import CODES
from tests import support

HERE = Path(__file__).parent / "audit"
EXPECTED = HERE / "bad.txt"


def project(name: str, folder: Path) -> Path:
    """Copy a project into a folder of its own."""
    shutil.copytree(HERE / name, folder / name)
    return folder / name


def places(folder: Path) -> str:
    """Return code, place and underlined text of everything that an audit finds, line by line."""
    ran = support.run(folder, "audit", "--format", "json")
    assert ran.code == 1, ran.err
    found = []
    for each in json.loads(ran.out)["findings"]:
        line = (folder / each["file"]).read_text().splitlines()[each["line"] - 1]
        text = line[each["column"] - 1 : each["end_column"] - 1]
        found.append(f"{each['code']} {each['file']}:{each['line']}:{each['column']} {text}\n")
    return "".join(found)


def test_every_fault_in_its_place_and_nothing_else(tmp_path: Path) -> None:
    found = places(project("bad", tmp_path))
    if os.environ.get("ACCEPT"):
        EXPECTED.write_text(found)
    assert found == EXPECTED.read_text()


def test_every_rule_has_its_fault() -> None:
    assert {line.split()[0] for line in EXPECTED.read_text().splitlines()} == CODES.keys()


@pytest.mark.parametrize("is_rendered", [False, True])
def test_the_mended_project_is_clean(tmp_path: Path, *, is_rendered: bool) -> None:
    folder = project("good", tmp_path)
    if is_rendered:
        assert support.run(folder, "render").code == 0
    ran = support.run(folder, "audit")
    assert ran.code == 0, ran.out + ran.err


def test_what_is_rendered_adds_no_finding(tmp_path: Path) -> None:
    folder = project("bad", tmp_path)
    assert support.run(folder, "render").code == 0
    found = [line for line in places(folder).splitlines() if ".env.shards" not in line]
    assert found == EXPECTED.read_text().splitlines()
