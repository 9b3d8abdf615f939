"""What a test needs from the machine: found, or the test is skipped; in CI it fails instead."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest

#: Console scripts of the environment that runs the tests; it need not be activated.
SCRIPTS = str(Path(sys.executable).parent)


def path() -> str:
    """Return a PATH on which the scripts of this environment come first."""
    return os.pathsep.join([SCRIPTS, os.environ.get("PATH", os.defpath)])


def require(tool: str) -> str:
    """Return the path of a command; without it, skip the test, or fail it where CI is set."""
    return shutil.which(tool, path=path()) or lacking(f"{tool} is not on PATH")


def module(name: str) -> Any:
    """Return a module of the `servers` extra; without it, skip the test, or fail it in CI."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return lacking(f"{name} is not installed")


def lacking(reason: str) -> NoReturn:
    """Skip the test for a reason; where CI is set nothing may be skipped, so fail it."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and CI skips no test", pytrace=False)
    pytest.skip(reason)
