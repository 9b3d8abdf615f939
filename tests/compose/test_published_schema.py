"""The overlay conforms to the published schema of compose files, which editors use as well."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.compose.stacks import FILES, count, project
from tests.projects import run

if TYPE_CHECKING:
    from pathlib import Path


HARD = """
service: {hardening: true, restart: "no", limits: {memory: 1g, cpus: 2}, networks: [net]}
shards: [{id: 1}, {id: 2, environment: {A: 1.5, B: true, C: "010"}}]
"""
ALONE = "{base: null, image: wa, storage: {external: true}, networks: [a, b]}"


@pytest.mark.parametrize(
    "shards",
    [
        count(1),
        count(3, service="{consumers: [api], profile: null}"),
        HARD,
        count(2, service=ALONE),
    ],
    ids=["one", "three", "hard", "alone"],
)
def test_it_conforms(tmp_path: Path, shards: str) -> None:
    project(tmp_path, shards)
    command = (sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec")
    run(tmp_path, *command, FILES[1])
