"""The hooks of `.pre-commit-hooks.yaml`, run by the real pre-commit in a repository that uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import needs, projects

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.precommit

CONFIG = """\
repos:
  - repo: {source}
    rev: {revision}
    hooks:
      - id: shardgen-check
      - id: shardgen-render
        stages: [manual]
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pre-commit keeps the environments of hooks; one for all tests, removed with them."""
    needs.require("pre-commit")
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A pre-commit configuration that takes the hooks from a commit of this work tree."""
    source = projects.work_tree(tmp_path_factory.mktemp("source") / "shardgen")
    revision = projects.run(source, "git", "rev-parse", "HEAD").stdout.strip()
    return CONFIG.format(source=source, revision=revision)


@pytest.fixture
def project(config: str, home: Path, tmp_path: Path) -> Path:
    """A user's repository with everything rendered and committed."""
    folder = projects.small(tmp_path / "project")
    (folder / ".pre-commit-config.yaml").write_text(config)
    projects.commit(folder)
    return folder


def hook(project: Path, home: Path, name: str, code: int) -> str:
    """Run one hook on all files and return what pre-commit says."""
    stage = "manual" if name == "shardgen-render" else "pre-commit"
    command = ["pre-commit", "run", "--all-files", "--hook-stage", stage, name]
    return projects.run(project, *command, code=code, PRE_COMMIT_HOME=str(home)).stdout


def test_the_manifest_is_valid(home: Path) -> None:
    manifest = str(projects.ROOT / ".pre-commit-hooks.yaml")
    projects.run(home, "pre-commit", "validate-manifest", manifest, PRE_COMMIT_HOME=str(home))


def test_check_passes_on_a_clean_project(project: Path, home: Path) -> None:
    assert "Passed" in hook(project, home, "shardgen-check", 0)


def test_check_fails_on_drift_and_says_what_to_type(project: Path, home: Path) -> None:
    with (project / "shards.yaml").open("a") as file:
        file.write("  - id: 3\n")
    said = hook(project, home, "shardgen-check", 1)
    assert "docker-compose.prod.yml" in said
    assert said.rstrip().endswith("shardgen render && git add -f migrations/0005_add_shard_3.sql")


def test_check_fails_on_an_output_that_git_does_not_track(project: Path, home: Path) -> None:
    with (project / "shards.yaml").open("a") as file:
        file.write("  - id: 3\n")
    projects.run(project, "shardgen", "render")
    said = hook(project, home, "shardgen-check", 1)
    assert said.rstrip().endswith("git add -f migrations/0005_add_shard_3.sql")
    projects.run(project, "bash", "-c", said.rstrip().splitlines()[-1])
    assert "Passed" in hook(project, home, "shardgen-check", 0)


def test_check_stops_a_commit(project: Path, home: Path) -> None:
    projects.run(project, "pre-commit", "install", PRE_COMMIT_HOME=str(home))
    with (project / "shards.yaml").open("a") as file:
        file.write("  - id: 3\n")
    commit = ("git", "commit", "--all", "--message", "a third shard")
    projects.run(project, *commit, code=1, PRE_COMMIT_HOME=str(home))
    projects.run(project, "shardgen", "render")
    projects.run(project, "git", "add", "--all")
    projects.run(project, *commit, PRE_COMMIT_HOME=str(home))


def test_render_fails_once_because_it_changed_files_and_then_passes(
    project: Path, home: Path
) -> None:
    with (project / "shards.yaml").open("a") as file:
        file.write("  - id: 3\n")
    assert "files were modified by this hook" in hook(project, home, "shardgen-render", 1)
    assert (project / "migrations" / "0005_add_shard_3.sql").exists()
    assert "Passed" in hook(project, home, "shardgen-render", 0)
