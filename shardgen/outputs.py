"""The table of outputs: what each is made from, where it goes, and how it meets what is there."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shardgen.model import Fleet

#: The ending of files that wait to be renamed; no destination may have it.
STAGED = ".shardgen-new"
#: The languages that an output can be read back in.
FORMATS = ("yaml", "yaml_stream", "env", "python", "typescript", "markdown", "json", "text")
#: The outputs that the images of the consumers hold: a new one is nothing until these are built.
HELD = frozenset({"router", "router_ts", "table_json"})
#: What stands for a host's name in the destination of an output that is made for each host.
HOST = "{host}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file of an output that is a folder: its name there, its template, its language."""

    file: str
    template: str
    format: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One kind of generated thing. `meets` says what becomes of a file that is already there.

    whole: the file is ours. block: in a file that is not ours, a block between markers, which the
    first render appends. once: each file is written one time (the ledger); destination is a folder.

    An output with `parts` is a folder of files, each of which becomes an output of the same name;
    `folder` is then what they share. In a destination, `{service}` stands for the service's name.
    `settings` are the keys of its entry in shards.yaml.

    An output `per_host` is made once for each host that runs shards: `{host}` stands for its name,
    `subject` is that name, and `folder` is the path with `{host}` still in it.
    """

    name: str
    template: str
    destination: str
    format: str
    meets: str = "whole"
    enabled: bool = True
    reads_base: bool = False
    parts: tuple[Part, ...] = ()
    folder: str = ""
    per_host: bool = False
    subject: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Where the output is as a whole: its folder, else its only file."""
        return self.folder or self.destination


OUTPUTS: dict[str, Output] = {
    output.name: output
    for output in (
        Output(
            name="compose",
            template="compose.yml.j2",
            destination="docker-compose.prod.yml",
            format="yaml",
            reads_base=True,
        ),
        Output(
            name="env",
            template="env.j2",
            destination=".env.shards",
            format="env",
            meets="block",
        ),
        Output(
            name="migrations",
            template="migrations",
            destination="migrations",
            format="sql",
            meets="once",
        ),
        Output(
            name="router",
            template="router.py.j2",
            destination="server/whatsapp_shard_router.py",
            format="python",
        ),
        Output(
            name="docs",
            template="docs.md.j2",
            destination="server/SSOT_SHARDING.md",
            format="markdown",
        ),
        Output(
            name="router_ts",
            template="router.ts.j2",
            destination="server/whatsapp_shard_router.ts",
            format="typescript",
            enabled=False,
        ),
        Output(
            name="table_json",
            template="table.json.j2",
            destination="shards.json",
            format="json",
            enabled=False,
        ),
        Output(
            name="kubernetes",
            template="kubernetes.yaml.j2",
            destination="k8s/{service}.yaml",
            format="yaml_stream",
            enabled=False,
            reads_base=True,
        ),
        Output(
            name="swarm",
            template="swarm.yml.j2",
            destination="docker-stack.yml",
            format="yaml",
            enabled=False,
            reads_base=True,
        ),
        Output(
            name="hosts",
            template="hosts.yml.j2",
            destination=f"docker-compose.{HOST}.yml",
            format="yaml",
            reads_base=True,
            per_host=True,
        ),
        Output(
            name="prometheus",
            template="prometheus",
            destination="prometheus",
            format="text",
            enabled=False,
            parts=(
                Part(file="targets.json", template="prometheus/targets.json.j2", format="json"),
                Part(file="scrape.yml", template="prometheus/scrape.yml.j2", format="yaml"),
                Part(file="blackbox.yml", template="prometheus/blackbox.yml.j2", format="yaml"),
                Part(file="rules.yml", template="prometheus/rules.yml.j2", format="yaml"),
                Part(file="declared.yml", template="prometheus/declared.yml.j2", format="yaml"),
                Part(file="rules.test.yml", template="prometheus/rules.test.yml.j2", format="yaml"),
                Part(file="dashboard.json", template="prometheus/dashboard.json.j2", format="json"),
            ),
        ),
        Output(
            name="nginx",
            template="nginx",
            destination="nginx/{service}",
            format="nginx",
            enabled=False,
            parts=(
                Part(file="shards.conf", template="nginx/shards.conf.j2", format="nginx"),
                Part(file="location.conf", template="nginx/location.conf.j2", format="nginx"),
            ),
        ),
    )
}


def outputs_of(data: Mapping[str, Any], fleet: Fleet) -> tuple[Output, ...]:
    """Return the enabled outputs of a valid shards.yaml: the table's, then the user's own."""
    written = data.get("outputs", {})
    known = {
        **OUTPUTS,
        "migrations": replace(
            OUTPUTS["migrations"], destination=fleet.database.migrations.path.rstrip("/")
        ),
    }
    found = [stated(output, written.get(name) or {}) for name, output in known.items()]
    found += [custom(name, entry) for name, entry in written.items() if name not in OUTPUTS]
    return tuple(file for output in found if output.enabled for file in files_of(output, fleet))


def find(outputs: Iterable[Output], name: str) -> Output | None:
    """Return the output of a name, None where it is off; of several files, the first."""
    return next((each for each in outputs if each.name == name), None)


def destination_of(outputs: Iterable[Output], name: str) -> str:
    """Return where the output of a name goes, '' where it is off."""
    found = find(outputs, name)
    return found.destination if found else ""


def files_by_host(outputs: Iterable[Output]) -> dict[str, str]:
    """Return the compose file of each other host that runs shards, by the host's name."""
    return {each.subject: each.destination for each in outputs if each.subject}


def files_of(output: Output, fleet: Fleet) -> Iterator[Output]:
    """Yield an output once for each file that it is made of."""
    place = output.destination.replace("{service}", fleet.service.name)
    if output.per_host:
        for host in fleet.hosts:
            path = place.replace(HOST, host.name)
            yield replace(output, destination=path, folder=place, subject=host.name)
        return
    for part in output.parts:
        yield replace(
            output,
            destination=posixpath.join(place, part.file),
            template=part.template,
            format=part.format,
            folder=place,
        )
    if not output.parts:
        yield replace(output, destination=place)


def stated(output: Output, entry: Mapping[str, Any]) -> Output:
    """Return one of the table's outputs with what shards.yaml says of it."""
    return replace(
        output,
        enabled=entry.get("enabled", output.enabled),
        destination=entry.get("path", output.destination),
        template=entry.get("template", output.template),
        format=entry.get("format", output.format),
        settings=entry,
    )


def custom(name: str, entry: Mapping[str, Any]) -> Output:
    """Return an output of the user's own."""
    return Output(
        name=name,
        template=entry["template"],
        destination=entry["path"],
        format=entry.get("format", "text"),
        enabled=entry.get("enabled", True),
    )
