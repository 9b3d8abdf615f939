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
      - id: shardgen-audit
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


def test_render_fails_until_what_it_made_is_in_the_commit(project: Path, home: Path) -> None:
    with (project / "shards.yaml").open("a") as file:
        file.write("  - id: 3\n")
    said = hook(project, home, "shardgen-render", 1)
    assert "files were modified by this hook" in said
    assert (project / "migrations" / "0005_add_shard_3.sql").exists()
    again = hook(project, home, "shardgen-render", 1)
    assert "files were modified" not in again, "pre-commit does not see a new file"
    last = again.rstrip().splitlines()[-1]
    assert last == "git add -f migrations/0005_add_shard_3.sql"
    projects.run(project, "bash", "-c", last)
    assert "Passed" in hook(project, home, "shardgen-render", 0)


def test_a_commit_that_leaves_the_new_migration_out_is_stopped(project: Path, home: Path) -> None:
    """Only the hook that renders, at each commit: `git commit --all` never adds what is new."""
    config = project / ".pre-commit-config.yaml"
    head, _, _ = config.read_text().partition("    hooks:\n")
    config.write_text(f"{head}    hooks:\n      - id: shardgen-render\n")
    projects.commit(project)
    projects.run(project, "pre-commit", "install", PRE_COMMIT_HOME=str(home))
    with (project / "shards.yaml").open("a") as file:
        file.write("  - id: 3\n")
    commit = ("git", "commit", "--all", "--message", "a third shard")
    for _ in range(2):
        said = projects.run(project, *commit, code=1, PRE_COMMIT_HOME=str(home)).stdout
        assert said.rstrip().endswith("git add -f migrations/0005_add_shard_3.sql")
    projects.run(project, "bash", "-c", said.rstrip().splitlines()[-1])
    projects.run(project, *commit, PRE_COMMIT_HOME=str(home))
    listed = projects.run(project, "git", "ls-files", "migrations").stdout
    assert "migrations/0005_add_shard_3.sql" in listed


def test_the_hook_that_renders_takes_another_config(project: Path, home: Path) -> None:
    config = project / ".pre-commit-config.yaml"
    text = config.read_text() + "        args: [-c, deploy/shards.yaml]\n"
    config.write_text(text)
    (project / "deploy").mkdir()
    for name in ("shards.yaml", "docker-compose.yml"):
        (project / "deploy" / name).write_bytes((project / name).read_bytes())
    said = hook(project, home, "shardgen-render", 1)
    assert (project / "deploy" / "shardgen.lock").exists()
    assert "(cd deploy && git add -f " in said
    projects.run(project, "git", "add", "--all")
    assert "Passed" in hook(project, home, "shardgen-render", 0)


def test_audit_passes_and_fails_on_a_script_for_one_shard(project: Path, home: Path) -> None:
    assert "Passed" in hook(project, home, "shardgen-audit", 0)
    script = "#!/bin/sh\ndocker compose -f docker-compose.yml -f docker-compose.prod.yml down -v\n"
    (project / "reset.sh").write_text(script)
    projects.run(project, "git", "add", "--all")
    said = hook(project, home, "shardgen-audit", 1)
    assert "reset.sh:2:" in said
