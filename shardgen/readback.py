"""Rendered text in, what is wrong with it out: each language's own parser reads it back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.objects import fault_of_objects
from shardgen.ports import container_port, host_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from shardgen.model import Fleet
    from shardgen.shard import Shard


def read_back(output: str, language: str, text: str, fleet: Fleet) -> str | None:
    """Return why a rendered file must not be written, or None where it says what it should."""
    data, fault = parsed(language, text)
    meaning = MEANINGS.get((output, language))
    return fault or (meaning(data, fleet) if meaning else None)


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
PLAIN_LINE = re.compile(r"(?:#.*|[A-Za-z_][A-Za-z0-9_]*=[A-Za-z0-9_./:,@%+=~-]*)?")


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
    from shardgen.directives import read_directives

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


def meaning_of_compose(data: Any, fleet: Fleet) -> str | None:
    """Return what the overlay does not say of a shard: its id, and its volume at its mount."""
    services = data.get("services") if isinstance(data, dict) else None
    for shard in fleet.here:
        is_in_base = bool(fleet.service.base) and shard.id == 1
        service = (services or {}).get(shard.service)
        if service is None and is_in_base and not shard.knows_id:
            continue
        if not isinstance(service, dict):
            return f"defines no service {shard.service!r}"
        number = compose.pairs(service.get("environment")).get(fleet.shard_id_variable)
        if number != (str(shard.id) if shard.knows_id else None):
            return f"gives {shard.service!r} the shard id {number!r}"
        if is_in_base:
            continue
        if fault := fault_of_mounts(shard, service):
            return fault
    return None


def fault_of_mounts(shard: Shard, service: dict[str, Any]) -> str | None:
    """Return that a service does not have its shard's volume at its mount."""
    mounts = compose.mounts(service.get("volumes"))
    if (shard.volume, shard.mount) in {(each.source, each.target) for each in mounts}:
        return None
    return f"does not mount {shard.volume!r} at {shard.mount!r} in {shard.service!r}"


def meaning_of_stack(data: Any, fleet: Fleet) -> str | None:
    """Return what the stack does not say of a shard: one task, its id, its volume, its name."""
    services = data.get("services") if isinstance(data, dict) else None
    for shard in fleet.live:
        service = (services or {}).get(shard.service)
        if not isinstance(service, dict):
            return f"defines no service {shard.service!r}"
        number = compose.pairs(service.get("environment")).get(fleet.shard_id_variable)
        if number != (str(shard.id) if shard.knows_id else None):
            return f"gives {shard.service!r} the shard id {number!r}"
        if fault := fault_of_mounts(shard, service):
            return fault
        deploy = compose.options(service.get("deploy"))
        order = compose.options(deploy.get("update_config")).get("order")
        if (deploy.get("mode"), deploy.get("replicas"), order) != ("replicated", 1, "stop-first"):
            return f"may run two tasks of {shard.service!r} on its volume"
        joined = compose.named(service.get("networks"), "networks").values()
        named = [shard.alias in aliases(each) for each in joined]
        if shard.has_alias and not (named and all(named)):
            return f"does not give {shard.service!r} the alias {shard.alias!r}"
    return None


def aliases(joined: Any) -> list[Any]:
    """Return the further names of a service on one of its networks."""
    return compose.listed(compose.options(joined).get("aliases"))


def meaning_of_host(data: Any, fleet: Fleet) -> str | None:
    """Return what the file of another host does not say of its shards; the fleet has them alone."""
    services = data.get("services") if isinstance(data, dict) else None
    declared = data.get("volumes") if isinstance(data, dict) else None
    for shard in fleet.live:
        service = (services or {}).get(shard.service)
        if not isinstance(service, dict):
            return f"defines no service {shard.service!r}"
        number = compose.pairs(service.get("environment")).get(fleet.shard_id_variable)
        if number != (str(shard.id) if shard.knows_id else None):
            return f"gives {shard.service!r} the shard id {number!r}"
        if fault := fault_of_mounts(shard, service):
            return fault
        if shard.volume not in (declared or {}):
            return f"declares no volume {shard.volume!r}"
        published = (shard.host_port, fleet.service.port)
        ports = compose.listed(service.get("ports"))
        if published not in {(host_port(each), container_port(each)) for each in ports}:
            return f"does not publish {shard.service!r} on port {shard.host_port}"
    return None


def meaning_of_env(data: dict[str, str | None], fleet: Fleet) -> str | None:
    """Return which variable the env file does not say as the model has it."""
    for variable in fleet.variables:
        if data.get(variable.name) != variable.value:
            return f"says {variable.name}={data.get(variable.name)!r}, not {variable.value!r}"
    return None


def meaning_of_table(data: Any, fleet: Fleet) -> str | None:
    """Return which shard the table does not have as the model does: its state and its URL."""
    entries = data.get("shards") if isinstance(data, dict) else None
    found = {each.get("id"): each for each in entries or () if isinstance(each, dict)}
    for shard in fleet.shards:
        wanted = {"state": shard.state, "url": shard.url if shard.is_live else None}
        said = {key: found.get(shard.id, {}).get(key) for key in wanted}
        if said != wanted:
            return f"says {said} of shard {shard.id}, not {wanted}"
    return None


def meaning_of_nginx(data: Any, fleet: Fleet) -> str | None:
    """Return which shard a file for nginx does not say the URL of, or that it passes elsewhere."""
    from shardgen.directives import fault_of_routes

    return fault_of_routes(data, fleet)


def meaning_of_prometheus(data: Any, fleet: Fleet) -> str | None:
    """Return which shard the targets or the rules do not have as it is."""
    from shardgen.monitoring import meaning

    return meaning.meaning_of_targets(data, fleet) or meaning.meaning_of_rules(data, fleet)


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
#: What an output has to say in its own language, beyond being readable.
MEANINGS: dict[tuple[str, str], Callable[[Any, Fleet], str | None]] = {
    ("compose", "yaml"): meaning_of_compose,
    ("env", "env"): meaning_of_env,
    ("kubernetes", "yaml_stream"): fault_of_objects,
    ("table_json", "json"): meaning_of_table,
    ("nginx", "nginx"): meaning_of_nginx,
    ("hosts", "yaml"): meaning_of_host,
    ("swarm", "yaml"): meaning_of_stack,
    ("prometheus", "json"): meaning_of_prometheus,
    ("prometheus", "yaml"): meaning_of_prometheus,
}
