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
#: The outputs of the cluster alone, so that nothing else is to be typed.
ALONE = "".join(
    f"  {name}: {{enabled: false}}\n" for name in ("compose", "env", "migrations", "router")
)
DEPLOY = "docker stack deploy -c docker-stack.yml shop"
APPLY = "kubectl apply -f k8s/baileys.yaml"


BUILD = "# build and push the consumers"
RESTART = "kubectl rollout restart deployment -l role=api"
TOLD = "# deploy the consumers' stack, with their new image and variables"


def typed(project: Project, *shards: object, outputs: str) -> list[str]:
    """Return what a render says to type next for a cluster, with these shards."""
    text = fleet(*shards, tail="outputs:\n" + outputs)
    project.write("shards.yaml", text.replace("- id: {", "- {"))
    said = project.render().out.partition("\nnext  ")[2]
    return [line.strip() for line in said.splitlines()]


def with_migrations_apart(lines: list[str]) -> list[str]:
    """Return commands without those for the database."""
    return [line for line in lines if not line.startswith(("psql ", "shardgen "))]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def test_a_swarm_gets_its_labels_first_and_loses_services_last(project: Project) -> None:
    outputs = STACK + ALONE
    label = "docker node update --label-add"
    first = f"{label} baileys-1=true NODE   # and so for baileys-2, baileys-3"
    assert typed(project, 1, 2, 3, outputs=outputs) == [first, DEPLOY, TOLD]
    added = [f"{label} baileys-4=true NODE", DEPLOY, TOLD]
    assert typed(project, 1, 2, 3, 4, outputs=outputs) == added
    drained = (1, 2, 3, "{id: 4, state: draining, move_to: 1}")
    assert typed(project, *drained, outputs=outputs) == []
    gone = (1, 2, 3, "{id: 4, state: retired}")
    last = "docker service rm shop_baileys-4"
    assert typed(project, *gone, outputs=outputs) == [DEPLOY, TOLD, last]
    many = range(10, 20)
    also = "   # and so for baileys-11 … baileys-19"
    assert typed(project, *gone, *many, outputs=outputs)[0] == f"{label} baileys-10=true NODE{also}"


def test_shards_on_shared_storage_need_no_label(project: Project) -> None:
    outputs = STACK.replace("stack: shop", "stack: shop, placement: any") + ALONE
    assert typed(project, 1, 2, outputs=outputs) == [DEPLOY, TOLD]


def test_a_cluster_deletes_what_has_no_manifest_any_more(project: Project) -> None:
    outputs = CLUSTER + ALONE
    restart = f"{RESTART} -n chat"
    assert typed(project, 1, 2, 3, outputs=outputs) == [APPLY, restart]
    typed(project, 1, 2, "{id: 3, state: draining, move_to: 1}", outputs=outputs)
    gone = (1, 2, "{id: 3, state: retired}")
    delete = "kubectl delete statefulset,service baileys-3 -n chat"
    assert typed(project, *gone, outputs=outputs) == [APPLY, restart, delete]
    assert typed(project, *gone, outputs=outputs) == []


def test_one_set_of_all_shrinks_when_the_database_has_let_go(project: Project) -> None:
    outputs = SINGLE + "  compose: {enabled: false}\n"
    typed(project, 1, 2, 3, outputs=outputs)
    typed(project, 1, 2, "{id: 3, state: draining, move_to: 1}", outputs=outputs)
    said = typed(project, 1, 2, "{id: 3, state: retired}", outputs=outputs)
    psql = next(number for number, line in enumerate(said) if line.startswith("psql "))
    assert said[psql + 1 :] == [APPLY, RESTART, "kubectl delete service baileys-3"]


def test_another_image_restarts_no_consumer(project: Project) -> None:
    outputs = CLUSTER + ALONE
    typed(project, 1, 2, outputs=outputs)
    assert typed(project, 1, 2, outputs=outputs.replace("baileys:1", "baileys:2")) == [APPLY]


def test_a_router_is_in_the_images_before_the_variables_change(project: Project) -> None:
    outputs = CLUSTER + "  compose: {enabled: false}\n  migrations: {enabled: false}\n"
    restart = f"{RESTART} -n chat"
    assert typed(project, 1, 2, outputs=outputs)[:3] == [BUILD, APPLY, restart]
    drained = (1, "{id: 2, state: draining, move_to: 1}")
    assert typed(project, *drained, outputs=outputs)[:2] == [BUILD, restart]


def test_pods_on_claims_of_before_are_stopped_first(project: Project) -> None:
    typed(project, 1, 2, outputs=SINGLE + ALONE)
    text = project.read("shards.yaml").replace("form: single", "namespace: chat")
    project.write("shards.yaml", text)
    allowed = ("--allow-state-change", "1", "--allow-state-change", "2")
    said = project.ok("render", *allowed).out
    assert said.index("kubectl delete statefulset baileys\n") < said.index(APPLY)
    project.write("shards.yaml", text.replace("namespace: chat", "form: single"))
    said = project.ok("render", *allowed).out
    assert "kubectl delete statefulset baileys-1 baileys-2 -n chat\n" in said


def test_beside_compose_the_two_are_told_apart(project: Project) -> None:
    said = with_migrations_apart(typed(project, 1, 2, outputs=CLUSTER))
    assert said[:3] == [BUILD, APPLY, f"{RESTART} -n chat"]
    assert said[3].startswith("docker compose ")
    assert said[3].endswith(" up -d   # only where compose runs the shards")
    said = typed(project, 1, "{id: 2, state: retired}", outputs=CLUSTER)
    last = "   # stops baileys-2, only where compose runs the shards"
    assert said[-2].endswith(last)
    assert said[-1] == "kubectl delete statefulset,service baileys-2 -n chat"


def test_what_reads_files_is_told_to(project: Project) -> None:
    outputs = "  prometheus: {enabled: true}\n  nginx: {enabled: true}\n"
    prometheus = "curl -fsS -X POST http://PROMETHEUS:9090/-/reload"
    nginx = "nginx -t && nginx -s reload"
    assert {prometheus, nginx} <= {*typed(project, 1, 2, outputs=outputs)}
    said = typed(project, 1, 2, 3, outputs=outputs)
    up = next(number for number, line in enumerate(said) if " up -d" in line)
    assert said[up + 1 :] == [prometheus, nginx] or said[up + 1 :] == [nginx, prometheus]


def test_a_plan_names_the_clusters(project: Project) -> None:
    typed(project, 1, 2, outputs=STACK + CLUSTER)
    project.write(
        "shards.yaml", project.read("shards.yaml").replace("  - id: 2", "  - id: 2\n  - id: 3")
    )
    said = project.ok("plan").out
    assert "start what is new in the Kubernetes cluster, restart what changed" in said
    assert "label the node that has the volume of each new shard" in said
    assert said.index(DEPLOY) < said.index("only where compose runs the shards")
