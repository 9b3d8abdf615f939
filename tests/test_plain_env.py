"""The quick reader of plain env files and python-dotenv agree (G6)."""

from __future__ import annotations

import io

from dotenv.parser import parse_stream
from hypothesis import given
from hypothesis import strategies as st

from shardgen.languages import plain_env

PIECES = st.sampled_from(
    [
        "A",
        "b_2",
        "=",
        "1",
        "http://h-1:80",
        "#",
        " ",
        "\n",
        "\r",
        "\\",
        "'",
        '"',
        "$",
        "export",
        "\u2028",
    ]
)
LINES = st.from_regex(
    r"(?:#[ a-z]*|[A-Za-z_][A-Za-z0-9_]*=[A-Za-z0-9_./:,@%+=~-]*)?\n", fullmatch=True
)


def by_dotenv(text: str) -> dict[str, str | None] | None:
    """Return the variables; None where a line is an error."""
    bindings = list(parse_stream(io.StringIO(text, newline="")))
    if any(binding.error for binding in bindings):
        return None
    return {each.key: each.value for each in bindings if each.key is not None}


@given(st.lists(PIECES).map("".join))
def test_what_the_quick_reader_takes_dotenv_reads_alike(text: str) -> None:
    found = plain_env(text)
    assert found is None or found == by_dotenv(text)


@given(st.lists(LINES).map("".join))
def test_plain_lines_need_no_dotenv(text: str) -> None:
    assert plain_env(text) == by_dotenv(text)
