"""The digest of the installed package: code, templates, schema. Imported by the quick check."""

from __future__ import annotations

import hashlib
import os

PACKAGE = os.path.dirname(os.path.abspath(__file__))


def package_digest() -> str:
    """Return one sha256 over every file that decides what is rendered, by name and content.

    A wheel keeps templates and schema in `_data`, a checkout beside the package; both count alike.
    """
    data = os.path.join(PACKAGE, "_data")
    if not os.path.isdir(data):
        data = os.path.dirname(PACKAGE)
    total = hashlib.sha256()
    for name, folder, ending in (
        ("shardgen", PACKAGE, ".py"),
        ("templates", os.path.join(data, "templates"), ".j2"),
        ("schema", os.path.join(data, "schema"), ".json"),
    ):
        for path in files_below(folder, ending):
            with open(path, "rb") as file:
                content = file.read()
            label = f"{name}{path[len(folder) :].replace(os.sep, '/')}\0{len(content)}\0"
            total.update(label.encode() + content)
    return total.hexdigest()


#: Folders that decide nothing, or that are looked at by themselves.
OTHER = frozenset({"__pycache__", "_data"})


def files_below(folder: str, ending: str) -> list[str]:
    """Return the paths of the files with an ending, in an order that no file system decides."""
    found, waiting = [], [folder]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.name.endswith(ending):
                    found.append(entry.path)
                elif "." not in entry.name and entry.name not in OTHER and entry.is_dir():
                    waiting.append(entry.path)
    return sorted(found)
