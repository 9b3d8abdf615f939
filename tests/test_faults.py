"""G3, all or nothing: a render that ends at any step leaves whole files, and the next one heals."""

from __future__ import annotations

import builtins
import contextlib
import errno
import fcntl
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shardgen import blocks
from shardgen.files import STAGED
from tests.support import Project, fleet, inside, snapshot

#: CI tries every step; elsewhere a third of them has to do, in other places for each scenario.
EVERY = 1 if os.environ.get("CI") else 3

Edit = Callable[[Project], None]

OVERLAY = """\
# The overlay of this team.
name: ours

# shardgen:begin shared
# shardgen:end shared

services:
  redis: {image: redis}
  # shardgen:begin services
  # shardgen:end services

volumes:
  redis_data:
  # shardgen:begin volumes
  # shardgen:end volumes
"""
ENV = "SECRET=1\r\n# no line end at the end\r\nLAST=2"


class Killed(BaseException):
    """The process is gone: nothing runs after it, no handler and no cleanup."""


class Faults:
    """Counts every step of a render that changes the disk, and fails at one of them.

    A write that fails has written half. After a kill every further step is the dead process's, and
    does nothing.
    """

    def __init__(self, at: int = 0, *, kill: bool = False, code: int = errno.EIO) -> None:
        self.at, self.kill, self.code = at, kill, code
        self.steps: list[str] = []

    def step(self, name: str, path: object) -> None:
        """Count a step; raise where it is the one that fails."""
        self.steps.append(name)
        count = len(self.steps)
        if self.kill and count >= self.at > 0:
            raise Killed
        if count == self.at:
            raise OSError(self.code, os.strerror(self.code), str(path))

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Put this in the place of what writes."""
        with pytest.MonkeyPatch.context() as patch:
            for name in ("replace", "unlink", "makedirs", "fsync", "chmod"):
                patch.setattr(os, name, self.wrapped(name, getattr(os, name)))
            patch.setattr(builtins, "open", self.opened(builtins.open))
            yield

    def wrapped(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that counts before it acts."""

        def call(path: Any, *rest: Any, **options: Any) -> Any:
            self.step(name, path)
            return function(path, *rest, **options)

        return call

    def opened(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return an `open` that counts what it opens to write, and each write into it."""

        def call(path: Any, mode: str = "r", *rest: Any, **options: Any) -> Any:
            if not set(mode) & set("wxa+"):
                return function(path, mode, *rest, **options)
            self.step("open", path)
            file = function(path, mode, *rest, **options)
            return Writer(file, self, path)

        return call


class Writer:
    """A file whose writes are steps; one that fails has written half of it."""

    def __init__(self, file: Any, faults: Faults, path: object) -> None:
        self.file, self.faults, self.path = file, faults, path

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def write(self, content: bytes) -> None:
        self.file.write(content[: len(content) // 2])
        self.file.flush()
        self.faults.step("write", self.path)
        self.file.write(content[len(content) // 2 :])

    def flush(self) -> None:
        self.file.flush()

    def fileno(self) -> int:
        return int(self.file.fileno())


def attempt(project: Project, faults: Faults) -> int | None:
    """Render with a fault; return the exit code, None where it was killed."""
    with faults.watched():
        try:
            return project.run("render").code
        except Killed:
            return None


@dataclass(frozen=True)
class Scenario:
    """A project before and after an edit; the render of the edit is what fails."""

    name: str
    before: str | None
    after: str
    given: tuple[tuple[str, str], ...] = ()


DIGEST = re.compile(rb'"digest": "[0-9a-f]{64}"')
SUM = "migrations/shardgen.sum"
BLOCKS = "outputs:\n  env: {path: .env}\n"
ALEMBIC = "database: {migrations: {runner: alembic}}\n"
USER_FILES = (("docker-compose.prod.yml", OVERLAY), (".env", ENV))
SCENARIOS = (
    Scenario("first", None, fleet(1, 2)),
    Scenario("growth", fleet(1, 2), fleet(1, 2, 3)),
    Scenario("first_blocks", None, fleet(1, 2, head=BLOCKS), USER_FILES),
    Scenario("more_blocks", fleet(1, 2, head=BLOCKS), fleet(1, 2, 3, head=BLOCKS), USER_FILES),
    Scenario("alembic", fleet(1, 2, head=ALEMBIC), fleet(1, 2, 3, head=ALEMBIC)),
    Scenario(
        "stale",
        fleet(1, 2, head="outputs:\n  env: {path: .env}\n  docs: {path: a/S.md}\n", consumers=""),
        fleet(
            1, 2, head="outputs:\n  env: {enabled: false}\n  docs: {path: b/S.md}\n", consumers=""
        ),
        USER_FILES,
    ),
)


def nothing(project: Project) -> None:
    """Leave all as it is."""


def other_shard(project: Project) -> None:
    """Add one shard more."""
    project.write("shards.yaml", project.read("shards.yaml") + "  - id: 9\n")


def undo(project: Project) -> None:
    """Take the edit back: a shard line again removed, an output enabled again."""
    project.write("shards.yaml", project.path("shards.before").read_bytes())


def template(project: Project) -> None:
    """Add a template of one's own."""
    project.write("templates/docs.md.j2", "<!-- {{ header | text }} -->\n# Shards\n")


def base(project: Project) -> None:
    """Edit the base file."""
    project.change("docker-compose.yml", "LOG_LEVEL: info", "LOG_LEVEL: debug")


def moved(project: Project) -> None:
    """Give the router another path."""
    text = project.read("shards.yaml")
    router = "  router: {path: lib/router.py}\n"
    text = text.replace("outputs:\n", f"outputs:\n{router}")
    if "outputs:" not in text:
        text += f"outputs:\n{router}"
    project.write("shards.yaml", text)


def disabled(project: Project) -> None:
    """Disable the overlay and the document."""
    text = project.read("shards.yaml")
    for output in ("docs", "compose"):
        text = text.replace(f"  {output}: {{path: b/S.md}}\n", "")
        line = f"  {output}: {{enabled: false}}\n"
        text = (
            text.replace("outputs:\n", f"outputs:\n{line}")
            if "outputs:" in text
            else f"{text}outputs:\n{line}"
        )
    project.write("shards.yaml", text)


EDITS: tuple[Edit, ...] = (nothing, other_shard, undo, template, base, moved, disabled)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Scenario], Path]:
    """Return a function to the folder of a scenario, edited and not rendered; made once."""
    found: dict[str, Path] = {}

    def start(scenario: Scenario) -> Path:
        if scenario.name not in found:
            root = tmp_path_factory.mktemp(scenario.name) / "project"
            project = Project(root, scenario.before)
            project.write("shards.before", scenario.before or scenario.after)
            for name, content in scenario.given:
                project.write(name, content)
            if scenario.before:
                project.render()
            project.write("shards.yaml", scenario.after)
            found[scenario.name] = root
        return found[scenario.name]

    return start


