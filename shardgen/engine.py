"""What compose declares in, the name that the engine has for it out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def engine_name(key: str, stated: Mapping[str, Any], project: str) -> tuple[tuple[str, ...], str]:
    """Return where a volume's name is stated, and that name as the engine has it.

    Compose puts the project's name before that of a volume which states none.
    """
    external = stated.get("external")
    if isinstance(external, dict) and external.get("name"):
        return ("external", "name"), str(external["name"])
    if stated.get("name"):
        return ("name",), str(stated["name"])
    is_external = external not in (None, False, "false")
    return ("external",), key if is_external else f"{project}_{key}"
