"""An output's name and the inputs in; the data that its templates alone receive out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shardgen.validate import Inputs


def details(name: str, inputs: Inputs) -> Any:
    """Return what the templates of one output receive besides; None where that is nothing.

    They find it under the output's name. Each case imports what it needs: most outputs are off.
    """
    match name, inputs:
        case _:
            return None
