"""Docker Swarm on an engine: a new shard touches no other, and a volume never has two tasks."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import needs
from tests.e2e.swarms import (
    GATEWAY,
    INIT,
    PATIENCE,
    SHARDS,
    STACK,
    STACK_FILE,
    Swarm,
    base,
    own_stack,
    type_in,
    wait_for,
)
from tests.support import Project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.conftest import Engine

CASES = Path(__file__).parents[1] / "cases"
STACKS = {
    "swarm_from_a_rich_base": "swarm/wa.yml",
    "swarm_on_shared_storage": STACK_FILE,
    "swarm_with_consumers": STACK_FILE,
}
STATE = "/app/storage/whatsapp/creds.json"


@pytest.fixture(scope="module")
def node(engine: Engine) -> Iterator[Engine]:
    """Make the engine a swarm of one node; it is none afterwards."""
    if not engine.is_own:
        needs.lacking("a swarm is made in a world alone: `make e2e`")
    here = Path.cwd()
    type_in(here, INIT)
    try:
        yield engine
    finally:
        type_in(here, "docker swarm leave --force")
        type_in(here, f"docker network rm {GATEWAY}")


@pytest.fixture
def swarm(node: Engine, tmp_path: Path) -> Iterator[Swarm]:
    """Return a project of three shards, rendered; what was deployed of it is removed afterwards."""
    project = Project(tmp_path / "project", SHARDS, base(node.image))
    project.write("stack.yml", own_stack(node.image))
    project.write(".env", "SECRET=s3\n")
    found = Swarm(project)
    found.render()
    try:
        yield found
    finally:
        found.remove()
        if volumes := found.listed("volume"):
            found.type(f"docker volume rm {' '.join(volumes)}")


def variables(swarm: Swarm) -> dict[str, str]:
    """Return the shard variables that the consumer has, which are those of the config."""
    found = dict(line.split("=", 1) for line in swarm.inside("api", "env").splitlines())
    told = [line for line in swarm.inside("api", "cat /baileys_shards").splitlines() if "=" in line]
    assert told == [f"{name}={found[name]}" for name in (line.split("=")[0] for line in told)]
    return {name: value for name, value in found.items() if name.startswith("BAILEYS_")}


def test_a_fourth_shard_touches_no_other(swarm: Swarm) -> None:
    """Three run, with the volume of the compose project; the fourth waits for its node's label."""
    swarm.type(f"docker volume create {STACK}_whatsapp_auth")
    for number in (1, 2, 3):
        swarm.label(number)
    swarm.deploy()
    before = swarm.running("baileys", "baileys-2", "baileys-3", "api")
    wait_for("each URL leads to its shard", lambda: swarm.answers(1, 2, 3))
    assert variables(swarm)["BAILEYS_NUM_SHARDS"] == "3", "not what the stack file says itself"
    swarm.inside("baileys", f"touch {STATE}")
    old = swarm.listed("config")

    swarm.project.change("shards.yaml", "  - id: 3\n", "  - id: 3\n  - id: 4\n")
    swarm.render()
    swarm.deploy()
    wait_for("no node has its volume", lambda: " Pending " in swarm.task("baileys-4"))
    swarm.label(4)
    after = swarm.running("baileys", "baileys-2", "baileys-3", "baileys-4", "api")
    shards = ("baileys", "baileys-2", "baileys-3")
    assert {each: after[each] for each in shards} == {each: before[each] for each in shards}
    assert after["api"] != before["api"], "it has other variables now"
    wait_for("each URL leads to its shard", lambda: swarm.answers(1, 2, 3, 4))
    assert variables(swarm)["BAILEYS_SHARD_4_URL"] == "http://baileys-4:3300"
    assert len(swarm.listed("config")) == len(old) + 1, "the stack's removal takes the old one"

    swarm.deploy()
    assert swarm.running(*after) == after, "the same files again change nothing"
    swarm.remove()
    names = {f"{STACK}_whatsapp_auth", *(f"{STACK}_whatsapp_auth_shard{n}" for n in (2, 3, 4))}
    assert set(swarm.listed("volume")) == names, "and nothing else"
    mounted = f"--volume {STACK}_whatsapp_auth:/state"
    image = swarm.project.read("stack.yml").split("image: ")[1].split()[0]
    assert swarm.type(f"docker run --rm {mounted} {image} ls /state").split() == ["creds.json"]


def test_an_update_ends_the_old_task_first(swarm: Swarm, node: Engine) -> None:
    """Another image for one shard: its two containers never ran at one time, the others go on."""
    for number in (1, 2, 3):
        swarm.label(number)
    swarm.deploy()
    before = swarm.running("baileys", "baileys-2", "baileys-3", "api")
    old = swarm.container("baileys-2")
    subprocess.run(["docker", "tag", node.image, f"{node.image}:next"], check=True)
    line = f"  - id: 2\n    image: {node.image}:next\n"
    swarm.project.change("shards.yaml", "  - id: 2\n", line)
    swarm.render()
    swarm.deploy()
    wait_for(
        "another task", lambda: swarm.running("baileys-2") != {"baileys-2": before["baileys-2"]}
    )
    after = swarm.running(*before)
    assert {each for each in before if before[each] != after[each]} == {"baileys-2"}
    two = json.loads(swarm.type(f"docker inspect {old} {swarm.container('baileys-2')}"))
    assert two[0]["State"]["FinishedAt"] <= two[1]["State"]["StartedAt"]
    assert two[1]["Config"]["Image"] == f"{node.image}:next"
    wait_for("each URL leads to its shard", lambda: swarm.answers(1, 2, 3))


@pytest.mark.parametrize("case", STACKS)
def test_docker_takes_every_line(node: Engine, case: str, tmp_path: Path) -> None:
    """Of the golden stack files, docker refuses nothing, and ignores nothing."""
    assert {path.name for path in CASES.glob("swarm_*")} == STACKS.keys()
    folder = tmp_path / "project"
    shutil.copytree(CASES / case / "expected", folder)
    for name in (".env", "deploy/.env", "deploy/wa.env", "deploy/api_key.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    (folder / "deploy/api_key.txt").write_text("k")
    command = (folder / STACKS[case]).read_text().splitlines()[2].removeprefix("# ")
    stack = command.split()[-1]
    type_in(folder, "docker config create settings deploy/api_key.txt")
    try:
        told = type_in(
            folder, f"TOKEN=t {command.replace('deploy', 'deploy --resolve-image never', 1)}"
        )
        assert "Ignoring" not in told
        services = type_in(
            folder, f"docker stack services --format '{{{{.Name}}}}' {stack}"
        ).split()
        assert {f"{stack}_baileys", f"{stack}_baileys-2"} <= set(services)
    finally:
        type_in(folder, f"docker stack rm {stack}")
        left = f"docker ps --all --quiet --filter name={stack}_"
        wait_for(f"{PATIENCE} seconds", lambda: not type_in(folder, left))
        type_in(folder, "docker config rm settings")
