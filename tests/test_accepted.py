"""The valid twins of the refusals: what looks odd and is right is taken, and renders (G6, G11)."""

from __future__ import annotations

from pathlib import Path

import pytest

from shardgen.disk import Disk
from shardgen.validate import validate
from tests.cases import cases, render, set_up

CASES = cases("accepted")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_accepted(
    case: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The case is valid and renders; a second render changes nothing."""
    set_up(case, tmp_path)
    inputs = validate((tmp_path / "shards.yaml").read_bytes(), "shards.yaml", Disk(str(tmp_path)))
    assert inputs.fleet.shards
    first = render(tmp_path, monkeypatch, capfd)
    assert (first.code, first.stderr) == (0, "")
    second = render(tmp_path, monkeypatch, capfd)
    assert second.code == 0
    assert second.after == second.before


def test_there_are_enough_cases() -> None:
    """A runner that finds no cases proves nothing."""
    assert len(CASES) >= 12
