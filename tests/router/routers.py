"""Routers for the tests: a shards.yaml's data in, the generated text or a module that runs out."""

from __future__ import annotations

import os
from functools import cache
from itertools import count
from types import ModuleType
from typing import TYPE_CHECKING, Any
from unittest import mock

from shardgen.context import build_context
from shardgen.instructions import build_commands
from shardgen.model import build_fleet
from shardgen.overlay import Overlay
from shardgen.render import Renderer, Templates
from shardgen.resources import resource_text

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_OVERLAY = Overlay(
    anchor="",
    shared={},
    environment_anchor="",
    shared_environment={},
    first=None,
    shards=(),
    consumers=(),
    volumes=(),
    networks=(),
)
_numbers = count()


def shards(*ids: int, **settings: Any) -> dict[str, Any]:
    """Return the data of a shards.yaml with these ids, all active, and other top-level keys."""
    return {"version": 1, "shards": [{"id": number} for number in ids], **settings}


#: One configuration for each thing that changes the router's text.
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "one": shards(1),
    "two": shards(1, 2),
    "three": shards(1, 2, 3),
    "thousand": shards(*range(1, 1001)),
    "holes": shards(1, 3, 4, 7, 9),
    "only_shard_3": shards(3),
    "modulo": shards(1, 2, routing={"fallback": "modulo"}),
    "rendezvous": shards(1, 2, routing={"fallback": "rendezvous"}),
    "rendezvous_weights": {
        "shards": [{"id": 1}, {"id": 2, "weight": 3, "capacity": 500}, {"id": 4, "weight": 2.0}],
        "routing": {"fallback": "rendezvous", "unknown_shard": "error"},
    },
    "rendezvous_alone": shards(1, routing={"fallback": "rendezvous"}),
    "rendezvous_frozen": shards(
        1, 2, 3, routing={"fallback": "rendezvous", "fallback_shards": [3, 1]}
    ),
    "weights_while_draining": {
        "shards": [
            {"id": 1, "weight": 2},
            {"id": 3},
            {"id": 4, "state": "draining", "move_to": 3, "weight": 5},
        ]
    },
    "draining_first": {"shards": [{"id": 1, "state": "draining"}, {"id": 2}]},
    "weights": {"shards": [{"id": 1, "weight": 0.5, "capacity": 12.5}, {"id": 2, "weight": 2}]},
    "capacity_while_draining": {
        "shards": [{"id": 1, "capacity": 7}, {"id": 2, "state": "draining", "capacity": 9}]
    },
    "error": shards(1, 2, routing={"unknown_shard": "error"}),
    "frozen": shards(1, 2, 3, routing={"fallback_shards": [2, 1]}),
    "frozen_to_one": shards(1, 2, routing={"fallback_shards": [2]}),
    "frozen_error": shards(1, 2, 3, routing={"fallback_shards": [1, 2], "unknown_shard": "error"}),
    "default_2": shards(1, 2, database={"default_shard": 2}),
    "draining": {"shards": [{"id": 1}, {"id": 2, "state": "draining", "move_to": 1}]},
    "retired": {"shards": [{"id": 1}, {"id": 2, "state": "retired", "move_to": 3}, {"id": 3}]},
    "retired_last": {"shards": [{"id": 1}, {"id": 2}, {"id": 3, "state": "retired"}]},
    "retired_but_one": {
        "shards": [{"id": 1}, {"id": 2, "state": "retired", "move_to": 1}],
        "routing": {"unknown_shard": "error"},
    },
    "stated_url": {
        "shards": [{"id": 1}, {"id": 2, "url": "https://eu.example.org:8443/wa/"}, {"id": 3}]
    },
    "stated_url_alone": {"shards": [{"id": 1, "url": "https://eu.example.org"}]},
    "media": shards(1, 2, service={"name": "media", "port": 8080}),
    "two_words": shards(1, 2, service={"name": "wa-bridge"}),
    "order": shards(1, 2, database={"table": "order", "shard_column": "shard"}),
    "before_all": shards(1, 2, service={"name": "aaa"}),
    "long_names": shards(
        1,
        2,
        service={"name": "whatsapp-gateway-europe"},
        database={"table": "customer_account", "shard_column": "messaging_shard_id"},
    ),
}


@cache
def renderer() -> Renderer:
    return Renderer(
        Templates(package=lambda name: resource_text(f"templates/{name}"), user=lambda _: None)
    )


def render(data: Mapping[str, Any]) -> str:
    """Return the router's text."""
    fleet = build_fleet(data)
    commands = build_commands(fleet, "shards.yaml", None)
    context = build_context(fleet, NO_OVERLAY, commands, "shards.yaml", {})
    return renderer().text("router.py.j2", context)


def environment(variables: Mapping[str, str]) -> Any:
    """Return a context in which the process has these variables and no other."""
    return mock.patch.dict(os.environ, variables, clear=True)


def execute(text: str, variables: Mapping[str, str] | None = None) -> Any:
    """Return the module that a router's text makes, imported in an environment."""
    module = ModuleType(f"router_{next(_numbers)}")
    with environment(variables or {}):
        exec(compile(text, "whatsapp_shard_router.py", "exec"), module.__dict__)
    return module


def load(data: Mapping[str, Any], variables: Mapping[str, str] | None = None) -> Any:
    """Return the router of a shards.yaml, imported in an environment."""
    return execute(render(data), variables)
