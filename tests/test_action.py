"""The action of the repository: valid for GitHub, and run as GitHub runs it, from a clean copy."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests import needs, projects
from tests.github import Runner, commands
from tests.test_formats import log_of

if TYPE_CHECKING:
    from pathlib import Path

ACTION = projects.ROOT / "action.yml"
WORKFLOWS = sorted((projects.ROOT / ".github" / "workflows").glob("*.yml"))


def valid(kind: str, file: Path) -> None:
    """Demand that a file is as GitHub's schema has it."""
    command = ("check-jsonschema", "--builtin-schema", f"vendor.github-{kind}", str(file))
    needs.require("check-jsonschema")
    projects.run(projects.ROOT, *command)


def steps_of(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the steps of an action, or of all jobs of a workflow."""
    if "runs" in data:
        return list(data["runs"]["steps"])
    return [step for job in data["jobs"].values() for step in job["steps"]]


def test_the_action_and_the_workflows_are_as_githubs_schema_has_them() -> None:
    valid("actions", ACTION)
    assert WORKFLOWS
    for file in WORKFLOWS:
        valid("workflows", file)


@pytest.mark.parametrize("file", [ACTION, *WORKFLOWS], ids=lambda file: file.name)
def test_no_expression_is_part_of_a_script_and_others_actions_are_pinned(file: Path) -> None:
    for step in steps_of(yaml.safe_load(file.read_text(encoding="utf-8"))):
        assert "${{" not in step.get("run", "")
        used = step.get("uses", "./")
        assert used == "./" or re.fullmatch(r"[\w-]+/[\w/-]+@v\d+(\.\d+)*", used), used


def test_every_input_is_used_and_documented() -> None:
    data = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    text = json.dumps(data["runs"])
    page = (projects.ROOT / "docs" / "checking.md").read_text(encoding="utf-8")
    for name, each in data["inputs"].items():
        assert f"inputs.{name} " in text
        assert each["description"].endswith(".")
        assert f"| `{name}` |" in page, name
    for name in data["outputs"]:
        assert f"`{name}`" in page


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """A runner that has the action checked out, and shardgen installed by the action's own step."""
    needs.require("bash")
    folder = tmp_path_factory.mktemp("runner")
    action = projects.work_tree(folder / "action")
    made = Runner(action=action, workspace=action, temp=folder / "temp")
    ran = made.run(only="Install shardgen")
    assert ran.code == 0, ran.log
    return made


@pytest.fixture
def job(runner: Runner, tmp_path: Path) -> Runner:
    """The same runner with a user's repository as its workspace: rendered and committed."""
    workspace = projects.small(tmp_path / "workspace")
    return Runner(action=runner.action, workspace=workspace, temp=runner.temp)


def run(job: Runner, **inputs: str) -> Any:
    """Run all steps but the installation, which the module's fixture did."""
    return job.run(without="Install shardgen", **inputs)


@pytest.mark.wheel
def test_a_clean_repository_passes(job: Runner) -> None:
    ran = run(job)
    assert (ran.code, ran.outputs) == (0, {"result": "clean", "sarif": ""})
    assert ran.steps == ["shardgen check", "Result"]
    assert "10 files agree with shards.yaml" in ran.log
    assert commands(ran.log) == []
    assert ran.summary == ""


@pytest.mark.wheel
def test_drift_is_annotated_summed_up_and_fails_at_the_end(job: Runner) -> None:
    file = job.workspace / "docker-compose.prod.yml"
    file.write_text(file.read_text().replace("unless-stopped", "always"))
    (job.workspace / ".env.shards").unlink()
    ran = run(job, sarif="out/sarif", audit="true")
    assert ran.steps == ["shardgen check", "shardgen audit", "Result"]
    assert (ran.code, ran.outputs) == (1, {"result": "findings", "sarif": "out/sarif"})
    found = {(each[1]["file"], each[1]["title"][:5]) for each in commands(ran.log)}
    assert {("docker-compose.prod.yml", "SG901"), (".env.shards", "SG902")} <= found
    assert "### shardgen check\\: 2 findings" in ran.summary
    folder = job.workspace / "out" / "sarif"
    ids = {}
    for name in ("check", "audit"):
        log = log_of((folder / f"{name}.sarif").read_text())
        ids[name] = log["automationDetails"]["id"]
    assert ids == {"check": "shardgen-check/", "audit": "shardgen-audit/"}
    assert len(log_of((folder / "check.sarif").read_text())["results"]) == 2


@pytest.mark.wheel
def test_wrong_input_fails_and_still_makes_a_log(job: Runner) -> None:
    with (job.workspace / "shards.yaml").open("a") as file:
        file.write("nothing: 1\n")
    ran = run(job, sarif=".")
    assert (ran.code, ran.outputs["result"]) == (2, "failed")
    ((name, properties, _),) = commands(ran.log)
    line = (job.workspace / "shards.yaml").read_text().count("\n")
    assert (name, properties["file"], properties["line"]) == ("error", "shards.yaml", str(line))
    log = log_of((job.workspace / "check.sarif").read_text())
    assert log["invocations"] == [{"executionSuccessful": False}]


@pytest.mark.wheel
def test_arguments_take_nothing_away(job: Runner) -> None:
    """What is not committed is a finding, with arguments and without; an input of its own says no."""
    projects.run(job.workspace, "git", "rm", "-q", "--cached", ".env.shards")
    assert run(job).code == run(job, args="--no-diff").code == 1
    assert run(job, tracked="false").code == 0


@pytest.mark.wheel
def test_inputs_are_no_scripts(job: Runner) -> None:
    """Blanks, quotes and a command in the inputs stay what they are: names."""
    odd = 'a "$(touch hacked)" b'
    (job.workspace / odd).mkdir()
    for name in ("shards.yaml", "docker-compose.yml"):
        shutil.copy(job.workspace / name, job.workspace / odd)
    projects.run(job.workspace / odd, "shardgen", "render")
    projects.commit(job.workspace)
    ran = run(job, working_directory=odd, config="shards.yaml", base="HEAD", sarif=f"{odd}/out")
    assert (ran.code, ran.outputs["result"]) == (0, "clean")
    ran = run(job, config=f"{odd}/shards.yaml", args="--no-diff", base="$(touch hacked)")
    assert (ran.code, ran.outputs["result"]) == (2, "failed")
    assert "--base $(touch hacked): git knows no such commit here" in ran.log
    assert not list(job.workspace.rglob("hacked"))
    assert (job.workspace / odd / "out" / "check.sarif").is_file()


@pytest.mark.wheel
def test_a_lost_migration_of_the_base_is_found(job: Runner) -> None:
    """Somebody takes it all away, and renders a ledger that begins anew."""
    inputs = {"docker-compose.yml", "shards.yaml"}
    for path in job.workspace.iterdir():
        if path.is_dir() and path.name != ".git":
            shutil.rmtree(path)
        elif path.is_file() and path.name not in inputs:
            path.unlink()
    file = job.workspace / "shards.yaml"
    file.write_text(file.read_text().replace("  - id: 2\n", ""))
    projects.run(job.workspace, "shardgen", "render")
    ran = run(job, base="HEAD", tracked="false")
    assert ran.code == 1
    assert "SG909" in {each[1]["title"][:5] for each in commands(ran.log)}


@pytest.mark.wheel
def test_python_is_set_up_only_where_one_is_named(job: Runner) -> None:
    assert run(job, python_version="3.12").steps[0] == "Set up Python"
