"""G11 on an engine: the files as they are committed here, byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.stacks import committed

if TYPE_CHECKING:
    from tests.e2e.stacks import Stack


def test_g11_every_url_is_answered_by_its_own_shard(stack: Stack) -> None:
    """Without the profile compose leaves shard 2 out, and says nothing; with it, nothing restarts."""
    committed(stack).compose("up -d")
    asked = stack.ask()
    assert asked["urls"] == {"1": "http://baileys-1:3300", "2": "http://baileys-2:3300"}
    assert asked["shards"] == {"1": "1", "2": "no such name"}
    assert asked["legacy"] == "1"
    before = stack.containers()
    stack.start()
    after = stack.containers()
    assert stack.ask()["shards"] == {"1": "1", "2": "2"}
    assert after.keys() - before.keys() == {"baileys-2"}
    assert not [name for name in before if before[name].id != after[name].id]
