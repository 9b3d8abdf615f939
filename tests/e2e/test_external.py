"""G10 on an engine: volumes that are external survive `down -v`, new ones and those that exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.stacks import BASE, quick

if TYPE_CHECKING:
    from tests.e2e.stacks import Stack

BOTH = {"baileys": "baileys", "baileys-2": "baileys-2"}


def test_g10_external_volumes_survive_down_with_volumes(stack: Stack) -> None:
    """The commands that render prints make them; a new shard's as well."""
    name = f"{stack.project}_auth"
    stack.write(BASE, stack.read(BASE).replace("whatsapp_auth", name))
    stack.change(BASE, f"  {name}:\n", f"  {name}: {{external: true}}\n")
    service = f"service:\n  storage: {{volume: {name}, external: true}}\n"
    stack.change("shards.yaml", "service:\n", service)
    stack.probe_often()
    stack.render()
    stack.type("shardgen add")
    stack.render()
    every = {**BOTH, "baileys-3": "baileys-3"}
    for shard in every:
        stack.pair(shard)
    stack.compose("down --timeout 2 --volumes", "multi-shard")
    assert stack.volumes() == {name, f"{name}_shard2", f"{name}_shard3"}
    stack.start()
    assert {shard: stack.paired(shard) for shard in every} == every


def test_g10_a_volume_that_exists_becomes_external_where_it_is(stack: Stack) -> None:
    """As docs/compose.md says: nothing is copied, no shard is recreated, nothing is lost."""
    quick(stack, 1, 2)
    stack.start()
    for shard in BOTH:
        stack.pair(shard)
    before = stack.containers()
    volumes = stack.volumes()

    stack.change("shards.yaml", "service:\n", "service:\n  storage: {external: true}\n")
    stack.change(BASE, "  whatsapp_auth:\n", "  whatsapp_auth: {external: true}\n")
    stack.type("shardgen render", code=3)
    names = {key: f"{stack.project}_{key}" for key in ("whatsapp_auth", "whatsapp_auth_shard2")}
    declared = [f"  {key}: {{external: true, name: {name}}}\n" for key, name in names.items()]
    stack.change(BASE, "  whatsapp_auth: {external: true}\n", "".join(declared))
    stack.type("shardgen render", code=3)
    stack.render("--allow-state-change 1 --allow-state-change 2")

    assert stack.volumes() == volumes, "the commands that make the volumes find them there"
    after = stack.containers()
    assert {each: after[each] for each in BOTH} == {each: before[each] for each in BOTH}
    stack.compose("down --timeout 2 --volumes", "multi-shard")
    assert stack.volumes() == set(names.values())
    stack.start()
    assert {shard: stack.paired(shard) for shard in BOTH} == BOTH
