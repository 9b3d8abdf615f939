"""The schema of shards.yaml, and what is wrong with data that does not conform to it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from shardgen.conform import TYPES, end_of_text
from shardgen.resources import resource_text
from shardgen.wording import (
    bounds_hint,
    choice_hint,
    close_to,
    complaint,
    flow,
    shown,
    spoken,
    type_hint,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shardgen.diagnostics import Diagnostic
    from shardgen.document import Document, Path

NAME = "schema/shards.schema.json"
#: Of several complaints about one value, the one that comes first here is told.
TOLD_FIRST = (
    "type",
    "const",
    "enum",
    "minimum",
    "maximum",
    "minLength",
    "minItems",
    "maxLength",
    "pattern",
    "required",
    "propertyNames",
    "additionalProperties",
)
CODES = {
    "type": "SG114",
    "const": "SG115",
    "enum": "SG115",
    "minimum": "SG116",
    "maximum": "SG116",
    "minLength": "SG117",
    "minItems": "SG117",
    "maxLength": "SG118",
    "pattern": "SG119",
}
#: Values whose form is a matter of its own: definition of the schema, code, what it is.
NAMED = {
    "shard_id": ("SG201", "a shard id"),
    "shard_id_or_null": ("SG201", "a shard id"),
    "service_name": ("SG501", "the name of a service"),
    "compose_name": ("SG501", "a compose name"),
    "sql_name": ("SG502", "a plain SQL name"),
    "variable_name": ("SG503", "the name of a variable"),
    "volume_name": ("SG504", "the name of a volume"),
    "mount_path": ("SG505", "a mount path"),
    "profile_name": ("SG506", "the name of a profile"),
    "output_name": ("SG507", "the name of an output"),
    "file_path": ("SG508", "a path"),
    "kubernetes_label": ("SG426", "a name in Kubernetes"),
    "kubernetes_name": ("SG426", "a name in Kubernetes"),
    "kubernetes_label_key": ("SG427", "the key of a label"),
    "kubernetes_label_value": ("SG427", "the value of a label"),
    "metric_or_null": ("SG450", "a metric"),
    "metric_label": ("SG452", "the name of a label"),
    "stack_name": ("SG430", "the name of a stack"),
    "host_name": ("SG440", "the name of a host"),
    "host_address": ("SG440", "the address of a host"),
}
#: What compose calls a service's keys and shards.yaml does not.
COMPOSE_KEYS = frozenset({
    "annotations", "blkio_config", "cap_add", "cap_drop", "command", "configs", "container_name",
    "cpus", "cpu_shares", "deploy", "develop", "devices", "dns", "domainname", "entrypoint",
    "expose", "extends", "extra_hosts", "group_add", "hostname", "init", "ipc", "logging",
    "mem_limit", "network_mode", "pid", "platform", "ports", "privileged", "pull_policy",
    "read_only", "scale", "secrets", "security_opt", "shm_size", "stdin_open", "stop_signal",
    "sysctls", "tmpfs", "tty", "ulimits", "user", "working_dir",
})  # fmt: skip
#: What people write who expect another key.
MEANT = {
    "volumes": "a shard has one volume: service.storage.volume, or 'volume' in its entry",
    "mount": "it belongs under 'service.storage'",
    "profiles": "one profile for every shard but the first: service.profile",
}
COUNTS = frozenset({"count", "num_shards", "number", "replicas", "shard_count"})
FEW = 9


def load_schema() -> dict[str, Any]:
    """Return the schema that shardgen carries."""
    found: dict[str, Any] = json.loads(resource_text(NAME))
    return found


def explain(document: Document, schema: Mapping[str, Any]) -> Iterator[Diagnostic]:
    """Yield what is wrong with a document, one diagnostic for each cause, in the user's words."""
    explainer = Explainer(document, schema)
    told: set[tuple[Any, ...]] = set()
    errors = sorted(validator(schema).iter_errors(document.data), key=order)
    for error in errors:
        cause = (
            *error.absolute_path,
            error.validator in TOLD_FIRST[-3:] and error.validator,
            error.instance
            if error.validator_value is not False and "propertyNames" in error.schema_path
            else None,
        )
        if cause not in told:
            told.add(cause)
            yield from explainer.diagnostics(error)


def order(error: Any) -> tuple[int, int]:
    """Sort key: what to tell first, and of two lists of types the narrower one."""
    names = error.validator_value
    return TOLD_FIRST.index(error.validator), len(names) if isinstance(names, list) else 0


def validator(schema: Mapping[str, Any]) -> Any:
    """Return a jsonschema validator that reads the schema as `conform` does."""
    import jsonschema

    draft = jsonschema.Draft202012Validator
    extend: Any = jsonschema.validators.extend
    checker = draft.TYPE_CHECKER.redefine("integer", lambda _, value: TYPES["integer"](value))
    pattern = draft.VALIDATORS["pattern"]
    ours = extend(
        draft,
        type_checker=checker,
        validators={
            "pattern": lambda validator, value, instance, schema: pattern(
                validator, end_of_text(value), instance, schema
            )
        },
    )
    return ours(schema)


