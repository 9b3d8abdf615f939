"""YAML text in; plain data, the place of every value, and what is wrong with the text out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from shardgen.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator

Path = tuple["str | int", ...]
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

#: More values than this, once aliases are written out, is an attack and not a fleet.
MOST_VALUES = 2_000_000
DEEPEST = 200
TAG = "tag:yaml.org,2002:"
#: What YAML 1.1 reads as one thing and a person as another. JSON's own numbers are not among them.
PLAIN_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
NAMES = {"bool": "a boolean", "int": "a number", "float": "a number", "timestamp": "a date"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A YAML file: its name, its text, its root node, its data, and what is wrong with the text."""

    file: str
    text: str
    root: Any = field(repr=False)
    data: Any
    problems: tuple[Diagnostic, ...]

    @property
    def lines(self) -> list[str]:
        """The lines of the text, split where YAML splits them."""
        return LINE_BREAK.split(self.text)

    def error(
        self, path: Path, code: str, message: str, hint: str, *, key: bool = False
    ) -> Diagnostic:
        """Return a diagnostic at the value of `path`, or at its key.

        A path that is not written is shown at the nearest parent that is.
        """
        node, at_key = nearest(self.root, path)
        if key or not at_key:
            node = key_node(self.root, path) or node
        return token_error(self, node, code, message, hint)


def parse(text: str, file: str, *, strict: bool = True) -> Document:
    """Return the document; with `strict`, whatever a shards.yaml may not hold is a problem.

    A text that is no YAML at all has data None and one problem.
    """
    text = text.removeprefix("\ufeff")
    try:
        if too_deep(text):
            raise RecursionError
        root = yaml.compose(text, Loader=Loader)
    except yaml.MarkedYAMLError as error:
        problem = syntax_error(text, file, error)
        return Document(file=file, text=text, root=None, data=None, problems=(problem,))
    except (yaml.YAMLError, RecursionError) as error:
        problem = unreadable(text, file, error)
        return Document(file=file, text=text, root=None, data=None, problems=(problem,))
    reader = Reader(file, text, strict=strict)
    try:
        data = reader.value(root) if root is not None else None
    except RecursionError as error:
        problem = unreadable(text, file, error)
        return Document(file=file, text=text, root=None, data=None, problems=(problem,))
    if reader.size.get(id(root), 0) > MOST_VALUES:
        reader.report(root, "SG108", "the aliases of this file unfold to too many values",
                      "write the values out, or use fewer nested aliases")  # fmt: skip
    return Document(file=file, text=text, root=root, data=data, problems=tuple(reader.problems))


