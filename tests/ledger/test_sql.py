"""Quoting for SQL: values in, text out that stands for the same value."""

from __future__ import annotations

import pglast
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pglast import keywords
from pglast.ast import A_Const, SelectStmt

from shardgen.ledger.sql import (
    RESERVED,
    UNPORTABLE,
    comment_text,
    quote_identifier,
    quote_literal,
)


def constant(text: str) -> object:
    """The value of a literal, as PostgreSQL's own parser reads it."""
    statement = pglast.parse_sql(f"SELECT {text}")[0].stmt
    assert isinstance(statement, SelectStmt)
    (target,) = statement.targetList or ()
    assert isinstance(target.val, A_Const)
    return target.val.val


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("business", "business"),
        ("user", '"user"'),
        (("crm", "order"), 'crm."order"'),
        (("business",), "business"),
        ("_", "_"),
    ],
)
def test_names_are_quoted_only_where_they_must_be(name: str | tuple[str, ...], text: str) -> None:
    assert quote_identifier(name) == text


@pytest.mark.parametrize("name", ["", "Business", "a b", 'a"b', "a.b", "1a", "é", "a\n", "a" * 64])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no SQL identifier"):
        quote_identifier(name)


def test_every_keyword_of_the_parser_that_is_not_free_is_quoted() -> None:
    reserved = {
        *keywords.RESERVED_KEYWORDS,
        *keywords.TYPE_FUNC_NAME_KEYWORDS,
        *keywords.COL_NAME_KEYWORDS,
    }
    assert reserved <= RESERVED
    for word in sorted(RESERVED):
        quoted = quote_identifier((word, word))
        pglast.parse_sql(f"ALTER TABLE {quoted} ADD COLUMN {quote_identifier(word)} integer")


@given(st.text().filter(lambda text: not UNPORTABLE.search(text)))
def test_a_string_comes_back_from_the_parser(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    assert constant(quote_literal(text)).sval == text  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7, "7"),
        (-7, "-7"),
        (None, "NULL"),
        ((1, 2, 3), "1, 2, 3"),
        ("it's", "'it''s'"),
        ("", "''"),
    ],
)
def test_literals(value: str | int | tuple[int, ...] | None, text: str) -> None:
    assert quote_literal(value) == text


@pytest.mark.parametrize(
    "text", ["100%", "a\\b", "now()::date", "x :name", ":name", "${HOME}", "$$", "a\nb", "a\0b"]
)
def test_text_that_some_runner_would_change_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="does not pass through every migration runner"):
        quote_literal(text)
    with pytest.raises(ValueError, match="does not pass through every migration runner"):
        comment_text(text)


def test_ordinary_comments_pass() -> None:
    text = '-- shardgen:ops [{"op": "add", "ids": [3]}]'
    assert comment_text(text) == text
