"""G6: whatever text shards.yaml accepts comes back equal from compose and from PyYAML."""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import dotenv
import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shardgen.disk import Disk
from shardgen.errors import InvalidInput
from shardgen.workspace import open_workspace
from tests.compose.stacks import FILES, PLAIN, Compose, project, write
from tests.examples import examples

#: Texts that have meant something else to some reader.
KNOWN = [
    "", " ", "#", "a #b", "a: b", ": ", "- a", "? a", "key:", "yes", "No", "on", "~", "null", "Null",
    "<<", "=", ".inf", "-.INF", ".nan", "0440", "0o17", "0x1F", "1e3", "12:30", "1_000", "+1", "-1",
    ".5", "1.", "2024-01-01", "2001-12-14t21:59:43.10-05:00", "true", "!tag", "&a", "*a", "%YAML",
    "@a", "`a`", "|", ">", "'", '"', "\\", "\\n", "\\x41", "it's", '"q"', "a\tb", "\ta", "a\n", "\na",
    "a\n\nb", "  a  ", "---", "...", "--- a", "{a: b}", "[a]", "a, b", "{{ x }}", "{% x %}", "{# x #}",
    "žluťoučký", "🐎", "a\u00a0b", "\u200b", "\u3000", "%s", "$$", "$$x", "$${x}", "${X}", "${X:-a b}",
    "${X:?say: so}", "${X:-'}", "-----", "a]}b", "\U0010fffd", "x" * 500,
]  # fmt: skip
TEXT = st.sampled_from(KNOWN) | st.text(
    st.characters(exclude_categories=("Cs",), max_codepoint=0x2FFFF), max_size=40
) | st.text("#:-?!&*[]{}|>'\"%@`\\ \t\n~<=$,0123.eEoxyn", max_size=20)  # fmt: skip
#: What a reader of YAML takes for a line break, or refuses, unless it is escaped.
UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
NAME = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: not name.startswith("BAILEYS")
)
LABEL = TEXT.filter(bool)


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    """Return what may be stated of a service, full of texts; where each stands, compose keeps it."""
    return {
        "environment": draw(st.dictionaries(NAME, TEXT, max_size=6)),
        "labels": draw(st.dictionaries(LABEL.filter(lambda key: "=" not in key), TEXT, max_size=4)),
        "healthcheck": {"test": ["CMD", *draw(st.lists(TEXT, min_size=1, max_size=3))]},
        "build": {"context": ".", "args": draw(st.dictionaries(NAME, TEXT, max_size=3))},
        "compose": {
            "command": draw(st.lists(TEXT, min_size=1, max_size=4)),
            "x-note": draw(st.recursive(
                TEXT, lambda inner: st.lists(inner, min_size=1, max_size=3)
                | st.dictionaries(LABEL, inner, min_size=1, max_size=3),
                max_leaves=6,
            )),
        },
    }  # fmt: skip


def rendered(folder: str, stated: dict[str, Any]) -> str | None:
    """Return the overlay of a shards.yaml that states this, None where it is refused."""
    data = {"version": 1, "service": stated, "shards": [{"id": 1}, {"id": 2}]}
    text = json.dumps(data, ensure_ascii=False)
    text = UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    Path(folder, "shards.yaml").write_text(text, encoding="utf-8")
    write(Path(folder), FILES[0], PLAIN)
    try:
        workspace = open_workspace(Disk(folder), "shards.yaml")
    except InvalidInput:
        return None
    (change,) = (each for each in workspace.changes if each.destination == FILES[1])
    assert change.after is not None
    return change.after.decode()


