"""The entry point: the early answer of `check` first, then the commands."""

from __future__ import annotations

import os
import sys


def main(arguments: list[str] | None = None) -> int:
    """Run a command line; returns the exit code.

    0 all is well, 1 drift or findings, 2 wrong input or usage, 3 refused to write, 70 a bug of
    shardgen, 130 interrupted.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    open_streams()
    if arguments and arguments[0] in {"check", "-c"} and not os.environ.get("CI"):
        from shardgen.quick import config_of, early_answer

        config = config_of(arguments)
        files = early_answer(config) if config and config.isascii() else None
        if files is not None:
            return say(f"{files} files agree with {os.path.basename(config or '')}\n")
    import gc

    from shardgen.exits import run

    # A run builds one plan and ends: a collector that looks for garbage in it finds none.
    is_collecting = gc.isenabled()
    gc.disable()
    try:
        return run(arguments)
    finally:
        if is_collecting:
            gc.enable()


def open_streams() -> None:
    """Give each standard stream that the caller closed (`>&-`) the null device."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            null = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115 - until the run ends
            setattr(sys, name, null)


def say(text: str) -> int:
    """Write a result in ASCII; returns the exit code."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        from shardgen.exits import unread

        return unread()
    return 0


if __name__ == "__main__":
    sys.exit(main())
