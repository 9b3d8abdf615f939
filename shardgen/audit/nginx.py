"""A configuration of nginx in; the shards that are typed in it out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen.audit.literals import address_message, addresses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.audit.page import Page
    from shardgen.audit.subject import Subject
    from shardgen.diagnostics import Diagnostic

TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)|(?P<end>[;{}])
    |(?P<word>(?:"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|\\.|\$\{[^}\s]*\}?|[^\s;{}"'\\])+)|\\""",
    re.VERBOSE | re.DOTALL,
)
#: Directives whose words people alone read, or that only write.
SILENT = frozenset({"log_format", "access_log", "error_log", "add_header", "include", "return"})
HINT = "let the application ask the router for the shard, or render the file: an output of your own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive:
    """One directive: its words with their places, and the name of the block that it stands in."""

    words: tuple[tuple[int, str], ...]
    block: str

    @property
    def name(self) -> str:
        """The first word."""
        return self.words[0][1]


def findings(page: Page, subject: Subject) -> Iterator[Diagnostic]:
    """Yield the addresses of shards in a configuration of nginx."""
    every = list(directives(page.text))
    balanced = shards_by_upstream(every, subject)
    for each in every:
        if each.name in SILENT:
            continue
        for start, text in each.words[1:]:
            for address in addresses(text, subject):
                message = address_message(address, subject)
                if address.shard is not None and balanced.get(each.block, 0) > 1:
                    message = (
                        f"nginx sends each request to any server of this upstream, and the tenants "
                        f"of shard {address.shard} to others as well: they get no answer there"
                    )
                yield page.span(start + address.start, start + address.end, "SG803", message, HINT)
        yield from defaulted(page, subject, each)


def defaulted(page: Page, subject: Subject, directive: Directive) -> Iterator[Diagnostic]:
    """Yield an alias of a shard without a port: that of HTTP, or what a variable adds."""
    if directive.name != "server" or not directive.block or len(directive.words) < 2:
        return
    start, text = directive.words[1]
    number = subject.hosts.get(text) if text != subject.service else None
    if number is not None:
        message = f"{text!r} is shard {number}, asked at port 80: nobody answers there"
        yield page.span(start, start + len(text), "SG803", message, HINT)


def shards_by_upstream(every: list[Directive], subject: Subject) -> dict[str, int]:
    """Return how many shards each upstream has, by the block."""
    found: dict[str, set[int]] = {}
    for each in every:
        if each.name == "server" and each.block and len(each.words) > 1:
            for address in addresses(each.words[1][1], subject):
                if address.shard is not None:
                    found.setdefault(each.block, set()).add(address.shard)
    return {block: len(numbers) for block, numbers in found.items()}


def directives(text: str) -> Iterator[Directive]:
    """Yield the directives of a text in their order, those that open a block as well."""
    words: list[tuple[int, str]] = []
    blocks: list[str] = []
    for match in TOKEN.finditer(text):
        if match["word"]:
            words.append(unquoted(match))
        elif match["end"]:
            if words:
                yield Directive(words=tuple(words), block=blocks[-1] if blocks else "")
            if match["end"] == "{":
                head = [word for _, word in words]
                is_upstream = len(head) > 1 and head[0] == "upstream"
                blocks.append(f"{head[1]}@{match.start()}" if is_upstream else "")
            elif match["end"] == "}" and blocks:
                blocks.pop()
            words = []


def unquoted(match: re.Match[str]) -> tuple[int, str]:
    """Return where the text of a word starts, and the text without the quotes around it."""
    text = match["word"]
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return (match.start() + 1, text[1:-1]) if is_quoted else (match.start(), text)
