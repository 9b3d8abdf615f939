"""The command line: exit codes, streams, help, and the commands that start and explain."""

from __future__ import annotations

import errno
import json
import os
import pty
import re
import runpy
import subprocess
import sys
from pathlib import Path

import click
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shardgen import __version__, files, terminal
from shardgen.__main__ import main
from shardgen.cli import cli
from shardgen.codes import CODES
from shardgen.resources import resource, resource_text
from tests.examples import examples
from tests.support import OUTPUTS, Project, fleet, inside, run, shell, snapshot

COMMANDS = sorted(cli.commands)
ANSI = "\x1b["


def test_alone_it_shows_its_help(tmp_path: Path) -> None:
    ran = run(tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Usage: shardgen [OPTIONS] ")
    assert run(tmp_path, "-h").out == run(tmp_path, "--help").out == ran.out


def test_it_knows_its_version(tmp_path: Path) -> None:
    assert run(tmp_path, "--version").out == f"shardgen, version {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str, tmp_path: Path) -> None:
    for option in ("-h", "--help"):
        ran = run(tmp_path, command, option)
        assert (ran.code, ran.err) == (0, "")
        assert re.search(rf"Examples?:\n +shardgen {command}", ran.out)
        assert max(map(len, ran.out.splitlines())) <= 100


def test_the_help_lists_every_exit_code(tmp_path: Path) -> None:
    assert re.findall(r"^ +([0-9]+)  ", run(tmp_path).out, re.MULTILINE) == [
        "0",
        "1",
        "2",
        "3",
        "70",
        "130",
    ]


@pytest.mark.parametrize(("arguments", "message"), [
    (["nothing"], "No such command 'nothing'."),
    (["check", "--nothing"], "No such option"),
    (["--nothing"], "No such option"),
    (["check", "extra"], "Got unexpected extra argument (extra)"),
    (["check", "--format", "xml"], "Invalid value for '--format'"),
    (["check", "-c"], "Option '-c' requires an argument."),
    (["route"], "Missing argument 'TENANT'."),
    (["route", "x"], "Invalid value for 'TENANT': 'x' is not a valid integer."),
    (["render", "--allow-state-change", "x"], "Invalid value for '--allow-state-change'"),
    (["explain", "SG999"], "there is no code 'SG999'"),
    (["init", "--shards", "0"], "0 is not in the range"),
    (["check", "check"], "Got unexpected extra argument (check)"),
])  # fmt: skip
def test_usage_errors_are_2_and_never_1(
    arguments: list[str], message: str, project: Project
) -> None:
    ran = project.run(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert ran.err.startswith("error: ")
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("command", [["render"], ["check"], ["route", "1"], ["add"]])
def test_without_a_config_each_command_says_how_to_start(
    command: list[str], tmp_path: Path
) -> None:
    ran = run(tmp_path, *command)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "error: there is no 'shards.yaml' here; `shardgen init` starts one\n"
    ran = run(tmp_path, *command, "-c", "nowhere/shards.yaml")
    assert (ran.code, ran.out) == (2, "")
    assert "nowhere" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("command", ["check", "audit", "plan"])
def test_a_folder_that_is_not_there_is_told_in_every_format(command: str, tmp_path: Path) -> None:
    ran = run(tmp_path, command, "-c", "nowhere/shards.yaml", "--format", "json")
    assert "there is no 'nowhere/shards.yaml' here" in ran.err
    if command != "plan":
        assert json.loads(ran.out)["clean"] is False
        ran = run(tmp_path, command, "-c", "nowhere/shards.yaml", "--format", "sarif")
        assert json.loads(ran.out)["runs"][0]["results"]


@pytest.mark.parametrize(
    "closed",
    [
        pytest.param("<&-", marks=pytest.mark.slow),
        ">&-",
        pytest.param("2>&-", marks=pytest.mark.slow),
    ],
)
def test_a_stream_that_is_closed_changes_no_exit_code(rendered: Project, closed: str) -> None:
    rendered.write("tenants.csv", "id,shard\n1,1\n")

    def ended(command: str) -> tuple[int, str]:
        done = subprocess.run(
            ["sh", "-c", f"{sys.executable} -m shardgen {command}"],
            cwd=rendered.root, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr
        return done.returncode, done.stderr

    for command, code in (
        ("check", 0),
        ("check --full", 0),
        ("plan --tenants tenants.csv", 0),
        ("drain 2 --dry-run", 0),
        ("drain 9", 2),
    ):
        assert ended(f"{command} {closed}")[0] == code, command
    for command in ("plan --tenants -", "rebalance --tenants -", "move --file - --to 2"):
        code, said = ended(f"{command} <&-")
        assert (code, "the list is empty" in said or "no tenant is given" in said) == (2, True)


def test_exit_codes_of_wrong_input_drift_and_refusal(rendered: Project) -> None:
    assert rendered.run("check").code == 0
    rendered.write("shards.yaml", fleet(1, 2, 3))
    assert rendered.run("check").code == 1
    rendered.write(OUTPUTS[0], "mine\n")
    assert rendered.run("render").code == 3
    rendered.write("shards.yaml", "version: 1\nshards:\n  - id: 1\n  - id: 1\n")
    for command in ("check", "render"):
        ran = rendered.run(command)
        assert (ran.code, ran.out) == (2, "")
        assert "shards.yaml:4:9: error[SG" in ran.err


@pytest.mark.parametrize(("error", "code", "text"), [
    (RuntimeError("boom"), 70, "this is a bug in shardgen; please report it with the lines above\n"),
    (KeyboardInterrupt(), 130, "\ninterrupted; every file is whole, and the next render completes what was begun\n"),
    (click.Abort(), 130, "\ninterrupted; every file is whole"),
    (PermissionError(13, "Permission denied", "a/b"), 2, "error: a/b: Permission denied\n"),
    (OSError("odd"), 2, "error: odd\n"),
    (RecursionError(), 70, "this is a bug in shardgen"),
])  # fmt: skip
def test_however_a_command_ends_it_has_a_code(
    rendered: Project, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, text: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("shardgen.commands.render.open_workspace", fail)
    ran = rendered.run("render", "--dry-run")
    assert (ran.code, ran.out) == (code, "")
    assert text in ran.err
    assert ("Traceback" in ran.err) == (code == 70)


def test_the_usual_commands_need_no_parser(
    rendered: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shardgen.exits.parsed", lambda arguments: 99)
    assert rendered.run("render").code == 0
    assert rendered.run("check").code == 0
    assert rendered.run("check", CI="1").code == 0
    assert rendered.run("check", "--full").code == 99


@pytest.mark.parametrize("command", ["check", "check --full", "schema", "explain", "--help"])
def test_a_pipe_that_is_closed_is_no_traceback(rendered: Project, command: str) -> None:
    closed, writing = os.pipe()
    os.close(closed)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "shardgen", *command.split()], cwd=rendered.root,
            stdout=writing, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    finally:
        os.close(writing)
    assert done.returncode == 130
    assert done.stderr == ""


class Unread:
    """A stream that nobody reads."""

    def write(self, text: str) -> None:
        """Fail as a closed pipe does."""
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    def flush(self) -> None:
        """Fail as a closed pipe does."""
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    def isatty(self) -> bool:
        """Be none."""
        return False


@pytest.mark.parametrize("arguments", [["check"], ["check", "--full"], ["render"], ["--help"]])
def test_where_nobody_reads_on_it_is_130(
    rendered: Project, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    renamed: list[int] = []
    monkeypatch.setattr(os, "dup2", lambda _, handle: renamed.append(handle))
    monkeypatch.setattr(sys, "stdout", Unread())
    with inside(rendered.root):
        assert main(arguments) == 130
    assert renamed == [1]


def test_it_runs_as_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["shardgen", "--version"])
    monkeypatch.delitem(sys.modules, "shardgen.__main__")
    with inside(tmp_path), pytest.raises(SystemExit) as ended:
        runpy.run_module("shardgen", run_name="__main__")
    assert ended.value.code == 0


def test_a_file_that_cannot_be_read_has_no_lines() -> None:
    assert files.text_of("/nowhere/at/all") == ""


def on_a_terminal(folder: Path, *arguments: str, **environment: str) -> str:
    """Return what a command prints on a terminal."""
    ours, theirs = pty.openpty()
    kept = {
        key: value for key, value in os.environ.items() if key not in {"CI", "NO_COLOR", "TERM"}
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "shardgen", *arguments], cwd=folder, env={**kept, "TERM": "xterm", **environment},
        stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(theirs)
    printed = b""
    while True:
        try:
            chunk = os.read(ours, 65536)
        except OSError:
            break
        if not chunk:
            break
        printed += chunk
    process.wait()
    os.close(ours)
    return printed.decode()


def test_colour_is_for_terminals_that_want_it(rendered: Project) -> None:
    rendered.write(OUTPUTS[0], rendered.read(OUTPUTS[0]) + "# mine\n")
    assert ANSI in on_a_terminal(rendered.root, "check")
    assert ANSI in on_a_terminal(rendered.root, "render")
    for plain in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert ANSI not in on_a_terminal(rendered.root, "check", **plain)
    for command in ("check", "render"):
        ran = rendered.run(command)
        assert ANSI not in ran.out + ran.err
    assert ANSI not in shell(rendered.root, "shardgen check").stdout


def test_results_are_utf_8_whatever_the_locale(rendered: Project) -> None:
    rendered.write("shards.yaml", fleet(1, 2, 3))
    done = subprocess.run(
        [sys.executable, "-m", "shardgen", "render", "--dry-run"], cwd=rendered.root, capture_output=True, check=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"},
    )  # fmt: skip
    assert "BAILEYS_NUM_SHARDS 2 → 3" in done.stdout.decode("utf-8")


def test_a_stream_without_bytes_gets_text(monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    stream = io.StringIO()
    terminal.write(stream, "→")
    assert stream.getvalue() == "→"


def test_a_painter_knows_its_styles(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        """A stream that is one."""

        def isatty(self) -> bool:
            """Say so."""
            return True

    monkeypatch.setattr(sys, "stdout", Terminal())
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    paint = terminal.painter()
    assert paint("x", "error") == "\x1b[1;31mx\x1b[0m"
    assert paint("x", "plain") == "x"


@pytest.mark.parametrize(
    "arguments",
    [[], ["--shards", "3"], ["--service", "media", "--shards", "2"], ["-c", "deploy/fleet.yaml"]],
)
def test_init_starts_a_project_that_renders(arguments: list[str], tmp_path: Path) -> None:
    from tests.support import BASE

    config = arguments[1] if "-c" in arguments else "shards.yaml"
    root = (tmp_path / config).parent
    ran = run(tmp_path, "init", *arguments)
    assert ran.code == 0, ran.err
    assert f"  + {Path(config).name}\n  + schema/shards.schema.json\n" in ran.out
    assert "docker-compose.yml" in ran.out
    name = "media" if "media" in arguments else "baileys"
    (root / "docker-compose.yml").write_text(BASE.replace("baileys", name))
    selection = ["-c", config] if "-c" in arguments else []
    assert run(tmp_path, "render", *selection).code == 0
    assert run(tmp_path, "check", *selection).code == 0
    text = (tmp_path / config).read_text()
    assert text.startswith(
        "# yaml-language-server: $schema=./schema/shards.schema.json\nversion: 1\n"
    )
    assert (root / "schema/shards.schema.json").read_text() == resource_text(
        "schema/shards.schema.json"
    )
    before = snapshot(tmp_path)
    again = run(tmp_path, "init", *arguments)
    assert (again.code, again.out) == (3, "")
    assert "is there already" in again.err
    assert snapshot(tmp_path) == before


def test_init_says_render_where_a_base_is_there_and_keeps_a_schema(project: Project) -> None:
    project.path("shards.yaml").unlink()
    project.write("schema/shards.schema.json", "mine")
    ran = project.ok("init")
    assert ran.out == "  + shards.yaml\n\nnext  shardgen render\n"
    assert project.read("schema/shards.schema.json") == "mine"
    project.render()


@pytest.mark.parametrize("name", ["Media", "a b", "", "x\ny: z", "-a", "a-", "a_"])
def test_init_refuses_a_name_that_no_render_takes(name: str, tmp_path: Path) -> None:
    ran = run(tmp_path, "init", "--service", name)
    assert (ran.code, ran.out) == (2, "")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [[], ["--service", "baileis"]])
def test_init_names_the_services_to_choose_from(arguments: list[str], tmp_path: Path) -> None:
    base = "services:\n  media: {image: x}\n  api: {image: y}\n"
    (tmp_path / "docker-compose.yml").write_text(base)
    ran = run(tmp_path, "init", *arguments)
    name = arguments[1] if arguments else "baileys"
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        f"error: docker-compose.yml has no service {name!r}; "
        "name the one that is shard 1 with --service: media, api\n"
    )
    assert not (tmp_path / "shards.yaml").exists()
    assert run(tmp_path, "init", "--service", "media").code == 0


def test_init_beside_a_base_without_services(tmp_path: Path) -> None:
    (tmp_path / "docker-compose.yml").write_text("services: {}\n")
    ran = run(tmp_path, "init")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.endswith("has no service 'baileys'; write it there: it is shard 1\n")


def test_schema_prints_the_schema(tmp_path: Path) -> None:
    ran = run(tmp_path, "schema")
    assert ran.out == Path(resource("schema/shards.schema.json")).read_text()
    assert json.loads(ran.out)["additionalProperties"] is False


def test_a_resource_that_is_not_there_is_named() -> None:
    with pytest.raises(
        FileNotFoundError, match="this installation of shardgen lacks schema/nothing"
    ):
        resource("schema/nothing")


def test_explain_knows_every_code(tmp_path: Path) -> None:
    listed = run(tmp_path, "explain")
    assert [line.split()[0] for line in listed.out.splitlines()] == sorted(CODES)
    for code in CODES:
        for typed in (code, code.lower()):
            ran = run(tmp_path, "explain", typed)
            assert ran.code == 0
            assert ran.out.startswith(f"{code}  {CODES[code].title}\n\n")


ROUTES = [
    ("1", fleet(1, 2), {}, "tenant 1 → shard 2 → http://baileys-2:3300", "fallback md5(1) mod 2 + 1", "routing.fallback, shards.yaml (default)"),
    ("42 --shard 2", fleet(1, 2), {}, "tenant 42 → shard 2 → http://baileys-2:3300", "shard 2 was given: it is used as it is", "shards.yaml:6"),
    ("42 --shard 0", fleet(1, 2), {}, "tenant 42 → shard 1 → http://baileys-1:3300", "fallback md5(42) mod 2 + 1", ""),
    ("7", fleet(1, 2, head="routing: {fallback: modulo}\n"), {}, "tenant 7 → shard 2 ", "fallback 7 mod 2 + 1", "shards.yaml:4"),
    ("7", fleet(1, 2, 3, head="routing: {fallback_shards: [1, 3]}\n"), {}, "tenant 7 → shard 3 ", "mod 2, picked from [1, 3]", ""),
    ("7", fleet(1), {}, "tenant 7 → shard 1 → http://baileys:3300", "mod 1 + 1", ""),
    ("7 --shard 2", fleet(1, 2).replace("- id: 2", "- {id: 2, url: 'https://two.example/'}"), {}, "→ https://two.example\n", "url of its entry", "BAILEYS_SHARD_2_URL is not set here"),
    ("7 --shard 2", fleet(1, 2), {"BAILEYS_SHARD_2_URL": "http://else:1/"}, "→ http://else:1\n", "url from the environment", "BAILEYS_SHARD_2_URL is set here"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "text", "environment", "answer", "why", "source"), ROUTES)
def test_route_names_the_rule_its_place_and_the_variable(
    project: Project,
    arguments: str,
    text: str,
    environment: dict[str, str],
    answer: str,
    why: str,
    source: str,
) -> None:
    project.write("shards.yaml", text)
    ran = project.ok("route", *arguments.split(), **environment)
    assert answer in ran.out.partition("\n")[0] + "\n"
    assert why in ran.out
    assert source in ran.out


def test_route_of_a_shard_that_is_retired(project: Project) -> None:
    text = (
        fleet(1, 2).replace("- id: 2", "- {id: 2, state: retired, move_to: 1}")
        + "  - {id: 3, state: retired}\n"
    )
    project.write("shards.yaml", text)
    for number, message in (
        ("2", "shard 2 is retired: its tenants live on shard 1"),
        ("3", "shard 3 is retired"),
    ):
        ran = project.run("route", "7", "--shard", number)
        assert (ran.code, ran.out) == (2, "")
        assert message in ran.err


def test_route_of_an_unknown_shard(project: Project) -> None:
    ran = project.ok("route", "7", "--shard", "9")
    assert "tenant 7 → shard 9 → http://baileys-9:3300" in ran.out
    assert "unknown" in ran.out
    project.write("shards.yaml", fleet(1, 2, head="routing: {unknown_shard: error}\n"))
    ran = project.run("route", "7", "--shard", "9")
    assert (ran.code, ran.out) == (2, "")
    assert "shard 9 is not in shards.yaml" in ran.err


FLEETS = [
    fleet(1), fleet(1, 2), fleet(1, 3, 7), fleet(1, 2, head="routing: {fallback: modulo}\n"),
    fleet(1, 2, 3, head="routing: {fallback_shards: [2, 3]}\n"),
    fleet(1, 2, head="routing: {unknown_shard: error}\n"),
    fleet(1, 2).replace("- id: 2", "- {id: 2, url: 'https://two.example/x/'}"),
    fleet(1).replace("- id: 1", "- {id: 1, url: 'https://one.example'}"),
    fleet(1, 2, 3).replace("- id: 2", "- {id: 2, state: retired, move_to: 3}"),
    fleet(1, 2).replace("- id: 2", "- {id: 2, state: retired}"),
]  # fmt: skip
NUMBERS = st.sampled_from(["1", "2", "3", "9", "80", "0", "x", "", "70000", " 4 "])
ENVIRONMENTS = st.fixed_dictionaries({}, optional={
    "BAILEYS_NUM_SHARDS": NUMBERS,
    "BAILEYS_PORT": NUMBERS,
    "BAILEYS_BASE_URL": st.sampled_from(["http://legacy:1/", "", "https://x"]),
    "BAILEYS_SHARD_1_URL": st.sampled_from(["http://one:1/", ""]),
    "BAILEYS_SHARD_2_URL": st.sampled_from(["http://two:2", "nonsense"]),
    "BAILEYS_SHARD_9_URL": st.sampled_from(["http://nine:9//"]),
})  # fmt: skip


@pytest.fixture(scope="module")
def routers(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Project, object]]:
    """Each fleet as a project, with the code of its router."""
    found = []
    for number, text in enumerate(FLEETS):
        project = Project(tmp_path_factory.mktemp("router") / str(number), text)
        project.render()
        found.append((project, compile(project.read(OUTPUTS[2]), f"router{number}.py", "exec")))
    return found


@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, len(FLEETS) - 1),
    ENVIRONMENTS,
    st.integers(-5, 2**40),
    st.none() | st.integers(-1, 9),
)
def test_route_answers_as_the_router_does(
    routers: list, number: int, environment: dict[str, str], tenant: int, shard: int | None
) -> None:
    project, code = routers[number]
    typed = [] if shard is None else ["--shard", str(shard)]
    ran = project.run("route", *typed, "--", str(tenant), **environment)
    with inside(project.root, environment):
        module: dict = {"__name__": "router"}
        try:
            exec(code, module)
            expected = (
                module["shard_for"](tenant, shard),
                module["get_baileys_base_url"](tenant, shard),
            )
        except (ValueError, LookupError):
            expected = None
    if expected is None:
        assert (ran.code, ran.out) == (2, "")
        return
    assert ran.code == 0, ran.err
    found = re.match(r"tenant (-?[0-9]+) → shard ([0-9]+) → (.*)\n", ran.out)
    assert found
    assert (int(found[1]), int(found[2]), found[3]) == (tenant, *expected)
