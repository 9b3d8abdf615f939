"""A file's name and text in; its language out, and the table of what audits each language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shardgen.audit import (
    composefile,
    dockerfile,
    envfile,
    markdown,
    nginx,
    python,
    recipes,
    shell,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shardgen.audit.page import Page
    from shardgen.audit.subject import Subject
    from shardgen.diagnostics import Diagnostic

    Findings = Callable[[Page, Subject], Iterator[Diagnostic]]

ANALYZERS: dict[str, Findings] = {
    "python": python.findings,
    "shell": shell.findings,
    "markdown": markdown.findings,
    "compose": composefile.findings,
    "nginx": nginx.findings,
    "env": envfile.findings,
    "dockerfile": dockerfile.findings,
    "makefile": recipes.makefile,
    "workflow": recipes.workflow,
}
#: The names by which a language is known, the first that fits.
NAMES = (
    (re.compile(r".*\.(?:py|pyw)"), "python"),
    (re.compile(r".*\.(?:sh|bash|dash|ksh|zsh)|\.envrc|\.(?:bash|zsh)?(?:rc|profile)"), "shell"),
    (re.compile(r".*\.(?:md|markdown)", re.IGNORECASE), "markdown"),
    (re.compile(r"\.env|\.env\.[\w.-]+|[\w.-]+\.env|env\.(?:example|sample|dist)"), "env"),
    (re.compile(r"(?:Docker|Container)file(?:[.-][\w.-]+)?|.*\.(?:docker|container)file",
                re.IGNORECASE), "dockerfile"),
    (re.compile(r"(?:.*[._-])?compose(?:[._-].*)?\.ya?ml", re.IGNORECASE), "compose"),
    (re.compile(r"(?:GNU)?[Mm]akefile|.*\.mk"), "makefile"),
    (re.compile(r".*\.nginx|nginx.*\.conf(?:\.template)?|.*\.nginx\.conf"), "nginx"),
)  # fmt: skip
#: What only looks like one of them: a template of it, or a copy that nothing reads.
OTHERS = re.compile(r".*\.(?:j2|jinja2?|tmpl|tpl|erb|orig|rej|bak|swp|lock|json|toml)|.*~")
SHEBANG = re.compile(r"#!\s*(?:\S*/)?(?:env\s+(?:-\S+\s+)*)?(?P<program>[\w.+-]+)")
#: Files whose name says too little: what of their text says the rest.
CONFIGURATION = re.compile(
    r"^[ \t]*(?:server|upstream\s+[\w.-]+|location\s+[^{;\n]+)\s*\{", re.MULTILINE
)
SERVICES = re.compile(
    r"^services:[ \t]*(?:#[^\n]*)?\n(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]+[\w.-]+:", re.MULTILINE
)
#: A workflow of GitHub's, or an action: both have steps.
STEPS = re.compile(r"^(?:jobs|runs):[ \t]*(?:#[^\n]*)?$.*?^[ \t]+steps:", re.MULTILINE | re.DOTALL)
STARTED = re.compile(r"^[ \t]+(?:image|build|extends):", re.MULTILINE)


def language_of(name: str, text: str) -> str | None:
    """Return the language of a file of that name, None where nothing audits it."""
    if OTHERS.fullmatch(name):
        return None
    for pattern, language in NAMES:
        if pattern.fullmatch(name):
            return language
    if name.endswith((".yml", ".yaml")):
        is_compose = SERVICES.search(text) and STARTED.search(text)
        return "compose" if is_compose else "workflow" if STEPS.search(text) else None
    if name.endswith((".conf", ".conf.template")):
        return "nginx" if CONFIGURATION.search(text) else None
    return language_of_script(text) if "." not in name else None


def may_be_audited(name: str) -> bool:
    """Return whether a file of that name is worth reading; its text may say that it is not."""
    is_open = name.endswith((".yml", ".yaml", ".conf", ".conf.template")) or "." not in name
    return is_open or language_of(name, "") is not None


def language_of_script(text: str) -> str | None:
    """Return the language that the first line of a script names."""
    match = SHEBANG.match(text)
    program = match["program"] if match else ""
    if program.startswith("python"):
        return "python"
    return "shell" if program in {"sh", "bash", "dash", "ash", "ksh", "zsh"} else None
