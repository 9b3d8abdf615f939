"""A fleet in; the words without which a text cannot go around it out."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shardgen.model import Fleet


#: What the names around a volume hold.
VOLUMELIKE = ("volume", "mount", "bind", "backup", "restore", "docker", "storage")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a Python text must hold so that anything in it can go around the router.

    Most files hold none of it, and need not be parsed. `parts` are in small letters: one of them
    is in every text that a pattern fits, and is found far faster. What `host` and `volume` fit are
    ordinary words, and count beside the port, or beside a word that has to do with volumes.
    """

    parts: tuple[str, ...]
    pattern: re.Pattern[str]
    host: re.Pattern[str]
    port: str
    volume: re.Pattern[str]

    def are_in(self, text: str) -> bool:
        """Return whether a text has to be parsed."""
        small = text.lower()
        if not any(part in small for part in self.parts):
            return False
        if self.pattern.search(text):
            return True
        if self.port in text and self.host.search(text):
            return True
        return any(word in small for word in VOLUMELIKE) and bool(self.volume.search(text))


def words(fleet: Fleet, router: str | None, hosts: Iterable[str]) -> Words:
    """Return the words of a fleet; `hosts` are those of the URLs that shards.yaml states."""
    service, prefix = re.escape(fleet.service.name), re.escape(fleet.service.prefix)
    identifier, port = re.escape(fleet.service.identifier), fleet.service.port
    stem = posixpath.basename(router or "").removesuffix(".py") or "shard_for"
    usual = fleet.storage.volume
    volumes = {shard.volume for shard in fleet.shards}
    volumes = {name for name in volumes if not re.fullmatch(rf"{re.escape(usual)}_shard\d+", name)}
    every = "|".join(map(re.escape, sorted({usual, *volumes})))
    others = sorted(set(hosts))
    strong = [
        rf"\b(?:{re.escape(stem)}|shard_for|get_{identifier}_base_url)",
        rf"\b{prefix}_(?:NUM_SHARDS|PORT|BASE_URL|SHARD_|[\"'{{%])",
        rf"(?<![\w.-]){service}(?:-[\d{{%$\"']|:[{{%$\"'])",
        rf"(?<![\w.-]){service}:{port}\b",
        rf"(?i:\b{identifier}_?port\b)",
        rf"(?i:{identifier})[^\n]*:{port}\b",
        rf"{re.escape(usual)}_shard\d",
        *(rf"(?<![\w.-]){re.escape(host)}(?![\w.-])" for host in others),
    ]
    if port in {80, 443}:  # which a URL need not say
        strong.append(rf"[/@]{service}(?![\w.:-])")
    names = {fleet.service.name, fleet.service.identifier, stem, "shard_for", usual}
    return Words(
        parts=tuple(sorted({each.lower() for each in (*names, *others, *volumes)})),
        pattern=re.compile("|".join(strong)),
        host=re.compile(rf"[\"']{service}[\"']"),
        port=str(port),
        volume=re.compile(rf"(?:[\"']|docker[^\n]*)(?:\w+_)?(?:{every})(?!\w)"),
    )
