"""Values in, text that one language reads back as the same value out."""

from __future__ import annotations

import json
import re
from typing import Any

from shardgen.compose import Reset, Whole
from shardgen.source import Verbatim

#: A flow collection is written on one line up to this many characters.
FLOW_WIDTH = 64
PLAIN_IN_BLOCK = re.compile(r"[A-Za-z_./$][A-Za-z0-9_./${}@?-]*(:[A-Za-z0-9_./${}@?-]+)*")
PLAIN_IN_FLOW = re.compile(r"[A-Za-z_./][A-Za-z0-9_./-]*")
#: Every plain text that some YAML version reads as something other than a string.
RESERVED = re.compile(
    r"(?i:y|n|yes|no|on|off|true|false|null|none|nan|\.inf|\.nan|[._]*[0-9][0-9_.:e]*)"
)
#: Durations and sizes begin with a digit, and are still no number to any reader.
PLAIN_AMOUNT = re.compile(r"[1-9][0-9]*(ms|s|m|h|k|g)")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: Characters that a YAML or JSON reader may refuse, or take for a line break, unless escaped.
UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
ENV_PLAIN = re.compile(r"[A-Za-z0-9_./:,@%+=~-]*")
NGINX_PLAIN = re.compile(r"[A-Za-z0-9_./:,@%+=-]{1,400}")
#: What nginx reads at a time; a word is within it.
NGINX_BUFFER = 4096
#: `json.dumps` would make an encoder for each string.
in_quotes = json.JSONEncoder(ensure_ascii=False).encode


class Quoted(str):
    """Text that passed a quoting filter; templates may write nothing else but integers."""

    __slots__ = ()


class Alias:
    """The value of a `<<` key: a reference to an anchor of the same file."""

    def __init__(self, anchor: str) -> None:
        self.anchor = anchor

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alias) and other.anchor == self.anchor

    def __hash__(self) -> int:
        return hash(self.anchor)


def quoted_string(text: str) -> str:
    """Return text in double quotes, as JSON, YAML and Python all read it."""
    body = in_quotes(text)
    return UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", body)


def yaml_scalar(value: Any, *, flow: bool = False) -> str:
    """Return a scalar as YAML; a string stays bare only where no reader can mistake it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Verbatim):
        return str(value)
    if isinstance(value, Reset):
        return "!reset null"
    if isinstance(value, Alias):
        return f"*{value.anchor}"
    if not isinstance(value, str):
        return repr(value)
    plain = PLAIN_IN_FLOW if flow else PLAIN_IN_BLOCK
    if plain.fullmatch(value) and not RESERVED.fullmatch(value):
        return value
    if PLAIN_AMOUNT.fullmatch(value):
        return value
    return quoted_string(value)


def yaml_flow(value: Any) -> str:
    """Return a value on one line."""
    tag = "!override " if isinstance(value, Whole) else ""
    if isinstance(value, dict):
        items = ", ".join(
            f"{yaml_key(key, item)}: {yaml_flow(item)}" for key, item in value.items()
        )
        return f"{tag}{{{items}}}"
    if isinstance(value, (list, tuple)):
        return f"{tag}[{', '.join(yaml_flow(item) for item in value)}]"
    return yaml_scalar(value, flow=True)


def yaml_key(key: str, value: Any) -> str:
    """Return a mapping's key; `<<` is the merge key only where its value is an alias."""
    return key if isinstance(value, Alias) else yaml_scalar(key, flow=True)


def short_flow(value: Any) -> str | None:
    """Return a collection on one line, None where it reads better on several."""
    if any(parts(part) for item in parts(value) for part in parts(item)):
        return None
    line = yaml_flow(value)
    return line if len(line) <= FLOW_WIDTH else None


def parts(value: Any) -> list[Any]:
    """Return the values in a collection; a scalar has none."""
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, (list, tuple)) else []


def yaml_block(value: Any, indent: int = 0) -> Quoted:
    """Filter: a mapping or a list as indented YAML lines, the last one without its line break."""
    return Quoted("".join(block_lines(value, " " * indent))[:-1])


def block_lines(value: Any, pad: str) -> list[str]:
    """Return the lines of a non-empty collection."""
    lines: list[str] = []
    if isinstance(value, dict):
        for key, item in value.items():
            lines += entry_lines(f"{pad}{yaml_key(key, item)}:", item, pad + "  ")
    else:
        for item in value:
            lines += entry_lines(f"{pad}-", item, pad + "  ")
    return lines


