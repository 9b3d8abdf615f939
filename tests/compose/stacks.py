"""Stacks in a temporary folder: a project that shardgen rendered, and what compose makes of it."""

from __future__ import annotations

import json
import os
import subprocess
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shardgen.exits
from tests.projects import environment

#: The first user's service, and the consumers beside it; the smallest base there is.
PLAIN = """
    services:
      baileys:
        build: {context: ., dockerfile: Dockerfile.baileys}
        env_file: [.env]
        environment: {TZ: UTC, LOG_LEVEL: info, INTERNAL_SECRET: "${INTERNAL_SECRET}"}
        volumes: ["whatsapp_auth:/app/storage/whatsapp"]
        networks: [net]
      api: {image: api, networks: [net], env_file: [.env]}
    volumes: {whatsapp_auth: {}}
    networks: {net: {}}
"""
FILES = ("docker-compose.yml", "docker-compose.prod.yml")
Model = dict[str, Any]


@dataclass(frozen=True)
class Compose:
    """One docker compose binary."""

    path: str

    def run(self, folder: Path, *arguments: str, files: tuple[str, ...]) -> str:
        """Return what a compose command prints; it must succeed."""
        named = [part for file in files for part in ("-f", file)]
        command = [self.path, "-p", "stack", *named, *arguments]
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment(),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def model(
        self, folder: Path, *options: str, files: tuple[str, ...] = FILES, profile: str = "*"
    ) -> Model:
        """Return the merged model; `options` are those of `config`."""
        profiles = ("--profile", profile) if profile else ()
        text = self.run(folder, *profiles, "config", "--format", "json", *options, files=files)
        found: Model = json.loads(text)
        return found

    def services(self, folder: Path, profile: str = "") -> set[str]:
        """Return the names of the services that a profile runs."""
        profiles = ("--profile", profile) if profile else ()
        return set(self.run(folder, *profiles, "config", "--services", files=FILES).split())

    def definitions(self, folder: Path) -> dict[str, tuple[str, str]]:
        """Return the hash and the model of every service: where either differs, `up` recreates it.

        The hash of `config` leaves out the env files in compose 2, and that of `up` does not.
        """
        text = self.run(folder, "--profile", "*", "config", "--hash", "*", files=FILES)
        models = self.model(folder)["services"]
        hashes = dict(line.split() for line in text.splitlines())
        return {name: (hashes[name], json.dumps(models[name], sort_keys=True)) for name in models}


def project(folder: Path, shards: str, base: str | None = PLAIN, **files: str) -> Path:
    """Make a project of a shards.yaml's text, render it, and return its folder.

    `files` are others that the base names, with `__` for a slash and `_yml` for its ending.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write(folder, ".env", "INTERNAL_SECRET=s3\n")
    if base is not None:
        write(folder, "docker-compose.yml", base)
    for name, text in files.items():
        write(folder, name.replace("__", "/").replace("_yml", ".yml"), text)
    return render(folder, shards)


def write(folder: Path, name: str, text: str) -> None:
    """Write a file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")


def render(folder: Path, shards: str) -> Path:
    """Render a project from a new shards.yaml, whose version may be left out."""
    text = textwrap.dedent(shards)
    write(folder, "shards.yaml", text if "version: 1\n" in text else f"version: 1\n{text}")
    before = Path.cwd()
    os.chdir(folder)
    try:
        assert shardgen.exits.run(["render"]) == 0
    finally:
        os.chdir(before)
    return folder


def count(number: int, **keys: str) -> str:
    """Return a shards.yaml with the shards 1..N and other top-level keys, as YAML on one line."""
    lines = [f"{key}: {value}" for key, value in keys.items()]
    return "\n".join([*lines, "shards:", *(f"  - id: {each + 1}" for each in range(number))]) + "\n"


def overlay(folder: Path) -> str:
    """Return the text of the overlay."""
    return (folder / FILES[1]).read_text(encoding="utf-8")


def without_identity(model: Model, service: str) -> Model:
    """Return a service of the model without the four things in which shards may differ."""
    found = dict(model["services"][service])
    number = service.rpartition("-")[2] if "-" in service else "1"
    name = service.partition("-")[0]
    environment = dict(found["environment"])
    assert environment.pop(f"{name.upper()}_SHARD_ID") == number
    found["environment"] = environment
    assert found.pop("profiles", None) == (None if number == "1" else ["multi-shard"])
    found["networks"] = {
        network: without_alias(options, f"{name}-{number}")
        for network, options in found["networks"].items()
    }
    volume = "whatsapp_auth" if number == "1" else f"whatsapp_auth_shard{number}"
    sources = [each.get("source") for each in found["volumes"]]
    assert sources.count(volume) == 1
    found["volumes"] = [
        {**each, "source": "its own"} if each.get("source") == volume else each
        for each in found["volumes"]
    ]
    return found


def without_alias(options: Model | None, alias: str) -> Model:
    """Return a service's options on a network without one alias."""
    found = dict(options or {})
    aliases = found.pop("aliases")
    assert alias in aliases
    others = [each for each in aliases if each != alias]
    return {**found, "aliases": others} if others else found
