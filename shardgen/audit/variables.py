"""Python that reads the environment in; what of it reads a shard variable past the router, out."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from shardgen.audit.pieces import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.audit.module import Module
    from shardgen.audit.scopes import Scope
    from shardgen.audit.subject import Subject
    from shardgen.diagnostics import Diagnostic

CODE = "SG802"
#: What reads the variable that its first argument names: os, decouple, environs, django-environ.
READERS = re.compile(
    r"os\.getenv|os\.environ\.(?:get|pop|setdefault|__getitem__)"
    r"|(?:decouple|starlette\.config)\.(?:config|(?:Auto)?Config\(\))"
    r"|(?:environs|environ)\.(?:Env|FileAwareEnv)\(\)(?:\.\w+)?"
    r"|dotenv\.dotenv_values\(\)\.get"
)
MAPPINGS = frozenset({"os.environ", "dotenv.dotenv_values()"})


def read_variable(scope: Scope, node: ast.expr) -> ast.expr | None:
    """Return the expression that names the variable which a node reads, None for none."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        found = scope.meaning(node.value)
        return node.slice if found and found.name in MAPPINGS else None
    if isinstance(node, ast.Call) and node.args:
        found = scope.meaning(node.func)
        return node.args[0] if found and READERS.fullmatch(found.name) else None
    return None


def environment_reads(module: Module, scope: Scope, node: ast.expr) -> Iterator[Diagnostic]:
    """Yield a diagnostic where a node reads a shard variable from the environment."""
    name = read_variable(scope, node)
    text = text_of(scope.text(name)) if name is not None else None
    if name is None or text is None or not is_shard_variable(text, module.subject):
        return
    subject = module.subject
    if text == f"{subject.prefix}_PORT" and subject.is_shards_own(module.page.path):
        return  # where the service itself listens
    shown = re.sub(r"\0|\{[^{}]*\}|%[sd]", "{N}", text)
    functions = module.subject.fleet.router
    hint = f"ask the router: {functions.for_function}({functions.entity_parameter})"
    if not text.endswith("_URL"):
        hint = "ask the router: get_all_shard_urls() has every shard, with its URL"
    message = f"{shown} is read past the router: {consequence(text, module.subject)}"
    yield module.found(name, CODE, message, hint)


def is_shard_variable(text: str, subject: Subject) -> bool:
    """Return whether a text names a shard variable, its number filled in later or not."""
    pattern = re.escape(subject.prefix) + r"_SHARD_(?:\0|%[sd]|\{[^{}]*\})_URL"
    return subject.is_variable(text) or bool(re.fullmatch(pattern, text))


def consequence(variable: str, subject: Subject) -> str:
    """Return what goes wrong where a variable is read by other code than the router."""
    if variable.endswith("_BASE_URL"):
        return "it is the first shard alone, and tenants of the others get no answer"
    if variable.endswith("_PORT"):
        return f"a shard with a URL of its own in {subject.config} does not answer at it"
    if variable.endswith("_URL"):
        return "where it is not set, this finds no shard, and the router does"
    return "what is counted or split by it here drifts from what the router does"
