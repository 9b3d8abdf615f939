"""What compose says of users and privileges in, the security contexts of pod and container out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.kubernetes.interpolation import literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardgen.kubernetes.settings import Kubernetes

USER = re.compile("(?P<user>[0-9]{1,9})(?::(?P<group>[0-9]{1,9}))?")


def user_of(service: Mapping[str, Any], cluster: Kubernetes) -> tuple[int, int] | None:
    """Return the numbers of a shard's user and group; None where only the image knows them."""
    if cluster.run_as_user is not None:
        return cluster.run_as_user, cluster.run_as_user
    match = USER.fullmatch(literal("" if service.get("user") is None else service["user"]))
    if match is None:
        return None
    return int(match["user"]), int(match["group"] or match["user"])


def pod_security(service: Mapping[str, Any], cluster: Kubernetes) -> dict[str, Any]:
    """Return what holds for the pod: a volume is the group's, as a new one is root's alone."""
    profile = {"seccompProfile": {"type": "RuntimeDefault"}}
    numbers = user_of(service, cluster)
    if numbers is None:
        return profile
    user, group = numbers
    return {
        "runAsNonRoot": user != 0,
        "runAsUser": user,
        "runAsGroup": group,
        "fsGroup": group,
        "fsGroupChangePolicy": "OnRootMismatch",
        **profile,
    }


def container_security(service: Mapping[str, Any]) -> dict[str, Any]:
    """Return what holds for the container: no privileges but those that compose adds."""
    added = [literal(each).upper().removeprefix("CAP_")
             for each in compose.listed(service.get("cap_add"))]  # fmt: skip
    return {
        "allowPrivilegeEscalation": False,
        **({"readOnlyRootFilesystem": True} if service.get("read_only") is True else {}),
        "capabilities": {"drop": ["ALL"], **({"add": added} if added else {})},
    }
