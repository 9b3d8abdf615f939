"""Compose files in; which of their services are shards, where they stand, what is odd, out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.document import nearest
from shardgen.errors import UsageError
from shardgen.model import Service
from shardgen.stack import merged_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.base import Base
    from shardgen.diagnostics import Diagnostic
    from shardgen.document import Path
    from shardgen.stack import Model

FAMILY = re.compile(r"(?P<name>.+)-[1-9][0-9]{0,8}")
IDENTITY = re.compile(r"(?P<prefix>[A-Z][A-Z0-9_]*)_SHARD_ID")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The files of a stack: the base, where there is one, and the overlay over it."""

    base: Base | None
    overlay: Base

    @property
    def files(self) -> tuple[Base, ...]:
        """The files in the order in which compose merges them."""
        return (self.base, self.overlay) if self.base else (self.overlay,)

    @property
    def names(self) -> tuple[str, ...]:
        """The services of all files, each once."""
        return tuple(dict.fromkeys(name for file in self.files for name in file.services))


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A service that is a shard: its id, the files that say something of it, what they make of it.

    `first` is what the base alone says, empty where it says nothing.
    """

    id: int
    service: str
    files: tuple[Base, ...]
    model: dict[str, Any]
    first: dict[str, Any]

    def error(
        self, path: Path, code: str, message: str, hint: str, *, key: bool = False
    ) -> Diagnostic:
        """Return a diagnostic at a value of the service, in the last file that writes it."""
        full = ("services", self.service, *path)
        for file in reversed(self.files):
            if nearest(file.document.root, full)[1]:
                return file.document.error(full, code, message, hint, key=key)
        return self.files[-1].document.error(full, code, message, hint, key=key)

    @property
    def line(self) -> int:
        """The line of its name in the last file that has it."""
        return self.files[-1].document.error(("services", self.service), "", "", "", key=True).line


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The shards of a stack, by id. `model` is what compose makes of all files.

    `volume` is the one of the first shard that holds its state, where the user names it.
    """

    sources: Sources
    name: str
    volume: str | None
    members: tuple[Member, ...]
    model: Model

    @property
    def variable(self) -> str:
        """The variable by which a shard knows its id."""
        return Service(name=self.name).shard_id_variable

    @property
    def prefix(self) -> str:
        """What the shard variables begin with."""
        return Service(name=self.name).prefix

    @property
    def base(self) -> Base | None:
        """The base, where it defines shard 1."""
        base = self.sources.base
        return base if base and self.name in base.services else None

    @property
    def first(self) -> Member:
        """The shard that the others are compared with: shard 1, else the first there is."""
        return self.members[0]


def find_shards(
    sources: Sources, wanted: str | None, volume: str | None = None
) -> tuple[Found, tuple[Diagnostic, ...]]:
    """Return the shards and what nobody can take over about their names and ids.

    Raises UsageError where no service, or more than one, may be meant.
    """
    name = wanted or likely_name(sources)
    model = merged_files(sources.files)
    members = tuple(sorted(members_of(sources, model, name), key=lambda each: each.id))
    if not members:
        some = ", ".join(sources.names[:8]) or "none"
        raise UsageError(f"no file has a service {name!r}; their services are: {some}")
    found = Found(sources=sources, name=name, volume=volume, members=members, model=model)
    other_names = (*misnamed(found),) or (*firstless(found),)
    return found, (*misplaced(found), *other_names, *wrong_ids(found))


def likely_name(sources: Sources) -> str:
    """Return the service that runs as shards, from names that are numbered and from ids."""
    names = sources.names
    numbered = [match["name"] for each in names if (match := FAMILY.fullmatch(each))]
    likely = [each for each in numbered if each in names or numbered.count(each) > 1]
    prefixes = {
        match["prefix"]
        for file in sources.files
        for service in file.services.values()
        for key in compose.pairs(service.get("environment"))
        if (match := IDENTITY.fullmatch(str(key)))
    }
    likely += [each for each in names if Service(name=each).prefix in prefixes]
    found = list(dict.fromkeys(likely))
    found = [each for each in found if each in names] or found  # one without a shard 1 is none
    if len(found) == 1:
        return found[0]
    if found:
        some = ", ".join(found)
        way = f"name one, as in --service {found[0]}"
        raise UsageError(f"several services may run as shards: {some}; {way}")
    if Service().name in names:
        return Service().name
    raise UsageError("no service looks like a shard; name it, as in --service baileys")


