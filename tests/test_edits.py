"""Golden cases of the verbs that edit shards.yaml: every verb on every layout, and what it keeps.

A case has before.yaml, the commands typed one after the other, after.yaml, and refused.txt where
some of them are refused. ACCEPT=1 rewrites the last two; the diff is the review.
"""

from __future__ import annotations

import difflib
import io
import json
import os
import re
import shlex
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from shardgen.edit.assignments import with_tenants, without_entries
from shardgen.edit.default import with_default
from shardgen.edit.sections import ORDER
from shardgen.edit.shards import with_shard, with_state, without_state
from shardgen.errors import UsageError
from shardgen.schema import load_schema
from shardgen.source import parse
from tests.folders import HERE
from tests.support import Project, fleet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shardgen.document import Document

    Data = dict[str, Any]
    Verb = Callable[[Document], str]

CASES = sorted(HERE.joinpath("edits").iterdir())


def name_of(case: Path) -> str:
    """Return a case's name, for the names of tests."""
    return case.name


def text_of(case: Path) -> str:
    """Return what a case starts from, as it is parsed."""
    return case.joinpath("before.yaml").read_bytes().decode().removeprefix("\ufeff")


def comments(text: str) -> Counter[str]:
    """Return the comments of a YAML text: whatever stands between its tokens after a '#'."""
    found: Counter[str] = Counter()
    place = 0
    for token in [*yaml.scan(text, Loader=yaml.SafeLoader)]:
        start, end = token.start_mark.index, token.end_mark.index
        found.update(re.findall(r"#[^\r\n]*", text[place:start]))
        place = max(place, end)
    found.update(re.findall(r"#[^\r\n]*", text[place:]))
    return found


def lines_gone(before: str, after: str) -> list[str]:
    """Return the lines of a text that another one does not have any more, or not as they were."""
    return [line[2:] for line in difflib.ndiff(before.splitlines(), after.splitlines())
            if line.startswith("- ")]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_golden(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = case.joinpath("before.yaml").read_bytes()
    project = Project(tmp_path / "project")
    project.write("shards.yaml", before)
    refused = ""
    for line in case.joinpath("commands").read_text().splitlines():
        given_to_it = case.joinpath("stdin")
        content = given_to_it.read_bytes() if given_to_it.exists() else b""
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content), encoding="utf-8"))
        was = project.read("shards.yaml")
        ran = project.run(*shlex.split(line))
        assert (ran.code == 0) == (ran.err == ""), ran.err
        if ran.code:
            assert ran.code == 2
            assert project.read("shards.yaml") == was
            refused += f"$ shardgen {line}\n{ran.err}"
    after = project.path("shards.yaml").read_bytes()
    if os.environ.get("ACCEPT"):
        case.joinpath("after.yaml").write_bytes(after)
        case.joinpath("refused.txt").unlink(missing_ok=True)
        if refused:
            case.joinpath("refused.txt").write_text(refused)
    expected = case / "refused.txt"
    assert refused == (expected.read_text() if expected.exists() else "")
    assert after == case.joinpath("after.yaml").read_bytes()
    assert comments(before.decode()) <= comments(after.decode())
    if case.name.startswith("json"):
        assert json.loads(after)
    assert after.startswith(b"\xef\xbb\xbf") == before.startswith(b"\xef\xbb\xbf")
    assert (b"\r\n" in after) == (b"\r\n" in before)
    assert after.count(b"\r\n") in {0, after.count(b"\n")}


def index_of(data: Data, number: int) -> int:
    """Return the place of a shard's entry."""
    return next(n for n, entry in enumerate(data["shards"]) if entry["id"] == number)


def with_entry(data: Data, number: int, **values: Any) -> Data:
    """Return the data with keys of an entry set; the keys that are '' are taken out."""
    shards = [dict(entry) for entry in data["shards"]]
    entry = shards[index_of(data, number)]
    entry.update(values)
    shards[index_of(data, number)] = {k: v for k, v in entry.items() if v != ""}
    return {**data, "shards": shards}


def where(data: Data) -> dict[int, int]:
    """Return the shard of each tenant that is assigned."""
    return {t: entry["shard"] for entry in data.get("assign") or () for t in entry["tenants"]}


