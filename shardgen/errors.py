"""The exceptions that end a run, each with its exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shardgen.diagnostics import Diagnostic


class ShardgenError(Exception):
    """A run that ends for a reason the user can act on; `str()` is the message.

    `code` is what the formats for programs call it, where it carries no diagnostics.
    """

    exit_code = 2
    code = "SG913"


class InvalidInput(ShardgenError):
    """What the user wrote is wrong; carries every diagnostic of the run.

    `root` is the folder that the diagnostics' files are relative to; the edge sets it. `texts`
    holds the files that are not on disk as they were checked.
    """

    exit_code = 2
    root = "."

    def __init__(
        self, diagnostics: Sequence[Diagnostic], texts: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{len(diagnostics)} errors")
        self.diagnostics = tuple(diagnostics)
        self.texts = texts or {}


class UnreadableOutput(ShardgenError):
    """An output that its own language's parser does not accept, or that says something else."""

    code = "SG702"


class UsageError(ShardgenError):
    """A command line that asks for something that cannot be."""

    exit_code = 2


class Refused(ShardgenError):
    """A write that would lose what is not ours, or move what must stay.

    People read the lines of `details` above the message, and those of `ways` below it.
    """

    exit_code = 3

    def __init__(self, message: str, details: Sequence[str] = (), ways: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.details, self.ways = tuple(details), tuple(ways)


class Declined(Refused):
    """A write that somebody was asked about, and answered with no."""
