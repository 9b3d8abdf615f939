"""A compose file in; its services, and diagnostics at the places of what they say, out."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardgen.base import Base, read_base
from shardgen.document import is_empty, key_node, nearest, token_width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shardgen.audit.page import Page
    from shardgen.audit.subject import Subject
    from shardgen.diagnostics import Diagnostic
    from shardgen.document import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A compose file: its page, and what it says once anchors, merges and `extends` are resolved.

    `is_whole` says that it is no override: each of its services states what it runs.
    """

    page: Page
    subject: Subject
    base: Base

    @property
    def services(self) -> dict[str, dict[str, Any]]:
        """The services by name."""
        return self.base.services

    def at(
        self, path: Path, code: str, message: str, hint: str, *, part: str = "", key: bool = False
    ) -> Diagnostic:
        """Return a diagnostic at a value, at a part of its text, or at its key.

        What is not written here, because another file has it, is shown at the nearest that is.
        """
        root, text = self.base.document.root, self.base.document.text
        node, is_written = nearest(root, path)
        if key or not is_written or is_empty(node):
            node = key_node(root, path) or node
        start = node.start_mark.index
        end = start + token_width(node, text)
        if part and is_written:
            found = text.find(part, start, max(node.end_mark.index, end))
            if found >= 0:
                start, end = found, found + len(part)
        return self.page.span(start, end, code, message, hint)

    def others(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the services that are no shards."""
        for name, service in self.services.items():
            if self.subject.hosts.get(name) is None:
                yield name, service

    def reads(self, path: str) -> str | None:
        """Return the text of a file beside this one, None where there is none."""
        joined = posixpath.normpath(posixpath.join(posixpath.dirname(self.page.path), path))
        return None if joined.startswith(("/", "../")) else self.subject.read(joined)


def read_sheet(page: Page, subject: Subject) -> Sheet:
    """Return the compose file on a page; what is no mapping counts as empty."""

    def read(path: str) -> bytes | None:
        text = subject.read(path)
        return None if text is None else text.encode()

    return Sheet(page=page, subject=subject, base=read_base(page.text, page.path, read))
