"""The early answer of `check` never says yes where the full check would not; nor does it cost much."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shardgen import verdict
from shardgen.digest import sealed
from shardgen.disk import Disk
from shardgen.errors import ShardgenError
from shardgen.lock import lock_text
from shardgen.quick import config_of, early_answer
from shardgen.workspace import open_workspace
from tests.examples import examples
from tests.support import OUTPUTS, Project, fleet, inside
from tests.test_faults import ALEMBIC, OVERLAY, USER_FILES

Step = Callable[[Path], None]
TEMPLATES = ("docs.md.j2", "env.j2", "part.j2", "migrations/add.sql.j2", "compose.yml.j2")
BLOCKS = fleet(1, 2, head="outputs:\n  env: {path: config/app.env}\ntemplates: own\n")


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """Rendered projects: one of whole files, one of blocks and own templates, one of alembic."""
    whole = Project(tmp_path_factory.mktemp("whole") / "project")
    blocks = Project(tmp_path_factory.mktemp("blocks") / "project", BLOCKS)
    blocks.write("docker-compose.prod.yml", OVERLAY)
    blocks.write("config/app.env", dict(USER_FILES)[".env"])
    blocks.write("own/docs.md.j2", "<!-- {{ header | text }} -->\n{% include 'part.j2' %}\n")
    blocks.write("own/part.j2", "part\n")
    alembic = Project(tmp_path_factory.mktemp("alembic") / "project", fleet(1, 2, head=ALEMBIC))
    for project in (whole, blocks, alembic):
        project.render()
    return whole.root, blocks.root, alembic.root


def files(root: Path) -> list[Path]:
    """Return the files of a project, sorted."""
    return sorted(path for path in root.rglob("*") if path.is_file())


@st.composite
def steps(draw: st.DrawFn) -> Step:
    """Return one thing that somebody may do to a project."""
    number, place = draw(st.integers(0, 99)), draw(st.floats(0, 1))
    kind = draw(st.sampled_from(sorted(KINDS)))
    template = draw(st.sampled_from(TEMPLATES))

    def step(root: Path) -> None:
        found = files(root)
        with contextlib.suppress(OSError, shutil.Error):  # what cannot be done is not done
            KINDS[kind](root, found[number % len(found)], place, template)

    step.__name__ = f"{kind}({number}, {place:.2f}, {template!r})"
    step.__qualname__ = step.__name__
    return step


def flip(root: Path, path: Path, place: float, template: str) -> None:
    content = bytearray(path.read_bytes())
    if content:
        content[int(place * (len(content) - 1))] ^= 1
        path.write_bytes(content)


def cut(root: Path, path: Path, place: float, template: str) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(place * len(content))])


def insert(root: Path, path: Path, place: float, template: str) -> None:
    content = path.read_bytes()
    at = int(place * len(content))
    path.write_bytes(content[:at] + b"\n" + content[at:])


def one_crlf(root: Path, path: Path, place: float, template: str) -> None:
    lines = path.read_bytes().split(b"\n")
    at = int(place * (len(lines) - 1))
    path.write_bytes(b"\n".join([*lines[:at], lines[at] + b"\r", *lines[at + 1 :]]))


def all_crlf(root: Path, path: Path, place: float, template: str) -> None:
    path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))


def prepend(root: Path, path: Path, place: float, template: str) -> None:
    path.write_bytes(b"# ours\n" + path.read_bytes())


def append(root: Path, path: Path, place: float, template: str) -> None:
    path.write_bytes(path.read_bytes() + b"# ours\n")


def delete(root: Path, path: Path, place: float, template: str) -> None:
    path.unlink()


def touch(root: Path, path: Path, place: float, template: str) -> None:
    path.write_bytes(path.read_bytes())


def link(root: Path, path: Path, place: float, template: str) -> None:
    away = root.parent / f"away{len(files(root.parent))}"
    shutil.move(path, away)
    path.symlink_to(away)


def link_folder(root: Path, path: Path, place: float, template: str) -> None:
    if path.parent != root and not path.parent.is_symlink():
        away = root.parent / f"away{len(list(root.parent.iterdir()))}"
        shutil.move(path.parent, away)
        path.parent.symlink_to(away)


def folder(root: Path, path: Path, place: float, template: str) -> None:
    path.unlink()
    path.mkdir()


def closed(root: Path, path: Path, place: float, template: str) -> None:
    path.chmod(0)


#: What somebody may put beside the migrations.
MORE = (
    *("0005_x.sql", "x.SQL", ".sql", "notes.txt", "0001_init.sql.bak", "shardgen.sum.sql"),
    *("0005_x.py", "x.py", "\u00b2x.py", "0005_x.down.sql", "apply.sql", "env.py"),
)


def more_sql(root: Path, path: Path, place: float, template: str) -> None:
    root.joinpath("migrations", MORE[int(place * (len(MORE) - 1))]).write_text("SELECT 1;\n")


def sql_folder(root: Path, path: Path, place: float, template: str) -> None:
    root.joinpath("migrations", "old.sql" if place < 0.5 else "old").mkdir(exist_ok=True)


def user_template(root: Path, path: Path, place: float, template: str) -> None:
    target = root.joinpath("templates" if place < 0.5 else "own", template)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("<!-- {{ header | text }} -->\n")


def unrelated(root: Path, path: Path, place: float, template: str) -> None:
    path.parent.joinpath("README").write_text("ours\n")


def swap(root: Path, path: Path, place: float, template: str) -> None:
    others = files(root)
    other = others[int(place * (len(others) - 1))]
    mine, theirs = path.read_bytes(), other.read_bytes()
    path.write_bytes(theirs)
    other.write_bytes(mine)


KINDS = {
    each.__name__: each
    for each in (flip, cut, insert, one_crlf, all_crlf, prepend, append, delete, touch, link, link_folder, folder,
                 more_sql, sql_folder, user_template, unrelated, swap, *([] if os.geteuid() == 0 else [closed]))
}  # fmt: skip


def full_answer(root: Path, config: str) -> int | None:
    """Return how many files the full check finds, all of them clean; else None."""
    with inside(root):
        try:
            workspace = open_workspace(Disk("."), config)
        except (ShardgenError, OSError):
            return None
        return len(workspace.changes) if verdict.verdict_of(workspace).is_clean else None


@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2), st.lists(steps(), min_size=1, max_size=3))
def test_the_early_answer_is_the_full_one(
    projects: tuple[Path, ...], tmp_path: Path, which: int, done: list[Step]
) -> None:
    shutil.rmtree(tmp_path)
    root = tmp_path / "project"
    shutil.copytree(projects[which], root)
    for step in done:
        step(root)
    with inside(root):
        early = early_answer("shards.yaml")
    if early is not None:
        assert full_answer(root, "shards.yaml") == early


@pytest.mark.parametrize("kind", ["touch", "unrelated"])
def test_it_answers_where_nothing_changed(
    projects: tuple[Path, ...], tmp_path: Path, kind: str
) -> None:
    for number, made in enumerate(projects):
        root = tmp_path / str(number)
        shutil.copytree(made, root)
        for path in files(root):
            KINDS[kind](root, path, 0.0, "")
        with inside(root.parent):
            early = early_answer(f"{number}/shards.yaml")
        full = full_answer(root, "shards.yaml")
        assert full
        assert early == (None if made == projects[1] else full)


def test_what_stands_around_blocks_is_for_the_full_check(
    projects: tuple[Path, ...], tmp_path: Path
) -> None:
    root = tmp_path / "project"
    shutil.copytree(projects[1], root)
    for name in ("config/app.env", "docker-compose.prod.yml"):
        prepend(root, root / name, 0, "")
        append(root, root / name, 0, "")
        all_crlf(root, root / name, 0, "")
    with inside(root):
        assert early_answer("shards.yaml") is None
    assert full_answer(root, "shards.yaml")


def test_it_does_not_answer_for_any_other_byte_of_an_owned_file(
    projects: tuple[Path, ...], tmp_path: Path
) -> None:
    root = tmp_path / "project"
    shutil.copytree(projects[0], root)
    with inside(root):
        for name in (*OUTPUTS[:2], "shardgen.lock"):
            content = Path(name).read_bytes()
            for place in range(0, len(content), 3):
                changed = bytearray(content)
                changed[place] ^= 1
                Path(name).write_bytes(changed)
                assert early_answer("shards.yaml") is None, (name, place)
            Path(name).write_bytes(content)
        assert early_answer("shards.yaml") is not None


@pytest.mark.parametrize("body", ["[", "[]\n", "1,\n", '"inputs": 1}\n', '"inputs": {"shards.yaml": 1}}\n',
                                  '"inputs": {"shards.yaml": 1}, "package": 1, "outputs": 1}\n', "[" * 9999 + "\n"])  # fmt: skip
def test_a_strange_lock_is_for_the_full_check(rendered: Project, body: str) -> None:
    rendered.write("shardgen.lock", sealed("{\n" + body))
    with inside(rendered.root):
        assert early_answer("shards.yaml") is None
    assert rendered.run("check").code == 1


def test_a_strange_entry_is_for_the_full_check(rendered: Project) -> None:
    lock = rendered.lock
    for entry in (
        lock.outputs[OUTPUTS[0]]._replace(form="blocks"),
        lock.outputs[OUTPUTS[0]]._replace(was=""),
    ):
        rendered.write(
            "shardgen.lock", lock_text(lock._replace(outputs={**lock.outputs, OUTPUTS[0]: entry}))
        )
        with inside(rendered.root):
            assert early_answer("shards.yaml") is None


def test_another_config_has_a_lock_of_its_own(rendered: Project) -> None:
    with inside(rendered.root):
        assert early_answer("other.yaml") is None
        assert early_answer("nowhere/shards.yaml") is None
        shutil.copy("shardgen.lock", "other.shardgen.lock")
        assert early_answer("other.yaml") is None


def test_what_cannot_be_read_is_for_the_full_check(
    rendered: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    import builtins

    opened = builtins.open
    for name in ("shardgen.lock", "docker-compose.yml", OUTPUTS[0]):

        def refuse(path: str, *rest: object, name: str = name, **options: object) -> object:
            if str(path).endswith(name):
                raise PermissionError(13, "Permission denied", path)
            return opened(path, *rest, **options)  # type: ignore[call-overload]

        with monkeypatch.context() as patch, inside(rendered.root):
            patch.setattr(builtins, "open", refuse)
            assert early_answer("shards.yaml") is None
            ran = rendered.run("check")
            assert (ran.code, ran.out) == (2, "")
            assert "Permission denied" in ran.err
            assert name in ran.err


@pytest.mark.parametrize(("typed", "config"), [
    ("check", "shards.yaml"),
    ("check --no-diff", "shards.yaml"),
    ("check -c a/b.yaml", "a/b.yaml"),
    ("-c a/b.yaml check", "a/b.yaml"),
    ("check --config a.yaml", "a.yaml"),
    ("check --config=a.yaml --no-diff", "a.yaml"),
    ("-c a.yaml check -c b.yaml", "b.yaml"),
    ("check --full", None),
    ("check --tracked", None),
    ("check --format json", None),
    ("check --help", None),
    ("check -h", None),
    ("check check", None),
    ("--no-diff check", None),
    ("-c check", None),
    ("-c a.yaml", None),
    ("check -c", None),
    ("check extra", None),
    ("render", None),
    ("", None),
])  # fmt: skip
def test_only_a_plain_check_is_answered_early(typed: str, config: str | None) -> None:
    assert config_of(typed.split()) == config


PROBE = """
import sys
before = set(sys.modules)
from shardgen.__main__ import main
code = main(["check"])
print(code, *sorted(set(sys.modules) - before))
"""


def test_a_clean_check_imports_next_to_nothing(rendered: Project) -> None:
    shell = [
        sys.executable,
        "-I",
        "-c",
        f"import sys; sys.path.insert(0, {str(Path.cwd())!r})\n{PROBE}",
    ]
    environment = {key: value for key, value in os.environ.items() if key != "CI"}
    assert rendered.run("render").code == 0
    for number in range(2):
        done = subprocess.run(
            shell, cwd=rendered.root, capture_output=True, text=True, check=True, env=environment
        )
        code, *modules = done.stdout.split("\n")[1].split()
        assert code == "0"
        roots = {name.partition(".")[0] for name in modules}
        heavy = {
            "click",
            "jinja2",
            "jsonschema",
            "yaml",
            "dotenv",
            "pathlib",
            "dataclasses",
            "typing",
            "subprocess",
        }
        if number or "click" not in roots:
            assert not roots & heavy
            return
        subprocess.run(
            [*shell[:1], "-m", "shardgen", "render"],
            cwd=rendered.root,
            check=True,
            capture_output=True,
        )


def test_ci_never_takes_the_early_answer(
    rendered: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shardgen.quick.early_answer", lambda config: 1_000)
    assert rendered.ok("check").out == "1000 files agree with shards.yaml\n"
    found = f"{len(rendered.lock.outputs)} files agree with shards.yaml\n"
    assert rendered.ok("check", CI="1").out == found
    assert rendered.ok("check", "--full").out == found
