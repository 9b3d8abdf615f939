"""Golden cases: a folder with shards.yaml and what is given beside it; a run of the command line out."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shardgen.exits import run

if TYPE_CHECKING:
    import pytest

HERE = Path(__file__).parent
BASE = HERE / "refused" / "_base"


@dataclass(frozen=True)
class Ran:
    """How a command ended, and the files before and after it."""

    code: int
    stdout: str
    stderr: str
    before: dict[str, str]
    after: dict[str, str]


def cases(kind: str) -> list[Path]:
    """Return the case folders of a kind, by name."""
    found = sorted(HERE.joinpath(kind).iterdir())
    return [path for path in found if path.joinpath("shards.yaml").exists()]


def set_up(case: Path, project: Path) -> None:
    """Copy a case into a project: the common base file, then shards.yaml and what is given."""
    shutil.copytree(BASE, project, dirs_exist_ok=True)
    shutil.copy(case / "shards.yaml", project)
    given = case / "given"
    if given.exists():
        shutil.copytree(given, project, dirs_exist_ok=True, symlinks=True)
    removed = case / "removed"
    for name in removed.read_text().split() if removed.exists() else ():
        project.joinpath(name).unlink()


def files(project: Path) -> dict[str, str]:
    """Return every file of a project with its content, and every link with its target."""
    found = {}
    for folder, folders, names in os.walk(project):
        for name in (*names, *folders):
            path = Path(folder, name)
            key = str(path.relative_to(project))
            if path.is_symlink():
                found[key] = f"-> {path.readlink()}"
            elif path.is_file():
                found[key] = path.read_bytes().hex()
    return found


def render(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Ran:
    """Run `shardgen render` in a project."""
    monkeypatch.chdir(project)
    before = files(project)
    code = run(["render"])
    captured = capfd.readouterr()
    return Ran(code, captured.out, captured.err, before, files(project))
