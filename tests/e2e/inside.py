"""The first process of a world: mounts, a Docker engine, one command, and a look at what it left.

It ends with the command's exit code; with 1 where that was 0 and something was left.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.e2e.world import ENGINE, INSIDE

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Where engines write although nothing tells them to: key.json, /opt/containerd.
WRITTEN = ("/etc", "/opt")
SOCKET = "/run/docker.sock"
#: Seconds within which an engine answers; half a second is usual.
PATIENCE = 60
#: The networks that every engine has.
OWN_NETWORKS = {"bridge", "host", "none"}
#: What lists the names of each kind of thing.
LISTS = {
    "container": ("container", "ls", "--all", "--format", "{{.Names}}"),
    "volume": ("volume", "ls", "--format", "{{.Name}}"),
    "network": ("network", "ls", "--format", "{{.Name}}"),
    "image": ("image", "ls", "--format", "{{.Repository}}:{{.Tag}}"),
}


def main(folder: Path, command: Sequence[str]) -> int:
    """Run a command beside an engine that is not there for anyone else."""
    # With its first process the kernel ends all others of the world.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(1))
    mount(folder)
    os.environ |= {
        ENGINE: "world",
        INSIDE: folder.name,
        "DOCKER_HOST": f"unix://{SOCKET}",
        "DOCKER_CONFIG": str(folder / "config"),
        "TMPDIR": made(folder / "tmp"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    os.environ.pop("DOCKER_CONTEXT", None)
    with Path(folder, "dockerd.log").open("wb") as log:
        engine = start(folder, log.fileno())
        if not is_ready(engine):
            print(Path(log.name).read_text(errors="replace")[-4000:], end="", file=sys.stderr)
            return 1
        code = subprocess.run(command, check=False).returncode
        left = left_behind()
        engine.terminate()
        engine.wait()
    for line in left:
        print(f"left behind: {line}", file=sys.stderr)
    return code or int(bool(left))


def mount(folder: Path) -> None:
    """Give the world a disk in memory, an empty /run, and a network that can reach itself."""
    run("mount", "-t", "tmpfs", "tmpfs", str(folder))
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    # A world within a world has these already, and overlays cannot be stacked for long.
    for target in () if os.environ.get(ENGINE) == "world" else WRITTEN:
        upper, work = (made(folder / kind / target[1:]) for kind in ("upper", "work"))
        layers = f"lowerdir={target},upperdir={upper},workdir={work}"
        run("mount", "-t", "overlay", "overlay", "-o", layers, target)
    run("busybox", "ip", "link", "set", "lo", "up")


def start(folder: Path, log: int) -> subprocess.Popen[bytes]:
    """Start an engine that reads no configuration of the machine's, and keeps all in a folder."""
    settings = folder / "daemon.json"
    settings.write_text("{}")
    command = ["dockerd", "--config-file", str(settings), "--data-root", str(folder / "data"),
               "--exec-root", "/run/docker", "--pidfile", "/run/docker.pid",
               "--host", f"unix://{SOCKET}", "--cgroup-parent", f"/{folder.name}",
               "--exec-opt", "native.cgroupdriver=cgroupfs", "--shutdown-timeout", "1"]  # fmt: skip
    return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)


def is_ready(engine: subprocess.Popen[bytes]) -> bool:
    """Wait until an engine answers, say which one it is, and return whether it did."""
    began = time.monotonic()
    asked = ["docker", "info", "--format", "{{.ServerVersion}}, {{.Driver}}"]
    while engine.poll() is None and time.monotonic() - began < PATIENCE:
        answer = subprocess.run(asked, capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            seconds = time.monotonic() - began
            print(f"engine {answer.stdout.strip()}, ready in {seconds:.1f} s", flush=True)
            return True
        time.sleep(0.1)
    return False


def left_behind() -> list[str]:
    """Return what is in the engine that was not there at its start."""
    return [
        f"{kind} {name}"
        for kind, command in LISTS.items()
        for name in run("docker", *command).split("\n")
        if name and not (kind == "network" and name in OWN_NETWORKS)
    ]


def made(folder: Path) -> str:
    """Make a folder, and return its name."""
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder)


def run(*command: str) -> str:
    """Return what a command that must succeed prints."""
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
