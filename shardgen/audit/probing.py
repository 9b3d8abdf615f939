"""A compose file in; the healthchecks in it that cannot pass, or look at one shard, out."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.base import REMOTE
from shardgen.probes import missing_tool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.audit.sheet import Sheet
    from shardgen.diagnostics import Diagnostic


def probes(sheet: Sheet) -> Iterator[Diagnostic]:
    """Yield healthchecks whose tool the image surely does not have (SG814)."""
    for name, service in sheet.services.items():
        check = service.get("healthcheck")
        if not isinstance(check, dict) or check.get("disable") is True:
            continue
        image = service.get("image")
        dockerfile, target, is_known = build_of(sheet, service)
        if not is_known:
            continue
        tool = missing_tool(check.get("test"), image if isinstance(image, str) else None,
                            dockerfile, target)  # fmt: skip
        if tool is not None:
            yield sheet.at(
                ("services", name, "healthcheck", "test"),
                "SG814",
                f"the image of {name} has no {tool}: it never becomes healthy"
                f"{dependents(sheet, name)}",
                f"probe with what the image runs anyway, or install {tool} in it",
                part=tool,
            )


def dependents(sheet: Sheet, name: str) -> str:
    """Return who never starts because a service never becomes healthy."""
    waiting = [
        other
        for other, service in sheet.services.items()
        for each, options in compose.named(service.get("depends_on"), "depends_on").items()
        if each == name and compose.options(options).get("condition") == "service_healthy"
    ]
    if not waiting:
        return ""
    return f", and {', '.join(waiting[:3])}{' …' if len(waiting) > 3 else ''} never starts"


def build_of(sheet: Sheet, service: dict[str, Any]) -> tuple[str | None, str | None, bool]:
    """Return the Dockerfile of a service and the stage that it builds, and whether all is known."""
    build = compose.normal("build", service.get("build"))
    if build is None:
        return None, None, True
    if not isinstance(build, dict):
        return None, None, False
    target = build.get("target")
    inline = build.get("dockerfile_inline")
    if isinstance(inline, str):
        return inline, target, True
    context, file = str(build.get("context", ".")), str(build.get("dockerfile") or "Dockerfile")
    if any(mark in context for mark in REMOTE) or "$" in context + file:
        return None, None, False
    text = sheet.reads(posixpath.join(context, file))
    # An argument may choose another base than the Dockerfile's own default.
    is_known = text is not None and not build.get("args")
    return text, target if isinstance(target, str) else None, is_known
