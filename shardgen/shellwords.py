"""The text of a shell script in; one word after the other, without its quotes, out.

A reader of the POSIX shell's and bash's tokens that never fails: what has no end, ends where the
text does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Substitutions inside each other: a script has no more, and Python's own recursion has to hold.
DEEPEST = 20
PLAIN = re.compile(r"[^\s'\"\\$`<>|&;()]+")
QUOTED = re.compile(r'[^"\\$`]+')
NAME = re.compile(r"\$(?:[A-Za-z_][A-Za-z0-9_]*|[0-9*@#?$!-])")
OPERATOR = re.compile(r";;&|;;|;&|;|&&|&>>|&>|\|\||\|&|&|\||\(|\)|\n")
REDIRECTION = re.compile(
    r"(?:[0-9]+|\{[A-Za-z_]\w*\})?(<<<|<<-|<<|<>|<&|>>|>&|>\||&>>|&>|<|>)(?!\()"
)
SPACE = re.compile(r"(?:[^\S\n]|\\\r?\n)+")
COMMENT = re.compile(r"#[^\n]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word: where it stands, and its text as the command gets it.

    What the shell expands is still as it is written (`$NAME`, `$(date)`); `is_fixed` says that
    there is no such thing, and `is_quoted` that a part of it is in quotes. `inner` is where the
    text between its quotes starts, where the word is one pair of quotes and no more.
    """

    start: int
    end: int
    text: str
    is_fixed: bool = True
    is_quoted: bool = False
    inner: int | None = None


class Scanner:
    """A position in a text, and what reads on from there."""

    def __init__(self, text: str, start: int = 0, end: int | None = None) -> None:
        self.text, self.at = text, start
        self.end = len(text) if end is None else end
        #: (start, end) of what stands in `$(…)` and in backticks, to be read as a script.
        self.nested: list[tuple[int, int]] = []
        self.depth = 0

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Return the match of a pattern here, and go behind it."""
        found = pattern.match(self.text, self.at, self.end)
        if found:
            self.at = found.end()
        return found

    def peek(self, length: int = 1) -> str:
        """Return the next characters."""
        return self.text[self.at : min(self.at + length, self.end)]

    def word(self) -> Word | None:
        """Return the word that starts here, None where none does."""
        start, parts, is_fixed, quotes = self.at, [], True, 0
        while self.at < self.end:
            before = self.at
            if plain := self.match(PLAIN):
                parts.append(plain[0])
                continue
            text, is_part_fixed, is_quoted = self.part()
            if self.at == before:
                break
            parts.append(text)
            is_fixed = is_fixed and is_part_fixed
            quotes += is_quoted
        if self.at == start:
            return None
        length = sum(map(len, parts))
        is_one = quotes == 1 and self.text[start] in "'\"" and length == self.at - start - 2
        return Word(
            start=start,
            end=self.at,
            text="".join(parts),
            is_fixed=is_fixed,
            is_quoted=quotes > 0,
            inner=start + 1 if is_one else None,
        )

    def part(self) -> tuple[str, bool, bool]:
        """Return a quoted, escaped or expanded part of a word: text, is it fixed, is it quoted."""
        first, second = self.peek(), self.peek(2)
        if first == "\\":
            self.at = min(self.at + 2, self.end)
            return self.text[self.at - 1 : self.at].replace("\n", ""), True, False
        if first == "'":
            return self.until_quote(1), True, True
        if second == "$'":
            self.at += 1
            return self.until_quote(1, escapes=True), True, True
        if first == '"':
            return *self.double_quoted(), True
        if first in "$`" or second in {"<(", ">("}:
            return self.expansion(), False, False
        return "", True, False

    def until_quote(self, width: int, *, escapes: bool = False) -> str:
        """Return what stands between single quotes, and go behind it."""
        start = self.at + width
        end = self.text.find("'", start, self.end)
        while escapes and end > 0 and self.text[end - 1] == "\\":
            end = self.text.find("'", end + 1, self.end)
        end = self.end if end < 0 else end
        self.at = min(end + 1, self.end)
        return self.text[start:end]

    def double_quoted(self) -> tuple[str, bool]:
        """Return what stands between double quotes, and whether it is fixed; go behind it."""
        self.at += 1
        parts, is_fixed = [], True
        while self.at < self.end:
            if plain := self.match(QUOTED):
                parts.append(plain[0])
            elif self.peek() == '"':
                self.at += 1
                break
            elif self.peek() == "\\":
                escaped = self.peek(2)[1:]
                parts.append(escaped if escaped in {'"', "\\", "$", "`"} else f"\\{escaped}")
                self.at = min(self.at + 2, self.end)
            else:
                parts.append(self.expansion())
                is_fixed = False
        return "".join(parts), is_fixed

    def expansion(self) -> str:
        """Return an expansion as it is written, and go behind it; a lone `$` is itself."""
        start = self.at
        if self.match(NAME):
            pass
        elif self.peek(3) == "$((":
            self.at += 3
            self.closing("(", ")", 2)
        elif self.peek(2) == "${":
            self.at += 2
            self.closing("{", "}", 1)
        elif self.peek(2) in {"$(", "<(", ">("}:
            self.at += 2
            inside = self.at
            is_closed = self.closing("(", ")", 1)
            self.nested.append((inside, self.at - is_closed))
        elif self.peek() == "`":
            end = self.text.find("`", self.at + 1, self.end)
            end = self.end if end < 0 else end
            self.nested.append((self.at + 1, end))
            self.at = min(end + 1, self.end)
        else:
            self.at += 1
        return self.text[start : self.at]

    def closing(self, opening: str, closing: str, count: int) -> bool:
        """Go behind the bracket that closes what is open, and return whether there is one.

        Quotes and escapes hide brackets.
        """
        self.depth += 1
        nested = len(self.nested)
        while self.at < self.end and count:
            character = self.peek()
            if character in {"'", '"', "\\", "$", "`"} and self.depth < DEEPEST:
                self.part()
                continue
            if character == "#" and opening == "(" and self.text[self.at - 1] in " \t\n;(":
                self.match(COMMENT)
                continue
            count += (character == opening) - (character == closing)
            self.at += 1
        del self.nested[nested:]  # they are read with the whole
        self.depth -= 1
        return not count
