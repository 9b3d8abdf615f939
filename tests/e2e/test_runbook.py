"""The runbook of `shardgen plan`, as it is typed: data arrive whole, and two shards never have them."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from tests.e2e.stacks import MOUNT, quick

if TYPE_CHECKING:
    from tests.e2e.stacks import Stack

BLOCK = re.compile(r"^( *)```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
#: Where a tenant's data are below the mount; the folders above it are not there on a new shard.
FOLDER = "tenants/{id}/auth"
#: What lives in the mount: tenants, by their folders.
LIST = f"cd {MOUNT}; find . -name creds.json | while read f; do echo $f $(cat $f); done"


def commands(runbook: str) -> str:
    """Return what the runbook says to type, as one script that stops where one fails."""
    blocks = [textwrap.dedent(body) for _, body in BLOCK.findall(runbook)]
    lines = [line for block in blocks for line in block.splitlines()]
    typed = [line for line in lines if not line.startswith("psql ")]
    return "\n".join(["set -e", *typed])


def settle(stack: Stack, service: str, *tenants: int) -> None:
    """Leave paired devices of tenants on a shard."""
    for tenant in tenants:
        path = f"{MOUNT}/{FOLDER.format(id=tenant)}"
        made = (
            f"mkdir -p {path} && echo {service} > {path}/creds.json && chmod 600 {path}/creds.json"
        )
        stack.compose(f"exec -T {service} sh -c '{made}'", "multi-shard")


def tenants_on(stack: Stack, service: str) -> dict[int, str]:
    """Return the tenants whose data a shard has, and what is in them."""
    said = stack.compose(f"exec -T {service} sh -c '{LIST}'", "multi-shard")
    found = (line.split() for line in said.splitlines())
    return {int(re.sub(r"[^0-9]", "", path)): content for path, content in found}


def test_tenants_are_brought_over(stack: Stack) -> None:
    quick(stack, 1, 2)
    stack.change("shards.yaml", "service:\n", f"service:\n  storage: {{folder: '{FOLDER}'}}\n")
    stack.render()
    stack.start()
    settle(stack, "baileys", 101, 205, 7)
    settle(stack, "baileys-2", 8, 9)
    some_move(stack)
    the_rest_of_a_shard_moves(stack)


def some_move(stack: Stack) -> None:
    """Move tenants of two shards to a new one: nobody else loses anything, and modes stay."""
    stack.write("tenants.csv", "id,shard\n101,1\n205,1\n7,1\n8,2\n9,2\n")
    assign = "assign:\n  - {shard: 3, tenants: [101, 205, 8]}\n"
    stack.write("shards.yaml", f"{stack.read('shards.yaml')}  - id: 3\n{assign}")
    runbook = stack.type("shardgen plan --tenants tenants.csv --runbook")
    stack.render()
    said = stack.type(commands(runbook))
    assert said.startswith("tenant "), "what compares prints nothing"
    assert tenants_on(stack, "baileys-3") == {101: "baileys", 205: "baileys", 8: "baileys-2"}
    assert tenants_on(stack, "baileys") == {7: "baileys"}
    assert tenants_on(stack, "baileys-2") == {9: "baileys-2"}
    path = f"{MOUNT}/{FOLDER.format(id=101)}/creds.json"
    mode = stack.compose(f"exec -T baileys-3 stat -c %a {path}", "multi-shard")
    assert mode.strip() == "600"


def the_rest_of_a_shard_moves(stack: Stack) -> None:
    """Drain a shard: its data are on the other one, and it stays stopped."""
    stack.type("shardgen drain 2 --to 1 --yes")
    runbook = stack.type("shardgen plan --runbook")
    stack.render()
    said = stack.type(commands(runbook))
    assert said.startswith("tenant "), "what compares prints nothing"
    assert tenants_on(stack, "baileys") == {7: "baileys", 9: "baileys-2"}
    assert not stack.containers()["baileys-2"].is_running
    assert stack.is_well("baileys")
