"""compose's short and long forms, how compose merges them, and the base file with what it extends."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardgen import compose
from shardgen.base import read_base, service_networks
from shardgen.compose import Reset, Whole, WholeList, WholeMapping


@pytest.mark.parametrize(("text", "source", "target", "named"), [
    ("data:/data", "data", "/data", True),
    ("data:/data:ro,nocopy", "data", "/data", True),
    ("./a:/data", "./a", "/data", False),
    ("/a:/data:ro", "/a", "/data", False),
    ("~/a:/data", "~/a", "/data", False),
    ("/data", "", "/data", False),
    ("${DIR:-/srv}:/data:ro", "${DIR:-/srv}", "/data", False),
    ("${A:?b:c}/x:${T:-/data}", "${A:?b:c}/x", "${T:-/data}", False),
    ("$DIR:/data", "$DIR", "/data", False),
])  # fmt: skip
def test_a_mount_in_the_short_form(text: str, source: str, target: str, named: bool) -> None:
    (found,) = compose.mounts([text])
    assert (found.source, found.target, found.named) == (source, target, named)
    assert (
        compose.remounted(found, "other", "/x")
        == text.replace(f"{source}:{target}" if source else text, "other:/x")
        or not source
    )


@pytest.mark.parametrize(("entry", "source", "named"), [
    ({"type": "volume", "source": "data", "target": "/data"}, "data", True),
    ({"source": "data", "target": "/data"}, "data", True),
    ({"type": "bind", "source": "./a", "target": "/data"}, "./a", False),
    ({"type": "tmpfs", "target": "/data"}, "", False),
    ({"type": "volume", "target": "/data"}, "", False),
])  # fmt: skip
def test_a_mount_in_the_long_form(entry: dict[str, str], source: str, named: bool) -> None:
    (found,) = compose.mounts([entry])
    assert (found.source, found.target, found.named) == (source, "/data", named)
    moved = compose.remounted(found, "other", "/x")
    assert moved == {**entry, "source": "other", "target": "/x"}


def test_no_mounts() -> None:
    assert compose.mounts(None) == compose.mounts("odd") == ()


@pytest.mark.parametrize(("path", "value", "expected"), [
    ("environment", ["A=1", "B", "C=a=b", "A=2"], {"A": "2", "B": None, "C": "a=b"}),
    ("environment", None, {}),
    ("build.args", ["A="], {"A": ""}),
    ("networks", ["a", "b"], {"a": None, "b": None}),
    ("depends_on", ["a"], {"a": {"condition": "service_started", "required": True}}),
    ("env_file", ".env", [".env"]),
    ("dns", None, []),
    ("extra_hosts", {"a": ["1", "2"], "b": "3"}, ["a=1", "a=2", "b=3"]),
    ("build", ".", {"context": "."}),
    ("command", "a b", "a b"),
    ("args", ["A=1"], ["A=1"]),
])  # fmt: skip
def test_the_long_form(path: str, value: Any, expected: Any) -> None:
    assert compose.normal(path, value) == expected


@pytest.mark.parametrize(("first", "second", "expected"), [
    ({"command": ["a"]}, {"command": ["b"]}, {"command": ["b"]}),
    ({"cap_add": ["a"]}, {"cap_add": ["a", "b"]}, {"cap_add": ["a", "b"]}),
    ({"environment": ["A=1"]}, {"environment": {"A": Reset(), "B": 2}}, {"environment": {"B": 2}}),
    ({"environment": {"A": 1}}, {"environment": ["A"]}, {"environment": {"A": None}}),
    ({"networks": {"n": {"priority": 1}}}, {"networks": ["n"]}, {"networks": {"n": {"priority": 1}}}),
    ({"a": 1}, {"a": Reset()}, {}),
    ({}, {"a": {"b": Reset(), "c": 1}}, {"a": {"c": 1}}),
    ({"a": {"b": 1}}, {"a": WholeMapping({"c": 1})}, {"a": {"c": 1}}),
    ({"a": [1]}, {"a": WholeList([2])}, {"a": [2]}),
    ({"volumes": ["a:/a", "b:/b"]}, {"volumes": ["c:/a", "d:/d"]}, {"volumes": ["c:/a", "b:/b", "d:/d"]}),
    ({"logging": {"driver": "a", "options": {"x": 1}}}, {"logging": {"driver": "b"}},
     {"logging": {"driver": "b"}}),
    ({"logging": {"driver": "a", "options": {"x": 1}}}, {"logging": {"options": {"y": 1}}},
     {"logging": {"driver": "a", "options": {"x": 1, "y": 1}}}),
    ({"ulimits": {"n": 3}}, {"ulimits": {"n": {"soft": 1}}}, {"ulimits": {"n": {"soft": 1}}}),
    ({"build": "."}, {"build": {"target": "x"}}, {"build": {"context": ".", "target": "x"}}),
    ({"labels": {"a": 1}}, {"labels": {"a": True}}, {"labels": {"a": True}}),
])  # fmt: skip
def test_merging(first: Any, second: Any, expected: Any) -> None:
    found = compose.merged_mapping(first, second)
    assert compose.same(found, expected)
    assert compose.same(compose.plain(found), found)


def test_alike_is_what_is_written_alike() -> None:
    assert not compose.same(1, True)
    assert not compose.same("0440", compose.plain(440))
    assert not compose.same([1], [1, 2])
    assert compose.same({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]})
    assert Reset() == Reset()
    assert len({Reset(), Reset()}) == 1


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["", "a", "A=1"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    ),
    max_leaves=5,
)
KEYS = st.sampled_from(["environment", "command", "networks", "volumes", "deploy", "cap_add", "x"])


@given(have=st.dictionaries(KEYS, VALUES), want=st.dictionaries(KEYS, VALUES),
       can_reset=st.booleans())  # fmt: skip
def test_an_addition_always_arrives(have: Any, want: Any, can_reset: bool) -> None:
    """By shardgen's own merge here; tests/compose has the real one."""
    for key in have | want:
        added = compose.addition(key, have.get(key), want.get(key), can_reset=can_reset)
        arrived = compose.merged_mapping(have, {key: added})
        expected = compose.plain(compose.normal(key, want.get(key)))
        assert compose.same(compose.normal(key, arrived.get(key)), expected)


