"""What a command found in; the format that was asked for on stdout, and GitHub's summary, out."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from shardgen.errors import ShardgenError
from shardgen.files import text_of
from shardgen.syntax import LINE_BREAK
from shardgen.terminal import err, out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from shardgen.diagnostics import Diagnostic


def publish(
    diagnostics: Sequence[Diagnostic],
    output_format: str,
    *,
    command: str,
    root: str,
    text: str,
    fix: Sequence[str] = (),
    is_complete: bool = True,
    texts: Mapping[str, str] | None = None,
) -> None:
    """Print diagnostics as `github` or `sarif`.

    Their files are relative to `root`. `text` is what people read in the log, `fix` the way back
    for all of them. `texts` holds files that are not on disk as they were looked at. A run that
    ended before it had looked at everything is not `is_complete`.
    """
    placed = [replace(each, file=in_repository(each.file, root)) for each in diagnostics]
    if output_format == "github":
        from shardgen.formats.github import annotations_text, log_text

        out(log_text(text) + annotations_text(placed))
        append_summary(placed, command, fix)
        return
    from shardgen.formats.sarif import sarif_text

    lines = sources_of(diagnostics, root, texts)
    sources = {in_repository(file, root): found for file, found in lines.items()}
    out(sarif_text(placed, command, sources, is_complete=is_complete))


def publish_failure(
    error: ShardgenError, output_format: str, *, command: str, root: str, config: str
) -> None:
    """Print what ended a run before it could look at everything; its text goes to stderr."""
    from shardgen.formats.failure import failure

    publish(
        failure(error, config),
        output_format,
        command=command,
        root=root,
        text="",
        is_complete=False,
        texts=getattr(error, "texts", {}),
    )


@contextlib.contextmanager
def failing_as_json(config: str, *, is_wanted: bool) -> Iterator[None]:
    """Print what ends the block as JSON (schema/failure.schema.json), where that is wanted.

    The block prints its own object last, so that there is one of the two.
    """
    try:
        yield
    except ShardgenError as error:
        if is_wanted:
            import json

            from shardgen.formats.failure import failure
            from shardgen.formats.listing import listed

            data = {"format_version": 1, "errors": listed(failure(error, config))}
            out(json.dumps(data, indent=2) + "\n")
        raise


def sources_of(
    diagnostics: Iterable[Diagnostic], root: str, texts: Mapping[str, str] | None = None
) -> dict[str, Sequence[str]]:
    """Return the lines of the files that diagnostics point into."""
    sources: dict[str, Sequence[str]] = {}
    for file in dict.fromkeys(each.file for each in diagnostics if each.line):
        text = (texts or {}).get(file) or text_of(os.path.join(root, file))
        sources[file] = LINE_BREAK.split(text.removeprefix("\ufeff"))
    return sources


def in_repository(file: str, root: str) -> str:
    """Return a file's path as the repository has it; an absolute one where it is outside."""
    folder = os.path.realpath(root)
    path = os.path.normpath(os.path.join(folder, file))
    inside = os.path.relpath(path, repository(folder))
    return path if inside.split(os.sep)[0] == os.pardir else inside.replace(os.sep, "/")


def repository(folder: str) -> str:
    """Return the root of the repository that a folder is in, or where the command was typed.

    GitHub's workspace is it where a checkout lies there, submodules and all. A checkout may lie
    below the workspace, too.
    """
    workspace = os.path.realpath(os.environ.get("GITHUB_WORKSPACE") or os.curdir)
    if is_repository(workspace) and os.path.commonpath((workspace, folder)) == workspace:
        return workspace
    above = folder
    while not is_repository(above):
        if above == os.path.dirname(above):
            return workspace
        above = os.path.dirname(above)
    return above


def is_repository(folder: str) -> bool:
    """Return whether a folder is the root of a git work tree."""
    return os.path.exists(os.path.join(folder, ".git"))


def append_summary(diagnostics: Sequence[Diagnostic], command: str, fix: Sequence[str]) -> None:
    """Append the diagnostics to the summary of a step of GitHub Actions, where there is one."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path or not diagnostics:
        return
    from shardgen.formats.summary import LIMIT, summary

    count = f"{len(diagnostics)} finding" + ("s" if len(diagnostics) != 1 else "")
    try:
        with open(path, "ab") as file:
            room = LIMIT - file.tell()
            text = summary(diagnostics, f"shardgen {command}: {count}", fix, room)
            file.write(text.encode("utf-8", "replace"))
    except OSError as error:
        err(f"the summary was not written: {path}: {error.strerror}\n")
