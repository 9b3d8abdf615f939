"""A Python file in; what in it goes around the router and shards.yaml out."""

from __future__ import annotations

import ast
import posixpath
from typing import TYPE_CHECKING

from shardgen.audit.calls import router_calls
from shardgen.audit.literals import addresses
from shardgen.audit.module import (
    Module,
    is_config,
    is_test,
    package_of,
    parse_python,
)
from shardgen.audit.pieces import parts_of, text_of
from shardgen.audit.scopes import OPENS, Scope, open_scope
from shardgen.audit.strings import literals, named_port
from shardgen.audit.variables import environment_reads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.audit.page import Page
    from shardgen.audit.subject import Subject
    from shardgen.diagnostics import Diagnostic


def findings(page: Page, subject: Subject) -> Iterator[Diagnostic]:
    """Yield what a Python file says or reads that the router and shards.yaml should.

    Tests are left alone: they run on no production machine, and a test that types a URL fails
    where the URL changes.
    """
    if is_test(page.path) or not subject.words.are_in(page.text):
        return
    try:
        tree = parse_python(page.text)
    except SyntaxError as error:
        if names_fleet(page.text, subject):
            yield unparsed(page, error)
        return
    module = Module(page=page, subject=subject, package=package_of(page.path))
    yield from Reader(module).read(tree)


def names_fleet(text: str, subject: Subject) -> bool:
    """Return whether a text surely speaks of the fleet, so that it has to be read."""
    names = [*subject.variables, subject.fleet.router.function]
    names += [host for host in subject.hosts if host != subject.service]
    if subject.router:
        names.append(posixpath.basename(subject.router).removesuffix(".py"))
    return any(name in text for name in names) or any(True for _ in addresses(text, subject))


def unparsed(page: Page, error: SyntaxError) -> Diagnostic:
    """Return the diagnostic of a file that Python does not accept."""
    message = f"this Python does not read the file, so that nothing in it was audited: {error.msg}"
    hint = "mend it, or leave it out: --exclude, or --ignore SG809"
    return page.at(error.lineno or 1, error.offset or 1, 1, "SG809", message, hint)


class Reader:
    """Walks one tree, and knows at each node the scope and the nodes above it.

    It does so without recursion: a long sum or many `elif` nest deeper than Python would.
    """

    def __init__(self, module: Module) -> None:
        self.module = module
        self.parents: list[ast.AST] = []
        #: The expressions that are looked at as parts of another one's text, by their id().
        self.covered: set[int] = set()
        self.is_config = is_config(module.page.path)

    def read(self, tree: ast.Module) -> Iterator[Diagnostic]:
        """Yield what is found in a module."""
        outermost = open_scope(tree, None, self.module.package)
        pending: list[tuple[ast.AST, Scope, int]] = [(tree, outermost, 0)]
        while pending:
            node, scope, depth = pending.pop()
            del self.parents[depth:]
            if isinstance(node, OPENS):
                # Its decorators and defaults belong outside, and are read inside all the same: a
                # name of the function that hides one of the module's there is rare.
                scope = open_scope(node, scope, self.module.package)
            elif isinstance(node, ast.expr):
                variables = [*self.variables(node, scope)]
                if variables:
                    yield from variables
                    continue
                yield from self.expression(node, scope)
            self.parents.append(node)
            children = [(child, scope, depth + 1) for child in ast.iter_child_nodes(node)]
            pending.extend(reversed(children))

    def variables(self, node: ast.expr, scope: Scope) -> Iterator[Diagnostic]:
        """Yield what an expression reads from the environment; the configuration may read it."""
        if isinstance(node, ast.Call | ast.Subscript) and not self.is_config:
            yield from environment_reads(self.module, scope, node)

    def expression(self, node: ast.expr, scope: Scope) -> Iterator[Diagnostic]:
        """Yield what is found at an expression itself."""
        if isinstance(node, ast.Call):
            yield from router_calls(self.module, scope, node)
        if isinstance(node, ast.Constant):
            yield from named_port(self.module, node, self.parents)
        text = text_of(node)
        if text is not None:
            self.covered.update(map(id, parts_of(node)))
            if id(node) not in self.covered:
                yield from literals(self.module, node, text, self.parents)
