"""Two texts in, the lines that differ out, each run under the place in the file where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

#: A file's diff stops after this many lines.
MOST_LINES = 60


def diff_lines(before: str, after: str) -> list[str]:
    """Return a unified diff without file names; `@@ services / baileys-2 @@` names the place."""
    old, new = before.splitlines(), after.splitlines()
    lines = list(hunks(old, new))
    if not lines and before != after:
        return ["  (only line ends differ)"]
    if len(lines) > MOST_LINES:
        rest = len(lines) - MOST_LINES
        lines = [*lines[:MOST_LINES], f"… {rest} more lines"]
    return lines


def painted(lines: Iterable[str], paint: Callable[[str, str], str]) -> Iterator[str]:
    """Yield the lines of a diff, indented and in colour."""
    styles = {"-": "remove", "+": "create", "@": "place"}
    for line in lines:
        yield "  " + paint(line, styles.get(line[:1], "plain"))


def hunks(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    """Yield the changed lines and one line of context around them."""
    import difflib

    matcher = difflib.SequenceMatcher(None, old, new, autojunk=len(old) + len(new) > 4000)
    for group in matcher.get_grouped_opcodes(1):
        if place := " / ".join(parents(old or new, group[0][1] if old else 0)):
            yield f"@@ {place} @@"
        else:
            yield "@@"
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                yield from (f" {line}" for line in old[old_from:old_to])
                continue
            yield from (f"-{shown(line)}" for line in old[old_from:old_to])
            yield from (f"+{shown(line)}" for line in new[new_from:new_to])


def shown(line: str) -> str:
    """Return a line with blanks at its end, and whatever could steer a terminal, made visible."""
    visible = "".join(c if c.isprintable() or c == "\t" else "�" for c in line)
    bare = visible.rstrip()
    return bare + visible[len(bare) :].replace(" ", "·").replace("\t", "→")


def parents(lines: Sequence[str], index: int) -> list[str]:
    """Return the headings above a line: the nearest lines that are indented less and less."""
    found: list[str] = []
    depth = indent_of(lines[index]) if index < len(lines) else 0
    for line in reversed(lines[:index]):
        if not line.strip() or line.lstrip().startswith(("#", "--")):
            continue
        if indent_of(line) < depth:
            depth = indent_of(line)
            found.append(line.strip().rstrip(":{(["))
        if depth == 0:
            break
    return [heading.split(":")[0].strip() for heading in reversed(found)]


def indent_of(line: str) -> int:
    """Return how far a line is indented."""
    return len(line) - len(line.lstrip())
