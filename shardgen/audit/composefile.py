"""A compose file in; what goes around shards.yaml in it out.

The base is looked at as well: its rules are about the shards, this is about everything beside them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from shardgen.audit.dependence import dependences
from shardgen.audit.mounting import shared_state
from shardgen.audit.probing import probes
from shardgen.audit.sheet import read_sheet
from shardgen.audit.values import values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.audit.page import Page
    from shardgen.audit.subject import Subject
    from shardgen.diagnostics import Diagnostic

#: A tag of a template.
TEMPLATE = re.compile(r"\{%|\{\{|<%")


def findings(page: Page, subject: Subject) -> Iterator[Diagnostic]:
    """Yield what goes around shards.yaml in a compose file; nothing where it is none.

    What several services share stands once in the file, and is found once.
    """
    sheet = read_sheet(page, subject)
    if sheet.base.document.data is None:
        yield from unreadable(page, subject, sheet.base.document.problems)
        return
    places = set()
    for rule in (dependences, shared_state, probes, values):
        for found in rule(sheet):
            place = (found.line, found.column, found.code)
            if place not in places:
                places.add(place)
                yield found


def unreadable(
    page: Page, subject: Subject, problems: tuple[Diagnostic, ...]
) -> Iterator[Diagnostic]:
    """Yield that a file which speaks of the fleet is no YAML, at the place of the reason.

    A template of one is none before it is rendered.
    """
    names = [rf"^[ \t]+{re.escape(subject.service)}:[ \t]*$"]
    own = {*subject.hosts, *subject.volumes} - {subject.service}
    names += [rf"(?<![\w.-]){re.escape(name)}(?![\w.-])" for name in sorted(own)]
    is_about = any(re.search(name, page.text, re.MULTILINE) for name in names)
    for problem in problems if is_about and not TEMPLATE.search(page.text) else ():
        yield replace(
            page.at(problem.line, problem.column, problem.width, "SG809", "", ""),
            message=f"this is no YAML: {problem.message}; nothing in the file was audited",
            hint=problem.hint,
        )
