"""The valid twins of the refusals: what looks odd and is right is taken, and renders (G6, G11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shardgen.disk import Disk
from shardgen.validate import validate
from tests.folders import cases, render, set_up

if TYPE_CHECKING:
    from pathlib import Path

CASES = cases("accepted")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_accepted(
    case: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The case is valid and renders."""
    set_up(case, tmp_path)
    inputs = validate((tmp_path / "shards.yaml").read_bytes(), "shards.yaml", Disk(str(tmp_path)))
    assert inputs.fleet.shards
    ran = render(tmp_path, monkeypatch, capfd)
    assert (ran.code, ran.stderr) == (0, "")


def test_there_are_enough_cases() -> None:
    """A runner that finds no cases proves nothing."""
    assert len(CASES) >= 12
