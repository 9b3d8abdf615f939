"""Settings of the service that contradict each other, or that another key is made for."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from shardgen import compose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.diagnostics import Diagnostic
    from shardgen.rules.subject import Subject

#: Keys of compose that have a place of their own in shards.yaml.
PLACED = {
    **{key: f"state it as {key}:, outside of compose:" for key in (
        "build", "image", "environment", "env_file", "networks", "depends_on", "restart",
        "stop_grace_period", "healthcheck", "labels")},
    "profiles": "state it as service.profile",
    "extends": "put it into the base file, where shardgen reads it",
}  # fmt: skip
#: The other keys of the compose specification.
COMPOSE = (
    "annotations", "attach", "blkio_config", "cap_add", "cap_drop", "cgroup", "cgroup_parent",
    "command", "configs", "container_name", "cpu_count", "cpu_percent", "cpu_period", "cpu_quota",
    "cpu_rt_period", "cpu_rt_runtime", "cpu_shares", "cpus", "cpuset", "credential_spec", "deploy",
    "develop", "device_cgroup_rules", "devices", "dns", "dns_opt", "dns_search", "domainname",
    "entrypoint", "expose", "external_links", "extra_hosts", "gpus", "group_add", "hostname",
    "init", "ipc", "isolation", "label_file", "links", "logging", "mac_address", "mem_limit",
    "mem_reservation", "mem_swappiness", "memswap_limit", "models", "network_mode",
    "oom_kill_disable", "oom_score_adj", "pid", "pids_limit", "platform", "ports", "post_start",
    "pre_stop", "privileged", "provider", "pull_policy", "read_only", "runtime", "scale",
    "secrets", "security_opt", "shm_size", "stdin_open", "stop_signal", "storage_opt", "sysctls",
    "tmpfs", "tty", "ulimits", "use_api_socket", "user", "userns_mode", "uts", "volumes",
    "volumes_from", "working_dir",
)  # fmt: skip


def compose_keys(subject: Subject) -> Iterator[Diagnostic]:
    """Require that `compose:` holds what has no place of its own, as compose spells it."""
    for path, layer, _ in subject.layers():
        for key in layer.get("compose", {}):
            where = (*path, "compose", key)
            if key in PLACED:
                yield subject.error(
                    where, "SG216", f"{key!r} has a place of its own", PLACED[key], key=True
                )
            elif key not in COMPOSE and not key.startswith("x-"):
                close = difflib.get_close_matches(key, COMPOSE, n=1)
                hint = f"did you mean {close[0]!r}?" if close else "your own keys start with x-"
                message = f"compose knows no key {key!r} of a service"
                yield subject.error(where, "SG219", message, hint, key=True)


def healthchecks(subject: Subject) -> Iterator[Diagnostic]:
    """Require one command of a healthcheck, in a form that compose takes."""
    for path, layer, _ in subject.layers():
        check = layer.get("healthcheck") or {}
        test = check.get("test")
        where = (*path, "healthcheck")
        if test is not None and check.get("path") is not None:
            yield subject.error(
                (*where, "test"),
                "SG217",
                "the healthcheck has both 'path' and 'test'",
                "keep one: path for a probe over HTTP, test for your own command",
                key=True,
            )
        if test is None and check.get("path") is None and layer.get("healthcheck") is not None:
            yield subject.error(
                where,
                "SG221",
                "the healthcheck has neither 'path' nor 'test'",
                "add path: /health, or your own test: […]",
                key=True,
            )
        if isinstance(test, list) and not is_command(test):
            yield subject.error(
                (*where, "test", 0),
                "SG218",
                f"the first word of a test may not be {test[0]!r}",
                'a list starts with CMD, CMD-SHELL or NONE, as ["CMD", "node", "check.js"]',
            )


def is_command(test: list[Any]) -> bool:
    """Return whether compose takes a list as a healthcheck's test."""
    return test == ["NONE"] or (test[0] in {"CMD", "CMD-SHELL"} and len(test) > 1)


def shard_id_variable(subject: Subject) -> Iterator[Diagnostic]:
    """Refuse a shard's id from elsewhere than its entry; there, a null leaves it out."""
    name = subject.fleet.shard_id_variable
    for path, layer, shard in subject.layers():
        stated = layer.get("environment") or {}
        if name in stated and (shard is None or stated[name] is not None):
            yield subject.error(
                (*path, "environment", name),
                "SG220",
                f"{name} is set by shardgen",
                "remove it: every shard gets its own id",
                key=True,
            )


def env_files(subject: Subject) -> Iterator[tuple[tuple[str | int, ...], str, bool]]:
    """Yield (path, file, whether in the base) of every env_file of a shard."""
    for index, entry in enumerate(compose.listed(subject.pattern_service.get("env_file"))):
        at: tuple[str | int, ...] = ("env_file",)
        if isinstance(subject.pattern_service["env_file"], list):
            at = ("env_file", index)
        yield at, env_file_path(entry), True
    for path, layer, _ in subject.layers():
        for index, entry in enumerate(compose.listed(layer.get("env_file"))):
            is_list = isinstance(layer["env_file"], list)
            yield (*path, "env_file", *([index] if is_list else [])), env_file_path(entry), False


def env_file_path(entry: Any) -> str:
    """Return the path of one entry of env_file."""
    return str(entry.get("path", "")) if isinstance(entry, dict) else str(entry)
