"""A planned project in; what a check says of it out, as text, as data and as diagnostics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shardgen.diagnostics import Diagnostic, plain
from shardgen.diff import painted
from shardgen.errors import Refused, ShardgenError
from shardgen.findings import Finding, diff, findings_of
from shardgen.remedy import fix_lines, hinted, ways_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from shardgen.findings import Base
    from shardgen.workspace import Workspace

    Paint = Callable[[str, str], str]

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was looked at, what was found, and the way back; every format says this and no more."""

    config: str
    files: int
    findings: tuple[Finding, ...]
    fix: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Whether everything is exactly as it should be."""
        return not self.findings


def verdict_of(
    workspace: Workspace, untracked: Sequence[str] = (), base: Base | None = None
) -> Verdict:
    """Return what there is to say of a planned project."""
    found = findings_of(workspace, untracked, base)
    return Verdict(
        config=workspace.config,
        files=len(workspace.changes),
        findings=tuple(hinted(found, workspace, base)),
        fix=tuple(fix_lines(workspace, untracked, base)) if found else (),
    )


def verdict_of_error(error: ShardgenError, config: str) -> Verdict:
    """Return what there is to say where wrong input, or a wrong command line, allows no plan."""
    from shardgen.formats.failure import failure

    found = [
        Finding(
            path=each.file,
            kind="input",
            code=each.code,
            reason=each.message,
            line=each.line,
            hint=each.hint,
        )
        for each in failure(error, config)
    ]
    return Verdict(
        config=config,
        files=0,
        findings=tuple(found),
        fix=tuple(f"{place_of(each)}: {each.hint}" for each in found if each.hint),
    )


def place_of(finding: Finding) -> str:
    """Return a finding's file, and its line where it has one."""
    return f"{finding.path}:{finding.line}" if finding.line else finding.path


def verdict_text(verdict: Verdict, *, with_diff: bool = True, paint: Paint = plain) -> str:
    """Return the files, the reasons, the diffs, and last what to type."""
    if verdict.is_clean:
        return f"{verdict.files} files agree with {verdict.config}\n"
    lines = []
    for finding in verdict.findings:
        lines.append(f"{paint(finding.path, 'bold')}   {finding.reason}")
        lines += painted(finding.diff, paint) if with_diff else ()
    paths = {finding.path for finding in verdict.findings}
    lines += ["", f"{count(paths)} not as shards.yaml says", *verdict.fix]
    return "\n".join(lines) + "\n"


def verdict_data(verdict: Verdict) -> dict[str, Any]:
    """Return it as data (schema/check.schema.json)."""
    return {
        "format_version": FORMAT_VERSION,
        "clean": verdict.is_clean,
        "files": verdict.files,
        "findings": [
            {
                "path": each.path,
                "kind": each.kind,
                "code": each.code,
                "line": each.line or None,
                "reason": each.reason,
                "hint": each.hint,
                "diff": list(each.diff),
            }
            for each in verdict.findings
        ],
        "fix": list(verdict.fix),
    }


def diagnostics_of(verdict: Verdict) -> tuple[Diagnostic, ...]:
    """Return each finding as a diagnostic; its file is relative to the folder of shards.yaml."""
    return tuple(
        Diagnostic(
            file=each.path,
            line=each.line,
            column=each.column if each.line else 0,
            width=each.width if each.line else 0,
            code=each.code,
            message=each.reason,
            hint=each.hint,
        )
        for each in verdict.findings
    )


def refusal(workspace: Workspace, paint: Paint = plain) -> Refused:
    """Return why nothing was written: each file, its diff, and the ways out."""
    parts = []
    for change in workspace.refusals:
        lines = [f"{paint(change.destination, 'bold')}   {change.reason}"]
        lines += painted(diff(change), paint)
        parts.append("\n".join(lines))
    what = f"nothing was written: {count(workspace.refusals)} not ours to change"
    return Refused(what, ["\n\n".join(parts)], [*ways_out(workspace)])


def damage_lines(workspace: Workspace) -> list[str]:
    """Return a line for each thing that was done to the ledger."""
    folder = workspace.ledger_folder
    return [f"{folder}/{problem.path}   {problem.message}" for problem in workspace.damage]


def count(items: Iterable[object]) -> str:
    """Return how many files, with the verb that fits."""
    number = len(list(items))
    return f"{number} file is" if number == 1 else f"{number} files are"
