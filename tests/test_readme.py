"""The README is true: its commands run in a fresh copy, and its diff is what the edit makes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from shardgen import cli
from shardgen.outputs import OUTPUTS
from tests import needs, pages, projects

README = projects.ROOT / "README.md"
SHOWN = ("shards.yaml", "docker-compose.prod.yml", ".env.shards")


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A copy of this work tree, rendered and committed, as a user has it after a clone."""
    folder = projects.work_tree(tmp_path / "clone")
    projects.run(folder, "shardgen", "render")
    projects.commit(folder)
    return folder


def made_diff(folder: Path) -> str:
    """Return the staged diff of the files that the README shows, without git's own numbers."""
    text = projects.run(folder, "git", "diff", "--staged", "-U1", "--", *SHOWN).stdout
    lines = [line for line in text.splitlines() if not line.startswith(("index ", "diff "))]
    return "\n".join(re.sub(r"^(@@ .* @@).*", r"\1", line) for line in lines)


def test_commands_print_what_the_readme_shows(fresh: Path) -> None:
    def made(text: str) -> str:
        text = pages.played(text, fresh)
        diff = f"```diff\n{made_diff(fresh)}\n```"
        return re.sub(r"^```diff\n.*?^```$", lambda _: diff, text, flags=re.MULTILINE | re.DOTALL)

    pages.agrees(README, made)


def test_the_edit_adds_lines_alone_to_services_and_volumes(fresh: Path) -> None:
    """G2: one line in shards.yaml; in the overlay nothing goes and nothing changes."""
    with (fresh / "shards.yaml").open("a") as file:
        file.write("  - id: 3\n")
    projects.run(fresh, "shardgen", "render")
    projects.run(fresh, "git", "add", "--all")
    stat = projects.run(fresh, "git", "diff", "--staged", "--numstat").stdout
    counts = {name: (added, gone) for added, gone, name in map(str.split, stat.splitlines())}
    assert counts["shards.yaml"] == ("1", "0")
    assert counts["docker-compose.prod.yml"][1] == "0"
    assert counts["migrations/0005_add_shard_3.sql"][1] == "0"


def test_add_makes_the_same_edit(fresh: Path) -> None:
    before = (fresh / "shards.yaml").read_text()
    projects.run(fresh, "shardgen", "add")
    assert (fresh / "shards.yaml").read_text() == before + "  - id: 3\n"


def test_shell_blocks_name_what_there_is() -> None:
    targets = re.findall(
        r"^([a-z-]+):.*## ", (projects.ROOT / "Makefile").read_text(), re.MULTILINE
    )
    known = {"pip install .", *(f"make {target}" for target in targets)}
    lines = "".join(pages.blocks(README.read_text(), "sh")).splitlines()
    assert lines
    assert set(lines) <= known


def test_every_output_has_a_row() -> None:
    rows = re.findall(r"^\| (\w+) \| `([^`]+)`.*\| (yes|no) \|", README.read_text(), re.MULTILINE)
    assert {(name, is_on == "yes") for name, _, is_on in rows} == {
        (output.name, output.enabled) for output in OUTPUTS.values()
    }
    for name, destination, _ in rows:
        assert destination.startswith(OUTPUTS[name].destination.replace("{service}", "baileys"))


def test_every_exit_code_is_said() -> None:
    text = README.read_text()
    rows = dict(re.findall(r"^\| (\d+) \| ([^|]+) \|$", text, re.MULTILINE))
    help_text = cli.cli.help or ""
    assert {code: meaning.strip() for code, meaning in rows.items()} == dict(
        re.findall(r"^ +(\d+) +(.+)$", help_text, re.MULTILINE)
    )
    assert rows.keys() == {"0", "1", "2", "3", "70", "130"}


def test_every_dependency_has_a_reason() -> None:
    project = (projects.ROOT / "pyproject.toml").read_text()
    listed = re.search(r"^dependencies = \[\n(.*?)^\]", project, re.MULTILINE | re.DOTALL)
    assert listed
    names = re.findall(r'"([a-z0-9-]+)', listed[1])
    section = README.read_text().partition("## Dependencies")[2].partition("\n## ")[0]
    assert re.findall(r"^\| ([a-z0-9-]+) \| \S", section, re.MULTILINE)[1:] == names


def test_every_command_is_named() -> None:
    section = README.read_text().partition("## The two commands")[2].partition("\n## ")[0]
    for name in cli.cli.commands:
        assert re.search(rf"`(shardgen )?{name}\b", section), name


@pytest.mark.wheel
def test_make_render_on_a_fresh_machine(tmp_path: Path) -> None:
    """It makes the environment, installs, and leaves a clean checkout as it is."""
    make = needs.require("make")
    folder = projects.work_tree(tmp_path / "clone")
    python = f"PYTHON={Path(sys.base_prefix) / 'bin' / 'python3'}"
    projects.run(folder, "git", "tag", "before")
    done = subprocess.run(
        [make, "--no-print-directory", python, "render"],
        cwd=folder,
        env=projects.environment(PATH="/usr/local/bin:/usr/bin:/bin"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / ".venv" / "bin" / "shardgen").exists()
    assert "unchanged" in done.stdout
    assert projects.run(folder, ".venv/bin/shardgen", "check").stdout.endswith("shards.yaml\n")
