"""`shardgen status`: how every shard is, as a table, as data, again and again; never writes."""

from __future__ import annotations

import json
import os
import shlex
import time
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from shardgen.daemons import Daemons
from shardgen.errors import InvalidInput, ShardgenError, UsageError
from shardgen.files import held
from shardgen.instructions import build_commands
from shardgen.status.overview import overview, questions
from shardgen.status.record import overview_json
from shardgen.status.table import overview_text, screen_text
from shardgen.terminal import err, is_screen, marked, out, painter, screen
from shardgen.validate import validate

if TYPE_CHECKING:
    from collections.abc import Callable

    from shardgen.disk import Disk
    from shardgen.instructions import Commands
    from shardgen.status.overview import Overview
    from shardgen.validate import Inputs

#: The outputs for engines beside which compose may have the shards no more.
CLUSTERS = frozenset({"kubernetes", "swarm"})
UNCOMPOSED = (
    "--docker looks at what docker compose runs, and compose is off; leave --docker out, or state "
    "outputs.compose.enabled: true in shards.yaml"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What to look at; each look reads shards.yaml anew."""

    disk: Disk
    config: str
    timeout: float
    database: str | None
    docker: bool

    def taken(self) -> Overview:
        """Return how the fleet stands now; shards, database and engine are asked at once.

        Raises InvalidInput where shards.yaml is wrong, UsageError where something cannot be asked.
        """
        from shardgen.asking import ask

        with held(self.disk.root, shared=True):
            inputs = validate(self.disk.required(self.config), self.config, self.disk)
        fleet, commands = inputs.fleet, commands_of(inputs, self.config, docker=self.docker)
        if self.docker and not commands.compose:
            raise UsageError(UNCOMPOSED)
        asked = questions(fleet, os.environ, self.timeout)
        beside, engine, live = Daemons(), None, None
        try:
            if self.docker:
                from shardgen.docker import read_engine

                words = shlex.split(commands.compose)
                engine = beside.submit(read_engine, self.disk.root, words, fleet)
            if self.database is not None:
                from shardgen.live import read_live

                names = fleet.database.names
                live = beside.submit(read_live, self.database, names, "shardgen status")
            at = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            return overview(
                fleet,
                asked,
                ask([each.health_url for each in asked], self.timeout),
                at=at,
                timeout=self.timeout,
                commands=commands,
                engine=engine.result() if engine else None,
                live=live.result() if live else None,
            )
        finally:
            beside.shutdown()


def commands_of(inputs: Inputs, config: str, *, docker: bool) -> Commands:
    """Return what to type; nothing of compose where a cluster may have the shards.

    Compose would start a second process on a volume. To look with `docker` says that it has them.
    """
    paths = {output.name: output.place for output in inputs.outputs}
    found = build_commands(inputs.fleet, config, paths.get("compose"), inputs.base)
    is_elsewhere = not docker and not CLUSTERS.isdisjoint(paths)
    return replace(found, compose="") if is_elsewhere or "compose" not in paths else found


def status(
    disk: Disk,
    config: str,
    *,
    timeout: float = 2.0,
    database: str | None = None,
    docker: bool = False,
    watch: float | None = None,
    output_format: str = "text",
) -> int:
    """Print how the shards are; returns 1 where one that serves is not well, or what runs differs.

    With `watch` it goes on every so many seconds, and returns 130 when it is interrupted.
    """
    look = Look(disk=disk, config=config, timeout=timeout, database=database, docker=docker)
    if watch is None:
        found = look.taken()
        is_json = output_format == "json"
        out(json.dumps(overview_json(found), indent=2) + "\n" if is_json else told(found))
        return 0 if found.is_well else 1
    try:
        if output_format == "json":
            again_and_again(look, watch, lambda each: out(json.dumps(overview_json(each)) + "\n"))
        elif is_screen():
            on_screen(look, watch)
        else:
            again_and_again(look, watch, lambda each: out(f"{each.at}\n{told(each)}\n"))
    except KeyboardInterrupt:
        return 130
    return 0


def told(found: Overview) -> str:
    """Return how the fleet stands, as text for where it is printed."""
    return overview_text(found, painter())


def again_and_again(
    look: Look, seconds: float, show: Callable[[Overview], None], fail: Callable[[str], None] = err
) -> None:
    """Look every so many seconds, until it is interrupted.

    What cannot be asked at first ends the run; later it may come back, and is only told.
    """
    is_first = True
    while True:
        began = time.monotonic()
        try:
            show(look.taken())
        except ShardgenError as error:
            if is_first:
                raise
            fail(f"{marked(complaint(error, look.config))}\n")
        is_first = False
        time.sleep(max(0.0, began + seconds - time.monotonic()))


def complaint(error: ShardgenError, config: str) -> str:
    """Return why a look failed, in one line."""
    if isinstance(error, InvalidInput):
        return f"{config} is wrong; `shardgen check` says where"
    return str(error)


def on_screen(look: Look, seconds: float) -> None:
    """Look again and again in one place of a terminal; the last look stays when it ends."""
    last: list[Overview] = []
    title = "{at}   every {seconds:g} s, Ctrl-C ends it"
    try:
        with screen() as (show, height):

            def shown(found: Overview) -> None:
                last[:] = [found]
                head = title.format(at=found.at, seconds=seconds)
                show(screen_text(found, head, height(), painter()))

            again_and_again(look, seconds, shown, show)
    finally:
        if last:
            out(told(last[0]))
