"""What the router answers: DESIGN's rules one by one, and all of them at once against a second implementation."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardgen.fallback import fallback_shard
from tests.examples import examples
from tests.router.routers import CONFIGURATIONS, load, shards

TWO = load(shards(1, 2))
NOT_INTEGERS = [
    "",
    "abc",
    "2.0",
    " 2",
    "+2",
    "02",
    "2_0",
    "٣",
    2.5,
    float("nan"),
    True,
    False,
    [2],
    b"2",
]


class Integer:
    """A number of another library, as numpy's are."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __index__(self) -> int:
        return self.value


@pytest.mark.parametrize("shard", [1, 2])
def test_a_shard_above_0_is_used_directly(shard: int) -> None:
    assert TWO.get_baileys_base_url(42, shard) == f"http://baileys-{shard}:3300"
    assert TWO.get_baileys_base_url(42, whatsapp_shard=shard) == f"http://baileys-{shard}:3300"
    assert TWO.shard_for(42, shard) == shard


@pytest.mark.parametrize("nothing", [None, 0, -1, "0", "-1", Integer(0)])
def test_anything_else_is_the_fallback(nothing: Any) -> None:
    assert TWO.shard_for(1, nothing) == 2
    assert TWO.shard_for(2, nothing) == 1
    assert TWO.get_baileys_base_url(1, nothing) == "http://baileys-2:3300"
    assert TWO.get_baileys_base_url_for_business(1, nothing) == "http://baileys-2:3300"


@pytest.mark.parametrize("spelled", [2, "2", Integer(2)])
def test_integers_may_be_spelled_otherwise(spelled: Any) -> None:
    assert TWO.shard_for(42, spelled) == 2
    assert TWO.get_baileys_base_url(42, spelled) == "http://baileys-2:3300"
    assert TWO.shard_for(spelled) == TWO.shard_for(2)
    assert TWO._hash_shard(spelled, 64) == TWO._hash_shard(2, 64)


@pytest.mark.parametrize("wrong", NOT_INTEGERS, ids=repr)
@pytest.mark.parametrize("name", ["two", "modulo"])
def test_no_guess_is_made_at_what_is_no_integer(name: str, wrong: Any) -> None:
    router = load(CONFIGURATIONS[name])
    for call in (router.shard_for, router.get_baileys_base_url):
        with pytest.raises(TypeError, match="business_id must be an integer, not "):
            call(wrong)
        if wrong is not False:
            with pytest.raises(TypeError):
                call(42, wrong)
    with pytest.raises(TypeError, match="whatsapp_shard must be an integer, not "):
        router.shard_for(42, wrong)
    with pytest.raises(TypeError):
        router._hash_shard(wrong, 2)


@pytest.mark.parametrize("name", ["two", "modulo"])
def test_a_tenant_without_an_id_is_no_tenant(name: str) -> None:
    with pytest.raises(TypeError, match="business_id must be an integer, not None"):
        load(CONFIGURATIONS[name]).get_baileys_base_url(None)


def test_the_message_is_bounded() -> None:
    with pytest.raises(TypeError) as caught:
        TWO.shard_for("x" * 10_000)
    assert len(str(caught.value)) < 120


@given(st.text() | st.integers().map(str))
def test_text_is_an_integer_or_an_error(text: str) -> None:
    try:
        number = int(text)
    except ValueError:
        number = None
    if number is not None and str(number) == text:
        assert TWO.shard_for(text) == TWO.shard_for(number)
    else:
        with pytest.raises(TypeError):
            TWO.shard_for(text)


def test_for_business_takes_an_id() -> None:
    for call in (TWO.get_baileys_base_url, TWO.get_baileys_base_url_for_business):
        assert call(1) == call("1") == "http://baileys-2:3300"
        assert call(1, 1) == call("1", "1") == "http://baileys-1:3300"


@pytest.mark.parametrize("nothing", [None, 0, -1, "0"])
@pytest.mark.parametrize("own", [1, 2])
def test_for_business_takes_the_rows_own_shard(own: int, nothing: Any) -> None:
    row = SimpleNamespace(id=1, whatsapp_shard=own)
    assert TWO.get_baileys_base_url_for_business(row, nothing) == f"http://baileys-{own}:3300"


def test_for_business_prefers_the_calls_shard_and_reads_no_other() -> None:
    assert (
        TWO.get_baileys_base_url_for_business(SimpleNamespace(id=1), 1) == "http://baileys-1:3300"
    )


@pytest.mark.parametrize("nothing", [None, 0])
def test_for_business_falls_back_where_the_row_has_none(nothing: int | None) -> None:
    row = SimpleNamespace(id=1, whatsapp_shard=nothing)
    assert TWO.get_baileys_base_url_for_business(row) == "http://baileys-2:3300"


@pytest.mark.parametrize(
    ("row", "missing"),
    [
        (SimpleNamespace(id=1), "whatsapp_shard"),
        (SimpleNamespace(whatsapp_shard=1), "id"),
        ({"id": 1, "whatsapp_shard": 2}, "id"),
        (None, "id"),
    ],
)
def test_a_row_without_the_attribute_is_not_routed(row: Any, missing: str) -> None:
    with pytest.raises(AttributeError, match=f"'{missing}'"):
        TWO.get_baileys_base_url_for_business(row)


