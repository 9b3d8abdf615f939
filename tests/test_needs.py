"""A tool that is not there skips a test on a laptop, and fails it in CI."""

from __future__ import annotations

import os

import pytest

from tests import needs
from tests.e2e import world

TOOL = "a-tool-that-is-nowhere"


def test_a_lacking_tool_skips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=TOOL):
        needs.require(TOOL)


def test_a_lacking_tool_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=TOOL):
        needs.require(TOOL)


def test_a_script_of_the_environment_is_found() -> None:
    assert needs.require("shardgen").startswith(needs.SCRIPTS)


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)])
def test_without_root_there_is_no_world(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ci: str, code: int
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("PATH", os.environ["PATH"])
    monkeypatch.delenv(world.ENGINE, raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert world.main(["true"]) == code
    assert capsys.readouterr().err.startswith("skipped: a world of its own needs root; ")


@pytest.mark.parametrize("tool", ["dockerd", "busybox"])
def test_without_its_tools_there_is_no_world(monkeypatch: pytest.MonkeyPatch, tool: str) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(
        world.shutil, "which", lambda name: None if name == tool else f"/bin/{name}"
    )
    assert world.lacking() == f"not on PATH: {tool}"
