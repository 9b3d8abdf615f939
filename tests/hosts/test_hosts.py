"""Shards on other hosts: where each is defined, what a move of one is, and what leads nowhere."""

from __future__ import annotations

import importlib.util
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from shardgen.hosts import host_files
from shardgen.model import build_fleet
from shardgen.ports import container_port, host_port
from shardgen.rules.elsewhere import leads_to
from tests.examples import examples
from tests.support import Project, fleet

if TYPE_CHECKING:
    from pathlib import Path

OVERLAY, FILE = "docker-compose.prod.yml", "docker-compose.b.yml"
ENTRY = "  - {id: 3, host: b}\n"


@pytest.fixture
def stack(project: Project) -> Project:
    """Return a rendered project with two shards here and one on host b."""
    project.write("shards.yaml", fleet(1, 2, tail=ENTRY))
    assert project.run("render").code == 0
    return project


def services(project: Project, name: str) -> dict[str, Any]:
    """Return the services that a compose file defines."""
    found: dict[str, Any] = yaml.safe_load(project.read(name))["services"]
    return found


def test_each_shard_is_in_one_file(stack: Project) -> None:
    assert "baileys-3" not in services(stack, OVERLAY)
    assert services(stack, FILE).keys() == {"baileys-3"}
    assert "shard3" not in stack.read(OVERLAY)


def test_its_command_is_the_same_wherever_it_stands(project: Project) -> None:
    output = 'outputs:\n  hosts: {path: "my hosts/{host}.yml"}\n'
    project.write("shards.yaml", fleet(1, 2, tail=ENTRY + output))
    command = "docker compose -f 'my hosts/b.yml' up -d"
    assert f"{command}   # on b\n" in project.render().out
    assert f"\n#   {command}\n" in project.read("my hosts/b.yml")
    assert f"\n{command}   # on b\n" in project.read("server/SSOT_SHARDING.md")


@given(st.lists(st.sampled_from(["", "b", "c.example", "10.0.0.7"]), min_size=1, max_size=8))
@settings(max_examples=examples(60), deadline=None)
def test_the_url_leads_to_the_port_of_its_container(hosts: list[str]) -> None:
    """Whatever runs where: once defined, under its own volume and id, at the port of its URL."""
    entries: list[dict[str, Any]] = [
        {"id": number, **({"host": host} if host else {})} for number, host in enumerate(hosts, 2)
    ]
    data = {"service": {"base": None, "image": "x"}, "shards": [{"id": 1}, *entries]}
    found = build_fleet(data)
    paths = {host.name: f"{host.name}.yml" for host in found.hosts}
    files = host_files(data, found, None, "", paths)
    defined = [each["name"] for file in files.values() for each in file["services"]]
    assert sorted([*defined, *(shard.service for shard in found.here)]) == sorted(
        shard.service for shard in found.live
    )
    for shard in (each for each in found.live if each.host):
        file = files[shard.host]
        service = next(each for each in file["services"] if each["name"] == shard.service)
        entry = service["definition"]["ports"][-1]
        assert shard.url == f"http://{shard.host}:{host_port(entry)}"
        assert container_port(entry) == 3300
        assert {"name": shard.volume, "definition": None} in file["volumes"]


@pytest.mark.parametrize(
    ("variable", "text", "name"),
    [
        ("API", "http://api:5000", "api"),
        ("API", "http://API/x", "API"),
        ("API", "${API_URL:-http://api:5000}", "api"),
        ("QUEUE", "amqp://user:pass@redis:5672/0", "redis"),
        ("BROKERS", "kafka:9092,redis:6379", "redis"),
        ("CACHE", "redis:6379", "redis"),
        ("REDIS_HOST", "redis", "redis"),
        ("REDIS_HOST", "${REDIS_HOST:-redis}", "redis"),
        ("CACHE", "redis", None),
        ("API", "http://api.example:5000", None),
        ("API", "http://my-api:5000", None),
        ("IMAGE", "registry/redis:7-alpine", None),
        ("API", "http://10.0.0.1:5000/api", None),
        ("API_HOST", "10.0.0.1", None),
        ("TIME", "api", None),
    ],
)
def test_what_leads_to_a_service(variable: str, text: str, name: str | None) -> None:
    assert leads_to(variable, text, {"api", "redis"}) == name


def test_a_move_is_refused_until_it_is_allowed(stack: Project) -> None:
    """To another host, and home again; neither loses the volume in silence."""
    for entry, options in (
        ("  - {id: 3, host: c}\n", "'b' to 'c'"),
        ("  - id: 3\n", "'c' to 'this host'"),
        (ENTRY, "'this host' to 'b'"),
    ):
        stack.write("shards.yaml", fleet(1, 2, tail=entry))
        refused = stack.run("render")
        assert refused.code == 3
        assert f"its host would change from {options}" in refused.err
        assert stack.run("check").code == 1
        assert stack.run("render", "--allow-state-change", "3").code == 0
        assert stack.run("check").code == 0


def test_a_move_stops_the_shard_before_it_starts_elsewhere(stack: Project) -> None:
    stack.write("shards.yaml", fleet(1, tail="  - {id: 2, host: b}\n" + ENTRY))
    said = stack.run("render", "--allow-state-change", "2").out
    order = [said.index(part) for part in ("docker stop", "create baileys-2", "docker cp",
                                           f"-f {FILE} up -d", "--remove-orphans")]  # fmt: skip
    assert order == sorted(order)


