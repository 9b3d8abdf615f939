"""The findings of an audit in; what people read of them, and the JSON, out."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen.diagnostics import diagnostic_text, plain, visible
from shardgen.formats.listing import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shardgen.audit.baseline import Known
    from shardgen.diagnostics import Diagnostic

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What an audit found. `files` were looked at, `ignored` findings have a comment, `known` ones
    are in the baseline; `stale` are the entries of the baseline that no longer match.
    """

    findings: tuple[Diagnostic, ...]
    files: int
    ignored: int = 0
    known: int = 0
    stale: tuple[tuple[Known, int], ...] = ()
    lines: Mapping[str, Sequence[str]]


def audit_text(audit: Audit, config: str, paint: Callable[[str, str], str] = plain) -> str:
    """Return every finding with its line and its way out, and a last line that counts."""
    parts = [
        diagnostic_text(each, audit.lines.get(each.file, ()), paint) for each in audit.findings
    ]
    return "\n\n".join([*parts, last_line(audit, config)]) + "\n"


def last_line(audit: Audit, config: str) -> str:
    """Return how much was found in how many files, and how much of it is known."""
    aside = [
        *([f"{audit.ignored} ignored by comments"] if audit.ignored else ()),
        *([f"{audit.known} in the baseline"] if audit.known else ()),
    ]
    tail = f" ({', '.join(aside)})" if aside else ""
    looked = counted(audit.files, "file")
    if not audit.findings:
        new = " new" if audit.known else ""
        return f"{looked} audited: nothing{new} goes around {config}{tail}"
    found = counted(len(audit.findings), "finding")
    guilty = len({each.file for each in audit.findings})
    code = audit.findings[0].code
    return f"{found} in {guilty} of {looked}{tail}; `shardgen explain {code}` says more"


def counted(number: int, what: str) -> str:
    """Return a number of things."""
    return f"{number} {what}" + ("s" if number != 1 else "")


def stale_text(audit: Audit, baseline: str) -> str:
    """Return the entries of a baseline that no longer match, and how to be rid of them."""
    if not audit.stale:
        return ""
    rows = [
        f"  {visible(known.text)}" + (f" ({count} times)" if count > 1 else "")
        for known, count in audit.stale
    ]
    head = f"{baseline}: no longer found, and so no longer needed:"
    again = f"`shardgen audit --write-baseline {shlex.quote(baseline)}` leaves them out"
    return "\n".join([head, *rows, again]) + "\n"


def audit_json(audit: Audit) -> str:
    """Return the same as one JSON object."""
    body = {
        "format_version": FORMAT_VERSION,
        "clean": not audit.findings,
        "files": audit.files,
        "ignored": audit.ignored,
        "known": audit.known,
        "findings": listed(audit.findings),
        "stale": [
            {"file": known.file, "code": known.code, "line": known.line, "count": count}
            for known, count in audit.stale
        ],
    }
    return json.dumps(body, indent=2) + "\n"
