"""A compose file in; the addresses, ports and volumes of shards that are typed in it out."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

from shardgen import compose
from shardgen.audit.envfile import Setting, disagreement
from shardgen.audit.keeping import VARIABLE
from shardgen.audit.literals import address_message, addresses, shard_message
from shardgen.audit.page import read_page
from shardgen.audit.script import read_script
from shardgen.audit.shell import script_findings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.audit.sheet import Sheet
    from shardgen.diagnostics import Diagnostic
    from shardgen.document import Path

#: Keys of a service whose texts reach what runs, beside `environment` and commands.
TEXTS = ("labels", "annotations", "extra_hosts", "configs")
#: What a variable is called that holds a host, and one that holds its port.
HOST = re.compile(r"(?:(?P<stem>\w*?)_?)(?:HOST|HOSTNAME|SERVER|ADDR|ADDRESS|UPSTREAM|ENDPOINT)")
#: The default of a variable is what it mostly is.
DEFAULT = re.compile(r"\$\{\w+:?[-=+]")
ENV_HINT = "ask the router where {name} is used, and remove the variable"


def values(sheet: Sheet) -> Iterator[Diagnostic]:
    """Yield what a compose file says that shards.yaml says already."""
    for name, service in sheet.services.items():
        path: Path = ("services", name)
        yield from checked(sheet, path, service)
        for key in ("command", "entrypoint"):
            yield from scripted(sheet, (*path, key), service.get(key))
        yield from environment(sheet, (*path, "environment"), service.get("environment"))
        build = service.get("build")
        if isinstance(build, dict):
            yield from environment(sheet, (*path, "build", "args"), build.get("args"))
        for key in TEXTS:
            for at, text in texts((*path, key), service.get(key)):
                yield from typed(sheet, at, text, "take it from the fleet: an output of your own")
    data = sheet.base.document.data
    configs = data.get("configs") if isinstance(data, dict) else None
    for at, text in texts(("configs",), configs):
        yield from typed(sheet, at, text, "render the file: an output of your own has every shard")


def texts(path: Path, value: Any) -> Iterator[tuple[Path, str]]:
    """Yield every text below a value, with its path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from texts((*path, key), item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts((*path, index), item)
    elif isinstance(value, str):
        yield path, value


def typed(sheet: Sheet, path: Path, text: str, hint: str) -> Iterator[Diagnostic]:
    """Yield the addresses of shards in a text."""
    bare = DEFAULT.sub(lambda match: " " * len(match[0]), text)
    for address in addresses(bare, sheet.subject):
        message = address_message(address, sheet.subject)
        part = text[address.start : address.end]
        yield sheet.at(path, "SG803", message, hint, part=part)


def environment(sheet: Sheet, path: Path, value: Any) -> Iterator[Diagnostic]:
    """Yield what is wrong with the variables of a service, or with the arguments of a build."""
    found: dict[str, tuple[Path, str]] = {}
    if isinstance(value, list):
        for index, item in enumerate(value):
            name, _, text = str(item).partition("=")
            found[name] = (*path, index), text
    elif isinstance(value, dict):
        found = {
            name: ((*path, name), str(item))
            for name, item in value.items()
            if isinstance(item, (str, int)) and not isinstance(item, bool)
        }
    for name, (at, text) in found.items():
        if sheet.subject.is_variable(name) and "$" not in text:
            yield from stated(sheet, at, name, text)
        else:
            yield from typed(sheet, at, text, ENV_HINT.format(name=name))
            yield from host(sheet, name, found)
            yield from volume(sheet, at, name, text)


def stated(sheet: Sheet, path: Path, name: str, text: str) -> Iterator[Diagnostic]:
    """Yield a shard variable that a service gets with another value than that of shards.yaml."""
    if path[1] in sheet.subject.hosts and path[2] == "environment":
        text = sheet.subject.variables.get(name, text)  # the rules about the base look at these
    found = disagreement(Setting(name=name, value=text, start=0, at=0), sheet.subject)
    if found:
        is_key = path[-1] == name
        yield sheet.at(path, "SG806", found[0], found[1], part=name, key=is_key)


def host(sheet: Sheet, name: str, found: dict[str, tuple[Path, str]]) -> Iterator[Diagnostic]:
    """Yield a variable that holds the host of a shard, and the one beside it that holds a port."""
    match, subject = HOST.fullmatch(name.upper()), sheet.subject
    path, text = found[name]
    number = subject.hosts.get(text)
    if match is None or number is None:
        return
    stem = f"{match['stem']}_" if match["stem"] else ""
    port = next((each for each in found if each.upper() == f"{stem}PORT"), None)
    port_text = found[port][1] if port else ""
    if text == subject.service and port and port_text != str(subject.port):
        return  # another service of that name, at another port
    hint = ENV_HINT.format(name=name)
    yield sheet.at(path, "SG803", shard_message(text, number, subject), hint, part=text)
    if port and port_text == str(subject.port):
        message = (
            f"the shards listen on {port_text} by {subject.config}: a change there leaves {port} "
            "behind"
        )
        hint = ENV_HINT.format(name=port)
        yield sheet.at(found[port][0], "SG804", message, hint, part=port_text)


def volume(sheet: Sheet, path: Path, name: str, text: str) -> Iterator[Diagnostic]:
    """Yield a variable that holds the name of a shard's volume."""
    number = sheet.subject.engine_volume(text) if VARIABLE.fullmatch(name) else None
    if number is not None:
        yield sheet.at(
            path,
            "SG805",
            f"this is the volume of shard {number} alone: the state of the other shards is missed",
            "render the list: an output of your own has {{ shard.volume }} of every shard",
            part=text,
        )


def checked(sheet: Sheet, path: Path, service: dict[str, Any]) -> Iterator[Diagnostic]:
    """Yield the shards that a healthcheck looks at, where it does not look at all of them."""
    check, subject = service.get("healthcheck"), sheet.subject
    test = check.get("test") if isinstance(check, dict) else None
    found = [
        (at, text[address.start : address.end], address.shard)
        for at, text in texts((*path, "healthcheck", "test"), test)
        for address in addresses(text, subject)
    ]
    live = {shard.id for shard in subject.fleet.live}
    missing = sorted(live - {number for _, _, number in found if number is not None})
    for at, text, number in found:
        if number is None or not missing:
            message = f"{text!r} is typed here: the check asks for shards of today"
            yield sheet.at(at, "SG803", message, "check the service itself, not a shard", part=text)
        else:
            message = (
                f"the check of {path[1]} looks at shard {number} alone: that one decides whether "
                f"{path[1]} is healthy, and shard {missing[0]} may be down unnoticed"
            )
            yield sheet.at(at, "SG813", message, "check the service itself, not a shard", part=text)


def scripted(sheet: Sheet, path: Path, value: Any) -> Iterator[Diagnostic]:
    """Yield what is wrong with the command of a container, read as a script."""
    words = [str(item) for item in compose.listed(value)]
    if not words:
        return
    text = words[0] if isinstance(value, str) else shlex.join(words)
    if isinstance(value, list) and len(words) == 3 and re.fullmatch(r"-\w*c", words[1]):
        text = words[2]
    page = read_page(text.replace("$$", "$"), sheet.page.file, sheet.page.path)
    for found in script_findings(read_script(page, sheet.subject)):
        start = page.offset(found.line, found.column)
        part = page.text[start : start + found.width].strip("'\"")
        index = next((i for i, word in enumerate(words) if part in word), 0)
        at = (*path, index) if isinstance(value, list) else path
        yield sheet.at(at, found.code, found.message, found.hint, part=part)