def test_names_follow_the_table_and_its_column() -> None:
    router = load(CONFIGURATIONS["order"])
    assert router.get_baileys_base_url(order_id=1, shard=2) == "http://baileys-2:3300"
    assert router.shard_for(order_id=1, shard=2) == 2
    row = SimpleNamespace(id=1, shard=2)
    assert router.get_baileys_base_url_for_order(order=row) == "http://baileys-2:3300"
    with pytest.raises(TypeError, match="order_id must be"):
        router.shard_for(None)
    with pytest.raises(TypeError, match="shard must be"):
        router.shard_for(1, "")


def test_names_follow_the_service() -> None:
    media = load(CONFIGURATIONS["media"], {"MEDIA_SHARD_2_URL": "http://x"})
    assert media.get_media_base_url(1, 1) == "http://media-1:8080"
    assert media.get_media_base_url(1, 2) == "http://x"
    bridge = load(CONFIGURATIONS["two_words"], {"WA_BRIDGE_PORT": "1"})
    assert bridge.get_wa_bridge_base_url_for_business(1, 2) == "http://wa-bridge-2:1"


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_what_is_exported(name: str) -> None:
    router = load(CONFIGURATIONS[name])
    assert set(router.__all__) >= {"DEFAULT_SHARD", "ShardError", "get_all_shard_urls", "shard_for"}
    assert all(hasattr(router, exported) for exported in router.__all__)
    assert issubclass(router.ShardError, LookupError)
    default = 2 if name == "default_2" else 1
    assert default == router.DEFAULT_SHARD


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_the_table_is_what_an_empty_environment_answers(name: str) -> None:
    router = load(CONFIGURATIONS[name])
    assert list(router.SHARDS.items()) == list(router.get_all_shard_urls().items())
    function = getattr(router, next(n for n in router.__all__ if n.endswith("_base_url")))
    assert {shard: function(42, shard) for shard in router.SHARDS} == router.SHARDS


def test_all_shard_urls_are_the_callers_own() -> None:
    TWO.get_all_shard_urls().clear()
    assert list(TWO.get_all_shard_urls()) == [1, 2]


def test_one_shard_keeps_its_legacy_url() -> None:
    router = load(shards(1))
    assert router.get_all_shard_urls() == {1: "http://baileys:3300"}
    assert (
        router.get_baileys_base_url(42)
        == router.get_baileys_base_url(42, 1)
        == "http://baileys:3300"
    )


def test_the_last_shard_left_is_not_the_legacy_one_unless_it_is_shard_1() -> None:
    variables = {"BAILEYS_BASE_URL": "http://legacy"}
    assert load(shards(3), variables).get_baileys_base_url(42) == "http://baileys-3:3300"
    router = load(CONFIGURATIONS["retired_but_one"], variables)
    assert router.get_baileys_base_url(42) == "http://legacy"


def test_a_draining_shard_is_still_routed() -> None:
    router = load(CONFIGURATIONS["draining"])
    assert router.shard_for(1) == router.shard_for(42, 2) == 2


def test_a_retired_shard_raises_and_names_its_successor() -> None:
    router = load(CONFIGURATIONS["retired"], {"BAILEYS_SHARD_2_URL": "http://x"})
    for call in (
        router.shard_for,
        router.get_baileys_base_url,
        router.get_baileys_base_url_for_business,
    ):
        for spelled in (2, "2"):
            with pytest.raises(router.ShardError, match=r"^shard 2 is retired: .* on shard 3$"):
                call(42, spelled)
    with pytest.raises(router.ShardError):
        router.get_baileys_base_url_for_business(SimpleNamespace(id=42, whatsapp_shard=2))
    assert list(router.get_all_shard_urls()) == [1, 3]
    assert {router.shard_for(tenant) for tenant in range(100)} == {1, 3}


def test_a_retired_shard_without_a_successor() -> None:
    router = load(CONFIGURATIONS["retired_last"])
    with pytest.raises(router.ShardError, match=r"^shard 3 is retired$"):
        router.get_baileys_base_url(42, 3)


@pytest.mark.parametrize("name", ["error", "frozen_error", "retired_but_one"])
def test_an_unknown_shard_raises_under_error(name: str) -> None:
    router = load(CONFIGURATIONS[name], {"BAILEYS_SHARD_9_URL": "http://x"})
    for call in (
        router.shard_for,
        router.get_baileys_base_url,
        router.get_baileys_base_url_for_business,
    ):
        with pytest.raises(router.ShardError, match=r"^shard 9 is not in shards\.yaml$"):
            call(42, 9)


