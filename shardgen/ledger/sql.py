"""Values in, text out that PostgreSQL reads back as the same and no runner changes on the way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shardgen.ledger.operations import NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

#: what PostgreSQL 12 to 18 do not take as a bare name everywhere: pg_get_keywords() without the
#: category 'unreserved'
RESERVED = frozenset(
    """
    all analyse analyze and any array as asc asymmetric authorization between bigint binary bit
    boolean both case cast char character check coalesce collate collation column concurrently
    constraint create cross current_catalog current_date current_role current_schema current_time
    current_timestamp current_user dec decimal default deferrable desc distinct do else end except
    exists extract false fetch float for foreign freeze from full grant greatest group grouping
    having ilike in initially inner inout int integer intersect interval into is isnull join json
    json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar
    json_serialize json_table json_value lateral leading least left like limit localtime
    localtimestamp merge_action national natural nchar none normalize not notnull null nullif
    numeric offset on only or order out outer overlaps overlay placing position precision primary
    real references returning right row select session_user setof similar smallint some substring
    symmetric system_user table tablesample then time timestamp to trailing treat trim true union
    unique user using values varchar variadic verbose when where window with xmlattributes xmlconcat
    xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable
    """.split()  # noqa: SIM905 - a list of a hundred quoted words reads worse
)

#: what some runner takes for a placeholder, a parameter, an escape or the end of the text
UNPORTABLE = re.compile(r"%|\\|::|(?<!\w):\w|\$\{|\$\$|[\x00-\x1f\x7f]")


def quote_identifier(name: str | Sequence[str]) -> str:
    """Return a name, or the parts of a qualified one, quoted only where PostgreSQL needs it.

    Raises ValueError for a name that is not lower snake case of at most 63 characters.
    """
    parts = (name,) if isinstance(name, str) else name
    for part in parts:
        if not NAME.fullmatch(part):
            raise ValueError(f"{part!r} is no SQL identifier")
    return ".".join(f'"{part}"' if part in RESERVED else part for part in parts)


def quote_literal(value: str | int | Sequence[int] | None) -> str:
    """Return a string in single quotes, a number as it is, numbers with commas, None as NULL.

    Raises ValueError for a string that some runner would change on its way.
    """
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, str):
        return "'" + _portable(value).replace("'", "''") + "'"
    return ", ".join(str(int(number)) for number in value)


def comment_text(value: str) -> str:
    """Return a text for a comment: one line, and nothing that a runner would change."""
    return _portable(value)


def _portable(text: str) -> str:
    if found := UNPORTABLE.search(text):
        raise ValueError(f"{found[0]!r} in {text!r} does not pass through every migration runner")
    return text
