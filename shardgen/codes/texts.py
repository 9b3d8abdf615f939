"""SG1..: what is wrong with the text of shards.yaml, or with its shape."""

from __future__ import annotations

from shardgen.codes.code import Code, make

CODES: dict[str, Code] = {
    "SG101": make(
        "the text is no YAML",
        "The file cannot be parsed: a bracket or quote that is not closed, a tab, indentation "
        "that fits no level, a character that YAML forbids, or nesting without end.",
        "shards: [{id: 1}",
        "shards: [{id: 1}]",
    ),
    "SG102": make(
        "a key stands twice",
        "YAML parsers silently take one of the two, and not all take the same one.",
        "service: {port: 3300, port: 3301}",
        "service: {port: 3301}",
    ),
    "SG103": make(
        "unknown key",
        "A key that shardgen does not know is nearly always misspelt or misplaced; to ignore it "
        "would leave a shard without what was meant. Keys of compose go under `compose:`.",
        "shards:\n  - id: 2\n    volum: whatsapp_auth_eu",
        "shards:\n  - id: 2\n    volume: whatsapp_auth_eu",
    ),
    "SG104": make(
        "an alias inside its own anchor",
        "A value that contains itself has no end.",
        "shards: &all [{id: 1}, *all]",
        "shards: [{id: 1}]",
    ),
    "SG105": make(
        "a YAML tag",
        "Tags let a file ask its reader for other types, or for code. shards.yaml needs none.",
        "restart: !!str no",
        'restart: "no"',
    ),
    "SG106": make(
        "a key that is not a string",
        "YAML reads keys such as 1, yes and null as numbers, booleans and nothing.",
        "environment: {8080: http}",
        "environment: {PORT_8080: http}",
    ),
    "SG107": make(
        "a merge key",
        "`<<` belongs to YAML 1.1 alone, and who wins differs between readers. What all shards "
        "share is stated once, under `service:`.",
        "shards:\n  - {<<: *big, id: 2}",
        "service: {limits: {memory: 1g}}\nshards:\n  - id: 2",
    ),
    "SG108": make(
        "aliases that unfold to too much",
        "Nested aliases can make millions of values of a few lines, which stops every tool that "
        "reads the file.",
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]   # and so on",
        "write the values out",
    ),
    "SG109": make(
        "a value that YAML 1.1 and 1.2 read differently",
        "no, yes, on and off are booleans, 010 is 8 and 12:30 is 750 to readers of YAML 1.1, "
        "and text or other numbers to the rest.",
        "restart: no",
        'restart: "no"',
    ),
    "SG110": make(
        "the file is not UTF-8",
        "YAML files are UTF-8. Another encoding was used, often Latin-1 or UTF-16.",
        "a file saved as UTF-16",
        "the same file saved as UTF-8",
    ),
    "SG111": make(
        "the file is empty",
        "A shards.yaml states at least its version and one shard.",
        "# nothing but a comment",
        "version: 1\nshards:\n  - id: 1",
    ),
    "SG112": make(
        "the top of the file is not a mapping",
        "A shards.yaml is a mapping: version, shards, and what else is stated.",
        "- id: 1\n- id: 2",
        "version: 1\nshards:\n  - id: 1\n  - id: 2",
    ),
    "SG113": make(
        "a key is missing",
        "Some keys have no default, because a guess could be wrong.",
        "shards:\n  - state: draining",
        "shards:\n  - id: 1\n    state: draining",
    ),
    "SG114": make(
        "a value of another type",
        "The value is text where a number belongs, a list where a mapping belongs, or the like. "
        "Quotes make text; a key with nothing after it is null.",
        'service: {port: "3300"}',
        "service: {port: 3300}",
    ),
    "SG115": make(
        "a value that is not one of the possible ones",
        "The key takes one of a few words.",
        "shards:\n  - {id: 2, state: stopped}",
        "shards:\n  - {id: 2, state: draining}",
    ),
    "SG116": make(
        "a number out of range",
        "The number is below or above what it can be.",
        "service: {port: 70000}",
        "service: {port: 7000}",
    ),
    "SG117": make(
        "an empty value",
        "A list or text is empty where it needs at least one entry or character.",
        "routing: {fallback_shards: []}",
        "routing: {fallback_shards: [1, 2]}",
    ),
    "SG118": make(
        "a value that is too long",
        "Names have a greatest length where they end up.",
        "database: {table: a_name_of_more_than_63_characters_…}",
        "database: {table: business}",
    ),
    "SG119": make(
        "a value of another form",
        "Durations, sizes, restart policies, paths of URLs and images have a form that compose "
        "reads.",
        "stop_grace_period: 30 seconds",
        "stop_grace_period: 30s",
    ),
}
