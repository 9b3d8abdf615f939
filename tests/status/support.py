"""A fleet, answers and an engine as plain data, for tests of what is made of them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import yaml

from shardgen.instructions import build_commands
from shardgen.model import build_fleet
from shardgen.standing import Live
from shardgen.status import answers
from shardgen.status.answers import Answer
from shardgen.status.engine import Container, Engine, Mounted
from shardgen.status.overview import overview, questions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardgen.model import Fleet
    from shardgen.status.overview import Overview

AT = "2026-01-02T03:04:05Z"
MOUNT = "/app/storage/whatsapp"
COMPOSE = "docker compose -f a.yml"


def fleet_of(text: str = "shards: [{id: 1}, {id: 2}, {id: 3, state: draining}]") -> Fleet:
    """Return the fleet of a shards.yaml."""
    return build_fleet(yaml.safe_load(text))


def answer(body: bytes | str = b"{}", status: int = 200, **more: Any) -> Answer:
    """Return an answer that came whole, after 4 ms."""
    content = body.encode() if isinstance(body, str) else body
    values = {"end": answers.ANSWERED, "seconds": 0.004, "status": status, "body": content}
    return Answer(**{**values, **more})


def no_answer(end: str, **more: Any) -> Answer:
    """Return how a request ended that was not answered."""
    return Answer(**{"end": end, "seconds": 2.0, **more})


def view(
    *given: Answer,
    fleet: Fleet | None = None,
    engine: Engine | None = None,
    live: Live | None = None,
    compose: str = COMPOSE,
    config: str = "shards.yaml",
    environment: Mapping[str, str] | None = None,
) -> Overview:
    """Return how a fleet stands; shards for which no answer is given are well."""
    fleet = fleet or fleet_of()
    commands = replace(build_commands(fleet, config, None), compose=compose)
    asked = questions(fleet, environment or {}, 2.0)
    every = [*given, *(answer() for _ in asked[len(given) :])]
    return overview(
        fleet, asked, every, at=AT, timeout=2.0, commands=commands, engine=engine, live=live
    )


MODEL: dict[str, Any] = {
    "name": "shop",
    "services": {
        name: {
            "environment": {"LEVEL": "info", "PRICE": "5$$", "PASSED": None},
            "networks": {"net": {"aliases": [alias]}},
        }
        for name, alias in (("baileys", "baileys-1"), ("baileys-2", "baileys-2"),
                            ("baileys-3", "baileys-3"))
    },
    "volumes": {"whatsapp_auth": {"name": "shop_whatsapp_auth"}, "whatsapp_auth_shard3": {}},
    "networks": {"net": {"name": "shop-net"}},
}  # fmt: skip


def volume(name: str, *, is_writable: bool = True) -> dict[str, Mounted]:
    """Return the mounts of a container that has a volume for its state."""
    return {MOUNT: Mounted(volume=name, source="/var/lib", is_writable=is_writable)}


def container(number: int = 1, **more: Any) -> Container:
    """Return the container of a shard as it should be, but for what is given."""
    service = "baileys" if number == 1 else f"baileys-{number}"
    own = "shop_whatsapp_auth" + ("" if number == 1 else f"_shard{number}")
    values = {
        "name": f"shop-{service}-1",
        "project": "shop",
        "service": service,
        "is_one_off": False,
        "state": "running",
        "health": "healthy",
        "exit_code": 0,
        "restarts": 0,
        "started": "2026-01-01T00:00:00Z",
        "seconds": 1_040_000,
        "image": f"shop-{service}",
        "image_id": f"sha256:{number}",
        "environment": {"LEVEL": "info", "PRICE": "5$", "BAILEYS_SHARD_ID": str(number)},
        "mounts": volume(own),
        "networks": {"shop-net": (service, f"baileys-{number}")},
    }
    return Container(**{**values, **more})


def engine(*containers: Container, images: Mapping[str, str] | None = None) -> Engine:
    """Return an engine that runs some containers."""
    return Engine(model=MODEL, containers=containers, images=images or {})


def database(
    tenants: Mapping[int | None, int] | None, registry: Mapping[int, tuple[str, int | None]]
) -> Live:
    """Return what a database says."""
    return Live(applied=(), registry=registry, default=None, foreign_key=None, tenants=tenants)
