"""The values of compose that manifests carry: each has an equal in a cluster, or is an error."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.kubernetes import container, environment, probes, security, words
from shardgen.kubernetes.interpolation import Unclear, literal
from shardgen.kubernetes.settings import Kubernetes, secret_of, settings_of
from shardgen.overlay import complete_services

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shardgen.diagnostics import Diagnostic
    from shardgen.document import Path
    from shardgen.model import Shard
    from shardgen.rules.subject import Subject

    Service = dict[str, Any]

#: Keys of an entry that no value below comes from.
APART = frozenset({"id", "state", "move_to", "capacity", "weight", "alias", "url", "volume",
                   "storage", "host", "host_port", "allow_plain"})  # fmt: skip
#: What reads a key of compose; `limits` and what compose says for it are one.
READERS: dict[str, Callable[[Service], object]] = {
    "command": lambda service: words.words(service.get("command")),
    "entrypoint": lambda service: words.words(service.get("entrypoint")),
    "working_dir": lambda service: literal(service.get("working_dir") or ""),
    "user": lambda service: security.pod_security(service, Kubernetes()),
    "cap_add": security.container_security,
    "tmpfs": container.temporary,
    "stop_grace_period": container.grace,
    "limits": container.resources,
    "healthcheck": lambda service: probes.container_probes(service.get("healthcheck"), None),
}
#: Where compose itself, or the base, states what `limits` does.
ELSEWHERE = {"limits": ("deploy", "cpus", "mem_limit", "mem_reservation"), "tmpfs": ("volumes",)}
#: Keys of several values.
SEVERAL = frozenset({"limits", "healthcheck", "tmpfs", "cap_add", "command", "entrypoint"})
AS_COMPOSE = "write it as compose takes it: a time as 30s, a size as 512m, a command as a list"
NO_ENV = "no .env is read for a cluster: write the value out, or a default as ${NAME:-value}"


def values(subject: Subject) -> Iterator[Diagnostic]:
    """Yield what has no equal, once for each place; shards that state nothing are alike."""
    if subject.fleet.service.base and not subject.pattern_service:
        return  # that the base is missing or broken is said already
    cluster = settings_of(subject.output("kubernetes"))
    own = [s for s in subject.live if subject.entry(s).keys() - APART]
    plain = [s for s in subject.live if not subject.entry(s).keys() - APART]
    fleet = replace(subject.fleet, shards=(*plain[:1], *own))
    seen: set[tuple[str, int, int]] = set()
    for shard, service in complete_services(subject.data, fleet, subject.pattern):
        for found in of_shard(subject, shard, service, cluster):
            place = (found.file, found.line, found.column)
            if place not in seen:
                seen.add(place)
                yield found


def of_shard(
    subject: Subject, shard: Shard, service: Service, cluster: Kubernetes
) -> Iterator[Diagnostic]:
    """Yield what is wrong with the values of one shard."""
    yield from image(subject, shard, service, cluster)
    secret = secret_of(cluster, subject.fleet)
    for name, value in environment.variables(service, cluster).items():
        fault = complaint(environment.entry, name, value, secret)
        message = f"{name} {fault}, and Kubernetes takes a text or a variable alone"
        hint = f"state all of it as outputs.kubernetes.environment.{name}"
        if fault and name in cluster.environment:
            path = ("outputs", "kubernetes", "environment", name)
            hint = "write the value out, or keep all of it in the Secret as ${NAME}"
            yield subject.error(path, "SG424", message, hint)
        elif fault:
            yield at(subject, shard, "environment", "SG424", message, hint, name)
    for key, read in READERS.items():
        if fault := complaint(read, service):
            what = f"a value of {key}" if key in SEVERAL else key
            hint = NO_ENV if "$" in fault else AS_COMPOSE
            yield at(subject, shard, key, "SG425", f"{what} {fault}", hint)


def complaint(read: Callable[..., object], *values: Any) -> str:
    """Return what is to be said of a value that has no equal, '' where it has one."""
    try:
        read(*values)
    except Unclear as error:
        return str(error)
    return ""


def image(
    subject: Subject, shard: Shard, service: Service, cluster: Kubernetes
) -> Iterator[Diagnostic]:
    """Require the name of an image: a cluster builds none."""
    own = container.stated(subject.service, subject.entry(shard))
    hint = "state where it is pushed to, as outputs.kubernetes.image: registry.example/baileys:4.2"
    try:
        found = container.image_of(service, cluster, own)
    except Unclear as error:
        message = f"the image {error}"
        if cluster.image and not own.image:
            yield subject.error(("outputs", "kubernetes", "image"), "SG422", message, NO_ENV)
        else:
            yield at(subject, shard, "image", "SG422", message, hint)
        return
    if not found:
        message = "the shards are built, and no image is named that a cluster can pull"
        yield at(subject, shard, "build", "SG422", message, hint)


def at(
    subject: Subject, shard: Shard, key: str, code: str, message: str, hint: str, name: str = ""
) -> Diagnostic:
    """Return an error where a shard's value is stated last: its entry, `service`, the base."""
    for path in (("shards", shard.index), ("service",)):
        layer = subject.entry(shard) if path[0] == "shards" else subject.service
        for place in (key, *ELSEWHERE.get(key, ())):
            for within, stated in (((), layer), (("compose",), layer.get("compose", {}))):
                if place in stated and (not name or name in compose.pairs(stated[place])):
                    full: Path = (*path, *within, place, *([name] if name else []))
                    return subject.error(full, code, message, hint, key=key == "build")
    written = subject.pattern_service
    place = next((each for each in (key, *ELSEWHERE.get(key, ())) if each in written), "")
    if subject.pattern is None or not place:
        return subject.error(("outputs", "kubernetes"), code, message, hint, key=True)
    below = step(written[place], name) if name else []
    return subject.base_error((place, *below), code, message, hint, key=key == "build")


def step(pairs: Any, name: str) -> list[str | int]:
    """Return the step to a variable in a mapping, or in a list of NAME=value."""
    if isinstance(pairs, dict):
        return [name]
    at: list[str | int] = [i for i, each in enumerate(pairs) if str(each).split("=")[0] == name]
    return at[-1:]
