"""What shards.yaml is to state in; its text, as a person would write it, out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardgen.quoting import short_flow, yaml_flow, yaml_key, yaml_scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MODELINE = "# yaml-language-server: $schema=./schema/shards.schema.json"


def config_text(
    head: Sequence[str],
    sections: Mapping[str, Any],
    entries: Sequence[Mapping[str, Any]],
    comments: Mapping[int, Sequence[str]],
    outputs: Mapping[str, Any],
    reasons: Mapping[str, Sequence[str]],
) -> str:
    """Return the text of a shards.yaml.

    `sections` are its top-level keys but the shards and the outputs. `comments` stand above the
    entry of an id, `reasons` above an output.
    """
    lines = [MODELINE, *(f"# {line}" for line in head), "version: 1"]
    for name, value in sections.items():
        if value:
            lines += ["", f"{name}:", *mapping_lines(value, "  ")]
    lines += ["", "shards:"]
    for entry in entries:
        lines += [f"  {comment}" for comment in comments.get(entry["id"], ())]
        first, *rest = mapping_lines(entry, "    ")
        lines += [f"  - {first.lstrip()}", *rest]
    if outputs:
        lines += ["", "outputs:", *output_lines(outputs, reasons)]
    return "\n".join(lines) + "\n"


def output_lines(outputs: Mapping[str, Any], reasons: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield the lines of outputs that are not as usual, each below the reason for it."""
    for name, entry in outputs.items():
        yield from (f"  # {line}" for line in reasons.get(name, ()))
        yield from item_lines(name, entry, "  ")


def mapping_lines(value: Mapping[str, Any], pad: str) -> list[str]:
    """Return the lines of a mapping; a null is written out, because here it removes something."""
    return [line for key, item in value.items() for line in item_lines(key, item, pad)]


def item_lines(key: str, item: Any, pad: str) -> Iterable[str]:
    """Return the lines of one key: one where it is short, else more below it."""
    head = f"{pad}{yaml_key(key, item)}:"
    if not isinstance(item, (dict, list)):
        return [f"{head} {yaml_scalar(item)}"]
    if not item or (line := short_flow(item)) is not None:
        return [f"{head} {yaml_flow(item) if not item else line}"]
    if isinstance(item, dict):
        return [head, *mapping_lines(item, pad + "  ")]
    lines = [head]
    for each in item:
        if isinstance(each, dict):
            first, *rest = mapping_lines(each, pad + "    ")
            lines += [f"{pad}  - {first.lstrip()}", *rest]
        else:
            text = yaml_flow(each) if isinstance(each, list) else yaml_scalar(each)
            lines.append(f"{pad}  - {text}")
    return lines