def accepted(folder: str, stated: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Return what is accepted of a statement, key by key and value by value, and its overlay."""
    text = rendered(folder, stated)
    if text is not None:
        return stated, text
    kept: dict[str, Any] = {"build": {"context": "."}, "compose": {}}
    for key, value in [*stated.items(), *stated["compose"].items()]:
        inside = kept["compose"] if key in stated["compose"] else kept
        parts = value.items() if key in {"environment", "labels"} else ()
        for name, each in parts:
            if rendered(folder, {**kept, key: {**kept.get(key, {}), name: each}}):
                inside.setdefault(key, {})[name] = each
        whole = {**kept["compose"], key: value} if inside is not kept else value
        place = "compose" if inside is not kept else key
        if not parts and key != "compose" and rendered(folder, {**kept, place: whole}):
            inside[key] = value
    text = rendered(folder, kept)
    assert text is not None
    return kept, text


def pairs(value: Any) -> dict[str, str]:
    """Return KEY=value pairs as a mapping; without interpolation compose may show them as a list."""
    if isinstance(value, list):
        return {name: text for name, _, text in (each.partition("=") for each in value)}
    return value or {}


def assert_equal(service: dict[str, Any], stated: dict[str, Any]) -> None:
    """Assert that a service says what was stated, character by character."""
    for key, inside in (("environment", service), ("labels", service), ("args", service["build"])):
        expected = stated["build"].get("args", {}) if key == "args" else stated.get(key, {})
        found = pairs(inside.get(key))
        assert {name: found[name] for name in expected} == expected
    if "healthcheck" in stated:
        assert service["healthcheck"]["test"] == stated["healthcheck"]["test"]
    for key, value in stated["compose"].items():
        assert service[key] == value


@settings(max_examples=examples(15), deadline=None, derandomize=True, phases=[Phase.generate],
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(stated=statements())
def test_g6_texts_come_back_equal(compose: Compose, stated: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        kept, text = accepted(folder, stated)
        Path(folder, FILES[1]).write_text(text, encoding="utf-8")
        Path(folder, ".env").touch()
        read = yaml.safe_load(text)["services"]["baileys-2"]
        model = compose.model(Path(folder), "--no-interpolate", "--no-env-resolution")
    assert_equal(read, kept)
    for name in ("baileys", "baileys-2"):
        assert_equal(model["services"][name], kept)


@pytest.mark.parametrize("text", KNOWN)
def test_g6_a_known_text_is_accepted_somewhere(text: str, tmp_path: Path) -> None:
    """The property above would hold of a tool that refuses everything."""
    stated = {"environment": {"A": text}, "compose": {"command": ["x", text]}}
    assert rendered(str(tmp_path), stated) is not None


def test_g6_a_key_is_no_merge_and_no_anchor(compose: Compose, tmp_path: Path) -> None:
    labels = {key: key for key in KNOWN if key and "=" not in key and not set(key) & set("\t\n$")}
    stated = {"build": {"context": "."}, "labels": labels, "compose": {"x-note": labels}}
    text = rendered(str(tmp_path), stated)
    assert text is not None
    (tmp_path / FILES[1]).write_text(text, encoding="utf-8")
    model = compose.model(tmp_path, "--no-interpolate", "--no-env-resolution")
    for service in (yaml.safe_load(text)["services"]["baileys-2"], model["services"]["baileys"]):
        assert_equal(service, stated)


def test_g6_the_env_file_says_the_same_to_compose_and_to_dotenv(
    compose: Compose, tmp_path: Path
) -> None:
    shards = """
service: {name: wa-bridge, port: 8080, consumers: [api]}
shards:
  - id: 1
  - {id: 2, url: "https://eu.example.org:8443/a~b/!c&d=(e);f,g%20h+i@j"}
  - {id: 30, url: "http://[::1]:80/x"}
"""
    project(tmp_path, shards, PLAIN.replace("baileys:\n", "wa-bridge:\n"))
    expected = {
        "WA_BRIDGE_NUM_SHARDS": "3",
        "WA_BRIDGE_PORT": "8080",
        "WA_BRIDGE_BASE_URL": "http://wa-bridge:8080",
        "WA_BRIDGE_SHARD_IDS": "1,2,30",
        "WA_BRIDGE_SHARD_1_URL": "http://wa-bridge-1:8080",
        "WA_BRIDGE_SHARD_2_URL": "https://eu.example.org:8443/a~b/!c&d=(e);f,g%20h+i@j",
        "WA_BRIDGE_SHARD_30_URL": "http://[::1]:80/x",
    }
    assert dotenv.dotenv_values(tmp_path / ".env.shards") == expected
    environment = compose.model(tmp_path)["services"]["api"]["environment"]
    assert {key: environment[key] for key in expected} == expected


def test_g6_an_env_value_means_the_same_to_compose_and_to_dotenv(
    compose: Compose, tmp_path: Path
) -> None:
    """Every text that the `env` filter takes, as templates of the user's own may write it."""
    from shardgen.quoting import env

    values = {}
    for index, text in enumerate(
        [*KNOWN, "a" * 3000, "# not a comment", "ends with \u2028", "\ufeff"]
    ):
        try:
            values[f"V{index}"] = (text, env(text))
        except ValueError:
            assert any(each in text for each in "'\\\t\n$")
    write(tmp_path, "all.env", "".join(f"{key}={quoted}\n" for key, (_, quoted) in values.items()))
    write(tmp_path, "a.yml", "services: {s: {image: x, env_file: [all.env]}}\n")
    expected = {key: text for key, (text, _) in values.items()}
    found = compose.model(tmp_path, files=("a.yml",))["services"]["s"]["environment"]
    assert {key: each.replace("$$", "$") for key, each in found.items()} == expected
    assert dotenv.dotenv_values(tmp_path / "all.env") == expected
    assert len(expected) > len(KNOWN) / 2
    assert os.linesep == "\n"
