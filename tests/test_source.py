"""YAML as shards.yaml and a base file may hold it: data, places, and every surprise refused (G5, G6)."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardgen.compose import Reset
from shardgen.diagnostics import Diagnostic, diagnostic_text, report_text
from shardgen.source import Verbatim, parse
from tests.examples import examples

if TYPE_CHECKING:
    from shardgen.document import Document


def problems(text: str) -> list[tuple[str, str]]:
    """Return code and underlined token of each problem of a strict file."""
    document = parse(text, "shards.yaml")
    return [(each.code, token(document, each)) for each in document.problems]


def token(document: Document, found: Diagnostic) -> str:
    """Return what a diagnostic underlines."""
    line = document.lines[found.line - 1] if found.line else ""
    return line[found.column - 1 : found.column - 1 + found.width]


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("", None),
        ("# only a comment\n", None),
        ("a: 1\nb: -2\nc: 0.5\nd: true\ne: false\nf: null\ng: ~\nh:\n",
         {"a": 1, "b": -2, "c": 0.5, "d": True, "e": False, "f": None, "g": None, "h": None}),
        ("a: \"no\"\nb: 'yes'\nc: \"010\"\nd: '12:30'\n",
         {"a": "no", "b": "yes", "c": "010", "d": "12:30"}),
        ("a: |\n  x\n  y\nb: >-\n  x\n  y\n", {"a": "x\ny\n", "b": "x y"}),
        ("a: &x [1, 2]\nb: *x\n", {"a": [1, 2], "b": [1, 2]}),
        ("\ufeffa: 1\r\nb: [x,\r\n  y]\r\n", {"a": 1, "b": ["x", "y"]}),
        ("a: 1.2.3\nb: 1-2\nc: v1\nd: 10s\n", {"a": "1.2.3", "b": "1-2", "c": "v1", "d": "10s"}),
        ("a: 99999999999999999999\n", {"a": "99999999999999999999"}),
    ],
)  # fmt: skip
def test_data(text: str, data: Any) -> None:
    """Values are JSON's, and text is text."""
    document = parse(text, "shards.yaml")
    assert document.data == data
    assert [each.code for each in document.problems] in ([], ["SG109"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\na: 2\n", [("SG102", "a")]),
        ("a: {b: 1, b: 2, b: 3}\n", [("SG102", "b"), ("SG102", "b")]),
        ("a: &x [*x]\n", [("SG104", "&x [*x]")]),
        ("a: !!str no\n", [("SG105", "!!str no")]),
        ("a: !reset null\n", [("SG105", "!reset null")]),
        ("a: &x !!binary aGk=\n", [("SG105", "&x !!binary aGk=")]),
        ("a: !custom {b: 1}\n", [("SG105", "!custom {b: 1}")]),
        ("a: ! x\n", [("SG105", "! x")]),
        ("1: a\n", [("SG106", "1")]),
        ("null: a\n", [("SG106", "null")]),
        ("? [a]\n: b\n", [("SG106", "[a]")]),
        ("? {a: 1}\n: {b: 1, b: 2}\n", [("SG102", "b"), ("SG106", "{a: 1}")]),
        ("x: &x {a: 1}\ny: {<<: *x}\n", [("SG107", "<<")]),
        ("a: no\n", [("SG109", "no")]),
        ("a: [On, y, 010, 0x1F, 0b1, 1_000, 12:30, 1:2:3]\n",
         [("SG109", each) for each in ("On", "010", "0x1F", "0b1", "1_000", "12:30", "1:2:3")]),
        ("a: [.5, 5., +5, 1e3, 1.5e+3, .inf, .nan, 08, 0o7]\n",
         [("SG109", each) for each in (".5", "5.", "+5", "1e3", "1.5e+3", ".inf", ".nan", "08", "0o7")]),
        ("a: [2026-11-24, 2026-11-24T10:00:00Z, TRUE, =]\n",
         [("SG109", each) for each in ("2026-11-24", "2026-11-24T10:00:00Z", "TRUE", "=")]),
        ("a: &n no\nb: *n\n", [("SG109", "&n no")]),
    ],
)  # fmt: skip
def test_what_a_strict_file_may_not_hold(text: str, expected: list[tuple[str, str]]) -> None:
    """Each is refused at its own token, and once."""
    found = sorted(problems(text), key=lambda each: text.find(each[1]))
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("no", 'write "no" in quotes for the text, or false for the boolean'),
        ("Yes", 'write "Yes" in quotes for the text, or true for the boolean'),
        ("010", 'write "010" in quotes for the text, or 10 for the number'),
        ("0x1F", 'write "0x1F" in quotes for the text'),
        ("2026-11-24", 'write "2026-11-24" in quotes for the text'),
    ],
)
def test_surprises_say_what_to_write(value: str, hint: str) -> None:
    """The hint gives both of what may have been meant."""
    [found] = parse(f"a: {value}\n", "shards.yaml").problems
    assert found.hint == hint


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a: [1\nb: 2\n", (2, 2, 1), "expected ',' or ']' here"),
        ("a: [1, {b: 2]\n", (1, 13, 1), "expected ',' or '}' here"),
        ("a: [1\n", (1, 4, 1), "what starts here with '[' has no end"),
        ('a: "x\nb: 1\n', (1, 4, 1), "what starts here with '\"' has no end"),
        ("a: 1\n\tb: 2\n", (2, 1, 1), "a tab cannot indent YAML"),
        ("a: |\n\tx\n", (2, 1, 1), "a tab cannot indent YAML"),
        ("a: b: c\n", (1, 5, 1), "a ':' cannot stand here"),
        ("a: *xyz\n", (1, 4, 4), "this alias has no anchor"),
        ("a: @x\n", (1, 4, 1), "a value cannot start with '@'"),
        ("a: `x`\n", (1, 4, 1), "a value cannot start with '`'"),
        ("a: 1\n---\nb: 2\n", (2, 1, 3), "a second YAML document starts here"),
        ('a: "\\q"\n', (1, 5, 1), "found unknown escape character"),
        ('a: "\\ud800"\n', (1, 7, 1), "found invalid Unicode character escape code"),
        ('a: "\\xZZ"\n', (1, 7, 1), "expected hexdecimal number here"),
        ("a:\n  - x\n -y\n", (3, 2, 1), "expected key here"),
        ("&a &b x\n", (1, 4, 1), "expected the end here"),
        ("a: b\nc\n\n", (2, 1, 1), "could not find expected ':'"),
        ("a: \x07\n", (1, 4, 1), "the character U+0007 is not allowed in YAML"),
        ("ä😀: \ufffe\n", (1, 5, 1), "the character U+FFFE is not allowed in YAML"),
        ("a: b\r\nc: \x00\r\n", (2, 4, 1), "the character U+0000 is not allowed in YAML"),
    ],
)
def test_what_is_no_yaml(text: str, place: tuple[int, int, int], message: str) -> None:
    """There is one problem, at its place, in words for people, and no data."""
    document = parse(text, "shards.yaml")
    [found] = document.problems
    assert (found.line, found.column, found.width) == place
    assert (found.code, found.message) == ("SG101", message)
    assert found.hint
    assert document.data is None


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        "{a: " * 200_000,
        "- " * 200_000,
        "? " * 200_000,
        "- ? " * 200_000,
        "a: " + "[" * 4_000,
        "a: " + "[" * 900 + "]" * 900,
        "a:\n" + "".join(" " * depth + "a:\n" for depth in range(1, 1200)),
    ],
    ids=["lists", "mappings", "dashes", "keys", "both", "open", "closed", "indented"],
)
def test_deep_nesting_is_refused_and_does_not_crash(text: str) -> None:
    """libyaml's composer recurses in C, so that a deep text would end the process."""
    found = parse(text, "shards.yaml").problems
    assert [each.code for each in found] == ["SG101"]


