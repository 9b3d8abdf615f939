"""What all tests share: the package is read once, and a rendered project is copied, not made."""

from __future__ import annotations

import functools
import os
import shutil
from typing import TYPE_CHECKING, Any

import hypothesis
import jinja2
import pytest

import shardgen.package
import shardgen.record
import shardgen.workspace
from shardgen.fallback import rerouted_share
from tests.examples import examples
from tests.support import Project, commit

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

#: How long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile("shardgen", deadline=None, max_examples=examples(100))
hypothesis.settings.load_profile("shardgen")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, Any]:
    """Fail what is skipped where CI is set: a test that did not run proves nothing."""
    report = yield
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped where CI is set: {report.longrepr}"
    return report


@pytest.fixture(autouse=True, scope="session")
def _one_package() -> Iterator[None]:
    """Read the package's digest once, so that an edit of the code between two runs does not tell."""
    with pytest.MonkeyPatch.context() as patch:
        found = shardgen.package.package_digest()
        patch.setattr(shardgen.package, "package_digest", lambda: found)
        patch.setattr(shardgen.workspace, "package_digest", lambda: found)
        yield


@pytest.fixture(autouse=True, scope="session")
def _templates_are_compiled_once() -> Iterator[None]:
    """Keep what jinja makes of a template's source: it is nine tenths of a small render."""
    made: dict[tuple[type, object, object, object], object] = {}
    compiled = jinja2.Environment.compile

    def once(
        self: jinja2.Environment, source: object, name: object = None, filename: object = None
    ) -> object:
        key = (type(self), source, name, filename)
        if key not in made:
            made[key] = compiled(self, source, name, filename)
        return made[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jinja2.Environment, "compile", once)
        yield


@pytest.fixture(autouse=True, scope="session")
def _no_power_cut() -> Iterator[None]:
    """Skip what only a power cut would tell: it is most of the time that a write takes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield


@pytest.fixture(autouse=True, scope="session")
def _shares_are_counted_once() -> Iterator[None]:
    """Keep each share: it takes 200,000 hashes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shardgen.record, "rerouted_share", functools.cache(rerouted_share))
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
