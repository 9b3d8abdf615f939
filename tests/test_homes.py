"""G10 across engines: no shard goes to another stack, project or engine without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import Project

if TYPE_CHECKING:
    from pathlib import Path

BASE = """\
name: p
services:
  api: {image: a}
  baileys: {image: b, expose: [3300], volumes: ["whatsapp_auth:/app/storage/whatsapp"]}
volumes: {whatsapp_auth: }
"""
HEAD = "version: 1\nservice: {base: null, image: b:1}\nshards: [{id: 1}, {id: 2}]\n"
HOSTS = """\
version: 1
service: {consumers: [api]}
hosts: {h2: {address: 10.0.0.7}}
shards: [{id: 1}, {id: 2}, {id: 3, host: h2}]
"""
OFF = "compose: {enabled: false}, env: {enabled: false}"
SWARM = "swarm: {enabled: true, stack: st}"
CLUSTER = "kubernetes: {enabled: true, consumers: {role: api}}"


def outputs(*stated: str) -> str:
    return f"{HEAD}outputs: {{{', '.join(stated)}}}\n"


def refused(project: Project, text: str, what: str) -> None:
    """Demand that a render of another shards.yaml is refused, and that checks and plans say why."""
    project.write("shards.yaml", text)
    before = project.contents()
    ran = project.run("render")
    assert ran.code == 3, ran.out
    assert f"shard 1: its {what}" in ran.err
    assert project.contents() == before
    checked = project.run("check")
    assert checked.code == 1
    assert f"shard 1: its {what}" in checked.out
    assert "Risk         high" in project.ok("plan").out
    allowed = [part for shard in ("1", "2") for part in ("--allow-state-change", shard)]
    project.ok("render", *allowed, *(["--allow-state-change", "3"] if "h2" in text else []))
    project.is_clean()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project", HEAD, BASE)


def rendered(project: Project, text: str) -> Project:
    project.write("shards.yaml", text)
    project.render()
    return project


def test_another_stack_has_other_volumes(project: Project) -> None:
    rendered(project, outputs(SWARM, OFF))
    what = "stack volume would change from 'st_whatsapp_auth' to 'st2_whatsapp_auth'"
    refused(project, outputs(SWARM.replace("st}", "st2}"), OFF), what)


def test_a_stack_that_was_off_for_a_while_is_remembered(project: Project) -> None:
    rendered(project, outputs(SWARM))
    rendered(project, outputs())
    what = "stack volume would change from 'st_whatsapp_auth' to 'st2_whatsapp_auth'"
    refused(project, outputs(SWARM.replace("st}", "st2}")), what)


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ((), (SWARM, OFF), "'compose' to 'swarm'"),
        ((), (CLUSTER, OFF), "'compose' to 'kubernetes'"),
        ((CLUSTER, OFF), (SWARM, OFF), "'kubernetes' to 'swarm'"),
        ((SWARM, OFF), (), "'swarm' to 'compose'"),
    ],
)
def test_another_engine_has_none_of_the_volumes(
    project: Project, before: tuple[str, ...], after: tuple[str, ...], change: str
) -> None:
    rendered(project, outputs(*before))
    refused(project, outputs(*after), f"engine would change from {change}")


def test_an_engine_beside_the_other_is_the_way_there(project: Project) -> None:
    rendered(project, outputs())
    rendered(project, outputs(SWARM))
    rendered(project, outputs(SWARM, OFF))


def test_a_fleet_that_no_engine_had_goes_anywhere(project: Project) -> None:
    rendered(project, outputs(OFF))
    rendered(project, outputs(CLUSTER, OFF))


@pytest.mark.parametrize(("name", "after"), [("name: q\n", "q"), ("", "*")])
def test_another_project_has_other_volumes(project: Project, name: str, after: str) -> None:
    rendered(project, HOSTS)
    project.write("docker-compose.yml", BASE.replace("name: p\n", name))
    refused(project, HOSTS, f"project would change from 'p' to {after!r}")


def test_a_project_that_gets_its_name_written_is_let_through(project: Project) -> None:
    project.write("docker-compose.yml", BASE.replace("name: p\n", ""))
    rendered(project, HOSTS)
    project.write("docker-compose.yml", BASE)
    rendered(project, HOSTS)


def test_a_volume_with_a_name_of_its_own_belongs_to_no_project(project: Project) -> None:
    named = BASE.replace("whatsapp_auth: }", "whatsapp_auth: {name: kept}}")
    project.write("docker-compose.yml", named)
    text = HOSTS.replace(", {id: 2}, {id: 3, host: h2}", "")
    rendered(project, text)
    project.write("docker-compose.yml", named.replace("name: p", "name: q"))
    rendered(project, text)


def test_the_folder_of_a_hosts_file_names_its_project(project: Project) -> None:
    project.write("docker-compose.yml", BASE.replace("name: p\n", ""))
    rendered(project, HOSTS + "outputs: {hosts: {path: 'a/{host}.yml'}}\n")
    project.write("shards.yaml", HOSTS + "outputs: {hosts: {path: 'b/{host}.yml'}}\n")
    ran = project.run("render")
    assert ran.code == 3
    assert "shard 3: its project would change from 'a' to 'b'" in ran.err
