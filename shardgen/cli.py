"""The command line: names, options and help; what a command does is in `commands`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from shardgen import __version__
from shardgen.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 96}


@click.group(context_settings=SETTINGS, no_args_is_help=False, invoke_without_command=True)
@click.version_option(__version__, prog_name="shardgen")
@click.option(
    "-c",
    "--config",
    default="shards.yaml",
    metavar="FILE",
    show_default=True,
    help="The shards.yaml to work on; paths in it are relative to its folder.",
)
@click.pass_context
def cli(context: click.Context, /, config: str) -> int:
    """One shards.yaml, and every file that must agree with it.

    \b
    Adding a shard is one line:
      1. add `- id: 3` at the end of shards.yaml (or run `shardgen add`)
      2. shardgen render
      3. commit what changed; `shardgen check` in CI proves that it all agrees

    \b
    Exit codes:
      0    all is well
      1    drift or findings
      2    wrong input or usage
      3    refused to write
      70   a bug in shardgen
      130  interrupted
    """
    context.obj = config
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
    return 0


def option_config(command: Callable[..., Any]) -> Callable[..., Any]:
    """Return a command that takes -c as well, so that it may stand on either side of the name."""
    return click.option(
        "-c", "--config", default=None, metavar="FILE", help="Another shards.yaml."
    )(command)


def in_project(
    context: click.Context, config: str | None, run: Callable[..., int], **options: Any
) -> int:
    """Run a command on the project of a config; its folder is the root of all paths."""
    from shardgen.disk import Disk

    root, name = os.path.split(config or context.obj)
    try:
        return run(Disk(root or "."), name, **options)
    except InvalidInput as error:
        error.root = root or "."
        raise


@cli.command(short_help="Write what is out of date, and say what was done.")
@option_config
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@click.option(
    "--overwrite",
    multiple=True,
    metavar="PATH",
    help="Write PATH although it was edited by hand, or is not ours. Repeatable.",
)
@click.option(
    "--allow-state-change",
    multiple=True,
    type=int,
    metavar="ID",
    help="Let shard ID change its service, volume or mount. Its customers' paired devices "
    "stay on the old volume: move the data first. Repeatable.",
)
@click.option(
    "--replan",
    is_flag=False,
    flag_value="",
    default=None,
    metavar="[REF]",
    help="Plan the migrations again that are not in git commit REF (by default HEAD). Only "
    "where none of them was applied anywhere: this shardgen cannot know.",
)
@click.pass_context
def render(context: click.Context, /, config: str | None, **options: Any) -> int:
    """Write what is out of date, and say what was done.

    All or nothing: everything is rendered, read back by its own language's parser and planned
    before a byte is written. Files that were edited by hand, or that shardgen did not write, are
    refused (exit 3) with the diff and the ways out. Committed migrations are never changed; a
    change of the fleet becomes the next numbered file.

    Where the change sends fallback tenants to another shard, the exact share is printed, with the
    line for shards.yaml that avoids it.

    With --replan, five edits before the commit give one set of migrations and not five, and a
    branch that was merged second takes the ledger of the first and appends to it
    (docs/checking.md, "Two branches").

    \b
    Examples:
      shardgen render
      shardgen render --dry-run
      shardgen render --overwrite docker-compose.prod.yml
      shardgen render --replan
      shardgen render --replan origin/main
    """
    from shardgen.commands.render import render as run

    return in_project(context, config, run, **options)


@cli.command(short_help="Prove that the files agree with shards.yaml.")
@option_config
@click.option(
    "--full",
    is_flag=True,
    help="Render again even where every digest matches. Always on where CI is set.",
)
@click.option("--no-diff", is_flag=True, help="Name the files and reasons alone.")
@click.option("--tracked", is_flag=True, help="Fail on outputs that git does not track, too.")
@click.option(
    "--base",
    metavar="REF",
    help="Prove that the migrations of git commit REF are still here, unchanged, before all "
    "others. Exit 2 where git cannot read REF.",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json: one object, see schema/check.schema.json.",
)
@click.pass_context
def check(
    context: click.Context,
    /,
    config: str | None,
    *,
    full: bool,
    no_diff: bool,
    tracked: bool,
    base: str | None,
    output_format: str,
) -> int:
    """Prove that the files agree with shards.yaml; never write.

    Exit 0 where they do, else 1 with each file, the reason, the diff, and as the last line the
    command that fixes it. Where only a person can decide, it says what to decide.

    An unchanged project is answered from the digests in shardgen.lock in a few milliseconds;
    --full, and CI, render everything again regardless, so that a forged lock is found too.

    \b
    Examples:
      shardgen check
      shardgen check --full --tracked                in CI
      shardgen check --tracked --base origin/main    in CI of a pull request
    """
    del full  # the early answer was not taken, so this is the full check
    from shardgen.commands.check import check as run

    return in_project(
        context,
        config,
        run,
        with_diff=not no_diff,
        tracked=tracked,
        base=base,
        output_format=output_format,
    )


@cli.command(short_help="Show the recorded history, and whether a database is as it says.")
@option_config
@click.option(
    "--database",
    metavar="URL",
    help="Compare with this PostgreSQL, and change nothing in it: postgresql://user@host/name, "
    "or libpq's host=… dbname=…; '' takes all from PGHOST, PGUSER and so on.",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json: one object, see schema/ledger.schema.json.",
)
@click.pass_context
def ledger(context: click.Context, /, config: str | None, **options: Any) -> int:
    """Show the migrations in order with what each does, and the shards as they record them.

    Without a database the state of a file is `committed` or `not committed`: the latter is what
    `shardgen render --replan` plans again.

    With --database it is `applied`, `pending`, or `different` where the database has another file
    under that number. Migrations that only the database has are named as unknown. The registry of
    shards, the default of new rows and the foreign key are compared with what the applied files
    say, and the tenants of each shard are counted. It needs psycopg (`pip install
    'shardgen[live]'`), asks in one read-only transaction, and prints no password. A command line is
    seen by others on the machine: leave the password to PGPASSWORD or ~/.pgpass.

    \b
    Exit codes:
      0  the ledger is whole, and the database, where one was asked, is as it says
      1  it is damaged, or the database differs: pending files, too
      2  no answer from the database, or wrong usage

    \b
    Examples:
      shardgen ledger
      shardgen ledger --format json
      shardgen ledger --database postgresql://app@db.internal/app
      shardgen ledger --database "$DATABASE_URL"        after a deployment
    """
    from shardgen.commands.ledger import ledger as run

    return in_project(context, config, run, **options)


@cli.command(short_help="Say where a tenant goes, and why.")
@option_config
@click.argument("tenant", type=int)
@click.option("--shard", type=int, metavar="N", help="The shard that the caller passes.")
@click.pass_context
def route(context: click.Context, /, config: str | None, **options: Any) -> int:
    """Say where TENANT goes and why: the rule, the file and line, the variable.

    It answers as the generated router does, in the environment of this shell.

    \b
    Examples:
      shardgen route 42
      shardgen route 42 --shard 2
    """
    from shardgen.commands.route import route as run

    return in_project(context, config, run, **options)


@cli.command(short_help="Add a shard to shards.yaml.")
@option_config
@click.argument("values", nargs=-1, metavar="[KEY=VALUE]...")
@click.option(
    "--id",
    "number",
    type=click.IntRange(1, 2**31 - 1),
    metavar="N",
    help="The new shard's id; without it the next free one.",
)
@click.option("--dry-run", is_flag=True, help="Show the plan, and leave shards.yaml as it is.")
@click.pass_context
def add(context: click.Context, /, config: str | None, **options: Any) -> int:
    """Add a shard to shards.yaml, comments and layout kept, and say what a render will do.

    KEY=VALUE are keys of the new entry; values are read as YAML.

    \b
    Examples:
      shardgen add
      shardgen add --id 7 volume=whatsapp_auth_eu
    """
    from shardgen.commands.add import add as run

    return in_project(context, config, run, **options)


@cli.command(short_help="Start a project.")
@option_config
@click.option(
    "--service",
    default="baileys",
    show_default=True,
    metavar="NAME",
    help="The compose service that is shard 1.",
)
@click.option(
    "--shards",
    default=1,
    show_default=True,
    type=click.IntRange(1, 10_000),
    metavar="N",
    help="How many shards to start with.",
)
@click.pass_context
def init(context: click.Context, /, config: str | None, *, service: str, shards: int) -> int:
    """Start a project: the smallest shards.yaml, and the schema that editors complete from.

    It never touches a shards.yaml that is there.

    \b
    Examples:
      shardgen init
      shardgen init --service media --shards 2
    """
    from shardgen.commands.init import init as run

    root, name = os.path.split(config or context.obj)
    return run(root or ".", name, service=service, shards=shards)


@cli.command(short_help="Print the JSON schema of shards.yaml.")
def schema() -> int:
    """Print the JSON schema of shards.yaml.

    \b
    Example:
      shardgen schema > schema/shards.schema.json
    """
    from shardgen.resources import resource_text
    from shardgen.terminal import out

    out(resource_text("schema/shards.schema.json"))
    return 0


@cli.command(short_help="Explain a diagnostic's code.")
@click.argument("code", required=False)
def explain(code: str | None) -> int:
    """Explain a diagnostic's CODE, with an example; without CODE, list all.

    \b
    Example:
      shardgen explain SG204
    """
    from shardgen.commands.explain import explain as run

    return run(code)
