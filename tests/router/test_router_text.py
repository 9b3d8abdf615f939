"""The router's text: what reviewers, formatters, type checkers and old interpreters make of it."""

from __future__ import annotations

import ast
import difflib
import doctest
import os
import re
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from tests.router.routers import CONFIGURATIONS, environment, execute, load, render, shards

if TYPE_CHECKING:
    from collections.abc import Callable

#: Rules of ruff that a generated module cannot follow or that contradict others of the set.
NOT_FOR_ROUTERS = (
    "COM812",  # the formatter decides about commas
    "CPY001",  # the copyright is the user's
    "D203,D213",  # contradict D211 and D212
    "INP001",  # whether the folder is a package is the user's affair
)
DEPENDENCIES = {"__future__", "collections", "collections.abc", "hashlib", "logging", "operator",
                "os", "re", "threading", "time", "typing"}  # fmt: skip


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the router of every configuration."""
    folder = tmp_path_factory.mktemp("routers")
    for name, data in CONFIGURATIONS.items():
        (folder / f"{name}.py").write_text(render(data), encoding="utf-8")
    return folder


def run(*command: str | Path, cwd: Path) -> str:
    """Return what a command says; it must succeed."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def tool(name: str) -> Path:
    return Path(sys.executable).with_name(name)


@pytest.mark.parametrize("length", [88, 100, 120])
def test_formatters_change_nothing(rendered: Path, length: int) -> None:
    run(
        tool("ruff"), "format", "--isolated", "--diff", f"--line-length={length}", ".", cwd=rendered
    )


@pytest.mark.parametrize("version", ["py38", "py310", "py313"])
def test_ruff_finds_nothing_with_all_rules(rendered: Path, version: str) -> None:
    ignored = ",".join(NOT_FOR_ROUTERS)
    run(
        *(tool("ruff"), "check", "--isolated", "--no-cache", "--select=ALL", f"--ignore={ignored}"),
        *(f"--target-version={version}", "--line-length=100", "."),
        cwd=rendered,
    )


def test_mypy_strict_finds_nothing(rendered: Path, tmp_path: Path) -> None:
    caller = rendered / "caller.py"
    caller.write_text(
        "from dataclasses import dataclass\n"
        "from two import forget_shard, get_baileys_base_url_for_business, pick_shard\n"
        "from two import shard_for, use_shard_lookup\n\n"
        "@dataclass(frozen=True)\nclass Row:\n    id: int\n    whatsapp_shard: int\n\n"
        "@dataclass\nclass Loose:\n    id: int\n    whatsapp_shard: int | None = None\n\n"
        "url: str = get_baileys_base_url_for_business(Row(1, 2)) or get_baileys_base_url_for_business(1)\n"
        "other: str = get_baileys_base_url_for_business(Loose(1), whatsapp_shard=2)\n"
        "shard: int = shard_for(1, None)\n\n"
        "def column(business_id: int) -> int | None:\n    return None\n\n"
        "use_shard_lookup(column, ttl=5)\nuse_shard_lookup({1: 2}.get)\nuse_shard_lookup(None)\n"
        "forget_shard(1)\nforget_shard()\npicked: int = pick_shard({1: 20, 2: 10.5})\n",
        encoding="utf-8",
    )
    # the table of 1,000 takes no other rules than that of three
    names = [f"{name}.py" for name in CONFIGURATIONS if name != "thousand"]
    run(tool("mypy"), "--strict", f"--cache-dir={tmp_path}", *names, "caller.py", cwd=rendered)


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_the_grammar_is_that_of_python_3_8(name: str) -> None:
    tree = ast.parse(render(CONFIGURATIONS[name]), feature_version=(3, 8))
    imported = {
        alias.name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    assert imported <= DEPENDENCIES


def interpreters() -> list[str]:
    """Return this interpreter and every other from 3.8 on that the machine has."""
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep)]
    folders += Path.home().glob(".pyenv/versions/*/bin")
    names = {str(folder / f"python3.{minor}") for folder in folders for minor in range(8, 16)}
    found = {name for name in names if os.access(name, os.X_OK) and "shims" not in name}
    return [sys.executable, *sorted(found)]


