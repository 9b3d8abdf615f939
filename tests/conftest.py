"""What all tests share: the package is read once, and a rendered project is copied, not made."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import shardgen.package
import shardgen.workspace
from tests.support import Project, commit


@pytest.fixture(autouse=True, scope="session")
def _one_package() -> None:
    """Read the package's digest once, so that an edit of the code between two runs does not tell."""
    with pytest.MonkeyPatch.context() as patch:
        found = shardgen.package.package_digest()
        patch.setattr(shardgen.package, "package_digest", lambda: found)
        patch.setattr(shardgen.workspace, "package_digest", lambda: found)
        yield


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project of two shards that was not rendered yet."""
    return Project(tmp_path / "project")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of two shards, rendered and committed; to copy, not to change."""
    project = Project(tmp_path_factory.mktemp("made") / "project")
    project.render()
    commit(project.root)
    return project.root


@pytest.fixture
def rendered(made: Path, tmp_path: Path) -> Project:
    """A copy of the rendered and committed project."""
    root = tmp_path / "rendered"
    shutil.copytree(made, root)
    copied = Project.__new__(Project)
    copied.root = root
    return copied
