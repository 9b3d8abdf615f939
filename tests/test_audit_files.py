"""The audit of .env files and Dockerfiles: what disagrees is found at its place, nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardgen.audit import dockerfile, envfile
from shardgen.audit.page import read_page
from tests.audits import SUBJECT, audit, marks
from tests.examples import examples

DISAGREES = {
    "a number": ("BAILEYS_NUM_SHARDS=3", "BAILEYS_NUM_SHARDS"),
    "a number in quotes": ('A=1\nBAILEYS_NUM_SHARDS="1"', "BAILEYS_NUM_SHARDS"),
    "exported": ("export BAILEYS_NUM_SHARDS=4", "BAILEYS_NUM_SHARDS"),
    "a port": ("BAILEYS_PORT=3301", "BAILEYS_PORT"),
    "ids": ("BAILEYS_SHARD_IDS=1,2,3", "BAILEYS_SHARD_IDS"),
    "a URL": ("BAILEYS_SHARD_2_URL=http://baileys-1:3300", "BAILEYS_SHARD_2_URL"),
    "no such shard": ("BAILEYS_SHARD_3_URL=http://baileys-3:3300", "BAILEYS_SHARD_3_URL"),
    "the legacy URL": ("BAILEYS_BASE_URL=http://wa:3300 # old", "BAILEYS_BASE_URL"),
    "empty": ("BAILEYS_NUM_SHARDS=", "BAILEYS_NUM_SHARDS"),
}
AGREES = {
    "the same": "BAILEYS_NUM_SHARDS=2\nBAILEYS_PORT='3300'\nBAILEYS_SHARD_IDS=1, 2\n",
    "a slash": "BAILEYS_SHARD_2_URL=http://baileys-2:3300/",
    "filled in": "BAILEYS_NUM_SHARDS=${SHARDS}",
    "another one": "BAILEYS_API_KEY=5\nBAILEYS_TIMEOUT=30\n",
    "a comment": "# BAILEYS_NUM_SHARDS=9\nA=1 # BAILEYS_NUM_SHARDS=9",
    "its own id": "BAILEYS_SHARD_ID=1",
    "another URL": "REDIS_URL=redis://redis:6379/0",
    "no value": "BAILEYS_NUM_SHARDS",
    "no line of an .env": "this is = = 'no\n",
}


@pytest.mark.parametrize("name", DISAGREES)
def test_what_disagrees(name: str) -> None:
    text, part = DISAGREES[name]
    assert marks(text, audit(text, "env", ".env")) == [("SG806", text.count("\n") + 1, part)]


@pytest.mark.parametrize("name", AGREES)
def test_what_does_not(name: str) -> None:
    assert audit(AGREES[name], "env", ".env") == ()


def test_another_variable_with_a_shard_in_it() -> None:
    text = "A=1\r\nexport WA_URL='http://baileys-2:3300/x'  # the second\r\n"
    assert marks(text, audit(text, "env", ".env")) == [("SG803", 2, "http://baileys-2:3300")]


@pytest.mark.parametrize("name", [".env.local", ".env.dev", "test.env", ".env.development.local"])
def test_a_file_for_one_machine_may_say_what_it_likes(name: str) -> None:
    text = "BAILEYS_NUM_SHARDS=1\nBAILEYS_SHARD_1_URL=http://localhost:3300\n"
    text += "WA_URL=http://baileys-1:3300\n"
    assert audit(text, "env", name) == ()
    assert len(audit(text, "env", ".env.production")) == 3


def test_an_image_that_says_another_number() -> None:
    text = (
        "FROM node:20\n"
        "ARG BAILEYS_NUM_SHARDS=3\n"
        "ENV A=1 \\\n    BAILEYS_PORT=3300 \\\n    BAILEYS_BASE_URL=http://wa:3300\n"
        "ENV WA http://baileys-2:3300/x\n"
        "ARG BAILEYS_SHARD_IDS\n"
        "ENV BAILEYS_SHARD_IDS=$BAILEYS_SHARD_IDS BAILEYS_SHARD_ID=1\n"
        'CMD ["wait-for-it", "baileys:3300", "--", "run"]\n'
        "# ENV BAILEYS_NUM_SHARDS=9\n"
        "RUN echo http://baileys:3300\n"
    )
    assert marks(text, audit(text, "dockerfile", "Dockerfile")) == [
        ("SG806", 2, "BAILEYS_NUM_SHARDS"),
        ("SG806", 5, "BAILEYS_BASE_URL"),
        ("SG803", 6, "http://baileys-2:3300"),
        ("SG803", 9, "baileys:3300"),
    ]


@pytest.mark.parametrize(
    ("text", "tool"),
    [
        (
            "FROM node:20-slim\nHEALTHCHECK --interval=5s CMD curl -f http://localhost:3300\n",
            "curl",
        ),
        ('FROM node:20-slim\nHEALTHCHECK CMD ["wget", "-q", "http://localhost"]\n', "wget"),
        ("FROM node:20-slim\nHEALTHCHECK \\\n  --timeout=3s \\\n  CMD curl -f localhost\n", "curl"),
        ("FROM node:20-slim AS a\nHEALTHCHECK CMD curl x\nFROM node:20\nRUN x\n", "curl"),
    ],
)
def test_a_healthcheck_without_its_tool(text: str, tool: str) -> None:
    found = audit(text, "dockerfile", "Dockerfile")
    assert [(code, part) for code, _, part in marks(text, found)] == [("SG814", tool)]
    assert "never becomes healthy" in found[0].message


@pytest.mark.parametrize(
    "text",
    [
        "FROM node:20-slim\nHEALTHCHECK NONE\n",
        "FROM node:20-slim\nHEALTHCHECK CMD node check.js\n",
        "FROM node:20\nHEALTHCHECK CMD curl -f localhost\n",
        "FROM node:20-slim\nRUN apt-get update && apt-get install -y curl\nHEALTHCHECK CMD curl x\n",
        "FROM own/image\nHEALTHCHECK CMD curl x\n",
        "HEALTHCHECK CMD curl x\n",
        "FROM\nENV\nCMD\nHEALTHCHECK CMD\n",
    ],
)
def test_a_healthcheck_that_can_run(text: str) -> None:
    assert audit(text, "dockerfile", "Dockerfile") == ()


WORDS = st.sampled_from([
    "FROM ", "node:20-slim", "\n", "ENV ", "ARG ", "BAILEYS_NUM_SHARDS", "=", "'", '"', "\\\n", "#",
    "HEALTHCHECK ", "CMD ", "curl ", "[", "]", ",", "http://baileys-2:3300", " ", "$", "{", "}",
    "export ", "\r\n", "\r", "\u2028", "\x0b", "\ufeff", "<<EOF\n", "EOF\n", "--x=", "3",
])  # fmt: skip


@settings(max_examples=examples(120), deadline=None)
@given(st.one_of(st.lists(WORDS).map("".join), st.text()))
def test_no_text_stops_it_and_every_place_is_in_the_file(text: str) -> None:
    page = read_page(text, ".env")
    for analyzer in (envfile, dockerfile):
        for each in analyzer.findings(page, SUBJECT):
            assert 1 <= each.line <= len(page.lines)
            assert 1 <= each.column <= len(page.lines[each.line - 1]) + 1
            assert each.width >= 1