#: verb → what it does to a text, the data that must come of it, and the most lines it may change
VERBS: dict[str, tuple[Verb, Callable[[Data], Data], int]] = {
    "drain": (
        lambda d: with_state(d, index_of(d.data, 2), {"state": "draining", "move_to": 1}),
        lambda data: with_entry(data, 2, state="draining", move_to=1),
        2,
    ),
    "drain, no target": (
        lambda d: with_state(d, index_of(d.data, 3), {"state": "draining"}),
        lambda data: with_entry(data, 3, state="draining"),
        1,
    ),
    "retire": (
        lambda d: with_state(d, index_of(d.data, 2), {"state": "retired"}),
        lambda data: with_entry(data, 2, state="retired"),
        1,
    ),
    "set-default": (
        lambda d: with_default(d, 3),
        lambda data: {**data, "database": {**(data.get("database") or {}), "default_shard": 3}},
        1,
    ),
    "add": (
        lambda d: with_shard(d, {"id": 77, "labels": {"a": "b: c"}}),
        lambda data: {**data, "shards": [*data["shards"], {"id": 77, "labels": {"a": "b: c"}}]},
        1,
    ),
}


def without_all(document: Document) -> str:
    """Take every entry of `assign` out."""
    return without_entries(document, range(len(document.data["assign"])))


def without_first(document: Document) -> str:
    """Take the first entry of `assign` out."""
    return without_entries(document, [0])


#: What stands on one line as a whole, or ends without a line break.
FLOW_ROOTS = ("json", "no_final_newline")
#: What no verb can edit in place, and says so.
SHARED = {
    ("alias_entry", "drain"),
    ("alias_entry", "retire"),
    ("alias_last", "drain, no target"),
    ("merge_key", "drain"),
}


@pytest.mark.parametrize("case", CASES, ids=name_of)
@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_on_every_layout(case: Path, verb: str) -> None:
    """The data is exactly what is meant, every comment stays, and no other line changes."""
    edit, meant, most = VERBS[verb]
    text = text_of(case)
    document = parse(text, "shards.yaml")
    if document.problems or (case.name, verb) in SHARED:
        with pytest.raises(UsageError, match="by hand"):
            edit(document)
        return
    if verb == "set-default" and (document.data.get("database") or {}).get("default_shard") == 3:
        return
    after = edit(document)
    again = parse(after, "shards.yaml")
    assert again.problems == ()
    assert again.data == meant(document.data)
    assert comments(after) == comments(text)
    gone = [line for line in lines_gone(text, after) if line.strip()]
    assert len(gone) <= most + any(line.endswith(">-") for line in gone), gone
    assert text.count("\n\n") <= after.count("\n\n")


@pytest.mark.parametrize("case", CASES, ids=name_of)
@pytest.mark.parametrize(
    "tenants",
    [
        [101],
        pytest.param([101, 205], marks=pytest.mark.slow),
        pytest.param([7, 101, 102, 999], marks=pytest.mark.slow),
        pytest.param(range(500, 900), marks=pytest.mark.slow),
    ],
    ids=len,
)
@pytest.mark.parametrize("number", [1, 2, 3])
def test_move_on_every_layout(case: Path, tenants: list[int], number: int) -> None:
    text = text_of(case)
    document = parse(text, "shards.yaml")
    if document.problems:
        return
    reason, after = "", text
    try:
        after = with_tenants(document, tenants, number)
    except UsageError as error:
        reason = str(error)
    if reason:
        assert "is an alias" in reason
        assert case.name in {"alias_of_tenants", "alias_last"}
        return
    again = parse(after, "shards.yaml")
    assert again.problems == ()
    assert where(again.data) == {**where(document.data), **dict.fromkeys(tenants, number)}
    assert {**again.data, "assign": 0} == {**document.data, "assign": 0}
    listed = [t for entry in again.data["assign"] for t in entry["tenants"]]
    assert len(listed) == len(set(listed))
    assert comments(after) == comments(text)
    longest = max(map(len, text.splitlines()))
    if case.name == "json_on_a_line":
        assert after.count("\n") == text.count("\n")
    else:
        assert max(map(len, after.splitlines())) <= max(100, longest + 2)
    assignments = text[text.find("assign") :]
    for line in lines_gone(text, after):
        assert line in assignments or not line.strip() or case.name.startswith(FLOW_ROOTS), line


