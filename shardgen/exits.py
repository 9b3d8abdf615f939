"""Runs the command line and maps every way it can end to an exit code and a message."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from shardgen.disk import Disk
from shardgen.errors import Declined, InvalidInput, Refused, ShardgenError
from shardgen.terminal import err, marked, painter

if TYPE_CHECKING:
    import click


def unread() -> int:
    """Return the exit code where nobody reads on; nothing is left for Python to flush."""
    sys.stdout = sys.__stdout__
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return 130


def run(arguments: list[str]) -> int:
    """Return the exit code of a command line; nothing but a bug leaves a traceback."""
    try:
        code = command(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        err("\ninterrupted; every file is whole, and the next render completes what was begun\n")
        return 130
    except InvalidInput as error:
        err(invalid_text(error))
        return error.exit_code
    except Declined as error:
        err(f"{error}\n")
        return error.exit_code
    except Refused as error:
        err(refused_text(error))
        return error.exit_code
    except ShardgenError as error:
        err(f"{marked(error)}\n")
        return error.exit_code
    except BrokenPipeError:
        return unread()
    except OSError as error:
        err(f"error: {error.filename or ''}: {error.strerror or error}\n".replace(": :", ":"))
        return 2
    except Exception:  # noqa: BLE001 - the last resort
        import traceback

        err(traceback.format_exc())
        err("this is a bug in shardgen; please report it with the lines above\n")
        return 70
    return code


def command(arguments: list[str]) -> int:
    """Run a command line. The two usual ones need no parser: click costs two starts of Python."""
    if arguments == ["render"]:
        from shardgen.commands.render import render

        return render(Disk("."), "shards.yaml")
    if arguments == ["check"]:
        from shardgen.commands.check import check

        return check(Disk("."), "shards.yaml")
    return parsed(arguments)


def parsed(arguments: list[str]) -> int:
    """Run a command line with click, whose own ways to end are mapped here."""
    import click

    from shardgen.cli import cli

    try:
        code = cli.main(args=arguments, prog_name="shardgen", standalone_mode=False)
    except click.Abort:
        raise KeyboardInterrupt from None
    except SystemExit:  # click exits with 1, as drift does, where nobody reads on
        raise BrokenPipeError from None
    except click.ClickException as error:
        err(usage_text(error))
        return 2
    return code if isinstance(code, int) else 0


def refused_text(error: Refused) -> str:
    """Return why nothing was written: what it is about, the message, and the ways on."""
    above = [*error.details, ""] if error.details else []
    return "\n".join([*above, marked(error), *error.ways]) + "\n"


def usage_text(error: click.ClickException) -> str:
    """Return what is wrong with a command line, and where help is."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "shardgen"
    return f"error: {error.format_message()}\n`{path} --help` shows how it is used\n"


def invalid_text(error: InvalidInput) -> str:
    """Return every diagnostic of the run, with the lines they are about."""
    from shardgen.diagnostics import report_text
    from shardgen.publication import sources_of

    sources = sources_of(error.diagnostics, error.root, error.texts)
    return report_text(error.diagnostics, sources, painter(error=True))
