"""Inline ignores: each is for its own line, says why, and is needed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardgen.audit.ignores import read_ignores
from shardgen.audit.inspection import Source, inspect
from shardgen.audit.page import read_page
from tests.audits import SUBJECT, audit, marks

URL = "u = 'http://baileys:3300'"
WHY = "# shardgen: ignore[SG803] the smoke test asks shard 1"

GOOD = {
    "on the line": ("python", f"{URL}  {WHY}"),
    "above": ("python", f"{WHY}\n{URL}"),
    "above, with another comment between": ("python", f"{WHY}\n# and so on\n{URL}"),
    "behind another comment": ("python", f"{URL}  # noqa: S1  {WHY}"),
    "behind a word": ("python", f"{URL}  # see below; shardgen: ignore[SG803] legacy"),
    "two codes": (
        "python",
        "c(('baileys', 3300))  # shardgen: ignore[SG803, sg804] a fixture of the demo",
    ),
    "two findings of one line": ("python", f"{URL}; {URL}  {WHY}"),
    "behind a text of several lines": ("python", f"{URL[:-1]}\n''' '''x'''  {WHY}".replace("'http", "'''http", 1).replace("\n''' '''x'''", "/a\n/b'''")),
    "above a text of several lines": ("python", f"{WHY}\nu = f'''\nhttp://baileys-{{n}}:3300'''"),
    "in a shell": ("shell", f"curl http://baileys:3300/health  {WHY}"),
    "above a line that goes on": ("shell", f"{WHY}\ncurl -sf \\\n  -o x \\\n  http://baileys:3300/x"),
    "in an .env": ("env", "# shardgen: ignore[SG806] a stack of its own\nBAILEYS_NUM_SHARDS=1"),
    "above an instruction": (
        "dockerfile",
        "# shardgen: ignore[SG803] a demo\nENV A=1 \\\n  WA=http://baileys:3300",
    ),
    "in nginx": ("nginx", f"location / {{\n  proxy_pass http://baileys:3300;  {WHY}\n}}"),
    "above a block": (
        "markdown",
        "<!-- shardgen: ignore[SG803] how it was -->\n```sh\n\ncurl http://baileys:3300/x\n```\n",
    ),
    "above a block, with a line between": (
        "markdown",
        "<!-- shardgen: ignore[SG803] how it was -->\n\n```sh\ncurl http://baileys:3300/x\n```\n",
    ),
    "above a line of a block": ("markdown", f"```sh\n{WHY}\ncurl \\\n  http://baileys:3300/x\n```\n"),
    "above a text of YAML": (
        "compose",
        f"services:\n  a:\n    command:\n      {WHY}\n      - |\n        x http://baileys:3300\n",
    ),
    "in a block": ("markdown", f"```sh\ncurl http://baileys:3300/x  {WHY}\n```\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_a_finding_is_ignored(name: str) -> None:
    language, text = GOOD[name]
    without = text.replace("shardgen: ignore", "shardgen ignores")
    assert audit(without, language, "a"), "there is nothing to ignore"
    source = Source(page=read_page(text, "a"), language=language)
    found, ignored = inspect([source], SUBJECT)
    assert found == ()
    assert ignored == len(audit(without, language, "a"))


def test_an_ignore_without_a_reason_ignores_and_is_a_finding() -> None:
    text = f"{URL}  # shardgen: ignore[SG803]"
    assert marks(text, audit(text, "python")) == [("SG807", 1, "shardgen: ignore[SG803]")]
    text = f"{URL}  # shardgen: ignore[SG803] --"
    assert [each.code for each in audit(text, "python")] == ["SG807"]


@pytest.mark.parametrize(
    "comment", ["shardgen: ignore", "shardgen: ignore[] x", "shardgen: ignore all"]
)
def test_an_ignore_without_a_code_ignores_nothing(comment: str) -> None:
    found = audit(f"{URL}  # {comment}", "python")
    assert sorted(each.code for each in found) == ["SG803", "SG807"]


def test_an_ignore_that_ignores_nothing() -> None:
    text = f"x = 1  {WHY}\n"
    assert marks(text, audit(text, "python")) == [("SG808", 1, "shardgen: ignore[SG803]")]
    text = f"{URL}  # shardgen: ignore[SG803, SG805] two, and one of them for nothing"
    found = audit(text, "python")
    assert [(each.code, "SG805" in each.message) for each in found] == [("SG808", True)]


def test_a_code_that_there_is_not() -> None:
    found = audit(f"{URL}  # shardgen: ignore[SG8O3] a typing error", "python")
    assert [each.code for each in found] == ["SG803", "SG808"]
    assert "did you mean SG803?" in found[1].hint


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("python", f"{URL}\n{WHY}"),
        ("python", f"{WHY}\nx = 1\n{URL}"),
        ("dockerfile", f"CMD x http://baileys:3300  {WHY}"),
    ],
)
def test_an_ignore_is_not_for_other_lines(language: str, text: str) -> None:
    assert "SG803" in [each.code for each in audit(text, language)]


def test_a_text_is_no_comment() -> None:
    text = f"print('{WHY}')\n"
    assert audit(text, "python") == ()
    assert "SG803" in [each.code for each in audit(f"{text[:-1]}; {URL}", "python")]


def test_an_example_in_a_document_is_none() -> None:
    assert audit(f"```python\nx = 1  {WHY}\n```\n", "markdown") == ()
    assert audit(f"```markdown\n<!-- {WHY[2:]} -->\n```\n", "markdown") == ()
    assert audit(f"Write `{WHY}` behind it.\n", "markdown") == ()
    assert audit(f"Write `<!-- {WHY[2:]} -->` above it.\n", "markdown") == ()
    assert [each.code for each in audit(f"<!-- {WHY[2:]} -->\n", "markdown")] == ["SG808"]


def test_our_blocks_in_a_file_are_not_audited() -> None:
    text = "# shardgen:begin env\nBAILEYS_NUM_SHARDS=9\n# shardgen:end env\nBAILEYS_NUM_SHARDS=8\n"
    assert marks(text, audit(text, "env", ".env")) == [("SG806", 4, "BAILEYS_NUM_SHARDS")]


WORDS = st.sampled_from([
    "shardgen: ignore", "[SG803]", "#", "<!--", "-->", "\n", " ", "'", '"""', "\\\n", "```", "~~~",
    "|", "a: ", "reason", "\r", "\t", "]", "[", "\u2028",
])  # fmt: skip


@given(
    st.lists(WORDS).map("".join), st.sampled_from(["python", "shell", "compose", "markdown", "env"])
)
def test_no_text_stops_it(text: str, language: str) -> None:
    page = read_page(text, "a")
    for ignore in read_ignores(page, language):
        assert 1 <= ignore.line <= len(page.lines)
        assert ignore.first <= ignore.last
