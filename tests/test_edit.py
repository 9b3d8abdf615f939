"""`shardgen add`: one shard more in shards.yaml, and every other byte as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardgen.edit.shards import with_shard
from shardgen.errors import UsageError
from shardgen.source import parse
from tests.support import Project, snapshot
from tests.test_faults import Faults

HEAD = "version: 1\n"
LAYOUTS = {
    "plain": "shards:\n  - id: 1\n  - id: 2\n",
    "dash at column 0": "shards:\n- id: 1\n- id: 2\n",
    "deep": "shards:\n      - id: 1\n",
    "trailing comments": "shards:\n  - id: 1  # the first\n  - id: 2  # the second\n",
    "comment below": "shards:\n  - id: 1\n  # more will come\n",
    "comment between": "shards:\n  # one\n  - id: 1\n  # two\n  - id: 2\n",
    "blank lines below": "shards:\n  - id: 1\n\n\n",
    "blank lines with blanks": "shards:\n  - id: 1\n  \n   \n",
    "not last": "shards:\n  - id: 1\n  - id: 2\n\n# where tenants go\nrouting: {fallback: md5}\n",
    "not last, no gap": "shards:\n  - id: 1\nrouting: {fallback: md5}\n",
    "no line end": "shards:\n  - id: 1",
    "no line end, comment": "shards:\n  - id: 1 # x",
    "nested": "shards:\n  - id: 1\n    labels:\n      a: b\n      c: d\n",
    "nested list": "shards:\n  - id: 1\n    env_file:\n      - .env\n      - .more\n",
    "nested list at the key's column": "shards:\n  - id: 1\n    env_file:\n    - .env\n",
    "flow entries": "shards:\n  - {id: 1}\n  - {id: 2, state: draining}\n",
    "flow entry over lines": "shards:\n  - {id: 1,\n     state: draining}  # x\nrouting: {}\n",
    "flow": "shards: [{id: 1}, {id: 2}]\n",
    "flow with comma": "shards: [{id: 1}, ]\n",
    "flow over lines": "shards: [\n  {id: 1},\n  {id: 2}\n]\n",
    "flow with a comment": "shards: [\n  {id: 1},  # x\n]\n",
    "json": '{"version": 1, "shards": [{"id": 1}]}\n',
    "literal at the end": "shards:\n  - id: 1\n    labels:\n      note: |\n        two\n        lines\n",
    "literal that keeps": "shards:\n  - id: 1\n    labels:\n      note: |+\n        two\n\nrouting: {}\n",
    "folded at the end": "shards:\n  - id: 1\n    labels:\n      note: >-\n        two\n        lines\n",
    "quoted over lines": 'shards:\n  - id: 1\n    labels:\n      note: "two\n        lines"\n',
    "plain over lines": "shards:\n  - id: 1\n    labels:\n      note: two\n        lines\n",
    "id not first": "shards:\n  - state: active\n    id: 1\n",
    "null at the end": "shards:\n  - id: 1\n    url:\n",
    "null, then more": "shards:\n  - id: 1\n    url: # none\nrouting: {}\n",
    "empty map at the end": "shards:\n  - id: 1\n    labels: {}\n",
    "quoted key": '"shards":\n  - id: 1\n',
    "dash alone": "shards:\n  -\n    id: 1\n",
    "wide dash": "shards:\n  -   id: 1\n",
    "document markers": "shards:\n  - id: 1\n...\n",
    "the word in a comment": "# shards:\n#   - id: 9\nshards:\n  - id: 1\n",
}


def text_of(layout: str) -> str:
    """Return a layout as a whole file."""
    return layout if layout.startswith("{") else HEAD + layout


def is_extended(text: str, entry: dict) -> None:  # type: ignore[type-arg]
    """Demand that the entry, and nothing else, is new."""
    document = parse(text, "shards.yaml")
    assert document.problems == ()
    new = with_shard(document, entry)
    again = parse(new, "shards.yaml")
    assert again.problems == ()
    assert again.data == {**document.data, "shards": [*document.data["shards"], entry]}
    removed = taken_out(text.removeprefix("\ufeff"), new)
    assert f"{entry['id']}" in removed


def taken_out(old: str, new: str) -> str:
    """Return what is in the new text and not in the old; there may be one such place alone."""
    start = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), len(old))
    length = len(new) - len(old)
    assert length > 0
    for place in range(start, -1, -1):
        if new[:place] + new[place + length :] == old:
            return new[place : place + length]
    raise AssertionError((old, new))


@pytest.mark.parametrize("crlf", [False, True], ids=["lf", "crlf"])
@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["", "bom"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_keeps_its_bytes(layout: str, bom: str, crlf: bool) -> None:
    text = bom + text_of(LAYOUTS[layout])
    text = text.replace("\n", "\r\n") if crlf else text
    for entry in ({"id": 7}, {"id": 7, "volume": "whatsapp_auth_eu", "labels": {"a": "b: c"}}):
        is_extended(text, entry)
        new = with_shard(parse(text, "shards.yaml"), entry)
        if crlf and "\r\n" in text:
            assert new.count("\n") == new.count("\r\n")


@given(
    st.lists(st.sampled_from(["", "  # why", "\n", "  # why\n\n"]), min_size=1, max_size=4),
    st.sampled_from(["", "  ", "    "]),
    st.sampled_from(["", "\n", "\n\n# end\n", "\nrouting: {}\n", "\n...\n"]),
    st.booleans(),
    st.dictionaries(
        st.sampled_from(["volume", "state", "url", "labels", "environment"]),
        st.one_of(
            st.none(), st.booleans(), st.text(max_size=8), st.lists(st.text(max_size=3), max_size=2)
        ),
        max_size=3,
    ),
)
def test_any_layout_of_a_list(
    ends: list[str], pad: str, tail: str, crlf: bool, values: dict[str, object]
) -> None:
    entries = "\n".join(f"{pad}- id: {number}{end}" for number, end in enumerate(ends, 1))
    text = f"# head\nversion: 1\nshards:\n{entries}{tail}"
    is_extended(text.replace("\n", "\r\n") if crlf else text, {"id": 99, **values})


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\n",
        "version: 1\nshards:\n",
        "version: 1\nshards: []\n",
        "version: 1\nshards: {a: 1}\n",
    ],
)
def test_no_list_is_no_place_to_add_to(text: str) -> None:
    with pytest.raises(UsageError, match="no list of shards to add to"):
        with_shard(parse(text, "shards.yaml"), {"id": 2})


def test_a_layout_that_cannot_be_extended_is_left_alone() -> None:
    text = "version: 1\nshards: [&a {id: 1}, *a]\n"
    with pytest.raises(UsageError, match=r"cannot be edited safely; write by hand: - \{id: 2\}"):
        with_shard(parse(text, "shards.yaml"), {"id": 2})


def test_add_on_the_command_line(rendered: Project) -> None:
    before = "# why\n" + rendered.read("shards.yaml") + "  # the last line\n"
    rendered.write("shards.yaml", before)
    dry = rendered.ok("add", "--dry-run")
    assert rendered.read("shards.yaml") == before
    ran = rendered.ok("add")
    assert rendered.read("shards.yaml") == before.replace("  - id: 2\n", "  - id: 2\n  - id: 3\n")
    assert dry.out == ran.out.replace("added shard", "would add shard")
    assert "added shard 3 to shards.yaml" in ran.out
    assert "66.5 %" in ran.out
    assert "fallback_shards: [1, 2]" in ran.out
    assert "0005_add_shard_3.sql" in ran.out
    rendered.render()
    rendered.is_clean()


def test_add_with_values_and_an_id(rendered: Project) -> None:
    rendered.ok(
        "add", "--id", "7", "volume=whatsapp_auth_eu", "environment={LOG_LEVEL: debug}", "restart="
    )
    assert rendered.read("shards.yaml").endswith(
        "  - id: 7\n    volume: whatsapp_auth_eu\n    environment: {LOG_LEVEL: debug}\n    restart: null\n"
    )
    rendered.render()
    rendered.is_clean()
    rendered.ok("add")
    assert rendered.read("shards.yaml").endswith("  - id: 8\n")


@pytest.mark.parametrize(("arguments", "message"), [
    (["--id", "2"], "shard 2 is there already; the next free id is 3"),
    (["volume"], "'volume' is not key=value, as in volume=whatsapp_auth_eu"),
    (["=x"], "'=x' is not key=value"),
    (["id=9"], "id"),
    (["volume=["], "volume=["),
    (["labels={a: b"], "labels={a: b"),
    (["labels=&a {a: *a}"], "labels=&a"),
    (["volume=no"], "volume=no"),
    (["volumes=x"], "unknown key 'volumes'"),
    (["volume=whatsapp_auth"], "volume"),
    (["--id", "0"], "0 is not in the range"),
])  # fmt: skip
def test_add_refuses(rendered: Project, arguments: list[str], message: str) -> None:
    before = rendered.read("shards.yaml")
    ran = rendered.run("add", *arguments)
    assert ran.code == 2, ran.out
    assert message in ran.err
    assert rendered.read("shards.yaml") == before


def test_an_error_in_the_new_entry_shows_its_line(rendered: Project) -> None:
    ran = rendered.run("add", "volume=bad name")
    assert ran.code == 2
    assert "shards.yaml:8:13" in ran.err
    assert 'volume: "bad name"' in ran.err


def test_add_without_a_file(project: Project) -> None:
    project.path("shards.yaml").unlink()
    ran = project.run("add")
    assert (ran.code, ran.err) == (
        2,
        "error: there is no 'shards.yaml' here; `shardgen init` starts one\n",
    )


def test_add_keeps_a_bom_crlf_and_a_link(rendered: Project) -> None:
    text = "\ufeff" + rendered.read("shards.yaml").replace("\n", "\r\n")
    rendered.write("elsewhere/fleet.yaml", text)
    rendered.path("shards.yaml").unlink()
    rendered.path("shards.yaml").symlink_to("elsewhere/fleet.yaml")
    rendered.ok("add")
    assert rendered.path("shards.yaml").is_symlink()
    assert rendered.path("elsewhere/fleet.yaml").read_bytes().decode() == text + "  - id: 3\r\n"


def test_add_that_cannot_write_changes_nothing(rendered: Project) -> None:
    before = snapshot(rendered.root)
    for at in range(1, 7):
        with Faults(at).watched():
            ran = rendered.run("add")
        assert (ran.code, ran.out) == (3, "")
        assert "error: cannot write" in ran.err
        assert snapshot(rendered.root) == before
