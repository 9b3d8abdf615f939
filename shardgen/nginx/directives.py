"""A configuration of nginx in; its directives as nginx divides them, what it lacks, out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shardgen.model import Fleet

TOKEN = re.compile(
    r"""(?P<blank>\s+|\#[^\n]*)
    |(?P<end>[;{}])
    |(?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')(?=[\s;{)])
    |(?P<bare>(?:\\.|\$\{|[^\s;{}"'\#\\])(?:\\.|\$\{|[^\s;{\\])*)""",
    re.VERBOSE | re.DOTALL,
)
ESCAPE = re.compile(r"\\([\"'\\trn])")
ESCAPED = {"t": "\t", "r": "\r", "n": "\n"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive:
    """One directive: its words without their quotes, and what its block holds, if it has one."""

    words: tuple[str, ...]
    block: tuple[Directive, ...] = ()


def read_directives(text: str) -> tuple[Directive, ...]:
    """Return the directives of a file.

    Raises ValueError where nginx would not read it: a quote or a block that does not close, a
    directive without its end.
    """
    words: list[str] = []
    found: list[Directive] = []
    around: list[tuple[tuple[str, ...], list[Directive]]] = []
    position = 0
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            raise fault(text, position, "a quote does not close where a word ends")
        kind, position = match.lastgroup, match.end()
        if kind in {"quoted", "bare"}:
            words.append(word(match[0][1:-1] if kind == "quoted" else match[0]))
        elif kind == "end" and bool(words) == (match[0] == "}"):
            raise fault(text, match.start(), f"{match[0]!r} is not expected")
        elif match[0] == ";":
            found.append(Directive(words=tuple(words)))
            words = []
        elif match[0] == "{":
            around.append((tuple(words), found))
            words, found = [], []
        elif match[0] == "}":
            if not around:
                raise fault(text, match.start(), "'}' closes nothing")
            head, outside = around.pop()
            outside.append(Directive(words=head, block=tuple(found)))
            found = outside
    if words or around:
        raise fault(text, len(text), "the file ends within a directive")
    return tuple(found)


def word(written: str) -> str:
    """Return what a word says."""
    return ESCAPE.sub(lambda match: ESCAPED.get(match[1], match[1]), written)


def fault(text: str, position: int, message: str) -> ValueError:
    """Return what is wrong at a place."""
    return ValueError(f"line {text.count(chr(10), 0, position) + 1}: {message}")


def fault_of_routes(data: Sequence[Directive], fleet: Fleet) -> str | None:
    """Return what a file for nginx does not say: each shard's URL alone, or to pass to it alone."""
    variable = f"${fleet.service.identifier}_url"
    maps = [each for each in data if each.words[0] == "map" and each.words[2:] == (variable,)]
    said = {each.words for each in data}
    if any(words[0] == "proxy_pass" for words in said):
        wanted = {("proxy_pass", variable), ("proxy_next_upstream", "off")}
        missing = sorted(" ".join(words) for words in wanted - said)
        return f"lacks {' and '.join(missing)}" if missing else None
    if len(maps) != 1:
        return f"has no map that gives {variable}, and passes no request"
    urls = {each.words[0]: " ".join(each.words[1:]) for each in maps[0].block}
    for shard in fleet.live:
        if (url := urls.pop(str(shard.id), None)) != shard.url:
            return f"sends requests for shard {shard.id} to {url!r}"
    urls.pop("", None)  # requests that name no shard may have a URL of their own
    return None if urls == {"default": ""} else f"gives a URL to what is no shard: {urls!r:.80}"
