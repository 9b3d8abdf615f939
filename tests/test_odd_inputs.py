"""What compose itself would refuse, and what is no file: an answer each time, never a traceback."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.projects import run

if TYPE_CHECKING:
    from pathlib import Path

SHARDS = "version: 1\nshards: [{id: 1}, {id: 2}]\n"
BASE = """\
services:
  baileys:
    image: wa
    volumes: ["whatsapp_auth:/app/storage/whatsapp"]
volumes:
  whatsapp_auth:
"""
DIGITS = "9" * 5000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project that renders."""
    (tmp_path / "shards.yaml").write_text(SHARDS)
    (tmp_path / "docker-compose.yml").write_text(BASE)
    return tmp_path


def chain(length: int) -> str:
    """Return a base file with a chain of services, each of which extends the next."""
    links = "".join(f"  s{n}: {{extends: s{n + 1}}}\n" for n in range(length))
    return BASE.replace("volumes:\n  whats", f"{links}volumes:\n  whats")


@pytest.mark.parametrize(
    "text",
    [
        f"{BASE}x-app: {{<<: foo}}\n",
        f"{BASE}x-app: {{<<: [1, {{a: b}}, null]}}\n",
        BASE.replace("image: wa", "image: wa\n    networks: {net: [x]}") + "networks: {net: }\n",
        BASE.replace("image: wa", "image: wa\n    networks: {net: 'a:'}") + "networks: {net: }\n",
        BASE.replace("image: wa", f"image: wa\n    ports: ['{DIGITS}']"),
        BASE.replace("image: wa", f"image: wa\n    environment: {{BAILEYS_PORT: '{DIGITS}'}}"),
        chain(2000),
    ],
    ids=["merge", "merges", "list", "text", "digits", "digits of a variable", "chain"],
)
@pytest.mark.slow
def test_an_odd_base_renders(folder: Path, text: str) -> None:
    """What says nothing that a shard could have is passed over."""
    (folder / "docker-compose.yml").write_text(text)
    run(folder, "shardgen", "render")


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("docker-compose.yml", "", "SG303"),
        ("docker-compose.yml", "null\n", "SG303"),
        (
            "docker-compose.yml",
            BASE.replace("image: wa", f"image: wa\n    scale: {DIGITS}"),
            "SG307",
        ),
        ("shards.yaml", f"service: {{port: {DIGITS}}}\n{SHARDS}", "SG109"),
        ("shards.yaml", f"service: {{port: '{DIGITS}'}}\n{SHARDS}", "SG114"),
        (
            "shards.yaml",
            SHARDS.replace("{id: 2}", "{id: 2, url: 'http://[1.2.3:]:3300'}"),
            "SG510",
        ),
    ],
    ids=["empty", "null", "scale", "port", "port as text", "address"],
)
def test_an_odd_value_is_refused(folder: Path, name: str, text: str, code: str) -> None:
    """It says where, and not that shardgen failed."""
    (folder / name).write_text(text)
    assert f"error[{code}]" in run(folder, "shardgen", "render", code=2).stdout


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("shardgen.lock", 0),
        ("docker-compose.yml", 2),
        ("docker-compose.prod.yml", 2),
        pytest.param("migrations/0001_whatsapp_shards.sql", None, marks=pytest.mark.slow),
        pytest.param("templates/ssot.md.j2", 0, marks=pytest.mark.slow),
        pytest.param(".shardgen.lock.shardgen-new", 0, marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("command", ["check", pytest.param("render", marks=pytest.mark.slow)])
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without named pipes")
def test_a_pipe_is_not_waited_for(folder: Path, name: str, code: int | None, command: str) -> None:
    """Whoever opens a pipe waits for its other end: here for ever."""
    run(folder, "shardgen", "render")
    path = folder / name
    path.unlink(missing_ok=True)
    path.parent.mkdir(exist_ok=True)
    os.mkfifo(path)
    done = run(folder, "timeout", "20", "shardgen", command, code=None)
    assert done.returncode != 124
    assert "Traceback" not in done.stdout
    if command == "render" and code is not None:
        assert done.returncode == code, done.stdout
