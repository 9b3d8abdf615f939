"""What is published works alone: the wheel and the sdist, in a clean environment, in an empty folder."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import venv
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests import needs, projects

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.wheel

BASE = """\
services:
  baileys:
    image: registry.example/baileys:1
    volumes: ["whatsapp_auth:/app/storage/whatsapp"]
volumes:
  whatsapp_auth:
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that is built from it."""
    needs.require("pyproject-build")
    folder = tmp_path_factory.mktemp("built")
    source = projects.work_tree(folder / "source")
    projects.run(source, sys.executable, "-m", "build", "--outdir", str(folder / "dist"))
    return folder / "dist"


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of a clean environment into which the wheel is installed."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "env", with_pip=True, symlinks=True)
    scripts = folder / "env" / "bin"
    wheel = next(built.glob("*.whl"))
    projects.run(folder, str(scripts / "python"), "-m", "pip", "install", "--quiet", str(wheel))
    return scripts


def data_files(source: Path) -> set[str]:
    """Return every template and schema of the copy that was built."""
    return {
        path.relative_to(source).as_posix()
        for folder in ("templates", "schema")
        for path in (source / folder).rglob("*")
        if path.is_file()
    }


def modules(source: Path) -> set[str]:
    """Return every module of the copy that was built."""
    return {path.relative_to(source).as_posix() for path in (source / "shardgen").rglob("*.py")}


def test_the_wheel_has_every_module_template_and_schema(built: Path) -> None:
    source = built.parent / "source"
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
        texts = {name: wheel.read(name) for name in names}
    expected = {f"shardgen/_data/{name}": name for name in data_files(source)}
    assert names == modules(source) | expected.keys()
    for name, original in expected.items():
        assert texts[name] == (source / original).read_bytes()


def test_the_sdist_has_all_that_the_wheel_is_made_from(built: Path) -> None:
    source = built.parent / "source"
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert (
        modules(source) | data_files(source) | {"pyproject.toml", "README.md", "LICENSE"} <= names
    )


def shardgen(installed: Path, folder: Path, *arguments: str, code: int = 0) -> str:
    """Run the installed command, with nothing but it and the system on PATH; return its output."""
    done = subprocess.run(
        [str(installed / "shardgen"), *arguments],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == code, done.stdout
    assert "Traceback" not in done.stdout
    return done.stdout


def test_it_starts_a_project_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    assert "docker-compose.yml" in shardgen(installed, tmp_path, "init", "--shards", "2")
    shardgen(installed, tmp_path, "render", code=2)  # the base file is not there yet
    assert not (tmp_path / "shardgen.lock").exists()
    (tmp_path / "docker-compose.yml").write_text(BASE)
    assert "0004_add_shard_2.sql" in shardgen(installed, tmp_path, "render")
    for arguments in ((), ("--full",), ("--format", "json")):
        shardgen(installed, tmp_path, "check", *arguments)
    printed = json.loads(shardgen(installed, tmp_path, "schema"))
    assert printed == json.loads((tmp_path / "schema" / "shards.schema.json").read_text())
    assert "shard 2" in shardgen(installed, tmp_path, "route", "42", "--shard", "2")
    shardgen(installed, tmp_path, "add")
    shardgen(installed, tmp_path, "check", code=1)
    shardgen(installed, tmp_path, "render")
    assert (tmp_path / "migrations" / "0005_add_shard_3.sql").exists()
    shardgen(installed, tmp_path, "check")
    shardgen(installed, tmp_path, "explain")


def test_it_renders_what_the_checkout_renders(built: Path, installed: Path, tmp_path: Path) -> None:
    """G1: an installed wheel and a bare checkout write the same bytes, the lock's too."""
    source = built.parent / "source"
    folders = [tmp_path / "wheel", tmp_path / "checkout"]
    for folder in folders:
        folder.mkdir()
        for name in ("docker-compose.yml", "shards.yaml"):
            (folder / name).write_bytes((projects.ROOT / name).read_bytes())
    shardgen(installed, folders[0], "render")
    command = (sys.executable, "-m", "shardgen", "render")
    projects.run(folders[1], *command, PYTHONPATH=str(source))
    texts = [
        {path.relative_to(folder).as_posix(): path.read_bytes()
         for path in folder.rglob("*") if path.is_file()}
        for folder in folders
    ]  # fmt: skip
    assert texts[0] == texts[1]


def test_nothing_comes_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    script = (
        "import sys, shardgen.exits, shardgen.workspace, shardgen.resources as r\n"
        "print(r.resource('templates'), r.resource('schema'))\n"
        "print(*[m.__file__ for m in sys.modules.values() if getattr(m, '__file__', None)])\n"
        "print(*sys.path)"
    )
    command = [str(installed / "python"), "-c", script]
    done = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, check=True)
    assert "shardgen/_data/templates" in done.stdout
    assert str(projects.ROOT) not in done.stdout
