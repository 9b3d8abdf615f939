"""A real nginx on loopback, stand-in shards behind it, and a name server that knows them."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from tests import needs
from tests.support import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

WAIT = 10.0
#: Debian's nginx is not on the PATH of every user.
SBIN = ("/usr/sbin", "/usr/local/sbin")
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def binary() -> str:
    """Return the path of nginx."""
    found = [each for each in (f"{folder}/nginx" for folder in SBIN) if os.access(each, os.X_OK)]
    return found[0] if found else needs.require("nginx")


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


class Shard(ThreadingHTTPServer):
    """A stand-in that answers with its name and what it was asked; it remembers all of that."""

    daemon_threads = True

    def __init__(self, name: str, host: str, port: int) -> None:
        super().__init__((host, port), Answer)
        self.name, self.asked = name, list[str]()
        self.go_on = threading.Event()
        self.is_slow = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """End it, and whoever waits for it."""
        self.go_on.set()
        self.shutdown()
        self.server_close()


class Answer(BaseHTTPRequestHandler):
    """One request to a stand-in."""

    server: Shard
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append(f"{self.command} {self.path} {body.decode()}".strip())
        if "slow" in self.path:
            self.server.is_slow.set()
            self.server.go_on.wait(WAIT)
        said = f"{self.server.name}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        if self.path.startswith("/internal/shard"):
            self.send_header("X-Whatsapp-Shard", self.headers.get("X-Answer", ""))
        self.end_headers()
        self.wfile.write(said)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Names:
    """A name server over UDP: a name in `known` has its address, any other does not exist."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.at = f"127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        """Answer until the socket is closed."""
        while True:
            try:
                query, sender = self.socket.recvfrom(512)
                if not query:
                    return
                self.socket.sendto(self.answer(query), sender)
            except OSError:
                return

    def answer(self, query: bytes) -> bytes:
        """Return the answer to one question (RFC 1035, section 4)."""
        labels, place = [], 12
        while length := query[place]:
            labels.append(query[place + 1 : place + 1 + length].decode())
            place += 1 + length
        question = query[12 : place + 5]
        address = self.known.get(".".join(labels))
        is_ipv4 = question[-4:-2] == b"\x00\x01"
        code = b"\x81\x80" if address else b"\x81\x83"
        head = query[:2] + code + b"\x00\x01"
        if address is None or not is_ipv4:
            return head + b"\x00\x00" * 3 + question
        # it may be kept for ten minutes, as Docker's says
        record = b"\xc0\x0c\x00\x01\x00\x01" + (600).to_bytes(4, "big") + b"\x00\x04"
        return head + b"\x00\x01\x00\x00\x00\x00" + question + record + socket.inet_aton(address)

    def close(self) -> None:
        """End it."""
        with contextlib.suppress(OSError):
            self.socket.sendto(b"", self.socket.getsockname())
        self.socket.close()


def configuration(http: str, port: int) -> str:
    """Return an nginx.conf that writes nowhere but below its own folder.

    It has one worker, because each keeps addresses of its own.
    """
    user = "user root;\n" if os.geteuid() == 0 else ""
    paths = "".join(f"    {name}_temp_path {name};\n" for name in TEMPORARY)
    return (
        f"{user}daemon off;\npid nginx.pid;\nworker_processes 1;\nerror_log error.log info;\n"
        f"events {{}}\nhttp {{\n    access_log off;\n{paths}{http}\n}}\n"
    ).replace("listen 80", f"listen 127.0.0.1:{port}")


#: Both generated files, as docs/nginx.md includes them.
INCLUDED = """
    include baileys/shards.conf;
    server {
        listen 80;
        location / {
            include baileys/location.conf;
            proxy_connect_timeout 1s;
            proxy_read_timeout 1s;
        }
    }
"""


class Nginx:
    """A running nginx; `folder` holds its configuration and what it writes."""

    def __init__(self, folder: Path, http: str = INCLUDED) -> None:
        self.folder, self.port = folder, free_port()
        (folder / "nginx.conf").write_text(configuration(http, self.port))
        self.process = subprocess.Popen(
            [binary(), "-p", folder, "-c", "nginx.conf", "-e", "error.log"],
            start_new_session=True,
            stderr=subprocess.DEVNULL,
        )
        try:
            self.wait()
        except BaseException:
            self.close()
            raise

    def wait(self) -> None:
        """Wait until it listens."""
        end = time.monotonic() + WAIT
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            assert self.process.poll() is None, self.log
            assert time.monotonic() < end, self.log
            time.sleep(0.02)

    @property
    def log(self) -> str:
        """What it complained of."""
        path = self.folder / "error.log"
        return path.read_text() if path.exists() else ""

    def reload(self) -> None:
        """Have it read its configuration again."""
        self.process.send_signal(signal.SIGHUP)

    def ask(
        self, path: str = "/", method: str = "GET", body: str | None = None, **headers: str
    ) -> tuple[int, str]:
        """Return the status and the body of an answer; `x_shard="1"` is the header X-Shard."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=WAIT)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        finally:
            connection.close()

    def shard(self, number: object, path: str = "/") -> tuple[int, str]:
        """Return the answer to a request that names a shard."""
        return self.ask(path, x_whatsapp_shard=str(number))

    def close(self) -> None:
        """End it, with its workers."""
        self.process.terminate()
        try:
            self.process.wait(WAIT)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


class World:
    """Stand-ins for some shards on one port, each at an address of its own, and their names."""

    def __init__(self, stack: contextlib.ExitStack, folder: Path) -> None:
        self.stack, self.folder = stack, folder
        self.port = free_port("127.0.0.2")
        self.names = Names()
        stack.callback(self.names.close)
        self.shards: dict[str, Shard] = {}

    def start(self, name: str, host: str) -> Shard:
        """Start a stand-in, and let its name be known."""
        shard = self.shards[name] = Shard(name, host, self.port)
        self.stack.callback(self.stop, name)
        self.names.known[name] = host
        return shard

    def stop(self, name: str) -> None:
        """End a stand-in; its name stays."""
        if shard := self.shards.pop(name, None):
            shard.close()

    def render(
        self, shards: str, settings: str = "", head: str = "", name: str = "baileys", off: str = ""
    ) -> None:
        """Write a shards.yaml, and render the files for nginx."""
        text = (
            f"version: 1\nservice: {{name: {name}, base: null, image: x, port: {self.port}}}\n"
            f"{head}outputs:\n  nginx: {{enabled: true, resolver: '{self.names.at}'{settings}}}\n"
            f"{off}shards:\n{shards}"
        )
        (self.folder / "shards.yaml").write_text(text)
        ran = run(self.folder, "render")
        assert ran.code == 0, ran.err

    def nginx(self, http: str = INCLUDED) -> Nginx:
        """Start nginx on what was rendered."""
        found = Nginx(self.folder / "nginx", http)
        self.stack.callback(found.close)
        return found

    @property
    def asked(self) -> Mapping[str, list[str]]:
        """What each stand-in was asked, of those that were."""
        return {name: shard.asked for name, shard in self.shards.items() if shard.asked}


@contextlib.contextmanager
def world(folder: Path) -> Iterator[World]:
    """Provide a world that ends with all that runs in it."""
    with contextlib.ExitStack() as stack:
        yield World(stack, folder)
