"""What shards.yaml says under `outputs.kubernetes` in, the same with its defaults out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from shardgen.settings import settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardgen.model import Fleet
    from shardgen.outputs import Output

#: The form in which all shards are one StatefulSet.
SINGLE = "single"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kubernetes:
    """What all shards have in a cluster, and compose does not say."""

    form: str = "per-shard"
    namespace: str | None = None
    image: str | None = None
    storage_size: str = "5Gi"
    storage_class: str | None = None
    access_mode: str = "ReadWriteOncePod"
    environment: Mapping[str, Any] = field(default_factory=dict)
    secret: str | None = None
    consumers: Mapping[str, str] = field(default_factory=dict)
    run_as_user: int | None = None
    pull_secrets: tuple[str, ...] = ()

    @property
    def is_single(self) -> bool:
        """Whether all shards are one StatefulSet."""
        return self.form == SINGLE


def settings_of(output: Output | None) -> Kubernetes:
    """Return what is stated of the output; its defaults where it is off."""
    return settings(Kubernetes, output.settings if output else None)


def secret_of(cluster: Kubernetes, fleet: Fleet) -> str:
    """Return the name of the Secret that holds what is no one's to read in a repository."""
    return cluster.secret or f"{fleet.service.name}-env"
