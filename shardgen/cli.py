"""The command line: names, options and help; what a command does is in `commands`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from shardgen import __version__
from shardgen.errors import InvalidInput, ShardgenError

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
    except ShardgenError as error:
        if isinstance(error, InvalidInput):
            error.root = root or "."
        if (output_format := options.get("output_format")) in {"github", "sarif"}:
            from shardgen.publication import publish_failure

            command = context.info_name or ""
            publish_failure(error, output_format, command=command, root=root or ".", config=name)
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
    "--allow-reroute",
    is_flag=True,
    help="Let the fallback send tenants to another shard although routing.guard is on.",
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
    line for shards.yaml that avoids it. With `routing: {guard: true}` it is refused (exit 3).

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
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    show_default=True,
    help="json: one object, see schema/check.schema.json. github: the text, and annotations for "
    "GitHub Actions. sarif: a SARIF 2.1.0 log, for code scanning and editors.",
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
      shardgen check --format github                 with annotations in GitHub Actions
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


@cli.command(short_help="Say what a change means before anything is done.")
@option_config
@click.option(
    "--against",
    metavar="REF",
    help="Compare with git commit REF (main, HEAD~3) and not with the last render.",
)
@click.option(
    "--tenants",
    metavar="FILE",
    help="Count exactly who moves: a CSV of id,shard with a header; - is standard input.",
)
@click.option(
    "--database",
    metavar="URL",
    help="Count exactly who moves in this PostgreSQL, and change nothing in it.",
)
@click.option(
    "--runbook",
    is_flag=True,
    help="Print, as Markdown, how the data of the tenants that migrations move are brought over.",
)
@click.option(
    "--exit-code",
    is_flag=True,
    help="Exit 1 where a tenant would move, or a running shard be recreated or lose its state.",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="json: one object, see schema/plan.schema.json; markdown: for a pull request.",
)
@click.pass_context
def plan(context: click.Context, /, config: str | None, **options: Any) -> int:
    """Say what a change means before anything is done; never write.

    From the fleet as last rendered, or as REF has it, to the one in shards.yaml: which shards come
    and go, which containers are created, recreated, removed and kept, which volumes are new,
    which migrations follow, and which tenants another shard would answer. Each has a grade of
    risk. Then the steps of the rollout in order, with the command of each and the way back.

    Without a list of tenants, the share that the fallback re-routes is exact, and rows that
    migrations move are named. With --tenants or --database each tenant is counted.

    \b
    Exit codes:
      0  the plan is made
      1  with --exit-code: somebody would feel it
      2  wrong input or usage

    \b
    Examples:
      shardgen plan
      shardgen plan --against origin/main --format markdown
      shardgen plan --tenants tenants.csv --exit-code
      shardgen plan --tenants tenants.csv --runbook > runbook.md
      shardgen plan --database "$DATABASE_URL"
    """
    from shardgen.commands.plan import plan as run

    return in_project(context, config, run, **options)


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


@cli.command(short_help="Ask every shard how it is.")
@option_config
@click.option(
    "--timeout",
    type=click.FloatRange(0.1, 600),
    default=2.0,
    metavar="SECONDS",
    show_default=True,
    help="What each shard has for its whole answer, from the name to the last byte.",
)
@click.option(
    "--database",
    metavar="URL",
    help="Count the tenants of each shard in this PostgreSQL, and compare its registry; as for "
    "`ledger`.",
)
@click.option(
    "--docker",
    is_flag=True,
    help="Compare what the engine runs that docker reaches with what is declared.",
)
@click.option(
    "--watch",
    is_flag=False,
    flag_value=5.0,
    default=None,
    type=click.FloatRange(0.1),
    metavar="[SECONDS]",
    help="Look again every SECONDS (by default 5), until Ctrl-C.",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json: one object, see schema/status.schema.json; with --watch one a line.",
)
@click.pass_context
def status(context: click.Context, /, config: str | None, **options: Any) -> int:
    """Ask every shard how it is: its health path, all at once; never write.

    Each is asked at the URL that the router has in this environment. Outside of the shards' network
    set BAILEYS_SHARD_1_URL and so on to ports that are forwarded. Redirects are not followed, and
    proxies not used. Well is a status of 200 to 299 within --timeout; slow is more than half of it.
    An answer whose JSON names another shard (`shard`, `shard_id`) came by a wrong route.

    With --docker each container is compared with what docker compose makes of the files: image,
    variables, volume, networks and aliases; and two containers on one volume are named.
    With --database the tenants of each shard are counted. It needs `pip install 'shardgen[live]'`.
    docs/status.md lists every word of the table.

    \b
    Exit codes:
      0    every shard that serves is well, and what runs is what is declared
      1    something is not
      2    wrong input or usage; docker or the database does not answer
      130  a --watch was ended

    \b
    Examples:
      shardgen status
      shardgen status --docker --database "$DATABASE_URL"
      shardgen status --watch
      shardgen status --timeout 5 --format json
    """
    from shardgen.commands.status import status as run

    return in_project(context, config, run, **options)


@cli.command(short_help="Say where a tenant goes, and why.")
@option_config
@click.argument("tenant", type=int)
@click.option("--shard", type=int, metavar="N", help="The shard that the caller passes.")
@click.pass_context
def route(context: click.Context, /, config: str | None, **options: Any) -> int:
    """Say where TENANT goes and why: the rule, the file and line, the variable.

    It answers as the generated router does, in the environment of this shell.
    It asks no lookup (use_shard_lookup): pass what the database says with --shard.

    \b
    Examples:
      shardgen route 42
      shardgen route 42 --shard 2
    """
    from shardgen.commands.route import route as run

    return in_project(context, config, run, **options)


NUMBER = click.IntRange(1, 2**31 - 1)


def options_of_edit(command: Callable[..., Any]) -> Callable[..., Any]:
    """Return a command with the options of all that edit shards.yaml."""
    options = (
        option_config,
        click.option("--dry-run", is_flag=True, help="Show all of it, and write nothing."),
        click.option("-y", "--yes", is_flag=True, help="Do not ask, on a terminal either."),
        click.option(
            "--render", is_flag=True, help="Render as well: all is written with it, or nothing."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@cli.command(short_help="Add a shard to shards.yaml.")
@click.argument("values", nargs=-1, metavar="[KEY=VALUE]...")
@click.option(
    "--id",
    "number",
    type=NUMBER,
    metavar="N",
    help="The new shard's id; without it the next free one.",
)
@options_of_edit
@click.pass_context
def add(context: click.Context, /, config: str | None, **options: Any) -> int:
    """Add a shard to shards.yaml, comments and layout kept, and say what a render will do.

    KEY=VALUE are keys of the new entry; values are read as YAML. On a terminal it asks before it
    writes; elsewhere, and with --yes, it does not.

    \b
    Examples:
      shardgen add
      shardgen add --id 7 volume=whatsapp_auth_eu
      shardgen add --render --yes                    the outputs in the same run
    """
    from shardgen.commands.add import add as run

    return in_project(context, config, run, **options)


@cli.command(short_help="Take no new tenants on a shard, and move those it has.")
@click.argument("number", type=NUMBER, metavar="N")
@click.option(
    "--to",
    type=NUMBER,
    metavar="M",
    help="The active shard that takes its tenants. Without it none moves: the shard is closed to "
    "new ones, and you say later where the others go.",
)
@options_of_edit
@click.pass_context
def drain(context: click.Context, /, config: str | None, **options: Any) -> int:
    """Set shard N to draining in shards.yaml, and say what a render will do.

    It takes no new tenants from then on, and goes on running. With --to the next migration changes
    the rows of its tenants; bring their data over before you apply it. `shardgen activate N` takes
    it back, `shardgen retire N` comes last (docs/lifecycle.md).

    On a terminal it asks before it writes; elsewhere, and with --yes, it does not.

    \b
    Examples:
      shardgen drain 3 --to 1
      shardgen drain 3 --to 2        later, elsewhere
      shardgen drain 3 --to 1 --dry-run
    """
    from shardgen.commands.drain import drain as run

    return in_project(context, config, run, **options)


@cli.command(short_help="Take back a drain.")
@click.argument("number", type=NUMBER, metavar="N")
@options_of_edit
@click.pass_context
def activate(context: click.Context, /, config: str | None, **options: Any) -> int:
    """Make draining shard N active again in shards.yaml, and say what a render will do.

    Tenants that a migration moved away stay where they are. A retired shard does not come back.

    On a terminal it asks before it writes; elsewhere, and with --yes, it does not.

    \b
    Example:
      shardgen activate 3
    """
    from shardgen.commands.activate import activate as run

    return in_project(context, config, run, **options)


@cli.command(short_help="Take a drained shard out of service.")
@click.argument("number", type=NUMBER, metavar="N")
@options_of_edit
@click.pass_context
def retire(context: click.Context, /, config: str | None, **options: Any) -> int:
    """Set draining shard N to retired in shards.yaml, and say what a render will do.

    Its service leaves the overlay, its volume is kept, and its id is never used again. The database
    refuses the migration while a tenant is left on it. There is no way back.

    On a terminal it asks before it writes; elsewhere, and with --yes, it does not.

    \b
    Example:
      shardgen retire 3
    """
    from shardgen.commands.retire import retire as run

    return in_project(context, config, run, **options)


@cli.command(short_help="Put tenants on a shard.")
@click.argument(
    "tenants", nargs=-1, type=click.IntRange(-(2**63), 2**63 - 1), metavar="[TENANT]..."
)
@click.option("--to", type=NUMBER, required=True, metavar="N", help="The shard that takes them.")
@click.option(
    "--file",
    metavar="FILE",
    help="Tenants of a file, one a line or in the first column of a CSV file; '-' is stdin.",
)
@options_of_edit
@click.pass_context
def move(context: click.Context, /, config: str | None, **options: Any) -> int:
    """Put tenants under `assign:` of shard N in shards.yaml, and say what a render will do.

    They join those that are assigned to it, and leave every other shard's list. The next migration
    changes their rows; bring their data over before you apply it. After that the entry may be
    deleted.

    On a terminal it asks before it writes; elsewhere, and with --yes, it does not.

    \b
    Examples:
      shardgen move 101 205 --to 3
      shardgen move --file pilots.csv --to 3
      psql -Atc "SELECT id FROM business WHERE plan = 'eu'" | shardgen move --file - --to 3
    """
    from shardgen.commands.move import move as run

    return in_project(context, config, run, **options)


@cli.command("set-default", short_help="Choose the shard of new tenants.")
@click.argument("number", type=NUMBER, metavar="N")
@options_of_edit
@click.pass_context
def set_default(context: click.Context, /, config: str | None, **options: Any) -> int:
    """Set database.default_shard to N in shards.yaml, and say what a render will do.

    It is the shard of a new tenant for whom none is given, in the database and as the router's
    DEFAULT_SHARD. No tenant that is there moves.

    On a terminal it asks before it writes; elsewhere, and with --yes, it does not.

    \b
    Example:
      shardgen set-default 2
    """
    from shardgen.commands.set_default import set_default as run

    return in_project(context, config, run, **options)


@cli.command(short_help="Find what goes around shards.yaml.")
@option_config
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--select",
    multiple=True,
    metavar="CODES",
    help="Report these alone: codes or the start of codes, SG80,SG812. Repeatable.",
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="CODES",
    help="Report all but these; the longer of two starts decides. Repeatable.",
)
@click.option(
    "--exclude",
    multiple=True,
    metavar="GLOB",
    help="Leave out the files and folders of this name or path. Repeatable.",
)
@click.option(
    "--baseline", metavar="FILE", help="Report only what FILE does not have; name what is gone."
)
@click.option(
    "--write-baseline", metavar="FILE", help="Write all that is found now to FILE, and exit 0."
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    show_default=True,
    help="json: one object, see schema/audit.schema.json. github: the text, and annotations for "
    "GitHub Actions. sarif: a SARIF 2.1.0 log, for code scanning and editors.",
)
@click.pass_context
def audit(context: click.Context, /, config: str | None, **options: Any) -> int:
    """Find what goes around shards.yaml in code, scripts, compose files and pages; never write.

    A shard that is typed by hand misses the next one. PATHs are files and folders, by default the
    folder of shards.yaml. Python is read by its syntax tree, shell and Dockerfiles by their
    words, compose files by their data, nginx, .env and Markdown (its blocks of code) as well.
    Each finding says what goes wrong in production, and what to write instead.

    In a git work tree only files are read that git tracks or would, and the .env files that
    compose reads. What shardgen renders is never audited, nor are Python's tests.

    A line may say that it means it: `# shardgen: ignore[SG803] reason`, in the comment style of
    its file, on the line or alone above it. An ignore without a reason is a finding, and so is
    one that ignores nothing.

    To adopt it in a project that has findings, write them to a baseline and commit that: from then
    on only new ones fail. It knows findings by the text of their lines, whatever moves above.

    \b
    Exit codes:
      0  nothing was found
      1  something goes around shards.yaml
      2  wrong input or usage

    \b
    Examples:
      shardgen audit
      shardgen audit server scripts deploy.sh --exclude vendor
      shardgen audit --select SG801,SG803
      shardgen audit --write-baseline .shardgen-baseline.json
      shardgen audit --baseline .shardgen-baseline.json --format github
    """
    from shardgen.commands.audit import audit as run

    return in_project(context, config, run, **options)


@cli.command(short_help="Take over a stack whose shards were written by hand.")
@option_config
@click.option(
    "-f",
    "--file",
    "files",
    multiple=True,
    metavar="COMPOSE",
    help="Your compose files, in the order in which compose gets them: a base and an overlay over "
    "it, or an overlay that stands alone. Default: docker-compose.yml, where it is there, and "
    "docker-compose.prod.yml.",
)
@click.option(
    "--service",
    metavar="NAME",
    help="The service that runs as shards: NAME, NAME-2 and so on. Without it, the one that looks "
    "like it.",
)
@click.option(
    "--volume",
    metavar="NAME",
    help="The volume of the first shard that holds its state, where it has several.",
)
@click.option("--exact", is_flag=True, help="Change nothing of what runs.")
@click.option("--repair", is_flag=True, help="Repair what the shards lack, as it is proposed.")
@click.option(
    "--env",
    metavar="PATH",
    help="Write the shard variables into PATH, in place of those that stand there now. Default: "
    "a new file .env.shards.",
)
@click.option(
    "--overwrite",
    multiple=True,
    metavar="PATH",
    help="Let an output replace PATH, which you wrote by hand. Repeatable.",
)
@click.option("--write", is_flag=True, help="Write it. Without this nothing is written.")
@click.option("--json", "as_json", is_flag=True, help="One object, see schema/adopt.schema.json.")
@click.pass_context
def adopt(context: click.Context, /, config: str | None, **options: Any) -> int:
    """Take over a stack whose shards were written by hand, without changing what runs.

    It finds the shards in your compose files by their names and by NAME_SHARD_ID, writes a
    shards.yaml that says what they share and what differs, and puts markers around their lines in
    the overlay. All other lines stay, byte for byte. Then everything is rendered, and `shardgen
    check` is clean.

    What compose makes of the files before and after is compared, and every difference is printed.
    With --exact there is none. With --repair there are those that repair something: a missing
    alias, variable or secret, a healthcheck that cannot work, consumers without the shard
    variables. Volumes and mounts never change.

    What it cannot take over is named with its file and line, and nothing is written.
    docs/adopting.md says more.

    \b
    Exit codes:
      0  it is taken over, or would be with --write; or it was before
      2  there is something that cannot be taken over, or wrong usage
      3  refused to write: a decision is open, or a file of yours is in the way

    \b
    Examples:
      shardgen adopt
      shardgen adopt --exact --write
      shardgen adopt --repair --write --overwrite server/whatsapp_shard_router.py
      shardgen adopt -f compose.yml -f compose.prod.yml --service media
    """
    from shardgen.commands.adopt import Options
    from shardgen.commands.adopt import adopt as run

    return in_project(context, config, run, options=Options(**options))


@cli.command(short_help="Find the fewest moves of tenants to an even load.")
@option_config
@click.option(
    "--tenants",
    metavar="FILE",
    help="The tenants, as CSV: id,shard or id,shard,weight; - reads standard input.",
)
@click.option(
    "--database",
    metavar="URL",
    help="Read the tenants of this PostgreSQL, and change nothing in it; as for `ledger`.",
)
@click.option(
    "--by",
    type=click.Choice(["count", "weight"]),
    default="count",
    show_default=True,
    help="What makes the load: the tenants, or the sum of their weights.",
)
@click.option(
    "--weight-column",
    default="weight",
    metavar="NAME",
    show_default=True,
    help="With --by weight: the column of the list or of the table that has the weights.",
)
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 100),
    default=0.1,
    metavar="PART",
    show_default=True,
    help="How much more than its fair share a shard may carry: 0.1 is 10 %.",
)
@click.option(
    "--max-moves",
    type=click.IntRange(0),
    metavar="K",
    help="Make K moves at most: draining shards first, then what helps the worst shard most.",
)
@click.option(
    "--pin",
    multiple=True,
    metavar="ID,…|FILE",
    help="Tenants that stay where they are: ids, or a file with one id a line. Repeatable.",
)
@click.option(
    "--write",
    is_flag=False,
    flag_value="assign",
    type=click.Choice(["assign", "migrations"]),
    help="Put the moves into shards.yaml as `assign`; migrations: and render in the same run.",
)
@click.option("--exit-code", is_flag=True, help="Exit 1 where a tenant has to move.")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json: one object, see schema/rebalance.schema.json.",
)
@click.pass_context
def rebalance(context: click.Context, /, config: str | None, **options: Any) -> int:
    """Find the fewest moves of tenants to an even load.

    No active shard shall carry more than its fair share and --tolerance. The fair share follows
    the `weight` of a shard in shards.yaml; its `capacity` is never exceeded, draining shards are
    emptied, pinned tenants stay. A new shard may stay below its share: every move is a customer
    who must pair again, so that it is filled by new tenants.

    It says how many moves there are, how few no plan is below, and where the goal cannot be
    reached, why. Nothing is written without --write (docs/rebalance.md).

    \b
    Exit codes:
      0  the plan is made
      1  with --exit-code: tenants have to move
      2  wrong input or usage

    \b
    Examples:
      shardgen rebalance --tenants tenants.csv
      shardgen rebalance --tenants tenants.csv --by weight --tolerance 0.2 --pin 101,205
      shardgen rebalance --database "$DATABASE_URL" --max-moves 10 --write
    """
    from shardgen.commands.rebalance import rebalance as run

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
