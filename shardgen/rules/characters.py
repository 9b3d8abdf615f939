"""Characters: what each string may hold where it ends up."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from shardgen.rules.secrets import PASSWORD
from shardgen.rules.texts import COMPOSE, LONG

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.diagnostics import Diagnostic
    from shardgen.rules.subject import Subject

#: No file format carries these back as they were; tab and line break are looked at apart.
NEVER = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
BREAKS = re.compile("[\t\n\u2028\u2029]")
HOST = (
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?)*"
)
URL = re.compile(
    rf"https?://(?:{HOST}|\[(?P<six>[0-9A-Fa-f:.]+)\])(?::(?P<port>[0-9]{{1,5}}))?"
    r"(?:/[A-Za-z0-9._~!&()*+,;=:@%-]*)*"
)
NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")
HIGHEST_PORT = 65535


def characters(subject: Subject) -> Iterator[Diagnostic]:
    """Refuse control characters; line breaks and tabs but in values of compose."""
    for text in subject.texts:
        found = NEVER.search(text.value)
        if found is None and (text.is_key or text.under not in LONG):
            found = BREAKS.search(text.value)
        if found:
            yield subject.error(
                text.path,
                "SG511",
                f"the character U+{ord(found[0]):04X} may not stand here",
                "remove it",
                key=text.is_key,
            )


def urls(subject: Subject) -> Iterator[Diagnostic]:
    """Require URLs that every client library reads in the same way."""
    for shard in subject.shards:
        url = subject.entry(shard).get("url")
        if not url:
            continue
        path = ("shards", shard.index, "url")
        if "$" in url:
            yield subject.error(
                path,
                "SG509",
                f"a url may not hold '$': {url!r}",
                "write the url out: the router reads it as it is",
            )
        elif problem := bad_url(url):
            yield subject.error(
                path,
                "SG510",
                f"the url {url!r} {problem}",
                "expected http://host:port, as http://wa-2.example:3300",
            )


def bad_url(url: str) -> str:
    """Return what is wrong with a URL, empty where nothing is."""
    if not re.match("https?://", url):
        return "does not start with http:// or https://"
    authority = url.split("//", 1)[1].split("/", maxsplit=1)[0]
    if "@" in authority:
        return "" if PASSWORD.search(url) else "names a user"
    for mark, name in (("?", "a query"), ("#", "a fragment")):
        if mark in url:
            return f"has {name}"
    match = URL.fullmatch(url)
    if match is None or (match["six"] and not is_address(match["six"])):
        return "is not a plain url"
    if match["port"] and not 0 < int(match["port"]) <= HIGHEST_PORT:
        return f"has the port {match['port']}, which is none"
    return ""


def is_address(text: str) -> bool:
    """Return whether a text is an address of IPv6."""
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def interpolation(subject: Subject) -> Iterator[Diagnostic]:
    """Require that each `$` in a compose value is one that compose can read."""
    for text in subject.texts:
        if text.is_key or text.under not in COMPOSE or "$" not in text.value:
            continue
        if bad := bad_variable(text.value):
            yield subject.error(
                text.path,
                "SG512",
                f"compose cannot read {bad!r}",
                "write $$ for a dollar sign, ${NAME} for a variable",
            )


def bad_variable(text: str) -> str:
    """Return the first use of `$` that compose would refuse, empty where there is none."""
    position = text.find("$")
    while position >= 0:
        end = variable_end(text, position)
        if end < 0:
            return text[position : position + 20]
        position = text.find("$", end)
    return ""


def variable_end(text: str, start: int) -> int:
    """Return where the `$…` at `start` ends, -1 where it is none that compose reads."""
    if text[start + 1 : start + 2] == "$":
        return start + 2
    if text[start + 1 : start + 2] != "{":
        match = NAME.match(text, start + 1)
        return match.end() if match else -1
    match = NAME.match(text, start + 2)
    if match is None:
        return -1
    operator = re.compile("}|:?[-?+]").match(text, match.end())
    if operator is None or operator[0] == "}":
        return operator.end() if operator else -1
    return default_end(text, operator.end())


def default_end(text: str, start: int) -> int:
    """Return where the default of a `${NAME:-…}` ends, after its brace; it may hold variables."""
    position = start
    while position < len(text):
        if text[position] == "}":
            return position + 1
        if text[position] == "$":
            position = variable_end(text, position)
            if position < 0:
                return -1
        else:
            position += 1
    return -1
