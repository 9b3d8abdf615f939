"""A tool that is not there skips a test on a laptop, and fails it in CI."""

from __future__ import annotations

import pytest

from tests import needs

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