@pytest.fixture(scope="module")
def reference(
    started: Callable[[Scenario], Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., dict[str, bytes]]:
    """Return a function to the files of a scenario and an edit, rendered without any fault.

    `twice` renders before the edit too: what is in the ledger's sum then is history.
    """
    found: dict[tuple[str, str, bool], dict[str, bytes]] = {}

    def refer(scenario: Scenario, edit: Edit, *, twice: bool = False) -> dict[str, bytes]:
        key = (scenario.name, edit.__name__, twice)
        if key not in found:
            project = copied(started(scenario), tmp_path_factory.mktemp("reference") / "project")
            if twice:
                project.render()
            edit(project)
            project.render()
            found[key] = project.contents()
        return found[key]

    return refer


def copied(root: Path, to: Path) -> Project:
    """Return a copy of a project."""
    shutil.copytree(root, to)
    project = Project.__new__(Project)
    project.root = to
    return project


def steps_of(root: Path, to: Path) -> list[str]:
    """Return the steps of a render in which nothing fails."""
    faults = Faults()
    assert attempt(copied(root, to), faults) == 0
    shutil.rmtree(to)
    return faults.steps


def is_whole(project: Project, old: dict[str, bytes], new: dict[str, bytes]) -> None:
    """Demand that each file is as before or as after, and none is lost."""
    for name, content in project.contents().items():
        if name.endswith(STAGED) or name == "shardgen.lock":
            continue
        assert content in {old.get(name), new.get(name)}, f"{name} is torn"
    lost = (old.keys() & new.keys()) - project.contents().keys()
    assert not lost


def without_engine(lock: bytes) -> bytes:
    """Return a lock without the engine where there is none, and without its own digest."""
    return DIGEST.sub(b'"digest": ""', lock.replace(b'"engine": "none", ', b""), count=1)


def is_healed(project: Project, expected: dict[str, bytes]) -> None:
    """Demand that a project is exactly as if no render had ever failed.

    Markers of the user's that were filled once are taken out with what fills them. Whether compose
    had the shards is known from a render that came to its end.
    """
    found = project.contents()
    found["shardgen.lock"] = without_engine(found["shardgen.lock"])
    expected = {**expected, "shardgen.lock": without_engine(expected["shardgen.lock"])}
    overlay = "docker-compose.prod.yml"
    if overlay in found and overlay not in project.lock.outputs:
        text = expected[overlay].decode()
        assert found[overlay].decode() in {text, blocks.without(text)}
        expected = {**expected, overlay: found[overlay]}
    assert sorted(found) == sorted(expected)
    for name in expected:
        assert found[name] == expected[name], name
    project.is_clean()


#: The scenarios that run on every `make test`; the others take as long again.
QUICK = {"growth"}


@pytest.mark.parametrize(
    "kill", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["error", "kill"]
)
@pytest.mark.parametrize("scenario", [
    pytest.param(each, id=each.name, marks=() if each.name in QUICK else pytest.mark.slow)
    for each in SCENARIOS
])  # fmt: skip
def test_g3_every_step_of_a_render_may_fail(
    scenario: Scenario, kill: bool, started: Any, reference: Any, tmp_path: Path
) -> None:
    root = started(scenario)
    old = {name: content for name, (content, _) in snapshot(root).items()}
    new = reference(scenario, nothing)
    steps = steps_of(root, tmp_path / "dry")
    assert len(steps) > 20
    for at in range(1 + kill, len(steps) + 1, EVERY):
        project = copied(root, tmp_path / str(at))
        code = attempt(project, Faults(at, kill=kill))
        assert code in ({None} if kill else {0, 3}), steps[at - 1]
        is_whole(project, old, new)
        edit = EDITS[(at + kill) % len(EDITS)]
        heal(project, scenario, edit, reference)
        shutil.rmtree(project.root)


def heal(project: Project, scenario: Scenario, edit: Edit, reference: Any) -> None:
    """Edit, render again, and demand that all is well.

    A shard whose migration is in the sum has a history: its entry stays, or comes back.
    """
    listed = project.path(SUM)
    twice = listed.exists() and listed.read_bytes() == reference(scenario, nothing)[SUM]
    edit(project)
    ran = project.run("render")
    if edit is undo and twice and "3" in scenario.after.split():
        assert ran.code == 2
        assert "SG601" in ran.err
        project.write("shards.yaml", scenario.after)
        edit, ran = nothing, project.run("render")
    assert ran.code == 0, f"{edit.__name__}: {ran.err}"
    is_healed(project, reference(scenario, edit, twice=twice))


def test_g3_the_counted_steps_are_all_there_are(project: Project) -> None:
    faults = Faults()
    assert attempt(project, faults) == 0
    files = len(project.lock.outputs)
    assert faults.steps.count("replace") == files + 2
    assert faults.steps.count("open") == files + 2


def test_g3_a_render_that_fails_twice_heals(started: Any, reference: Any, tmp_path: Path) -> None:
    scenario = SCENARIOS[1]
    root = started(scenario)
    count = len(steps_of(root, tmp_path / "dry"))
    chance = random.Random(7)
    for number in range(30 // EVERY):
        project = copied(root, tmp_path / str(number))
        attempt(project, Faults(chance.randrange(1, count), kill=True))
        listed = project.read(SUM).encode() == reference(scenario, nothing)[SUM]
        edit = chance.choice([nothing, other_shard, template, base, moved])
        edit(project)
        attempt(project, Faults(chance.randrange(1, count), kill=True))
        project.render()
        is_healed(project, reference(scenario, edit, twice=listed))


def test_g3_a_failed_first_render_says_whether_anything_was_written(project: Project) -> None:
    before = snapshot(project.root)
    with Faults(3, code=errno.ENOSPC).watched():
        ran = project.run("render")
    assert ran.code == 3
    assert ran.err.startswith("error: cannot write ")
    assert ran.err.endswith(": No space left on device; nothing was written\n")
    assert ran.out == ""
    assert snapshot(project.root) == before


def test_g3_a_full_disk_has_no_file_name(
    rendered: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered.write("shards.yaml", fleet(1, 2, 3))
    before = snapshot(rendered.root)

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    ran = rendered.run("render")
    assert (ran.code, ran.err) == (
        3,
        "error: cannot write: No space left on device; nothing was written\n",
    )
    assert snapshot(rendered.root) == before


def test_g3_a_failure_in_the_middle_says_how_to_go_on(rendered: Project) -> None:
    rendered.write("shards.yaml", fleet(1, 2, 3))
    faults = Faults()
    with faults.watched():
        rendered.ok("render", "--dry-run")
    assert faults.steps == []
    steps = steps_of(rendered.root, rendered.root.parent / "dry")
    last = len(steps) - steps[::-1].index("replace")
    middle = steps.index("replace") + 3
    for at in (middle, last):
        project = copied(rendered.root, rendered.root.parent / str(at))
        with Faults(at).watched():
            ran = project.run("render")
        assert ran.code == 3
        assert "every file is whole; render again to complete" in ran.err
        checked = project.run("check")
        assert checked.code == 1
        assert "shardgen.lock   a render was interrupted" in checked.out
        assert checked.last == "shardgen render"
        again = project.render()
        assert "66.5 %" in again.out
        assert "psql -X -v ON_ERROR_STOP=1 -f migrations/" in again.out
        assert "up -d" in again.out
        project.is_clean()


@contextlib.contextmanager
def as_somebody(project: Project) -> Iterator[Project]:
    """Give a copy of a project that its owner, who is not root, works on: root may write anywhere."""
    if os.geteuid() != 0:
        yield project
        return
    with tempfile.TemporaryDirectory() as home:
        copy = Project.__new__(Project)
        copy.root = Path(home, "project")
        shutil.copytree(project.root, copy.root)
        for path in [Path(home), *Path(home).rglob("*")]:
            os.chown(path, NOBODY, NOBODY)
        os.seteuid(NOBODY)
        try:
            yield copy
        finally:
            os.seteuid(0)


#: The user that Linux gives nothing to.
NOBODY = 65534


def test_g3_a_read_only_folder_is_refused(rendered: Project) -> None:
    rendered.write("shards.yaml", fleet(1, 2, 3))
    with as_somebody(rendered) as project:
        before = snapshot(project.root)
        folder = project.path("server")
        folder.chmod(0o500)
        try:
            ran = project.run("render")
            assert ran.code == 3
            assert "Permission denied; nothing was written" in ran.err
            assert snapshot(project.root) == before
        finally:
            folder.chmod(0o700)


def test_g3_a_folder_that_cannot_be_made_is_refused(rendered: Project) -> None:
    rendered.write("shards.yaml", fleet(1, 2, head="outputs:\n  docs: {path: new/SHARDS.md}\n"))
    before = snapshot(rendered.root)
    with Faults(
        1 + steps_of(rendered.root, rendered.root.parent / "dry").index("makedirs", 1),
        code=errno.EROFS,
    ).watched():
        ran = rendered.run("render")
    assert (ran.code, ran.out) == (3, "")
    assert "Read-only file system; nothing was written" in ran.err
    assert snapshot(rendered.root) == before


def test_g4_what_waits_is_never_written_through_a_link(rendered: Project, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    for name in (".docker-compose.prod.yml", ".shardgen.lock"):
        rendered.path(name + STAGED).symlink_to(precious)
    rendered.write("shards.yaml", fleet(1, 2, 3))
    rendered.render()
    assert precious.read_text() == "mine"
    assert not list(rendered.root.rglob(f"*{STAGED}"))


def test_a_stale_journal_is_cleared_and_a_strange_one_does_no_harm(rendered: Project) -> None:
    rendered.write(".shardgen.lock" + STAGED, b"\xff torn")
    rendered.render()
    assert not list(rendered.root.rglob(f"*{STAGED}"))
    rendered.is_clean()


def test_permissions_of_a_replaced_file_stay(rendered: Project) -> None:
    rendered.path(".env.shards").chmod(0o640)
    rendered.write("shards.yaml", fleet(1, 2, 3))
    rendered.render()
    assert rendered.path(".env.shards").stat().st_mode & 0o777 == 0o640


SLOW = """
import os, sys, time
sync = os.fsync
def slow(handle):
    time.sleep(0.004)
    sync(handle)
os.fsync = slow
from shardgen.__main__ import main
sys.stdout.write("ready\\n"); sys.stdout.flush()
sys.exit(main(["render"]))
"""


def test_g3_a_process_that_is_killed_leaves_whole_files(
    started: Any, reference: Any, tmp_path: Path
) -> None:
    scenario = SCENARIOS[1]
    root = started(scenario)
    old = {name: content for name, (content, _) in snapshot(root).items()}
    chance = random.Random(3)
    for number in range(4):
        project = copied(root, tmp_path / str(number))
        process = subprocess.Popen(
            [sys.executable, "-c", SLOW], cwd=project.root, stdout=subprocess.PIPE
        )
        assert process.stdout
        process.stdout.readline()
        deadline = time.monotonic() + 10
        while process.poll() is None and time.monotonic() < deadline:
            if list(project.root.glob(f"**/*{STAGED}")):
                break
        time.sleep(chance.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        is_whole(project, old, reference(scenario, nothing))
        assert project.run("render").code == 0
        healed = project.contents()
        assert healed.keys() == reference(scenario, nothing).keys()
        assert not list(project.root.rglob(f"*{STAGED}"))
        project.ok("check", "--full")


def test_g3_two_renders_at_once_do_not_interleave(rendered: Project) -> None:
    rendered.write("shards.yaml", fleet(*range(1, 12)))
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "shardgen", "render"], cwd=rendered.root,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for _ in range(3)
    ]  # fmt: skip
    printed = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], printed
    assert sorted(" 0 written" in text for text in printed) == [False, True, True]
    rendered.ok("check", "--full")


@pytest.mark.parametrize(
    "command",
    [
        ["render"],
        *(pytest.param(c, marks=pytest.mark.slow) for c in (["add"], ["check", "--full"])),
    ],
)
def test_g3_a_command_waits_for_the_one_that_writes(rendered: Project, command: list[str]) -> None:
    handle = os.open(rendered.root, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    process = subprocess.Popen(
        [sys.executable, "-m", "shardgen", *command], cwd=rendered.root, stdout=subprocess.PIPE
    )
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.6)
    finally:
        os.close(handle)
        process.communicate(timeout=30)
    assert process.returncode == 0


def test_a_system_without_file_locks_renders_too(
    rendered: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with inside(rendered.root):
        rendered.is_clean()
