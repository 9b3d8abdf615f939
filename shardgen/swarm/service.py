"""A compose service in; the same as `docker stack deploy` takes it, and what is lost, out.

What it takes was tried with docker 20.10 and 28. It ignores some keys, with a warning or without;
it refuses a file that has others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.base import moved
from shardgen.source import Verbatim

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: What it takes as it is; of a mapping, which keys of it. None: all of them.
TAKEN: dict[str, Any] = dict.fromkeys(
    ("cap_add", "cap_drop", "command", "configs", "credential_spec", "dns", "dns_search",
     "entrypoint", "env_file", "environment", "extra_hosts", "hostname", "image", "init",
     "isolation", "labels", "logging", "ports", "read_only", "secrets", "stdin_open",
     "stop_grace_period", "stop_signal", "sysctls", "tmpfs", "tty", "ulimits", "user", "volumes",
     "working_dir")
) | {
    "healthcheck": dict.fromkeys(
        ("disable", "interval", "retries", "start_period", "test", "timeout")
    ),
    "deploy": {
        **dict.fromkeys(("endpoint_mode", "labels", "mode", "replicas", "restart_policy",
                         "rollback_config", "update_config")),
        "placement": dict.fromkeys(("constraints", "max_replicas_per_node", "preferences")),
        "resources": {
            "limits": dict.fromkeys(("cpus", "memory", "pids")),
            "reservations": dict.fromkeys(("cpus", "generic_resources", "memory")),
        },
    },
}  # fmt: skip
#: What it does not take, and nobody misses: it is compose's own, or said in another way here.
UNMISSED = frozenset({"attach", "build", "container_name", "cpus", "develop", "expose", "extends",
                      "mem_limit", "mem_reservation", "pids_limit", "profiles", "pull_policy",
                      "restart", "scale"})  # fmt: skip
#: What it takes of a published port in the long form.
PORT = dict.fromkeys(("mode", "protocol", "published", "target"))
#: Keys of compose that swarm has below deploy.resources.
RESOURCES = {
    "cpus": ("limits", "cpus"),
    "mem_limit": ("limits", "memory"),
    "pids_limit": ("limits", "pids"),
    "mem_reservation": ("reservations", "memory"),
}
#: What must be a string, although compose takes numbers as well.
STRINGS = ("cpus", "memory")
#: The version of the format that has no limit of processes yet.
WITHOUT_PIDS = "3.8"
STOP_FIRST = {"order": "stop-first"}


def swarm_service(
    full: Mapping[str, Any], way: str, version: str
) -> tuple[dict[str, Any], list[str]]:
    """Return a shard as a service of a stack, and the places of what it states in vain.

    `way` leads from the folder that the stack's paths are relative to, to that of compose's.
    """
    stated = moved({key: value for key, value in full.items() if key != "build"}, way)
    lost: list[str] = []
    found = {
        key: known(key, value, TAKEN[key], lost) for key, value in stated.items() if key in TAKEN
    }
    lost += [key for key in stated if is_missed(key, stated[key])]
    if "networks" in stated:
        found["networks"] = networks(stated["networks"], lost)
    for key in ("environment", "labels"):
        if key in found:
            found[key] = worded(compose.pairs(found[key]))
    if "env_file" in found:
        found["env_file"] = list(env_files(found["env_file"], lost))
    if "ports" in found:
        found["ports"] = [port(each, lost) for each in compose.listed(found["ports"])]
    if "extra_hosts" in found:
        found["extra_hosts"] = [extra_host(each) for each in compose.hosts(found["extra_hosts"])]
    if not isinstance(found.get("user", ""), str):
        found["user"] = str(found["user"])
    if not isinstance(found.get("init", True), bool):
        del found["init"]
        lost.append("init")
    found["deploy"] = deploy(found.get("deploy") or {}, stated)
    limits = found["deploy"].get("resources", {}).get("limits", {})
    if version == WITHOUT_PIDS and limits.pop("pids", None):
        lost.append("deploy.resources.limits.pids")
    return found, lost


def is_missed(key: str, value: Any) -> bool:
    """Return whether a key has a meaning that the stack lacks."""
    return key not in TAKEN and key not in UNMISSED and key != "networks" and bool(value)


def known(path: str, value: Any, taken: Mapping[str, Any] | None, lost: list[str]) -> Any:
    """Return a value with the keys that are taken; the others are noted as lost."""
    if taken is None or not isinstance(value, dict):
        return value
    lost += [f"{path}.{key}" for key in value if key not in taken]
    return {
        key: known(f"{path}.{key}", item, taken[key], lost)
        for key, item in value.items()
        if key in taken
    }


def networks(joined: Any, lost: list[str]) -> dict[str, Any]:
    """Return the networks that a service joins; of their options, a stack has the aliases alone."""
    found: dict[str, Any] = {}
    for name, written in compose.named(joined, "networks").items():
        stated = compose.options(written)
        lost += [f"networks.{key}" for key in stated if key != "aliases"]
        found[name] = {"aliases": stated["aliases"]} if stated.get("aliases") else None
    return found


def worded(stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return variables or labels in which no value is a boolean, for docker as for compose."""
    return {key: word(value) for key, value in stated.items()}


