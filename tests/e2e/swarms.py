"""A swarm of one node in the tests' own engine, and a stack on it that is gone after its test."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.projects import environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support import Project

STACK, STACK_FILE = "shop", "docker-stack.yml"
#: What a node alone joins, so that none of it is reached from elsewhere.
INIT = "docker swarm init --advertise-addr 127.0.0.1 --listen-addr 127.0.0.1:2377"
#: The network by which the tasks of a swarm reach the world; `swarm leave` forgets it.
GATEWAY = "docker_gwbridge"
#: Seconds within which the engine does what it was told.
PATIENCE = 60
#: A shard, as far as others see it: it answers with its own id, and keeps what it is given.
SERVE = """trap 'exit 0' TERM; mkdir /www
echo "$$BAILEYS_SHARD_ID" > /www/health; httpd -p 3300 -h /www; sleep 86400 & wait"""


def base(image: str) -> str:
    """Return the compose file of a project: an image, and what a stack would ignore or refuse."""
    return f"""\
services:
  api: {{image: {image}, networks: [net]}}
  baileys:
    image: {image}
    build: .
    command: [sh, -c, {json.dumps(SERVE)}]
    restart: unless-stopped
    expose: ["3300"]
    env_file: [.env]
    environment: {{LEVEL: "${{LEVEL:-info}}", DEBUG: false}}
    depends_on: {{api: {{condition: service_started}}}}
    security_opt: ["no-new-privileges:true"]
    mem_limit: 64m
    volumes: ["whatsapp_auth:/app/storage/whatsapp"]
    networks: [net]
volumes:
  whatsapp_auth:
networks:
  net:
"""


def own_stack(image: str) -> str:
    """Return the stack file with the consumer, which says what the shards' network is."""
    return f"""\
version: "3.9"
services:
  api:
    image: {image}
    environment: {{BAILEYS_NUM_SHARDS: "0"}}
    networks: [net]
networks:
  net: {{driver: overlay}}
"""


SHARDS = """\
version: 1
service: {consumers: [api], limits: {cpus: 0.5}}
outputs:
  migrations: {enabled: false}
  swarm: {enabled: true, stack: shop, base: stack.yml}
shards:
  - id: 1
  - id: 2
  - id: 3
"""


def type_in(folder: Path, command: str, code: int = 0) -> str:
    """Type a command, and return what it prints, on either stream; it must end with a code."""
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == code, f"{command}\n{done.stdout}"
    return done.stdout


def wait_for(what: str, is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < PATIENCE, f"never seen: {what}"
        time.sleep(0.1)


@dataclass(frozen=True)
class Swarm:
    """A project with a stack file, on a swarm of this engine's own."""

    project: Project

    def type(self, command: str, code: int = 0) -> str:
        """Type a command in the project's folder."""
        return type_in(self.project.root, command, code)

    def render(self) -> None:
        """Render."""
        self.project.render()

    def deploy(self) -> str:
        """Type the command at the top of the stack file; no registry is asked here."""
        command = self.project.read(STACK_FILE).splitlines()[2].removeprefix("# ")
        assert command.startswith("docker stack deploy ")
        told = self.type(command.replace("deploy", "deploy --resolve-image never", 1))
        assert "Ignoring" not in told, told
        return told

    def label(self, shard: int) -> None:
        """Say that this node has a shard's volume, as the stack file tells."""
        node = self.type("docker node ls --quiet").strip()
        command = self.project.read(STACK_FILE).splitlines()[5].removeprefix("# ")
        assert command.startswith("docker node update --label-add ")
        self.type(command.replace("-N=", f"-{shard}=").replace("NODE", node))

    def task(self, service: str) -> str:
        """Return the id and the state of the task that should run."""
        shown = "--filter desired-state=running --format '{{.ID}} {{.CurrentState}}'"
        return self.type(f"docker service ps --no-trunc {shown} {STACK}_{service}").strip()

    def running(self, *services: str) -> dict[str, str]:
        """Wait until services run, and return the id of the one task of each."""

        def is_so() -> bool:
            return all(self.task(each).count(" Running ") == 1 for each in services)

        wait_for(f"{services} run", is_so)
        return {each: self.task(each).split()[0] for each in services}

    def container(self, service: str) -> str:
        """Return the one container of a service that runs."""
        pattern = f"label=com.docker.swarm.service.name={STACK}_{service}"
        found = self.type(f"docker ps --quiet --filter {pattern}").split()
        assert len(found) == 1, f"{service} has {len(found)} containers on its volume"
        return found[0]

    def inside(self, service: str, command: str) -> str:
        """Type a command in the container of a service."""
        return self.type(f"docker exec {self.container(service)} {command}").strip()

    def answers(self, *ids: int) -> bool:
        """Return whether the consumer reaches each shard by its URL, and shard 1 by the old one."""
        urls = {f"http://baileys-{number}:3300": number for number in ids}
        asked = {"http://baileys:3300": 1, **urls}
        shell = "; ".join(f"wget -qO- {url}/health || echo none" for url in asked)
        return self.inside("api", f"sh -c '{shell}'").split() == [str(n) for n in asked.values()]

    def listed(self, kind: str) -> list[str]:
        """Return the names of what the engine has of the stack."""
        shown = "{{.Names}}" if kind == "container" else "{{.Name}}"
        every = "--all" if kind == "container" else ""
        command = f"docker {kind} ls {every} --filter name={STACK}_ --format '{shown}'"
        return sorted(self.type(command).split())

    def remove(self) -> None:
        """Remove the stack, and wait until nothing of it is left but volumes."""
        self.type(f"docker stack rm {STACK}")
        kinds = ("service", "container", "network", "config")
        wait_for("nothing is left", lambda: not any(map(self.listed, kinds)))
