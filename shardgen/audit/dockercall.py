"""The words of a command in; the call of docker compose, or of the engine, that they are, out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shardgen.shellwords import Word

ENGINES = frozenset({"docker", "podman", "nerdctl"})
COMPOSES = frozenset({"docker-compose", "podman-compose"})
#: Options in front of the verb that take a value.
ENGINE_OPTIONS = frozenset({"--context", "-c", "-H", "--host", "--log-level", "-l", "--config"})
COMPOSE_OPTIONS = frozenset(
    {"-f", "--file", "--profile", "-p", "--project-name", "--env-file", "--project-directory",
     "--ansi", "--progress", "--parallel", "-H", "--host", "--log-level", "-c", "--context"}
)  # fmt: skip
WAIT = ("-t", "--timeout")
SCALE = ("--scale", "--pull")
RUN = ("-e", "--env", "-u", "--user", "-w", "--workdir", "-v", "--volume", "-p", "--publish",
       "--name", "--entrypoint", "-l", "--label", "--env-file", "--network", "--mount", "-m", "-h",
       "--memory",
       "--cpus", "--restart", "--platform", "--add-host", "--hostname", "--volumes-from", "--net",
       "--index", "--pull", "--ulimit", "--device", "--tmpfs", "--log-driver", "--log-opt",
       "--cap-add", "--cap-drop", "--security-opt", "--health-cmd", "--ip", "--dns",
       "--network-alias", "--link", "--expose", "--cidfile", "--gpus", "--detach-keys")  # fmt: skip
#: Options behind a verb that take a value.
VERB_OPTIONS = {
    "up": (*WAIT, *SCALE, "--wait-timeout", "--exit-code-from", "--attach", "--no-attach"),
    "create": (*RUN, *SCALE),
    "restart": (*WAIT, "-s", "--signal"),
    "stop": (*WAIT, "-s", "--signal"),
    "down": (*WAIT, "--rmi"),
    "kill": ("-s", "--signal"),
    "build": ("--build-arg", "--progress", "-m", "--memory", "--ssh", "--builder"),
    "pull": ("--policy",),
    "exec": tuple(each for each in RUN if each not in {"-p", "-h", "-l", "-m"}),
    "run": RUN,
    "logs": ("-n", "--tail", "--since", "--until"),
    "inspect": ("-f", "--format", "--type"),
    "ps": ("--filter", "--format", "--status", "--orderby"),
    "prune": ("--filter",),
    "ls": ("-f", "--filter", "--format"),
}
#: Verbs of the engine that are followed by another one.
KINDS = frozenset({"volume", "system", "container", "image", "network", "stack", "service"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call. `arguments` are what stands behind the verb and is no option.

    `options` are pairs of an option and its value, None for a switch; those in front of the verb
    are `before`. `kind` is 'compose', '' for the engine itself, or what the engine's verb is
    about: `volume`, `system`.
    """

    words: tuple[Word, ...]
    kind: str
    verb: Word
    before: tuple[tuple[str, Word | None], ...]
    options: tuple[tuple[str, Word | None], ...]
    arguments: tuple[Word, ...]

    def stated(self, *names: str) -> list[Word]:
        """Return the values of options in front of the verb."""
        return [value for name, value in self.before if name in names and value is not None]

    def has(self, *names: str) -> bool:
        """Return whether a switch stands behind the verb, also among others as in `-af`."""
        letters = {name[1:] for name in names if len(name) == 2}
        return any(
            name in names
            or (not name.startswith("--") and bool(letters & set(name[1:])) and name[1:].isalpha())
            for name, _ in self.options
        )

    def switch(self, *names: str) -> Word | None:
        """Return the word of a switch behind the verb."""
        for word in self.words:
            if word.start > self.verb.start and word.text.startswith("-"):
                letters = set(word.text[1:]) if not word.text.startswith("--") else set()
                head = word.text.partition("=")[0]
                if head in names or letters & {name[1:] for name in names if len(name) == 2}:
                    return word
        return None


def call_of(words: Sequence[Word]) -> Call | None:
    """Return the call that a command is, None where it is none, or its verb is not known."""
    if not words:
        return None
    tool = words[0].text.rpartition("/")[2]
    if tool in COMPOSES:
        return compose_call(words, 1)
    if tool not in ENGINES:
        return None
    before, at = options(words, 1, ENGINE_OPTIONS)
    if at >= len(words):
        return None
    if words[at].text == "compose":
        return compose_call(words, at + 1)
    kind = words[at].text if words[at].text in KINDS else ""
    return verb_call(words, at + bool(kind), "" if kind == "container" else kind, before)


def compose_call(words: Sequence[Word], at: int) -> Call | None:
    """Return the call of compose whose options begin at an index."""
    before, at = options(words, at, COMPOSE_OPTIONS)
    return verb_call(words, at, "compose", before)


def verb_call(
    words: Sequence[Word], at: int, kind: str, before: list[tuple[str, Word | None]]
) -> Call | None:
    """Return the call whose verb is at an index."""
    if at >= len(words) or not words[at].is_fixed:
        return None
    verb = words[at]
    takes = frozenset(VERB_OPTIONS.get(verb.text, ()))
    found, arguments, is_command = [], [], verb.text in {"exec", "run"}
    at += 1
    while at < len(words):
        more, at = options(words, at, takes)
        found += more
        if at < len(words):
            arguments += list(words[at:]) if is_command else [words[at]]
            at = len(words) if is_command else at + 1
    return Call(
        words=tuple(words),
        kind=kind,
        verb=verb,
        before=tuple(before),
        options=tuple(found),
        arguments=tuple(arguments),
    )


def options(
    words: Sequence[Word], at: int, takes: frozenset[str]
) -> tuple[list[tuple[str, Word | None]], int]:
    """Return the options that begin at an index, with their values, and the index behind them."""
    found: list[tuple[str, Word | None]] = []
    while at < len(words) and words[at].text.startswith("-"):
        word = words[at]
        name, equals, value = word.text.partition("=")
        at += 1
        if name == "--":
            break
        if equals:
            found.append((name, replace(word, text=value)))
        elif name in takes and at < len(words):
            found.append((name, words[at]))
            at += 1
        elif name[:2] in takes and not name.startswith("--") and len(name) > 2:
            found.append((name[:2], replace(word, text=name[2:])))
        else:
            found.append((name, None))
    return found, at
