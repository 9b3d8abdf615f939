"""Names in camelCase, and the reader that sees what in a TypeScript text does not close."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardgen.model import build_fleet
from shardgen.router_ts import TAKEN, camel, typescript_names
from shardgen.typescript import read_typescript
from tests.router.routers import CONFIGURATIONS, shards
from tests.typescript.modules import module

#: Names as the schema has them for tables, columns and services.
SQL_NAMES = st.from_regex(r"\A[a-z_][a-z0-9_]{0,8}\Z")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("get_baileys_base_url_for_business", "getBaileysBaseUrlForBusiness"),
        ("whatsapp_shard", "whatsappShard"),
        ("shard", "shard"),
        ("_id", "_id"),
        ("shard_2_of", "shard_2Of"),
        ("a__b_", "a__b_"),
    ],
)
def test_camel(name: str, said: str) -> None:
    assert camel(name) == said


@given(SQL_NAMES, SQL_NAMES)
def test_no_two_names_become_one(first: str, second: str) -> None:
    assert (camel(first) == camel(second)) == (first == second)


@given(SQL_NAMES)
def test_a_parameter_is_never_a_word_that_is_taken(name: str) -> None:
    for word in (name, *TAKEN):
        names = typescript_names(build_fleet(shards(1, database={"table": word})).router)
        assert names.entity_parameter not in TAKEN
        assert names.entity_parameter.isidentifier()


def test_names_follow_the_service_and_the_table() -> None:
    names = typescript_names(build_fleet(CONFIGURATIONS["long_names"]).router)
    assert names.function == "getWhatsappGatewayEuropeBaseUrl"
    assert names.for_function == "getWhatsappGatewayEuropeBaseUrlForCustomerAccount"
    assert names.columns == ("messaging_shard_id", "messagingShardId")
    assert typescript_names(build_fleet(CONFIGURATIONS["order"]).router).columns == ("shard",)


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_every_router_is_read(name: str) -> None:
    text = module(CONFIGURATIONS[name])
    read_typescript(text)
    assert text.endswith(";\n")
    assert "\n\n\n" not in text
    assert not [line for line in text.splitlines() if line != line.rstrip()]


def test_each_quote_and_bracket_of_the_router_counts() -> None:
    """Without any one of them it is refused; in comments, templates and regexes they are text."""
    lines = module(CONFIGURATIONS["rendezvous_weights"]).splitlines(keepends=True)
    tried = 0
    for number, line in enumerate(lines):
        if re.search("[`/*]", line):
            continue
        for place in (found.start() for found in re.finditer(r"[\"()\[\]{}]", line)):
            changed = [*lines[:number], line[:place] + line[place + 1 :], *lines[number + 1 :]]
            tried += 1
            if tried % 7 == 0:
                with pytest.raises(ValueError, match="line "):
                    read_typescript("".join(changed))
    assert tried > 500


GOOD = [
    "",
    'const a = "(";\n',
    "const a = '\\'(';\n",
    "const a = `${ f({ a: `}` }) } ( \\` $ {`;\n",
    "const a = /[/(\\]\"'`]\\/(?:x)/.test(b) ? 1 / 2 : (3) / 4;\n",
    "// don't (\n/* ` ' \" ( */\nlet a = b[0] / 2; // '\n",
    "return /\\)/.exec(a)\n",
    "if (a) /* ( */ b();\n",
]
BAD = [
    ('const a = "x;\n', 'line 1: " is not closed'),
    ("\nconst a = 'x\n';\n", "line 2: ' is not closed"),
    ("f(\n", "line 1: ( is not closed"),
    ("f(]\n", "line 1: ] closes nothing"),
    ("}\n", "line 1: } closes nothing"),
    ("\n\nconst a = `x ${b} \n", "line 3: ` is not closed"),
    ("const a = `${b;\n", "line 1: ${ is not closed"),
    ("/* a\n", "line 1: / is not closed"),
    ("const a = `\n", "line 1: ` is not closed"),
]


@pytest.mark.parametrize("text", GOOD)
def test_what_closes_is_read(text: str) -> None:
    read_typescript(text)


@pytest.mark.parametrize(("text", "fault"), BAD)
def test_what_does_not_close_is_named_with_its_line(text: str, fault: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is compared below
        read_typescript(text)
    assert str(caught.value) == fault


@given(st.text(st.sampled_from("ab \n\"'`/*()[]{}$\\=;")))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        read_typescript(text)