def test_an_addition_is_small() -> None:
    have = {"environment": {"A": 1, "B": 2}, "listed": ["A=1", "B=2"]}
    assert compose.addition("environment", have["environment"], {"A": 1, "C": 3}) == {
        "B": Reset(), "C": 3,
    }  # fmt: skip
    for added in (
        compose.addition("environment", have["listed"], {"A": "1"}),
        compose.addition("environment", have["environment"], {"A": 1}, can_reset=False),
    ):
        assert isinstance(added, Whole)
    assert compose.addition("cap_add", ["a"], ["a", "b"]) == ["b"]
    assert compose.addition("command", ["a"], None) == Reset()


def test_ports_of_the_host() -> None:
    ports = ["80", "81:80", 82, {"target": 83}, {"target": 84, "published": 85}]
    assert [index for index, _ in compose.published_host_ports({"ports": ports})] == [1, 4]


EXTENDING = """
services:
  a:
    extends: {file: lib/common.yml, service: b}
    environment: {A: own}
    command: !reset null
    labels: !override {x: "1"}
  same: {extends: a}
  gone: {extends: {file: lost.yml, service: b}, image: x}
  loop: {extends: loop, image: x}
  outside: {extends: {file: ../../etc/x.yml, service: b}}
  odd:
"""
COMMON = """
services:
  b:
    extends: c
    command: run
    environment: [A=b, B=b]
    volumes: ["./data:/data", "named:/n", "/abs:/abs"]
    env_file: [b.env, {path: c.env, required: false}]
    networks: [n]
  c:
    labels: {y: "2"}
    build: {context: ../src, additional_contexts: {x: ./x, y: "https://example.org/y"}}
    develop: {watch: [{path: src, action: sync}]}
"""


def test_extends_is_resolved_with_its_paths() -> None:
    files = {"deploy/lib/common.yml": COMMON.encode()}
    asked: list[str] = []

    def read(name: str) -> bytes | None:
        asked.append(name)
        return files.get(name)

    base = read_base(EXTENDING, "deploy/compose.yml", read)
    found = base.service("a")
    assert found == {
        "extends": {"file": "lib/common.yml", "service": "b"},
        "labels": {"x": "1"},
        "build": {"context": "src", "additional_contexts": {"x": "lib/x", "y": "https://example.org/y"}},
        "develop": {"watch": [{"path": "lib/src", "action": "sync"}]},
        "environment": {"A": "own", "B": "b"},
        "volumes": ["./lib/data:/data", "named:/n", "/abs:/abs"],
        "env_file": ["lib/b.env", {"path": "lib/c.env", "required": False}],
        "networks": ["n"],
    }  # fmt: skip
    assert {**base.service("same"), "extends": found["extends"]} == found
    assert base.service("gone")["image"] == base.service("loop")["image"] == "x"
    assert base.service("odd") == base.service("none") == {}
    assert asked == ["deploy/lib/common.yml", "deploy/lost.yml"]


def test_the_networks_of_a_service() -> None:
    assert service_networks({}) == service_networks({"networks": []}) == {"default": None}
    assert service_networks({"networks": ["a"]}) == {"a": None}
    assert service_networks({"network_mode": "host"}) == {}


@pytest.mark.parametrize("text", ["", "a", "[1]", "services: 1", "services: {a: 1, b: }"])
def test_a_base_that_says_nothing(text: str) -> None:
    base = read_base(text, "docker-compose.yml")
    assert all(service == {} for service in base.services.values())
