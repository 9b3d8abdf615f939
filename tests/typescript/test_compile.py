"""The TypeScript router compiles under every strict flag, wherever it runs, and is laid out well."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from shardgen.router_ts import TAKEN
from tests import needs, pages
from tests.projects import ROOT
from tests.router.routers import CONFIGURATIONS, shards
from tests.test_cases import CASES
from tests.typescript.modules import HERE, Jobs, module

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.node

COMPILERS = ("typescript", "typescript-7")
#: What is around it: nothing but the language, a browser, node, a bundler.
SURROUNDINGS = {
    "bare": {"lib": ["ES2020"]},
    "browser": {"lib": ["ESNext", "DOM", "DOM.Iterable"], "target": "ESNext"},
    "node": {
        "lib": ["ES2023"],
        "types": ["node"],
        "module": "NodeNext",
        "moduleResolution": "NodeNext",
    },
    "bundler": {"lib": ["ESNext", "DOM"], "target": "ESNext", "module": "Preserve"},
}
#: Layouts that a width of 80 columns would have otherwise, for the sake of one line a shard, or of a name.
OTHERWISE = {"rendezvous_alone", "long_names"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, packages: Path) -> Path:
    """A folder with the router of every configuration, and of every golden case."""
    found = tmp_path_factory.mktemp("typescript")
    for name, data in CONFIGURATIONS.items():
        (found / f"{name}.ts").write_text(module(data))
    for case in CASES.iterdir():
        if (case / "shards.yaml").exists():
            data = yaml.safe_load((case / "shards.yaml").read_text())
            (found / f"case_{case.name}.ts").write_text(module(data))
    shutil.copy(HERE / "caller.ts", found)
    (found / "package.json").write_text('{"type": "module"}')
    (found / "node_modules").symlink_to(packages)
    return found


def compiled(folder: Path, packages: Path, compiler: str, **changed: Any) -> str:
    """Return what a compiler says of all modules of a folder."""
    written = json.loads((HERE / "tsconfig.json").read_text())
    written["compilerOptions"] |= {"allowImportingTsExtensions": True, **changed}
    (folder / "tsconfig.json").write_text(json.dumps(written))
    command = [needs.require("node"), packages / compiler / "bin" / "tsc", "-p", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1, 2}, done.stderr
    return done.stdout


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("surroundings", SURROUNDINGS)
def test_it_compiles_without_a_word(
    folder: Path, packages: Path, compiler: str, surroundings: str
) -> None:
    assert len([*folder.glob("case_*.ts")]) > 30
    assert compiled(folder, packages, compiler, **SURROUNDINGS[surroundings]) == ""


def test_the_compiler_would_say_so(packages: Path, tmp_path: Path) -> None:
    """A module with a fault in its types is refused: the flags are on."""
    for number, line in enumerate(
        ("enum E { A }", "const [x] = [1]; x.y;", "let z: string | undefined = [''][0]!.at(0).x;")
    ):
        (tmp_path / f"bad_{number}.ts").write_text(f"{module(shards(1))}\n{line}\n")
    said = compiled(tmp_path, packages, "typescript")
    assert {f"bad_{number}.ts" for number in range(3)} == {*re.findall(r"bad_\d\.ts", said)}


def test_any_name_of_a_table_or_a_column_can_be_a_parameter(packages: Path, tmp_path: Path) -> None:
    """Words of the language, what the module itself defines, and what it uses."""
    text = module(CONFIGURATIONS["rendezvous_weights"])
    code = re.sub(r"/\*.*?\*/|//[^\n]*|\"[^\"]*\"", "", text, flags=re.DOTALL)
    words = {*re.findall(r"\b[a-z][A-Za-z]*\b", code)} | TAKEN
    snakes = {re.sub("([A-Z])", lambda found: f"_{found[1].lower()}", word) for word in words}
    assert {"case", "live", "url_of"} <= snakes
    names = sorted(snakes - {"id"})
    for table, column in zip(names, [*names[1:], names[0]], strict=True):
        if column != f"{table}_id":
            data = shards(1, 2, database={"table": table, "shard_column": column})
            (tmp_path / f"{table}.ts").write_text(module(data))
    assert compiled(tmp_path, packages, "typescript-7") == ""


PAGE = ROOT / "docs" / "consumers.md"


def test_the_typescript_of_the_documentation_compiles(packages: Path, tmp_path: Path) -> None:
    examples = pages.blocks(PAGE.read_text(encoding="utf-8"), "ts")
    assert len(examples) == 3
    (tmp_path / "whatsapp_shard_router.ts").write_text(module(shards(1, 2)))
    for number, text in enumerate(examples):
        (tmp_path / f"example_{number}.ts").write_text(text)
    assert compiled(tmp_path, packages, "typescript-7", noUnusedLocals=True) == ""


def test_the_documentation_says_what_it_answers(packages: Path) -> None:
    """Each line of the first example ends in what the call gives."""
    first = pages.blocks(PAGE.read_text(encoding="utf-8"), "ts")[0]
    jobs, said = Jobs(), []
    for name, given, answer in re.findall(r"^(\w+)\((.*)\); // (.*)$", first, re.MULTILINE):
        text = re.sub(r"(\d+)n", r'{"$bigint": "\1"}', re.sub(r"(\w+):", r'"\1":', given))
        jobs.add(shards(1, 2), [[name, *json.loads(f"[{text}]")]])
        said.append(answer)
    found = [answers[0]["value"] for answers in jobs.run(packages)]
    urls = found.pop()
    assert [json.dumps(each) for each in found] == said[:-1]
    assert said[-1] == f"Map {{ {', '.join(f'{n} => {json.dumps(url)}' for n, url in urls)} }}"


def test_prettier_changes_nothing(folder: Path, packages: Path) -> None:
    names = [f"{name}.ts" for name in CONFIGURATIONS if name not in OTHERWISE]
    command = [needs.require("node"), packages / "prettier/bin/prettier.cjs", "--check", *names]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_node_runs_it_as_it_is(folder: Path, packages: Path) -> None:
    """From 22.18 on node strips types itself; amaro is what it does that with."""
    script = """
        import { createRequire } from "node:module";
        import { readFileSync } from "node:fs";
        const [packages, file] = process.argv.slice(1);
        const { transformSync } = createRequire(packages + "/")("amaro");
        const { code } = transformSync(readFileSync(file, "utf8"), { mode: "strip-only" });
        const router = await import("data:text/javascript;base64," + btoa(
          code.replace(/[^\\0-\\x7f]/g, "?")));
        console.log(router.getBaileysBaseUrl(42, 2));
    """
    command = [needs.require("node"), "--input-type=module", "-e", script]
    command += [str(packages), str(folder / "two.ts")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "http://baileys-2:3300\n", done.stderr
