"""A Python syntax tree in; what the names in it mean, as dotted names from where they come, out."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
#: What opens a scope of its own, whose inside binds nothing outside.
OPENS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
PARTIAL = "functools.partial"
IMPORTERS = frozenset({"importlib.import_module", "__import__"})
#: Aliases of aliases are followed no further, nor a name that is bound again and again.
LONGEST_CHAIN = 6
MOST_BINDINGS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What an expression is: a dotted name, and the arguments that a partial has bound to it."""

    name: str
    arguments: tuple[ast.expr, ...] = ()
    keywords: tuple[ast.keyword, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The names that a module, a class or a function binds; None for what only it knows.

    `stars` are the modules of which it imports every name.
    """

    outer: Scope | None
    is_class: bool
    names: dict[str, list[str | ast.expr | None]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)

    def meaning(self, node: ast.expr, depth: int = 0) -> Meaning | None:
        """Return what an expression means, None where nothing outside the scope tells."""
        if depth > LONGEST_CHAIN:
            return None
        if isinstance(node, ast.Name):
            return self.named(node.id, depth)
        if isinstance(node, ast.Attribute):
            found = self.meaning(node.value, depth + 1)
            return Meaning(name=f"{found.name}.{node.attr}") if found else None
        if isinstance(node, ast.Call):
            return self.called(node, depth)
        return None

    def called(self, node: ast.Call, depth: int) -> Meaning | None:
        """Return what a call gives: a partial, a module, or an object of a class, named `C()`."""
        function = self.meaning(node.func, depth + 1)
        if function is None:
            return None
        if function.name == PARTIAL and node.args:
            inner = self.meaning(node.args[0], depth + 1)
            return inner and Meaning(
                name=inner.name,
                arguments=(*inner.arguments, *node.args[1:]),
                keywords=(*inner.keywords, *node.keywords),
            )
        if function.name in IMPORTERS and node.args:
            target = node.args[0]
            if isinstance(target, ast.Constant) and isinstance(target.value, str):
                return Meaning(name=target.value)
        return Meaning(name=f"{function.name}()")

    def named(self, name: str, depth: int = 0) -> Meaning | None:
        """Return what a name means: of several bindings, an import goes first."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.bound(scope.names[name], depth)
            scope = scope.outer
            while scope is not None and scope.is_class:
                scope = scope.outer  # functions do not see the names of their class
        return Meaning(name=name) if name in {"__import__", "map"} else None

    def bound(self, bindings: list[str | ast.expr | None], depth: int) -> Meaning | None:
        """Return the meaning of the first binding that has one."""
        for binding in bindings:
            if isinstance(binding, str):
                return Meaning(name=binding)
        for binding in bindings[:MOST_BINDINGS]:
            if isinstance(binding, ast.expr) and (found := self.meaning(binding, depth + 1)):
                return found
        return None

    def starred(self, name: str) -> Iterator[str]:
        """Yield the dotted names that a name may have, which nothing binds but a star import."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return
            yield from (f"{module}.{name}" for module in scope.stars)
            scope = scope.outer

    def text(self, node: ast.expr) -> ast.expr:
        """Return the expression that a name stands for, where it is bound to one string."""
        scope: Scope | None = self
        while isinstance(node, ast.Name) and scope is not None:
            bindings = scope.names.get(node.id)
            if bindings:
                one = bindings[0] if len(bindings) == 1 else None
                is_text = isinstance(one, ast.Constant) and isinstance(one.value, str)
                return one if is_text and isinstance(one, ast.expr) else node
            scope = scope.outer
        return node


def open_scope(
    node: ast.Module | ast.ClassDef | Function, outer: Scope | None, package: str
) -> Scope:
    """Return the scope that a node opens; `package` is what relative imports are relative to."""
    scope = Scope(outer=outer, is_class=isinstance(node, ast.ClassDef))
    if isinstance(node, Function):
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [each for each in (arguments.vararg, arguments.kwarg) if each]
        for argument in every:
            scope.names[argument.arg] = [None]
    body = [node.body] if isinstance(node, ast.Lambda) else node.body
    elsewhere: set[str] = set()
    for each in within(body):
        if isinstance(each, ast.Global | ast.Nonlocal):
            elsewhere.update(each.names)
        else:
            bind(scope, each, package)
    for name in elsewhere:
        scope.names.pop(name, None)
    return scope


def within(body: list[ast.stmt] | list[ast.expr]) -> Iterator[ast.AST]:
    """Yield every node of a body that stands in its own scope, in the order of the text."""
    pending: list[ast.AST] = list(reversed(body))
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, OPENS):
            pending.extend(reversed(list(ast.iter_child_nodes(node))))


def bind(scope: Scope, node: ast.AST, package: str) -> None:
    """Add to a scope what one node binds."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        bind_imports(scope, node, package)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        add(scope, node.name, None)
    elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            if isinstance(target, ast.Name):
                add(scope, target.id, node.value)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        scope.names.setdefault(node.id, [None])
    elif isinstance(node, ast.ExceptHandler) and node.name:
        scope.names.setdefault(node.name, [None])


def bind_imports(scope: Scope, node: ast.Import | ast.ImportFrom, package: str) -> None:
    """Add to a scope what an import binds."""
    for alias in node.names:
        if isinstance(node, ast.Import):
            name = alias.asname or alias.name.partition(".")[0]
            add(scope, name, alias.name if alias.asname else name)
            continue
        module = absolute(node, package)
        if alias.name == "*":
            scope.stars.append(module)
        else:
            add(scope, alias.asname or alias.name, f"{module}.{alias.name}".lstrip("."))


def add(scope: Scope, name: str, binding: str | ast.expr | None) -> None:
    """Add one binding of a name."""
    scope.names.setdefault(name, []).append(binding)


def absolute(node: ast.ImportFrom, package: str) -> str:
    """Return the dotted name of the module that a statement imports from."""
    if not node.level:
        return node.module or ""
    parts = package.split(".") if package else []
    kept = parts[: max(0, len(parts) - node.level + 1)]
    return ".".join([*kept, *([node.module] if node.module else [])])
