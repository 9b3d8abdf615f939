"""A file that was typed, or `-` for standard input, in; its lines out, and the tenants in them."""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from shardgen.errors import InvalidInput, UsageError
from shardgen.files import text_of
from shardgen.roster import read_roster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shardgen.model import Database
    from shardgen.roster import Roster

STDIN = "-"


def listed_in(path: str, database: Database, weight_column: str | None = None) -> Roster:
    """Return the tenants of a CSV. Raises InvalidInput for wrong lines, UsageError for no text."""
    file = "stdin" if path == STDIN else path
    try:
        with lines_of(path, "--tenants") as lines:
            return read_roster(lines, file, database, weight_column)
    except InvalidInput as error:
        raise InvalidInput(error.diagnostics, texts=texts_of(path)) from None


def texts_of(path: str) -> dict[str, str]:
    """Return the text of a file by its name, to show lines of; what a pipe said is gone."""
    return {} if path == STDIN else {path: text_of(path)}


@contextmanager
def lines_of(path: str, option: str) -> Iterator[Iterator[str]]:
    """Give the lines of a file, with a bar on a terminal that shows how far they are read.

    Raises UsageError, with the option that named it, where it cannot be read or is no UTF-8.
    """
    try:
        with nullcontext(sys.stdin.buffer) if path == STDIN else open(path, "rb") as opened:
            size = 0 if path == STDIN else os.fstat(opened.fileno()).st_size
            text = io.TextIOWrapper(opened, encoding="utf-8-sig", newline="")
            try:
                with progress(f"reading {option.removeprefix('--')}", size) as tick:
                    yield ticked(text, tick)
            finally:
                text.detach()  # standard input stays open
    except UnicodeDecodeError as error:
        reason = f"it is not UTF-8 ({error.reason}); save it as UTF-8"
        raise UsageError(f"{option} {path}: {reason}") from None
    except OSError as error:
        raise UsageError(f"{option} {path}: {error.strerror or error}") from None


def ticked(lines: Iterator[str], tick: Callable[[int], None]) -> Iterator[str]:
    """Yield lines, and tell every ten thousandth time how many characters went by."""
    count = 0
    for number, line in enumerate(lines):
        yield line
        count += len(line)
        if number % 10_000 == 0:
            tick(count)
            count = 0


@contextmanager
def progress(label: str, length: int) -> Iterator[Callable[[int], None]]:
    """Give a function that moves a bar on stderr; on what is no terminal there is none."""
    if not sys.stderr.isatty() or not length:
        yield lambda _: None
        return
    import click

    with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
        yield bar.update