@pytest.mark.slow
@pytest.mark.parametrize("interpreter", interpreters())
def test_it_runs_on_every_interpreter_here(interpreter: str, rendered: Path) -> None:
    script = (
        "import doctest, glob, importlib, sys\n"
        "sys.path.insert(0, '.')\n"
        "for name in sorted(glob.glob('*.py')):\n"
        "    if name != 'caller.py':\n"
        "        result = doctest.testmod(importlib.import_module(name[:-3]))\n"
        "        assert result == (0, 1), name\n"
        "import two\n"
        "assert [two._hash_shard(42, n) for n in (1, 2, 3, 4, 8, 64)] == [1, 1, 2, 3, 7, 39]\n"
        "two._log.disabled = True\n"
        "two.use_shard_lookup({42: 2}.__getitem__, ttl=0)\n"
        "assert [two.shard_for(42), two.shard_for(1), two.shard_for(1)] == [2, 2, 2]\n"
        "two.forget_shard()\n"
        "assert [two.shard_for(42), two.shard_for(42, 1)] == [2, 1]\n"
    )
    done = subprocess.run(
        [interpreter, "-B", "-I", "-W", "error", "-c", script],
        cwd=rendered,
        env={"LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_the_doctest_is_true(name: str) -> None:
    assert doctest.testmod(load(CONFIGURATIONS[name])) == (0, 1)


def test_md5_where_only_the_harmless_kind_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a FIPS build, and as on Python 3.8, which has no such argument."""
    import hashlib

    real = hashlib.md5

    def fips(data: bytes = b"", *, usedforsecurity: bool = True) -> Any:
        if usedforsecurity:
            raise ValueError("disabled for FIPS")
        return real(data, usedforsecurity=False)

    def old(data: bytes = b"") -> Any:
        return real(data, usedforsecurity=False)

    for kind in (fips, old):
        monkeypatch.setattr(hashlib, "md5", kind)
        assert load(shards(1, 2))._hash_shard(42, 64) == 39


def test_the_first_screen() -> None:
    text = render(shards(1, 2))
    assert text.startswith(
        "# Generated by shardgen from shards.yaml. Edit that and run `shardgen render`.\n"
        '"""Where each tenant\'s baileys shard is.\n'
        "\n"
        ">>> get_baileys_base_url(42, whatsapp_shard=2)\n"
        "'http://baileys-2:3300'\n"
    )
    assert (
        "SHARDS: dict[int, str] = {\n"
        '    1: "http://baileys-1:3300",\n'
        '    2: "http://baileys-2:3300",\n'
        "}\n"
    ) in text
    assert text.endswith("]\n")
    assert not re.search(r"[ \t]+$|\t", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "added"),
    [
        ("two", {"id": 3}),
        ("three", {"id": 4}),
        ("thousand", {"id": 1001}),
        ("holes", {"id": 10}),
        ("frozen", {"id": 4}),
        ("retired", {"id": 4}),
        ("stated_url", {"id": 4}),
        ("stated_url", {"id": 4, "url": "http://x"}),
        ("order", {"id": 3}),
    ],
)
def test_g2_a_shard_adds_its_line_and_changes_no_other(name: str, added: dict[str, Any]) -> None:
    data = CONFIGURATIONS[name]
    before = render(data).splitlines()
    after = render({**data, "shards": [*data["shards"], added]}).splitlines()
    changed = [line for line in difflib.ndiff(before, after) if line[0] in "+-"]
    wanted = [f'+     {added["id"]}: "{added.get("url", "")}']
    wanted += [f"+     {added['id']},"] if "url" in added else []
    assert len(changed) == len(wanted)
    assert all(line.startswith(start) for line, start in zip(changed, wanted, strict=True))


def lines_of(code: CodeType) -> set[int]:
    """Return the lines of a module's functions that hold more than a docstring."""
    own = {line for _, _, line in code.co_lines() if line and line != code.co_firstlineno}
    inner = (const for const in code.co_consts if isinstance(const, CodeType))
    return own.union(*(lines_of(code) for code in inner if code.co_name != "_Tenant"))


