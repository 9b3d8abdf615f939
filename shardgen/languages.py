"""Text and its language in; its data, or what the language's own parser complains of, out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def parsed(language: str, text: str) -> tuple[Any, str | None]:
    """Return a text's data, and what the parser of its language complains of, if anything."""
    reader = READERS.get(language)
    if reader is None:
        ends_well = text.endswith("\n") or not text
        return None, None if ends_well else "does not end with a line break"
    try:
        return reader(text), None
    except Exception as error:  # noqa: BLE001 - whatever a parser raises is its verdict
        return None, f"cannot be read back as {language}: {first_line(error)}"


def read_yaml(text: str) -> Any:
    """Return a YAML file's data; of compose's own tags, `!override` leaves its value."""
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """Safe, and tolerant of compose's tags."""

    def override(loader: Any, node: Any) -> Any:
        is_list = isinstance(node, yaml.SequenceNode)
        make = loader.construct_sequence if is_list else loader.construct_mapping
        return make(node, deep=True)

    Loader.add_multi_constructor("!", lambda *_: None)
    Loader.add_constructor("!override", override)
    return yaml.load(text, Loader=Loader)  # noqa: S506 - a safe loader


def read_yaml_stream(text: str) -> list[Any]:
    """Return the documents of a YAML file that may hold several; empty ones do not count."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [each for each in yaml.load_all(text, Loader=loader) if each is not None]


def read_env(text: str) -> dict[str, str | None]:
    """Return an env file's variables; a line that is no variable is an error."""
    if (plain := plain_env(text)) is not None:
        return plain
    import io

    from dotenv.parser import parse_stream

    found: dict[str, str | None] = {}
    for binding in parse_stream(io.StringIO(text)):
        if binding.error:
            raise ValueError(f"line {binding.original.line}: {binding.original.string!r}")
        if binding.key is not None:
            found[binding.key] = binding.value
    return found


#: A line of an env file that no two readers read differently: no quote, blank, escape or `$`.
PLAIN_LINE = re.compile(r"(?:#[^\r\n]*|[A-Za-z_][A-Za-z0-9_]*=[A-Za-z0-9_./:,@%+=~-]*)?")


def plain_env(text: str) -> dict[str, str | None] | None:
    """Return the variables of an env file of plain lines; None for one that dotenv must read.

    Almost every file is plain, and dotenv takes two thirds of a start of Python to import.
    """
    *lines, rest = text.split("\n")
    if rest or not all(map(PLAIN_LINE.fullmatch, lines)):
        return None
    pairs = (line.partition("=") for line in lines if line and line[0] != "#")
    return {name: value for name, _, value in pairs}


def read_python(text: str) -> Any:
    """Return a module's syntax tree."""
    import ast

    return ast.parse(text, feature_version=(3, 8))


def read_json(text: str) -> Any:
    """Return a JSON file's data."""
    import json

    return json.loads(text)


def read_typescript(text: str) -> None:
    """Demand that all which a module opens is closed."""
    from shardgen import typescript

    typescript.read_typescript(text)


def read_nginx(text: str) -> Any:
    """Return the directives of nginx's configuration."""
    from shardgen.nginx.directives import read_directives

    return read_directives(text)


def read_sql(text: str) -> list[str]:
    """Return the statements of a SQL file; quotes and brackets that do not close are errors.

    Comments before a statement belong to it; after the last there may be nothing.
    """
    statements, depth, start = [], 0, 0
    for token in SQL_TOKEN.finditer(text):
        if token["open"]:
            line = text.count("\n", 0, token.start()) + 1
            raise ValueError(f"line {line}: {token[0]} is not closed")
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth < 0 or (depth and token[0] == ";"):
            line = text.count("\n", 0, token.start()) + 1
            raise ValueError(f"line {line}: a bracket does not fit")
        if token[0] == ";":
            statements.append(text[start : token.end()].strip())
            start = token.end()
    if not statements or text[start:].strip():
        raise ValueError("does not end with a statement and its ;")
    return statements


#: What hides a semicolon or a bracket in SQL; `open` is one of them without its end.
SQL_TOKEN = re.compile(
    r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$"
    r"|[();]|(?P<open>['\"]|/\*|\$\w*\$)",
    re.DOTALL,
)


def first_line(error: Exception) -> str:
    """Return a parser's complaint on one line."""
    return " ".join(str(error).split())[:200]


READERS: dict[str, Callable[[str], Any]] = {
    "yaml": read_yaml,
    "yaml_stream": read_yaml_stream,
    "env": read_env,
    "python": read_python,
    "typescript": read_typescript,
    "json": read_json,
    "sql": read_sql,
    "nginx": read_nginx,
}
