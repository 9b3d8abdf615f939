"""`shardgen audit`: what goes around the single source."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from shardgen.audit.baseline import Known, baseline_text, keys, read_baseline, subtracted
from shardgen.audit.inspection import Source, inspect
from shardgen.audit.languages import language_of, may_be_audited
from shardgen.audit.page import read_page
from shardgen.audit.selection import read_selection
from shardgen.audit.subject import build_subject
from shardgen.audit.telling import Audit, audit_json, audit_text, counted, stale_text
from shardgen.blocks import has_markers
from shardgen.codes.auditing import CODES
from shardgen.compose import listed
from shardgen.diagnostics import Diagnostic, ordered
from shardgen.digest import lock_name
from shardgen.errors import ShardgenError, UsageError
from shardgen.files import held, replace_text
from shardgen.formats.failure import failure
from shardgen.lock import lock_in
from shardgen.publication import publish
from shardgen.terminal import err, out, painter
from shardgen.tree import content_of, files_below, is_excluded, is_regular
from shardgen.validate import validate

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from shardgen.audit.page import Page
    from shardgen.audit.subject import Subject
    from shardgen.disk import Disk


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a command line asks of an audit."""

    paths: Sequence[str] = ()
    select: Sequence[str] = ()
    ignore: Sequence[str] = ()
    exclude: Sequence[str] = ()
    baseline: str | None = None
    write_baseline: str | None = None
    output_format: str = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What was read. `names` maps the path of each file to its name as it was typed."""

    sources: tuple[Source, ...]
    unread: tuple[Diagnostic, ...]
    names: Mapping[str, str]

    def keys(self, found: Iterable[Diagnostic]) -> Iterator[tuple[Known, Diagnostic]]:
        """Yield each finding with what a baseline knows it by."""
        paths = {name: path for path, name in self.names.items()}
        return keys(found, paths, self.lines)

    @property
    def lines(self) -> dict[str, tuple[str, ...]]:
        """The lines of each file, by its name as it was typed."""
        return {source.page.file: source.page.lines for source in self.sources}


def audit(disk: Disk, config: str, **options: Any) -> int:
    """Print every place that goes around shards.yaml; returns 1 where there is one, else 0.

    Wrong input is printed as JSON, too, before it ends the run; the command line prints it in the
    formats that all commands share.
    """
    request = Request(**options)
    try:
        result = audited(disk, config, request)
    except ShardgenError as error:
        if request.output_format == "json":
            found = [replace(each, file=disk.typed(each.file)) for each in failure(error, config)]
            out(audit_json(Audit(findings=tuple(found), files=0, lines={})))
        raise
    if result is None:
        return 0
    show(result, config, request.output_format)
    if request.baseline is not None:
        err(stale_text(result, request.baseline))
    return 1 if result.findings else 0


def audited(disk: Disk, config: str, request: Request) -> Audit | None:
    """Return what an audit finds; None where it was to write a baseline, and did."""
    selection = read_selection(request.select, request.ignore, sorted(CODES))
    known = read_known(request.baseline)
    if request.write_baseline is not None:
        refuse_other(request.write_baseline)
    paths = request.paths or [disk.root]
    with held(disk.root, shared=True):
        subject = subject_of(disk, config)
        files = read_files(disk, subject, paths, request.exclude)
        others = router_pages(disk, subject, files.names) if request.paths else ()
    found, ignored = inspect(files.sources, subject, others)
    wanted = ordered(each for each in (*files.unread, *found) if selection.wants(each.code))
    if request.write_baseline is not None:
        text = baseline_text(key for key, _ in files.keys(wanted))
        replace_text(os.path.realpath(request.write_baseline), text)
        err(f"{request.write_baseline}: {counted(len(wanted), 'finding')} known from now on\n")
        return None
    new, left = subtracted(files.keys(wanted), known)
    return Audit(
        findings=tuple(new),
        files=len(files.sources) + len(files.unread),
        ignored=ignored,
        known=len(wanted) - len(new),
        stale=tuple(
            (key, count)
            for key, count in sorted(left.items())
            if selection.wants(key.code) and (key.file in files.names or not disk.kind(key.file))
        ),
        lines=files.lines,
    )


def read_known(baseline: str | None) -> Counter[Known]:
    """Return the findings that a baseline knows; none without one."""
    if baseline is None:
        return Counter()
    try:
        with open(baseline, "rb") as file:
            return read_baseline(file.read(), baseline)
    except FileNotFoundError as error:
        again = f"`shardgen audit --write-baseline {shlex.quote(baseline)}` makes it"
        raise UsageError(f"there is no {baseline!r}; {again}") from error


def refuse_other(path: str) -> None:
    """Raise UsageError where a baseline would take the place of what is no file, or of a user's."""
    if not os.path.exists(path):
        return
    if not os.path.isfile(path):
        raise UsageError(f"--write-baseline {path}: it is no file; name one")
    with open(path, "rb") as file:
        content = file.read()
    if content.strip() and b'"findings"' not in content:
        raise UsageError(
            f"--write-baseline {path}: the file that is there is no baseline; name another, or "
            "remove it first"
        )


