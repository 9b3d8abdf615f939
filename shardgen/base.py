"""The base compose file: its text in; its services, volumes and networks, with places, out."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.source import parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from shardgen.document import Document

    Read = Callable[[str], bytes | None]

#: Schemes by which a path is no path of this machine.
REMOTE = ("://", "git@", "github.com/")

#: Services extend each other no deeper; the recursion has to end before Python's does.
LONGEST_CHAIN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What the user's own docker-compose.yml says. Tags, anchors, merges, `extends` are resolved.

    A service keeps its `extends` to say that it had one.
    """

    file: str
    document: Document
    services: dict[str, dict[str, Any]]
    volumes: dict[str, dict[str, Any]]
    networks: dict[str, Any]

    def service(self, name: str) -> dict[str, Any]:
        """Return a service, empty where the base has none of that name."""
        return self.services.get(name, {})

    @property
    def is_partial(self) -> bool:
        """Whether it includes other files, which may declare what it does not."""
        return isinstance(self.document.data, dict) and "include" in self.document.data


def read_base(text: str, file: str, read: Read = lambda _: None) -> Base:
    """Return the base file; what is no mapping counts as empty.

    `read` returns the bytes of the files that its services extend.
    """
    document = parse(text, file, strict=False)
    data = document.data if isinstance(document.data, dict) else {}
    written = mappings(data.get("services"))
    files = Extended(read, posixpath.dirname(file), {posixpath.normpath(file): written})
    return Base(
        file=file,
        document=document,
        services={name: files.service(file, name) or {} for name in written},
        volumes=mappings(data.get("volumes")),
        networks=mappings(data.get("networks")),
    )


def mappings(value: Any) -> dict[str, dict[str, Any]]:
    """Return a mapping of mappings; a null or odd entry becomes an empty one."""
    entries = value.items() if isinstance(value, dict) else ()
    return {str(name): entry if isinstance(entry, dict) else {} for name, entry in entries}


def service_networks(service: dict[str, Any]) -> dict[str, Any]:
    """Return the networks that a service joins; without `networks` it is compose's default."""
    if "network_mode" in service:
        return {}
    return compose.named(service.get("networks"), "networks") or {"default": None}


class Extended:
    """Services with what they extend, as compose reads them: merged, the extending one wins."""

    def __init__(self, read: Read, home: str, files: dict[str, dict[str, dict[str, Any]]]) -> None:
        self.read, self.home, self.files = read, home, files

    def services(self, file: str) -> dict[str, dict[str, Any]]:
        """Return the services of a file as they are written; none where it cannot be read."""
        if file not in self.files:
            is_inside = not file.startswith(("/", "../"))
            content = self.read(file) if is_inside else None
            text = content.decode("utf-8", "replace") if content else ""
            data = parse(text, file, strict=False).data
            written = mappings(data.get("services")) if isinstance(data, dict) else {}
            folder = posixpath.relpath(posixpath.dirname(file) or ".", self.home or ".")
            self.files[file] = {name: moved(each, folder) for name, each in written.items()}
        return self.files[file]

    def service(
        self, file: str, name: str, below: tuple[tuple[str, str], ...] = ()
    ) -> dict[str, Any] | None:
        """Return one service; what it extends and cannot be found counts as empty."""
        file = posixpath.normpath(file)
        written = self.services(file).get(name)
        if written is None or (file, name) in below or len(below) > LONGEST_CHAIN:
            return None
        extends = written.get("extends")
        target = {"service": extends} if isinstance(extends, str) else extends
        if not isinstance(target, dict):
            return dict(compose.plain(written))
        other = str(target.get("file") or "")
        path = posixpath.join(posixpath.dirname(file), other) if other else file
        start = self.service(path, str(target.get("service")), (*below, (file, name)))
        return {**compose.merged_mapping(start or {}, written), "extends": extends}


def moved(service: dict[str, Any], folder: str) -> dict[str, Any]:
    """Return a service of a file in another folder with its paths relative to the base's."""
    if folder == ".":
        return service
    found = dict(service)
    build = compose.normal("build", service.get("build"))
    if isinstance(build, dict):
        contexts = compose.pairs(build.get("additional_contexts"))
        found["build"] = {**build, "context": moved_path(build.get("context", "."), folder)}
        if contexts:
            found["build"]["additional_contexts"] = {
                name: moved_path(path, folder) for name, path in contexts.items()
            }
    for key in ("env_file", "label_file"):
        if key in service:
            found[key] = [moved_entry(each, folder) for each in compose.listed(service[key])]
    if "volumes" in service:
        mounts = compose.mounts(service["volumes"])
        found["volumes"] = [moved_mount(mounted, folder) for mounted in mounts]
    if isinstance(develop := service.get("develop"), dict) and "watch" in develop:
        watched = [moved_entry(each, folder) for each in compose.listed(develop["watch"])]
        found["develop"] = {**develop, "watch": watched}
    return found


def moved_path(path: Any, folder: str) -> Any:
    """Return a path relative to another folder; what is absolute, remote or a variable stays."""
    text = str(path)
    if text.startswith(("/", "~", "$", "service:")) or any(mark in text for mark in REMOTE):
        return path
    return posixpath.normpath(posixpath.join(folder, text))


def moved_entry(entry: Any, folder: str) -> Any:
    """Return an entry that is a path, or has one, with that relative to another folder."""
    if isinstance(entry, dict):
        return {**entry, "path": moved_path(entry.get("path"), folder)}
    return moved_path(entry, folder)


def moved_mount(mounted: compose.Mount, folder: str) -> Any:
    """Return an entry of `volumes`; the source of a bind is relative to another folder."""
    if mounted.named or not mounted.source.startswith("."):
        return mounted.entry
    source = f"./{moved_path(mounted.source, folder)}"
    return compose.remounted(mounted, source, mounted.target)
