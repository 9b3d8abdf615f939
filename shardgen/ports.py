"""An entry of a service's `expose` or `ports` in; the ports that it names out."""

from __future__ import annotations

import re
from typing import Any


def container_port(entry: Any) -> int | None:
    """Return the container's port in `expose` or `ports`; None for what is no number."""
    if isinstance(entry, dict):
        text = str(entry.get("target"))
    else:
        text = str(entry).rpartition(":")[2].partition("/")[0]
    return port_number(text)


def host_port(entry: Any) -> int | None:
    """Return the host's port in `ports`; None for a range, a variable, and one that is free."""
    if isinstance(entry, dict):
        return port_number(str(entry.get("published")))
    return port_number(str(entry).rpartition(":")[0].rpartition(":")[2])


def port_number(text: str) -> int | None:
    """Return the port that a text is; None for a variable, a range and what can be none."""
    return int(text) if re.fullmatch("[0-9]{1,5}", text) else None
