"""An exception that ends a run in; diagnostics out, so that it stands where the findings would."""

from __future__ import annotations

from shardgen.diagnostics import Diagnostic
from shardgen.errors import InvalidInput, ShardgenError


def failure(error: ShardgenError, config: str) -> tuple[Diagnostic, ...]:
    """Return what was wrong: each place of wrong input, or the one complaint, at the config."""
    if isinstance(error, InvalidInput):
        return error.diagnostics
    message, _, hint = str(error).partition("; ")
    return (
        Diagnostic(
            file=config, line=0, column=0, width=0, code=error.code, message=message, hint=hint
        ),
    )
