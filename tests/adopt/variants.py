"""Stacks as people write them by hand, at random: every variant can be adopted as it is."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from shardgen.quoting import yaml_block, yaml_flow

OTHERS = ("redis", "worker", "flower")
#: What two containers of one image may have as they like.
VALUES: dict[str, list[Any]] = {
    "restart": [None, "always", "no", "unless-stopped"],
    "expose": [None, ["3300"], [3300, "9000"]],
    "env_file": [None, ".env", [".env", {"path": ".env.local", "required": False}]],
    "command": [None, ["node", "server.js"], "node server.js"],
    "healthcheck": [None, {"test": ["CMD", "true"], "interval": "10s"}, {"test": "true"}],
    "deploy": [None, {"resources": {"limits": {"memory": "1g"}}},
               {"labels": {"a": "b"}, "resources": {"limits": {"cpus": "0.5"}}}],
    "labels": [None, {"team": "wa"}, ["team=wa", "tier=1"]],
    "logging": [None, {"driver": "json-file", "options": {"max-size": "10m"}}],
    "stop_grace_period": [None, "30s"],
    "depends_on": [None, ["redis"], {"redis": {"condition": "service_started"}}],
    "ulimits": [None, {"nofile": {"soft": 10, "hard": 20}}],
    "user": [None, "1000:1000"],
    "tmpfs": [None, "/run", ["/run", "/tmp"]],
    "extra_hosts": [None, ["host:10.0.0.1"], {"host": "10.0.0.1"}],
    "build": [None, ".", {"context": ".", "dockerfile": "Dockerfile", "args": {"A": "1"}}],
    "init": [None, True],
}  # fmt: skip
VARIABLES: dict[str, list[Any]] = {
    "LOG_LEVEL": [None, "info", "debug"],
    "TZ": [None, "${TZ:-UTC}", "Asia/Jerusalem"],
    "LIMIT": [None, 400, "400", 1.5, True, "yes"],
    "INTERNAL_SECRET": [None, "${INTERNAL_SECRET}", "${INTERNAL_SECRET:?}"],
    "ODD": [None, "a: b # c", "$$x", "é", "{x}", ""],
}
OTHER_MOUNTS: list[list[str]] = [[], ["./conf:/conf:ro"], ["logs:/logs", "./a:/a"]]


@dataclass(frozen=True)
class Variant:
    """A stack: its files, what of the overlay is no shard's, and the ids."""

    files: dict[str, str]
    outside: str
    ids: tuple[int, ...]


def chosen(draw: st.DrawFn, values: dict[str, list[Any]]) -> dict[str, Any]:
    """Return some of the keys with one of their values."""
    found = {key: draw(st.sampled_from(options)) for key, options in values.items()}
    return {key: value for key, value in found.items() if value is not None}


@st.composite
def services(draw: st.DrawFn, number: int, profile: str | None, *, mine: bool) -> dict[str, Any]:
    """Return a shard's service; `mine` is one that the overlay says all of."""
    name = "baileys" if number == 1 else f"baileys-{number}"
    variables = chosen(draw, VARIABLES)
    if draw(st.booleans()):
        variables["BAILEYS_SHARD_ID"] = draw(st.sampled_from([number, str(number)]))
    service: dict[str, Any] = {"image": draw(st.sampled_from(["baileys", "baileys:2"]))}
    service |= chosen(draw, VALUES)
    as_list = [f"{key}={str(value).lower() if value is True else value}"
               for key, value in variables.items()]  # fmt: skip
    if variables:
        service["environment"] = as_list if draw(st.booleans()) else variables
    if mine:
        suffix = "" if number == 1 else draw(st.sampled_from([f"_shard{number}", f"_{number}x"]))
        state = [f"wa{suffix}:/app/storage/whatsapp"]
        others = draw(st.sampled_from(OTHER_MOUNTS))
        service["volumes"] = draw(st.sampled_from([state + others, others + state]))
        options = draw(st.sampled_from([None, {"aliases": [f"baileys-{number}"]},
                                        {"aliases": [f"{name}x", f"baileys-{number}"]},
                                        {"priority": 5}]))  # fmt: skip
        if draw(st.booleans()) or options:
            service["networks"] = {"net": options} if options else ["net"]
    if profile and number != 1:
        service["profiles"] = [profile]
    return service