@pytest.mark.parametrize("case", CASES, ids=name_of)
@pytest.mark.parametrize("number", [2, 3])
def test_a_drain_that_is_taken_back_leaves_no_trace(case: Path, number: int) -> None:
    document = parse(text_of(case), "shards.yaml")
    entry = {} if document.problems else document.data["shards"][index_of(document.data, number)]
    is_alias = (case.name, number) in {("alias_entry", 2), ("alias_last", 3)}
    if document.problems or {"state", "move_to"} & entry.keys() or is_alias:
        return
    values = {"state": "draining", "move_to": 1}
    index = index_of(document.data, number)
    drained = parse(with_state(document, index, values), "shards.yaml")
    back = without_state(drained, index)
    if case.name.startswith("no_final_newline"):
        assert back.removesuffix("\n") == document.text
    else:
        assert back == document.text


# what is made up


PADS = st.sampled_from(["", "  ", "    "])
ENDS = st.sampled_from(["", "  # why", "  #", "\n", "  # why\n\n"])
KEYS = {"volume": "v", "url": '"http://x:1"', "labels": "{a: b}", "restart": "always"}


@st.composite
def entries(draw: st.DrawFn, number: int) -> str:
    """Return an entry of a shard in one of many layouts, without the indentation of the list."""
    keys = [f"id: {number}"]
    keys += [f"{key}: {KEYS[key]}" for key in draw(st.lists(st.sampled_from([*KEYS]), unique=True))]
    if draw(st.booleans()):
        keys.append(f"state: {draw(st.sampled_from(['active', chr(34) + 'active' + chr(34)]))}")
    if draw(st.booleans()):
        keys.append(draw(st.sampled_from(["move_to: null", "move_to:", "move_to: ~"])))
    keys = draw(st.permutations(keys))
    if draw(st.booleans()):
        keys = [key + " 1" if key == "move_to:" else key for key in keys]
        return "- {" + draw(st.sampled_from([", ", ",\n     "])).join(keys) + "}" + draw(ENDS)
    head = draw(st.sampled_from(["- ", "-\n  ", "- # x\n  "]))
    return head + "\n  ".join(key + draw(ENDS).rstrip("\n") for key in keys) + draw(ENDS)


def indented(text: str, pad: str) -> str:
    """Return a text with its lines indented, blank ones apart."""
    return "\n".join(f"{pad}{line}" if line.strip() else line for line in text.split("\n"))


@st.composite
def assigned(draw: st.DrawFn) -> str:
    """Return an `assign:` section, or none, in one of many layouts."""
    ids = draw(st.lists(st.integers(1, 60), unique=True, min_size=1, max_size=14))
    cut = draw(st.integers(0, len(ids) - 1))
    parts = [(shard, part) for shard, part in ((1, ids[:cut]), (2, ids[cut:])) if part]
    lines = ["assign:" + draw(st.sampled_from(["", "  # by hand"]))]
    for shard, part in parts:
        words = [str(each) for each in part]
        glue = draw(st.sampled_from([", ", ",\n        ", ",  # vip\n        ", " ,  "]))
        tail = draw(st.sampled_from(["", ",", " ", "  # end\n        ", ",\n        "]))
        flow = f"[{glue.join(words)}{tail}]"
        block = "".join(
            f"\n      - {word}{draw(st.sampled_from(['', '  # vip']))}" for word in words
        )
        listed = draw(st.sampled_from([f" {flow}", block]))
        if listed is not block and draw(st.booleans()):
            lines.append(f"  - {{shard: {shard}, tenants:{listed}}}")
        else:
            lines.append(f"  - shard: {shard}{draw(ENDS).rstrip(chr(10))}\n    tenants:{listed}")
        lines.append(draw(st.sampled_from(["  # between", ""])))
    return draw(st.sampled_from(["\n".join(lines) + "\n", "", "assign: []  # none\n"]))