def test_many_brackets_alone_are_not_deep() -> None:
    """A wide file is read."""
    assert len(parse("a: [" + "[], " * 6_000 + "]", "shards.yaml").data["a"]) == 6_000


@pytest.mark.parametrize("strict", [True, False])
def test_an_alias_bomb_is_refused_at_once(*, strict: bool) -> None:
    """Thirty lines that unfold to 10^30 values cost no more than thirty lines."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    start = time.perf_counter()
    document = parse("\n".join(lines), "shards.yaml", strict=strict)
    assert time.perf_counter() - start < 0.5
    [found] = document.problems
    assert found.code == "SG108"
    assert found.line == 7


def test_a_base_file_keeps_what_it_holds() -> None:
    """Tags, merges and repeated keys are the user's; what versions read differently is kept as text."""
    text = (
        "x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}\nz: {b: 4, <<: [*x, {c: 5}]}\n"
        "n: {<<: null}\nr: !reset null\no: !override [1]\nt: 12:30\ne: 1e3\nd: 1\nd: 2\n1: one\n"
        "s: !x 5\n"
    )
    document = parse(text, "base.yml", strict=False)
    assert document.problems == ()
    data = document.data
    assert data["y"] == {"a": 1, "b": 3}
    assert data["z"] == {"a": 1, "b": 4, "c": 5}
    assert (data["n"], data["o"]) == ({}, [1])
    assert isinstance(data["r"], Reset)
    assert (data["t"], data["e"]) == ("12:30", "1e3")
    assert isinstance(data["t"], Verbatim)
    assert isinstance(data["e"], Verbatim)
    assert (data["d"], data["1"], data["s"]) == (2, "one", 5)