@st.composite
def variants(draw: st.DrawFn) -> Variant:
    """Return a stack."""
    has_base = draw(st.booleans())
    ids = tuple(draw(st.sampled_from([(1,), (1, 2), (1, 2, 3), (1, 3)])))
    profile = draw(st.sampled_from([None, "multi-shard", "wa-x"]))
    step, ending = draw(st.sampled_from([2, 4])), draw(st.sampled_from(["\n", "\r\n"]))
    files: dict[str, str] = {}
    named = {"volumes": {"logs": None}, "networks": {"net": None}}
    if has_base:
        first = draw(services(1, None, mine=True))
        base = {"services": {"baileys": first, "redis": {"image": "redis"}}, **named}
        base["volumes"] = {"wa": None, "logs": None}
        files["docker-compose.yml"] = yaml_block(base) + "\n"
    pieces = [*other_pieces(draw, step, has_base=has_base)]
    for number in ids:
        if has_base and number == 1 and draw(st.booleans()):
            continue
        service = draw(services(number, profile, mine=not has_base or number != 1))
        if has_base and number == 1:
            service.pop("image", None)
            service = service or {"restart": "always"}
        pieces.insert(draw(st.integers(0, len(pieces))), shard_piece(draw, number, service, step))
    volumes = [] if has_base else [(False, "logs:\n")]
    volumes += [
        (True, f"{mounted}:\n")
        for text in (piece for is_shard, piece in pieces if is_shard)
        for mounted in volumes_in(text)
    ]
    head = draw(st.sampled_from(["", "# head\n", "name: stack\n\n", "x-a: &a {b: c}\n\n# deep\n"]))
    tail = "" if has_base else "networks:\n" + " " * step + "net:\n"
    body = [(False, head + "services:\n"), *pieces]
    if volumes:
        deep = [(mine, " " * step + text) for mine, text in draw(st.permutations(volumes))]
        body += [(False, draw(st.sampled_from(["", "\n"])) + "volumes:\n"), *deep]
    body.append((False, tail))
    text = "".join(piece for _, piece in body).replace("\n", ending)
    files["docker-compose.prod.yml"] = text
    return Variant(files=files, outside=outside_of(body).replace("\n", ending), ids=ids)


def other_pieces(draw: st.DrawFn, step: int, *, has_base: bool) -> list[tuple[bool, str]]:
    """Return services that are no shards, with what may stand around them."""
    names = draw(st.lists(st.sampled_from(OTHERS), unique=True, min_size=1))
    if not has_base and "redis" not in names:
        names.append("redis")
    pieces = []
    for name in names:
        text = draw(st.sampled_from([
            f"{name}:\n  image: {name}   # as it is\n",
            f"{name}: {{image: {name}}}\n",
            f"\n# about {name}\n{name}:\n\n  image: {name}\n\n",
            f"{name}:\n  image: {name}\n    # deeper than it\n\n",
        ]))  # fmt: skip
        pieces.append((False, textwrap.indent(text, " " * step)))
    return pieces


def shard_piece(
    draw: st.DrawFn, number: int, service: dict[str, Any], step: int
) -> tuple[bool, str]:
    """Return the lines of a shard."""
    name = "baileys" if number == 1 else f"baileys-{number}"
    above = draw(st.sampled_from(["", f"# shard {number}\n", "# ---\n# two lines\n"]))
    below = draw(st.sampled_from(["", "    # ports: none\n"]))
    if draw(st.booleans()):
        text = f"{above}{name}: {yaml_flow(service)}\n{below}"
    else:
        text = f"{above}{name}:\n{yaml_block(service, 2)}\n{below}"
    return True, textwrap.indent(text, " " * step)


def volumes_in(text: str) -> list[str]:
    """Return the volumes of the shards that a text mounts."""
    return re.findall(r"\b(wa\w*):/app", text)


def outside_of(body: list[tuple[bool, str]]) -> str:
    """Return what is no shard's; blank lines between two shards are."""
    kept = []
    for place, (is_shard, text) in enumerate(body):
        if is_shard:
            continue
        neighbours = [body[at][0] for at in (place - 1, place + 1) if 0 <= at < len(body)]
        if text.strip() or neighbours != [True, True]:
            kept.append(text)
    return "".join(kept)
