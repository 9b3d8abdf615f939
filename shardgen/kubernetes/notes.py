"""The shards and their containers in; what the head of the manifests tells their reader out."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from shardgen.kubernetes.environment import secret_keys
from shardgen.kubernetes.omissions import omissions
from shardgen.kubernetes.security import user_of
from shardgen.kubernetes.settings import secret_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shardgen.kubernetes.settings import Kubernetes
    from shardgen.model import Fleet, Shard

    Service = dict[str, Any]

#: As wide as a line of a comment is, without its sign.
WIDTH = 96


def notes(
    shards: list[tuple[Shard, Service]],
    containers: list[dict[str, Any]],
    fleet: Fleet,
    cluster: Kubernetes,
) -> Iterator[str]:
    """Yield the lines of a comment; an empty one parts two subjects."""
    yield from secret_notes(containers, fleet, cluster)
    left = unique(each for shard, service in shards for each in omissions(shard, service, cluster))
    if left:
        yield ""
        yield from wrapped(f"Not carried over from compose: {', '.join(left)}.")
    if any(user_of(service, cluster) is None for _, service in shards):
        yield ""
        yield from wrapped(
            "A new volume belongs to root. Where the image runs as another user, state its number "
            "as outputs.kubernetes.run_as_user."
        )
    yield ""
    yield from wrapped(
        f"enableServiceLinks is off because Kubernetes would otherwise set "
        f"{fleet.service.prefix}_PORT=tcp://… in every pod, for the Service {fleet.service.name}. "
        "Claims are never deleted here: not with a StatefulSet, not with a retired shard."
    )


def secret_notes(
    containers: list[dict[str, Any]], fleet: Fleet, cluster: Kubernetes
) -> Iterator[str]:
    """Yield what must be in the Secret, and how it is made; nothing where no shard reads it."""
    keys = unique(key for each in containers for key in secret_keys(each.get("env", [])))
    has_files = any("envFrom" in each for each in containers)
    if not keys and not has_files:
        return
    secret = secret_of(cluster, fleet)
    files = "what the env_file of compose holds" if has_files else ""
    parts = " and ".join(filter(None, [", ".join(keys), files]))
    yield ""
    yield from wrapped(f"The shards need a Secret {secret} with {parts}:")
    space = f"-n {cluster.namespace} " if cluster.namespace else ""
    yield f"kubectl {space}create secret generic {secret} --from-env-file=.env"


def unique(values: Iterable[str]) -> list[str]:
    """Return values in their order, each once."""
    return list(dict.fromkeys(values))


def wrapped(text: str) -> list[str]:
    """Return a text as lines of a comment."""
    return textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)
