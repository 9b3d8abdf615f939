"""What compose itself makes of a stack before and after it is adopted: with --exact the same.

The cases are those of tests/adopt; every one of them is a project that compose accepts.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.adopt.stacks import Stack, files_of
from tests.adopt.test_cases import CASES, set_up
from tests.adopt.variants import Variant, variants
from tests.examples import examples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.compose.stacks import Compose

WRITTEN = [
    case
    for case in CASES
    if "--write" in case.joinpath("arguments.txt").read_text()
    and "--- exit 0" in case.joinpath("told.txt").read_text()
]
EXACT = [case for case in WRITTEN if "--exact" in case.joinpath("arguments.txt").read_text()]
VARIABLE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)")
PROFILES = re.compile(r"""profiles: \[["']?([a-z-]+)["']?\]""")


def completed(case: Path, root: Path) -> tuple[Stack, list[str]]:
    """Return a case's stack with the env files and the variables that it needs."""
    stack, typed = set_up(case, root)
    text = "".join(stack.read(name) for name in files_of(stack))
    lines = "".join(f"{name}=x\n" for name in dict.fromkeys(VARIABLE.findall(text)))
    for name in (".env", ".env.whatsapp", "deploy/.env"):
        stack.write(name, lines)
    return stack, typed


def models(compose: Compose, stack: Stack) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what compose makes of the stack for no profile, each one, and all of them."""
    files = files_of(stack)
    text = "".join(stack.read(name) for name in files)
    for profile in ("", *sorted(set(PROFILES.findall(text))), "*"):
        model = compose.model(stack.root, files=files, profile=profile)
        yield profile, {key: value for key, value in model.items() if not key.startswith("x-")}


def hashes(compose: Compose, stack: Stack) -> str:
    """Return by what compose knows whether a container is to be recreated."""
    return compose.run(stack.root, "--profile", "*", "config", "--hash", "*", files=files_of(stack))


@pytest.mark.parametrize("case", EXACT, ids=lambda case: case.name)
def test_exact_changes_nothing(compose: Compose, case: Path, tmp_path: Path) -> None:
    stack, typed = completed(case, tmp_path / "project")
    profiles = stack.read(stack.overlay)
    before, known = dict(models(compose, stack)), hashes(compose, stack)
    assert len(before) >= (3 if "profiles:" in profiles else 2)
    stack.ok("adopt", *typed)
    assert dict(models(compose, stack)) == before
    assert sorted(hashes(compose, stack).split()) == sorted(known.split())


@pytest.mark.parametrize("case", WRITTEN, ids=lambda case: case.name)
def test_what_is_told_is_what_compose_sees(compose: Compose, case: Path, tmp_path: Path) -> None:
    stack, typed = completed(case, tmp_path / "project")
    before = without_env_files(compose, stack)
    told = json.loads(stack.ok("adopt", *typed, "--json").out)["differences"]
    after = without_env_files(compose, stack)
    expected = {tuple(each["path"]) for each in told if each["path"][0] == "services"}
    consumers = {path[1] for path in expected if path[2] == "env_file"}
    expected -= {("services", name, "env_file") for name in consumers}
    full = compose.model(stack.root, files=files_of(stack))["services"]
    for name in consumers:
        lines = stack.read(".env.shards").splitlines()
        variables = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
        assert variables.items() <= full[name]["environment"].items()
    assert set(changed(("services",), before["services"], after["services"])) == expected
    for section in ("volumes", "networks", "secrets", "configs"):
        assert before.get(section) == after.get(section)


def without_env_files(compose: Compose, stack: Stack) -> dict[str, Any]:
    """Return the merged model without what is in env files, which compose 2 always reads.

    The variables of the project come from a file that no service names.
    """
    files = {name: stack.read(name) for name in stack.contents() if name.startswith(".env")}
    stack.write("project.env", files[".env"])
    for name in files:
        stack.write(name, "")
    options = ("--env-file", "project.env", "--profile", "*", "config", "--format", "json")
    text = compose.run(stack.root, *options, files=files_of(stack))
    for name, content in files.items():
        stack.write(name, content)
    found: dict[str, Any] = json.loads(text)
    return found


def changed(path: tuple[str, ...], before: Any, after: Any) -> Iterator[tuple[str, ...]]:
    """Yield the paths of what two models differ in; a list is one value."""
    if isinstance(before or {}, dict) and isinstance(after or {}, dict):
        first, second = before or {}, after or {}
        for key in {*first, *second}:
            yield from changed((*path, key), first.get(key), second.get(key))
    elif before != after:
        yield path


@settings(max_examples=examples(12), deadline=None, phases=(Phase.generate,),
          suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])  # fmt: skip
@given(variant=variants())
def test_any_stack_stays_the_same(compose: Compose, variant: Variant) -> None:
    """The stacks of tests/adopt/variants.py, by compose's own word."""
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder) / "project", variant.files)
        stack.write(".env", "INTERNAL_SECRET=x\n")
        before, known = dict(models(compose, stack)), hashes(compose, stack)
        stack.ok("adopt", "--exact", "--write")
        assert dict(models(compose, stack)) == before
        assert sorted(hashes(compose, stack).split()) == sorted(known.split())


def test_there_are_cases_of_both_kinds() -> None:
    assert len(EXACT) >= 6
    assert len(WRITTEN) - len(EXACT) >= 4
