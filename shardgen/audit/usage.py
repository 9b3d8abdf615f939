"""The Python files of a project in; how they come to the router out: through which modules, and
whether with a lookup.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from shardgen.audit.module import Module, is_router, is_test, package_of, parse_python
from shardgen.audit.scopes import Scope, open_scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shardgen.audit.page import Page
    from shardgen.audit.subject import Subject

LOOKUP = "use_shard_lookup"


def with_usage(subject: Subject, pages: Iterable[Page]) -> Subject:
    """Return the subject with what the project's Python files say of the router.

    Tests do not count: a lookup that only they use answers nobody in production.
    """
    stem = (subject.router or "").rpartition("/")[2].removesuffix(".py")
    exports: dict[str, str] = {}
    has_lookup = False
    for page in pages:
        if not stem or stem not in page.text or is_test(page.path):
            continue
        try:
            tree = parse_python(page.text)
        except SyntaxError:
            continue  # the page's own audit says so
        module = Module(page=page, subject=subject, package=package_of(page.path))
        scope = open_scope(tree, None, module.package)
        exports.update(handed_on(module, scope))
        has_lookup = has_lookup or (LOOKUP in page.text and uses_lookup(module, scope, tree))
    return replace(subject, exports=exports, has_lookup=has_lookup)


def handed_on(module: Module, scope: Scope) -> Iterator[tuple[str, str]]:
    """Yield the dotted names by which other modules can import the router's functions from here."""
    path = module.page.path.removesuffix(".py").removesuffix("/__init__")
    here = path.replace("/", ".")
    for name in scope.names:
        node = ast.Name(id=name, ctx=ast.Load())
        for function, meaning in module.router_functions(scope, node):
            if meaning and not meaning.arguments and not meaning.keywords:
                yield f"{here}.{name}", function
    if any(is_router(module.subject, star) for star in scope.stars):
        names = module.subject.fleet.router
        for function in (names.function, names.for_function, "shard_for", LOOKUP):
            yield f"{here}.{function}", function


def uses_lookup(module: Module, scope: Scope, tree: ast.Module) -> bool:
    """Return whether a file gives the router a lookup; None would take it away."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not (node.args or node.keywords):
            continue
        given = [*node.args, *(keyword.value for keyword in node.keywords)][0]
        is_off = isinstance(given, ast.Constant) and given.value is None
        if not is_off and is_lookup(module, scope, node.func):
            return True
    return False


def is_lookup(module: Module, scope: Scope, function: ast.expr) -> bool:
    """Return whether an expression is `use_shard_lookup`, imported anywhere in the file."""
    name = function.attr if isinstance(function, ast.Attribute) else None
    name = function.id if isinstance(function, ast.Name) else name
    if name == LOOKUP:
        return True
    return any(found == LOOKUP for found, _ in module.router_functions(scope, function))