def members_of(sources: Sources, model: Model, name: str) -> Iterator[Member]:
    """Yield the services whose names are those of shards."""
    for service in sources.names:
        number = 1 if service == name else later_id(service, name)
        if number is not None and service in model["services"]:
            base = sources.base
            yield Member(
                id=number,
                service=service,
                files=tuple(file for file in sources.files if service in file.services),
                model=model["services"][service],
                first=base.service(service) if base else {},
            )


def later_id(service: str, name: str) -> int | None:
    """Return the id of a service that is called as a later shard."""
    match = re.fullmatch(rf"{re.escape(name)}-([1-9][0-9]{{0,8}})", service)
    return int(match[1]) if match and match[1] != "1" else None


def misplaced(found: Found) -> Iterator[Diagnostic]:
    """Yield later shards in the base: there, they would stay as they are for ever."""
    base = found.sources.base
    for member in found.members:
        if member.id != 1 and base and member.service in base.services:
            yield base.document.error(
                ("services", member.service),
                "SG721",
                f"the base defines {member.service}, which is shard {member.id}",
                f"move it to {found.sources.overlay.file}: of the shards, the base has the first",
                key=True,
            )


def misnamed(found: Found) -> Iterator[Diagnostic]:
    """Yield services that are shards by their id or their number, and not by their name."""
    known = {member.service for member in found.members}
    nearly = re.compile(rf"{re.escape(found.name)}[-_.]?(shard[-_.]?)?[0-9]+")
    for service in found.sources.names:
        files = [file for file in found.sources.files if service in file.services]
        stated = compose.pairs(found.model["services"].get(service, {}).get("environment"))
        if service in known or not (nearly.fullmatch(service) or found.variable in stated):
            continue
        number = re.search("[0-9]+$", service)
        hint = f"shard 1 is {found.name}, shard 2 is {found.name}-2, and so on"
        if number and int(number[0]) > 1:
            hint = f"rename it to {found.name}-{int(number[0])}: compose then makes a new container"
        yield files[-1].document.error(
            ("services", service),
            "SG722",
            f"{service} looks like a shard of {found.name}, but is not called like one",
            hint,
            key=True,
        )


def firstless(found: Found) -> Iterator[Diagnostic]:
    """Yield the first of the shards where it is not shard 1, with which every fleet begins."""
    first = found.first
    if first.id != 1:
        yield first.error(
            (),
            "SG722",
            f"{first.service} is shard {first.id} of {found.name}, and there is no shard 1",
            f"call the service that is shard 1 {found.name}, or name another: --service NAME",
            key=True,
        )


def wrong_ids(found: Found) -> Iterator[Diagnostic]:
    """Yield ids that two shards state, and those that are not what the name says."""
    owners: dict[str, str] = {}
    for member in found.members:
        stated = compose.pairs(member.model.get("environment"))
        if found.variable not in stated:
            continue
        text = str(stated[found.variable])
        owner = owners.setdefault(text, member.service)
        path: Path = ("environment", place_of(member.model, found.variable))
        if owner != member.service:
            yield member.error(
                path,
                "SG723",
                f"{member.service} states the shard id {text!r}, as {owner} does",
                f"{member.service} is shard {member.id}: set {found.variable} to {member.id}",
            )
        elif text != str(member.id):
            yield member.error(
                path,
                "SG724",
                f"{member.service} states the shard id {text!r}, its name says {member.id}",
                f"make the two agree: set {found.variable} to {member.id}, or rename the service",
            )


def place_of(service: dict[str, Any], variable: str) -> str | int:
    """Return the step to a variable in a service's `environment`, a list or a mapping."""
    written = service.get("environment")
    if isinstance(written, list):
        names = [str(each).partition("=")[0] for each in written]
        return names.index(variable)
    return variable
