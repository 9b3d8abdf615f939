"""G4, only ours: blocks between markers are replaced, and all around them stays byte for byte."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardgen import blocks

#: Whatever may stand around a block: any text, odd line breaks, and what nearly is a marker.
NEARLY = st.sampled_from([
    "#shardgen:begin\n", "# shardgen: begin a\n", "# shardgen:begin a b\n", "x # shardgen:begin a\n",
    "\r", "\r\n", "\n", "\x0b", "\x0c", "\x85", "\u2028", "\x00", "\ufeff", "# shardgen:begin a\x0c\n",
    "# shardgen:begin a\r\r\n", "services:\n", "  - x\r\n", "no line end",
])  # fmt: skip
TEXT = st.lists(st.one_of(NEARLY, st.text(max_size=20)), max_size=6).map("".join)
LINES = TEXT.filter(lambda text: not blocks.has_markers(text + "\n"))
NAME = st.sampled_from(["services", "volumes", "shared", "a.b/c", "é"])
CONTENT = st.lists(
    st.sampled_from(["BAILEYS_PORT=3300\n", "  x: 1\n", "\n", "# é\n"]), max_size=4
).map("".join)
BEGIN = st.sampled_from(["# shardgen:begin {}", "\t  #shardgen:begin {} ",
        "  # shardgen:begin {}", "// shardgen:begin {}",
                         "-- shardgen:begin\t{}", "<!-- shardgen:begin {} -->"])  # fmt: skip
ENDING = st.sampled_from(["\n", "\r\n"])


def end_of(text: str) -> str:
    """Return a text that the next line can follow."""
    return text if not text or text.endswith("\n") else text + "\n"


@st.composite
def files(draw: st.DrawFn) -> tuple[str, list[str], list[str], list[str]]:
    """Return a file with blocks: its text, what is outside, the markers, and the names."""
    names = draw(st.lists(NAME, unique=True, min_size=1, max_size=3))
    outside = [end_of(draw(LINES)) for _ in names] + [draw(LINES)]
    markers, text = [], ""
    for name, before in zip(names, outside, strict=False):
        begin, ending = draw(BEGIN).format(name), draw(ENDING)
        opening, closing = begin + ending, begin.replace("begin", "end") + ending
        inner = end_of(draw(LINES.filter(lambda text: "\r" not in text))).replace("\n", ending)
        text += before + opening + inner + closing
        markers += [opening, closing]
    return text + outside[-1], outside, markers, names


@given(files(), st.lists(CONTENT, min_size=3, max_size=3))
def test_g4_splice_keeps_every_byte_outside(made: tuple, contents: list[str]) -> None:
    text, outside, markers, names = made
    given = dict(zip(names, contents, strict=False))
    spliced = blocks.splice(text, given)
    wanted = {
        name: blocks.indented(given[name], blocks.depth(markers[2 * number]))
        for number, name in enumerate(names)
    }
    rest = spliced
    for number, name in enumerate(names):
        opening, closing = markers[2 * number : 2 * number + 2]
        ending = "\r\n" if opening.endswith("\r\n") else "\n"
        expected = outside[number] + opening + wanted[name].replace("\n", ending) + closing
        assert rest.startswith(expected)
        rest = rest[len(expected) :]
    assert rest == outside[-1]
    assert blocks.splice(spliced, given) == spliced
    assert blocks.without(spliced) == "".join(outside)
    assert blocks.owned(spliced) == "\0".join(f"{name}\n{wanted[name]}" for name in sorted(names))


@pytest.mark.parametrize(("depth", "expected"), [
    (0, "  a:\n    b\n\n  c:\n"), (2, "  a:\n    b\n\n  c:\n"), (4, "    a:\n      b\n\n    c:\n"),
])  # fmt: skip
def test_a_block_is_as_deep_as_its_marker(depth: int, expected: str) -> None:
    assert blocks.indented("  a:\n    b\n\n  c:\n", depth) == expected


@given(files(), st.data())
def test_g7_every_byte_inside_counts(made: tuple, data: st.DataObject) -> None:
    text = made[0]
    places = [
        place for start, end in blocks.find_blocks(text).values() for place in range(start, end)
    ]
    if not places:
        return
    place = data.draw(st.sampled_from(places))
    other = data.draw(st.sampled_from(["", "#", "\n", "\r\n", text[place] * 2]))
    changed = text[:place] + other + text[place + 1 :]
    if changed == text:
        return
    with contextlib.suppress(blocks.BadMarkers):
        assert blocks.owned(changed) != blocks.owned(text)


@given(LINES.filter(lambda text: not text.endswith("\r")), CONTENT)
def test_g4_append_keeps_the_text_and_can_be_taken_back(text: str, content: str) -> None:
    appended = blocks.append(text, "shards", content)
    assert appended.startswith(text)
    gap = appended[len(text) :].partition("# shardgen:begin")[0]
    assert re.fullmatch(r"(\r?\n){0,2}", gap)
    assert blocks.find_blocks(appended).keys() == {"shards"}
    assert blocks.without(appended) == text + gap
    assert blocks.append(blocks.without(appended), "shards", content) == appended
    assert blocks.owned(appended) == f"shards\n{content}"


@given(TEXT)
def test_any_text_has_blocks_none_or_an_error(text: str) -> None:
    try:
        found = blocks.find_blocks(text)
    except blocks.BadMarkers as bad:
        error = str(bad)
    else:
        error = ""
    if error:
        assert re.match(r"line [0-9]+: block ", error)
        assert blocks.has_markers(text)
    else:
        assert bool(found) == blocks.has_markers(text)
        assert blocks.splice(text, {n: text[a:b].replace("\r\n", "\n") for n, (a, b) in found.items()}).replace(
            "\r\n", "\n") == text.replace("\r\n", "\n")  # fmt: skip


@pytest.mark.parametrize(("text", "message"), [
    ("# shardgen:begin a\n", "line 1: block 'a' has no end"),
    ("x\n# shardgen:end a\n", "line 2: block 'a' ends where it was not begun"),
    ("# shardgen:begin a\n# shardgen:begin b\n# shardgen:end b\n# shardgen:end a\n", "line 2: block 'b' begins inside 'a'"),
    ("# shardgen:begin a\n# shardgen:end b\n", "line 2: block 'b' ends where it was not begun"),
    ("# shardgen:begin a\n# shardgen:end a\n" * 2, "line 3: block 'a' stands twice"),
])  # fmt: skip
def test_g4_markers_that_are_open_crossed_or_doubled_are_named(text: str, message: str) -> None:
    with pytest.raises(blocks.BadMarkers, match=f"^{re.escape(message)}$"):
        blocks.find_blocks(text)


@pytest.mark.parametrize(("text", "expected"), [
    ("", "# shardgen:begin n\nA=1\n# shardgen:end n\n"),
    ("B=2", "B=2\n\n# shardgen:begin n\nA=1\n# shardgen:end n\n"),
    ("B=2\n", "B=2\n\n# shardgen:begin n\nA=1\n# shardgen:end n\n"),
    ("B=2\n\n", "B=2\n\n# shardgen:begin n\nA=1\n# shardgen:end n\n"),
    ("\n", "\n# shardgen:begin n\nA=1\n# shardgen:end n\n"),
    ("B=2\r\nC=3", "B=2\r\nC=3\r\n\r\n# shardgen:begin n\r\nA=1\r\n# shardgen:end n\r\n"),
    ("B=2\r\n\r\n", "B=2\r\n\r\n# shardgen:begin n\r\nA=1\r\n# shardgen:end n\r\n"),
])  # fmt: skip
def test_where_a_first_block_goes(text: str, expected: str) -> None:
    assert blocks.append(text, "n", "A=1\n") == expected


def test_a_file_saved_with_crlf_says_the_same_but_one_line_does_not() -> None:
    text = "x\n# shardgen:begin n\nA=1\nB=2\n# shardgen:end n\n"
    saved = text.replace("\n", "\r\n")
    assert blocks.owned(saved) == blocks.owned(text)
    assert blocks.owned(saved.replace("A=1\r\n", "A=1\n")) != blocks.owned(text)
    assert blocks.owned(text.replace("A=1\n", "A=1\r\n")) != blocks.owned(text)
    assert blocks.owned(text.replace("begin n\n", "begin n\r\n")) != blocks.owned(text)
