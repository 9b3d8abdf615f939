"""Diagnostics in; the workflow commands out by which GitHub shows each at its line.

The runner reads them from the log of a step. In a message `%`, CR and LF are escaped, in a property
`:` and `,` as well; nothing else is.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from shardgen.codes import CODES
from shardgen.diagnostics import visible
from shardgen.digest import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shardgen.diagnostics import Diagnostic

#: How many annotations of one level GitHub shows of one step; it drops the others.
MOST = 10
#: Files that the last annotation names where there are more.
MOST_FILES = 20


def annotations_text(diagnostics: Sequence[Diagnostic]) -> str:
    """Return a workflow command for each diagnostic, ten of each level at most.

    Where there are more, the tenth says how many, and in which files.
    """
    lines = []
    for level in ("error", "warning"):
        found = spread(each for each in diagnostics if each.level == level)
        shown = found if len(found) <= MOST else found[: MOST - 1]
        lines += [annotation(each) for each in shown]
        if len(shown) < len(found):
            lines.append(remainder(level, found[len(shown) :]))
    return "".join(f"{line}\n" for line in lines)


def spread(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return the diagnostics with the first of each code before the second of any.

    Ten of one kind must not hide the one of another.
    """
    seen: Counter[str] = Counter()
    ranked = []
    for diagnostic in diagnostics:
        ranked.append((seen[diagnostic.code], diagnostic))
        seen[diagnostic.code] += 1
    return [diagnostic for _, diagnostic in sorted(ranked, key=lambda pair: pair[0])]


def annotation(diagnostic: Diagnostic) -> str:
    """Return one workflow command. A file without a line is shown at its first one."""
    properties = {"file": diagnostic.file}
    if diagnostic.line > 0:
        properties["line"] = str(diagnostic.line)
        properties["col"] = str(diagnostic.column)
        properties["endColumn"] = str(diagnostic.column + diagnostic.width)
    properties["title"] = f"{diagnostic.code}: {CODES[diagnostic.code].title}"
    text = "\n".join(filter(None, (diagnostic.message, diagnostic.hint)))
    return command(diagnostic.level, properties, text)


def remainder(level: str, diagnostics: Sequence[Diagnostic]) -> str:
    """Return the workflow command that stands for all that GitHub would not show."""
    files = Counter(each.file for each in diagnostics)
    rows = [f"{file} ({count})" for file, count in files.most_common(MOST_FILES)]
    if len(files) > MOST_FILES:
        rows.append(f"and {len(files) - MOST_FILES} files more")
    title = f"{len(diagnostics)} {level}s more, in the log and in the summary of this step"
    return command(level, {"title": title}, "\n".join(rows))


def command(name: str, properties: dict[str, str], text: str) -> str:
    """Return a workflow command: one line, whatever is in the texts."""
    listed = ",".join(f"{key}={property_text(shown(value))}" for key, value in properties.items())
    return f"::{name} {listed}::{data_text(shown(text))}"


def shown(text: str) -> str:
    """Return a text whose lines hold nothing that steers what shows it."""
    return "\n".join(visible(line) for line in text.split("\n"))


def data_text(text: str) -> str:
    """Return a text as it stands in the message of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def property_text(text: str) -> str:
    """Return a text as it stands in a property of a workflow command."""
    return data_text(text).replace(":", "%3A").replace(",", "%2C")


def log_text(text: str) -> str:
    """Return a text of which the runner takes no line for a workflow command.

    What a file holds must not mask a value, or say something in another's name. The word that
    ends the quiet is a digest of the text, so nothing in it can be that word.
    """
    if not text.strip():
        return ""
    end = digest(text.encode("utf-8", "replace"))
    return f"::stop-commands::{end}\n{text.rstrip()}\n::{end}::\n"
