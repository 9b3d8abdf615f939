"""An error in a shards.yaml made from compose files in; the same in their own lines, out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import yaml

from shardgen.document import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.adopt.found import Found, Member
    from shardgen.diagnostics import Diagnostic
    from shardgen.document import Document, Path

#: Where a compose file says what shards.yaml says elsewhere.
ELSEWHERE: dict[str, Path] = {
    "limits": ("deploy", "resources", "limits"),
    "volume": ("volumes",),
    "storage": ("volumes",),
    "port": ("expose",),
    "profile": ("profiles",),
    "alias": ("networks",),
}
SECRETS = frozenset({"SG516", "SG517", "SG518", "SG519"})


def translated(found: Found, made: Document, error: Diagnostic) -> Diagnostic:
    """Return an error in `made` at the line of the compose file that it comes from."""
    at_place = path_at(made.root, error.line - 1, error.column - 1)
    if at_place is None:
        return error
    path, is_key = at_place
    member, inner = origin(found, made.data, path)
    inner, is_whole = written(member, made.data, path, inner) if inner else ((), True)
    is_key = is_key or is_whole
    at = member.error(inner, error.code, error.message, error.hint, key=is_key)
    if error.code in SECRETS:
        return as_secret(at, str(path[-1]))
    return as_unstatable(at) if error.code.startswith("SG1") else at


def is_about_env(made: Document, error: Diagnostic) -> bool:
    """Return whether an error is about the place of the env output, as it was asked for."""
    at = path_at(made.root, error.line - 1, error.column - 1)
    is_there = error.file == made.file and at is not None and at[0][:2] == ("outputs", "env")
    return is_there and error.code != "SG406"


def as_unstatable(error: Diagnostic) -> Diagnostic:
    """Return the error of a value that has no place in shards.yaml."""
    message = f"shards.yaml cannot state this: {error.message}"
    hint = "leave it out, or state it in the base, from which every shard takes what it says"
    return replace(error, code="SG727", message=message, hint=hint)


def as_secret(error: Diagnostic, name: str) -> Diagnostic:
    """Return the error of a secret in a compose file: shards.yaml would hold it, too."""
    way = f"write ${{{name}}} here, and {name}=… into .env: what runs stays the same"
    return replace(error, code="SG733", message=f"{error.message}; shards.yaml would hold it, too",
                   hint=way)  # fmt: skip


def path_at(root: Any, line: int, column: int) -> tuple[Path, bool] | None:
    """Return the path of the key or value that begins at a place, and whether it is a key."""
    for path, key, value in walked(root, ()):
        for node in (key, value):
            if (node.start_mark.line, node.start_mark.column) == (line, column):
                return path, node is key and key is not value
    return None


def walked(node: Any, path: Path) -> Iterator[tuple[Path, Any, Any]]:
    """Yield path, key and value of everything in a node."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*path, key.value), key, value
            yield from walked(value, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield (*path, index), value, value
            yield from walked(value, (*path, index))


def origin(found: Found, data: dict[str, Any], path: Path) -> tuple[Member, Path]:
    """Return the shard that a path of shards.yaml comes from, and the path in its service."""
    member, inner = found.first, path[1:]
    if path[0] == "shards" and len(path) > 1:
        number = data["shards"][path[1]]["id"]
        member = next(each for each in found.members if each.id == number)
        inner = path[2:]
    elif path[:2] == ("outputs", "env"):
        inner = ("env_file",)
        return next((each for each in found.members if "env_file" in each.model), member), inner
    elif path[0] != "service":
        inner = ()
    if inner and inner[0] == "compose":
        inner = inner[1:]
    if inner and inner[0] in ELSEWHERE:
        inner = (*ELSEWHERE[str(inner[0])], *(inner[1:] if inner[0] == "limits" else ()))
    if path[0] == "service" and inner:
        stating = (each for each in found.members if inner[0] in each.model)
        member = next(stating, member)
    return member, inner


def written(member: Member, data: dict[str, Any], path: Path, inner: Path) -> tuple[Path, bool]:
    """Return the nearest part of a path that a file writes, and whether to point at its key.

    An item of a list is looked for by its value: files list things in their own order.
    """
    value: Any = data
    for step in path:
        value = value[step]
    if isinstance(inner[-1], int):
        theirs = member.model.get(str(inner[0]))
        if isinstance(theirs, list) and len(inner) == 2 and value in theirs:
            inner = (inner[0], theirs.index(value))
    while len(inner) > 1 and not any(
        nearest(file.document.root, ("services", member.service, *inner))[1]
        for file in member.files
    ):
        inner = inner[:-1]
    return inner, isinstance(value, (dict, list))
