"""A project in a temporary folder, and the command line run in it without a new process."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shardgen.__main__ import main
from shardgen.lock import Lock, read_lock
from tests import needs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Shard 1 and a consumer of the router, as small as a base file can be.
BASE = """\
services:
  api:
    image: api
    env_file: [.env]
    networks: [net]
  baileys:
    image: baileys
    restart: unless-stopped
    environment: {LOG_LEVEL: info}
    volumes: ["whatsapp_auth:/app/storage/whatsapp"]
    networks: [net]
volumes:
  whatsapp_auth:
networks:
  net:
"""
#: The defaults' destinations, in the order in which they are written.
OUTPUTS = (
    "docker-compose.prod.yml",
    ".env.shards",
    "server/whatsapp_shard_router.py",
    "server/SSOT_SHARDING.md",
)
#: What a machine may say that decides about a run.
UNWANTED = ("CI", "NO_COLOR", "FORCE_COLOR", "TERM", "ACCEPT")
GIT = {
    "GIT_AUTHOR_NAME": "test",
    "GIT_AUTHOR_EMAIL": "test@localhost",
    "GIT_COMMITTER_NAME": "test",
    "GIT_COMMITTER_EMAIL": "test@localhost",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def fleet(*ids: int, head: str = "", tail: str = "", consumers: str = "api") -> str:
    """Return a shards.yaml of a few shards; `shards:` comes last, unless there is a tail."""
    entries = "".join(f"  - id: {number}\n" for number in ids)
    return f"version: 1\nservice:\n  consumers: [{consumers}]\n{head}shards:\n{entries}{tail}"


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def last(self) -> str:
        """The last line that it printed."""
        return self.out.rstrip("\n").rsplit("\n", 1)[-1]


@contextlib.contextmanager
def inside(folder: Path, environment: Mapping[str, str] | None = None) -> Iterator[None]:
    """Work in a folder, in an environment in which only the test decides."""
    before, here = dict(os.environ), Path.cwd()
    changed(before, {**decided(before), **(environment or {})})
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(here)
        changed(dict(os.environ), before)


def decided(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without what would decide in the test's place."""
    return {
        name: value
        for name, value in environment.items()
        if name not in UNWANTED and not name.startswith("BAILEYS_")
    }


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Turn the environment from one into another; to set all of it 10,000 times costs seconds."""
    for name in before.keys() - after.keys():
        del os.environ[name]
    for name, value in after.items():
        if before.get(name) != value:
            os.environ[name] = value


def run(folder: Path, *arguments: str, **environment: str) -> Ran:
    """Run a command line of shardgen in a folder, in this process."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    streams = contextlib.redirect_stdout(out), contextlib.redirect_stderr(err)
    with inside(folder, environment), streams[0], streams[1]:
        code = main(list(arguments))
        out.flush()
        err.flush()
    texts = [stream.buffer.getvalue().decode() for stream in (out, err)]  # type: ignore[attr-defined]
    return Ran(code, *texts)


class Project:
    """A folder with a shards.yaml, and what can be done to it."""

    def __init__(self, root: Path, text: str | None = None, base: str = BASE) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.write("docker-compose.yml", base)
        self.write("shards.yaml", fleet(1, 2) if text is None else text)

    def path(self, name: str) -> Path:
        """Return the path of a file."""
        return self.root / name

    def write(self, name: str, content: str | bytes) -> None:
        """Write a file, and the folders above it."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def read(self, name: str) -> str:
        """Return a file's text."""
        return self.path(name).read_bytes().decode()

    def change(self, name: str, old: str, new: str) -> None:
        """Replace a text that stands in a file, once."""
        assert old in self.read(name), (name, old)
        self.write(name, self.read(name).replace(old, new, 1))

    def run(self, *arguments: str, **environment: str) -> Ran:
        """Run a command line in the project."""
        return run(self.root, *arguments, **environment)

    def ok(self, *arguments: str, **environment: str) -> Ran:
        """Run a command line that must succeed."""
        ran = self.run(*arguments, **environment)
        assert ran.code == 0, ran.out + ran.err
        return ran

    def render(self, *arguments: str) -> Ran:
        """Render, and demand that it succeeds."""
        return self.ok("render", *arguments)

    def is_clean(self) -> None:
        """Demand that both kinds of check find nothing."""
        self.ok("check")
        self.ok("check", "--full")

    @property
    def lock(self) -> Lock:
        """The lock, which must be whole."""
        lock = read_lock(self.read("shardgen.lock"))
        assert lock is not None
        return lock

    def contents(self) -> dict[str, bytes]:
        """Return the bytes of every file."""
        return {name: content for name, (content, _) in snapshot(self.root).items()}


def snapshot(root: Path) -> dict[str, tuple[bytes, int]]:
    """Return bytes and modification time of every file, and of a link its target; git's apart."""
    found = {}
    for folder, folders, names in os.walk(root):
        if ".git" in folders:
            folders.remove(".git")
        for name in (*names, *(each for each in folders if Path(folder, each).is_symlink())):
            path = Path(folder, name)
            content = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
            found[path.relative_to(root).as_posix()] = (content, path.lstat().st_mtime_ns)
    return found


def shell(folder: Path, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Type a command in a shell on which this environment's `shardgen` is found."""
    kept = {key: value for key, value in os.environ.items() if key not in UNWANTED}
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**kept, "PATH": needs.path(), **GIT, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def commit(folder: Path) -> None:
    """Put all that is in a folder under git."""
    done = shell(folder, "git init -q --template= . && git add -A && git commit -qm 'as it is'")
    assert done.returncode == 0, done.stderr