def word(value: Any) -> Any:
    """Return true and false as words; yes, no, on and off are none of those to compose."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, Verbatim) and value.isalpha() else value


def port(entry: Any, lost: list[str]) -> Any:
    """Return a published port, whose numbers are numbers."""
    if not isinstance(entry, dict):
        return entry
    found: dict[str, Any] = known("ports", entry, PORT, lost)
    return {key: int(each) if str(each).isdecimal() else each for key, each in found.items()}


def extra_host(entry: Any) -> str:
    """Return a host and its address as 20.10 reads them: it leaves out a `host=address`."""
    host, equals, address = str(entry).partition("=")
    return f"{host}:{address.strip('[]')}" if equals else str(entry)


def env_files(stated: Any, lost: list[str]) -> Iterator[Any]:
    """Yield the paths of an `env_file`; each of the files must be there."""
    for entry in compose.listed(stated):
        if not isinstance(entry, dict):
            yield entry
            continue
        if entry.get("required") is False:
            lost.append("env_file.required")
        yield entry["path"]


def deploy(stated: Mapping[str, Any], full: Mapping[str, Any]) -> dict[str, Any]:
    """Return how swarm runs a shard: one task, which ends before another one starts."""
    found = {
        "mode": "replicated",
        "replicas": 1,
        "endpoint_mode": stated.get("endpoint_mode") or "dnsrr",
        "update_config": {**(stated.get("update_config") or {}), **STOP_FIRST},
        "rollback_config": {**(stated.get("rollback_config") or {}), **STOP_FIRST},
        "restart_policy": stated.get("restart_policy") or restart_policy(full.get("restart")),
        "resources": resources(stated.get("resources") or {}, full),
        "labels": worded(compose.pairs(stated.get("labels"))),
        "placement": stated.get("placement"),
    }
    return {key: value for key, value in found.items() if value}


def restart_policy(restart: Any) -> dict[str, Any]:
    """Return compose's `restart` as swarm says it; a shard that states none is started again."""
    text = str(restart)
    if restart is False or text == "no":
        return {"condition": "none"}
    if text.startswith("on-failure"):
        _, _, attempts = text.partition(":")
        most = {"max_attempts": int(attempts)} if attempts.isdecimal() else {}
        return {"condition": "on-failure", **most}
    return {"condition": "any"}


def resources(stated: Mapping[str, Any], full: Mapping[str, Any]) -> dict[str, Any]:
    """Return limits and reservations, also those that compose has as keys of the service."""
    found = {kind: dict(each) for kind, each in stated.items() if each}
    for key, (kind, name) in RESOURCES.items():
        if full.get(key) and not str(full[key]).startswith("-"):
            found.setdefault(kind, {}).setdefault(name, full[key])
    for each in found.values():
        each.update({name: str(each[name]) for name in STRINGS if name in each})
    return {kind: found[kind] for kind in ("limits", "reservations") if found.get(kind)}
