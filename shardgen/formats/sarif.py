"""Diagnostics in; a SARIF 2.1.0 log out, as code scanning and editors read it."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from shardgen import __version__
from shardgen.codes import CODES
from shardgen.digest import digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shardgen.diagnostics import Diagnostic

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
#: The name by which uploads and editors know the root of a repository.
ROOT = "%SRCROOT%"
NO_SOURCES: Mapping[str, Sequence[str]] = {}


def sarif_text(
    diagnostics: Sequence[Diagnostic],
    command: str,
    sources: Mapping[str, Sequence[str]] = NO_SOURCES,
    *,
    is_complete: bool = True,
) -> str:
    """Return the log of one run of a command.

    Files are relative to the root of the repository, or absolute where they are outside of it.
    `sources` holds the lines of files, as far as they are known. A run that ended before it could
    look at everything is not `is_complete`.
    """
    levels = {each.code: each.level for each in diagnostics}
    index = {code: number for number, code in enumerate(sorted(levels))}
    marks = fingerprints(diagnostics, sources)
    driver = {
        "name": "shardgen",
        "semanticVersion": __version__,
        "rules": [rule(code, levels[code]) for code in index],
    }
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"shardgen-{command}/"},
        "invocations": [{"executionSuccessful": is_complete}],
        "originalUriBaseIds": {ROOT: {"description": {"text": "the root of the repository"}}},
        "columnKind": "unicodeCodePoints",
        "results": [
            result(each, index[each.code], mark)
            for each, mark in zip(diagnostics, marks, strict=True)
        ],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def rule(code: str, level: str) -> dict[str, Any]:
    """Return what a log says of a code, from the table that `shardgen explain` reads."""
    found = CODES[code]
    wrong, right = indented(found.wrong), indented(found.right)
    text = f"{found.reason}\n\nWrong:\n\n{wrong}\nRight:\n\n{right}"
    return {
        "id": code,
        "name": "".join(each.capitalize() for each in re.findall("[A-Za-z0-9]+", found.title)),
        "shortDescription": {"text": found.title},
        "fullDescription": {"text": found.reason},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": level},
    }


def indented(text: str) -> str:
    """Return a text as a block of code in Markdown."""
    return "".join(f"    {line}\n" for line in text.splitlines())


def result(diagnostic: Diagnostic, rule_index: int, mark: str) -> dict[str, Any]:
    """Return one diagnostic; `mark` tells the next run that it is the same one."""
    place: dict[str, Any] = {"artifactLocation": artifact(diagnostic.file)}
    if diagnostic.line > 0:
        place["region"] = {
            "startLine": diagnostic.line,
            "startColumn": diagnostic.column,
            "endLine": diagnostic.line,
            "endColumn": diagnostic.column + diagnostic.width,
        }
    text = "\n".join(filter(None, (diagnostic.message, diagnostic.hint)))
    return {
        "ruleId": diagnostic.code,
        "ruleIndex": rule_index,
        "level": diagnostic.level,
        "message": {"text": text},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"finding/v1": mark},
    }


def artifact(file: str) -> dict[str, str]:
    """Return where a file is."""
    uri = quote(file, errors="surrogateescape")
    return {"uri": f"file://{uri}"} if file.startswith("/") else {"uri": uri, "uriBaseId": ROOT}


def fingerprints(
    diagnostics: Sequence[Diagnostic], sources: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    """Yield what stays the same of each diagnostic while lines above it come and go.

    That is its code, its file, and what its line says, or else its message; equal ones are counted.
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    for each in diagnostics:
        lines = sources.get(each.file, ())
        line = lines[each.line - 1].strip() if 0 < each.line <= len(lines) else ""
        about = each.code, each.file, line or each.message
        seen[about] += 1
        text = json.dumps([*about, seen[about]])
        yield digest(text.encode())[:32]
