"""SG7..: templates, and what they make."""

from __future__ import annotations

from shardgen.codes.code import Code, make

CODES: dict[str, Code] = {
    "SG701": make(
        "a template cannot be rendered",
        "It is no valid template, or it names a field that there is not. The fields are in the "
        "documentation.",
        "{{ fleet.shard_count }}",
        "{{ fleet.live | length }}",
    ),
    "SG702": make(
        "an output is not what its format says",
        "Every output is read back by a parser of its own language before anything is written.",
        "a template of format json that leaves a comma too many",
        "a template whose result the parser accepts",
    ),
    "SG703": make(
        "a template writes a value without quoting it",
        "A string that passed no quoting filter could end a quote in the output, and mean "
        "something else there.",
        "name: {{ fleet.service.name }}",
        "name: {{ fleet.service.name | yaml }}",
    ),
}
