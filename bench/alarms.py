"""`python -m bench.alarms`: what the audit finds in packages that have nothing to do with shards.

Each package is audited as if a fleet with an ordinary name, `media` or `api` at port 8080, were its
own: whatever is found is a false alarm, but for commands that would start, or delete, the whole
stack of that project. Those are counted apart. `--packages` fetches the source distributions of
known projects that carry Dockerfiles, scripts, compose files and much documentation.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import sysconfig
import tarfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from shardgen.audit.inspection import Source, inspect
from shardgen.audit.languages import language_of, may_be_audited
from shardgen.audit.page import read_page
from shardgen.audit.subject import build_subject
from shardgen.tree import content_of, files_below
from shardgen.validate import validate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shardgen.audit.subject import Subject
    from shardgen.diagnostics import Diagnostic

NAMES = ("media", "api")
#: Commands about the whole stack of a project: right, if the fleet were in it.
STACK = frozenset({"SG812", "SG816"})
#: A tool that an image lacks is missing, whoever owns the image.
TOOL = frozenset({"SG814"})
SHARDS = """\
version: 1
service:
  name: {name}
  port: 8080
  consumers: [web]
  storage: {{volume: {name}_data, mount: /data}}
shards: [{{id: 1}}, {{id: 2}}, {{id: 3}}]
"""
BASE = """\
services:
  web: {{image: web}}
  {name}: {{image: "{name}", volumes: ["{name}_data:/data"]}}
volumes: {{{name}_data: {{}}}}
"""
FOLDER = Path(".venv") / "alarms"
#: Some of the projects need what later setuptools no longer have, if only to say their names.
OLDER = "older.txt"
PYPI = (
    "apache-superset==6.1.0",
    "celery==5.7.0",
    "crossbar==26.10.1",
    "dagster==1.13.29",
    "docker-compose==1.29.2",
    "faust-streaming==0.15.3",
    "frappe-bench==5.31.1",
    "label-studio==1.23.2",
    "mlflow==3.18.0",
    "prefect==3.9.1",
    "salt==3008.5",
    "tutor==22.0.3",
)
NPM = (
    "ghost@5.130.6",
    "haraka@3.3.4",
    "mongo-express@1.0.2",
    "nodebb@1.4.0",
    "pm2@7.0.4",
    "redis-commander@0.9.0",
    "sails@1.5.18",
    "statsd@0.9.0",
)


class Project:
    """A package's folder, with a base file that defines the fleet in place of its own."""

    def __init__(self, root: Path, base: str) -> None:
        self.root, self.base = root, base

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes."""
        if path == "docker-compose.yml":
            return self.base.encode()
        file = self.root / path
        is_inside = not path.startswith(("/", "../"))
        return file.read_bytes() if is_inside and file.is_file() else None

    peek = read

    def kind(self, path: str) -> str | None:
        """Return what stands at a path."""
        return "file" if path == "docker-compose.yml" else None


@dataclass
class Tally:
    """What was audited, and what was found."""

    files: Counter[str] = field(default_factory=Counter)
    lines: int = 0
    found: list[tuple[str, Diagnostic, str]] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, root: Path, name: str, sources: list[Source]) -> None:
        """Audit the files of a package against a fleet of a name."""
        start = time.process_time()
        found, _ = inspect(sources, subject_of(root, name))
        self.seconds += time.process_time() - start
        texts = {source.page.file: source.page.lines for source in sources}
        for each in found:
            line = texts[each.file][each.line - 1].strip() if each.line else ""
            self.found.append((name, each, line))

    def count(self, sources: list[Source]) -> None:
        """Count the files of a package, by language, and their lines."""
        self.files.update(source.language for source in sources)
        self.lines += sum(len(source.page.lines) for source in sources)


def main() -> None:
    """Print the table, and each finding where that is asked for."""
    options = parser().parse_args()
    roots = options.folders or [Path(sysconfig.get_path("purelib"))]
    if options.packages:
        roots += fetched(options.packages)
    tally = Tally()
    for root in roots:
        sources = sources_of(root)
        tally.count(sources)
        for name in NAMES:
            tally.add(root, name, sources)
    if options.list:
        for name, each, line in tally.found:
            print(f"{name} {each.file}:{each.line}: {each.code} {each.message}\n    {line[:120]}")
    print(report(tally, len(roots)))


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(prog="python -m bench.alarms", description=__doc__)
    made.add_argument("folders", nargs="*", type=Path, help="default: the installed packages")
    made.add_argument("--packages", nargs="?", type=Path, const=FOLDER, metavar="FOLDER",
                      help=f"also fetch known projects, by default into {FOLDER}")  # fmt: skip
    made.add_argument("--list", action="store_true", help="print every finding")
    return made


def sources_of(root: Path) -> list[Source]:
    """Return the files of a package that an audit would read."""
    found = []
    for name in files_below([str(root)]):
        path = Path(name)
        content = content_of(name) if may_be_audited(path.name) else None
        text = None if content is None else content.decode("utf-8", "replace")
        language = None if text is None else language_of(path.name, text)
        if text is not None and language is not None:
            inside = path.relative_to(root).as_posix()
            found.append(Source(page=read_page(text, name, inside), language=language))
    return found


def subject_of(root: Path, name: str) -> Subject:
    """Return a fleet of three shards in the folder of a package."""
    project = Project(root, BASE.format(name=name))
    inputs = validate(SHARDS.format(name=name).encode(), "shards.yaml", project)

    def read(path: str) -> str | None:
        content = project.read(path)
        return None if content is None else content.decode("utf-8", "replace")

    return build_subject(inputs, "shards.yaml", frozenset(), read)


def fetched(folder: Path) -> list[Path]:
    """Return the folders of the known projects, fetched by pip and npm where they are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.joinpath(OLDER).write_text("setuptools<81\n")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    commands = [([*pip, "--dest", ".", name], name) for name in PYPI]
    commands += [(["npm", "pack", "--silent", name], name) for name in NPM]
    return list(filter(None, (unpacked(folder, command, name) for command, name in commands)))


