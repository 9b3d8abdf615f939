"""Whole compose files merged into one model, and the difference of two (tests/compose: by compose itself)."""

from __future__ import annotations

from typing import Any

import pytest

from shardgen.base import read_base
from shardgen.stack import alike, canonical_model, differences, merged_files

BASE = """\
services:
  a:
    image: x
    environment: [B=1]
    ports: ["80:80"]
    depends_on: [b]
  b: {image: y}
volumes:
  v: {labels: {one: "1"}}
secrets:
  s: {environment: S}
"""
OVERLAY = """\
services:
  a:
    environment: {C: 2}
    ports: !reset []
    networks: [n]
  b: !reset null
  c:
    extends: {service: a}
    image: z
volumes:
  v: {name: real}
  w:
networks:
  n:
"""


def model(*texts: str) -> dict[str, dict[str, Any]]:
    """Return the model of files."""
    return merged_files(read_base(text, f"{place}.yml") for place, text in enumerate(texts))


def test_the_later_file_wins_key_by_key() -> None:
    assert model(BASE, OVERLAY) == {
        "services": {
            "a": {
                "image": "x",
                "environment": {"B": "1", "C": 2},
                "depends_on": ["b"],
                "networks": ["n"],
            },
            "c": {"image": "z", "environment": {"C": 2}, "networks": ["n"]},
        },
        "volumes": {"v": {"labels": {"one": "1"}, "name": "real"}, "w": {}},
        "secrets": {"s": {"environment": "S"}},
        "networks": {"n": {}},
        "configs": {},
    }


def told(first: str, second: str) -> list[tuple[str, str, Any, Any]]:
    """Return the differences of two files."""
    found = differences(canonical_model(model(first)), canonical_model(model(second)))
    return [(".".join(each.path), each.action, each.before, each.after) for each in found]


def service(**keys: Any) -> str:
    """Return a file with one service."""
    import json

    return json.dumps({"services": {"a": keys}})


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({"restart": "no"}, {"restart": "always"}, [("restart", "change", "no", "always")]),
        ({"environment": ["A=1"]}, {"environment": {"A": 1}}, []),
        ({"environment": {"A": True}}, {"environment": ["A=true", "B"]},
         [("environment.B", "add", None, "(passed on from outside)")]),
        ({"expose": [80]}, {"expose": ["80"]}, []),
        ({"networks": ["n"]}, {"networks": {"n": {}}}, []),
        ({}, {"networks": ["default"]}, []),
        ({"networks": ["n"]}, {"networks": {"n": {"aliases": ["x"]}}},
         [("networks.n.aliases", "add", None, "x")]),
        ({"depends_on": ["b"]}, {"depends_on": {"b": {"condition": "service_started"}}}, []),
        ({"volumes": ["a:/a", "b:/b"]}, {"volumes": ["b:/b", "a:/a"]},
         [("volumes", "change", ["a:/a", "b:/b"], ["b:/b", "a:/a"])]),
        ({"volumes": ["a:/a"]}, {"volumes": ["b:/a"]},
         [("volumes", "remove", "a:/a", None), ("volumes", "add", None, "b:/a")]),
        ({"healthcheck": {"test": ["CMD", "a"]}}, {"healthcheck": {"test": ["CMD", "b"]}},
         [("healthcheck.test", "change", ["CMD", "a"], ["CMD", "b"])]),
        ({"labels": {}}, {"labels": []}, []),
        ({"command": []}, {}, [("command", "remove", [], None)]),
        ({"build": "."}, {"build": {"context": "."}}, []),
    ],
)  # fmt: skip
def test_differences(first: Any, second: Any, expected: Any) -> None:
    found = told(service(image="x", **first), service(image="x", **second))
    assert found == [(f"services.a.{path}", *rest) for path, *rest in expected]


def test_a_variable_without_a_value_is_not_one_that_is_missing() -> None:
    assert not alike("environment", {"A": None}, {})
    assert alike("environment", {"A": None}, ["A"])
