"""A shards.yaml in; the same with another shard for new tenants out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from shardgen.document import children
from shardgen.edit.layout import flow_value
from shardgen.edit.mapping import with_values
from shardgen.edit.proof import proven, refuse_shared
from shardgen.edit.sections import filled_section, step_of, with_section

if TYPE_CHECKING:
    from shardgen.document import Document

#: The keys of `database` that stand before and at the default.
ORDER = ("schema", "table", "id_column", "shard_column", "default_shard")


def with_default(document: Document, number: int) -> str:
    """Return the text with `database.default_shard` set."""
    values = {"default_shard": number}
    by_hand = f"database: {{default_shard: {number}}}"
    found = next(children(document.root, "database"), None)
    lines = [f"{' ' * step_of(document)}default_shard: {number}"]
    if found is None:
        splices = with_section(document, "database", lines, flow_value(document, values))
    elif isinstance(found[1], yaml.MappingNode):
        refuse_shared(document, found[1], "`database`", by_hand)
        splices = with_values(document, found[1], values, ORDER)
    else:
        splices = filled_section(document, found[1], lines)
    database = {**(document.data.get("database") or {}), **values}
    return proven(document, splices, {**document.data, "database": database}, by_hand)
