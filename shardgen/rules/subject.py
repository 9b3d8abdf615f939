"""What every rule looks at, and where its diagnostics point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.outputs import find
from shardgen.rules.texts import texts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.base import Base
    from shardgen.diagnostics import Diagnostic
    from shardgen.document import Document, Path
    from shardgen.model import Fleet, Shard
    from shardgen.outputs import Output
    from shardgen.rules.texts import Text
    from shardgen.validate import Inputs, Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A shards.yaml that its schema accepts, and what it speaks of.

    `pattern` is the base file, from which every output that needs one takes what a shard is;
    `base` is the same where the compose output is on, which compose merges with it.
    """

    document: Document
    data: dict[str, Any]
    fleet: Fleet
    pattern: Base | None
    base: Base | None
    outputs: tuple[Output, ...]
    project: Project
    base_is_broken: bool
    shards: tuple[Shard, ...]
    by_id: dict[int, Shard]
    texts: tuple[Text, ...]
    around: Base | None = None
    stack: Base | None = None

    @property
    def service(self) -> dict[str, Any]:
        """What is written under `service`."""
        found: dict[str, Any] = self.data.get("service", {})
        return found

    @property
    def templates(self) -> str:
        """The folder of the user's own templates."""
        folder: str = self.data.get("templates", "templates")
        return folder

    @property
    def live(self) -> list[Shard]:
        """The shards that run, each id once."""
        return [shard for shard in self.shards if shard.is_live]

    @property
    def here(self) -> list[Shard]:
        """The shards that run beside their consumers, each id once."""
        return [shard for shard in self.shards if shard.is_here]

    @property
    def later(self) -> list[Shard]:
        """The shards that the overlay makes from the base's service: all here but shard 1."""
        return [shard for shard in self.here if shard.id != 1]

    @property
    def active_ids(self) -> list[int]:
        """The ids of the shards that take new tenants."""
        return [shard.id for shard in self.shards if shard.state == "active"]

    @property
    def base_service(self) -> dict[str, Any]:
        """The base's service of shard 1, which compose merges; empty without one."""
        return self.base.service(self.fleet.service.name) if self.base else {}

    @property
    def pattern_service(self) -> dict[str, Any]:
        """The base's service of shard 1, from which any output makes shards; empty without one."""
        return self.pattern.service(self.fleet.service.name) if self.pattern else {}

    @property
    def has_overlay(self) -> bool:
        """Whether the compose output is made."""
        return self.output("compose") is not None

    @property
    def defines_shards(self) -> bool:
        """Whether an output is made that says what a shard runs."""
        return any(output.reads_base for output in self.outputs)

    def output(self, name: str) -> Output | None:
        """Return the output of a name, None where it is off."""
        return find(self.outputs, name)

    def entry(self, shard: Shard) -> dict[str, Any]:
        """Return what is written in a shard's entry."""
        found: dict[str, Any] = self.data["shards"][shard.index]
        return found

    def layers(self) -> Iterator[tuple[Path, dict[str, Any], Shard | None]]:
        """Yield the places that hold service keys: `service`, then the entry of each shard."""
        yield ("service",), self.service, None
        for shard in self.shards:
            yield ("shards", shard.index), self.entry(shard), shard

    def written(self, shard: Shard, key: str) -> Path:
        """Return the path of a key in an entry; of the entry's id where the key is not written."""
        return ("shards", shard.index, key if self.entry(shard).get(key) is not None else "id")

    def error(
        self, path: Path, code: str, message: str, hint: str, *, key: bool = False
    ) -> Diagnostic:
        """Return a diagnostic at a value of shards.yaml, else at the nearest that is written."""
        node = self.document.error(path, code, message, hint, key=key)
        written = [step for step in path if isinstance(step, str)]
        if written and written[0] not in self.data:
            return self.document.error(("shards",), code, message, hint, key=True)
        return node

    def base_error(
        self, path: Path, code: str, message: str, hint: str, *, key: bool = False
    ) -> Diagnostic:
        """Return a diagnostic at a value of the base's service of shard 1."""
        document = self.pattern.document if self.pattern else self.document
        full = ("services", self.fleet.service.name, *self.written_in_base(document, path))
        return document.error(full, code, message, hint, key=key)

    def written_in_base(self, document: Document, path: Path) -> Path:
        """Return where the base writes a value of the service that may come from `extends`."""
        written = document.data["services"][self.fleet.service.name]
        if "extends" not in written or not path:
            return path
        if path[0] not in written:
            return ("extends",)
        entries = written[path[0]]
        if len(path) > 1 and isinstance(path[1], int) and isinstance(entries, list):
            entry = self.pattern_service[str(path[0])][path[1]]
            return (path[0], entries.index(entry)) if entry in entries else ("extends",)
        return path

    def effective(self, key: str, shard: Shard) -> Any:
        """Return a service key as compose sees it for a shard: base, `service`, its own entry."""
        found = self.base_service.get(key)
        for layer in (self.service, self.entry(shard)):
            for values in (layer.get("compose", {}), layer):
                if key in values:
                    value = values[key]
                    found = None if value is None else compose.merged(key, found, value)
        return found


def build_subject(inputs: Inputs, project: Project, *, base_is_broken: bool) -> Subject:
    """Return what the rules look at; of a repeated id, the first entry counts."""
    first: dict[int, Shard] = {}
    for shard in inputs.fleet.shards:
        first.setdefault(shard.id, shard)
    return Subject(
        document=inputs.document,
        data=inputs.data,
        fleet=inputs.fleet,
        pattern=inputs.base,
        base=inputs.base if find(inputs.outputs, "compose") else None,
        outputs=inputs.outputs,
        project=project,
        base_is_broken=base_is_broken,
        shards=tuple(first.values()),
        by_id=first,
        texts=tuple(texts_of(inputs.data)),
        around=inputs.around,
        stack=inputs.stack,
    )
