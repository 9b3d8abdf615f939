"""The repository's own stack in a temporary folder: its files as they are, stand-ins for its images."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.projects import ROOT, environment

STAND_INS = Path(__file__).with_name("stand_ins")
BASE, OVERLAY = "docker-compose.yml", "docker-compose.prod.yml"
#: What is rendered and committed here, for the stack to run with.
RENDERED = (OVERLAY, ".env.shards", "server/whatsapp_shard_router.py", "server/SSOT_SHARDING.md")
CONSUMERS = {"prosaas-api", "worker", "prosaas-calls"}
#: Where a shard keeps its state, and what a paired device leaves there.
MOUNT = "/app/storage/whatsapp"
PAIRED = f"{MOUNT}/creds.json"
#: Seconds within which a container that is asked every second is well.
PATIENCE = 30


@dataclass(frozen=True)
class Docker:
    """docker with one version of compose as its plugin, and the engine that it reaches.

    `image` is what stand-ins are made from; `is_own` says that nobody else uses the engine.
    """

    config: Path
    host: str
    image: str
    is_own: bool

    def run(self, *command: str, folder: Path = ROOT, code: int = 0) -> str:
        """Return what a command prints on stdout; it must end with a code."""
        variables = {"DOCKER_CONFIG": str(self.config), "DOCKER_HOST": self.host}
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment(**variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == code, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    def names(self, kind: str, pattern: str, show: str) -> list[str]:
        """Return the things of a kind that a filter finds."""
        every = ("--all",) if kind == "container" else ()
        listed = ("docker", kind, "ls", *every, "--filter", pattern, "--format", show)
        return self.run(*listed).split()


@dataclass(frozen=True)
class Container:
    """What compose must not replace."""

    id: str
    started: str
    is_running: bool


@dataclass(frozen=True)
class Stack:
    """A copy of the stack; compose takes the project's name from the folder's."""

    folder: Path
    docker: Docker

    @property
    def project(self) -> str:
        """The name under which all that belongs to the stack is found, and removed."""
        return self.folder.name

    def type(self, command: str, code: int = 0) -> str:
        """Type a command in the project's folder, and return what it prints."""
        return self.docker.run("bash", "-c", command, folder=self.folder, code=code)

    def compose(self, command: str, profile: str = "") -> str:
        """Type a compose command by hand."""
        option = f" --profile {profile}" if profile else ""
        return self.type(f"docker compose -f {BASE} -f {OVERLAY}{option} {command}")

    def render(self, *options: str) -> None:
        """Render, and type what it says comes next, but for what needs a database."""
        _, _, after = self.type(" ".join(["shardgen render", *options])).partition("\nnext  ")
        for command in after.splitlines():
            if command.strip().startswith("docker "):
                self.type(command)

    def start(self) -> None:
        """Type the command of the runbook."""
        text = self.read("server/SSOT_SHARDING.md")
        found = re.search(
            r"^Start, or apply a change:\n\n```sh\n(.*?)```", text, re.MULTILINE | re.DOTALL
        )
        assert found
        self.type(found[1])

    def read(self, name: str) -> str:
        """Return a file's text."""
        return (self.folder / name).read_text(encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        """Write a file."""
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text, encoding="utf-8")

    def change(self, name: str, old: str, new: str) -> None:
        """Replace a text that stands in a file."""
        assert old in self.read(name), (name, old)
        self.write(name, self.read(name).replace(old, new))

    def probe_often(self) -> None:
        """Shorten the intervals of the base's healthchecks to a tenth: most of a start is waiting."""
        text = re.sub(r"interval: (\d+)\ds", r"interval: \1s", self.read(BASE))
        self.write(BASE, text)

    def containers(self) -> dict[str, Container]:
        """Return the container of each service, running or not."""
        ids = self.docker.names("container", self.label, "{{.ID}}")
        found = json.loads(self.docker.run("docker", "inspect", *ids)) if ids else []
        return {each["Config"]["Labels"]["com.docker.compose.service"]: container(each)
                for each in found}  # fmt: skip

    def is_well(self, service: str) -> bool:
        """Wait for a service's own healthcheck, and return whether it says that all is well."""
        began = time.monotonic()
        asked = ("docker", "inspect", "--format", "{{.State.Health.Status}}")
        while time.monotonic() - began < PATIENCE:
            status = self.docker.run(*asked, self.containers()[service].id).strip()
            if status != "starting":
                return status == "healthy"
            time.sleep(0.5)
        return False

    def ask(self) -> dict[str, Any]:
        """Return which shard answers at each URL of the router, as the API's container sees them."""
        asked = "python -m server.ask"
        found: dict[str, Any] = json.loads(self.compose(f"exec -T prosaas-api {asked}"))
        return found

    def pair(self, service: str) -> None:
        """Leave something in a shard's volume, with the shard's name in it."""
        self.compose(f"exec -T {service} sh -c 'echo {service} > {PAIRED}'", "multi-shard")

    def paired(self, service: str) -> str:
        """Return what is in the volume of a shard that runs."""
        return self.compose(f"exec -T {service} cat {PAIRED}", "multi-shard").strip()

    def kept(self, volume: str) -> str:
        """Return the same of a volume that nothing needs to use."""
        command = ("run", "--rm", "--volume", f"{volume}:{MOUNT}", self.docker.image, "cat", PAIRED)
        return self.docker.run("docker", *command).strip()

    def volumes(self) -> set[str]:
        """Return the volumes that the engine has of this stack."""
        return set(self.docker.names("volume", f"name={self.project}", "{{.Name}}"))

    @property
    def label(self) -> str:
        """The filter that finds what compose made."""
        return f"label=com.docker.compose.project={self.project}"

    def remove(self) -> None:
        """Remove from the engine what bears the project's name, but for the images."""
        name = f"name={self.project}"
        for kind, command, pattern, show in (
            ("container", "rm --force", self.label, "{{.ID}}"),
            ("network", "rm", name, "{{.Name}}"),
            ("volume", "rm", name, "{{.Name}}"),
        ):
            if found := self.docker.names(kind, pattern, show):
                self.docker.run("docker", kind, *command.split(), *found)


