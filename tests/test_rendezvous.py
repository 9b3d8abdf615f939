"""`fallback: rendezvous` in a project: what the lock keeps, what render says, what the pin writes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from shardgen import record
from shardgen.fallback import MOST_HASHES, fallback_shard
from shardgen.impact import share_text
from shardgen.ledger.migration import read_migration
from shardgen.ledger.operations import Pin
from shardgen.model import build_fleet
from tests.router.routers import execute
from tests.support import Project

if TYPE_CHECKING:
    from pathlib import Path

ROUTER = "server/whatsapp_shard_router.py"
OFF = "outputs: {migrations: {enabled: false}}\n"


def text(*entries: str, routing: str = "", head: str = "", fallback: str = "rendezvous") -> str:
    """Return a shards.yaml of some entries, each as it stands in a flow mapping."""
    shards = "".join(f"  - {{{entry}}}\n" for entry in entries)
    return f"version: 1\nrouting: {{fallback: {fallback}{routing}}}\n{head}shards:\n{shards}"


TWO = ("id: 1", "id: 2, weight: 3")


def project(tmp_path: Path, shards: str) -> Project:
    """Return a project that was rendered."""
    made = Project(tmp_path / "project", shards)
    made.render()
    return made


def lock(made: Project) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(made.read("shardgen.lock"))["fleet"]
    return found


def test_the_lock_keeps_weights_only_where_they_decide(tmp_path: Path) -> None:
    made = project(tmp_path, text(*TWO))
    assert lock(made)["fallback_weights"] == [1, 3]
    made.write("shards.yaml", text(*TWO, fallback="md5"))
    made.render()
    assert "fallback_weights" not in lock(made)
    assert lock(made)["fallback_shards"] == [1, 2]


def test_g9_growth_is_told_and_the_line_that_is_printed_moves_nobody(tmp_path: Path) -> None:
    made = project(tmp_path, text(*TWO))
    before = execute(made.read(ROUTER))
    made.write("shards.yaml", text(*TWO, "id: 3"))
    out = made.render("--dry-run").out
    assert "! 20.0 % of the tenants routed by the fallback move" in out
    line = re.search(r"To move none, set under routing: in shards.yaml:   (.+)", out)
    assert line
    made.write("shards.yaml", text(*TWO, "id: 3", routing=f", {line[1]}"))
    assert "!" not in made.render().out
    frozen = execute(made.read(ROUTER))
    made.write("shards.yaml", text(*TWO, "id: 3"))
    made.render()
    after = execute(made.read(ROUTER))
    for tenant in range(1, 500):
        assert frozen.shard_for(tenant) == before.shard_for(tenant)
        assert after.shard_for(tenant) in {3, before.shard_for(tenant)}


def test_a_weight_moves_tenants_and_no_list_avoids_it(tmp_path: Path) -> None:
    made = project(tmp_path, text(*TWO))
    made.write("shards.yaml", text("id: 1", "id: 2, weight: 4"))
    out = made.render().out
    assert "! 4.9 % of the tenants routed by the fallback move" in out
    assert "To move none" not in out


def test_a_weight_of_another_rule_moves_nobody(tmp_path: Path) -> None:
    made = project(tmp_path, text(*TWO, fallback="md5"))
    made.write("shards.yaml", text("id: 1", "id: 2, weight: 0.25", fallback="md5"))
    assert "!" not in made.render().out


def test_g9_the_guard_refuses_a_weight(tmp_path: Path) -> None:
    routing = ", guard: true, fallback_shards: [1, 2]"
    made = Project(tmp_path / "project", text(*TWO, routing=routing))
    made.ok("render", "--allow-reroute")
    made.write("shards.yaml", text("id: 1", "id: 2, weight: 2", routing=routing))
    assert made.run("render").code == 3
    made.ok("render", "--allow-reroute")


def test_a_weight_of_a_shard_that_is_alone_moves_nobody(tmp_path: Path) -> None:
    made = project(tmp_path, text("id: 1"))
    made.write("shards.yaml", text("id: 1, weight: 100"))
    assert "!" not in made.render().out


def fleet_of(count: int) -> Any:
    """Return a fleet with so many draws."""
    shards = [{"id": n, "weight": 100} for n in range(1, count // 100 + 1)]
    rest = [{"id": 99, "weight": count % 100}] if count % 100 else []
    return build_fleet(
        {"version": 1, "shards": [*shards, *rest], "routing": {"fallback": "rendezvous"}}
    )


def test_a_dear_share_is_counted_over_fewer_and_never_called_nothing() -> None:
    before, after = fleet_of(900), fleet_of(901)
    change = record.reroute(record.fleet_record(before, None), after)
    assert change
    assert change.counted == MOST_HASHES // 901
    assert change.share < 0.01
    none = record.Reroute(share=0.0, counted=1_000, freeze=())
    assert share_text(none) == "fewer than 1 in 1,000"


def pin(made: Project) -> Pin:
    """Return what the project's pin records."""
    found = read_migration("0002_pin.sql", made.read("migrations/0002_pin.sql").encode())
    assert not hasattr(found, "kind")
    operation = found.operations[0]
    assert isinstance(operation, Pin)
    return operation


