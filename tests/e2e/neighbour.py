"""A second engine in the world, on the other end of a cable: another host, as far as containers see.

It has a network and mounts of its own. Commands that are for it are typed in a copy of the project.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.e2e.inside import PATIENCE
from tests.e2e.stacks import Docker, Stack
from tests.e2e.world import INSIDE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: The two ends of the cable: the world's own, and the neighbour's.
HERE, THERE = "10.91.0.1", "10.91.0.2"
NAME = "shards-b"
CABLE = "cable"
#: What the neighbour's first process does before it becomes its engine.
SCRIPT = """
busybox ip link set lo up
mount -t tmpfs tmpfs /run
until busybox ip link set "$1" up 2>/dev/null; do busybox sleep 0.1; done
busybox ip addr add "$2"/24 dev "$1"
shift 2
exec "$@"
"""
#: A stand-in for ssh: the host is the neighbour, whose engine answers the command.
SSH = '#!/bin/sh\n[ "$1" = {name} ] || exit 255\nshift\nDOCKER_HOST={host} exec sh -c "$*"\n'


@dataclass(frozen=True)
class Neighbour:
    """Another host: its engine, and the folder in which commands are typed there."""

    docker: Docker
    home: Path

    def follow(self, stack: Stack, said: str) -> list[str]:
        """Type what a render says comes next, each on its host; return what was typed.

        What needs a database is left out.
        """
        _, _, after = said.partition("\nnext  ")
        lines = [line.strip() for line in after.splitlines() if not line.strip().startswith("psql")]
        for line in lines:
            if line.endswith(f"# on {NAME}"):
                self.checkout(stack).type(line)
            else:
                stack.type(line)
        return lines

    def checkout(self, stack: Stack) -> Stack:
        """Return the stack as it is there: the same files, in a folder of the same name."""
        shutil.copytree(stack.folder, self.home / stack.project, dirs_exist_ok=True)
        return Stack(self.home / stack.project, self.docker)


@contextlib.contextmanager
def neighbour(docker: Docker, folder: Path) -> Iterator[Neighbour]:
    """Start another host, with the image of the stand-ins; nothing of it is left afterwards."""
    host = f"unix://{tempfile.gettempdir()}/neighbour.sock"  # the path of a socket is a short one
    there = replace(docker, host=host)
    with (folder / "dockerd.log").open("wb") as log:
        engine = start(folder, host, log.fileno())
        try:
            connect(engine)
            wait(there, engine, folder / "dockerd.log")
            save, load = ["docker", "save", docker.image], ["docker", "--host", host, "load"]
            with subprocess.Popen(save, stdout=subprocess.PIPE) as saved:
                subprocess.run(load, stdin=saved.stdout, stdout=subprocess.DEVNULL, check=True)
            assert saved.returncode == 0
            write_ssh(folder / "bin" / "ssh", host)
            home = folder / "home"
            home.mkdir()
            yield Neighbour(there, home)
        finally:
            engine.terminate()
            engine.wait()
            cut = ["busybox", "ip", "link", "del", CABLE]  # it may be gone with its other end
            subprocess.run(cut, check=False, stderr=subprocess.DEVNULL)


def start(folder: Path, host: str, log: int) -> subprocess.Popen[bytes]:
    """Start an engine in a network of its own; it waits for its end of the cable."""
    (folder / "daemon.json").write_text("{}")
    engine = ["dockerd", "--config-file", f"{folder}/daemon.json", "--data-root", f"{folder}/data",
              "--exec-root", "/run/docker", "--pidfile", f"{folder}/docker.pid", "--host", host,
              "--cgroup-parent", f"/{os.environ[INSIDE]}",
              "--exec-opt", "native.cgroupdriver=cgroupfs", "--shutdown-timeout", "1"]  # fmt: skip
    world = ["unshare", "--net", "--mount", "sh", "-euc", SCRIPT, "sh", "veth0", THERE]
    return subprocess.Popen([*world, *engine], stdout=log, stderr=log, start_new_session=True)


def connect(engine: subprocess.Popen[bytes]) -> None:
    """Lay the cable: one end here, the other in the network of the engine's process."""
    own = os.readlink("/proc/self/ns/net")
    while os.readlink(f"/proc/{engine.pid}/ns/net") == own:
        time.sleep(0.05)
    ip = ("busybox", "ip")
    for command in (
        ("link", "add", CABLE, "type", "veth"),
        ("link", "set", "dev", "veth0", "netns", str(engine.pid)),
        ("link", "set", CABLE, "up"),
        ("addr", "add", f"{HERE}/24", "dev", CABLE),
    ):
        subprocess.run([*ip, *command], check=True)


def wait(there: Docker, engine: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until an engine answers."""
    began = time.monotonic()
    asked = ["docker", "--host", there.host, "info"]
    while subprocess.run(asked, capture_output=True, check=False).returncode:
        is_waiting = engine.poll() is None and time.monotonic() - began < PATIENCE
        assert is_waiting, log.read_text()
        time.sleep(0.1)


def write_ssh(path: Path, host: str) -> None:
    """Write the stand-in for ssh."""
    path.parent.mkdir()
    path.write_text(SSH.format(name=NAME, host=host))
    path.chmod(0o755)
