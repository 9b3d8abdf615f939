"""The packaged files: a name in, its path or text out, from a wheel or from a checkout."""

from __future__ import annotations

import os

#: In a wheel the data stands inside the package; in a checkout, beside it.
PACKAGE = os.path.dirname(os.path.abspath(__file__))
ROOTS = (os.path.join(PACKAGE, "_data"), os.path.dirname(PACKAGE))


def resource(name: str) -> str:
    """Return the path of a packaged file or folder, as `schema/shards.schema.json`.

    Raises FileNotFoundError where an installation lacks it.
    """
    for root in ROOTS:
        path = os.path.join(root, *name.split("/"))
        if os.path.exists(path):
            return path
    raise FileNotFoundError(f"this installation of shardgen lacks {name}")


def resource_text(name: str) -> str:
    """Return the text of a packaged file."""
    with open(resource(name), encoding="utf-8", newline="") as file:
        return file.read()
