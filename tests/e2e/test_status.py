"""`shardgen status --docker` on an engine: what runs as declared is right, each fault has its name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema

from shardgen.resources import resource_text
from tests.e2e.stacks import BASE, MOUNT, OVERLAY, quick

if TYPE_CHECKING:
    from tests.e2e.stacks import Stack

#: What a container gets that somebody starts by hand, with a file of their own.
OTHER_VOLUME = f"volumes: ['other:{MOUNT}']"
OF_SHARD_2 = f"volumes: ['whatsapp_auth_shard2:{MOUNT}']"
NO_ALIAS = "networks: !override {prosaas-net: {}}"
OTHER_ID = "environment: {BAILEYS_SHARD_ID: '7', ONLY_HERE: s3cret}"
AS_DECLARED = "labels: {}"


def looked(stack: Stack, code: int, *options: str) -> dict[str, Any]:
    """Return what the command says of a stack, each shard asked at its container's address."""
    containers = stack.containers()
    urls = []
    for number, service in ((1, "baileys"), (2, "baileys-2"), (3, "baileys-3"), (4, "baileys-4")):
        if service in containers and containers[service].is_running:
            shown = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
            asked = ("docker", "inspect", "--format", shown, containers[service].id)
            urls.append(
                f"BAILEYS_SHARD_{number}_URL=http://{stack.docker.run(*asked).strip()}:3300"
            )
    line = " ".join([*urls, "shardgen status --docker --format json", *options])
    found: dict[str, Any] = json.loads(stack.type(line, code))
    jsonschema.validate(found, json.loads(resource_text("schema/status.schema.json")))
    return found


def differences(found: dict[str, Any]) -> dict[int, list[str]]:
    """Return what differs, by shard."""
    return {
        each["id"]: [difference["what"] for difference in each["container"]["differences"]]
        for each in found["shards"]
    }


def start_otherwise(stack: Stack, service: str, stated: str) -> None:
    """Start a service anew, as a file says that nobody has committed."""
    stack.write("by-hand.yml", f"services: {{{service}: {{{stated}}}}}\nvolumes: {{other: }}\n")
    files = f"-f {BASE} -f {OVERLAY} -f by-hand.yml --profile multi-shard"
    stack.type(f"docker compose {files} up -d --no-deps {service}")


def test_what_runs_is_compared_with_what_is_declared(stack: Stack) -> None:
    quick(stack, 1, 2, 3)
    stack.start()
    assert all(stack.is_well(f"baileys{end}") for end in ("", "-2", "-3"))
    found = looked(stack, 0)
    assert found["findings"] == []
    assert differences(found) == {1: [], 2: [], 3: []}
    assert {each["container"]["state"] for each in found["shards"]} == {"up"}
    assert {each["health"]["kind"] for each in found["shards"]} == {"ok"}

    start_otherwise(stack, "baileys-2", OTHER_VOLUME)
    start_otherwise(stack, "baileys", NO_ALIAS)
    stack.change("shard.js", "// A shard", "// A newer shard")
    stack.compose("build --quiet baileys-3", "multi-shard")
    found = looked(stack, 1)
    assert differences(found) == {1: ["alias"], 2: ["volume"], 3: ["old image"]}
    texts = {each["kind"]: each["text"] for each in found["findings"]}
    volume, other = (f"{stack.project}_{name}" for name in ("whatsapp_auth_shard2", "other"))
    assert f"its state is in the volume {other}, not in {volume}" in texts["volume"]
    assert f"no alias baileys-1 on the network {stack.project}-net" in texts["alias"]

    start_otherwise(stack, "baileys-3", f"{OF_SHARD_2}, {OTHER_ID}")
    start_otherwise(stack, "baileys-2", AS_DECLARED)
    found = looked(stack, 1)
    assert differences(found)[3] == ["volume", "shard id"]
    assert found["findings"][0]["kind"] == "shared volume"
    assert f"write to the volume {volume} at once" in found["findings"][0]["text"]
    assert "s3cret" not in json.dumps(found)

    for each in found["findings"]:
        for command in each["commands"]:
            if "up -d" in command:
                stack.type(command)
    assert differences(looked(stack, 0)) == {1: [], 2: [], 3: []}, "what it says mends it"


def test_what_does_not_run_is_named(stack: Stack) -> None:
    quick(stack, 1, 2, 3)
    stack.start()
    assert stack.is_well("baileys")
    stack.compose("stop baileys-2", "multi-shard")
    stack.compose("rm --stop --force baileys-3", "multi-shard")
    found = looked(stack, 1)
    states = {each["id"]: each["container"]["state"] for each in found["shards"]}
    assert states == {1: "up", 2: "stopped", 3: "missing"}
    assert {each["kind"] for each in found["findings"]} == {"stopped", "missing"}
    for each in found["findings"]:
        for command in each["commands"]:
            stack.type(command)
    assert all(stack.is_well(f"baileys{end}") for end in ("-2", "-3"))
    assert looked(stack, 0)["well"]

    text = stack.read("shards.yaml")
    stack.write(
        "shards.yaml", text.replace("- id: 3\n", "- {id: 3, state: draining, move_to: 1}\n")
    )
    stack.type("shardgen render")
    stack.change("shards.yaml", "state: draining", "state: retired")
    stack.type("shardgen render")
    (extra,) = looked(stack, 1)["findings"]
    assert extra["kind"] == "extra"
    assert "but shard 3 is retired" in extra["text"]
    stack.type(extra["commands"][0])
    assert looked(stack, 0)["findings"] == []
