"""G10 on an engine: what a shard has written is there after all that can happen to a fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.stacks import quick

if TYPE_CHECKING:
    from tests.e2e.stacks import Stack

DOWN = "down --timeout 2"


def shards(stack: Stack, *services: str) -> dict[str, str]:
    """Return what each shard finds in its volume."""
    return {service: stack.paired(service) for service in services}


def test_g10_state_survives_the_life_of_a_shard(stack: Stack) -> None:
    """Added beside others, drained, retired; down, and up again. Only `down -v` deletes it."""
    quick(stack, 1, 2)
    stack.start()
    stack.pair("baileys")
    stack.pair("baileys-2")

    stack.type("shardgen add")
    stack.render()
    stack.pair("baileys-3")
    all_three = {name: name for name in ("baileys", "baileys-2", "baileys-3")}
    assert shards(stack, *all_three) == all_three

    stack.change("shards.yaml", "- id: 2\n", "- {id: 2, state: draining, move_to: 3}\n")
    stack.render()
    assert shards(stack, *all_three) == all_three
    assert stack.ask()["shards"] == {"1": "1", "2": "2", "3": "3"}

    stack.change("shards.yaml", "state: draining", "state: retired")
    stack.render()
    assert "baileys-2" not in stack.containers(), "what render prints removes it"
    assert stack.ask()["shards"] == {"1": "1", "3": "3"}
    retired = f"{stack.project}_whatsapp_auth_shard2"
    assert stack.kept(retired) == "baileys-2"

    stack.compose(DOWN, "multi-shard")
    assert stack.containers() == {}
    stack.start()
    assert shards(stack, "baileys", "baileys-3") == {"baileys": "baileys", "baileys-3": "baileys-3"}

    stack.compose(f"{DOWN} --volumes", "multi-shard")
    assert stack.volumes() == {retired}
    assert stack.kept(retired) == "baileys-2"
