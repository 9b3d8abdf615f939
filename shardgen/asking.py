"""Asks many URLs over HTTP at once, each within a time of its own; what became of each out."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
import time
from typing import TYPE_CHECKING, Any

from shardgen import __version__
from shardgen.errors import UsageError
from shardgen.status import answers
from shardgen.status.answers import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


MISSING = "status needs httpx, which is not installed; type `pip install 'shardgen[live]'`"
#: Bytes of a body that are read, and no more.
BODY = 64 * 1024
#: Requests that wait for an answer at once, and files that stay free for all else.
MOST, SPARE = 2_000, 64
HEADERS = {
    "accept": "application/json, */*;q=0.5",
    "accept-encoding": "identity",  # a body of 64 KB stays one
    "connection": "close",
    "user-agent": f"shardgen/{__version__}",
}
#: Turns of the loop between two starts: an exchange takes about ten, so that few are in the works.
TURNS = 8
#: What a connection that nobody takes ends with, by the errors that systems have for it.
FAULTS = {
    errno.ENETUNREACH: answers.UNREACHABLE,
    errno.EHOSTUNREACH: answers.UNREACHABLE,
    errno.ENETDOWN: answers.UNREACHABLE,
    errno.EHOSTDOWN: answers.UNREACHABLE,
    errno.EADDRNOTAVAIL: answers.UNREACHABLE,
    errno.ETIMEDOUT: answers.UNCONNECTED,
}
HTTP = b"HTTP/"


def ask(urls: Sequence[str], timeout: float) -> list[Answer]:
    """Return what became of a GET of each URL, in their order; none takes longer than the timeout.

    Redirects are not followed, and the proxies of the environment are not used. Raises UsageError
    without httpx.
    """
    try:
        import httpx
    except ImportError as error:
        raise UsageError(MISSING) from error
    del httpx
    return asyncio.run(asked(urls, timeout, most_at_once()))


def most_at_once() -> int:
    """Return how many connections there may be at once; the process takes all that it may."""
    try:
        import resource
    except ImportError:
        return 500  # Windows; its limit is not asked for
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    want = MOST + SPARE
    if soft != resource.RLIM_INFINITY and soft < want:
        most = want if hard == resource.RLIM_INFINITY else min(want, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            soft = most
    return MOST if soft == resource.RLIM_INFINITY else max(1, min(MOST, soft - SPARE))


async def asked(urls: Sequence[str], timeout: float, most: int) -> list[Answer]:
    """Return what became of each URL, with at most so many under way.

    They start one after the other, and between two starts whatever has arrived is read: a hundred
    that start in one go would be late by what it takes to start a hundred.
    """
    from shardgen.daemons import Daemons

    # `asyncio.run` shuts it down, however the look ends.
    asyncio.get_running_loop().set_default_executor(Daemons())
    slots, tasks, trust = asyncio.Semaphore(most), [], trusted(urls)
    for url in urls:
        await slots.acquire()
        task = asyncio.create_task(within(url, timeout, trust))
        task.add_done_callback(lambda _: slots.release())
        tasks.append(task)
        for _ in range(TURNS):
            await asyncio.sleep(0)
    return list(await asyncio.gather(*tasks))


def trusted(urls: Sequence[str]) -> ssl.SSLContext:
    """Return what TLS trusts: certifi's authorities, or those of SSL_CERT_FILE.

    Where nothing is asked by TLS none are read: that takes as long as ten requests.
    """
    import httpx

    if any(url.lower().startswith("https:") for url in urls):
        return httpx.create_ssl_context()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


async def within(url: str, timeout: float, trust: ssl.SSLContext) -> Answer:
    """Return what became of one URL within a time."""
    began = time.monotonic()
    progress, found = Progress(), dict[str, Any]()
    try:
        await asyncio.wait_for(exchange(url, trust, progress, found), timeout)
    except (asyncio.TimeoutError, TimeoutError):
        found["end"] = answers.ENDLESS if "status" in found else progress.end
        found["detail"] = progress.detail
        await progress.close()
    except Exception as error:  # noqa: BLE001 - whatever one shard does, the others are told of
        found["end"], found["detail"] = ending(error)
    if "status" not in found and progress.is_alien:
        found["end"] = answers.ALIEN
    return Answer(seconds=time.monotonic() - began, **found)


class Progress:
    """How far a request came: httpx calls it at each step."""

    def __init__(self) -> None:
        self.steps: set[str] = set()
        self.heard = b""
        self.streams: list[Any] = []

    async def __call__(self, step: str, info: dict[str, Any]) -> None:
        """Note a step, and listen to what a new connection gives."""
        self.steps.add(step)
        if step in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self.listen(info["return_value"])

    def listen(self, stream: Any) -> None:
        """Note the first bytes of a stream: httpx says nothing before a whole head is there."""
        read = stream.read
        self.streams.append(stream)

        async def noting(*args: Any, **options: Any) -> bytes:
            data: bytes = await read(*args, **options)
            self.heard += data[: len(HTTP) - len(self.heard)]
            return data

        stream.read = noting

    async def close(self) -> None:
        """Close what is open: httpx leaves a connection that was given up during TLS."""
        for stream in self.streams[:1]:
            with contextlib.suppress(Exception):
                await stream.aclose()

    @property
    def is_alien(self) -> bool:
        """Whether something came that is no HTTP."""
        return not HTTP.startswith(self.heard)

    @property
    def end(self) -> str:
        """What a time that ran out before a status means."""
        is_connected = "http11.send_request_headers.started" in self.steps
        return answers.UNANSWERED if is_connected else answers.UNCONNECTED

    @property
    def detail(self) -> str:
        """What else there is to say of that."""
        steps = {"connection.start_tls.started", "connection.start_tls.complete"} & self.steps
        return "TLS" if steps == {"connection.start_tls.started"} else ""


async def exchange(
    url: str, trust: ssl.SSLContext, progress: Progress, found: dict[str, Any]
) -> None:
    """Ask one URL; `found` receives what it said so far.

    Each has a pool of its own: a pool looks at all its connections whenever one of them changes.
    """
    import httpx

    transport = httpx.AsyncHTTPTransport(verify=trust, trust_env=False)
    request = httpx.Request("GET", url, headers=HEADERS, extensions={"trace": progress})
    response = await transport.handle_async_request(request)
    found |= {"status": response.status_code, "location": response.headers.get("location", "")}
    body = bytearray()
    assert isinstance(response.stream, httpx.AsyncByteStream)  # noqa: S101 - of an async transport
    try:
        async for chunk in response.stream:
            body += chunk
            if len(body) > BODY:
                found["end"] = answers.LONG
                return
    finally:
        await response.stream.aclose()
    found |= {"end": answers.ANSWERED, "body": bytes(body)}


def ending(error: Exception) -> tuple[str, str]:
    """Return how a request ended that failed, and what the machine says of it."""
    import httpx

    for cause in chain(error):
        if found := of_system(cause):
            return found
        if isinstance(cause, (httpx.UnsupportedProtocol, httpx.InvalidURL, UnicodeError)):
            return answers.UNASKABLE, first_line(cause)
    text = first_line(error)
    if isinstance(error, httpx.RemoteProtocolError):
        is_cut = "disconnected" in text or "closed connection" in text
        return (answers.BROKEN if is_cut else answers.ALIEN), text
    if isinstance(error, (httpx.ReadError, httpx.WriteError)):
        return answers.BROKEN, text
    return answers.FAILED, text


def of_system(cause: BaseException) -> tuple[str, str] | None:
    """Return what an error of the machine means; None where it is none, or means nothing here."""
    if isinstance(cause, ssl.SSLError):
        return answers.UNSAFE, getattr(cause, "verify_message", "") or first_line(cause)
    if isinstance(cause, socket.gaierror):
        return answers.UNNAMED, (cause.strerror or "").lower()
    if isinstance(cause, ConnectionRefusedError):
        return answers.REFUSED, ""
    if isinstance(cause, ConnectionError):
        return answers.BROKEN, ""
    if isinstance(cause, OSError) and cause.errno:
        end = FAULTS.get(cause.errno, answers.FAILED)
        return end, (cause.strerror or "").lower()
    return None


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says."""
    return str(error).strip().partition("\n")[0] or type(error).__name__


def chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it came from, also where several came together."""
    todo, seen = [error], set()
    while todo:
        each = todo.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        todo += [*getattr(each, "exceptions", ())]
        todo += [cause for cause in (each.__context__, each.__cause__) if cause]
