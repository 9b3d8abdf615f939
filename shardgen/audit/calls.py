"""A call of the router in; whether it gives the shard, and what goes wrong without one, out."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.audit.module import Module
    from shardgen.audit.scopes import Meaning, Scope
    from shardgen.diagnostics import Diagnostic

CODE = "SG801"


def router_calls(module: Module, scope: Scope, node: ast.Call) -> Iterator[Diagnostic]:
    """Yield a diagnostic where a call asks the router for a tenant without the shard."""
    if module.subject.has_lookup:
        return
    for name, meaning in module.router_functions(scope, node.func):
        arguments, keywords = node.args, node.keywords
        if meaning:
            arguments = [*meaning.arguments, *arguments]
            keywords = [*meaning.keywords, *keywords]
        yield from judged(module, node, name, arguments, keywords)
    function = scope.meaning(node.func)
    if function and function.name == "map" and len(node.args) == 2:
        for name, bound in module.router_functions(scope, node.args[0]):
            yield from mapped(module, node, name, bound)


def mapped(
    module: Module, node: ast.Call, name: str, bound: Meaning | None
) -> Iterator[Diagnostic]:
    """Yield a diagnostic for a function of the router that `map` calls with a tenant alone."""
    is_bound = bound is not None and (bound.arguments or bound.keywords)
    if name != module.subject.fleet.router.for_function and not is_bound:
        yield without_shard(module, node.args[0], f"map gives {name}() no shard")


def judged(
    module: Module,
    node: ast.Call,
    name: str,
    arguments: list[ast.expr],
    keywords: list[ast.keyword],
) -> Iterator[Diagnostic]:
    """Yield a diagnostic where neither arguments nor keywords surely hold the shard."""
    router = module.subject.fleet.router
    if name == "use_shard_lookup" or any(keyword.arg is None for keyword in keywords):
        return
    if any(isinstance(argument, ast.Starred) for argument in arguments):
        return
    given = {keyword.arg: keyword.value for keyword in keywords}
    shard = arguments[1] if len(arguments) > 1 else given.get(router.shard_parameter)
    if shard is not None and not is_none(shard):
        return
    what = f"{name}() without the shard" if shard is None else f"{name}() with none as the shard"
    if name == router.for_function:
        tenant = arguments[0] if arguments else given.get(router.entity_parameter)
        if tenant is None or not is_id(module, tenant):
            return
        what = f"{name}() is given an id, which does not say the shard"
    yield without_shard(module, node.func, what)


def without_shard(module: Module, place: ast.expr, what: str) -> Diagnostic:
    """Return the diagnostic of a call without the shard."""
    router = module.subject.fleet.router
    row, column = router.entity_parameter, router.shard_parameter
    rule = module.subject.fleet.routing.fallback
    message = (
        f"{what}: the {rule} fallback guesses, and a {row} whose {column} says another shard gets "
        f"no answer"
    )
    hint = (
        f"pass {column}={row}.{column}, or call {router.for_function}({row}); use_shard_lookup() "
        f"mends all calls"
    )
    return module.found(place, CODE, message, hint)


def is_none(node: ast.expr) -> bool:
    """Return whether an expression is a literal None, or 0, which the router takes for none."""
    return isinstance(node, ast.Constant) and node.value in {None, 0} and node.value is not False


def is_id(module: Module, node: ast.expr) -> bool:
    """Return whether an expression surely is a tenant's id, and no row that knows its shard."""
    subject = module.subject
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | str)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "int"
    ids = {"id", subject.fleet.database.id_column, subject.fleet.router.tenant_parameter}
    if isinstance(node, ast.Attribute):
        return node.attr in ids
    return isinstance(node, ast.Name) and (node.id in ids or node.id.endswith("_id"))