def use(router: Any, number: int) -> None:
    """Call everything that a router has, in every way that leads to another line."""
    names = [name for name in router.__all__ if "_base_url" in name]
    function, for_function = (getattr(router, name) for name in sorted(names, key=len))
    column = function.__code__.co_varnames[1]
    calls: list[Callable[[], object]] = [
        lambda: (router.get_all_shard_urls(), router.reload_environment(), router.shard_for(1)),
        lambda: (function(1), function("1"), function(1, "1"), for_function(1)),
        lambda: for_function(SimpleNamespace(**{"id": 1, column: number})),
        lambda: router.shard_for(None),
        *(partial(function, 1, shard) for shard in (*range(10), *range(2000, 3002))),
        *(
            partial(router.pick_shard, loads)
            for loads in ({}, {None: 1}, {1: -1}, {1: 99, 2: 9**9})
        ),
        partial(router._hash_shard, "1", 2),
        partial(router.use_shard_lookup, 1),
        partial(router.use_shard_lookup, None, "1"),
        partial(router.use_shard_lookup, None, -1),
    ]
    router._MOST_ANSWERS = 1
    for found in (number, -1):
        calls += [
            partial(router.use_shard_lookup, lambda _, found=found: found, 0),
            *(partial(router.shard_for, tenant) for tenant in (1, 1, 2, 2)),
            partial(router.forget_shard),
            partial(router.forget_shard, 1),
        ]
    for call in calls:
        with suppress(TypeError, ValueError, router.ShardError):
            call()


#: One of each kind: counted, with holes and retired ids, drawn.
QUICK = {"two", "retired", "rendezvous"}


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=() if name in QUICK else pytest.mark.slow)
    for name in CONFIGURATIONS if name != "thousand"
])  # fmt: skip
def test_no_line_is_dead(name: str) -> None:
    """Every line runs in the configuration that has it, but for what types and Python 3.8 need.

    One other: the naming rule where every URL is the legacy one or stated, and no shard unknown.
    """
    text = render(CONFIGURATIONS[name])
    prefix = re.search(r'"([A-Z_]+)_PORT"', text)
    assert prefix
    ran: set[int] = set()

    def trace(frame: Any, event: str, _: Any) -> Any:
        if frame.f_code.co_filename != "whatsapp_shard_router.py":
            return None
        if event == "line":
            ran.add(frame.f_lineno)
        return trace

    before = sys.gettrace()  # that of coverage
    sys.settrace(trace)
    try:
        for variables in (
            {},
            {"NUM_SHARDS": "1"},
            {"NUM_SHARDS": "8"},
            {"SHARD_1_URL": "http://x"},
            {"NUM_SHARDS": "no"},
        ):
            env = {f"{prefix[1]}_{key}": value for key, value in variables.items()}
            with environment(env), suppress(ValueError):
                use(execute(text, env), number=1)
    finally:
        sys.settrace(before)
    source = text.splitlines()
    dead = [source[line - 1].strip() for line in sorted(lines_of(compile(text, "", "exec")) - ran)]
    allowed = ["from collections.abc import Callable, Mapping"]
    allowed += ["except TypeError:  # Python 3.8", "_EMPTY_MD5 = _md5()"]
    if name == "retired_but_one":
        allowed.insert(1, 'return f"http://baileys-{shard}:{self._port}"')
    assert dead == allowed[: len(dead)]


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("_RETIRED", ["retired", "retired_last", "retired_but_one"]),
        ("_STATED_URLS", ["stated_url", "stated_url_alone"]),
        ("md5", [name for name in CONFIGURATIONS if name != "modulo"]),
    ],
)
def test_what_a_configuration_does_not_use_is_not_rendered(word: str, names: list[str]) -> None:
    assert [name for name, data in CONFIGURATIONS.items() if word in render(data)] == names


@pytest.mark.parametrize(
    "url", ['http://x/"""', "http://x/'", "http://x/\\", "http://x/{port}", "http://x/é#"]
)
def test_g6_a_stated_url_comes_back_equal(url: str) -> None:
    data = {"shards": [{"id": 1, "url": url}, {"id": 2, "url": f"{url}2"}]}
    assert load(data).get_all_shard_urls() == {1: url, 2: f"{url}2"}
    assert doctest.testmod(load(data)) == (0, 1)


def test_the_text_depends_on_nothing_else() -> None:
    with environment({"BAILEYS_PORT": "1", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7"}):
        assert render(shards(1, 2)) == render(shards(2, 1))
