"""Destinations: inside the project, each a file of its own, none an input."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from shardgen.digest import lock_name
from shardgen.outputs import OUTPUTS, STAGED
from shardgen.rules.settings import env_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.diagnostics import Diagnostic
    from shardgen.document import Path
    from shardgen.outputs import Output
    from shardgen.rules.subject import Subject

#: What `docker compose` takes without an -f.
LOADED = frozenset(
    f"{name}{more}.{end}"
    for name in ("compose", "docker-compose")
    for more in ("", ".override")
    for end in ("yml", "yaml")
)
PACKAGED = frozenset(output.template for output in OUTPUTS.values())


def own_outputs(subject: Subject) -> Iterator[Diagnostic]:
    """Require template and path of an output of the user's own."""
    for name, entry in subject.data.get("outputs", {}).items():
        path: Path = ("outputs", name)
        if name not in OUTPUTS:
            lacking = [key for key in ("template", "path") if key not in entry]
            if lacking:
                close = close_output(name)
                hint = (
                    f"did you mean {close!r}?"
                    if close
                    else f"as {name}: {{template: {name}.j2, path: {name}.txt}}"
                )
                yield subject.error(
                    path,
                    "SG407",
                    f"the output {name!r} lacks {' and '.join(lacking)}",
                    hint,
                    key=True,
                )


def close_output(name: str) -> str:
    """Return the output of the table that a misspelt name most likely means."""
    import difflib

    return next(iter(difflib.get_close_matches(name, OUTPUTS, n=1, cutoff=0.7)), "")


def path_of(output: Output) -> Path:
    """Return where shards.yaml states an output's destination."""
    if output.name == "migrations":
        return ("database", "migrations", "path")
    return ("outputs", output.name, "path")


def is_written(subject: Subject, path: Path) -> bool:
    """Return whether a path is in shards.yaml."""
    found: object = subject.data
    for step in path:
        if not isinstance(found, dict) or step not in found:
            return False
        found = found[step]
    return True


def is_outside(path: str) -> bool:
    """Return whether a path can leave the project's folder."""
    return path.startswith("/") or ".." in path.split("/")


def places(subject: Subject) -> Iterator[Diagnostic]:
    """Require destinations in the project, through no symlink and on no folder."""
    told: set[Path] = set()
    for output in subject.outputs:
        path, name = path_of(output), output.destination
        if path in told:  # of an output of several files, one says it for all
            continue
        if is_outside(name):
            what = "is absolute" if name.startswith("/") else "leaves the folder of shards.yaml"
            yield subject.error(
                path,
                "SG401",
                f"the destination {name!r} {what}",
                "write a path below the folder of shards.yaml, without '..'",
            )
            told.add(path)
        elif problem := obstacle(subject, output):
            code, message, hint = problem
            told.add(path)
            yield subject.error(path, code, message, hint)


def obstacle(subject: Subject, output: Output) -> tuple[str, str, str] | None:
    """Return code, message and hint of what stands where a destination should be."""
    name = output.destination
    if name.endswith(STAGED):
        message = f"the destination {name!r} has the ending of files that wait to be renamed"
        return "SG404", message, "choose another name"
    parts = name.split("/")
    for end in range(1, len(parts) + 1):
        part = "/".join(parts[:end])
        kind = subject.project.kind(part)
        if kind == "link":
            hint = "name the real path: what a link points to may be anywhere"
            return "SG402", f"the destination {name!r} goes through the symlink {part!r}", hint
        wanted = "file" if end == len(parts) and output.meets != "once" else "folder"
        if kind not in {None, wanted}:
            message = f"the destination {name!r} needs a {wanted}, but {part!r} is a {kind}"
            return "SG405", message, "choose another path, or move what is there"
    return None


