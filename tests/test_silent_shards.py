"""A shard that does not say which one it is: its service's name tells (G10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support import Project, fleet

if TYPE_CHECKING:
    from pathlib import Path

SILENT = """\
version: 1
shards:
  - id: 1
  - id: 2
    alias: null
    environment: {BAILEYS_SHARD_ID: null}
"""


def test_g10_its_volume_is_known_when_the_lock_is_lost(tmp_path: Path) -> None:
    project = Project(tmp_path / "project", SILENT)
    project.render()
    project.path("shardgen.lock").unlink()
    project.write("shards.yaml", SILENT + "    volume: another\n")
    ran = project.run("render", "--overwrite", "docker-compose.prod.yml")
    assert ran.code == 3
    assert "shard 2: its volume would change from 'whatsapp_auth_shard2' to 'another'" in ran.err


def test_it_is_given_its_id_and_alias_later(tmp_path: Path) -> None:
    project = Project(tmp_path / "project", SILENT)
    project.render()
    assert 'BAILEYS_SHARD_ID: "2"' not in project.read("docker-compose.prod.yml")
    project.write("shards.yaml", fleet(1, 2))
    project.render()
    assert 'BAILEYS_SHARD_ID: "2"' in project.read("docker-compose.prod.yml")
    assert "aliases: [baileys-2]" in project.read("docker-compose.prod.yml")
    project.is_clean()
