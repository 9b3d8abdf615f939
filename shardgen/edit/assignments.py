"""A shards.yaml in; the same with some tenants assigned to another shard out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from shardgen.document import children
from shardgen.edit import block, flow
from shardgen.edit.layout import STEP, WIDTH, column_of, flow_value, is_block, width_of
from shardgen.edit.mapping import with_values
from shardgen.edit.proof import proven, refuse_shared
from shardgen.edit.sections import dashes_of, filled_section, with_section
from shardgen.edit.splice import insertion

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shardgen.document import Document
    from shardgen.edit.splice import Splice

Entry = dict[str, Any]


def with_tenants(document: Document, tenants: Iterable[int], number: int) -> str:
    """Return the text with tenants assigned to a shard, and to no other.

    They join the first entry of that shard, leave all others, and an entry that would lose all its
    tenants is given to the shard instead, or goes where the shard has one.
    """
    wanted = sorted(set(tenants))
    before: list[Entry] = document.data.get("assign") or []
    after, target = reassigned(before, wanted, number)
    data = {**document.data, "assign": [entry for entry in after if entry["tenants"]]}
    by_hand = f"assign: [{{shard: {number}, tenants: {some(wanted)}}}]"
    found = next(children(document.root, "assign"), None)
    if found is not None:
        refuse_shared(document, found[1], "`assign`", by_hand)
    if found is not None and before:
        splices = [*edits(document, found[1], before, after, by_hand)]
        if target == len(before):
            splices += new_entry(document, found[1], after[target])
    else:
        splices = [*first_entry(document, found[1] if found else None, after[target])]
    return proven(document, splices, data, by_hand)


def without_entries(document: Document, gone: Sequence[int]) -> str:
    """Return the text without some entries of `assign:`, by their places; comments stay."""
    key, node = next(children(document.root, "assign"))
    left = [entry for index, entry in enumerate(document.data["assign"]) if index not in gone]
    lines = ", ".join(str(node.value[index].start_mark.line + 1) for index in gone)
    by_hand = f"`assign:` without what lines {lines} say"
    for index in gone:
        refuse_shared(document, node.value[index], "an entry of `assign`", by_hand)
    if left:
        splices = [*fewer(document, node, gone)]
    elif is_block(node):
        colon = document.text.index(":", key.end_mark.index) + 1
        splices = [insertion(colon, " []"), *block.without_items(document, node, gone)]
    else:
        splices = [flow.emptied(document, node)]
    return proven(document, splices, {**document.data, "assign": left}, by_hand)


def reassigned(
    before: Sequence[Entry], wanted: Sequence[int], number: int
) -> tuple[list[Entry], int]:
    """Return the entries as they should be, each at its place, and the index of the shard's own.

    An entry without tenants is one that goes.
    """
    moving = set(wanted)
    own = [index for index, entry in enumerate(before) if entry["shard"] == number]
    emptied = [index for index, entry in enumerate(before) if moving.issuperset(entry["tenants"])]
    target = (own or emptied or [len(before)])[0]
    kept = {
        tenant
        for index, entry in enumerate(before)
        for tenant in entry["tenants"]
        if index == target or entry["shard"] == number
    }
    after: list[Entry] = []
    for index, entry in enumerate(before):
        stays = index == target or entry["shard"] == number
        left = [tenant for tenant in entry["tenants"] if stays or tenant not in moving]
        after.append({**entry, "tenants": left})
    new = [tenant for tenant in wanted if tenant not in kept]
    if target == len(before):
        return [*after, {"shard": number, "tenants": new}], target
    after[target] = {"shard": number, "tenants": [*after[target]["tenants"], *new]}
    return after, target


def edits(
    document: Document, node: Any, before: Sequence[Entry], after: Sequence[Entry], by_hand: str
) -> Iterable[Splice]:
    """Yield the splices that change the entries that are there, and take those away that go."""
    gone = [index for index in range(len(before)) if not after[index]["tenants"]]
    for index, (was, now) in enumerate(zip(before, after, strict=False)):
        if was == now:
            continue
        entry = node.value[index]
        refuse_shared(document, entry, f"an entry of shard {was['shard']}", by_hand)
        if index in gone:
            continue
        listed = next(children(entry, "tenants"))[1]
        if was["tenants"] != now["tenants"]:
            refuse_shared(document, listed, f"the list of tenants of shard {was['shard']}", by_hand)
        if was["shard"] != now["shard"]:
            yield from with_values(document, entry, {"shard": now["shard"]}, ("shard",))
        old, new = set(was["tenants"]), set(now["tenants"])
        lost = [place for place, each in enumerate(was["tenants"]) if each not in new]
        yield from fewer(document, listed, lost)
        yield from more(document, listed, [str(each) for each in now["tenants"] if each not in old])
    yield from fewer(document, node, gone)


def fewer(document: Document, node: Any, gone: Sequence[int]) -> Sequence[Splice]:
    """Return the splices that take items of a list away."""
    if not gone:
        return []
    kind = block.without_items if is_block(node) else flow.without_parts
    return kind(document, node, gone)


def more(document: Document, node: Any, new: Sequence[str]) -> Sequence[Splice]:
    """Return the splices that add scalars to a list."""
    if not new:
        return []
    if is_block(node):
        return block.with_items(document, node, [[each] for each in new])
    return flow.with_parts(document, node, new)


def new_entry(document: Document, node: Any, entry: Entry) -> Sequence[Splice]:
    """Return the splices that add an entry to those that are there."""
    if not is_block(node):
        return flow.with_parts(document, node, [flow_entry(document, node, entry)])
    return block.with_items(
        document, node, [entry_lines(document, entry, column_of(document, node))]
    )


def first_entry(document: Document, node: Any, entry: Entry) -> Sequence[Splice]:
    """Return the splices that add the first entry of all, with the section where there is none."""
    is_root_block = is_block(document.root)
    if isinstance(node, yaml.SequenceNode) and (not is_root_block or is_commented(document, node)):
        return flow.with_parts(document, node, [flow_entry(document, node, entry)])
    pad = dashes_of(document)
    base = column_of(document, document.root) if is_root_block else 0
    lines = block.dashed(entry_lines(document, entry, base + pad), " " * pad)
    if node is None:
        value = "" if is_root_block else f"[{flow_entry(document, document.root, entry)}]"
        return with_section(document, "assign", lines, value)
    return filled_section(document, node, lines)


def is_commented(document: Document, node: Any) -> bool:
    """Return whether there is more than blanks between the brackets of an empty list."""
    start, end = node.start_mark.index, node.end_mark.index
    return "#" in document.text[start:end]


def flow_entry(document: Document, node: Any, entry: Entry) -> str:
    """Return an entry between brackets; many tenants take several lines."""
    line, pad = flow_value(document, entry), flow.lead(document.text, node.start_mark.index)
    if pad + STEP + len(line) < width_of(document):
        return line
    head = flow_value(document, {**entry, "tenants": []})[:-2]
    listed = [str(tenant) for tenant in entry["tenants"]]
    return f"{head}{flow.list_of_parts(document, listed, WIDTH, pad + 2 * STEP)}]}}"


def entry_lines(document: Document, entry: Entry, dashes: int) -> list[str]:
    """Return the lines of an entry whose dash stands in a column; many tenants take several."""
    head = "tenants: ["
    pad, first = dashes + 4, dashes + 2 + len(head)
    listed = [str(tenant) for tenant in entry["tenants"]]
    text = f"{head}{flow.list_of_parts(document, listed, first, pad)}]"
    return [f"shard: {entry['shard']}", text]


def some(tenants: Sequence[int]) -> str:
    """Return a list of tenants, cut short where it is long."""
    more_of_them = ", …" if tenants[6:] else ""
    return f"[{', '.join(map(str, tenants[:6]))}{more_of_them}]"