def claims(subject: Subject) -> Iterator[Diagnostic]:
    """Refuse a place of two outputs; upper and lower case are one on some machines."""
    taken = sorted(inputs(subject).items())
    owners: list[tuple[str, Output]] = []
    told: set[Path] = set()
    for output in subject.outputs:
        name = folded(output.destination)
        path = path_of(output)
        what = next((w for at, w in taken if overlaps(at, name)), None)
        if name.split("/")[0] == ".git":
            what = "where git keeps its own files"
        elif (
            not what
            and output.name != "compose"
            and is_loaded(name, subject.fleet.service.base or "")
        ):
            what = "a file that compose loads by itself"
        if what and path not in told:
            told.add(path)
            yield subject.error(
                path,
                "SG404",
                f"the destination {output.destination!r} is {what}",
                "choose another path",
            )
        other = next((o for at, o in owners if overlaps(at, name)), None)
        owners.append((name, output))
        is_told = output.per_host and other is not None and other.name == output.name
        if other is None or what or is_told or obstacle(subject, output):
            continue
        later, earlier = output, other
        if not is_written(subject, path):
            later, earlier = other, output
        if path_of(later) in told:  # of an output of several files, one says it for all
            continue
        told.add(path_of(later))
        yield subject.error(
            path_of(later),
            "SG403",
            f"{later.destination!r} is already the destination of {earlier.name}",
            "give each output a path of its own",
        )


def is_loaded(path: str, base: str) -> bool:
    """Return whether compose reads a path without an -f, where it is called beside the base."""
    folder, name = posixpath.split(path)
    return name in LOADED and folder == posixpath.dirname(folded(base) if base else "")


def folded(path: str) -> str:
    """Return a path in the form in which two that may be one are equal."""
    return posixpath.normpath(path).casefold()


def overlaps(first: str, second: str) -> bool:
    """Return whether two paths are one, or one is inside the other."""
    return first == second or first.startswith(second + "/") or second.startswith(first + "/")


def inputs(subject: Subject) -> dict[str, str]:
    """Return the paths that no output may have, and what they are."""
    found = {
        folded(posixpath.basename(subject.document.file)): "this file",
        lock_name(posixpath.basename(subject.document.file)): "where shardgen keeps its own record",
        folded(subject.templates): "where your templates are",
    }
    if subject.fleet.service.base:
        found[folded(subject.fleet.service.base)] = "the base file"
    if subject.stack is not None:
        found[folded(subject.stack.file)] = "your stack file"
    return found


def env_destination(subject: Subject) -> Iterator[Diagnostic]:
    """Refuse shard variables that reach the shards: each new shard would restart all others."""
    env = subject.output("env")
    if env is None or not subject.defines_shards:
        return
    folder = posixpath.dirname(subject.fleet.service.base or "")
    for at, name, in_base in env_files(subject):
        if folded(posixpath.join(folder, name)) == folded(env.destination):
            message = f"{env.destination!r} is also an env_file of the shards"
            hint = "choose another path: each new shard would restart all others"
            if is_written(subject, ("outputs", "env", "path")):
                yield subject.error(("outputs", "env", "path"), "SG406", message, hint)
            elif in_base:
                yield subject.base_error(at, "SG406", message, hint)
            else:
                yield subject.error(at, "SG406", message, hint)
            return


def templates(subject: Subject) -> Iterator[Diagnostic]:
    """Require that templates are in the project's folder of templates."""
    if is_outside(subject.templates):
        yield subject.error(
            ("templates",),
            "SG410",
            f"the folder of templates {subject.templates!r} is outside the project",
            "write a path below the folder of shards.yaml",
        )
        return
    for output in subject.outputs:
        path: Path = ("outputs", output.name, "template")
        if not is_written(subject, path):
            continue
        if is_outside(output.template):
            yield subject.error(
                path,
                "SG410",
                f"the template {output.template!r} is outside its folder",
                f"write a path below {subject.templates}",
            )
        elif output.template not in PACKAGED and (
            subject.project.read(posixpath.join(subject.templates, output.template)) is None
        ):
            yield subject.error(
                path,
                "SG408",
                f"there is no template {posixpath.join(subject.templates, output.template)}",
                "write it, or name one that is there",
            )