def adopt(shards: int) -> str:
    return f"database: {{adopt: {{shards: {shards}, route: hash}}}}\n"


def test_a_fleet_that_nothing_is_recorded_of_is_not_taken_to_run_by_rendezvous(
    tmp_path: Path,
) -> None:
    """By md5 it runs, most likely; its pin would send tenants away."""
    made = Project(tmp_path / "project", text(*TWO, "id: 3, weight: 7", head=adopt(2)))
    ran = made.run("render")
    assert (ran.code, "error[SG610]" in ran.err) == (2, True)
    made.write("shards.yaml", text(*TWO, head=adopt(2), fallback="md5"))
    made.render()
    made.write("shards.yaml", text(*TWO, head=adopt(2)))
    made.render()
    assert pin(made).fallback == "md5"
    made.ok("check", "--full")


def test_the_pin_writes_what_the_router_of_the_last_render_says(tmp_path: Path) -> None:
    """Weights of then, without the shard that had retired, and not what the same edit changes."""
    retired = "id: 3, state: retired, move_to: 1"
    made = project(tmp_path, text(*TWO, retired, "id: 4, weight: 2", head=OFF))
    router = execute(made.read(ROUTER))
    made.write("shards.yaml", text("id: 1", "id: 2", retired, "id: 4", "id: 5", head=adopt(4)))
    made.render()
    found = pin(made)
    assert found.weights == ((1, 1), (2, 3), (4, 2))
    for tenant in range(200):
        assert fallback_shard(found.fallback, tenant, found.ids, (1, 3, 2)) == router.shard_for(
            tenant
        )
    made.ok("check", "--full")


@pytest.mark.parametrize(("was", "now"), [("md5", "rendezvous"), ("rendezvous", "modulo")])
def test_the_pin_goes_by_the_rule_of_the_last_render(tmp_path: Path, was: str, now: str) -> None:
    made = project(tmp_path, text("id: 1", "id: 2", fallback=was, head=OFF))
    made.write("shards.yaml", text("id: 1", "id: 2", fallback=now, head=adopt(2)))
    made.render()
    assert pin(made).fallback == was
    assert bool(pin(made).weights) is (was == "rendezvous")


def test_sg609_a_shard_that_runs_is_left_out(tmp_path: Path) -> None:
    made = project(tmp_path, text(*TWO, head=OFF))
    made.write("shards.yaml", text(*TWO, head=adopt(1)))
    ran = made.run("render")
    assert ran.code == 2
    assert "error[SG609]: adopt.shards is 1, but the fallback of the last render draws" in ran.err


def test_a_lost_lock_is_made_again_from_the_overlay(tmp_path: Path) -> None:
    made = project(tmp_path, text(*TWO, head=OFF))
    before = lock(made)
    made.path("shardgen.lock").unlink()
    made.render()
    assert lock(made)["fallback_weights"] == before["fallback_weights"]


def test_route_says_how_it_was_found(tmp_path: Path) -> None:
    made = project(tmp_path, text(*TWO))
    out = made.ok("route", "42").out
    assert "fallback rendezvous(42), the highest of 4 draws, picked from [1, 2]" in out
    shard = fallback_shard("rendezvous", 42, [1, 2], [1, 3])
    assert out.startswith(f"tenant 42 → shard {shard} → ")
    assert execute(made.read(ROUTER)).shard_for(42) == shard


def test_plan_counts_a_list_by_both_fallbacks(tmp_path: Path) -> None:
    made = project(tmp_path, text(*TWO))
    made.write("shards.yaml", text(*TWO, "id: 3"))
    made.write("tenants.csv", "id,shard\n" + "".join(f"{n},\n" for n in range(1, 301)))
    found = json.loads(made.run("plan", "--tenants", "tenants.csv", "--format", "json").out)
    old, new = ([1, 2], [1, 3]), ([1, 2, 3], [1, 3, 1])
    moved = [
        n
        for n in range(1, 301)
        if fallback_shard("rendezvous", n, *old) != fallback_shard("rendezvous", n, *new)
    ]
    assert found["tenants"]["moved"] == len(moved)
    assert {flow["after"] for flow in found["tenants"]["flows"]} == {3}


def test_a_template_of_before_there_were_weights_fails_aloud(tmp_path: Path) -> None:
    """It would take rendezvous for modulo, and write the wrong shard into every row."""
    made = project(tmp_path, text(*TWO, head=OFF))
    made.write("shards.yaml", text(*TWO, head=adopt(2)))
    block = "SELECT {% if md5 %}1{% else %}2{% endif %};\n"
    made.write(
        "templates/migrations/pin.sql.j2",
        '{% extends "migrations/_file.sql.j2" %}\n{% block change %}\n'
        + block
        + "{% endblock %}\n",
    )
    ran = made.run("render")
    assert ran.code == 2
    assert "'md5' is undefined" in ran.err
