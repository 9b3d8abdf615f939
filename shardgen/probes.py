"""A healthcheck and the image that it runs in; the tool that the image surely lacks out.

A healthcheck whose tool is not there fails for ever: the container never becomes healthy, and what
waits for it never starts. Where anything is in doubt, no tool is said to be missing.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from shardgen.buildfile import lineage
from shardgen.images import FETCHERS, NETCATS, PROCESSES, PYTHONS, SHELLS, lacking
from shardgen.shell import commands

if TYPE_CHECKING:
    from shardgen.buildfile import Instruction
    from shardgen.shell import Command

#: Where the tools of a system are; a path elsewhere is somebody's own.
FOLDERS = frozenset({"/bin", "/sbin", "/usr/bin", "/usr/sbin"})
#: Commands that run another one.
WRAPPERS = frozenset({"exec", "env", "nice", "nohup", "command", "sudo", "timeout", "time"})
#: A script that asks what there is has an answer for it.
QUESTIONS = frozenset({"which", "type", "hash", "[", "test", "[["})
CHOICE = re.compile(r"\bcommand -[vV]\b|(?:^|[;&|\s])(?:if|case)\s")
#: What may stand after `||` of a check that fails: it says so, and does not look by other means.
FAILURES = frozenset({"exit", "false", "kill", "return"})
TALK = frozenset({"echo", "printf"})
#: Words that name, or bring, a tool: with one of them in a build the tool may be there.
FROM_PACKAGES = {
    **{tool: rf"{tool}|busybox" for tool in FETCHERS},
    **dict.fromkeys(NETCATS, "nc|netcat|ncat|nmap|busybox|socat"),
    **dict.fromkeys(PROCESSES, "ps|pgrep|pkill|procps|busybox"),
    **dict.fromkeys(PYTHONS, "python|pip|uv|conda"),
    "node": "node|nodejs|npm|nvm|yarn",
}
#: Packages that themselves need curl or wget.
NEEDY = re.compile(
    r"\b(?:google-chrome|chrome|playwright|puppeteer|cpanminus|opam|vagrant|luarocks|spamassassin"
    r"|clevis|devscripts|debootstrap|texlive|build-dep|tasksel|git-annex|hplip)"
)
#: Debian packages whose recommendations bring no tool of those that are asked for.
MODEST = frozenset(
    {"ca-certificates", "default-libmysqlclient-dev", "dumb-init", "ffmpeg", "g++", "gcc",
     "ghostscript", "git", "gosu", "imagemagick", "libpq-dev", "libpq5", "make", "nginx", "openssl",
     "nodejs", "openssh-client", "poppler-utils", "postgresql-client", "procps", "python3", "rsync",
     "supervisor", "tesseract-ocr", "tini", "tzdata", "unzip", "xz-utils"}
)  # fmt: skip
#: What a RUN may do without any tool appearing: by the first word of a command.
HARMLESS = frozenset(
    {"addgroup", "adduser", "cd", "chmod", "chown", "cp", "cargo", "corepack", "echo", "export",
     "find", "go", "groupadd", "groupmod", "ln", "ls", "mkdir", "mv", "node", "npm", "npx", "pip",
     "pip3", "pnpm", "poetry", "printf", "python", "python3", "rm", "sed", "set", "sleep", "tar",
     "test", "touch", "true", "tsc", "useradd", "usermod", "uv", "yarn", "[", "cat", "apt-mark",
     "update-ca-certificates", "ldconfig", "gcc", "bundle", "gem", "locale-gen"}
)  # fmt: skip
INSTALLERS = frozenset({"apt-get", "apt", "apk"})
#: Where a copied file becomes a command of the system.
TOOL_FOLDERS = re.compile(r"/(?:usr/?|usr/local/?|(?:usr/)?(?:local/)?s?bin(?:/.*)?|opt/?)?")
ACTIONS = frozenset(
    {"install", "add", "update", "upgrade", "clean", "autoremove", "purge", "remove", "del"}
)


def missing_tool(
    test: Any, image: str | None, dockerfile: str | None = None, target: str | None = None
) -> str | None:
    """Return the tool that a healthcheck's `test` needs and its image surely lacks, else None.

    `dockerfile` is the text of the file from which the image is built, `target` the stage of it; an
    `image` beside it is only the name of the result. Where a script can do with one of several
    tools, it is the first.
    """
    ways = needs(test)
    if not ways:
        return None
    base = image
    steps: tuple[Instruction, ...] = ()
    if dockerfile is not None:
        found = lineage(dockerfile, target)
        if found is None:
            return None
        base, steps = found
    lacks = lacking(base) if base else frozenset()
    first = None
    for way in ways:
        tool = next((tool for tool in way if tool in lacks and not may_come(tool, steps)), None)
        if tool is None:
            return None
        first = first or tool
    return first


def needs(test: Any) -> list[list[str]]:
    """Return the ways in which a test can pass, each as the tools that it needs; none in doubt."""
    if isinstance(test, str):
        return [["sh", *way] for way in script_needs(test)]
    if not isinstance(test, list) or len(test) < 2:
        return []
    words = [str(word) for word in test]
    if words[0] == "CMD-SHELL":
        return [["sh", *way] for way in script_needs(words[1])]
    if words[0] != "CMD":
        return []
    tool = tool_of(words[1:])
    if tool in SHELLS and len(words) > 3 and words[2] in {"-c", "-ec", "-lc"}:
        return [[tool, *way] for way in script_needs(words[3])]
    return [[tool]] if tool else []


def script_needs(script: str) -> list[list[str]]:
    """Return the ways of a script, parted by `||`: the last ones count only if they look, too."""
    found = commands(script)
    if not found or any(each.level or each.loops for each in found):
        return []
    if any(each.name in QUESTIONS for each in found) or CHOICE.search(script):
        return []
    ways: list[list[Command]] = [[]]
    for each in found:
        if each.joined == "||":
            ways.append([])
        ways[-1].append(each)
    looking = [way for index, way in enumerate(ways) if index == 0 or not is_failure(way)]
    return [[tool_of([word.text for word in each.words]) for each in way] for way in looking]


def is_failure(way: list[Command]) -> bool:
    """Return whether what follows a `||` only makes the check fail."""
    *talk, last = way
    value = last.words[1].text if len(last.words) > 1 else "1"
    return all(each.name in TALK for each in talk) and last.name in FAILURES and value != "0"


def tool_of(words: list[str]) -> str:
    """Return the tool that a command runs, behind those that run another one; '' in doubt."""
    at = 0
    while at < len(words) and (words[at] in WRAPPERS or (at and is_argument(words[at]))):
        at += 1
    if at >= len(words) or "$" in words[at]:
        return ""
    folder, tool = posixpath.split(words[at])
    return tool if not folder or folder in FOLDERS else ""


def is_argument(word: str) -> bool:
    """Return whether a word belongs to a wrapper: an option, a time, a variable that it sets."""
    return word.startswith("-") or "=" in word or bool(re.fullmatch(r"[0-9.]+[smh]?", word))


def may_come(tool: str, steps: tuple[Instruction, ...]) -> bool:
    """Return whether what is done on top of a base may bring a tool into the image."""
    words = re.compile(rf"(?<![\w-])(?:{FROM_PACKAGES.get(tool, re.escape(tool))})")
    for step in steps:
        if step.keyword in {"COPY", "ADD"} and may_be_copied(step.rest, words):
            return True
        if step.keyword == "RUN" and (words.search(step.rest) or may_install(step.rest)):
            return True
    return False


def may_be_copied(rest: str, words: re.Pattern[str]) -> bool:
    """Return whether a COPY or ADD may bring a tool: by name, or by the folder that it fills."""
    parts = rest.strip("[] ").replace('"', " ").replace(",", " ").split()
    target = parts[-1] if parts else ""
    return bool(words.search(rest)) or "$" in target or bool(TOOL_FOLDERS.fullmatch(target))


def may_install(rest: str) -> bool:
    """Return whether a RUN may bring tools that it does not name."""
    if rest.startswith("[") or "<<" in rest or NEEDY.search(rest):
        return True
    script = re.sub(r"^(?:--\S+\s+)+", "", rest)
    return any(brings_more(each) for each in commands(script.replace("\n", " ")))


def brings_more(command: Command) -> bool:
    """Return whether a command in a RUN may bring tools that it does not name."""
    words = [word.text for word in command.words]
    if not words:
        return False
    tool = tool_of(words)
    if tool not in INSTALLERS:
        return tool not in HARMLESS
    packages = [
        word
        for word in words[words.index(tool) + 1 :]
        if not word.startswith("-") and word not in ACTIONS
    ]
    if any("$" in word or "`" in word or word.startswith((".", "/")) for word in packages):
        return True
    is_alone = tool == "apk" or "--no-install-recommends" in words
    is_virtual = tool == "apk" and ("-t" in words or "--virtual" in words)
    return not is_alone and not is_virtual and not MODEST.issuperset(packages)
