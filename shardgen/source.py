"""YAML text in; a document, and what is wrong with the text, out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from shardgen import compose
from shardgen.document import TAG, Document, token_error
from shardgen.syntax import Loader, conflict, syntax_error, unreadable

if TYPE_CHECKING:
    from shardgen.diagnostics import Diagnostic

RESOLVER: Any = yaml.resolver.Resolver()
#: More values than this, once aliases are written out, is an attack and not a fleet.
MOST_VALUES = 2_000_000
DEEPEST = 200
DEEP_LINE = re.compile(r"(?:[-?:][ \t]+){500}")
#: What YAML 1.1 reads as one thing and a person as another. JSON's own numbers are not among them.
PLAIN_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
#: No number that anyone means has as many digits; Python reads none of more than 4300.
LONGEST_NUMBER = 20
#: What YAML 1.2 reads as a number, and YAML 1.1 as text.
NUMBER_1_2 = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0o[0-7]+")
WRITTEN_TAG = re.compile(r"(?:&\S+\s+)?(![^\s,\[\]{}]*)")
NAMES = {"bool": "a boolean", "int": "a number", "float": "a number", "timestamp": "a date"}


def parse(text: str, file: str, *, strict: bool = True) -> Document:
    """Return the document; with `strict`, whatever a shards.yaml may not hold is a problem.

    A text that is no YAML at all has data None and one problem.
    """
    text = text.removeprefix("\ufeff")
    if strict and (found := conflict(text, file)):
        return Document(file=file, text=text, root=None, data=None, problems=(found,))
    try:
        root = compose_shallow(text)
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
    return Document(file=file, text=text, root=root, data=data, problems=tuple(reader.problems))


def compose_shallow(text: str) -> Any:
    """Return the root node of a text; raises RecursionError where it is nested too deep."""
    try:
        if too_deep(text):
            raise RecursionError
        return yaml.compose(text, Loader=Loader)
    except yaml.MarkedYAMLError as error:
        if "nesting depth" in str(error.problem):  # newer libyaml counts for itself
            raise RecursionError from error
        raise


def too_deep(text: str) -> bool:
    """Return whether a text nests deeper than libyaml's recursive composer can go without a crash.

    Only a text that could be is looked at: brackets, or many dashes and the like on one line;
    indentation alone would need hundreds of megabytes.
    """
    if text.count("[") + text.count("{") < 5000 and not DEEP_LINE.search(text):
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
        self.places: set[int] = set()
        self.is_too_big = False

    def report(self, node: Any, code: str, message: str, hint: str) -> None:
        """Add a problem at a node; a second one at the same place is the first one's doing."""
        if node.start_mark.index not in self.places:
            self.places.add(node.start_mark.index)
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
            value: Any = compose.Reset()
        elif isinstance(node, yaml.MappingNode):
            value = self.mapping(node)
        elif isinstance(node, yaml.SequenceNode):
            value = [self.value(item) for item in node.value]
            self.size[key] = 1 + sum(self.size.get(id(item), 1) for item in node.value)
        else:
            value = self.scalar(node)
        if not self.strict and node.tag == "!override":
            value = compose.whole(value)
        self.open.discard(key)
        self.done[key] = value
        if self.size.get(key, 0) > MOST_VALUES and not self.is_too_big:
            self.is_too_big = True
            self.report(node, "SG108", f"the aliases in this unfold to {self.size[key]} values",
                        "write the values out, or use fewer nested aliases")  # fmt: skip
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
            value = self.value(child)
            name = self.key(key)
            if name is None:
                continue
            if self.strict and name in first:
                self.report(key, "SG102", f"the key {name!r} stands twice",
                            f"first at line {first[name]}; keep one of them")  # fmt: skip
            first.setdefault(name, key.start_mark.line + 1)
            found[name] = value
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
            if isinstance(source, dict):  # compose itself refuses what is none
                for name, value in source.items():
                    found.setdefault(name, value)

    def key(self, node: Any) -> str | None:
        """Return a key as text, None where it can be none."""
        if isinstance(node, yaml.ScalarNode):
            if self.strict and node.tag != TAG + "str":
                self.report(node, "SG106", f"the key {node.value!r} is not a string",
                            f'write it in quotes: "{node.value}"')  # fmt: skip
            return str(node.value)
        self.report(node, "SG106", "a key must be a string, not a list or a mapping",
                    "write the key as plain text")  # fmt: skip
        return None

    def scalar(self, node: Any) -> Any:
        """Return a scalar's value by the rules of JSON; what YAML 1.1 adds to them is a problem."""
        self.size[id(node)] = 1
        text = node.value
        if not node.tag.startswith(TAG):
            node.tag = RESOLVER.resolve(yaml.ScalarNode, text, (True, False))
        if node.style or node.tag == TAG + "str":  # libyaml gives plain scalars the style ""
            if not node.style and NUMBER_1_2.fullmatch(text):
                return self.surprise(node, "1.2", "a number", "")
            return text
        kind = node.tag.removeprefix(TAG)
        if kind == "null":
            return None
        if not self.strict and kind not in NAMES:
            return text  # a lone `=` or `<<`: YAML 1.1 gives them types that nobody means
        if kind == "bool" and text in {"true", "false"}:
            return text == "true"
        if kind in {"int", "float"} and PLAIN_NUMBER.fullmatch(text) and len(text) < LONGEST_NUMBER:
            return float(text) if "." in text else int(text)
        return self.surprise(node, "1.1", NAMES.get(kind, "another type"), advice(kind, text))

    def surprise(self, node: Any, version: str, name: str, meant: str) -> str:
        """Report a value that versions of YAML read differently; return its text."""
        if not self.strict:
            return Verbatim(node.value)
        self.report(node, "SG109", f"YAML {version} reads {node.value!r} as {name}",
                    f'write "{node.value}" in quotes for the text{meant}')  # fmt: skip
        return str(node.value)


class Verbatim(str):
    """A plain scalar of the base file that YAML versions read differently: copied as written."""

    __slots__ = ()


def advice(kind: str, text: str) -> str:
    """Return what else the writer of a YAML 1.1 surprise may have meant."""
    if kind == "bool":
        meant = "true" if text.lower() in {"yes", "on", "true", "y"} else "false"
        return f", or {meant} for the boolean"
    if kind == "int" and text.lstrip("+-0").isdigit() and len(text) < LONGEST_NUMBER:
        return f", or {int(text, 10)} for the number"
    return ""


def written_tag(node: Any, text: str) -> str | None:
    """Return the tag that stands before a node in the text, if any."""
    start = node.start_mark.index
    if text[start : start + 1] not in {"!", "&"}:
        return None
    match = WRITTEN_TAG.match(text, start)
    return match[1] if match else None
