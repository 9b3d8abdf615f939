"""A command in, the time and the peak memory of its whole process out."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

#: ru_maxrss counts KiB, on macOS bytes.
RSS_UNIT = 1 if sys.platform == "darwin" else 1024
#: Variables of a developer's shell that would change what is measured.
DROPPED = frozenset({"CI", "PYTHONDONTWRITEBYTECODE", "PYTHONPROFILEIMPORTTIME", "PYTHONDEVMODE",
                     "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"})  # fmt: skip


class Cost(NamedTuple):
    """What one process took."""

    seconds: float
    peak_bytes: int


def environment(**added: str) -> dict[str, str]:
    """Return this process's environment as a user's shell has it: byte code is kept, no CI."""
    return {key: value for key, value in os.environ.items() if key not in DROPPED} | added


def run(command: Sequence[str], folder: Path, env: dict[str, str]) -> Cost:
    """Return what a command costs from its start until it has ended.

    Raises CalledProcessError, with the command's own words, where it does not exit with 0.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr
    with process.stderr:
        talk = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, stderr=talk.decode())
    return Cost(seconds, usage.ru_maxrss * RSS_UNIT)