def test_places_of_values_and_keys() -> None:
    """A value is shown at itself, a key at itself, what is not written at the nearest parent."""
    text = (
        "a:\n  b: {c: 1, d: [x, yy]}\n  e:\nf: |\n  long\ng:\n  - h: 1\n"
        "i: &i {j: 1}\nk: {<<: *i}\nl: {<<: [{m: 2}]}\n"
    )
    document = parse(text, "base.yml", strict=False)

    def at(*path: str | int, key: bool = False) -> tuple[int, int, str]:
        found = document.error(path, "SG101", "m", "h", key=key)
        return found.line, found.column, token(document, found)

    assert at("a", "b", "c") == (2, 10, "1")
    assert at("a", "b", "c", key=True) == (2, 7, "c")
    assert at("a", "b", "d", 1) == (2, 20, "yy")
    assert at("a", "b", "d", 1, key=True) == (2, 20, "yy")
    assert at("a", "b") == (2, 6, "{c: 1, d: [x, yy]}")
    assert at("a", "b", "d", 7) == (2, 13, "d")
    assert at("a", "e") == (3, 3, "e")
    assert at("a", "zz") == (1, 1, "a")
    assert at("a") == (2, 3, "b")
    assert at("f") == (4, 4, "|")
    assert at("g") == (7, 3, "-")
    assert at("g", 0) == (7, 5, "h")
    assert at("g", 0, "zz") == (7, 5, "h")
    assert at("k", "j") == (8, 11, "1")
    assert at("l", "m") == (10, 14, "2")
    assert at("l", "zz") == (10, 1, "l")
    assert at() == (1, 1, "a")
    assert at("a", "b", "c", "too", "deep") == (2, 7, "c")


def test_a_value_over_several_lines_is_underlined_on_its_first() -> None:
    """The caret stays on the line that is shown."""
    document = parse('a: [1,\n  2]\nb: "x\n  y"\n', "shards.yaml")
    found = [document.error((key,), "SG101", "m", "h") for key in "ab"]
    assert [token(document, each) for each in found] == ["[1,", '"x']


def test_a_document_without_a_text_has_errors_without_a_place() -> None:
    """An empty file is wrong as a whole."""
    found = parse("", "shards.yaml").error((), "SG111", "the file is empty", "write one")
    assert (found.line, found.column, found.width) == (0, 0, 0)
    shown = diagnostic_text(found, [""])
    assert shown == "shards.yaml: error[SG111]: the file is empty\n    write one"


def test_a_hostile_text_cannot_steer_the_terminal() -> None:
    """Control characters of a file, of a message and of a hint are shown as '?'."""
    found = Diagnostic(file="a", line=1, column=5, width=3, code="SG101", message="m\x1b[2J",
                       hint="h\n\x07")  # fmt: skip
    shown = report_text([found], {"a": ["\tab\x1b[31m" + "x" * 200]})
    assert "\x1b" not in shown
    assert "\x07" not in shown
    lines = shown.splitlines()
    assert lines[0] == "a:1:5: error[SG101]: m?[2J"
    assert lines[2].startswith("    | \t   ^^^ h??")
    assert lines[-1] == "1 error; nothing was written. `shardgen explain SG101` says more."


TEXTS = st.text(
    st.sampled_from("ab1 -:{}[],&*!|>'\"#%@`\n\t\r?<~.é\ufeff\u2028\x85\x07"), max_size=40
)


@given(TEXTS)
@settings(max_examples=examples(120), deadline=None)
def test_no_text_crashes_the_reader(text: str) -> None:
    """Whatever is typed: data, or problems at places that the text has."""
    document = parse(text, "shards.yaml")
    for found in document.problems:
        assert found.line <= len(document.lines)
        assert token(document, found) or found.column > 0
        assert found.hint
    parse(text, "base.yml", strict=False)


PRINTABLE = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"],
                                  exclude_characters="\ufeff\ufffe\uffff"), max_size=8)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | PRINTABLE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(PRINTABLE, inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
@settings(max_examples=examples(150), deadline=None)
def test_json_is_read_as_json(data: Any) -> None:
    """What another program wrote as JSON means the same here."""
    document = parse(json.dumps(data, ensure_ascii=False), "shards.yaml")
    assert document.problems == ()
    assert document.data == data