def unpacked(folder: Path, command: list[str], name: str) -> Path | None:
    """Return the folder of one project; None, and a word, where it cannot be fetched."""
    target = folder / name
    if not target.exists():
        before = set(folder.glob("*gz"))
        subprocess.run(command, cwd=folder, check=False, env=os.environ | {"PIP_CONSTRAINT": OLDER})
        archives = set(folder.glob("*gz")) - before
        if not archives:
            print(f"{name} cannot be fetched", file=sys.stderr)
            return None
        with tarfile.open(archives.pop()) as archive:
            archive.extractall(target, filter="data")
    return next((each for each in target.iterdir() if each.is_dir()), target)


def report(tally: Tally, projects: int) -> str:
    """Return the table of one run."""
    files = sum(tally.files.values())
    audited, lines = files * len(NAMES), tally.lines * len(NAMES)
    codes = [each.code for _, each, _ in tally.found]
    alarms = sum(code not in STACK | TOOL for code in codes)
    languages = ", ".join(f"{count:,} {name}" for name, count in tally.files.most_common())
    rows = [
        f"{projects} folders, {files:,} files ({languages}), {tally.lines:,} lines",
        (
            f"each audited against {' and '.join(NAMES)}: "
            f"{tally.seconds / len(NAMES):.1f} s of processor a fleet"
        ),
        "",
        "| | findings | per 1,000 files | per 100,000 lines |",
        "|---|---:|---:|---:|",
        row("about shards that are not there", alarms, audited, lines),
        row("about the project's whole stack", count(codes, STACK), audited, lines),
        row("a tool that an image lacks", count(codes, TOOL), audited, lines),
    ]
    return "\n".join(rows)


def count(codes: Iterable[str], wanted: frozenset[str]) -> int:
    """Return how many codes are among the wanted ones."""
    return sum(code in wanted for code in codes)


def row(name: str, found: int, files: int, lines: int) -> str:
    """Return one row of the table."""
    return f"| {name} | {found} | {found * 1e3 / files:.2f} | {found * 1e5 / lines:.2f} |"


if __name__ == "__main__":
    main()
