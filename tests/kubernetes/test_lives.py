"""Lives of fleets: an API server takes each render after the one before, and no shard is touched."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from shardgen.resources import resource_text
from tests.kubernetes.server import Refusal, Server, selected
from tests.support import Project

if TYPE_CHECKING:
    from pathlib import Path

BASE = """\
services:
  api: {image: api, env_file: [.env]}
  baileys:
    image: registry.example/baileys:1
    user: "1000"
    env_file: [.env]
    environment: {LOG_LEVEL: info, TOKEN: "${TOKEN}", PRICE: $$5, SWITCH: yes, MASK: 0o17}
    volumes: ["whatsapp_auth:/app/storage/whatsapp"]
    healthcheck: {test: [CMD, node, check.js], interval: 10s}
    mem_limit: 512m
    tmpfs: /tmp
volumes:
  whatsapp_auth:
"""
OUTPUTS = """\
outputs:
  kubernetes: {enabled: true, SETTINGS}
  compose: {enabled: false}
  docs: {enabled: false}
  env: {enabled: false}
  migrations: {enabled: false}
  router: {enabled: false}
"""
MANIFESTS = "k8s/baileys.yaml"
#: The shards of each step of a life; in the last ones the highest retires, then another one.
GROWING = ("{id: 1}", "{id: 1}, {id: 2}", "{id: 1}, {id: 2}, {id: 3}",
           "{id: 1}, {id: 2}, {id: 3, state: draining, move_to: 2}",
           "{id: 1}, {id: 2}, {id: 3, state: retired}")  # fmt: skip
DIFFERING = (*GROWING,
             "{id: 1}, {id: 2}, {id: 3, state: retired}, {id: 7, volume: eu_auth, image: next}",
             "{id: 1}, {id: 2, state: retired}, {id: 3, state: retired}, {id: 7, volume: eu_auth, image: next}")  # fmt: skip


def shards_yaml(shards: str, settings: str = "form: per-shard") -> str:
    """Return a shards.yaml."""
    outputs = OUTPUTS.replace("SETTINGS", settings)
    return f"version: 1\nservice: {{consumers: [api]}}\nshards: [{shards}]\n{outputs}"


def made(root: Path, shards: str, settings: str = "form: per-shard") -> Project:
    """Return a rendered project."""
    project = Project(root, shards_yaml(shards, settings), BASE)
    project.render()
    return project


def documents(text: str) -> dict[tuple[str, str], str]:
    """Return the text of each object."""
    found = {}
    for each in text.split("\n---\n")[1:]:
        it = yaml.safe_load(each)
        found[it["kind"], it["metadata"]["name"]] = each.rstrip("\n")
    return found


def variables_lead(server: Server) -> None:
    """Demand that each URL which the consumers are told is a Service of the shard it names."""
    (told,) = server.of("ConfigMap")
    urls = {int(m[1]): value for key, value in told["data"].items()
            if (m := re.fullmatch("BAILEYS_SHARD_([0-9]+)_URL", key))}  # fmt: skip
    first = min(urls)
    for number, url in [*urls.items(), (first, told["data"]["BAILEYS_BASE_URL"])]:
        match = re.fullmatch("http://([a-z0-9-]+):3300", url)
        assert match
        service = server.objects["Service", match[1]]
        (pod,) = selected(server.pods, service["spec"]["selector"])
        assert pod.value("BAILEYS_SHARD_ID") == str(number)
        assert [pod.value(name) for name in ("PRICE", "SWITCH", "MASK")] == ["$5", "yes", "0o17"]
        assert service["spec"]["ports"][0]["port"] == 3300


@pytest.mark.parametrize(
    ("settings", "life"), [("form: per-shard", DIFFERING), ("form: single", GROWING)]
)
def test_a_life(tmp_path: Path, settings: str, life: tuple[str, ...]) -> None:
    project, server = made(tmp_path, life[0], settings), Server()
    before: dict[tuple[str, str], str] = {}
    for shards in life:
        project.write("shards.yaml", shards_yaml(shards, settings))
        project.render()
        after = documents(project.read(MANIFESTS))
        server.apply(project.read(MANIFESTS))
        for _, name in before.keys() - after.keys():
            server.delete(name)
        assert server.objects.keys() == after.keys()
        server.settle()
        variables_lead(server)
        untouched(before, after, settings)
        before = after
    assert len(server.claims) == (4 if life is DIFFERING else 3)
    shards = project.lock.fleet["shards"].values()
    assert {each["claim"] for each in shards} == server.claims, "a retired shard's is known, too"


def untouched(before: dict[Any, str], after: dict[Any, str], settings: str) -> None:
    """Demand that what stays is the same byte for byte, so that no shard restarts."""
    for key in before.keys() & after.keys() - {("ConfigMap", "baileys-shards")}:
        old, new = before[key], after[key]
        if key == ("StatefulSet", "baileys") and settings == "form: single":
            old, new = (re.sub("replicas: [0-9]+", "replicas: N", each) for each in (old, new))
        assert old == new, key


def test_claims_are_named_after_volumes(tmp_path: Path) -> None:
    server = Server()
    shards = "{id: 1}, {id: 2}, {id: 3, volume: WA.Auth_eu}"
    server.apply(made(tmp_path / "own", shards).read(MANIFESTS))
    assert server.claims == {
        "whatsapp-auth-baileys-1-0", "whatsapp-auth-shard2-baileys-2-0", "wa-auth-eu-baileys-3-0"
    }  # fmt: skip
    server = Server()
    server.apply(made(tmp_path / "one", "{id: 1}, {id: 2}", "form: single").read(MANIFESTS))
    assert server.claims == {"whatsapp-auth-baileys-1", "whatsapp-auth-baileys-2"}


def test_the_lock_knows_the_claims_that_a_server_makes(tmp_path: Path) -> None:
    for form in ("per-shard", "single"):
        project, server = made(tmp_path / form, "{id: 1}, {id: 2}", f"form: {form}"), Server()
        server.apply(project.read(MANIFESTS))
        shards = project.lock.fleet["shards"].values()
        assert {each["claim"] for each in shards} == server.claims


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize(("old", "new", "was", "now"), [
    ("form: per-shard", "form: single", "whatsapp-auth-shard2-baileys-2-0", "whatsapp-auth-baileys-2"),
    ("form: single", "form: per-shard", "whatsapp-auth-baileys-2", "whatsapp-auth-shard2-baileys-2-0"),
    ("namespace: a", "namespace: b", "a/whatsapp-auth-shard2-baileys-2-0",
     "b/whatsapp-auth-shard2-baileys-2-0"),
])  # fmt: skip
def test_claims_of_rendered_shards_keep_their_names(
    tmp_path: Path, old: str, new: str, was: str, now: str, *, lost: bool
) -> None:
    project = made(tmp_path, "{id: 1}, {id: 2}", old)
    text = project.read(MANIFESTS)
    project.change("shards.yaml", old, new)
    if lost:
        project.path("shardgen.lock").unlink()
    refused = project.run("render")
    assert refused.code == 3
    assert f"shard 2: its claim would change from {was!r} to {now!r}" in refused.err
    assert "bring the volumes to their new claims" in refused.err
    assert "--allow-state-change 1 --allow-state-change 2" in refused.err
    assert project.read(MANIFESTS) == text
    checked = project.run("check")
    assert checked.code == 1
    assert "put claim" in checked.out + checked.err
    allowed = ["--allow-state-change", "1", "--allow-state-change", "2"]
    if lost:
        allowed += ["--overwrite", MANIFESTS]
    project.render(*allowed)
    project.is_clean()


def test_a_claim_is_remembered_while_the_output_is_off(tmp_path: Path) -> None:
    project = made(tmp_path, "{id: 1}, {id: 2}")
    project.change("shards.yaml", "enabled: true, form: per-shard", "enabled: false")
    project.render()
    assert not project.path(MANIFESTS).exists()
    project.change(
        "shards.yaml", "kubernetes: {enabled: false", "kubernetes: {enabled: true, form: single"
    )
    assert project.run("render").code == 3


def test_a_volume_that_is_renamed_is_said_once(tmp_path: Path) -> None:
    project = made(tmp_path, "{id: 1}, {id: 2}")
    project.change("shards.yaml", "{id: 2}", "{id: 2, volume: other}")
    refused = project.run("render")
    assert refused.code == 3
    (said,) = [line for line in refused.err.splitlines() if line.startswith("shard ")]
    assert said.startswith(
        "shard 2: its volume would change from 'whatsapp_auth_shard2' to 'other'"
    )


def accepted(text: str) -> None:
    """Demand that a new server takes manifests."""
    server = Server()
    server.apply(text)
    server.settle()


def test_a_server_refuses_what_it_must(tmp_path: Path) -> None:
    """The rules above can fail."""
    text = made(tmp_path, "{id: 1}, {id: 2}").read(MANIFESTS)
    for old, new in [
        ("storage: \"5Gi\"", "storage: \"6Gi\""),
        ("serviceName: baileys-2", "serviceName: baileys-1"),
    ]:  # fmt: skip
        server = Server()
        server.apply(text)
        with pytest.raises(Refusal, match="forbidden"):
            server.apply(text.replace(old, new))
    for old, new in [
        ("targetPort: http", "targetPort: web"),
        ('selector: {app.kubernetes.io/name: baileys, shard: "2"}', "selector: {a: b}"),
        ('shard: "2"', 'shard: "1"'),
        ("enableServiceLinks: false", "enableServiceLinks: true"),
        ("name: whatsapp-auth-shard2", "name: whatsapp_auth"),
    ]:  # fmt: skip
        assert old in text
        with pytest.raises(Refusal):
            accepted(text.replace(old, new))


def test_a_template_of_ones_own_cannot_lose_a_shard(tmp_path: Path) -> None:
    project = made(tmp_path, "{id: 1}, {id: 2}")
    text = resource_text("templates/kubernetes.yaml.j2")
    for old, new, fault in [
        ("kind: Service\n", "kind: Ingress\n", "has no Service 'baileys-1'"),
        ("kind: StatefulSet", "kind: Deployment", "has no StatefulSet 'baileys-1'"),
        ("{{ [of.container] | yaml_block(8) }}", "        - {name: a}", "gives 'baileys-1' the shard id"),
        ("name: {{ of.claim | yaml }}", "name: other", "mounts no claim of 'baileys-1'"),
    ]:  # fmt: skip
        assert old in text
        project.write("templates/kubernetes.yaml.j2", text.replace(old, new))
        ran = project.run("render")
        assert ran.code == 2
        assert fault in ran.err


def test_a_render_without_the_output_imports_none_of_it(tmp_path: Path) -> None:
    project = made(tmp_path, "{id: 1}")
    project.change("shards.yaml", "kubernetes: {enabled: true", "kubernetes: {enabled: false")
    script = ("import sys\nfrom shardgen.__main__ import main\nmain(['render'])\n"
              "print(*(m for m in sys.modules if m.startswith('shardgen.kubernetes')))")  # fmt: skip
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    loaded = {name.rpartition(".")[2] for name in ran.stdout.splitlines()[-1].split()}
    assert loaded <= {"kubernetes", "settings", "names"}, "the settings and names are all"
