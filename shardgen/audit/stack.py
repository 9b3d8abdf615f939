"""A call of docker compose in; which of the fleet's files and profiles it names, out."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardgen.audit.dockercall import Call
    from shardgen.audit.subject import Subject

#: The files that compose reads by itself, the first of those that are there.
BY_DEFAULT = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
SETTING = re.compile(
    r"^(?:export\s+)?(COMPOSE_FILE|COMPOSE_PROFILES|COMPOSE_PROJECT_NAME)=['\"]?([^'\"\s#]*)",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What a call of compose is about. `is_ours`: surely the stack of the fleet, of which it has
    the base or the overlay; `others` are further files; `project` is the name that it gives it.
    """

    is_ours: bool
    has_base: bool
    has_overlay: bool
    others: tuple[str, ...]
    has_profile: bool
    project: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What surrounds a call: the folder of its script, the settings that apply to it, and whether
    the script went into another folder before.
    """

    folder: str
    settings: Mapping[str, str]
    is_elsewhere: bool


def stack_of(call: Call, around: Around, subject: Subject) -> Stack:
    """Return what a call of compose is about."""
    stated = [word.text for word in call.stated("-f", "--file")]
    if not stated and (named := around.settings.get("COMPOSE_FILE")):
        stated = re.split("[:;]", named)
    files = stated or by_default(around, subject)
    base, overlay = subject.fleet.service.base, subject.overlay
    is_known = all(file_name(each) for each in files)
    has_base = base is None or any(is_file(each, base, subject) for each in files)
    has_overlay = overlay is None or any(is_file(each, overlay, subject) for each in files)
    names = [name for name in (base, overlay) if name]
    others = [each for each in files if not any(is_file(each, name, subject) for name in names)]
    project = next((word.text for word in call.stated("-p", "--project-name")), None)
    return Stack(
        is_ours=is_known and len(others) < len(files),
        has_base=has_base,
        has_overlay=has_overlay,
        others=tuple(others),
        has_profile=has_profile(call, around, subject),
        project=project or around.settings.get("COMPOSE_PROJECT_NAME"),
    )


def has_profile(call: Call, around: Around, subject: Subject) -> bool:
    """Return whether a call starts the fleet's profile, or may do so."""
    if subject.profile is None:
        return True
    stated = [word.text for word in call.stated("--profile")]
    stated += around.settings.get("COMPOSE_PROFILES", "").split(",")
    return any(each in {subject.profile, "*"} or "$" in each for each in stated)


def by_default(around: Around, subject: Subject) -> list[str]:
    """Return the files that compose reads where none is stated; none where that is not known.

    A script is most often called from the project's folder, unless its own has a compose file.
    """
    if around.is_elsewhere:
        return []
    beside = [posixpath.join(around.folder, name) for name in BY_DEFAULT] if around.folder else []
    if own := [path for path in beside if subject.read(path) is not None]:
        return own[:1]
    base = subject.fleet.service.base
    if base is None or posixpath.basename(base) not in BY_DEFAULT:
        return []
    head, dot, extension = base.rpartition(".")
    override = f"{head}.override{dot}{extension}"
    return [base, override] if subject.overlay == override else [base]


def file_name(text: str) -> str:
    """Return the part of a path that is known, without leading dots; '' where its name is not."""
    known = re.sub(r".*(?:\$\{[^}]*\}|\$\([^)]*\)|\$\w+|`[^`]*`)", "", text)
    if known != text:
        if not known.startswith("/"):
            return ""
        known = known[1:]
    return re.sub(r"^(?:\.\.?/)+", "", posixpath.normpath(known)) if known else ""


def is_file(text: str, path: str, subject: Subject) -> bool:
    """Return whether a path in a command, from wherever it is typed, is a file of the project."""
    name = file_name(text)
    if not name:
        return False
    mine, other = path.split("/"), name.split("/")
    if mine == other or mine[-len(other) :] == other:
        return True
    return other[-len(mine) :] == mine and (
        text.startswith(("/", "~")) or subject.read(name) is None
    )


def settings_of(text: str) -> dict[str, str]:
    """Return compose's own settings in an .env file."""
    return {match[1]: match[2] for match in SETTING.finditer(text)}