class Explainer:
    """Turns the violations of one document into diagnostics."""

    def __init__(self, document: Document, schema: Mapping[str, Any]) -> None:
        self.document, self.schema = document, schema
        self.definitions = schema["$defs"]

    def diagnostics(self, error: Any) -> Iterator[Diagnostic]:
        """Yield the diagnostics of one violation."""
        path = tuple(error.absolute_path)
        if error.validator == "additionalProperties":
            for key in error.instance:
                if key not in error.schema["properties"]:
                    yield self.unknown_key(path, key, sorted(error.schema["properties"]))
        elif error.validator == "required":
            for key in error.validator_value:
                if key not in error.instance:
                    yield self.missing_key(path, key)
        elif "propertyNames" in error.absolute_schema_path:
            yield self.bad_value((*path, error.instance), error, key=True)
        else:
            yield self.bad_value(path, error)

    def unknown_key(self, path: Path, key: str, allowed: list[str]) -> Diagnostic:
        """Return the error of a key that the schema does not know there."""
        where = f" in {spoken(path)}" if path else ""
        message = f"unknown key {key!r}{where}"
        hint = self.what_was_meant(path, key, allowed)
        return self.document.error((*path, key), "SG103", message, hint, key=True)

    def what_was_meant(self, path: Path, key: str, allowed: list[str]) -> str:
        """Return the hint for an unknown key."""
        if path == ("outputs", "migrations"):
            return "the folder of the migrations is database.migrations.path"
        if "compose" in allowed and key in COMPOSE_KEYS:
            return f"compose's own keys go under 'compose:', as compose: {{{key}: …}}"
        if key in COUNTS:
            return "shards are listed by id, never counted: add '- id: N' under 'shards'"
        if close := close_to(key, allowed):
            return f"did you mean {close!r}?"
        return MEANT.get(key) or self.right_place(key, allowed)

    def right_place(self, key: str, allowed: list[str]) -> str:
        """Return where a key of another section belongs, else which keys may stand here."""
        for section in ("service", "database", "routing", "database.migrations"):
            if key in self.keys_of(section):
                return f"it belongs under {section!r}"
        if key in self.schema["properties"]:
            return "it belongs at the top of the file, without indentation"
        if len(allowed) <= FEW:
            return f"the keys here are {', '.join(allowed)}"
        return "see `shardgen schema` for the keys that may stand here"

    def keys_of(self, section: str) -> Mapping[str, Any]:
        """Return the keys of a section, named with dots."""
        found = self.schema
        for name in section.split("."):
            found = found["properties"][name]
        keys: Mapping[str, Any] = found["properties"]
        return keys

    def missing_key(self, path: Path, key: str) -> Diagnostic:
        """Return the error of a key that must be there."""
        example = {
            "version": "version: 1",
            "shards": "shards: [{id: 1}]",
            "id": f"id: {self.free_id()}",
            "shard": "shard: 1",
            "tenants": "tenants: [101]",
            "path": "path: .env",
        }[key]
        where = spoken(path)
        return self.document.error(
            path, "SG113", f"{where} lacks the key {key!r}", f"add it, as {example}"
        )

    def free_id(self) -> int:
        """Return the id that the next shard would have."""
        entries = self.document.data.get("shards")
        found: list[Any] = entries if isinstance(entries, list) else []
        ids: list[Any] = [each.get("id") for each in found if isinstance(each, dict)]
        return max((int(each) for each in ids if TYPES["integer"](each)), default=0) + 1

    def bad_value(self, path: Path, error: Any, *, key: bool = False) -> Diagnostic:
        """Return the error of a value, or of a key, that may not be what it is."""
        code, what = self.kind(error)
        if isinstance(error.instance, str) and "$" in error.instance and what:
            code, message = "SG509", f"{what} may not hold '$': {shown(error.instance)}"
            return self.document.error(path, code, message, "write the name out", key=key)
        subject = spoken(path) if not key else f"the key {shown(path[-1])}"
        message = f"{subject} {complaint(error)}"
        if key:
            message = message.partition(": ")[0]
        return self.document.error(path, code, message, self.hint(path, error), key=key)

    def kind(self, error: Any) -> tuple[str, str]:
        """Return the code of a violation, and what the value names where it has its own code."""
        if error.validator in {"type", "const", "enum", "maxLength"}:
            return CODES[error.validator], ""
        name = next((n for n, each in self.definitions.items() if each is error.schema), "")
        return NAMED.get(name, (CODES[error.validator], ""))

    def hint(self, path: Path, error: Any) -> str:
        """Return what to write instead."""
        if error.validator in {"const", "enum"}:
            return choice_hint(error.instance, error.validator_value)
        if error.validator == "maxLength":
            return f"shorten it by {len(error.instance) - error.validator_value}"
        schema = self.resolved(error.schema)
        expected = schema.get("patternErrorMessage", "")
        if error.validator == "type":
            hint = type_hint(error.instance, error.validator_value)
            fits = re.search(end_of_text(schema.get("pattern", "")), str(error.instance))
            if hint and (fits or error.instance is None):
                return hint
        if expected and error.instance is not None:
            return f"expected {expected}"
        if error.validator in {"minimum", "maximum"}:
            return bounds_hint(error.schema)
        example = self.example(path)
        return f"for example {example}" if example else "see `shardgen schema`"

    def example(self, path: Path) -> str:
        """Return a value's example as YAML, empty where the schema has none."""
        schema: Any = self.schema
        for step in path:
            schema = self.resolved(schema)
            within = schema.get("properties", {}).get(step) if isinstance(step, str) else None
            schema = within or schema.get(
                "items" if isinstance(step, int) else "additionalProperties"
            )
            if not isinstance(schema, dict):
                return ""
        examples = self.resolved(schema).get("examples", [])
        name = f"{path[-1]}: " if path and isinstance(path[-1], str) else ""
        return name + flow(examples[0]) if examples else ""

    def resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a schema with what its reference says."""
        target = self.definitions.get(schema.get("$ref", "").removeprefix("#/$defs/"), {})
        return {**target, **schema}
