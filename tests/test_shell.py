"""A shell script is read into the commands that a shell would run; bash itself is the judge."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardgen.shell import commands
from tests import needs
from tests.examples import examples


def read(text: str) -> list[list[str]]:
    """Return the words of every command."""
    return [[word.text for word in each.words] for each in commands(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b  c", [["a", "b", "c"]]),
        ("a 'b c' \"d e\" f\\ g", [["a", "b c", "d e", "f g"]]),
        ("a \\\n  b", [["a", "b"]]),
        ("a # b\nc #d\n e#f", [["a"], ["c"], ["e#f"]]),
        ("a; b && c || d | e & f", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"]]),
        ("a > b 2>&1 < c >> d &> e", [["a"]]),
        ("2>x a b", [["a", "b"]]),
        ("a <<EOF && b\ntext; c\nEOF\nd", [["a"], ["b"], ["d"]]),
        ("a <<-'E'\n\tx\n\tE\nb", [["a"], ["b"]]),
        ("a <<< b c", [["a", "c"]]),
        ("a $(b c) `d` \"$(e 'f)')\"", [["b", "c"], ["d"], ["e", "f)"], ["a", "$(b c)", "`d`", "$(e 'f)')"]]),
        ("a $(b # )\n c) d", [["b"], ["c"], ["a", "$(b # )\n c)", "d"]]),
        ("a ${b:-c d} $((1 + (2))) $x", [["a", "${b:-c d}", "$((1 + (2)))", "$x"]]),
        ("X=1 Y='2 3' a", [["a"]]),
        ("if a; then b; elif c; then d; else e; fi", [["a"], ["b"], ["c"], ["d"], ["e"]]),
        ("while a; do b; done; until c; do d; done", [["a"], ["b"], ["c"], ["d"]]),
        ("for x in 1 2; do a $x; done", [["a", "$x"]]),
        ("for x\ndo a; done", [["a"]]),
        ("case $x in a|b) c;; (d) e ;; *) f; esac; g", [["c"], ["e"], ["f"], ["g"]]),
        ("f() { a; }\nfunction g { b; }\n(c; d)", [["a"], ["b"], ["c"], ["d"]]),
        ("[[ a < b && c ]] && d", [["[[", "a", "b", "c"], ["d"]]),
        ("a <(b) >(c)", [["b"], ["c"], ["a", "<(b)", ">(c)"]]),
        ("! a", [["a"]]),
        ("x=(a 'b c')\nd", [[], ["d"]]),
        ("'unclosed", [["unclosed"]]),
        ("\"un $(closed", [["closed"], ["un $(closed"]]),
        ("a <<EOF\nno end", [["a"]]),
        (")) }} fi ;; esac", [["}}", "fi"]]),
        ("", []),
    ],
)  # fmt: skip
def test_words(text: str, expected: list[list[str]]) -> None:
    assert read(text) == expected


def test_loops_and_what_joins() -> None:
    found = commands("until a; do for x in 1 '2 3'; do b || c; done; sleep 1; done\nd")
    assert [[(loop.kind, [i.text for i in loop.items]) for loop in each.loops] for each in found] == [
        [("until", [])],
        [("until", []), ("for", ["1", "2 3"])],
        [("until", []), ("for", ["1", "2 3"])],
        [("until", [])],
        [],
    ]  # fmt: skip
    assert [each.joined for each in found] == ["", ";", "||", ";", ";"]


def test_places_of_words_and_documents() -> None:
    text = "a 'b c' $d <<EOF\nx\ny\nEOF\ne"
    (first, second) = commands(text)
    assert [text[word.start : word.end] for word in first.words] == ["a", "'b c'", "$d"]
    assert [(word.is_fixed, word.is_quoted) for word in first.words] == [
        (True, False),
        (True, True),
        (False, False),
    ]
    assert [text[start:end] for start, end in first.documents] == ["x\ny\n"]
    assert text[second.start] == "e"


QUOTES = st.text(alphabet="ab $`\\\"'|&;<>(){}#=*?~!\t", max_size=8)


@settings(max_examples=examples(30))
@given(st.lists(st.lists(QUOTES.map(shlex.quote) | QUOTES.map(lambda t: '"' + t.translate({ord(c): f"\\{c}" for c in '"\\$`'}) + '"'), min_size=1, max_size=4), min_size=1, max_size=6))  # fmt: skip
def test_quoted_words_are_those_of_bash(lines: list[list[str]]) -> None:
    bash = needs.require("bash")
    script = "".join(f"p {' '.join(line)}\n" for line in lines)
    head = "set +H\np() { printf '%s\\0' \"$@\"; printf '\\n\\0'; }\n"
    done = subprocess.run([bash, "-c", head + script], capture_output=True, check=True)
    wanted: list[list[str]] = [[]]
    for part in done.stdout.decode().split("\0")[:-1]:
        if part == "\n":
            wanted.append([])
        else:
            wanted[-1].append(part)
    assert [words[1:] for words in read(script)] == wanted[:-1]


PARTS = st.sampled_from(
    ["$(", "`", "${", "$((", ")", "}", "'", '"', "\\", "\n", " ", "<<E", "E", "case", "in", "esac", "for",
     "do", "done", "[[", "]]", "#", "(", "a", "$x", "<(", ";;", "|", "=", "$'"]
)  # fmt: skip


@given(st.lists(PARTS, max_size=40).map("".join))
def test_no_text_is_too_odd(text: str) -> None:
    for each in commands(text):
        for word in (*each.words, *each.assigned):
            assert 0 <= word.start < word.end <= len(text)
        assert all(0 <= start <= end <= len(text) for start, end in each.documents)


@pytest.mark.parametrize(
    "part", ["$(", "`", "${", '"$(', "$((", "(", "case x in ", "<<E\n", "'", "[["]
)
def test_a_long_text_takes_no_long_time(part: str) -> None:
    assert isinstance(commands(part * 20_000), list)
