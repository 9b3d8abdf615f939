"""G6, unit by unit: each quoting filter against the parser of the language that it writes."""

from __future__ import annotations

import ast
import io
import json
import re
from typing import Any

import dotenv
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from shardgen import quoting
from shardgen.compose import Reset, WholeList, WholeMapping
from shardgen.source import Verbatim, parse
from tests.examples import examples

#: Texts that some reader takes for something else than text.
KNOWN = [
    "", " ", " a", "a ", "#", "a #b", "a: b", "a:", ":", "- a", "-", "? a", "yes", "NO", "on", "off", "y",
    "~", "null", "<<", "=", ".inf", "-.INF", ".nan", "0440", "0o17", "0x1F", "1e3", "12:30", "1_000",
    "+1", "-1", ".5", "1.", "2024-01-01", "true", "!tag", "&a", "*a", "%a", "@a", "`a`", "|", ">", "'",
    '"', "\\", "\\n", "it's", "a\tb", "a\nb", "\n", "a\r\nb", "\x85", "\u2028", "\u2029", "\ufeff", "\x7f",
    "\ufffe", "\uffff", "\xa0", "---", "...", "{a: b}", "[a]", "a, b", "{{ x }}", "${X:-a b}", "$$",
    "🐎", "\U0010ffff", "10m", "10s", "30h", "1k", "0m", "1e3s", "_1", "._", "None", "NaN",
]  # fmt: skip
TEXT = (
    st.sampled_from(KNOWN)
    | st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"))
    | st.text("#:-?!&*[]{}|>'\"%@`\\ \t\n\r~<=$,0123.eEoxyns_+\x85\u2028\ufeff", max_size=12)
)
SCALAR = TEXT | st.booleans() | st.none() | st.integers(-(10**17), 10**17) | st.floats(
    allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15
).map(lambda value: round(value, 3))  # fmt: skip
KEY = TEXT.filter(lambda key: len(key) < 200)
DATA = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEY, inner, max_size=4),
    max_leaves=12,
)
MANY = settings(max_examples=examples(150), deadline=None)
#: What the core schema of YAML 1.2 resolves to something else than text (chapter 10.3.2).
CORE = re.compile(
    r"null|Null|NULL|~||true|True|TRUE|false|False|FALSE|[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
    r"|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
LOADERS = [yaml.SafeLoader, yaml.CSafeLoader]


@pytest.mark.parametrize("loader", LOADERS)
@MANY
@given(value=SCALAR)
def test_a_scalar_alone_in_a_list_and_in_a_mapping(loader: type, value: Any) -> None:
    written = quoting.yaml_scalar(value)
    inner = quoting.yaml_scalar(value, flow=True)
    read = yaml.load(f"a: {written}\nb: [{inner}, {inner}]\nc: {{k: {inner}}}\n", Loader=loader)
    assert read == {"a": value, "b": [value, value], "c": {"k": value}}
    assert "\n" not in written


@pytest.mark.parametrize("loader", LOADERS)
@MANY
@given(data=DATA, indent=st.sampled_from([0, 2, 4]))
def test_any_data_in_blocks(loader: type, data: Any, indent: int) -> None:
    """Whatever is short stands on one line, the rest below; it is the same data either way."""
    whole = {"key": data, "list": [data]}
    text = f"top:\n{quoting.yaml_block(whole, indent + 2)}\nnext: 1\n"
    assert yaml.load(text, Loader=loader) == {"top": whole, "next": 1}
    assert yaml.load(f"a: {quoting.yaml(data)}\n", Loader=loader) == {"a": data}


@MANY
@given(data=DATA)
def test_what_it_writes_its_own_reader_accepts(data: Any) -> None:
    """The strict reader of shards.yaml finds no surprise of YAML 1.1 in what the writer left bare."""
    document = parse(f"a:\n{quoting.yaml_block([data], 2)}\n", "x.yaml", strict=True)
    assert [each for each in document.problems if each.code != "SG102"] == []
    assert document.data == {"a": [data]}


@MANY
@given(text=TEXT)
def test_a_bare_text_is_one_to_every_reader(text: str) -> None:
    written = quoting.yaml_scalar(text)
    if not written.startswith('"'):
        assert written == text
        assert yaml.safe_load(f"a: {text}") == {"a": text}, "YAML 1.1"
        assert not CORE.fullmatch(text), "YAML 1.2"


@pytest.mark.parametrize("width", [10, 64, 200])
def test_a_collection_breaks_when_it_is_long(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setattr(quoting, "FLOW_WIDTH", width)
    data = {"a": ["one", "two", "three"], "b": {"c": "d" * 40}, "e": {"f": {"g": {"h": "i"}}}}
    text = quoting.yaml_block(data)
    assert yaml.safe_load(text) == data
    assert ("[one, two, three]" in text) == (width > 10)
    assert "{g: {h: i}}" in text or width == 10
    assert "{f: {g: {h: i}}}" not in text


def test_the_marks_of_compose() -> None:
    data = {
        "a": Reset(),
        "b": WholeMapping({"x": 1}),
        "c": WholeList(["y" * 40, "z" * 40]),
        "d": {"e": WholeMapping({"x": Reset(), "long": "y" * 80})},
        "f": Verbatim("0440"),
        "<<": quoting.Alias("base"),
    }
    assert quoting.yaml_block(data).splitlines() == [
        "a: !reset null",
        "b: !override {x: 1}",
        "c: !override",
        f"  - {'y' * 40}",
        f"  - {'z' * 40}",
        "d:",
        "  e: !override",
        "    x: !reset null",
        f"    long: {'y' * 80}",
        "f: 0440",
        "<<: *base",
    ]


def test_a_key_that_looks_like_a_merge_is_text() -> None:
    read = yaml.safe_load(f"a: {quoting.yaml({'<<': 'x', 'b': 1})}\n")
    assert read == {"a": {"<<": "x", "b": 1}}


@MANY
@given(text=TEXT)
def test_python(text: str) -> None:
    written = quoting.python(text)
    assert ast.literal_eval(written) == text
    assert len(written.splitlines()) == 1


@given(
    value=st.lists(st.integers()) | st.dictionaries(st.integers(), st.integers()) | st.booleans()
)
def test_python_of_other_values(value: Any) -> None:
    assert ast.literal_eval(quoting.python(value)) == value


@MANY
@given(data=DATA)
def test_json(data: Any) -> None:
    written = quoting.json_text(data)
    assert json.loads(written) == data
    assert len(written.splitlines()) == 1


@MANY
@given(text=TEXT, after=TEXT)
def test_env(text: str, after: str) -> None:
    """A value comes back equal, and the line after it is a line of its own."""
    try:
        written = quoting.env(text)
    except ValueError:
        assert re.search(r"['\\\x00-\x1f\x7f]|\$\{", text)
        return
    read = dotenv.dotenv_values(stream=io.StringIO(f"A={written}\nB=1\n"))
    assert read == {"A": text, "B": "1"}


@MANY
@given(text=TEXT)
def test_prose_stays_on_one_line(text: str) -> None:
    written = quoting.text(text)
    assert len(written.splitlines()) <= 1
    assert written.isprintable()


@MANY
@given(text=TEXT)
def test_inline_code_ends_with_its_own_fence(text: str) -> None:
    written = quoting.code(text)
    fence = re.match("`+", written)
    assert fence
    inside = written[len(fence[0]) : -len(fence[0])]
    assert all(len(run) < len(fence[0]) for run in re.findall("`+", inside))
    assert len(written.splitlines()) == 1


@pytest.mark.parametrize("value", ["a b", "", "1a", "a\n", "é", "a:b", None])
def test_a_name_that_is_none_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="is no name"):
        quoting.name(value)


@pytest.mark.parametrize("value", ["text", 1.5, True, None, [], quoting.Quoted("a") + "b"])
def test_what_passed_no_filter_is_refused(value: Any) -> None:
    with pytest.raises(quoting.UnquotedValue, match="no quoting filter"):
        quoting.finalize(value)
    with pytest.raises(quoting.UnquotedValue):
        quoting.join([quoting.name("a"), value])


def test_what_passed_a_filter_is_written() -> None:
    assert quoting.finalize(3) == 3
    assert quoting.join([quoting.name("a"), 3], ", ") == "a, 3"
