"""An engine, docker with each version of compose, and stacks that are gone after their test."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests import needs
from tests.compose.conftest import VERSIONS, binaries
from tests.e2e import image
from tests.e2e.stacks import BASE, Docker, Stack, images, new_stack
from tests.e2e.world import ENGINE
from tests.projects import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder: it needs an engine, its own or the world's."""
    for item in items:
        if not {"engine", "gone"}.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.docker)


def new_name() -> str:
    """Return a name that nothing in an engine has."""
    return f"shardgen-e2e-{secrets.token_hex(4)}"


@dataclass(frozen=True)
class Engine:
    """Where an engine is, and the image of the stand-ins in it."""

    host: str
    image: str
    is_own: bool


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """Return the engine that the tests may use, ready for stacks."""
    kind = os.environ.get(ENGINE)
    if kind is None:
        needs.lacking("these tests run in a world of their own: `make e2e`")
    # Without this, a terminated run would end before what it made is removed.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    asked = ("docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
    host = os.environ.get("DOCKER_HOST") or subprocess.check_output(asked, text=True).strip()
    found = Engine(host, new_name(), kind == "world")
    try:
        image.build(found.image)
        if found.is_own:
            for name in images((ROOT / BASE).read_text(encoding="utf-8")):
                subprocess.run(["docker", "tag", found.image, name], check=True)
        yield found
    finally:
        image.remove(found.image)
        signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session", params=VERSIONS, ids=lambda version: f"v{version}")
def docker(
    request: pytest.FixtureRequest, engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Docker:
    """Return docker, once with each version of compose."""
    binary = binaries().get(request.param)
    if binary is None:
        needs.lacking(f"docker compose v{request.param} is not there: see `make e2e`")
    config = tmp_path_factory.mktemp("config")
    (config / "cli-plugins").mkdir()
    (config / "cli-plugins" / "docker-compose").symlink_to(binary)
    return Docker(config, engine.host, engine.image, engine.is_own)


@pytest.fixture
def stack(docker: Docker, tmp_path: Path) -> Iterator[Stack]:
    """Return a copy of this repository's stack, not rendered yet; it is removed afterwards."""
    folder = tmp_path / new_name()
    try:
        yield new_stack(folder, docker)
    finally:
        Stack(folder, docker).remove()
