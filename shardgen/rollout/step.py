"""One step of what is to be done."""

from __future__ import annotations

from dataclasses import dataclass

#: A recorded shard cannot be taken out of shards.yaml again, but an earlier commit can be deployed.
EARLIER = "the same, from the commit before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do: what it is for, the command to type, and what takes it back."""

    title: str
    command: str
    back: str = ""
