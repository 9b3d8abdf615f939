"""The rules of the outputs that are off by default; each is imported where its output is on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.diagnostics import Diagnostic
    from shardgen.rules.subject import Subject


def optional(subject: Subject) -> Iterator[Diagnostic]:
    """Yield what the rules of such outputs say, of those that are on."""
    if any(output.name == "nginx" for output in subject.outputs):
        from shardgen.rules import nginx

        for rule in nginx.RULES:
            yield from rule(subject)
    if any(output.name == "swarm" for output in subject.outputs):
        from shardgen.rules import stackfile, swarm

        for rule in (*swarm.RULES, *stackfile.RULES):
            yield from rule(subject)
    if any(output.name == "kubernetes" for output in subject.outputs):
        from shardgen.rules import kubernetes

        for rule in kubernetes.RULES:
            yield from rule(subject)
    if any(output.name == "prometheus" for output in subject.outputs):
        from shardgen.rules import prometheus

        yield from prometheus.prometheus_output(subject)
