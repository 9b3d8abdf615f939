"""The rules of the outputs that are off by default; each is imported where its output is on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shardgen.diagnostics import Diagnostic
    from shardgen.rules.subject import Subject

    Rule = Callable[[Subject], Iterator[Diagnostic]]


def optional(subject: Subject) -> Iterator[Diagnostic]:
    """Yield what the rules of such outputs say, of those that are on."""
    for name in dict.fromkeys(output.name for output in subject.outputs):
        for rule in rules_of(name):
            yield from rule(subject)


def rules_of(name: str) -> tuple[Rule, ...]:
    """Return the rules of one output alone; most have none."""
    match name:
        case "kubernetes":
            from shardgen.rules import kubernetes

            return kubernetes.RULES
        case "swarm":
            from shardgen.rules import stackfile, swarm

            return (*swarm.RULES, *stackfile.RULES)
        case "prometheus":
            from shardgen.rules import prometheus

            return prometheus.RULES
        case "nginx":
            from shardgen.rules import nginx

            return nginx.RULES
        case _:
            return ()