def test_a_lost_lock_forgets_no_host(stack: Project) -> None:
    """The files on disk tell where each shard is, so that a move is still refused."""
    stack.path("shardgen.lock").unlink()
    stack.write("shards.yaml", fleet(1, 2, tail="  - {id: 3, host: c}\n"))
    ran = stack.run("render")
    assert ran.code == 3
    assert "its host would change from 'b' to 'c'" in ran.err


def test_an_overlay_is_no_host(project: Project) -> None:
    """`docker-compose.prod.yml` is called as the file of a host `prod` would be."""
    project.write("shards.yaml", fleet(1, 2))
    project.render()
    project.path("shardgen.lock").unlink()
    project.write("shards.yaml", fleet(1, 2, tail="outputs: {compose: {path: other.yml}}\n"))
    assert "its host would change" not in project.run("render").err


def test_the_file_goes_with_its_last_shard(stack: Project) -> None:
    stack.write(
        "shards.yaml", fleet(1, 2, tail="  - {id: 3, host: b, state: draining, move_to: 1}\n")
    )
    assert stack.run("render").code == 0
    stack.write(
        "shards.yaml", fleet(1, 2, tail="  - {id: 3, host: b, state: retired, move_to: 1}\n")
    )
    said = stack.run("render").out
    assert f"- {FILE}" in said
    assert not stack.path(FILE).exists()
    assert (
        "docker rm -f $(docker ps -aq --filter label=com.docker.compose.service=baileys-3)" in said
    )


def test_the_plan_says_on_which_host(stack: Project) -> None:
    stack.write("shards.yaml", fleet(1, 2, tail=ENTRY + "  - {id: 4, host: b}\n"))
    said = stack.run("plan").out
    assert "create   baileys-4 on b\n" in said
    assert "baileys-3 on b" in said
    assert f"docker compose -f {FILE} up -d   # on b\n" in said
    assert "--no-deps baileys-4" not in said


def test_a_runbook_types_each_command_on_the_host_of_its_shard(stack: Project) -> None:
    """Its function `dc` in a real bash, with stand-ins for ssh and docker that say what they were given."""
    tail = ENTRY + "  - id: 30\nassign: [{shard: 3, tenants: [5]}]\n"
    stack.write("shards.yaml", fleet(1, 2, tail=tail))
    said = stack.run("plan", "--runbook").out
    function = said[said.index("dc() {") : said.index("esac; }") + len("esac; }")]
    script = f"""
        ssh() {{ echo "there: $*"; }}
        docker() {{ echo "here: $*"; }}
        {function}
        dc stop baileys-3; dc cp -a - "baileys-3:/a/5"; dc stop baileys; dc cp baileys-30:/a -
    """
    ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    lines = ran.stdout.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["there", "there", "here", "here"]
    assert lines[0].endswith(f"docker compose -f {FILE} stop baileys-3")
    assert f"-f {OVERLAY}" in lines[3]


def test_one_more_elsewhere_changes_nothing_here(stack: Project) -> None:
    before = stack.read(OVERLAY)
    stack.write("shards.yaml", fleet(1, 2, tail=ENTRY + "  - {id: 4, host: b}\n"))
    assert stack.run("render").code == 0
    assert stack.read(OVERLAY) == before


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("{{ shard.name | name }}:", "other{{ loop.index }}:", "defines no service 'baileys-3'"),
        ("{{ shard.definition | yaml_block(4) }}", "    image: x", "the shard id None"),
        ('"volumes", "secrets"', '"secrets"', "declares no volume 'whatsapp_auth_shard3'"),
        ("hosts[subject].services", "hosts['b'].services[:1]", "defines no service 'baileys-4'"),
    ],
)
def test_a_template_cannot_lose_a_shard(stack: Project, old: str, new: str, fault: str) -> None:
    from shardgen.resources import resource_text

    text = resource_text("templates/hosts.yml.j2")
    assert old in text
    stack.path("templates").mkdir()
    stack.write("templates/hosts.yml.j2", text.replace(old, new))
    stack.write("shards.yaml", fleet(1, 2, tail=ENTRY + "  - {id: 4, host: b}\n"))
    ran = stack.run("render")
    assert ran.code == 2
    assert fault in ran.err


def test_the_legacy_url_leads_to_shard_1(tmp_path: Path) -> None:
    """Nothing answers at the service's name where shard 1 runs elsewhere, alone or not."""
    for others in ([], [{"id": 2}]):
        data = {"service": {"base": None}, "shards": [{"id": 1, "host": "b"}, *others]}
        found = build_fleet(data)
        assert found.legacy_url == "http://b:3301"


def test_the_router_knows_the_hosts(stack: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """BAILEYS_PORT is for those here; the variable of one shard goes before its host."""
    monkeypatch.setenv("BAILEYS_PORT", "4000")
    path = stack.path("server/whatsapp_shard_router.py")
    spec = importlib.util.spec_from_file_location("router_of_hosts", path)
    assert spec
    assert spec.loader
    router = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(router)
    assert router.get_all_shard_urls() == {
        1: "http://baileys-1:4000", 2: "http://baileys-2:4000", 3: "http://b:3303"
    }  # fmt: skip
