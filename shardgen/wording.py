"""Values, places and violations of the schema in; the words for them out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardgen.document import Path

WORDS = {
    "null": "null",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "array": "a list",
    "object": "a mapping",
}
FEW = 9


def spoken(path: Path, quote: str = "'") -> str:
    """Return a path as people say it: `'port' in service`, `item 2 of consumers`."""
    if not path:
        return "the file"
    items = [place for place, step in enumerate(path) if isinstance(step, int)]
    cut = items[-1] if items else -1
    key = ".".join(map(str, path[cut + 1 :]))
    item = f"item {int(path[cut]) + 1} of {spoken(path[:cut], quote='')}" if items else ""
    return " in ".join(part for part in (key and f"{quote}{key}{quote}", item) if part)


def shown(value: Any, limit: int = 60) -> str:
    """Return a value's repr, cut where it is long."""
    text = {True: "true", False: "false", None: "null"}.get(value) if is_word(value) else None
    text = text or repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def is_word(value: Any) -> bool:
    """Return whether YAML writes a value as a word."""
    return value is None or isinstance(value, bool)


def type_name(value: Any) -> str:
    """Return what a value is, with the value where it is short."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return f"the text {shown(value)}"
    return f"{shown(value)}" if is_word(value) else f"the number {value}"


def alternatives(words: list[str]) -> str:
    """Return words as a list that ends with 'or'."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def complaint(error: Any) -> str:
    """Return what is wrong with a value, as the end of a sentence about it."""
    value, expected = error.instance, error.validator_value
    if error.validator == "type":
        names = [expected] if isinstance(expected, str) else expected
        wanted = alternatives([WORDS[name] for name in names if name != "null" or len(names) == 1])
        return f"must be {wanted}, not {type_name(value)}"
    if error.validator in {"const", "enum"}:
        return f"may not be {shown(value)}"
    if error.validator in {"minLength", "minItems"}:
        return "is empty"
    if error.validator == "maxLength":
        return f"has {len(value)} characters, the most are {expected}"
    if error.validator == "pattern":
        return f"has a form that is not allowed: {shown(value)}"
    return f"is out of range: {value}"


def bounds_hint(schema: Mapping[str, Any]) -> str:
    """Return the bounds of a number."""
    return f"expected {schema['minimum']} to {schema['maximum']}"


def choice_hint(value: Any, allowed: Any) -> str:
    """Return the values that a key may have."""
    names = [str(each) for each in (allowed if isinstance(allowed, list) else [allowed])]
    close = close_to(value, names) if isinstance(value, str) else ""
    if close:
        return f"did you mean {close!r}?"
    return f"expected {alternatives(names)}"


def close_to(key: str, allowed: list[str]) -> str:
    """Return the name that a misspelt one most likely means, empty where there is none."""
    import difflib

    folded = {name.replace("_", ""): name for name in allowed}
    plain = key.lower().replace("_", "").replace("-", "").replace(" ", "")
    found = difflib.get_close_matches(plain, folded, n=1, cutoff=0.7)
    return folded[found[0]] if found else ""


def type_hint(value: Any, expected: Any) -> str:
    """Return how to write a value so that it has the expected type; empty where unclear."""
    names = [expected] if isinstance(expected, str) else expected
    if value is None:
        return "remove the key, or write a value after it"
    if isinstance(value, str):
        return text_hint(value, names)
    if isinstance(value, (int, float)) and "string" in names:
        return f'write it in quotes: "{shown(value) if isinstance(value, bool) else value}"'
    if isinstance(value, float) and "integer" in names and value.is_integer():
        return f"write {int(value)}"
    if not isinstance(value, (dict, list)) and "array" in names:
        return f"write it as a list: [{shown(value)}]"
    return ""


def text_hint(value: str, names: list[str]) -> str:
    """Return how to write a text so that it has one of the types."""
    bare = value.strip()
    if "boolean" in names and bare.lower() in {"true", "yes", "on", "false", "no", "off"}:
        return (
            f"write {'true' if bare.lower() in {'true', 'yes', 'on'} else 'false'} without quotes"
        )
    if {"integer", "number"} & set(names) and bare.lstrip("-").isdecimal() and len(bare) < FEW:
        return f"write {int(bare)} without quotes"
    if "array" in names and "," not in value:
        return f"write it as a list: [{flow(value)}]" if len(value) <= FEW * 4 else ""
    return ""


def flow(value: Any) -> str:
    """Return a value as YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(each) for each in value) + "]"
    if isinstance(value, str) and all(c.isalnum() or c in "-_./" for c in value):
        return f'"{value}"' if value in {"no", "yes", "on", "off"} else value
    return json.dumps(value, ensure_ascii=False)
