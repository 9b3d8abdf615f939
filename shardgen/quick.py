"""The early answer of `check`: whether the lock and every digest in it still match.

It says yes, or nothing: whatever is not exactly as the last render left it is for the full check.
It imports next to nothing, because most checks end here.
"""

from __future__ import annotations

import os
import stat


def config_of(arguments: list[str]) -> str | None:
    """Return the shards.yaml that a command line checks; None where it asks for more than that."""
    config, commands, rest = "shards.yaml", 0, list(arguments)
    while rest:
        argument = rest.pop(0)
        if argument in {"-c", "--config"} and rest:
            config = rest.pop(0)
        elif argument.startswith("--config="):
            config = argument[9:]
        elif argument == "check":
            commands += 1
        elif argument != "--no-diff" or not commands:
            return None
    return config if commands == 1 else None


def early_answer(config: str) -> int | None:
    """Return how many files agree with a config; None where only the full check can say."""
    from shardgen.digest import digest, is_sealed, lock_name

    root, name = os.path.split(config)
    try:
        content = read(os.path.join(root, lock_name(name)))
    except OSError:
        return None
    text = content.decode("utf-8", "replace") if content else ""
    if not is_sealed(text):
        return None
    import json

    try:
        lock = json.loads(text)
        if name not in lock["inputs"] or not agrees(root, lock, digest):
            return None
        return len(lock["outputs"])
    except (LookupError, TypeError, AttributeError, ValueError, RecursionError, OSError):
        return None


def agrees(root: str, lock: dict, digest: object) -> bool:  # type: ignore[type-arg]
    """Return whether every input, output and absence is as the lock has it."""
    from shardgen.package import package_digest

    if lock["package"] != package_digest():
        return False
    for path, expected in lock["inputs"].items():
        found = read(os.path.join(root, path))
        if (None if found is None else digest(found)) != expected:  # type: ignore[operator]
            return False
    folders = set()
    for path, entry in lock["outputs"].items():
        found = None if is_linked(root, path) else read(os.path.join(root, path))
        if found is None or "was" in entry or entry["form"] == "blocks":
            return False  # what surrounds blocks may contradict them: the full check reads it
        if digest(found) != entry["digest"]:  # type: ignore[operator]
            return False
        if entry["form"] == "once":
            folders.add(os.path.dirname(path))
    return all(is_whole(root, folder, lock["outputs"]) for folder in folders)


def read(path: str) -> bytes | None:
    """Return a file's bytes; None where there is no file. OSError where it cannot be read."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return None  # a pipe or a device would be waited for
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def is_linked(root: str, path: str) -> bool:
    """Return whether a path or a folder above it is a symlink, which the full check refuses."""
    while path:
        if os.path.islink(os.path.join(root, path)):
            return True
        path = os.path.dirname(path)
    return False


def is_whole(root: str, folder: str, outputs: dict) -> bool:  # type: ignore[type-arg]
    """Return whether the ledger's folder holds no migration that the lock does not list.

    Alembic's are SQL files with a `0005_name.py` beside each.
    """
    names = os.listdir(os.path.join(root, folder))
    return all(
        f"{folder}/{name}" in outputs
        for name in names
        if name.endswith(".sql") or (name.endswith(".py") and name[0].isdigit())
    )
