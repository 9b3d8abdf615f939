"""Nothing is left of a world: when its command fails, when it is interrupted, when it is killed.

These run in a world themselves, where nothing else comes and goes.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import needs
from tests.e2e.world import ENGINE, control_groups, lacking, prefix, remove_control_groups
from tests.projects import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WORLD = (sys.executable, "-m", "tests.e2e.world")
#: A container that runs, a volume and a network, made without the stand-ins.
MAKE = """
set -e
tar -cf - -C "$(dirname "$(command -v busybox)")" busybox | docker import - box
docker network create net
docker run --detach --stop-timeout 1 --network net --volume state:/state box /busybox sleep 600
"""
#: The same, and it goes on until somebody ends it.
RUN = f"{MAKE}\necho it runs\nsleep 600"
FAILING = """
import pytest
from tests.e2e.stacks import quick

def test_that_fails_in_the_middle(stack):
    quick(stack, 1).compose("up -d redis")
    pytest.fail(f"with {' '.join(stack.containers())} running")
"""
#: Seconds within which everything of a world is gone once it ends.
PATIENCE = 20
#: Seconds within which the first stack of `make e2e` is half up, on a busy machine.
SLOW = 90


def traces() -> set[str]:
    """Return what a world could leave: processes, mounts, networks, folders, control groups."""
    found = set(Path("/proc/self/mountinfo").read_text().splitlines())
    for process in Path("/proc").glob("[0-9]*"):
        try:
            # A dead process is only a number, until its parent asks for it.
            if b"\0" in (line := (process / "cmdline").read_bytes()):
                found |= {f"{process.name} {line!r}", str((process / "ns/net").readlink())}
        except OSError:
            continue
    found |= {str(path) for path in Path(tempfile.gettempdir()).glob(f"{prefix()}*")}
    return found | {str(path) for path in control_groups(f"{prefix()}*")}


@pytest.fixture
def gone() -> Iterator[Callable[..., set[str]]]:
    """Return what waits until there is nothing new, and returns what there is all the same."""
    if os.environ.get(ENGINE) != "world":
        needs.lacking(lacking() or "these tests look around in a world: `make e2e`")
    before = traces()

    def left(patience: float = PATIENCE) -> set[str]:
        began = time.monotonic()
        while (found := traces() - before) and time.monotonic() - began < patience:
            time.sleep(0.2)
        return found

    yield left
    assert left() == set()


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a world within this one."""
    return subprocess.run(
        [*WORLD, *command], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )


@contextlib.contextmanager
def start(*command: str) -> Iterator[subprocess.Popen[str]]:
    """Start a command as a shell would, in a group of its own; wait for its end, or bring it."""
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            yield process
            process.wait(PATIENCE)
        finally:
            process.kill()


def is_up(process: subprocess.Popen[str]) -> bool:
    """Wait until a world has made what it is told to."""
    assert process.stdout
    return any(line == "it runs\n" for line in process.stdout)


def test_a_command_that_fails(gone: Callable[..., set[str]]) -> None:
    done = run("bash", "-c", f"{MAKE}\nexit 3")
    assert done.returncode == 3, done.stderr
    assert "left behind: volume state\n" in done.stderr
    assert "left behind: network net\n" in done.stderr
    assert "left behind: image box:latest\n" in done.stderr
    assert done.stderr.count("left behind: container ") == 1
    assert gone() == set()


def test_a_command_that_leaves_something_fails(gone: Callable[..., set[str]]) -> None:
    assert run("docker", "volume", "create", "state").returncode == 1
    assert run("docker", "volume", "ls").returncode == 0
    assert gone() == set()


def test_an_engine_that_does_not_start(gone: Callable[..., set[str]], tmp_path: Path) -> None:
    """What it said is shown."""
    broken = tmp_path / "dockerd"
    broken.write_text("#!/bin/sh\necho no engine today\nexit 1\n")
    broken.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = run("env", "true")
    assert done.returncode == 0, done.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", path)
        done = run("env", "true")
    assert (done.returncode, done.stderr) == (1, "no engine today\n")
    assert gone() == set()


def test_a_test_that_fails_in_the_middle(gone: Callable[..., set[str]], tmp_path: Path) -> None:
    """What it made in the engine is removed by its own fixture, before the world ends."""
    (tmp_path / "test_failing.py").write_text(FAILING)
    options = ("-q", "-p", "no:cacheprovider", "-p", "tests.e2e.conftest", "-k", "v5")
    configured = ("-c", str(ROOT / "pyproject.toml"), str(tmp_path))
    done = run(sys.executable, "-m", "pytest", *options, *configured)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Failed: with redis running" in done.stdout
    assert "1 failed, 1 deselected" in done.stdout
    assert "left behind" not in done.stderr
    assert gone() == set()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_world_that_is_interrupted(gone: Callable[..., set[str]], number: signal.Signals) -> None:
    """A terminal interrupts all that it started; `kill` one process alone."""
    with start(*WORLD, "bash", "-c", RUN) as process:
        assert is_up(process)
        (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
    assert process.returncode == 128 + number
    assert gone() == set()


def test_a_world_that_is_killed(gone: Callable[..., set[str]]) -> None:
    """Nobody can tidy up then: an empty folder stays, and empty control groups."""
    with start(*WORLD, "bash", "-c", RUN) as process:
        assert is_up(process)
        process.kill()
    left = sorted(gone(2))
    assert left
    assert {Path(each).name.startswith(prefix()) for each in left} == {True}
    name = Path(left[0]).name
    remove_control_groups(name)
    Path(tempfile.gettempdir(), name).rmdir()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_make_e2e_interrupted(gone: Callable[..., set[str]], number: signal.Signals) -> None:
    make = (needs.require("make"), "--old-file", ".venv/.servers", "-j", "2", "e2e-v2", "e2e-v5")
    with start(*make) as process:
        began = time.monotonic()
        while containers() < 4 and time.monotonic() - began < SLOW:
            time.sleep(0.1)
        assert containers() >= 4, "some of each version of compose"
        (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
    assert process.returncode != 0
    assert gone() == set()


def containers() -> int:
    """Return how many containers run in the worlds within this one."""
    return sum("containerd-shim" in each for each in traces())
