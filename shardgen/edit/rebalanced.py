"""A shards.yaml and many moves in; the same with all of them under `assign:` in one edit out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardgen.document import children
from shardgen.edit import block, flow
from shardgen.edit.assignments import edits, entry_lines, flow_entry, with_tenants
from shardgen.edit.layout import column_of, is_block
from shardgen.edit.proof import proven, refuse_shared
from shardgen.source import parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shardgen.document import Document

BY_HAND = "the moves of `shardgen rebalance --format json`"


def with_moves(document: Document, moves: Mapping[int, Sequence[int]]) -> str:
    """Return the text with tenants assigned to shards, each to no other.

    Raises UsageError where the text cannot be edited safely.
    """
    before = document.data.get("assign") or []
    kept, new = merged(before, moves)
    if not any(entry["tenants"] for entry in kept):
        first = min(moves)
        text = with_tenants(document, moves[first], first)
        rest = {shard: tenants for shard, tenants in moves.items() if shard != first}
        return with_moves(parse(text, document.file), rest) if rest else text
    node = next(children(document.root, "assign"))[1]
    refuse_shared(document, node, "`assign`", BY_HAND)
    data = {**document.data, "assign": [entry for entry in kept if entry["tenants"]]}
    text = proven(document, edits(document, node, before, kept, BY_HAND), data, BY_HAND)
    return with_entries(parse(text, document.file), new) if new else text


def with_entries(document: Document, new: Sequence[dict[str, Any]]) -> str:
    """Return the text with entries more below those that are there."""
    node = next(children(document.root, "assign"))[1]
    if is_block(node):
        dashes = column_of(document, node)
        lines = [entry_lines(document, entry, dashes) for entry in new]
        splices = block.with_items(document, node, lines)
    else:
        parts = [flow_entry(document, node, entry) for entry in new]
        splices = flow.with_parts(document, node, parts)
    data = {**document.data, "assign": [*document.data["assign"], *new]}
    return proven(document, splices, data, BY_HAND)


def merged(
    before: Sequence[Mapping[str, Any]], moves: Mapping[int, Sequence[int]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the entries that are there as they should be, and those that are new.

    One that keeps no tenant is empty, and goes; the others of its shard come in a new one.
    """
    moving = {tenant: shard for shard, tenants in moves.items() for tenant in tenants}
    waiting = {shard: sorted(tenants) for shard, tenants in moves.items()}
    kept = []
    for entry in before:
        shard = entry["shard"]
        left = [each for each in entry["tenants"] if moving.get(each, shard) == shard]
        there = set(left)
        more = [each for each in waiting.pop(shard, ()) if each not in there] if left else []
        kept.append({**entry, "tenants": [*left, *more]})
    new = [{"shard": shard, "tenants": waiting[shard]} for shard in sorted(waiting)]
    return kept, new
