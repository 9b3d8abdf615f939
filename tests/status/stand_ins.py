"""Stand-in shards on loopback, in a process of their own: each behaves in its own way.

`python -m tests.status.stand_ins NAME…` prints a line of JSON with a URL for each name, and serves
until its standard input ends. `NAME with FILE` does so by TLS, with the key and certificate of a file.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.projects import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#: Longer than any test waits.
LONG = 60


def whole(body: bytes, head: bytes = HEAD) -> bytes:
    """Return an answer with its length."""
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


#: What those send that send it all at once.
ANSWERS = {
    "ok": whole(b"{}"),
    "plain": whole(b"OK"),
    "sessions": whole(b'{"sessions": {"connected": 37, "total": 40}}'),
    "wrong": whole(b'{"shard": 999999}'),
    "503": whole(b"no", b"HTTP/1.1 503 Service Unavailable\r\n"),
    "404": whole(b"no", b"HTTP/1.1 404 Not Found\r\n"),
    "redirect": whole(b"", b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/login\r\n"),
    "garbage": b"-ERR unknown command 'GET'\r\n",
    "banner": b"220 mail.example ESMTP\r\n",
    "binary": bytes(range(256)) * 40,
    "silent": b"",
    "cut": HEAD + b"Content-Length: 100\r\n\r\n{",
    "big": whole(b'{"pad": "' + b"x" * 100_000 + b'"}'),
    "endless head": b"HTTP/1.1 200 OK\r\n" + b"X-Pad: x\r\n" * 100_000,
}


async def served(name: str, reader: Reader, writer: Writer) -> None:
    """Answer one request, or do not."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        if name not in {"reset", "banner"}:
            await reader.readuntil(b"\r\n\r\n")
        await answered(name, writer)
    writer.close()


async def answered(name: str, writer: Writer) -> None:
    """Send what a stand-in sends."""
    if name == "slow":
        await asyncio.sleep(1.15)
    elif name == "accepts":
        await asyncio.sleep(LONG)
    elif name == "headers":
        writer.write(HEAD + b"Content-Length: 100\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(LONG)
    elif name == "ssh":
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await writer.drain()
        await asyncio.sleep(LONG)
    elif name == "half a head":
        writer.write(b"HTTP/1.1 200 O")
        await writer.drain()
        await asyncio.sleep(LONG)
    elif name == "drips":
        writer.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(LONG * 10):
            writer.write(b"1\r\n \r\n")
            await writer.drain()
            await asyncio.sleep(0.1)
    elif name == "floods":
        writer.write(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")
            await writer.drain()
    elif name == "reset":
        linger = b"\1\0\0\0\0\0\0\0"
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()
        return
    writer.write(ANSWERS.get(name, ANSWERS["ok"]))
    await writer.drain()


async def stand_in(name: str) -> tuple[str, object]:
    """Start one stand-in; return its URL, and what must live as long as it."""
    if name == "refuses":
        bound = socket.socket()  # nobody else gets the port as long as it lives
        bound.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{bound.getsockname()[1]}", bound
    if name == "full":
        return full()
    if name == "nowhere":
        return "http://shard.invalid:3300", None
    kind, _, certificate = name.partition(" with ")
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    server = await asyncio.start_server(
        lambda r, w: served(kind, r, w), "127.0.0.1", 0, ssl=context
    )
    port = server.sockets[0].getsockname()[1]
    is_safe = certificate or name == "tls"
    return f"http{'s' if is_safe else ''}://127.0.0.1:{port}", server


def full() -> tuple[str, object]:
    """Return a socket that listens and accepts nobody: its queue is full."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(0)
    waiting = []
    for _ in range(4):
        each = socket.socket()
        each.setblocking(False)
        each.connect_ex(listening.getsockname())
        waiting.append(each)
    return f"http://127.0.0.1:{listening.getsockname()[1]}", (listening, waiting)


async def serve(names: Sequence[str]) -> None:
    """Start all, print their URLs, and serve until nobody reads on."""
    made = [await stand_in(name) for name in names]
    print(json.dumps([url for url, _ in made]), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


@contextlib.contextmanager
def running(*names: str) -> Iterator[list[str]]:
    """Give the URLs of stand-ins, which end with the block."""
    command = [sys.executable, "-m", "tests.status.stand_ins", *names]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin
    assert process.stdout
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1:]))
