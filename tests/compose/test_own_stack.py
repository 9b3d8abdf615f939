"""The repository's own stack, and the smallest one, as docker compose reads them."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from tests.compose.stacks import FILES, Compose, count, project, without_identity, write
from tests.projects import ROOT, run

if TYPE_CHECKING:
    from pathlib import Path

CONSUMERS = ("prosaas-api", "worker", "prosaas-calls")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of this repository's two inputs, rendered, with the .env that they ask for."""
    folder = tmp_path_factory.mktemp("own")
    shutil.copy(ROOT / FILES[0], folder)
    shutil.copy(ROOT / "shards.yaml", folder)
    run(folder, sys.executable, "-m", "shardgen", "render")
    write(folder, ".env", "INTERNAL_SECRET=s3\nBAILEYS_NUM_SHARDS=99\nLOG_LEVEL=debug\n")
    return folder


def test_it_is_valid_for_every_profile(compose: Compose, own: Path) -> None:
    without = compose.services(own)
    assert "baileys" in without
    assert "baileys-2" not in without
    assert compose.services(own, "multi-shard") == without | {"baileys-2"}
    assert compose.services(own, "*") == without | {"baileys-2"}


def test_each_shard_has_its_alias_its_id_and_its_volume(compose: Compose, own: Path) -> None:
    services = compose.model(own)["services"]
    for name, number, volume in (("baileys", "1", "whatsapp_auth"),
                                 ("baileys-2", "2", "whatsapp_auth_shard2")):  # fmt: skip
        service = services[name]
        assert service["networks"] == {"prosaas-net": {"aliases": [f"baileys-{number}"]}}
        assert service["environment"]["BAILEYS_SHARD_ID"] == number
        (mount,) = service["volumes"]
        assert (mount["source"], mount["target"]) == (volume, "/app/storage/whatsapp")
    assert {"whatsapp_auth", "whatsapp_auth_shard2"} <= compose.model(own)["volumes"].keys()


def test_consumers_keep_their_env_file_and_the_shard_variables_win(
    compose: Compose, own: Path
) -> None:
    """.env sets BAILEYS_NUM_SHARDS too; the generated file comes last."""
    for name in CONSUMERS:
        environment = compose.model(own)["services"][name]["environment"]
        assert environment["LOG_LEVEL"] == "debug"
        assert environment["BAILEYS_NUM_SHARDS"] == "2"
        assert environment["BAILEYS_SHARD_2_URL"] == "http://baileys-2:3300"


def test_the_second_shard_is_the_first_but_for_four_things(compose: Compose, own: Path) -> None:
    model = compose.model(own)
    assert without_identity(model, "baileys") == without_identity(model, "baileys-2")


def test_the_smallest_file(compose: Compose, tmp_path: Path) -> None:
    model = compose.model(project(tmp_path, count(3)))
    first = without_identity(model, "baileys")
    assert first["environment"] == {"TZ": "UTC", "LOG_LEVEL": "info", "INTERNAL_SECRET": "s3"}
    for name in ("baileys-2", "baileys-3"):
        assert without_identity(model, name) == first


def test_shard_one_gains_its_alias_and_its_id_alone(compose: Compose, tmp_path: Path) -> None:
    """The overlay never restates the volume; without it shard 1 is as the base has it."""
    project(tmp_path, count(1))
    before = compose.model(tmp_path, files=FILES[:1])["services"]["baileys"]
    after = compose.model(tmp_path)["services"]["baileys"]
    before["environment"] |= {"BAILEYS_SHARD_ID": "1"}
    before["networks"] = {"net": {"aliases": ["baileys-1"]}}
    assert after == before
    assert "whatsapp_auth" not in (tmp_path / FILES[1]).read_text()
