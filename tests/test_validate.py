"""Validation as a function: text and a project in, inputs or every error out; nothing crashes it."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from shardgen.codes import CODES
from shardgen.errors import InvalidInput
from shardgen.validate import Inputs, validate
from tests.examples import examples
from tests.folders import BASE
from tests.test_schema import mutated, places

if TYPE_CHECKING:
    from shardgen.diagnostics import Diagnostic

BASE_TEXT = (BASE / "docker-compose.yml").read_text()
BASE_DATA = yaml.safe_load(BASE_TEXT)
TWO = "version: 1\nshards:\n  - id: 1\n  - id: 2\n"


class Given:
    """A project that is a mapping from paths to contents; None is a folder, text after -> a link."""

    def __init__(self, files: dict[str, str | None]) -> None:
        self.files = files

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes."""
        content = self.files.get(path)
        return content.encode() if content is not None else None

    def peek(self, path: str) -> bytes | None:
        """Return a destination's bytes."""
        return self.read(path)

    def kind(self, path: str) -> str | None:
        """Return what a path is."""
        if path not in self.files:
            return None
        content = self.files[path]
        if content is None:
            return "folder"
        return "link" if content.startswith("-> ") else "file"


def run(text: str | bytes, files: dict[str, str | None] | None = None) -> Inputs:
    """Return the inputs of a text beside the common base file."""
    content = text.encode() if isinstance(text, str) else text
    return validate(
        content, "shards.yaml", Given({"docker-compose.yml": BASE_TEXT, **(files or {})})
    )


def codes(text: str | bytes, files: dict[str, str | None] | None = None) -> list[str]:
    """Return the codes of what is wrong."""
    with pytest.raises(InvalidInput) as caught:
        run(text, files)
    return [each.code for each in caught.value.diagnostics]


def test_the_smallest_file() -> None:
    """All names come from the defaults, the rest from the base."""
    inputs = run(TWO)
    assert [shard.service for shard in inputs.fleet.shards] == ["baileys", "baileys-2"]
    assert inputs.base is not None
    assert [output.name for output in inputs.outputs] == [
        "compose",
        "env",
        "migrations",
        "router",
        "docs",
    ]
    assert inputs.data == {"version": 1, "shards": [{"id": 1}, {"id": 2}]}


def test_destinations_are_normal_paths() -> None:
    """The same place has one name."""
    inputs = run(TWO + "outputs: {docs: {path: ./a//b/../c.md}}\n")
    assert inputs.outputs[-1].destination == "a/c.md"


def test_zero_bytes() -> None:
    """An empty file is told as one."""
    assert codes("") == ["SG111"]
    assert codes("\ufeff") == ["SG111"]
    assert codes("---\n") == ["SG111"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_other_encodings(encoding: str) -> None:
    """A file that is not UTF-8 says so, or is no YAML."""
    assert codes(("# ä\n" + TWO).encode(encoding)) in (["SG110"], ["SG101"])


def test_the_place_of_a_byte_counts_characters() -> None:
    """After a mark and letters of several bytes, too."""
    with pytest.raises(InvalidInput) as caught:
        run("\ufeffä: ü".encode() + b"\xff")
    [found] = caught.value.diagnostics
    assert (found.line, found.column) == (1, 5)
    assert str(caught.value) == "1 errors"


def test_all_stages_in_one_run() -> None:
    """What is wrong with text and rules, or with text and schema, comes together."""
    assert codes(TWO + "service: {restart: no, consumers: [x]}\n") == ["SG109", "SG320"]
    assert codes(TWO + "service: {restart: no, consumer: [x]}\n") == ["SG109", "SG103"]
    assert codes(TWO + "service: {port: 010}\n") == ["SG109"]
    assert codes(TWO + "service: {port: 1, port: 3300, consumers: [x]}\n") == ["SG102", "SG320"]


def test_without_the_compose_output_no_base_is_read() -> None:
    """What is not rendered is not asked for."""
    inputs = run(TWO + "outputs: {compose: {enabled: false}}\n", {"docker-compose.yml": None})
    assert inputs.base is None


def test_the_base_may_be_above_the_project() -> None:
    """It is only read."""
    text = TWO + "service: {base: ../docker-compose.yml}\n"
    assert run(text, {"../docker-compose.yml": BASE_TEXT}).base is not None


WORDS = ["whatsapp_auth", "baileys", "baileys-2", "whatsapp_auth:/x", "a:b:c", "host", "80:80", "2",
         "${X}", "prosaas-net", "", "A=b", "\n", "{"]  # fmt: skip
ODD = st.one_of(
    st.sampled_from([None, True, 0, 2, 1.5, [], {}, [None], [[]], [{}], {"a": None}, {"": {}}]),
    st.sampled_from(WORDS),
    st.lists(st.sampled_from(WORDS), max_size=2),
    st.dictionaries(st.sampled_from(WORDS), st.sampled_from(WORDS), max_size=2),
).map(copy.deepcopy)
KEYS = st.sampled_from([
    "ports", "networks", "volumes", "volumes_from", "extends", "deploy", "scale", "network_mode",
    "container_name", "environment", "env_file", "name", "external", "driver_opts", "mac_address",
    "healthcheck", "depends_on", "include", "services", "hostname",
])  # fmt: skip


@st.composite
def odd_base(draw: st.DrawFn) -> Any:
    """Return the base file with a few changes that may make no sense."""
    data = copy.deepcopy(BASE_DATA)
    for _ in range(draw(st.integers(1, 4))):
        near = [p for p in places(data)[1:] if "baileys" in p or "worker" in p or len(p) < 3]
        if not near:
            break
        *path, last = draw(st.sampled_from(near))
        parent = data
        for step in path:
            parent = parent[step]
        value = draw(ODD)
        if isinstance(parent[last], dict) and draw(st.booleans()):
            parent[last][draw(KEYS)] = value
        else:
            parent[last] = value
    return data


@given(odd_base())
@settings(max_examples=examples(200), deadline=None)
def test_no_base_file_crashes_validation(base: Any) -> None:
    """Whatever a base file holds: inputs, or errors with a code, a place and a hint."""
    text = TWO + "service: {consumers: [worker, prosaas-api]}\n"
    only_errors(text, {"docker-compose.yml": json.dumps(base)})


@given(mutated())
@settings(max_examples=examples(100), deadline=None)
def test_no_shards_yaml_crashes_validation(data: Any) -> None:
    """Whatever a shards.yaml holds, as well."""
    service = {"image": "x", "volumes": ["media_store:/data"], "networks": ["back", "front"]}
    other = {"image": "x", "networks": ["back"]}
    base = {
        "services": {"media": service, "api": other, "worker": other},
        "volumes": {"media_store": {"external": True}},
        "networks": {"back": None, "front": None},
    }
    only_errors(json.dumps(data, ensure_ascii=False), {"compose.yml": json.dumps(base)})


def only_errors(text: str, files: dict[str, str | None]) -> None:
    """Run the validation; an error of any other kind is a bug."""
    found: tuple[Diagnostic, ...] = ()
    try:
        run(text, files)
    except InvalidInput as error:
        found = error.diagnostics or pytest.fail("an error that says nothing")
    for each in found:
        assert each.code in CODES
        assert each.hint
        assert each.line or each.code == "SG111"
