"""G11: every URL that the router gives is a name of the merged model, on a network of each consumer."""

from __future__ import annotations

import os
import runpy
from typing import TYPE_CHECKING, Any
from unittest import mock
from urllib.parse import urlsplit

import pytest

from tests.compose.stacks import Compose, count, project

if TYPE_CHECKING:
    from pathlib import Path

BASE = """
    services:
      baileys:
        image: wa
        volumes: ["whatsapp_auth:/app/storage/whatsapp"]
        networks: {networks}
      api: {{image: api, networks: {consumer}}}
      worker: {{image: api, networks: {consumer}}}
    volumes: {{whatsapp_auth: {{}}}}
    networks: {{net: {{}}, other: {{}}, third: {{}}}}
"""
CONSUMERS = ("api", "worker")
SERVICE = "service: {consumers: [api, worker]}\n"
FLEETS = {
    "one": count(1),
    "two": count(2),
    "many": count(12),
    "holes": "shards: [{id: 1}, {id: 4}, {id: 7}]\n",
    "draining": "shards: [{id: 1}, {id: 2, state: draining, move_to: 1}]\n",
    "shard 1 draining": "database: {default_shard: 2}\n"
    "shards: [{id: 1, state: draining, move_to: 2}, {id: 2}]\n",
    "retired": "shards: [{id: 1}, {id: 2, state: retired, move_to: 3}, {id: 3}]\n",
    "retired but one": "shards: [{id: 1}, {id: 2, state: retired}]\n",
    "url of another host": "shards: [{id: 1}, {id: 2, url: 'https://eu.example.org:8443/wa'}]\n",
    "networks stated": "shards: [{id: 1}, {id: 2, networks: [third]}]\n",
}
NETWORKS = {
    "one": ("[net]", "[net]"),
    "several": ("[net, other]", "[third, other]"),
    "options": ("{net: {aliases: [wa]}, other: null}", "{other: {}, third: {}}"),
    "default": ("[default]", "[default]"),
    "default and another": ("[default, net]", "[net]"),
}


def names(model: dict[str, Any], network: str) -> set[str]:
    """Return the names that resolve on a network."""
    found = set()
    for name, service in model["services"].items():
        if network in service["networks"]:
            found |= {name, *((service["networks"][network] or {}).get("aliases", ()))}
    return found


def urls(folder: Path, variables: dict[str, str]) -> set[str]:
    """Return every URL that the generated router gives in an environment."""
    with mock.patch.dict(os.environ, variables, clear=True):
        router = runpy.run_path(str(folder / "server/whatsapp_shard_router.py"))
        given = set(router["get_all_shard_urls"]().values())
    return given | {router["get_baileys_base_url"](1)}


@pytest.mark.parametrize("networks", NETWORKS)
@pytest.mark.parametrize("fleet", FLEETS)
def test_g11_every_url_resolves(
    compose: Compose, tmp_path: Path, fleet: str, networks: str
) -> None:
    own, consumer = NETWORKS[networks]
    base = BASE.format(networks=own, consumer=consumer)
    folder = project(tmp_path, SERVICE + FLEETS[fleet], base)
    model = compose.model(folder)
    for each in CONSUMERS:
        environment = model["services"][each]["environment"]
        reached = set().union(*(names(model, net) for net in model["services"][each]["networks"]))
        given = urls(folder, environment) | urls(folder, {}) | {environment["BAILEYS_BASE_URL"]}
        hosts = {urlsplit(url).hostname for url in given} - {"eu.example.org"}
        assert hosts <= reached
        assert all(urlsplit(url).port == 3300 for url in given if "example" not in url)


def test_g11_no_name_means_two_shards(compose: Compose, tmp_path: Path) -> None:
    base = BASE.format(networks="[net, other]", consumer="[net]")
    model = compose.model(project(tmp_path, SERVICE + count(5), base))
    aliases = [
        alias
        for service in model["services"].values()
        for alias in (service["networks"].get("net") or {}).get("aliases", ())
    ]
    assert sorted(aliases) == [f"baileys-{each}" for each in range(1, 6)]
