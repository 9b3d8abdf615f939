"""The shape of the package: imports point one way, the disk is at the edge, modules stay small."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

from shardgen.cli import cli

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PACKAGE = Path(__file__).parents[1] / "shardgen"

#: From the bottom up: a module may import, while it loads or later, what stands above it alone.
LAYERS = [
    "",
    "    __init__ blocks buildfile codes compose conform context daemons diagnostics diff digest engine errors fallback images settings shellwords typescript",
    "    disk formats healthcheck ledger outputs package ports resources shard shell terminal wording",
    "    git instructions lock model nginx prefix probes quick record roster router_ts routing schema standing syntax telling tree",
    "    chronicle document files languages live plan rebalance status",
    "    alongside asking docker findings impact infile publication source stack transitions",
    "    base committed migrations quoting remedy",
    "    declarations",
    "    overlay",
    "    hosts kubernetes swarm",
    "    prometheus",
    "    readback",
    "    audit edit recovery render replan rollout rules surroundings verdict",
    "    recording report validate",
    "    details homes",
    "    workspace",
    "    adopt",
    "    commands",
    "    cli",
    "    exits",
    "    __main__",
    "",
]
ORDER = {name: level for level, line in enumerate(LAYERS) for name in line.split()}
#: The modules that may know of the world outside: disk, environment, processes, streams.
EDGE = {
    "__main__",
    "asking",
    "cli",
    "commands",
    "daemons",
    "disk",
    "docker",
    "exits",
    "files",
    "git",
    "infile",
    "live",
    "package",
    "publication",
    "quick",
    "resources",
    "terminal",
    "tree",
}
#: What only those may import, or call.
OUTSIDE = {"os", "subprocess", "socket", "time", "random", "pathlib", "shutil", "tempfile", "datetime", "logging", "sys",
           "fcntl", "http", "glob", "locale", "threading", "asyncio", "httpx"}  # fmt: skip
CALLS = {"open", "print", "input", "exec", "eval", "__import__", "breakpoint"}
LONGEST = 300
LONGEST_FUNCTION = 45
#: What stands in `commands` and is none: what the verbs share.
NO_COMMANDS = {"__init__", "proposal"}
#: Lists by nature: explanations, options with their help.
TABLES = {"cli.py"}

FILES = sorted(path for path in PACKAGE.rglob("*.py") if "_data" not in path.parts)
TREES = {path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text()) for path in FILES}


def of_each(names: Iterable[str]) -> Callable[[Callable[[str], None]], Callable[[], None]]:
    """Return what makes one test of a check of each module: a thousand tests would take longer."""

    def made(check: Callable[[str], None]) -> Callable[[], None]:
        def test() -> None:
            for name in names:
                check(name)

        test.__name__, test.__doc__ = check.__name__, check.__doc__
        return test

    return made


def unit(name: str) -> str:
    """Return what a file counts as: a module, or the sub-package that it belongs to."""
    return name.partition("/")[0].removesuffix(".py")


def imports(tree: ast.AST) -> set[str]:
    """Return the dotted names that a module imports, those of types alone apart."""
    found: set[str] = set()
    for node in walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports are not used here"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def walk(node: ast.AST) -> list[ast.AST]:
    """Return all nodes below one but those that only a type checker sees."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return []
    return [node, *(each for child in ast.iter_child_nodes(node) for each in walk(child))]


def own(names: set[str]) -> set[str]:
    """Return the units of this package among imported names."""
    parts = {name.split(".")[1] for name in names if name.startswith("shardgen.")}
    return parts & {unit(name) for name in TREES}


def test_every_module_is_on_the_list() -> None:
    assert {unit(name) for name in TREES} == ORDER.keys()


@of_each(TREES)
def test_imports_point_one_way(name: str) -> None:
    mine = unit(name)
    for other in own(imports(TREES[name])) - {mine, "__init__"}:
        assert ORDER[other] < ORDER[mine], f"{name} imports {other}, which is not below it"


@of_each([name for name in TREES if unit(name) not in EDGE])
def test_a_pure_module_knows_nothing_of_the_world(name: str) -> None:
    names = imports(TREES[name])
    assert not {each.partition(".")[0] for each in names} & OUTSIDE
    assert "urllib.request" not in names
    called = {
        node.func.id
        for node in walk(TREES[name])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not called & CALLS


@of_each(TREES)
def test_no_module_state_no_print_and_no_module_of_two_jobs(name: str) -> None:
    text = PACKAGE.joinpath(name).read_text()
    tree = TREES[name]
    assert name in TABLES or len(text.splitlines()) <= LONGEST
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Global)]
    assert not [
        n
        for n in ast.walk(tree)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "print"
    ]
    assert text.startswith("from __future__") or ast.get_docstring(tree)
    assert (
        "from __future__ import annotations" in text or not tree.body[1:] or name == "__init__.py"
    )
    assert not re.search(r"\b(TODO|FIXME|XXX)\b", text)
    assert not re.search(r"\b(utils|helpers|common|core|manager)\b", name)


@of_each(TREES)
def test_functions_are_short_and_say_what_they_return(name: str) -> None:
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("__"):
            body = node.end_lineno - node.body[0].lineno + 1  # type: ignore[operator]
            assert body <= LONGEST_FUNCTION or name == "cli.py" or node.name == "open_workspace", (
                f"{name}: {node.name} has {body} lines"
            )
            assert (
                ast.get_docstring(node)
                or node.name.startswith("_")
                or name.startswith("ledger/")
                or is_nested(node, TREES[name])
            ), f"{name}: {node.name}"


def is_nested(function: ast.FunctionDef, tree: ast.AST) -> bool:
    """Return whether a function is inside another one."""
    outer = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node is not function
    ]
    return any(function in ast.walk(node) for node in outer)


def test_every_command_is_a_function_of_its_name() -> None:
    for name, command in cli.commands.items():
        assert command.help, f"{name} has no help"
        assert "Example" in command.help
        assert all(
            parameter.help for parameter in command.params if parameter.param_type_name == "option"
        )  # type: ignore[attr-defined]
    made = {path.stem for path in PACKAGE.joinpath("commands").glob("*.py")} - NO_COMMANDS
    assert made == {name.replace("-", "_") for name in cli.commands} - {"schema"}
