"""The servers of the tests that are marked `postgres`: one for most, every version for a few."""

from __future__ import annotations

import uuid
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.needs import lacking
from tests.postgres.databases import Database, fresh
from tests.postgres.servers import DSN, Server, given, installations, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VERSIONS = tuple(sorted(installations()))


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, so that these tests run without the project's configuration too."""
    config.addinivalue_line("markers", "postgres: needs a PostgreSQL server")


class Servers:
    """The servers that a session has started, by major version."""

    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack
        self.started: dict[int, Server] = {}

    def version(self, major: int) -> Server:
        """The server of a version, started when it is first asked for."""
        if major not in self.started:
            server = self.stack.enter_context(running(installations()[major]))
            self.started[major] = server
        return self.started[major]

    def any(self) -> Server:
        """The server of the environment, else the first that the machine has."""
        server = given()
        if server is None and not VERSIONS:
            lacking(f"no PostgreSQL server: set {DSN}, or install postgresql or pgserver")
        return server or self.version(next(iter(installations())))


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Every server of the session; all of them stop at its end."""
    with ExitStack() as stack:
        yield Servers(stack)


@pytest.fixture
def database(servers: Servers, tmp_path: Path) -> Iterator[Database]:
    """A fresh database."""
    with fresh(servers.any(), f"test_{uuid.uuid4().hex}", tmp_path) as made:
        yield made


@pytest.fixture(params=VERSIONS or (0,), ids=lambda version: f"pg{version}")
def each_database(
    request: pytest.FixtureRequest, servers: Servers, tmp_path: Path
) -> Iterator[Database]:
    """A fresh database on every major version that this machine has."""
    server = servers.version(request.param) if request.param else servers.any()
    with fresh(server, f"test_{uuid.uuid4().hex}", tmp_path) as made:
        yield made