def test_an_unknown_shard_is_direct_and_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    router = load(shards(1, 2), {"BAILEYS_SHARD_8_URL": "http://eight/"})
    for _ in range(3):
        assert router.shard_for(42, 9) == 9
        assert router.get_baileys_base_url(42, 9) == "http://baileys-9:3300"
        assert router.get_baileys_base_url(42, "8") == "http://eight"
    assert [record.getMessage() for record in caplog.records] == [
        "shard 9 is not in shards.yaml: using http://baileys-9:3300",
        "shard 8 is not in shards.yaml: using http://eight",
    ]
    assert {record.levelno for record in caplog.records} == {logging.WARNING}
    assert list(router.get_all_shard_urls()) == [1, 2]


def test_unknown_shards_do_not_fill_the_memory(caplog: pytest.LogCaptureFixture) -> None:
    router = load(shards(1, 2))
    for shard in range(3, 5000):
        assert router.get_baileys_base_url(42, shard) == f"http://baileys-{shard}:3300"
    assert len(caplog.records) == len(router._live[0]._warned) == router._MOST_WARNINGS
    assert len(router._live[0].urls) == 2


# --- all rules at once ------------------------------------------------------------------------

states = st.sampled_from(["active", "active", "active", "draining", "retired"])
urls = st.none() | st.sampled_from(["https://a.example.org", "https://b.example.org:1/x/"])
entries = st.lists(
    st.fixed_dictionaries({"id": st.integers(1, 6), "state": states, "url": urls}),
    min_size=1,
    max_size=6,
    unique_by=lambda entry: entry["id"],
).filter(lambda found: any(entry["state"] != "retired" for entry in found))
variables = st.fixed_dictionaries(
    {},
    optional={
        "BAILEYS_NUM_SHARDS": st.integers(1, 7).map(str),
        "BAILEYS_PORT": st.sampled_from(["3300", "4000"]),
        "BAILEYS_BASE_URL": st.sampled_from(["", "http://legacy", "http://legacy/"]),
        "BAILEYS_SHARD_1_URL": st.sampled_from(["", "http://one", "http://one//"]),
        "BAILEYS_SHARD_2_URL": st.sampled_from(["http://two/"]),
        "BAILEYS_SHARD_7_URL": st.sampled_from(["http://seven"]),
    },
)


def expected(data: dict[str, Any], env: dict[str, str], tenant: int, given: int | None) -> Any:
    """Return (shard, URL), or the name of an exception, read off DESIGN's section 5."""
    live = {
        e["id"]: e["url"]
        for e in sorted(data["shards"], key=lambda e: e["id"])
        if e["state"] != "retired"
    }
    retired = {e["id"] for e in data["shards"]} - set(live)
    frozen = data["routing"]["fallback_shards"]
    count = int(env.get("BAILEYS_NUM_SHARDS", len(live)))
    used = list(live)
    if count != len(live):
        is_drawn = data["routing"]["fallback"] == "rendezvous"
        if is_drawn or frozen or retired or list(live) != list(range(1, len(live) + 1)):
            return "ValueError"
        used = list(range(1, count + 1))
    shard = (
        given
        if given and given > 0
        else fallback_shard(data["routing"]["fallback"], tenant, frozen or used)
    )
    known = shard in live or shard in used
    if shard in retired or (not known and data["routing"]["unknown_shard"] == "error"):
        return "ShardError"
    variable = env.get(f"BAILEYS_SHARD_{shard}_URL")
    named = f"http://baileys-{shard}:{env.get('BAILEYS_PORT', 3300)}"
    if used == [1] and shard == 1:
        named = env.get("BAILEYS_BASE_URL") or f"http://baileys:{env.get('BAILEYS_PORT', 3300)}"
    return shard, (variable or live.get(shard) or named).rstrip("/")


@settings(max_examples=examples(100), deadline=None)
@given(
    found=entries,
    kind=st.sampled_from(["md5", "modulo", "rendezvous"]),
    unknown=st.sampled_from(["direct", "error"]),
    env=variables,
    calls=st.lists(
        st.tuples(st.integers(0, 2**63 - 1), st.none() | st.integers(-1, 9)),
        min_size=1,
        max_size=10,
    ),
    data=st.data(),
)
def test_every_rule_at_once(
    found: list[dict[str, Any]],
    kind: str,
    unknown: str,
    env: dict[str, str],
    calls: list[tuple[int, int | None]],
    data: st.DataObject,
) -> None:
    live = [entry["id"] for entry in found if entry["state"] != "retired"]
    frozen = data.draw(st.none() | st.lists(st.sampled_from(live), min_size=1, unique=True))
    routing = {"fallback": kind, "unknown_shard": unknown, "fallback_shards": frozen}
    written: dict[str, Any] = {"shards": found, "routing": routing}
    if expected(written, env, 1, None) == "ValueError":
        with pytest.raises(
            ValueError, match=f"^BAILEYS_NUM_SHARDS is {env['BAILEYS_NUM_SHARDS']}, but "
        ):
            load(written, env)
        return
    router = load(written, env)
    for tenant, shard in calls:
        wanted = expected(written, env, tenant, shard)
        if wanted == "ShardError":
            for call in (router.shard_for, router.get_baileys_base_url):
                with pytest.raises(router.ShardError):
                    call(tenant, shard)
        else:
            answer = router.shard_for(tenant, shard), router.get_baileys_base_url(tenant, shard)
            assert answer == wanted
