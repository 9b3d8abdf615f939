"""The schema: complete, the same as the model, read alike by conform and jsonschema, well explained."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardgen import model, resources
from shardgen.codes import CODES
from shardgen.conform import conforms
from shardgen.outputs import FORMATS, OUTPUTS
from shardgen.schema import explain, load_schema, validator
from shardgen.source import parse
from tests.examples import examples

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
SCHEMA = load_schema()
VALIDATOR = validator(SCHEMA)
#: Keys without a default: one of the two is stated, or both are.
NO_DEFAULT = {"healthcheck.path", "healthcheck.test", "shards.items.alias"}
RICH: dict[str, Any] = {
    "version": 1,
    "templates": "deploy/templates",
    "service": {
        "name": "media",
        "port": 8080,
        "profile": None,
        "base": "compose.yml",
        "consumers": ["api", "worker"],
        "storage": {"volume": "media_store", "mount": "/data", "external": True},
        "healthcheck": {"path": "/health", "interval": "10s", "retries": 3},
        "build": {"context": ".", "args": {"A": 1}, "tags": ["x"]},
        "image": None,
        "environment": {"A": "x", "B": 1, "C": None, "D": True},
        "env_file": [".env", {"path": "b", "required": False}],
        "networks": {"back": {"aliases": ["a"], "priority": 3}, "front": None},
        "depends_on": {"api": {"condition": "service_healthy"}},
        "restart": "unless-stopped",
        "stop_grace_period": "1m30s",
        "limits": {"cpus": 0.5, "memory": "512m"},
        "hardening": True,
        "compose": {"stop_signal": "SIGINT"},
        "allow_plain": ["A"],
        "labels": {"team": "x"},
    },
    "routing": {"fallback": "modulo", "fallback_shards": [1, 2], "unknown_shard": "error"},
    "database": {
        "schema": "public",
        "table": "account",
        "default_shard": 2,
        "adopt": {"shards": 2, "route": "hash"},
        "migrations": {"path": "db", "runner": "psql"},
    },
    "shards": [
        {"id": 1, "networks": ["back"], "depends_on": ["api"], "env_file": ".env"},
        {"id": 2, "state": "draining", "move_to": 1, "url": "http://a:1", "volume": "v2"},
        {"id": 3, "healthcheck": {"test": ["CMD", "x"]}, "build": ".", "restart": None},
    ],
    "assign": [{"shard": 2, "tenants": [101, -5]}],
    "outputs": {"docs": {"path": "d.md"}, "own": {"path": "a", "template": "b", "format": "json"}},
}


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with what its reference says."""
    name = schema.get("$ref", "").removeprefix("#/$defs/")
    return {**SCHEMA["$defs"].get(name, {}), **schema}


def subschemas(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every schema within a schema, with the keys that lead to it."""
    full = resolved(schema)
    yield path, full
    for key, child in full.get("properties", {}).items():
        yield from subschemas(child, f"{path}.{key}".removeprefix("."))
    for keyword in ("items", "additionalProperties", "propertyNames"):
        if isinstance(full.get(keyword), dict):
            yield from subschemas(full[keyword], f"{path}.{keyword}")


def properties() -> list[tuple[str, dict[str, Any]]]:
    """Return every property, with the keys that lead to it."""
    found = []
    for path, schema in subschemas(SCHEMA):
        for key, child in schema.get("properties", {}).items():
            found.append((f"{path}.{key}".removeprefix("."), resolved(child)))
    return found


def within(path: str) -> dict[str, Any]:
    """Return the schema of a path of keys."""
    return dict(subschemas(SCHEMA))[path]


def test_schema_is_a_schema() -> None:
    """It is valid by its own standard, and holds none of the keywords nobody can explain."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    text = json.dumps(SCHEMA)
    for keyword in ("oneOf", "anyOf", "allOf", "patternProperties"):
        assert f'"{keyword}"' not in text


@pytest.mark.parametrize(("path", "schema"), properties(), ids=[p for p, _ in properties()])
def test_property_is_documented(path: str, schema: dict[str, Any]) -> None:
    """Each key has a description, a default and examples, and these are valid values of it."""
    assert schema["description"].strip().endswith((".", ")"))
    required = "default" in schema or path.endswith(tuple(NO_DEFAULT))
    assert required
    assert schema["examples"]
    alone = {**schema, "$defs": SCHEMA["$defs"]}
    for value in [*schema["examples"], *([schema["default"]] if "default" in schema else [])]:
        assert validator(alone).is_valid(value), value


def test_other_validators_take_it() -> None:
    """Its patterns are ECMA's, as editors and check-jsonschema read them, and it accepts our own file."""
    checker = Path(sys.executable).parent / "check-jsonschema"
    if not checker.exists():
        pytest.skip("check-jsonschema is not installed")
    schema = resources.resource("schema/shards.schema.json")
    for arguments in (["--check-metaschema", schema], ["--schemafile", schema, "shards.yaml"]):
        ran = subprocess.run(
            [checker, *arguments], capture_output=True, text=True, cwd=ROOT, check=False
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_mapping_is_closed() -> None:
    """A mapping lists its keys, or says what its values are; `compose` alone is free."""
    for path, schema in subschemas(SCHEMA):
        if "object" in schema.get("type", ()) and not path.endswith("compose"):
            if "properties" in schema and path != "outputs":
                assert schema["additionalProperties"] is False, path
            else:
                assert isinstance(schema["additionalProperties"], dict), path


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("service", model.Service),
        ("service.storage", model.Storage),
        ("routing", model.Routing),
        ("database", model.Database),
        ("database.adopt", model.Adopt),
        ("database.migrations", model.Migrations),
    ],
)
def test_defaults_are_the_models(path: str, kind: type) -> None:
    """The schema documents the defaults that the model resolves."""
    known = within(path)["properties"]
    for field in fields(kind):
        if field.name in {"adopt", "migrations"}:
            continue
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        assert resolved(known[field.name])["default"] == default, field.name