def subject_of(disk: Disk, config: str) -> Subject:
    """Return what shards.yaml says. Raises InvalidInput where it is wrong."""

    def read(path: str) -> str | None:
        content = None if path.startswith(("/", "../")) else disk.read(path)
        return None if content is None else content.decode("utf-8", "replace")

    inputs = validate(disk.required(config), config, disk)
    lock = lock_name(config)
    templates = inputs.data.get("templates", "templates")
    written = lock_in(disk.read(lock))
    own = {
        config,
        lock,
        *(output.destination for output in inputs.outputs),
        *(f"{templates}/{output.template}" for output in inputs.outputs),
        *(written.outputs if written else ()),
    }
    return build_subject(inputs, config, frozenset(own), read)


def read_files(disk: Disk, subject: Subject, paths: Sequence[str], exclude: Sequence[str]) -> Files:
    """Return the files to audit, and those that cannot be read."""
    sources: list[Source] = []
    unread: list[Diagnostic] = []
    names: dict[str, str] = {}
    every = {*files_below(paths, exclude), *env_files(disk, subject, paths, exclude)}
    others = other_projects(every, subject.config, disk.root)
    for name in sorted(every):
        base = os.path.basename(name)
        if not may_be_audited(base) or any(name.startswith(folder) for folder in others):
            continue
        path = path_of(name, disk)
        try:
            text = text_of(name)
        except OSError as error:
            unread.append(unreadable(name, error))
            names[path] = name
            continue
        language = None if text is None else language_of(base, text)
        if text is None or language is None or (path in subject.own and not has_markers(text)):
            continue
        sources.append(Source(page=read_page(text, name, path), language=language))
        names[path] = name
    return Files(sources=tuple(sources), unread=tuple(unread), names=names)


def router_pages(disk: Disk, subject: Subject, seen: Container[str]) -> Iterator[Page]:
    """Yield the project's other Python files that name the router: one may give it a lookup."""
    stem = os.path.basename(subject.router or "").removesuffix(".py")
    for name in files_below([disk.root]):
        path = path_of(name, disk)
        if not stem or not name.endswith(".py") or path in seen or path in subject.own:
            continue
        try:
            text = text_of(name)
        except OSError:
            continue  # it was not asked for
        if text is not None and stem in text:
            yield read_page(text, name, path)


def path_of(name: str, disk: Disk) -> str:
    """Return the path of a file relative to the folder of shards.yaml, with '/'."""
    root = os.path.realpath(disk.root)
    return os.path.relpath(os.path.realpath(name), root).replace(os.sep, "/")


def other_projects(names: Iterable[str], config: str, root: str) -> tuple[str, ...]:
    """Return the folders that have a shards.yaml of their own: its audit is another one."""
    here = os.path.realpath(root)
    folders = {os.path.dirname(name) for name in names if os.path.basename(name) == config}
    above = here + os.sep
    return tuple(
        os.path.join(folder, "")
        for folder in sorted(folders)
        if folder and not above.startswith(os.path.realpath(folder) + os.sep)
    )


def env_files(
    disk: Disk, subject: Subject, paths: Sequence[str], exclude: Sequence[str]
) -> Iterator[str]:
    """Yield the .env files that compose reads, below the paths: git ignores most of them."""
    services = subject.base.services.values() if subject.base else ()
    entries = [each for service in services for each in listed(service.get("env_file"))]
    written = [each.get("path") if isinstance(each, dict) else each for each in entries]
    home = os.path.dirname(subject.fleet.service.base or "")
    for entry in [".env", *(str(each) for each in written if each)]:
        name = os.path.normpath(os.path.join(disk.root, home, entry))
        is_below = any(is_inside(name, path) for path in paths)
        if is_below and is_regular(name) and not is_excluded(name, exclude):
            yield name


def is_inside(name: str, folder: str) -> bool:
    """Return whether a file is below a folder."""
    return os.path.relpath(name, folder).split(os.sep)[0] != os.pardir


def text_of(name: str) -> str | None:
    """Return a file's text, None where it is none. Bytes that are no UTF-8 count as Latin-1."""
    content = content_of(name)
    if content is None:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def unreadable(name: str, error: OSError) -> Diagnostic:
    """Return the finding of a file that cannot be read."""
    return Diagnostic(
        file=name,
        line=0,
        column=0,
        width=0,
        code="SG809",
        message=f"the file cannot be read, so that nothing in it was audited: {error.strerror}",
        hint="let this user read it, or leave it out with --exclude",
    )


def show(result: Audit, config: str, output_format: str) -> None:
    """Print an audit in the format that was asked for."""
    if output_format == "text":
        out(audit_text(result, config, painter()))
    elif output_format == "json":
        out(audit_json(result))
    else:
        text = audit_text(result, config)
        publish(result.findings, output_format, command="audit", root=os.curdir, text=text)