@st.composite
def layouts(draw: st.DrawFn) -> str:
    """Return a whole shards.yaml of three shards."""
    pad = draw(PADS)
    shards = "\n".join(indented(draw(entries(number)), pad) for number in (1, 2, 3))
    sections = [
        "version: 1\n",
        f"shards:\n{shards}\n",
        draw(assigned()),
        draw(
            st.sampled_from(
                [
                    "",
                    "database: {}\n",
                    "database:\n   table: business  # t\n",
                    "database: {default_shard: 1, table: business}\n",
                ]
            )
        ),
        draw(st.sampled_from(["", "routing: {fallback: md5}\n", "# alone\n"])),
    ]
    text = draw(st.sampled_from(["", "\n", "\n# next\n"])).join(draw(st.permutations(sections)))
    text = draw(st.sampled_from([text, text.rstrip("\n"), f"---\n{text}...\n"]))
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


def is_right(text: str, after: str, data: Data) -> None:
    """Demand the data, the comments, and the line ends."""
    again = parse(after, "shards.yaml")
    assert again.problems == (), after
    assert again.data == data, after
    assert comments(after) == comments(text), after
    assert ("\r\n" in text) == ("\r\n" in after)
    if "\r\n" in text:
        assert after.count("\n") == after.count("\r\n")


@given(layouts(), st.sampled_from([*VERBS]))
def test_any_layout_takes_every_verb(text: str, verb: str) -> None:
    document = parse(text, "shards.yaml")
    assert document.problems == ()
    edit, meant, most = VERBS[verb]
    after = edit(document)
    is_right(text, after, meant(document.data))
    assert len([line for line in lines_gone(text, after) if line.strip()]) <= most


@given(layouts(), st.sampled_from([1, 2, 3]))
def test_any_layout_goes_there_and_back(text: str, number: int) -> None:
    document = parse(text, "shards.yaml")
    index = index_of(document.data, number)
    drained = with_state(document, index, {"state": "draining", "move_to": 2})
    back = without_state(parse(drained, "shards.yaml"), index)
    entry = dict(parse(back, "shards.yaml").data["shards"][index])
    assert (entry.pop("state", "active"), entry.pop("move_to", None)) == ("active", None)
    was = {k: v for k, v in document.data["shards"][index].items() if k not in {"state", "move_to"}}
    assert entry == was
    assert comments(back) == comments(text)


@given(layouts(), st.lists(st.integers(1, 90), min_size=1, max_size=20), st.sampled_from([1, 2, 3]))
def test_any_layout_takes_tenants(text: str, tenants: list[int], number: int) -> None:
    document = parse(text, "shards.yaml")
    after = with_tenants(document, tenants, number)
    again = parse(after, "shards.yaml")
    is_right(text, after, {**document.data, "assign": again.data["assign"]})
    assert where(again.data) == {**where(document.data), **dict.fromkeys(tenants, number)}
    count = Counter(t for entry in again.data["assign"] for t in entry["tenants"])
    assert max(count.values()) == 1
    assert all(entry["tenants"] for entry in again.data["assign"])


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_entries_of_assign_go_from_every_layout(case: Path) -> None:
    text = text_of(case)
    document = parse(text, "shards.yaml")
    if document.problems or not document.data.get("assign"):
        return
    if case.name == "alias_last":
        with pytest.raises(UsageError, match="without what lines 7, 5 say"):
            without_all(document)
        return
    for edit, left in ((without_all, []), (without_first, document.data["assign"][1:])):
        is_right(text, edit(document), {**document.data, "assign": left})


@given(layouts())
def test_entries_of_assign_go_from_any_layout(text: str) -> None:
    document = parse(text, "shards.yaml")
    if document.data.get("assign"):
        is_right(text, without_all(document), {**document.data, "assign": []})
        left = document.data["assign"][1:]
        is_right(text, without_first(document), {**document.data, "assign": left})


def test_sections_stand_in_the_order_of_the_schema() -> None:
    assert list(ORDER) == list(load_schema()["properties"])


@pytest.mark.slow
def test_a_large_file_is_edited_in_a_moment(tmp_path: Path) -> None:
    """Nothing in an edit is more than linear: 20,000 tenants among 2,000 shards."""
    text = fleet(*range(1, 2001)) + f"assign: [{{shard: 1, tenants: {[*range(1, 20_001)]}}}]\n"
    document = parse(text, "shards.yaml")
    after = with_tenants(document, range(2, 20_001, 2), 5)
    assert sum(len(entry["tenants"]) for entry in parse(after, "f").data["assign"]) == 20_000
