"""The nginx output: variables, URLs and a name server as nginx can have them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from shardgen.nginx.routes import shard_header
from shardgen.nginx.settings import settings_of
from shardgen.rules.characters import HIGHEST_PORT, HOST, bad_url, is_address
from shardgen.rules.identity import plain_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shardgen.diagnostics import Diagnostic
    from shardgen.rules.subject import Subject

VARIABLE = re.compile(r"\$[a-z_][a-z0-9_]*")
#: What stands behind the service in the names of the variables that the output defines.
MADE = ("url", "reason", "shard", "tenant_shard")
SERVER = re.compile(rf"(?:{HOST}|\[(?P<six>[0-9A-Fa-f:.]+)\])(?::(?P<port>[0-9]{{1,5}}))?")


def variables(subject: Subject) -> Iterator[Diagnostic]:
    """Require two variables for shard and tenant, which the generated file does not define."""
    found = settings_of(subject.output("nginx"))
    shard = found.shard or shard_header(subject.fleet)
    made = [f"${subject.fleet.service.identifier}_{end}" for end in MADE]
    for key, value in (("shard", found.shard), ("tenant", found.tenant)):
        if value is None:
            continue
        problem, hint = "", "name a variable of its own, as $arg_business_id"
        if not VARIABLE.fullmatch(value):
            problem = f"{value!r} is no variable of nginx"
            hint = "write $ and its name in small letters, as $arg_business_id"
        elif value in made:
            problem = f"{value!r} is a variable that the output defines"
        elif key == "tenant" and value == shard:
            problem = f"{value!r} holds the shard already"
        if problem:
            yield subject.error(("outputs", "nginx", key), "SG455", problem, hint)


def otherwise(subject: Subject) -> Iterator[Diagnostic]:
    """Require that other requests go to a host, and to no shard."""
    url = settings_of(subject.output("nginx")).otherwise
    if url is None:
        return
    path = ("outputs", "nginx", "otherwise")
    problem = "holds '$'" if "$" in url else bad_url(url)
    if not problem and urlsplit(url).path.rstrip("/"):
        problem = "has a path"
    if problem:
        hint = "expected http://host:port, as http://prosaas-api:5000"
        yield subject.error(path, "SG456", f"the url {url!r} {problem}", hint)
        return
    shards = {plain_url(shard.url): shard.id for shard in subject.live if not bad_url(shard.url)}
    first = subject.by_id.get(1)
    if first is not None and first.is_live:
        shards.setdefault(plain_url(subject.fleet.legacy_url), 1)
    if (number := shards.get(plain_url(url))) is not None:
        yield subject.error(
            path,
            "SG459",
            f"the requests of every unknown tenant would go to shard {number}",
            "name what knows all tenants, as your API; without it they are answered with 421",
        )


def urls(subject: Subject) -> Iterator[Diagnostic]:
    """Refuse a path in a shard's URL: nginx would send each request to it."""
    for shard in subject.live:
        if shard.explicit_url and not bad_url(shard.url) and urlsplit(shard.url).path:
            yield subject.error(
                subject.written(shard, "url"),
                "SG457",
                f"the url {shard.url!r} has a path, which nginx would send every request to",
                "leave the path out, or turn outputs.nginx off",
            )


def resolver(subject: Subject) -> Iterator[Diagnostic]:
    """Require a name server as a host or an address, and perhaps a port."""
    server = settings_of(subject.output("nginx")).resolver
    if server is None:
        return
    match = SERVER.fullmatch(server)
    is_host = match is not None and (not match["six"] or is_address(match["six"]))
    if match is None or not is_host or not 0 < int(match["port"] or 53) <= HIGHEST_PORT:
        yield subject.error(
            ("outputs", "nginx", "resolver"),
            "SG458",
            f"{server!r} is no name server",
            "an address and perhaps a port, as 127.0.0.11 or [fd00::53]:5353",
        )


RULES: tuple[Callable[[Subject], Iterator[Diagnostic]], ...] = (
    variables,
    otherwise,
    urls,
    resolver,
)
