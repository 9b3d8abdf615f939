"""GitHub's runner, as far as tests need it: it reads a log, and runs a composite action's steps."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from tests import projects

if TYPE_CHECKING:
    from pathlib import Path

#: What the runner replaces in a message and in a property; `%25` comes last.
DATA = (("%0D", "\r"), ("%0A", "\n"), ("%25", "%"))
PROPERTY = (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%"))

Command = tuple[str, dict[str, str], str]


def unescaped(text: str, pairs: tuple[tuple[str, str], ...]) -> str:
    """Return what the runner makes of an escaped text."""
    for escape, character in pairs:
        text = text.replace(escape, character)
    return text


def commands(log: str) -> list[Command]:
    """Return the workflow commands in a log, as the runner reads it line by line.

    A line may begin with blanks; between `::stop-commands::WORD` and `::WORD::` nothing counts.
    """
    found: list[Command] = []
    stopped = ""
    for line in re.split("\r\n|\n|\r", log):
        text = line.lstrip()
        if stopped:
            stopped = "" if text == f"::{stopped}::" else stopped
            continue
        if not text.startswith("::") or "::" not in text[2:]:
            assert "##[" not in text, "the runner takes that for a command wherever it stands"
            continue
        head, _, message = text[2:].partition("::")
        name, _, listing = head.partition(" ")
        if name == "stop-commands":
            stopped = message
            continue
        pairs = [each.split("=", 1) for each in listing.split(",") if "=" in each]
        properties = {key.strip(): unescaped(value, PROPERTY) for key, value in pairs}
        found.append((name, properties, unescaped(message, DATA)))
    assert not stopped
    return found


@dataclass
class Ran:
    """How an action ended: whether each step that ran passed, its log, the action's outputs."""

    code: int = 0
    log: str = ""
    steps: list[str] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""


@dataclass
class Runner:
    """Runs a composite action on a workspace, with the variables and files that GitHub gives it.

    A step that `uses` another action is only noted.
    """

    action: Path
    workspace: Path
    temp: Path

    def run(self, *, only: str = "", without: str = "", **inputs: str) -> Ran:
        """Run the action's steps with `inputs` (with `_` for `-`), or some of them by name."""
        text = yaml.safe_load((self.action / "action.yml").read_text(encoding="utf-8"))
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        assert given.keys() <= text["inputs"].keys()
        known = {name: given.get(name, each["default"]) for name, each in text["inputs"].items()}
        context: dict[str, Any] = {"inputs": known, "steps": {}}
        ran = Ran()
        for number, step in enumerate(text["runs"]["steps"]):
            if step["name"] == without or (only and step["name"] != only):
                continue
            if ran.code or not holds(step.get("if", ""), context):
                continue
            ran.steps.append(step["name"])
            if "run" in step:
                outputs = self.step(step, number, context, ran)
                context["steps"][step.get("id", number)] = {"outputs": outputs}
        ran.outputs = {
            name: expanded(each["value"], context) for name, each in text["outputs"].items()
        }
        return ran

    def step(
        self, step: dict[str, Any], number: int, context: dict[str, Any], ran: Ran
    ) -> dict[str, str]:
        """Run one step in bash, as the runner does; return its outputs."""
        assert "${{" not in step["run"], "an input in a script is a script of its own"
        folder = self.temp / f"step{number}"
        folder.mkdir(parents=True, exist_ok=True)
        files = {name: folder / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_text("")
        (folder / "script.sh").write_text(step["run"])
        environment = projects.environment(
            CI="true",
            GITHUB_ACTIONS="true",
            GITHUB_ACTION_PATH=str(self.action),
            GITHUB_WORKSPACE=str(self.workspace),
            RUNNER_TEMP=str(self.temp),
            **{name: str(file) for name, file in files.items()},
            **{name: expanded(value, context) for name, value in step.get("env", {}).items()},
        )
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(folder / "script.sh")],
            cwd=self.workspace / expanded(step.get("working-directory", "."), context),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        ran.code = done.returncode
        ran.log += done.stdout
        ran.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        lines = files["GITHUB_OUTPUT"].read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)


def expanded(text: str, context: dict[str, Any]) -> str:
    """Return a text with the values of its expressions, each a path such as `inputs.base`."""

    def value(match: re.Match[str]) -> str:
        found: Any = context
        for key in match[1].split("."):
            found = found.get(key, {})
        return found if isinstance(found, str) else ""

    return re.sub(r"\$\{\{ ([\w.-]+) \}\}", value, text)


def holds(condition: str, context: dict[str, Any]) -> bool:
    """Return whether an `if` holds: nothing, `PATH == 'text'` or `PATH != 'text'`."""
    if not condition:
        return True
    match = re.fullmatch(r"([\w.-]+) (==|!=) '([^']*)'", condition)
    assert match, condition
    is_equal = expanded(f"${{{{ {match[1]} }}}}", context) == match[3]
    return is_equal == (match[2] == "==")