def entry_lines(head: str, item: Any, pad: str) -> list[str]:
    """Return one entry: on its own line, or below it where it is long."""
    if item is None:
        return [f"{head}\n"]
    if not isinstance(item, (dict, list, tuple)):
        return [f"{head} {yaml_scalar(item)}\n"]
    if (line := short_flow(item)) is not None:
        return [f"{head} {line}\n"]
    if isinstance(item, Whole):
        return [f"{head} !override\n", *block_lines(item, pad)]
    if head.endswith("-"):
        first, *rest = block_lines(item, pad)
        return [f"{head} {first[len(pad) :]}", *rest]
    return [f"{head}\n", *block_lines(item, pad)]


def yaml(value: Any) -> Quoted:
    """Filter: a value as YAML, on one line."""
    return Quoted(yaml_flow(value) if isinstance(value, (dict, list)) else yaml_scalar(value))


def env(value: Any) -> Quoted:
    """Filter: a value of an env file, as python-dotenv and compose both read it.

    Single quotes keep everything but themselves, a backslash, which the two readers disagree on,
    and `${`, which python-dotenv replaces even there; so such a value is refused.
    """
    text = str(value)
    if ENV_PLAIN.fullmatch(text):
        return Quoted(text)
    if re.search(r"['\\\x00-\x1f\x7f]|\$\{", text):
        raise ValueError(f"{text!r} has no spelling that every env file reader agrees on")
    return Quoted(f"'{text}'")


def python(value: Any) -> Quoted:
    """Filter: a value as a Python literal, strings in double quotes."""
    if isinstance(value, str):
        return Quoted(quoted_string(value))
    return Quoted(repr(value))


def json_text(value: Any) -> Quoted:
    """Filter: a value as JSON."""
    if isinstance(value, str):
        return Quoted(quoted_string(value))
    return Quoted(json.dumps(value, ensure_ascii=True, sort_keys=True))


def promql(value: Any) -> Quoted:
    """Filter: a string of PromQL; a mapping as matchers of labels, `{shard="2"}`."""
    if isinstance(value, dict):
        matchers = (f"{label(key)}={promql(each)}" for key, each in value.items())
        return Quoted(f"{{{', '.join(matchers)}}}")
    return Quoted(quoted_string(str(value)))


def label(value: str) -> str:
    """Return the name of a label, as Prometheus can have it."""
    if not LABEL.fullmatch(value):
        raise ValueError(f"{value!r} is no name of a label")
    return value


def gotemplate(value: Any) -> Quoted:
    """Filter: prose in a template of Go's, as Prometheus' annotations are; it opens no action."""
    return Quoted(text(value).replace("{", '{{"{"}}'))


def nginx(value: Any) -> Quoted:
    """Filter: a word of nginx's configuration that says exactly this text.

    nginx has no way to write a `$` that begins no variable, or a longer word than its buffer, so
    such a text is refused.
    """
    text = str(value)
    if NGINX_PLAIN.fullmatch(text):
        return Quoted(text)
    written = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if "$" in text or "\x00" in text or len(written.encode()) >= NGINX_BUFFER:
        raise ValueError(f"{text!r:.60} cannot be a word of nginx's configuration")
    return Quoted(written)


def name(value: Any) -> Quoted:
    """Filter: a bare name, as Python, compose and the shell all allow it."""
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise ValueError(f"{value!r} is no name")
    return Quoted(value)


def text(value: Any) -> Quoted:
    """Filter: one line of prose for a comment or a document; line breaks become spaces."""
    line = str(value)
    if not line.isprintable():
        words = UNPRINTABLE.sub(" ", line).split()
        line = "".join(c if c.isprintable() else "?" for c in " ".join(words))
    return Quoted(" ".join(line.split()))


def code(value: Any) -> Quoted:
    """Filter: inline code in Markdown; the fence is longer than any run of backticks inside.

    A bar is escaped, so that the code can stand in a table.
    """
    line = text(value).replace("|", "\\|")
    if "`" not in line:
        return Quoted(f"`{line}`")
    fence = "`" * (1 + max(len(run) for run in re.findall("`+", line)))
    return Quoted(f"{fence} {line} {fence}")


def join(values: Any, separator: str = "") -> Quoted:
    """Filter: quoted values as one text; a value that is not quoted is refused."""
    parts = list(values)
    for part in parts:
        finalize(part)
    return Quoted(separator.join(str(part) for part in parts))


def finalize(value: Any) -> Any:
    """Return a value that a template may write: quoted text, or an integer."""
    if isinstance(value, Quoted) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if hasattr(type(value), "_fail_with_undefined_error"):
        str(value)  # jinja says best what is undefined, or what the sandbox does not allow
    raise UnquotedValue(value)


class UnquotedValue(ValueError):
    """A template wrote a value that passed no quoting filter."""

    def __init__(self, value: Any) -> None:
        super().__init__(
            f"{value!r} passed no quoting filter: add one, as in `{{{{ value | yaml }}}}`"
        )
