"""G9 with `routing.guard`: no tenant of the fallback is sent elsewhere until somebody says so."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support import Project, commit, fleet, snapshot

if TYPE_CHECKING:
    from pathlib import Path

GUARD = "routing:\n  guard: true\n"
REFUSED = """\
! 66.5 % of the tenants routed by the fallback move to another shard and must pair again.
  (counted over the ids 1 to 100,000; a tenant whose shard is passed does not move)

error: nothing was written: routing.guard refuses to re-route tenants
to move none     set under routing: in shards.yaml:   fallback_shards: [1, 2]
with a lookup    where every caller uses the router's use_shard_lookup, set under routing:   lookup: true
to move them     shardgen render --allow-reroute
"""


@pytest.fixture
def guarded(rendered: Project) -> Project:
    """A rendered and committed project of two shards under guard."""
    rendered.write("shards.yaml", fleet(1, 2, head=GUARD))
    rendered.render()
    commit(rendered.root)
    return rendered


def is_refused(project: Project, *options: str) -> str:
    """Demand that a render is refused and changes nothing; return what it says."""
    before = snapshot(project.root)
    ran = project.run("render", *options)
    assert (ran.code, ran.out) == (3, "")
    assert snapshot(project.root) == before
    return ran.err


def test_it_refuses_and_names_every_way_on(guarded: Project) -> None:
    guarded.write("shards.yaml", fleet(1, 2, 3, head=GUARD))
    assert is_refused(guarded) == REFUSED
    assert is_refused(guarded, "--dry-run") == REFUSED


@pytest.mark.parametrize("line", ["fallback_shards: [1, 2]", "lookup: true"])
def test_each_line_that_it_names_lets_it_go_on(guarded: Project, line: str) -> None:
    guarded.write("shards.yaml", fleet(1, 2, 3, head=GUARD))
    assert line in is_refused(guarded)
    guarded.write("shards.yaml", fleet(1, 2, 3, head=f"{GUARD}  {line}\n"))
    ran = guarded.render()
    assert ("passed, or found by the lookup, does not move" in ran.out) == ("lookup" in line)
    guarded.is_clean()


def test_the_option_goes_on(guarded: Project) -> None:
    guarded.write("shards.yaml", fleet(1, 2, 3, head=GUARD))
    assert "! 66.5 %" in guarded.render("--allow-reroute").out
    assert "0 written" in guarded.render().out
    guarded.is_clean()


def test_without_the_guard_it_is_said_alone(rendered: Project) -> None:
    rendered.write("shards.yaml", fleet(1, 2, 3, head="routing: {guard: false}\n"))
    assert "! 66.5 %" in rendered.render().out


@pytest.mark.parametrize(("before", "after"), [
    ("", "  fallback: modulo\n"),
    ("  fallback_shards: [1, 2]\n", "  fallback: modulo\n  fallback_shards: [1, 2]\n"),
    ("  fallback_shards: [1]\n", ""),
], ids=["another hash", "another hash of a frozen list", "no list any more"])  # fmt: skip
def test_what_re_routes_without_a_new_list_is_refused(
    guarded: Project, before: str, after: str
) -> None:
    guarded.write("shards.yaml", fleet(1, 2, head=GUARD + before))
    guarded.render()
    shutil.rmtree(guarded.path(".git"))
    guarded.write("shards.yaml", fleet(1, 2, head=GUARD + after))
    assert "routing.guard refuses" in is_refused(guarded)


def test_another_list_is_what_was_meant(guarded: Project) -> None:
    guarded.write("shards.yaml", fleet(1, 2, head=f"{GUARD}  fallback_shards: [1]\n"))
    assert "! 50.0 %" in guarded.render().out


@pytest.mark.parametrize("tail", [
    "  - {id: 3, state: retired}\n",
    "assign: [{shard: 2, tenants: [7]}]\n",
    "database: {default_shard: 2}\n",
])  # fmt: skip
def test_what_re_routes_nobody_goes_on(guarded: Project, tail: str) -> None:
    guarded.write("shards.yaml", fleet(1, 2, head=GUARD, tail=tail))
    guarded.render()


def test_a_retirement_re_routes_and_is_refused(guarded: Project) -> None:
    guarded.ok("drain", "2", "--to", "1", "--render")
    ran = guarded.ok("retire", "2")
    assert "  routing.guard is on:   shardgen render --allow-reroute\n" in ran.out
    said = is_refused(guarded)
    assert "fallback_shards: " not in said
    assert "to move them     shardgen render --allow-reroute\n" in said


def test_add_says_it_and_renders_nothing_against_it(guarded: Project) -> None:
    before = snapshot(guarded.root)
    ran = guarded.run("add", "--render")
    assert (ran.code, ran.err) == (3, REFUSED)
    assert snapshot(guarded.root) == before
    ran = guarded.ok("add")
    assert "  routing.guard is on:   shardgen render --allow-reroute\n" in ran.out


def test_the_way_back_is_no_new_way(guarded: Project) -> None:
    """A change that was rendered and never committed has moved nobody, in git's eyes."""
    before = guarded.read("shards.yaml")
    guarded.write("shards.yaml", before + "  - id: 3\n")
    guarded.render("--allow-reroute")
    frozen = fleet(1, 2, 3, head=f"{GUARD}  fallback_shards: [1, 2]\n")
    guarded.write("shards.yaml", frozen)
    assert "as it was committed" in guarded.render().out


def test_a_first_render_is_held_against_what_runs_today(tmp_path: Path) -> None:
    project = Project(tmp_path / "a", fleet(1, 2, head=GUARD))
    said = is_refused(project)
    assert "routing.guard refuses" in said
    assert "fallback_shards: [1]" in said
    adopted = "database: {adopt: {shards: 2}}\n"
    Project(tmp_path / "b", fleet(1, 2, head=GUARD + adopted)).render()


def test_other_configs_are_named(guarded: Project) -> None:
    guarded.write("shards.yaml", fleet(1, 2, 3, head=GUARD))
    guarded.path("shards.yaml").rename(guarded.path("fleet.yaml"))
    guarded.path("shardgen.lock").rename(guarded.path("fleet.shardgen.lock"))
    ran = guarded.run("render", "-c", "fleet.yaml")
    assert ran.code == 3
    assert "shardgen render -c fleet.yaml --allow-reroute" in ran.err
