"""The swarm output: what `docker stack deploy` would refuse, or do to a shard's volume."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.digest import SHORT
from shardgen.rules.sharing import copies, is_portless
from shardgen.rules.texts import COMPOSE
from shardgen.swarm.settings import config_name, name_there, settings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shardgen.diagnostics import Diagnostic
    from shardgen.document import Path
    from shardgen.rules.subject import Subject

    Fault = Callable[..., Diagnostic]

ENTRY: Path = ("outputs", "swarm")
#: The longest name of a service, and that of a config.
LONGEST_SERVICE, LONGEST_CONFIG = 63, 64
ORDERS = ("update_config", "rollback_config")
#: What `docker stack deploy` reads after a `$`: of compose's forms, not `+`, and nothing inside.
VARIABLE = re.compile(r"\$\$|\$\{[A-Za-z_][A-Za-z0-9_]*(?P<use>:?[-?+])?(?P<rest>[^}]*)\}")


def names(subject: Subject) -> Iterator[Diagnostic]:
    """Require the stack's name, and that what is named after it is short enough."""
    stated = settings_of(subject.output("swarm"))
    if stated.stack is None:
        yield subject.error(
            (*ENTRY, "stack"),
            "SG430",
            "the stack has no name, with which the names of its volumes begin",
            "add stack: NAME; the name of your compose project keeps the volumes that it has",
            key=True,
        )
        return
    service = max((shard.service for shard in subject.live), key=len, default="")
    config = config_name(stated.stack, subject.fleet.service)
    over = {
        name_there(stated.stack, service): LONGEST_SERVICE,
        f"{config}_{'0' * SHORT}": LONGEST_CONFIG,
    }
    found = next((name for name, most in over.items() if len(name) > most), None)
    if found:
        yield subject.error(
            (*ENTRY, "stack"),
            "SG430",
            f"{found!r} has {len(found)} characters, swarm allows {over[found]}",
            f"shorten the name of the stack, or of the service, by {len(found) - over[found]}",
        )


def images(subject: Subject) -> Iterator[Diagnostic]:
    """Require an image of every shard: swarm builds nothing."""
    if settings_of(subject.output("swarm")).image:
        return
    pattern = subject.pattern_service.get("image")
    shared = subject.service.get("image", pattern)
    for shard in subject.live:
        if not subject.entry(shard).get("image", shared):
            yield subject.error(
                ENTRY,
                "SG431",
                f"shard {shard.id} has no image, and swarm builds none",
                "push what the build makes to a registry, and add image: NAME here",
                key=True,
            )
            return


def tasks(subject: Subject) -> Iterator[Diagnostic]:
    """Refuse a second task on a volume; how many, SG307 says where the compose output is on."""
    for path, layer in own_keys(subject):
        yield from second_tasks(layer, path, subject.error)
    pattern = subject.pattern_service
    yield from second_tasks(pattern, (), subject.base_error)
    for key, message in () if subject.has_overlay else copies(pattern):
        yield subject.base_error(key, "SG432", message, "remove it: a shard is one task")


def own_keys(subject: Subject) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the places where shards.yaml states keys of compose's for shards that run."""
    for path, layer, shard in subject.layers():
        if shard is None or shard.is_live:
            yield (*path, "compose"), layer.get("compose", {})


def second_tasks(service: dict[str, Any], path: Path, error: Fault) -> Iterator[Diagnostic]:
    """Yield what would start another task beside one."""
    deploy = compose.options(service.get("deploy"))
    for key in ORDERS:
        order = compose.options(deploy.get(key)).get("order")
        if order not in (None, "stop-first"):
            yield error(
                (*path, "deploy", key, "order"),
                "SG432",
                f"{order!r} would start a second task on a shard's volume",
                "remove it: two tasks on one volume destroy its state",
            )
    mode = deploy.get("mode")
    if mode not in (None, "replicated"):
        yield error(
            (*path, "deploy", "mode"),
            "SG432",
            f"the mode {mode!r} is not one task that stays",
            "remove it: a shard is one task",
        )


def ports(subject: Subject) -> Iterator[Diagnostic]:
    """Refuse ports that the swarm as a whole would publish."""
    for path, layer in own_keys(subject):
        yield from published(layer, path, subject.error)
    if not is_portless(subject.service):
        yield from published(subject.pattern_service, (), subject.base_error)


def published(service: dict[str, Any], path: Path, error: Fault) -> Iterator[Diagnostic]:
    """Yield ports that need a virtual address, which no shard has."""
    for index, entry in enumerate(compose.listed(service.get("ports"))):
        if not isinstance(entry, dict) or entry.get("mode") != "host":
            yield error(
                (*path, "ports", index),
                "SG433",
                "a shard has no virtual address, so the swarm can publish no port of it",
                "use expose:, or {target: …, published: …, mode: host} for the shard's own node",
            )


def files(subject: Subject) -> Iterator[Diagnostic]:
    """Require that secrets and configs of the shards come from a file, or are in the swarm."""
    base = subject.pattern
    data = base.document.data if base else {}
    services = [subject.pattern_service, *(layer for _, layer in own_keys(subject))]
    for kind in ("secrets", "configs"):
        declared = compose.options(data.get(kind))
        for name in dict.fromkeys(name for each in services for name in sources(each, kind)):
            entry = compose.options(declared.get(name))
            if base and name in declared and not (entry.get("file") or entry.get("external")):
                yield base.document.error(
                    (kind, name),
                    "SG434",
                    f"swarm cannot make {name} from what is stated",
                    "give it a file:, or external: true and make it with the docker command",
                    key=True,
                )


def sources(service: dict[str, Any], kind: str) -> Iterator[str]:
    """Yield the names of the secrets or configs that a service reads."""
    for each in compose.listed(service.get(kind)):
        yield str(each.get("source") if isinstance(each, dict) else each)


def interpolation(subject: Subject) -> Iterator[Diagnostic]:
    """Refuse variables in a form that compose reads and `docker stack deploy` does not."""
    for text in subject.texts:
        if text.under in COMPOSE and text.under != "build" and (bad := foreign(text.value)):
            yield unread(subject.error, text.path, bad, key=text.is_key)
    for path, value in strings(subject.pattern_service, ()):
        if path[0] != "build" and (bad := foreign(value)):
            yield unread(subject.base_error, path, bad)


def unread(error: Fault, path: Path, bad: str, *, key: bool = False) -> Diagnostic:
    """Return that a variable is not read."""
    return error(
        path,
        "SG439",
        f"docker stack deploy does not read {bad!r} as compose does",
        "write ${NAME}, ${NAME:-text} or ${NAME:?message}, without another variable inside",
        key=key,
    )


def strings(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield every string in a value, with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, (dict, list)):
        for step, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from strings(item, (*path, step))


def foreign(text: str) -> str:
    """Return the first variable that is compose's alone, '' where there is none."""
    if "${" not in text:
        return ""
    for found in VARIABLE.finditer(text):
        if found["use"] and (found["use"][-1] == "+" or "$" in found["rest"]):
            return found[0]
    return ""


RULES = (names, images, tasks, ports, files, interpolation)
