"""A command in a world of its own, with a real Docker engine: `python -m tests.e2e.world COMMAND`.

The world has its own network, mounts and process ids, so that everything in it ends with it, also
when it is interrupted: containers, volumes, networks, the engine itself. It needs root. With
SHARDGEN_E2E_ENGINE=host there is no world: the command uses the engine that this machine runs.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[2]
#: Which engine the tests use: "host" for the machine's, "world" inside a world.
ENGINE = "SHARDGEN_E2E_ENGINE"
TOOLS = ("busybox", "docker", "dockerd", "iptables", "mount", "setpriv", "unshare")
#: The name of the world that this process is in.
INSIDE = "SHARDGEN_E2E_WORLD"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
CONTROL_GROUPS = Path("/sys/fs/cgroup")
#: Where the machine has its administrator's tools; they need not be on a user's PATH.
SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def main(command: Sequence[str]) -> int:
    """Run a command; return its exit code, or that of a signal."""
    os.environ["PATH"] = os.pathsep.join([os.environ.get("PATH", os.defpath), *SBIN])
    if os.environ.get(ENGINE) == "host":
        os.chdir(ROOT)
        os.execvp(command[0], list(command))
    if reason := lacking():
        print(f"skipped: {reason}; {ENGINE}=host uses the engine of this machine", file=sys.stderr)
        return 1 if os.environ.get("CI") else 0
    for number in SIGNALS:
        signal.signal(number, interrupted)
    with home() as folder:
        return live(folder, command)


def lacking() -> str:
    """Return why there can be no world here; '' where there can."""
    if os.geteuid() != 0:
        return "a world of its own needs root"
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"not on PATH: {', '.join(missing)}" if missing else ""


def interrupted(number: int, _: object) -> NoReturn:
    """End as a shell says that a signal did; no second one disturbs what is done at the end."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)


@contextlib.contextmanager
def home() -> Iterator[Path]:
    """Make the folder that the world mounts its own disk on; remove it, and its control groups."""
    with tempfile.TemporaryDirectory(prefix=prefix()) as folder:
        try:
            yield Path(folder)
        finally:
            remove_control_groups(Path(folder).name)


def live(folder: Path, command: Sequence[str]) -> int:
    """Return how a command ended in a world; nothing of the world is alive then.

    The kernel ends all of its processes with the first one, and the first one with this process.
    The session of its own keeps the interrupt of a terminal here, where it is waited for.
    """
    inside = [sys.executable, "-m", "tests.e2e.inside", str(folder), *command]
    world = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", *world, *inside], cwd=ROOT, start_new_session=True
    )
    try:
        return process.wait()
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End the world's first process, and wait until `unshare` has seen the last one end."""
    began = time.monotonic()
    while process.poll() is None:
        is_late = time.monotonic() - began > 1
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        with contextlib.suppress(OSError):
            for pid in children.read_text().split() or [str(process.pid)]:
                os.kill(int(pid), signal.SIGKILL if is_late else signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.1)


def prefix() -> str:
    """Return how names of worlds begin here; those beside this one see its control groups."""
    return f"{os.environ.get(INSIDE, 'shardgen-e2e')}-"


def control_groups(pattern: str) -> list[Path]:
    """Return the groups of a name, in one hierarchy or in several."""
    return [*CONTROL_GROUPS.glob(pattern), *CONTROL_GROUPS.glob(f"*/{pattern}")]


def remove_control_groups(name: str) -> None:
    """Remove the groups of containers that are gone: no namespace takes them along."""
    roots = control_groups(name)
    for attempt in range(20):
        for root in roots:
            for folder, _, _ in os.walk(root, topdown=False):
                with contextlib.suppress(OSError):
                    Path(folder).rmdir()
        roots = [root for root in roots if root.exists()]
        if not roots:
            return
        time.sleep(0.05 * (attempt + 1))
    print(f"left behind: {', '.join(map(str, roots))}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
