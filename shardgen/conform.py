"""A schema and data in, whether the data conforms out: fast, without a word about why not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Check = Callable[[Any], bool]

#: What a keyword of a schema may be that says nothing about the data.
NOTES = frozenset(
    {"$schema", "$defs", "title", "description", "default", "examples", "patternErrorMessage"}
)
#: JSON's types; 1.0 is no integer and true is no number here: names are made of integers.
TYPES: dict[str, Check] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def conforms(data: Any, schema: Mapping[str, Any]) -> bool:
    """Return whether data conforms to a schema; raises NotImplementedError for other keywords."""
    return Checker(schema.get("$defs", {})).check(schema)(data)


def end_of_text(pattern: str) -> str:
    """Return a pattern whose `$` means the end, as in JSON schema, also before a last newline."""
    return pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern


class Checker:
    """Turns schemas into functions, each once."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self.definitions = definitions
        self.made: dict[int, Check] = {}

    def check(self, schema: Mapping[str, Any]) -> Check:
        """Return a function that says whether a value conforms to the schema."""
        if id(schema) not in self.made:
            checks = [
                self.keyword(name, value, schema)
                for name, value in schema.items()
                if name not in NOTES
            ]
            single = len(checks) == 1
            self.made[id(schema)] = checks[0] if single else all_of(checks)
        return self.made[id(schema)]

    def keyword(self, name: str, value: Any, schema: Mapping[str, Any]) -> Check:
        """Return the function of one keyword."""
        make = getattr(self, "do_" + name.lstrip("$"), None)
        if make is None:
            raise NotImplementedError(f"the schema keyword {name!r}")
        made: Check = make(value, schema)
        return made

    def do_ref(self, value: str, _: Any) -> Check:
        """Return the check of `$ref`: to a definition of the same file."""
        return self.check(self.definitions[value.removeprefix("#/$defs/")])

    def do_type(self, value: Any, _: Any) -> Check:
        """Return the check of `type`: one or several."""
        checks = [TYPES[each] for each in ([value] if isinstance(value, str) else value)]
        return checks[0] if len(checks) == 1 else lambda data: any(is_a(data) for is_a in checks)

    def do_const(self, value: Any, _: Any) -> Check:
        """Return the check of `const`: the same value of the same type."""
        return lambda data: data == value and type(data) is type(value)

    def do_enum(self, value: Any, _: Any) -> Check:
        """Return the check of `enum`: of strings."""
        return lambda data: isinstance(data, str) and data in value

    def do_pattern(self, value: str, _: Any) -> Check:
        """Return the check of `pattern`: of a string."""
        pattern = end_of_text(value)  # compiled when it is first needed: few keys are written
        return lambda data: not isinstance(data, str) or re.search(pattern, data) is not None

    def do_minLength(self, value: int, _: Any) -> Check:  # noqa: N802 - the keyword's name
        """Return the check of `minLength`: of a string."""
        return lambda data: not isinstance(data, str) or len(data) >= value

    def do_maxLength(self, value: int, _: Any) -> Check:  # noqa: N802 - the keyword's name
        """Return the check of `maxLength`: of a string."""
        return lambda data: not isinstance(data, str) or len(data) <= value

    def do_minimum(self, value: int, _: Any) -> Check:
        """Return the check of `minimum`: of a number."""
        return lambda data: not TYPES["number"](data) or data >= value

    def do_maximum(self, value: int, _: Any) -> Check:
        """Return the check of `maximum`: of a number."""
        return lambda data: not TYPES["number"](data) or data <= value

    def do_minItems(self, value: int, _: Any) -> Check:  # noqa: N802 - the keyword's name
        """Return the check of `minItems`: of a list."""
        return lambda data: not isinstance(data, list) or len(data) >= value

    def do_items(self, value: Any, _: Any) -> Check:
        """Return the check of `items`: of a list."""
        item = self.check(value)
        return lambda data: not isinstance(data, list) or all(map(item, data))

    def do_required(self, value: list[str], _: Any) -> Check:
        """Return the check of `required`: keys of a mapping."""
        return lambda data: not isinstance(data, dict) or all(key in data for key in value)

    def do_propertyNames(self, value: Any, _: Any) -> Check:  # noqa: N802 - the keyword's name
        """Return the check of `propertyNames`: every key of a mapping."""
        name = self.check(value)
        return lambda data: not isinstance(data, dict) or all(map(name, data))

    def do_properties(self, value: Mapping[str, Any], _: Any) -> Check:
        """Return the check of `properties`: the values of known keys."""
        known = {key: self.check(each) for key, each in value.items()}
        return lambda data: (
            not isinstance(data, dict)
            or all(known[key](each) for key, each in data.items() if key in known)
        )

    def do_additionalProperties(self, value: Any, schema: Mapping[str, Any]) -> Check:  # noqa: N802
        """Return the check of `additionalProperties`: false, or a schema of the other values."""
        known = schema.get("properties", {})
        other: Check = self.check(value) if value is not False else lambda _: False
        return lambda data: (
            not isinstance(data, dict)
            or all(other(each) for key, each in data.items() if key not in known)
        )


def all_of(checks: list[Check]) -> Check:
    """Return a function that asks every check."""

    def every(data: Any) -> bool:
        """Return whether all checks say yes."""
        return all(check(data) for check in checks)

    return every
