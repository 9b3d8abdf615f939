"""G13 on an engine: a new shard comes up beside those that run, and they never notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.stacks import BASE, CONSUMERS, quick

if TYPE_CHECKING:
    from tests.e2e.stacks import Container, Stack

Containers = dict[str, "Container"]
#: What a process of the API says while it imports the router.
IMPORTED = "exec -T prosaas-api python -c 'import server.whatsapp_shard_router' 2>&1"


def replaced(before: Containers, after: Containers) -> set[str]:
    """Return the services whose container is another one, or was started again."""
    running = {name for name, each in before.items() if each.is_running}
    return {name for name in running if before[name] != after[name]}


def add_with_the_command(stack: Stack) -> None:
    """Add a shard as the README does."""
    stack.type("shardgen add")


def add_by_hand(stack: Stack) -> None:
    """Add a shard as an editor does."""
    number = stack.read("shards.yaml").count("- id:") + 1
    stack.write("shards.yaml", f"{stack.read('shards.yaml')}  - id: {number}\n")


def test_g13_running_shards_stay_up(stack: Stack) -> None:
    """From a stack that has no overlay yet to four shards, each of which is well."""
    quick(stack, 1)
    stack.type(f"docker compose -f {BASE} up -d")
    stack.pair("baileys")
    before = stack.containers()
    stack.start()
    after = stack.containers()
    assert replaced(before, after) == {"baileys", *CONSUMERS}, "once, for its alias and its id"
    assert stack.paired("baileys") == "baileys"
    for count, add in ((2, add_with_the_command), (3, add_by_hand), (4, add_with_the_command)):
        before = after
        add(stack)
        stack.render()
        after = stack.containers()
        assert after.keys() - before.keys() == {f"baileys-{count}"}
        assert replaced(before, after) == CONSUMERS
        asked = stack.ask()
        everyone = {str(number): str(number) for number in range(1, count + 1)}
        assert (asked["shards"], asked["legacy"]) == (everyone, "1")
        assert stack.compose(IMPORTED) == "", "the router in the image is the one that was rendered"
    assert all(stack.is_well(f"baileys{end}") for end in ("", "-2", "-3", "-4"))
