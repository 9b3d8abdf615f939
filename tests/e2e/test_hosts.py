"""Shards on another host: two engines with a network each, and the files and commands as rendered."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests import needs
from tests.e2e.neighbour import HERE, NAME, THERE, Neighbour, neighbour
from tests.e2e.stacks import CONSUMERS, PAIRED, quick
from tests.e2e.test_growth import replaced

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.stacks import Docker, Stack

#: What the shards there are told of the services that are not there.
HOSTS = f"""
hosts:
  {NAME}:
    address: {THERE}
    environment: {{FLASK_BASE_URL: http://{HERE}:5000, BACKEND_BASE_URL: http://{HERE}:5000}}
"""


@pytest.fixture
def there(docker: Docker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Neighbour]:
    """Return another host; `ssh` leads to it."""
    if not docker.is_own:
        needs.lacking("another host needs a world: `make e2e`")
    folder = tmp_path / "neighbour"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    with neighbour(docker, folder) as found:
        yield found


def test_shards_live_on_two_hosts(stack: Stack, there: Neighbour) -> None:
    """They answer at the router's URLs; one more is added there, and one is brought over."""
    quick(stack, 1, 2)
    stack.write("shards.yaml", stack.read("shards.yaml") + HOSTS)
    stack.type(f"shardgen add host={NAME} --yes")
    typed = there.follow(stack, stack.type("shardgen render"))
    assert f"docker compose -f docker-compose.{NAME}.yml up -d   # on {NAME}" in typed
    stack.start()
    away = there.checkout(stack)
    asked = stack.ask()
    assert asked["urls"]["3"] == f"http://{THERE}:3303"
    assert asked["shards"] == {"1": "1", "2": "2", "3": "3"}
    assert away.containers().keys() == {"baileys-3"}
    assert "baileys-3" not in stack.containers()
    assert stack.docker.names("volume", "name=whatsapp_auth_shard3", "{{.Name}}") == []

    stack.pair("baileys-2")
    before, before_there = stack.containers(), away.containers()
    stack.type(f"shardgen add host={NAME} --yes")
    there.follow(stack, stack.type("shardgen render"))
    after = stack.containers()
    assert replaced(before, after) == CONSUMERS
    assert after.keys() == before.keys()
    assert replaced(before_there, away.containers()) == set()
    assert away.containers().keys() == {"baileys-3", "baileys-4"}
    assert stack.ask()["shards"] == {"1": "1", "2": "2", "3": "3", "4": "4"}

    stack.change("shards.yaml", "  - id: 2\n", f"  - {{id: 2, host: {NAME}}}\n")
    stack.type("shardgen render", code=3)
    before = stack.containers()
    there.follow(stack, stack.type("shardgen render --allow-state-change 2"))
    after = stack.containers()
    assert before.keys() - after.keys() == {"baileys-2"}
    assert replaced({name: before[name] for name in after}, after) == CONSUMERS
    asked = stack.ask()
    assert asked["urls"]["2"] == f"http://{THERE}:3302"
    assert asked["shards"] == {"1": "1", "2": "2", "3": "3", "4": "4"}
    paired = f"docker compose -f docker-compose.{NAME}.yml exec -T baileys-2 cat {PAIRED}"
    assert away.type(paired).strip() == "baileys-2", "its volume came along"
    assert stack.kept(f"{stack.project}_whatsapp_auth_shard2") == "baileys-2", "and stays here"
    away.remove()
