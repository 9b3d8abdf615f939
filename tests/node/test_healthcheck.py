"""The healthcheck commands, run by real node against servers that answer, refuse, hang or dawdle."""

from __future__ import annotations

import re
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest
import yaml

from tests import needs, projects

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.node

PORT = "3300"


def ours(folder: Path) -> dict[str, object]:
    """Return the healthcheck that shardgen makes of `{path: /health}`."""
    projects.small(folder)
    text = (folder / "shards.yaml").read_text()
    stated = text.replace("service:\n", "service:\n  healthcheck: {path: /health}\n")
    assert stated != text
    (folder / "shards.yaml").write_text(stated)
    projects.run(folder, "shardgen", "render")
    overlay = yaml.safe_load((folder / "docker-compose.prod.yml").read_text())
    first, second = (overlay["services"][name]["healthcheck"] for name in ("baileys", "baileys-2"))
    assert first["test"] == second["test"]  # shard 1 has the rest from the base
    return dict(second)


def of_the_base(folder: Path) -> dict[str, object]:
    """Return the healthcheck of this repository's own base file."""
    base = yaml.safe_load((projects.ROOT / "docker-compose.yml").read_text())
    return dict(base["services"]["baileys"]["healthcheck"])


@pytest.fixture(params=[ours, of_the_base], ids=["generated", "base"])
def healthcheck(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, object]:
    """A healthcheck as compose reads it."""
    needs.require("node")
    found: dict[str, object] = request.param(tmp_path / "project")
    return found


class Probe:
    """A healthcheck's command, aimed at another port."""

    def __init__(self, healthcheck: dict[str, object]) -> None:
        kind, *self.command = healthcheck["test"]  # type: ignore[misc]
        assert kind == "CMD"
        assert "$" not in "".join(self.command)  # compose would read a variable
        match = re.fullmatch(r"(\d+)s", str(healthcheck["timeout"]))
        assert match
        self.timeout = int(match[1])

    def run(self, port: int) -> tuple[int, float]:
        """Return the exit code and the seconds it took; the process is never killed."""
        command = [part.replace(PORT, str(port)) for part in self.command]
        assert command != self.command
        command[0] = needs.require(command[0])
        started = time.monotonic()
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
        return done.returncode, time.monotonic() - started


@contextmanager
def server(*pieces: bytes | float) -> Iterator[int]:
    """Serve one answer to every connection, piece by piece; a number waits as many seconds.

    Yields the port. Without pieces, connections are taken and never answered.
    """
    stop = threading.Event()
    opened: list[socket.socket] = []
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)

    def answer(connection: socket.socket) -> None:
        try:
            if pieces:
                connection.recv(4096)
            for piece in pieces:
                if isinstance(piece, bytes):
                    connection.sendall(piece)
                elif stop.wait(piece):
                    return
            if pieces:
                connection.close()
        except OSError:
            pass  # the probe has gone

    def serve() -> None:
        while not stop.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            opened.append(connection)
            thread = threading.Thread(target=answer, args=(connection,))
            threads.append(thread)
            thread.start()

    threads = [threading.Thread(target=serve)]
    threads[0].start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        stop.set()
        threads[0].join()
        for connection in opened:
            connection.close()
        for thread in threads[1:]:
            thread.join()
        listener.close()


@contextmanager
def nobody() -> Iterator[int]:
    """Yield a port on which connections are refused: it is bound, and nothing listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield int(bound.getsockname()[1])


def head(status: str, *lines: str) -> bytes:
    """Return the head of an answer."""
    return "\r\n".join([f"HTTP/1.1 {status}", "Connection: close", *lines, "", ""]).encode()


FULL = head("200 OK", "Content-Length: 2") + b"ok"
#: One header a second, for longer than any timeout.
DRIP = [part for number in range(12) for part in (f"X-{number}: 1\r\n".encode(), 1.0)]
WELL = {
    "200": (FULL,),
    "204": (head("204 No Content"),),
    "after 1.5 s": (1.5, FULL),
    "in pieces": (FULL[:9], 0.3, FULL[9:30], 0.3, FULL[30:]),
    "a body that never ends": (head("200 OK", "Content-Length: 1000") + b"x", 30.0),
}
UNWELL = {
    "503": (head("503 Service Unavailable", "Content-Length: 0"),),
    "500 with a body": (head("500 Internal Server Error", "Content-Length: 4") + b"oops",),
    "404": (head("404 Not Found", "Content-Length: 0"),),
    "no HTTP": (b"hello\r\n\r\n",),
    "closed at once": (b"",),
    "closed in the head": (FULL[:20],),
    "headers that never end": (b"HTTP/1.1 200 OK\r\n", *DRIP),
    "silence": (30.0,),
    "accepted and left": (),
}


def test_it_tells_well_from_unwell_within_its_timeout(healthcheck: dict[str, object]) -> None:
    """All cases at once, since some of them wait for the probe's own timeout."""
    probe = Probe(healthcheck)
    with ExitStack() as stack, ThreadPoolExecutor(4) as pool:
        ports = {
            case: stack.enter_context(server(*pieces)) for case, pieces in (WELL | UNWELL).items()
        }
        ports["refused"] = stack.enter_context(nobody())
        results = dict(zip(ports, pool.map(probe.run, ports.values()), strict=True))
    codes = {case: code for case, (code, _) in results.items()}
    assert codes == {case: 0 if case in WELL else 1 for case in results}
    late = {case: seconds for case, (_, seconds) in results.items() if seconds > probe.timeout}
    assert not late
    assert probe.timeout <= 5


def test_it_asks_for_the_health_page(healthcheck: dict[str, object]) -> None:
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        run = pool.submit(Probe(healthcheck).run, listener.getsockname()[1])
        connection, _ = listener.accept()
        with connection:
            asked.append(connection.recv(4096).split(b"\r\n")[0])
            connection.sendall(FULL)
        assert run.result()[0] == 0
    assert asked == [b"GET /health HTTP/1.1"]


def test_it_needs_nothing_that_node_slim_lacks(healthcheck: dict[str, object]) -> None:
    command = Probe(healthcheck).command
    assert command[0] == "node"
    assert not {"wget", "curl", "sh", "bash"} & set(re.findall(r"\w+", " ".join(command)))
