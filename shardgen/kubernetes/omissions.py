"""A complete compose service in; what of it the manifests do not carry out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.kubernetes.container import PULL_POLICIES, is_temporary, part
from shardgen.kubernetes.security import user_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shardgen.kubernetes.settings import Kubernetes
    from shardgen.model import Shard

#: Keys that have an equal here.
CARRIED = frozenset({
    "cap_add", "cap_drop", "command", "cpus", "entrypoint", "env_file", "environment",
    "healthcheck", "image", "mem_limit", "mem_reservation", "read_only", "stop_grace_period",
    "tmpfs", "working_dir",
})  # fmt: skip
#: Keys whose work is done by other means: every pod has a name, and reaches every other one.
NEEDLESS = frozenset({
    "attach", "build", "container_name", "develop", "expose", "extends", "networks", "profiles",
})  # fmt: skip
#: Keys of which a part is carried, and looked at below.
PARTLY = frozenset({"deploy", "pull_policy", "restart", "security_opt", "user", "volumes"})
AMOUNTS = ("cpus", "memory")


def omissions(shard: Shard, service: Mapping[str, Any], cluster: Kubernetes) -> Iterator[str]:
    """Yield what a shard has in compose and not in the cluster, as compose names it."""
    known = CARRIED | NEEDLESS | PARTLY
    yield from (key for key in service if key not in known and not key.startswith("x-"))
    yield from of_deploy(part(service, "deploy"))
    policy = service.get("pull_policy")
    if policy is not None and policy not in PULL_POLICIES:
        yield f"pull_policy: {policy}"
    if service.get("restart") in ("no", False):
        yield 'restart: "no"'
    for option in compose.listed(service.get("security_opt")):
        if not str(option).startswith("no-new-privileges"):
            yield f"security_opt: {option}"
    if service.get("user") is not None and user_of(service, cluster) is None:
        yield f"user: {service['user']}"
    for mounted in compose.mounts(service.get("volumes")):
        is_state = (mounted.source, mounted.target) == (shard.volume, shard.mount)
        if not is_state and not is_temporary(mounted):
            yield f"the mount {mounted.source}:{mounted.target}"


def of_deploy(deploy: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a service's `deploy` says beside limits and reservations."""
    yield from (f"deploy.{key}" for key in deploy if key not in {"resources", "replicas"})
    for kind, amounts in part(deploy, "resources").items():
        for key in amounts if isinstance(amounts, dict) else ():
            if key not in AMOUNTS:
                yield f"deploy.resources.{kind}.{key}"
