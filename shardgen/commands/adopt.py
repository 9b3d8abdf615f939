"""`shardgen adopt`: takes over a stack whose shards were written by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shardgen import blocks, plan
from shardgen.adopt import account as told
from shardgen.adopt.found import Sources
from shardgen.adopt.proposal import VARIABLES, Wish
from shardgen.adopt.settled import all_changes, judged, settle
from shardgen.base import read_base
from shardgen.commands.render import refuse
from shardgen.diagnostics import Diagnostic, diagnostic_text, ordered
from shardgen.digest import lock_name
from shardgen.errors import InvalidInput, Refused, UsageError
from shardgen.files import clear, held, write_plan
from shardgen.outputs import OUTPUTS
from shardgen.publication import failing_as_json
from shardgen.source import parse
from shardgen.terminal import err, out, painter
from shardgen.validate import decode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shardgen.adopt.settled import Settled
    from shardgen.base import Base
    from shardgen.disk import Disk

BASE = "docker-compose.yml"
#: Which two are meant where files are named: a base and an overlay, or an overlay alone.
MOST_FILES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was typed."""

    files: tuple[str, ...]
    service: str | None
    volume: str | None
    exact: bool
    repair: bool
    env: str | None
    overwrite: tuple[str, ...]
    write: bool
    as_json: bool

    @property
    def mode(self) -> str:
        """What is decided about what is missing, '' where that is open."""
        return "exact" if self.exact else "repair" if self.repair else ""


def adopt(disk: Disk, config: str, *, options: Options) -> int:
    """Say how the stack is taken over, and with `write` do it; returns 0.

    Raises InvalidInput for what cannot be taken over, Refused where a decision is open.
    """
    with failing_as_json(config, is_wanted=options.as_json):
        if options.exact and options.repair:
            raise UsageError(
                "--exact changes nothing, --repair what is missing: choose one of them"
            )
        if options.env is not None:
            inside(f"--env {options.env}", options.env)
        with held(disk.root):
            base, overlay = named_files(disk, options.files)
            if is_adopted(disk, config, overlay):
                done = f"{config} and {overlay} are adopted already; nothing to do\n"
                out(told.json_text(told.nothing_json()) if options.as_json else done)
                return 0
            wish = Wish(
                service=options.service,
                volume=options.volume,
                mode=options.mode,
                env=options.env,
                overlay=overlay,
                has_env=has_env(disk, options.env, options.overwrite),
            )
            sources = read_sources(disk, base, overlay)
            settled = settle(disk, config, sources, wish, options.overwrite)
            account = judged(disk, config, settled)
            if options.write:
                written(disk, config, settled, account)
                account = replace(account, is_written=True)
        warn(sources, account.proposal.by_hand)
        data = told.account_json(account)
        text = told.json_text(data) if options.as_json else told.account_text(account, painter())
        out(text)
    return 0


def named_files(disk: Disk, files: Sequence[str]) -> tuple[str | None, str]:
    """Return the base, None where there is none, and the overlay. Raises UsageError."""
    if len(files) > MOST_FILES:
        raise UsageError(f"-f names {len(files)} files; there is a base and an overlay over it")
    for name in files:
        inside(f"-f {name}", name)
        if disk.read(name) is None:
            raise UsageError(f"-f {name}: there is no such file")
    if files:
        return (files[0] if len(files) == MOST_FILES else None), files[-1]
    overlay = OUTPUTS["compose"].destination
    if disk.read(overlay) is None:
        way = "name your files with -f, or start anew with `shardgen init`"
        raise UsageError(f"there is no {overlay} here; {way}")
    return (BASE if disk.read(BASE) is not None else None), overlay


def inside(typed: str, path: str) -> None:
    """Raise UsageError where a path leaves the folder of shards.yaml."""
    if not path or path.startswith("/") or ".." in path.split("/"):
        raise UsageError(f"{typed}: write it relative to the folder of shards.yaml, inside it")


def is_adopted(disk: Disk, config: str, overlay: str) -> bool:
    """Return whether there is a shards.yaml, and our blocks, or our header, in the overlay."""
    content = disk.read(overlay) or b""
    is_ours = plan.is_marked(content) or blocks.has_markers(content.decode("utf-8", "replace"))
    return is_ours and disk.read(config) is not None


def has_env(disk: Disk, env: str | None, overwrite: Sequence[str]) -> bool:
    """Return whether the env output is made: no file of the user's is in its place unasked."""
    return env is not None or disk.read(VARIABLES) is None or VARIABLES in overwrite


def read_sources(disk: Disk, base: str | None, overlay: str) -> Sources:
    """Return the compose files; raises InvalidInput where one of them is none."""
    found = [read_file(disk, name) for name in (base, overlay) if name]
    problems = [each for file in found for each in (*file.document.problems, *twins(file))]
    content = disk.read(overlay) or b""
    text = content.decode("utf-8", "replace")
    for number, line in enumerate(blocks.lines_of(text), 1):
        if blocks.marker(line):
            message = "the overlay has markers already, and there is no shards.yaml"
            hint = "remove the markers to adopt what is between them, or put shards.yaml back"
            problems.append(Diagnostic(file=overlay, line=number, column=1,
                                       width=len(line.rstrip()), code="SG730",
                                       message=message, hint=hint))  # fmt: skip
            break
    if problems:
        raise InvalidInput(ordered(problems))
    return Sources(base=found[0] if base else None, overlay=found[-1])


def twins(file: Base) -> list[Diagnostic]:
    """Return the keys that stand twice: compose refuses the file, and one of them would be lost."""
    strict = parse(file.document.text, file.file)
    return [problem for problem in strict.problems if problem.code == "SG102"]


def read_file(disk: Disk, name: str) -> Base:
    """Return a compose file; raises InvalidInput where it is no text, or holds no services."""
    text = decode(disk.read(name) or b"", name)
    if isinstance(text, Diagnostic):
        raise InvalidInput([text])
    file = read_base(text, name, disk.read)
    if file.document.data is not None and not isinstance(file.document.data, dict):
        hint = "a compose file starts with services:"
        raise InvalidInput([file.document.error((), "SG303", f"{name} has no services", hint)])
    return file


def written(disk: Disk, config: str, settled: Settled, account: told.Account) -> None:
    """Write everything, all or nothing. Raises Refused where a decision is open."""
    mode, workspace = settled.proposal.wish.mode, settled.workspace
    if account.proposals:
        lines = told.told_lines(account.proposals, painter(error=True))
        head = "nothing was written: decide what becomes of what is missing"
        ways = [
            "  --exact    leave it as it is: nothing of what runs changes",
            "  --repair   repair all of it",
        ]
        raise Refused(head, [*lines], ways)
    if mode != "repair" and account.differences:
        lines = told.told_lines(account.differences, painter(error=True))
        way = f"  leave out --env {settled.proposal.wish.env}, or take --repair"
        raise Refused("nothing was written: these would change", [*lines], [way])
    if disk.read(config) not in {None, settled.text.encode()}:
        raise Refused(f"{config} is there already; edit it and run `shardgen render`")
    clear(disk.root, lock_name(config))
    refuse(workspace, ())
    write_plan(
        disk.root,
        all_changes(disk, config, settled),
        workspace.lock,
        workspace.lock_during,
        workspace.lock_after,
    )


def warn(sources: Sources, by_hand: Sequence[Diagnostic]) -> None:
    """Print what only a person can do, with its place in the files as they were."""
    paint = painter(error=True)
    lines = {file.file: file.document.lines for file in sources.files}
    for each in ordered(by_hand):
        err(diagnostic_text(each, lines[each.file], paint) + "\n\n")