def container(inspected: dict[str, Any]) -> Container:
    """Return what matters of a container."""
    state = inspected["State"]
    return Container(inspected["Id"], state["StartedAt"], state["Running"])


def new_stack(folder: Path, docker: Docker) -> Stack:
    """Copy the stack's two inputs, with stand-ins for what its images would be built from."""
    shutil.copytree(STAND_INS, folder, ignore=shutil.ignore_patterns("bin", "__pycache__"))
    stack = Stack(folder, docker)
    base = (ROOT / BASE).read_text(encoding="utf-8")
    network = f"{stack.project}-net"
    stack.write(BASE, base if docker.is_own else borrowed(base, docker.image))
    for name in ("Dockerfile", "Dockerfile.baileys"):
        stack.change(name, "FROM stand-in\n", f"FROM {docker.image}\n")
    stack.write("shards.yaml", (ROOT / "shards.yaml").read_text(encoding="utf-8"))
    stack.write(".env", f"INTERNAL_SECRET=s3\nDOCKER_NETWORK_NAME={network}\n")
    stack.write("nginx.conf", "")
    stack.write("frontend/dist/index.html", "")
    docker.run("docker", "network", "create", network)
    return stack


def committed(stack: Stack) -> Stack:
    """Give a stack the rendered files as they are committed here."""
    for name in RENDERED:
        stack.write(name, (ROOT / name).read_text(encoding="utf-8"))
    return stack


def borrowed(base: str, image: str) -> str:
    """Return the base for an engine that others use: neither their images' names nor their ports."""
    for name in images(base):
        base = base.replace(f"image: {name}\n", f"image: {image}\n")
    return base.replace('"80:80"', '"80"')


def images(base: str) -> set[str]:
    """Return the images that a base names."""
    services = yaml.safe_load(base)["services"].values()
    return {service["image"] for service in services if "image" in service}


def quick(stack: Stack, *ids: int) -> Stack:
    """Let a stack probe its services ten times as often, give it other shards, and render it."""
    stack.probe_often()
    text, _, _ = stack.read("shards.yaml").partition("shards:\n")
    stack.write("shards.yaml", text + "shards:\n" + "".join(f"  - id: {each}\n" for each in ids))
    stack.type("shardgen render")
    return stack
