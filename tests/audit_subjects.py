"""A shards.yaml and files in; the subject of an audit, and what an analyzer says of a text, out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shardgen.audit.page import read_page
from shardgen.audit.subject import Subject, build_subject
from shardgen.validate import validate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shardgen.audit.page import Page
    from shardgen.diagnostics import Diagnostic

    Findings = Callable[[Page, Subject], Iterator[Diagnostic]]

BASE = """\
services:
  api:
    image: registry.example/api
    networks: [net]
  worker:
    image: registry.example/api
    networks: [net]
  redis:
    image: redis:7
    networks: [net]
  baileys:
    build: .
    expose: ["3300"]
    volumes: ["whatsapp_auth:/app/storage/whatsapp"]
    networks: [net]
networks: {net: {}}
volumes: {whatsapp_auth: {}}
"""
SHARDS = """\
version: 1
service: {consumers: [api, worker]}
shards:
  - id: 1
  - id: 2
  - id: 3
"""


class Files(dict[str, str]):
    """A project's files, as validation reads them."""

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes."""
        return self[path].encode() if path in self else None

    peek = read

    def kind(self, path: str) -> str | None:
        """Return what stands at a path."""
        if path in self:
            return "file"
        return "folder" if any(name.startswith(f"{path}/") for name in self) else None


def subject_of(shards: str = SHARDS, files: Mapping[str, str] | None = None) -> Subject:
    """Return the subject of a shards.yaml, by default one of three shards."""
    project = Files({"docker-compose.yml": BASE, **(files or {})})
    inputs = validate(shards.encode(), "shards.yaml", project)
    return build_subject(inputs, "shards.yaml", frozenset(), project.get)


def found(
    findings: Findings, text: str, subject: Subject | None = None, file: str = "scripts/x"
) -> list[str]:
    """Return what is found in a text: code, line, and the text that is underlined."""
    page = read_page(text, file)
    result = []
    for each in sorted(findings(page, subject or subject_of()), key=lambda d: d.order):
        assert each.file == file
        line = page.lines[each.line - 1]
        assert 1 <= each.column <= len(line) + 1
        assert each.width >= 1
        assert each.message == each.message.rstrip(".")
        start = each.column - 1
        result.append(f"{each.code} {each.line} {line[start : start + each.width]}")
    return result
