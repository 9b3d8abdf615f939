"""Secrets: shards.yaml is committed, so nothing in it may look like one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.diagnostics import Diagnostic
    from shardgen.rules.subject import Subject
    from shardgen.rules.texts import Text

TOKEN = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}"
    r"|sk-[A-Za-z0-9_-]{20,}|[rs]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9]{16,}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,}|(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"
    r"|AIza[A-Za-z0-9_-]{35}|ya29\.[A-Za-z0-9_-]{20,}|npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{40,}"
    r"|hf_[A-Za-z0-9]{30,}|dop_v1_[a-f0-9]{40,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"
    r"|shp(?:at|ss|ca)_[a-fA-F0-9]{20,}|EAA[A-Za-z0-9]{60,}|[0-9]{8,10}:AA[A-Za-z0-9_-]{30,}"
    r"|eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"
    r")"
)
PRIVATE_KEY = re.compile("-----BEGIN [A-Z ]*PRIVATE KEY")
PASSWORD = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/\s:@?#]*:(?P<password>[^@/\s]+)@")
SECRET_KEY = re.compile(
    r"(SECRET|TOKEN|PASSWORD|PASSWD|PASSPHRASE|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|CREDENTIALS?)S?"
    r"(_[0-9]+)?$|^(.*_)?(PWD|PASS|PW)$"
)
#: A whole variable, with a default or not, or a number or switch that no secret is.
VARIABLE = re.compile(r"\$(\{|[A-Za-z_])")
HARMLESS = re.compile(r"[0-9]{1,6}|true|false|yes|no|on|off|", re.IGNORECASE)
HINT = "write ${NAME} and keep the value in .env or a secret store"


def secrets(subject: Subject) -> Iterator[Diagnostic]:
    """Yield the strings that look like secrets; keys that `allow_plain` lists may hold any."""
    for text in subject.texts:
        if is_allowed(subject, text):
            continue
        if found := leak(text):
            code, message, hint = found
            yield subject.error(text.path, code, message, hint, key=text.is_key)


def is_allowed(subject: Subject, text: Text) -> bool:
    """Return whether a string is the value of an environment key that `allow_plain` lists."""
    if text.under != "environment" or text.is_key:
        return False
    allowed = set(subject.fleet.service.allow_plain)
    if isinstance(text.path[1], int):
        allowed |= set(subject.data["shards"][text.path[1]].get("allow_plain", ()))
    return text.path[-1] in allowed


def leak(text: Text) -> tuple[str, str, str] | None:
    """Return code, message and hint of a string that looks like a secret; never its value."""
    if TOKEN.search(text.value):
        return "SG516", "this looks like a token", hint(text)
    if PRIVATE_KEY.search(text.value):
        return "SG517", "this looks like a private key", hint(text)
    password = PASSWORD.search(text.value)
    if password and not VARIABLE.match(password["password"]):
        return "SG518", "this url holds a password", hint(text)
    key = str(text.path[-1])
    is_variable = text.under == "environment" and not text.is_key
    if is_variable and SECRET_KEY.search(key.upper()) and is_literal(text.value):
        return "SG519", f"{key} looks like a secret and has a literal value", hint(text)
    return None


def is_literal(value: str) -> bool:
    """Return whether a value is neither a variable nor a number or switch that no secret is."""
    return not VARIABLE.search(value.replace("$$", "")) and not HARMLESS.fullmatch(value)


def hint(text: Text) -> str:
    """Return the ways out for a string that looks like a secret."""
    if text.under == "environment":
        return f"{HINT}; if it is none, add {text.path[-1]} to allow_plain"
    if text.path[-1] == "url":
        return "a shard takes no password in its url: the router and the documentation show it"
    return HINT
