"""G9: what a render does to tenants is said, in numbers, and not said where nobody moves."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from shardgen.fallback import fallback_shard
from tests.support import BASE, Project, fleet

if TYPE_CHECKING:
    from pathlib import Path

FREEZE = "routing: {fallback_shards: [1, 2]}\n"


def test_g9_the_line_that_is_printed_moves_nobody(rendered: Project) -> None:
    rendered.write("shards.yaml", fleet(1, 2, 3))
    out = rendered.render().out
    assert "! 66.5 % of the tenants routed by the fallback move" in out
    assert f"To move none, add to shards.yaml:   {FREEZE}" in out
    rendered.write("shards.yaml", rendered.read("shards.yaml") + FREEZE)
    out = rendered.render().out
    assert "The fallback is as it was committed: nobody moves" in out
    assert "!" not in out


def test_g9_without_git_the_last_render_counts(rendered: Project) -> None:
    shutil.rmtree(rendered.path(".git"))
    rendered.write("shards.yaml", fleet(1, 2, 3))
    rendered.render()
    rendered.write("shards.yaml", fleet(1, 2, 3, head=FREEZE))
    assert "! 66.5 %" in rendered.render().out


def test_g9_a_first_render_is_counted_from_what_runs_today(tmp_path: Path) -> None:
    out = Project(tmp_path / "a", fleet(1, 2)).render().out
    ids = range(1, 10_001)
    moved = sum(fallback_shard("md5", each, (1, 2)) != 1 for each in ids) / len(ids)
    share = f"{moved:.1%}".replace("%", " %")
    assert f"! {share} of the tenants routed by the fallback move" in out
    assert "1 shard runs today, says database.adopt" in out
    two = "database: {adopt: {shards: 2}}\n"
    assert "!" not in Project(tmp_path / "b", fleet(1, 2, head=two)).render().out


def test_g9_migrations_that_move_tenants_are_named(rendered: Project) -> None:
    text = fleet(1, 2).replace("  - id: 2\n", "  - {id: 2, state: draining, move_to: 1}\n")
    rendered.write("shards.yaml", text + "assign: [{shard: 1, tenants: [101, 205]}]\n")
    out = rendered.render().out
    assert "_assign_to_shard_1.sql puts tenants 101 and 205 on shard 1" in out
    assert "_move_shard_2_to_1.sql moves every tenant of shard 2 to shard 1" in out
    assert "Bring their data over before it is applied" in out


def test_a_service_that_nothing_defines_any_more_is_stopped(rendered: Project) -> None:
    rendered.change("shards.yaml", "  - id: 2\n", "  - {id: 2, state: draining, move_to: 1}\n")
    rendered.render()
    rendered.change("shards.yaml", "state: draining", "state: retired")
    out = rendered.render().out
    assert "up -d --remove-orphans   # stops baileys-2" in out


def test_g10_the_volume_behind_the_name_is_kept(rendered: Project) -> None:
    rendered.write(
        "docker-compose.yml", BASE.replace("  whatsapp_auth:\n", "  whatsapp_auth: {name: other}\n")
    )
    assert "whatsapp_auth: {name: other}" in rendered.read("docker-compose.yml")
    ran = rendered.run("render")
    assert ran.code == 3
    assert "shard 1: its engine volume would change from '*_whatsapp_auth' to 'other'" in ran.err
    rendered.render("--allow-state-change", "1")
    rendered.is_clean()


def test_a_shard_that_does_not_exist_cannot_be_allowed(rendered: Project) -> None:
    ran = rendered.run("render", "--allow-state-change", "99")
    assert (ran.code, ran.out) == (2, "")
    assert "there is no shard 99" in ran.err
