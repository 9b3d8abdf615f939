"""Digests, texts that carry the digest of themselves, and the name of the lock that is one.

Imported by the quick check: no imports but hashlib.
"""

from __future__ import annotations

import hashlib

#: So many characters tell two versions of one file apart, in a name that people read.
SHORT = 8


def digest(content: bytes) -> str:
    """Return the sha256 of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def sealed(text: str) -> str:
    """Return a JSON object's text, which begins with '{' on its own line, with its digest first."""
    return seal(text) + text[2:]


def is_sealed(text: str) -> bool:
    """Return whether a text is exactly what `sealed` made of it."""
    line_end = text.find("\n", 2) + 1
    return line_end > 2 and text[:line_end] == seal("{\n" + text[line_end:])


def seal(text: str) -> str:
    """Return the first two lines of a sealed text."""
    return f'{{\n  "digest": "{digest(text.encode())}",\n'


def lock_name(config: str) -> str:
    """Return the lock's path: beside the shards.yaml that it belongs to."""
    folder, slash, name = config.rpartition("/")
    stem = name.removesuffix(".yaml").removesuffix(".yml")
    is_usual = name == "shards.yaml"
    return folder + slash + ("shardgen.lock" if is_usual else f"{stem}.shardgen.lock")
