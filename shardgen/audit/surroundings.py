"""The nodes around a Python expression in; what it is for, by the names that surround it, out."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Functions whose texts are read by people alone, and methods that make one text of another.
TALKERS = frozenset({
    "print", "debug", "info", "warning", "warn", "error", "exception", "critical", "log", "echo",
    "secho", "add_argument",
})  # fmt: skip
METHODS = frozenset({"format", "join", "strip", "rstrip", "lstrip", "replace", "dedent"})
#: Arguments that are read by people alone.
PROSE = frozenset({
    "help", "description", "doc", "example", "examples", "title", "summary", "epilog", "usage",
    "metavar", "label", "placeholder", "verbose_name", "help_text",
})  # fmt: skip
#: Functions whose texts are commands.
RUNNERS = re.compile(
    r"(?:.*\.)?(?:system|popen|Popen|run|check_call|check_output|call|getoutput|sudo|local"
    r"|create_subprocess_(?:exec|shell))"
)


def is_prose(parents: Sequence[ast.AST]) -> bool:
    """Return whether a text is a docstring, a message, or help: nothing is called by it."""
    for index in range(len(parents) - 1, -1, -1):
        node = parents[index]
        if isinstance(node, ast.keyword) and node.arg in PROSE:
            return True
        if isinstance(node, ast.Call):
            name = last_name(node.func)
            if name in TALKERS or isinstance(parents[index - 1], ast.Raise):
                return True
            if name not in METHODS:
                return False
        if isinstance(node, ast.stmt):
            is_docstring = isinstance(node, ast.Expr) and node is parents[-1]
            return is_docstring or isinstance(node, ast.Raise)
    return False


def is_command(parents: Sequence[ast.AST]) -> bool:
    """Return whether a text is, or is a part of, a command that is run."""
    calls = (node for node in parents if isinstance(node, ast.Call))
    return any(RUNNERS.fullmatch(dotted(node.func)) for node in calls)


def names_around(node: ast.AST, parents: Sequence[ast.AST]) -> Iterator[str]:
    """Yield the names that say what an expression is for, the nearest first."""
    for parent in reversed(parents):
        if isinstance(parent, ast.keyword):
            yield parent.arg or ""
        elif isinstance(parent, ast.Dict) and node in parent.values:
            key = parent.keys[parent.values.index(node)]
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value
        elif isinstance(parent, ast.arguments):
            yield argument_of(node, parent)
        elif isinstance(parent, ast.Call):
            yield dotted(parent.func)
        elif isinstance(parent, ast.Compare):
            yield from (dotted(side) for side in (parent.left, *parent.comparators) if side != node)
        elif isinstance(parent, ast.Subscript):
            yield dotted(parent.value)
        elif isinstance(parent, ast.stmt):
            yield from targets_of(parent)
            return
        node = parent


def argument_of(default: ast.AST, arguments: ast.arguments) -> str:
    """Return the name of the argument that has a default; '' where there is none."""
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = [
        *zip(reversed(positional), reversed(arguments.defaults), strict=False),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    return next((argument.arg for argument, value in pairs if value is default), "")


def targets_of(node: ast.stmt) -> Iterator[str]:
    """Yield the names to which a statement gives a value."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield dotted(target)
    elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.For):
        yield dotted(node.target)


def beside(node: ast.AST, parents: Sequence[ast.AST]) -> Iterator[ast.expr]:
    """Yield the expressions that stand beside one: in its call, its tuple, its list, its dict."""
    for parent in reversed(parents):
        if isinstance(parent, ast.Tuple | ast.List):
            yield from (each for each in parent.elts if each is not node)
            return
        if isinstance(parent, ast.Call):
            every = [*parent.args, *(keyword.value for keyword in parent.keywords)]
            yield from (each for each in every if each is not node)
            return
        if isinstance(parent, ast.Dict):
            yield from (each for each in parent.values if each is not node)
            return
        if not isinstance(parent, ast.keyword):
            return


def last_name(node: ast.expr) -> str:
    """Return the last part of a dotted expression."""
    return dotted(node).rpartition(".")[2]


def dotted(node: ast.expr) -> str:
    """Return a dotted expression as it is written; '' where there is no name in it."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            parts.append(str(node.slice.value))
        node = node.func if isinstance(node, ast.Call) else node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
    return ".".join(reversed(parts))