def too_deep(text: str) -> bool:
    """Return whether a text nests deeper than libyaml's recursive composer can go without a crash.

    Only a text that could be is looked at: brackets, or many dashes on one line; indentation
    alone would need hundreds of megabytes.
    """
    if text.count("[") + text.count("{") < 5000 and "- " * 1000 not in text:
        return False
    depth = 0
    for event in yaml.parse(text, Loader=Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            return True
    return False


class Reader:
    """Builds data from nodes, and gathers what a strict file may not hold."""

    def __init__(self, file: str, text: str, *, strict: bool) -> None:
        self.file, self.text, self.strict = file, text, strict
        self.problems: list[Diagnostic] = []
        self.done: dict[int, Any] = {}
        self.size: dict[int, int] = {}
        self.open: set[int] = set()

    def report(self, node: Any, code: str, message: str, hint: str) -> None:
        """Add a problem at a node."""
        place = Document(file=self.file, text=self.text, root=None, data=None, problems=())
        self.problems.append(token_error(place, node, code, message, hint))

    def value(self, node: Any) -> Any:
        """Return the plain value of a node; an alias gives the value of its anchor."""
        key = id(node)
        if key in self.done:
            return self.done[key]
        if key in self.open:
            self.report(node, "SG104", "an alias inside its own anchor never ends",
                        "write the value out")  # fmt: skip
            return None
        self.open.add(key)
        if self.strict and (tag := written_tag(node, self.text)):
            self.report(node, "SG105", f"the tag {tag!r} is not allowed here",
                        "remove the tag: plain YAML values are all that is needed")  # fmt: skip
        if not self.strict and node.tag == "!reset":
            value: Any = None  # compose: as if the key were not written
        elif isinstance(node, yaml.MappingNode):
            value = self.mapping(node)
        elif isinstance(node, yaml.SequenceNode):
            value = [self.value(item) for item in node.value]
            self.size[key] = 1 + sum(self.size.get(id(item), 1) for item in node.value)
        else:
            value = self.scalar(node)
        self.open.discard(key)
        self.done[key] = value
        return value

    def mapping(self, node: Any) -> dict[str, Any]:
        """Return a mapping's data: keys are strings and stand once; merges are for the base."""
        found: dict[str, Any] = {}
        first: dict[str, int] = {}
        size = 1
        for key, child in node.value:
            if key.tag == TAG + "merge":
                self.merge(key, child, found)
                continue
            name = self.key(key)
            if self.strict and name in first:
                self.report(key, "SG102", f"the key {name!r} stands twice",
                            f"first at line {first[name]}; keep one of them")  # fmt: skip
            first.setdefault(name, key.start_mark.line + 1)
            found[name] = self.value(child)
            size += self.size.get(id(child), 1)
        self.size[id(node)] = size
        return found

    def merge(self, key: Any, child: Any, found: dict[str, Any]) -> None:
        """Take a `<<` merge: keys of the mapping itself win."""
        if self.strict:
            self.report(key, "SG107", "merge keys are not allowed here",
                        "state what all shards share once, under 'service:'")  # fmt: skip
            return
        merged = self.value(child)
        for source in merged if isinstance(merged, list) else [merged]:
            for name, value in (source or {}).items():
                found.setdefault(name, value)

    def key(self, node: Any) -> str:
        """Return a key as text."""
        if isinstance(node, yaml.ScalarNode):
            if self.strict and node.tag != TAG + "str":
                self.report(node, "SG106", f"the key {node.value!r} is not a string",
                            f'write it in quotes: "{node.value}"')  # fmt: skip
            return str(node.value)
        self.report(node, "SG106", "a key must be a string, not a list or a mapping",
                    "write the key as plain text")  # fmt: skip
        return ""

    def scalar(self, node: Any) -> Any:
        """Return a scalar's value by the rules of JSON; what YAML 1.1 adds to them is a problem."""
        self.size[id(node)] = 1
        text = node.value
        if not node.tag.startswith(TAG):
            node.tag = yaml.resolver.Resolver().resolve(yaml.ScalarNode, text, (True, False))
        if node.style or node.tag == TAG + "str":  # libyaml gives plain scalars the style ""
            return text
        kind = node.tag.removeprefix(TAG)
        if kind == "null":
            return None
        if kind == "bool" and text in {"true", "false"}:
            return text == "true"
        if kind in {"int", "float"} and PLAIN_NUMBER.fullmatch(text) and len(text) < 20:
            return float(text) if "." in text else int(text)
        if not self.strict:
            return Verbatim(text)
        if kind in NAMES:
            self.report(node, "SG109", f"YAML 1.1 reads {text!r} as {NAMES[kind]}",
                        f'write "{text}" in quotes for the text{advice(kind, text)}')  # fmt: skip
        return text


class Verbatim(str):
    """A plain scalar of the base file that YAML versions read differently: it is copied as written."""

    __slots__ = ()


def advice(kind: str, text: str) -> str:
    """Return what else the writer of a YAML 1.1 surprise may have meant."""
    if kind == "bool":
        meant = "true" if text.lower() in {"yes", "on", "true", "y"} else "false"
        return f", or {meant} for the boolean"
    if kind == "int" and text.lstrip("+-0").isdigit():
        return f", or {int(text, 10)} for the number"
    return ""


def written_tag(node: Any, text: str) -> str | None:
    """Return the tag that stands before a node in the text, if any."""
    start = node.start_mark.index
    match = re.compile(r"(?:&\S+\s+)?(![^\s,\[\]{}]*)").match(text, start)
    return match[1] if match else None


def token_width(node: Any, text: str) -> int:
    """Return how many characters of its first line a node's text takes."""
    start, end = node.start_mark, node.end_mark
    if isinstance(node, yaml.ScalarNode) and start.line == end.line:
        return max(1, int(end.index - start.index))
    rest = LINE_BREAK.split(text[start.index : start.index + 400], maxsplit=1)[0]
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        match = re.match(r"[^\s:]+", rest)
        return len(match[0]) if match else 1
    if start.line == end.line:
        return max(1, int(end.index - start.index))
    return max(1, len(rest.rstrip()))


def token_error(document: Document, node: Any, code: str, message: str, hint: str) -> Diagnostic:
    """Return a diagnostic at a node of a document; without a node, at the file as a whole."""
    line = column = width = 0
    if node is not None:
        mark = node.start_mark
        line, column = mark.line + 1, mark.column + 1
        width = token_width(node, document.text)
    return Diagnostic(
        file=document.file,
        line=line,
        column=column,
        width=width,
        code=code,
        message=message,
        hint=hint,
    )


def children(node: Any, step: str | int) -> Iterator[tuple[Any, Any]]:
    """Yield (key node, value node) of one step into a node; the last one written wins."""
    if isinstance(node, yaml.MappingNode):
        for key, child in reversed(node.value):
            if isinstance(key, yaml.ScalarNode) and key.value == step:
                yield key, child
        for key, child in node.value:
            if key.tag == TAG + "merge":
                sources = child.value if isinstance(child, yaml.SequenceNode) else [child]
                for source in sources:
                    yield from children(source, step)
    elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        yield node.value[step], node.value[step]


def nearest(root: Any, path: Path) -> tuple[Any, bool]:
    """Return the node of a path, or of its nearest written parent, and whether all of it is written."""
    node = root
    for step in path:
        found = next(children(node, step), None)
        if found is None:
            return node, False
        node = found[1]
    return node, True


def key_node(root: Any, path: Path) -> Any:
    """Return the key of the last written step of a path, or None where that step is a list's item."""
    node, last = root, None
    for step in path:
        found = next(children(node, step), None)
        if found is None:
            break
        last = found[0] if found[0] is not found[1] else None
        node = found[1]
    return last


def syntax_error(text: str, file: str, error: yaml.MarkedYAMLError) -> Diagnostic:
    """Return the parser's complaint at its place."""
    mark = error.problem_mark or error.context_mark
    message = error.problem or "this is no YAML"
    hint = "see that indentation, quotes and brackets fit"
    if "document" in message:
        message, hint = "a second YAML document starts here", "keep one document in the file"
    elif "\\t" in message or text[mark.index : mark.index + 1] == "\t":
        message, hint = "a tab cannot indent YAML", "indent with spaces"
    elif "undefined alias" in message:
        hint = "define the anchor (&name) above, or write the value out"
    line, column = mark.line + 1, mark.column + 1
    return Diagnostic(
        file=file, line=line, column=column, width=1, code="SG101", message=message, hint=hint
    )


def unreadable(text: str, file: str, error: Exception) -> Diagnostic:
    """Return the problem of a text whose characters or nesting YAML does not allow."""
    position = getattr(error, "position", None)
    if position is None:
        return Diagnostic(
            file=file, line=0, column=0, width=0, code="SG101",
            message="this file cannot be read as YAML", hint="see that it is plain text and not nested too deep",
        )  # fmt: skip
    before = LINE_BREAK.split(text[:position])
    character = text[position : position + 1]
    return Diagnostic(
        file=file,
        line=len(before),
        column=len(before[-1]) + 1,
        width=1,
        code="SG101",
        message=f"the character U+{ord(character):04X} is not allowed in YAML",
        hint="remove it, or write it as an escape in double quotes",
    )
