"""Prints: results on stdout, talk on stderr, colour only where a person looks and wants it."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STYLES = {
    "error": "1;31",
    "warning": "1;33",
    "refuse": "1;31",
    "remove": "31",
    "create": "32",
    "update": "33",
    "place": "36",
    "bold": "1",
}


def out(text: str) -> None:
    """Write a result."""
    write(sys.stdout, text)


def err(text: str) -> None:
    """Write talk: diagnostics, progress, hints."""
    write(sys.stderr, text)


def write(stream: object, text: str) -> None:
    """Write text as UTF-8, whatever the locale says, so that the bytes are the same everywhere."""
    buffer = getattr(stream, "buffer", None)
    if buffer is None:
        stream.write(text)  # type: ignore[attr-defined]
        return
    stream.flush()  # type: ignore[attr-defined]
    buffer.write(text.encode("utf-8", "replace"))
    buffer.flush()


def is_interactive() -> bool:
    """Return whether a person reads what is printed, and can answer."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def is_screen() -> bool:
    """Return whether what is printed is seen on a terminal that can be written over."""
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


@contextlib.contextmanager
def screen() -> Iterator[tuple[Callable[[str], None], Callable[[], int]]]:
    """Give what writes over a whole screen of its own, and how many lines that has.

    Longer lines are cut. What stood there before is back at the end, also where the run is ended
    from outside.
    """
    import shutil
    import signal

    def show(text: str) -> None:
        lines = text.rstrip("\n").replace("\n", "\x1b[K\n")
        out(f"\x1b[H{lines}\x1b[K\x1b[J")

    def height() -> int:
        return shutil.get_terminal_size().lines

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    out("\x1b[?1049h\x1b[?25l\x1b[?7l")
    try:
        yield show, height
    finally:
        out("\x1b[?7h\x1b[?25h\x1b[?1049l")
        signal.signal(signal.SIGTERM, before)


def ask(question: str) -> bool:
    """Return whether a person says yes; nothing, and the end of the input, are a no."""
    err(f"\n{question} [y/N] ")
    try:
        answer = sys.stdin.readline()
    except UnicodeDecodeError:
        return False
    if not answer.endswith("\n"):
        err("\n")
    return answer.strip().lower() in {"y", "yes"}


def uncoloured(text: str, _style: str) -> str:
    """Return text as it is."""
    return text


def marked(message: object) -> str:
    """Return a message as the error that it is."""
    return f"{painter(error=True)('error', 'error')}: {message}"


def painter(*, error: bool = False) -> Callable[[str, str], str]:
    """Return a function of text and style that colours, or leaves text as it is.

    NO_COLOR (no-color.org) and streams that are no terminal stay plain.
    """
    stream = sys.stderr if error else sys.stdout
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not stream.isatty():
        return uncoloured

    def paint(text: str, style: str) -> str:
        code = STYLES.get(style)
        return f"\x1b[{code}m{text}\x1b[0m" if code else text

    return paint
