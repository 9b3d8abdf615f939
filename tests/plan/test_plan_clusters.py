"""What is typed where a cluster runs the shards: in order, and never two of one shard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import Project, fleet

if TYPE_CHECKING:
    from pathlib import Path

IMAGE = "image: registry.example/baileys:1"
STACK = "  swarm: {enabled: true, stack: shop, " + IMAGE + "}\n"
CLUSTER = "  kubernetes: {enabled: true, namespace: chat, " + IMAGE + ", consumers: {role: api}}\n"
SINGLE = CLUSTER.replace("namespace: chat", "form: single")
WITHOUT_COMPOSE = "  compose: {enabled: false}\n  env: {enabled: false}\n"
DEPLOY = "docker stack deploy -c docker-stack.yml shop"
APPLY = "kubectl apply -f k8s/baileys.yaml"


def typed(project: Project, *shards: object, outputs: str) -> list[str]:
    """Return what a render says to type next for a cluster, with these shards."""
    text = fleet(*shards, tail="outputs:\n" + outputs)
    project.write("shards.yaml", text.replace("- id: {", "- {"))
    said = project.render().out
    lines = [line[6:] for line in said.partition("\nnext  ")[1:] and said.splitlines() if line]
    return [line for line in lines if line.startswith(("kubectl", "docker "))]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def test_a_swarm_gets_its_labels_first_and_loses_services_last(project: Project) -> None:
    outputs = STACK + WITHOUT_COMPOSE
    label = "docker node update --label-add"
    first = f"{label} baileys-1=true NODE   # and so for baileys-2, baileys-3"
    assert typed(project, 1, 2, 3, outputs=outputs) == [first, DEPLOY]
    assert typed(project, 1, 2, 3, 4, outputs=outputs) == [f"{label} baileys-4=true NODE", DEPLOY]
    drained = (1, 2, 3, "{id: 4, state: draining, move_to: 1}")
    assert typed(project, *drained, outputs=outputs) == []
    gone = (1, 2, 3, "{id: 4, state: retired}")
    assert typed(project, *gone, outputs=outputs) == [DEPLOY, "docker service rm shop_baileys-4"]
    many = range(10, 20)
    also = "   # and so for baileys-11 … baileys-19"
    assert typed(project, *gone, *many, outputs=outputs)[0] == f"{label} baileys-10=true NODE{also}"


def test_shards_on_shared_storage_need_no_label(project: Project) -> None:
    outputs = STACK.replace("stack: shop", "stack: shop, placement: any") + WITHOUT_COMPOSE
    assert typed(project, 1, 2, outputs=outputs) == [DEPLOY]


def test_a_cluster_deletes_what_has_no_manifest_any_more(project: Project) -> None:
    outputs = CLUSTER + WITHOUT_COMPOSE
    assert typed(project, 1, 2, 3, outputs=outputs) == [APPLY]
    typed(project, 1, 2, "{id: 3, state: draining, move_to: 1}", outputs=outputs)
    gone = (1, 2, "{id: 3, state: retired}")
    delete = "kubectl delete statefulset,service baileys-3 -n chat"
    assert typed(project, *gone, outputs=outputs) == [APPLY, delete]
    assert typed(project, *gone, outputs=outputs) == []


def test_one_set_of_all_shards_is_not_deleted(project: Project) -> None:
    outputs = SINGLE + WITHOUT_COMPOSE
    typed(project, 1, 2, 3, outputs=outputs)
    gone = (1, 2, "{id: 3, state: retired}")
    assert typed(project, *gone, outputs=outputs) == [APPLY, "kubectl delete service baileys-3"]


def test_beside_compose_the_two_are_told_apart(project: Project) -> None:
    said = typed(project, 1, 2, outputs=CLUSTER)
    assert said[0] == APPLY
    assert said[1].startswith("docker compose ")
    assert said[1].endswith(" up -d   # only where compose runs the shards")
    said = typed(project, 1, "{id: 2, state: retired}", outputs=CLUSTER)
    last = "   # stops baileys-2, only where compose runs the shards"
    assert said[-2].endswith(last)
    assert said[-1] == "kubectl delete statefulset,service baileys-2 -n chat"


def test_a_plan_names_the_clusters(project: Project) -> None:
    typed(project, 1, 2, outputs=STACK + CLUSTER)
    project.write(
        "shards.yaml", project.read("shards.yaml").replace("  - id: 2", "  - id: 2\n  - id: 3")
    )
    said = project.ok("plan").out
    assert "start what is new in the Kubernetes cluster, restart what changed" in said
    assert "label the node that has the volume of each new shard" in said
    assert said.index(DEPLOY) < said.index("only where compose runs the shards")
