"""Asks docker what compose makes of a project's files and what the engine runs; changes nothing."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from shardgen.compose import folder
from shardgen.errors import UsageError
from shardgen.status.engine import Container, Engine, Mounted, declared, volume_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shardgen.model import Fleet

#: Seconds that docker may take; compose reads a thousand services in two.
PATIENCE = 30
#: The way on that is always there.
WITHOUT = "leave --docker out to ask the shards alone"
#: Containers that one command names.
MOST = 500
PROJECT, SERVICE = "com.docker.compose.project", "com.docker.compose.service"
ONE_OFF = "com.docker.compose.oneoff"
#: What is asked of every container: tabs are in none of it.
LISTED = f'{{{{.ID}}}}\t{{{{.Label "{PROJECT}"}}}}\t{{{{.Label "{SERVICE}"}}}}\t{{{{.Mounts}}}}'


def read_engine(root: str, compose: Sequence[str], fleet: Fleet) -> Engine:
    """Return what is declared in a project's folder, and what runs of its shards.

    `compose` is `docker compose` with its files. Containers of others are there as far as they have
    a volume of a shard. Raises UsageError where docker does not answer.
    """
    model = json.loads(docker(root, *compose[1:], "config", "--format", "json"))
    volumes = {volume_of(shard, model) for shard in fleet.shards}
    first = fleet.service.name
    ids = []
    for line in docker(root, "ps", "--all", "--no-trunc", "--format", LISTED).splitlines():
        number, project, service, mounts = line.split("\t")
        is_ours = project == model["name"] and service.startswith(first)
        if is_ours or not volumes.isdisjoint(mounts.split(",")):
            ids.append(number)
    now = datetime.now(timezone.utc)
    wanted = (declared(shard, fleet, model) for shard in fleet.live)
    images = sorted({each.image for each in wanted if each})
    return Engine(
        model=model,
        containers=tuple(container(each, now) for each in inspected(root, "container", ids)),
        images=image_ids(images, inspected(root, "image", images)),
    )


def inspected(root: str, kind: str, names: Sequence[str]) -> Iterable[dict[str, Any]]:
    """Return what the engine knows of some things; those that are gone are left out."""
    found = []
    for start in range(0, len(names), MOST):
        some = names[start : start + MOST]
        found += json.loads(docker(root, kind, "inspect", *some, is_whole=False) or "[]")
    return found


def image_ids(names: Sequence[str], images: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Return the ids of images by the names that compose has for them."""
    found = {}
    for image in images:
        for tag in (*(image.get("RepoTags") or ()), *(image.get("RepoDigests") or ())):
            found[tag] = image["Id"]
            found[tag.removesuffix(":latest")] = image["Id"]
    return {name: found[name] for name in names if name in found}


def container(data: dict[str, Any], now: datetime) -> Container:
    """Return a container as `docker inspect` tells of it."""
    state, config = data["State"], data["Config"]
    labels = config.get("Labels") or {}
    networks = (data.get("NetworkSettings") or {}).get("Networks") or {}
    started = str(state.get("StartedAt", ""))
    return Container(
        name=data["Name"].lstrip("/"),
        project=labels.get(PROJECT, ""),
        service=labels.get(SERVICE, ""),
        is_one_off=labels.get(ONE_OFF, "False") == "True",
        state=state["Status"],
        health=(state.get("Health") or {}).get("Status", ""),
        exit_code=state.get("ExitCode", 0),
        restarts=data.get("RestartCount", 0),
        started=started,
        seconds=seconds_since(started, now),
        image=config.get("Image", ""),
        image_id=data.get("Image", ""),
        environment=dict(each.split("=", 1) for each in config.get("Env") or () if "=" in each),
        mounts={folder(each["Destination"]): mounted(each) for each in data.get("Mounts") or ()},
        networks={name: names_on(each or {}) for name, each in networks.items()},
    )


def mounted(data: dict[str, Any]) -> Mounted:
    """Return one mount of a container."""
    is_volume = data.get("Type") == "volume"
    return Mounted(
        volume=data.get("Name", "") if is_volume else "",
        source=data.get("Source", ""),
        is_writable=bool(data.get("RW", True)),
    )


def names_on(network: dict[str, Any]) -> tuple[str, ...]:
    """Return the names that a container has on a network; newer engines list them all apart."""
    return tuple(dict.fromkeys([*(network.get("Aliases") or ()), *(network.get("DNSNames") or ())]))


def seconds_since(moment: str, now: datetime) -> float:
    """Return the seconds since a moment as the engine writes it; 0 where it never came."""
    try:
        began = datetime.strptime(moment[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    except ValueError:
        return 0
    return max(0.0, (now - began).total_seconds()) if began.year > 1 else 0


def docker(root: str, *arguments: str, is_whole: bool = True) -> str:
    """Return what docker prints. `is_whole` raises UsageError where it did not do all of it."""
    try:
        done = subprocess.run(  # noqa: S603 - a fixed list, and names that docker itself gave
            ["docker", *arguments], cwd=root, stdin=subprocess.DEVNULL, capture_output=True,
            encoding="utf-8", errors="replace", timeout=PATIENCE, check=False,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise UsageError(f"--docker: docker is not on PATH; install it, or {WITHOUT}") from error
    except subprocess.TimeoutExpired as error:
        raise UsageError(
            f"--docker: docker did not answer within {PATIENCE} s; `docker info` says whether its "
            f"engine runs, or {WITHOUT}"
        ) from error
    if done.returncode and (is_whole or not done.stdout.strip()):
        raise UsageError(
            f"--docker: {' '.join(['docker', *arguments[:2]])}: {complaint(done.stderr)}"
        )
    return done.stdout


def complaint(text: str) -> str:
    """Return the line that says what went wrong; warnings come before it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    wrong = [line for line in lines if "level=warning" not in line]
    return (wrong or lines or ["it says no more"])[0].removeprefix("Error response from daemon: ")
