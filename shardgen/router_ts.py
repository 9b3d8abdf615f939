"""The names in the Python router in, the same as a TypeScript module has them out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shardgen.model import RouterNames

#: A word after the first; what holds no capitals has one way back, so that no two names meet.
WORD = re.compile("(?<=[a-z0-9])_([a-z])")
#: What the language keeps for itself, and what the functions of the module call.
TAKEN = frozenset({
    "arguments", "await", "break", "case", "catch", "class", "const", "continue", "debugger",
    "default", "delete", "do", "else", "enum", "eval", "export", "extends", "false", "finally",
    "for", "function", "if", "implements", "import", "in", "instanceof", "interface", "let", "new",
    "null", "package", "private", "protected", "public", "return", "static", "super", "switch",
    "this", "throw", "true", "try", "typeof", "undefined", "var", "void", "while", "with", "yield",
    "columnOf", "given", "id", "own", "shardOf", "urlOf",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TypescriptNames:
    """The names in the TypeScript router. `columns` are what a row may call its shard.

    A parameter is passed by its place, so that one whose name is taken just has another.
    """

    function: str
    for_function: str
    entity_parameter: str
    tenant_parameter: str
    shard_parameter: str
    columns: tuple[str, ...]


def typescript_names(names: RouterNames) -> TypescriptNames:
    """Return the names in camelCase; a row has its shard under the column's name, or that."""
    column = names.shard_parameter
    return TypescriptNames(
        function=camel(names.function),
        for_function=camel(names.for_function),
        entity_parameter=parameter(names.entity_parameter),
        tenant_parameter=parameter(names.tenant_parameter),
        shard_parameter=parameter(column),
        columns=tuple(dict.fromkeys([column, camel(column)])),
    )


def camel(name: str) -> str:
    """Return a name in camelCase: `get_wa_bridge_base_url` is `getWaBridgeBaseUrl`."""
    return WORD.sub(lambda found: found[1].upper(), name)


def parameter(name: str) -> str:
    """Return a name in camelCase that a parameter can have."""
    return f"{camel(name)}_" if camel(name) in TAKEN else camel(name)
