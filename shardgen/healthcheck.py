"""A healthcheck as shards.yaml states it in, compose's healthcheck out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Milliseconds; below the timeout of PROBE, so that the probe ends itself.
PROBE_TIMEOUT = 4000
PROBE = {"interval": "30s", "timeout": "5s", "retries": 3, "start_period": "20s"}


def healthcheck(written: Mapping[str, Any], port: int) -> dict[str, Any]:
    """Return a compose healthcheck; a `path` is probed with node, which the image surely has.

    The probe ends by itself after 4 s, before compose's own timeout (5 s unless stated), answers 0
    for status 200 to 299 alone, and needs no shell, wget or curl.
    """
    settings = {key: value for key, value in written.items() if key not in {"path", "test"}}
    if "test" in written:
        return {"test": written["test"], **settings}
    script = (
        f"setTimeout(()=>process.exit(1),{PROBE_TIMEOUT});"
        f"require('http').get({{host:'127.0.0.1',port:{port},path:'{written['path']}'}},"
        "r=>process.exit(r.statusCode>199&&r.statusCode<300?0:1))"
        ".on('error',()=>process.exit(1))"
    )
    return {"test": ["CMD", "node", "-e", script], **PROBE, **settings}
