"""A shell script or a block of a document in; what the rules about scripts look at out."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shardgen.audit.dockercall import call_of
from shardgen.audit.stack import Around, settings_of
from shardgen.audit.steps import assignments, steps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shardgen.audit.dockercall import Call
    from shardgen.audit.page import Page
    from shardgen.audit.steps import Step
    from shardgen.audit.subject import Subject
    from shardgen.diagnostics import Diagnostic
    from shardgen.shellwords import Word

#: What compose itself reads, beside the project's own files.
SETTINGS = frozenset({"COMPOSE_FILE", "COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME"})
#: Where a team writes down what its .env says.
ENV_FILES = (".env", ".env.example", ".env.sample", ".env.dist", ".env.template")
#: Lines of a comment above a command that may say what it is for.
COMMENT_LINES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Docker:
    """A call of docker in a script, the step that it is, and what surrounds it."""

    step: Step
    call: Call
    around: Around


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A script. `is_document` says that people type it, one command at a time, and `about` is what
    the document says before it.
    """

    page: Page
    subject: Subject
    steps: tuple[Step, ...]
    calls: tuple[Docker, ...]
    is_document: bool
    about: str

    def at(self, word: Word, code: str, message: str, hint: str) -> Diagnostic:
        """Return a diagnostic at a word."""
        return self.page.span(word.start, word.end, code, message, hint)

    def between(self, first: Word, last: Word, code: str, message: str, hint: str) -> Diagnostic:
        """Return a diagnostic from one word to another, as far as they are on one line."""
        end = last.end if last.end > first.start else first.end
        return self.page.span(first.start, end, code, message, hint)

    def is_meant(self, word: Word, number: int) -> bool:
        """Return whether the script says that it means one shard: 'shard 2' in words.

        Who types the number in a name means it; that of shard 1 has none, and may be a leftover.
        """
        if self.is_document and number != 1:
            return True
        line, _ = self.page.place(word.start)
        texts = [self.page.lines[line - 1].partition("#")[2], self.about]
        for above in range(line - 2, max(-1, line - 2 - COMMENT_LINES), -1):
            if not self.page.lines[above].lstrip().startswith("#"):
                break
            texts.append(self.page.lines[above])
        pattern = rf"\bshard[ _#-]*(?:no\.? ?|number )?{number}\b"
        return any(re.search(pattern, text, re.IGNORECASE) for text in texts)


def read_script(
    page: Page,
    subject: Subject,
    *,
    is_document: bool = False,
    about: str = "",
    known: Mapping[str, str] | None = None,
) -> Script:
    """Return the script on a page; `known` are settings of compose that came before it."""
    found = tuple(steps(page.text))
    return Script(
        page=page,
        subject=subject,
        steps=found,
        calls=docker_calls(found, page, subject, known or {}),
        is_document=is_document,
        about=about,
    )


def docker_calls(
    found: tuple[Step, ...], page: Page, subject: Subject, known: Mapping[str, str]
) -> tuple[Docker, ...]:
    """Return the calls of docker in a script; settings count from where they are exported."""
    settings = dict(known)
    of_files: dict[str, str] | None = None
    is_elsewhere, cloned, result = False, set[str](), []
    for step in found:
        own = step_settings(step)
        if not step.words or step.name in {"export", "declare"}:
            settings.update(own)
        elif step.name in {"source", "."}:
            # What such a file sets is not known, so it may be all that is needed.
            settings = {"COMPOSE_FILE": "$", "COMPOSE_PROFILES": "$", **settings}
        elif step.name in {"cd", "pushd"} and len(step.words) > 1:
            is_elsewhere = is_other_folder(step.words[-1], cloned)
        elif step.name == "git" and "clone" in [word.text for word in step.words]:
            cloned |= {posixpath.basename(w.text).removesuffix(".git") for w in step.words}
        elif call := call_of(step.words):
            # Most scripts call no docker, and need no file to be read.
            of_files = file_settings(subject) if of_files is None else of_files
            around = Around(
                folder=posixpath.dirname(page.path),
                settings={**of_files, **settings, **own},
                is_elsewhere=is_elsewhere,
            )
            result.append(Docker(step=step, call=call, around=around))
    return tuple(result)


def step_settings(step: Step) -> dict[str, str]:
    """Return the settings of compose that a step makes, or is called with."""
    words = [*step.assigned, *(word for word in step.words[1:] if "=" in word.text)]
    return {
        name: values[0].text
        for name, values in assignments(words)
        if name in SETTINGS and len(values) == 1
    }


def file_settings(subject: Subject) -> dict[str, str]:
    """Return the settings of compose in the project's .env, or in the example of one."""
    texts = (subject.read(name) for name in ENV_FILES)
    return next((settings_of(text) for text in texts if text is not None), {})


def is_other_folder(word: Word, cloned: set[str]) -> bool:
    """Return whether a `cd` leaves the project: to a folder in it, that is not just its clone.

    An absolute path in a script of the project is mostly where the project is on a server.
    """
    parts = [part for part in word.text.split("/") if part not in {"", ".", ".."}]
    is_inside = word.is_fixed and not word.text.startswith(("/", "~"))
    return is_inside and bool(parts) and parts[-1] not in cloned