def test_outputs_are_those_of_the_table() -> None:
    """The schema documents the outputs, with their destinations, templates and formats."""
    known = within("outputs")["properties"]
    assert list(known) == list(OUTPUTS)
    for name, output in OUTPUTS.items():
        keys = {key: resolved(child)["default"] for key, child in known[name]["properties"].items()}
        assert keys["enabled"] == output.enabled
        if name != "migrations":
            assert keys["path"] == output.destination
        if name != "migrations" and not output.parts:
            assert keys["template"] == output.template
            assert keys["format"] == output.format
            assert known[name]["properties"]["format"]["enum"] == list(FORMATS)
    own = within("outputs.additionalProperties")["properties"]
    assert own["format"]["enum"] == list(FORMATS)


def test_the_rich_document_is_valid() -> None:
    """What the mutations below start from conforms."""
    assert conforms(RICH, SCHEMA)
    assert VALIDATOR.is_valid(RICH)


WORDS = ["", "a", "a\n", "1", "x y", "no", "10s", "/x", "$x", "${A}", "A_B", "ä", "-", "a" * 70]
VALUES = st.one_of(
    st.sampled_from([None, True, False, 0, 1, -1, 1.0, 0.5, 2**31, 2**63, [], {}, [1], {"a": 1}]),
    st.sampled_from(WORDS),
    st.sampled_from([[None], ["a"], {"a": None}, {"id": 1}, [{"id": 1}], [[]]]),
).map(copy.deepcopy)
KEYS = st.sampled_from(["id", "volum", "name", "path", "a b", "", "test", "x", "compose", "shards"])


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value."""
    found = [path]
    steps = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for step, child in steps:
        found += places(child, (*path, step))
    return found


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """Return the rich document with one to three changes."""
    data = copy.deepcopy(RICH)
    for _ in range(draw(st.integers(1, 3))):
        *path, last = draw(st.sampled_from(places(data)[1:]))
        parent = data
        for step in path:
            parent = parent[step]
        change = draw(st.sampled_from(["replace", "replace", "delete", "add"]))
        if change == "replace":
            parent[last] = draw(VALUES)
        elif change == "delete":
            del parent[last]
        elif isinstance(parent, dict):
            parent[draw(KEYS)] = draw(VALUES)
        else:
            parent.append(draw(VALUES))
        if len(places(data)) == 1:
            break
    return data


@given(mutated())
@settings(max_examples=examples(150), deadline=None)
def test_conform_agrees_with_jsonschema_and_explain_explains(data: Any) -> None:
    """conform says no exactly where jsonschema finds something, and each finding is told in words."""
    valid = VALIDATOR.is_valid(data)
    assert conforms(data, SCHEMA) == valid
    document = parse(json.dumps(data), "shards.yaml")
    if document.problems:
        return
    found = list(explain(document, SCHEMA))
    assert bool(found) != valid
    for diagnostic in found:
        assert diagnostic.code in CODES
        assert diagnostic.line == 1
        assert len(diagnostic.hint) > 3
        assert "\n" not in diagnostic.message + diagnostic.hint


@given(st.recursive(VALUES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner)))
@settings(max_examples=examples(60), deadline=None)
def test_conform_agrees_on_anything(data: Any) -> None:
    """Also on what looks like no shards.yaml at all."""
    assert conforms(data, SCHEMA) == VALIDATOR.is_valid(data)


def test_conform_refuses_keywords_that_it_does_not_know() -> None:
    """A keyword that is not checked would let anything through."""
    with pytest.raises(NotImplementedError, match="uniqueItems"):
        conforms([], {"uniqueItems": True})


def test_resources_of_a_wheel_and_of_a_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The data stands in the package, or beside it; without it the error says which is lacking."""
    assert resources.resource_text("schema/shards.schema.json").startswith("{")
    tmp_path.joinpath("schema").mkdir()
    tmp_path.joinpath("schema", "x.json").write_text("wheel")
    monkeypatch.setattr(resources, "ROOTS", (str(tmp_path), *resources.ROOTS))
    assert resources.resource_text("schema/x.json") == "wheel"
    with pytest.raises(FileNotFoundError, match=r"lacks schema/y\.json"):
        resources.resource("schema/y.json")
