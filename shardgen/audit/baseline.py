"""Findings in; a file that knows them again out, whatever is edited above them."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from shardgen.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shardgen.diagnostics import Diagnostic

VERSION = 1


class Known(NamedTuple):
    """What findings are known by: code, file, and the text of the line without its indentation.

    The file is relative to the folder of shards.yaml.
    """

    file: str
    code: str
    line: str

    @property
    def text(self) -> str:
        """The entry as it is named where it no longer matches."""
        return f"{self.file}: {self.code}: {self.line}"


def baseline_text(found: Iterable[Known]) -> str:
    """Return the file: sorted, an entry a line, so that two branches merge."""
    counts = Counter(found)
    rows = [
        json.dumps({"file": known.file, "code": known.code, "line": known.line, "count": count},
                   ensure_ascii=False)
        for known, count in sorted(counts.items())
    ]  # fmt: skip
    body = "".join(
        f"\n    {row}{',' if index < len(rows) else ''}" for index, row in enumerate(rows, 1)
    )
    end = "\n  ]" if rows else "]"
    return f'{{\n  "format_version": {VERSION},\n  "findings": [{body}{end}\n}}\n'


def read_baseline(content: bytes, name: str) -> Counter[Known]:
    """Return how often each finding is known. Raises UsageError for what is no baseline."""
    again = f"`shardgen audit --write-baseline {shlex.quote(name)}` makes a new one"
    try:
        data = json.loads(content)
        version = data["format_version"]
        entries = {
            Known(each["file"], each["code"], each["line"]): each["count"]
            for each in data["findings"]
        }
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(f"{name} is no baseline; {again}") from error
    if version != VERSION:
        raise UsageError(f"{name} is of another version of shardgen; {again}")
    if not all(isinstance(part, str) for known in entries for part in known) or not all(
        type(count) is int and count > 0 for count in entries.values()
    ):
        raise UsageError(f"{name} is no baseline; {again}")
    return Counter(entries)


def subtracted(
    found: Iterable[tuple[Known, Diagnostic]], known: Counter[Known]
) -> tuple[list[Diagnostic], Counter[Known]]:
    """Return the findings that are not known, and the entries that no longer match."""
    left = Counter(known)
    new = []
    for key, diagnostic in found:
        if left[key] > 0:
            left[key] -= 1
        else:
            new.append(diagnostic)
    return new, +left


def keys(
    found: Iterable[Diagnostic], paths: dict[str, str], lines: dict[str, tuple[str, ...]]
) -> Iterator[tuple[Known, Diagnostic]]:
    """Yield each finding with what it is known by; `paths` and `lines` are by the shown name."""
    for each in found:
        page = lines.get(each.file, ())
        line = page[each.line - 1].strip() if 0 < each.line <= len(page) else ""
        yield Known(paths.get(each.file, each.file), each.code, line), each
