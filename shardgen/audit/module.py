"""A Python page in; its tree, the places of its nodes, and what of it is the router, out."""

from __future__ import annotations

import ast
import posixpath
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.audit.page import Page
    from shardgen.audit.scopes import Meaning, Scope
    from shardgen.audit.subject import Subject
    from shardgen.diagnostics import Diagnostic

TESTS = frozenset({"test", "tests", "testing"})
CONFIGS = frozenset({"config", "configs", "configuration", "conf", "settings", "env"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A Python file that is looked at. `package` is what its relative imports are relative to."""

    page: Page
    subject: Subject
    package: str

    def offset(self, line: int, column: int) -> int:
        """Return the offset in the text of a line and a column in bytes of UTF-8, as ast counts."""
        text = self.page.lines[line - 1] if line <= len(self.page.lines) else ""
        if not text.isascii():
            column = len(text.encode("utf-8", "replace")[:column].decode("utf-8", "ignore"))
        return self.page.offset(line, column + 1)

    def span(self, node: ast.expr) -> tuple[int, int]:
        """Return where a node begins and ends in the text."""
        start = self.offset(node.lineno, node.col_offset)
        end_line, end_column = node.end_lineno, node.end_col_offset
        if end_line is None or end_column is None:
            return start, start + 1
        return start, self.offset(end_line, end_column)

    def found(
        self, node: ast.expr, code: str, message: str, hint: str, part: str = ""
    ) -> Diagnostic:
        """Return a diagnostic at a node, or at a part of its text where it is written as it is."""
        start, end = self.span(node)
        at = self.page.text.find(part, start, end) if part else -1
        if at >= 0:
            start, end = at, at + len(part)
        return self.page.span(start, end, code, message, hint)

    def router_functions(
        self, scope: Scope, node: ast.expr
    ) -> Iterator[tuple[str, Meaning | None]]:
        """Yield the function of the router that an expression is, if any, with what is bound."""
        meaning = scope.meaning(node)
        if meaning and (name := router_function(self.subject, meaning.name)):
            yield name, meaning
        elif meaning is None and isinstance(node, ast.Name):
            for dotted in scope.starred(node.id):
                if name := router_function(self.subject, dotted):
                    yield name, None
                    return


def parse_python(text: str) -> ast.Module:
    """Return the tree of a text; raises SyntaxError where it is none of this Python's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a text's own, as an odd escape
        try:
            return ast.parse(text)
        except (ValueError, RecursionError, MemoryError) as error:
            raise SyntaxError(str(error)) from error


def package_of(path: str) -> str:
    """Return the dotted package in which a Python file is."""
    return posixpath.dirname(path).strip("./").replace("/", ".")


def is_test(path: str) -> bool:
    """Return whether a Python file is a test: it runs on no production machine."""
    *folders, name = path.split("/")
    return (
        not TESTS.isdisjoint(folders)
        or name.startswith("test_")
        or name.endswith("_test.py")
        or name == "conftest.py"
    )


def is_config(path: str) -> bool:
    """Return whether a Python file is the project's configuration, by its name or its folder's."""
    *folders, name = path.split("/")
    return name.removesuffix(".py") in CONFIGS or bool(folders and folders[-1] in CONFIGS)


def router_function(subject: Subject, dotted: str) -> str | None:
    """Return the router's function that a dotted name is, None for anything else."""
    if dotted in subject.exports:
        return subject.exports[dotted]
    module, _, name = dotted.rpartition(".")
    names = subject.fleet.router
    known = {names.function, names.for_function, "shard_for", "use_shard_lookup"}
    return name if name in known and is_router(subject, module) else None


def is_router(subject: Subject, module: str) -> bool:
    """Return whether a dotted name is the router's module, from whatever folder it is imported."""
    if not subject.router or not module:
        return False
    own = subject.router.removesuffix(".py").replace("/", ".")
    return module == own or own.endswith(f".{module}") or module.endswith(f".{own}")
