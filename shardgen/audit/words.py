"""A fleet in; the words without which a text cannot go around it out."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shardgen.model import Fleet


#: What the names around a volume hold.
VOLUMELIKE = ("volume", "mount", "bind", "backup", "restore", "docker", "storage")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a Python text must hold so that anything in it can go around the router.

    Most files hold none of it, and need not be parsed. Each rule is the texts, in small letters,
    that are all there where its pattern fits: they are found far faster than any pattern. A volume
    is an ordinary word, and counts beside one that has to do with volumes.
    """

    rules: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...]
    volumes: tuple[str, ...]
    volume: re.Pattern[str]

    def are_in(self, text: str) -> bool:
        """Return whether a text has to be parsed."""
        small = text.lower()
        if any(
            all(map(small.__contains__, needed)) and rule.search(text)
            for needed, rule in self.rules
        ):
            return True
        has_volume = any(map(small.__contains__, self.volumes))
        is_about_volumes = has_volume and any(map(small.__contains__, VOLUMELIKE))
        return is_about_volumes and bool(self.volume.search(text))


def words(fleet: Fleet, router: str | None, hosts: Iterable[str]) -> Words:
    """Return the words of a fleet; `hosts` are those of the URLs that shards.yaml states."""
    usual = fleet.storage.volume
    volumes = {shard.volume for shard in fleet.shards} | {usual}
    volumes = {name for name in volumes if not re.fullmatch(rf"{re.escape(usual)}_shard\d+", name)}
    every = "|".join(map(re.escape, sorted(volumes)))
    return Words(
        rules=tuple(
            (tuple(each.lower() for each in needed), re.compile(pattern))
            for needed, pattern in rules(fleet, router, sorted(set(hosts)))
        ),
        volumes=tuple(sorted(name.lower() for name in volumes)),
        volume=re.compile(rf"(?:[\"']|docker[^\n]{{0,199}})(?:\w+_)?(?:{every})(?!\w)"),
    )


def rules(
    fleet: Fleet, router: str | None, hosts: Sequence[str]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the texts that are all there where a pattern fits, and the pattern."""
    name, port = fleet.service.name, str(fleet.service.port)
    identifier = fleet.service.identifier
    service, variable = re.escape(name), re.escape(fleet.service.prefix)
    if router:
        stem = posixpath.basename(router).removesuffix(".py")
        yield (stem,), rf"\b{re.escape(stem)}\b"
    for function in ("shard_for", fleet.router.function):
        yield (function,), re.escape(function)
    yield (
        (f"{fleet.service.prefix}_",),
        rf"\b{variable}_(?:NUM_SHARDS|PORT|BASE_URL|SHARD_|[\"'{{%])",
    )
    yield (f"{name}-",), rf"(?<![\w.-]){service}-[\d{{%$\"']"
    yield (f"{name}:",), rf"(?<![\w.-]){service}:(?:{port}\b|[{{%$\"'])"
    yield (name, port), rf"[\"']{service}[\"']"
    for joint in ("", "_"):
        yield (f"{identifier}{joint}port",), rf"(?i:\b{re.escape(identifier)}{joint}port\b)"
    yield (identifier, f":{port}"), rf"(?i:{re.escape(identifier)})[^\n]{{0,99}}:{port}\b"
    usual = fleet.storage.volume
    yield (f"{usual}_shard",), rf"{re.escape(usual)}_shard\d"
    if port in {"80", "443"}:  # which a URL need not say
        yield (name,), rf"[/@]{service}(?![\w.:-])"
    for host in hosts:
        yield (host,), rf"(?<![\w.-]){re.escape(host)}(?![\w.-])"
