"""What the tests of the generated TypeScript need: node, and the packages of package.json."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests import needs


@pytest.fixture(scope="session")
def packages() -> Path:
    """The folder of the packages; `make .venv/.node` installs them."""
    needs.require("node")
    found = Path(sys.executable).parents[1] / "node" / "node_modules"
    return found if found.is_dir() else needs.lacking("make .venv/.node was not run")
