"""The variables that the router reads: when, what each means, and what a wrong one does."""

from __future__ import annotations

import logging
import os
import threading
from typing import Any

import pytest

from tests.router.routers import CONFIGURATIONS, environment, load, shards

POSITIVE = ["BAILEYS_NUM_SHARDS", "BAILEYS_PORT"]
#: every configuration in which the number of shards may not be another
FIXED = [
    "holes",
    "only_shard_3",
    "frozen",
    "frozen_error",
    "retired",
    "retired_last",
    "retired_but_one",
]


@pytest.mark.parametrize("name", ["two", "holes"])
@pytest.mark.parametrize("variable", POSITIVE)
@pytest.mark.parametrize(
    "value", ["two", "0", "-1", "1.5", "1e3", "", " ", "+2", "0x2", "1_0", "٣", "2;", "9" * 5000]
)
def test_what_is_no_positive_integer_raises_at_import(name: str, variable: str, value: str) -> None:
    with pytest.raises(
        ValueError, match=f"^{variable} must be 1 to [0-9]+ or unset, not "
    ) as caught:
        load(CONFIGURATIONS[name], {variable: value})
    assert repr(value)[:50] in str(caught.value)
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize(
    ("variable", "most"), [("BAILEYS_NUM_SHARDS", 100_000), ("BAILEYS_PORT", 65_535)]
)
def test_numbers_have_a_limit(variable: str, most: int) -> None:
    load(shards(1, 2), {variable: str(most)})
    with pytest.raises(ValueError, match=f"1 to {most} or unset, not '{most + 1}'$"):
        load(shards(1, 2), {variable: str(most + 1)})


@pytest.mark.parametrize("spelled", ["3", " 3 ", "3\r", "03"])
def test_numbers_as_env_files_have_them(spelled: str) -> None:
    assert len(load(shards(1, 2), {"BAILEYS_NUM_SHARDS": spelled}).get_all_shard_urls()) == 3


def test_unset_means_the_table(caplog: pytest.LogCaptureFixture) -> None:
    assert (
        load(shards(1, 2)).get_all_shard_urls()
        == load(
            shards(1, 2), {"BAILEYS_NUM_SHARDS": "2", "BAILEYS_PORT": "3300"}
        ).get_all_shard_urls()
    )
    assert not caplog.records


@pytest.mark.parametrize(("table", "number"), [(3, 1), (3, 2), (1, 3), (2, 5)])
def test_another_number_warns_once_and_means_1_to_n(
    table: int, number: int, caplog: pytest.LogCaptureFixture
) -> None:
    router = load(shards(*range(1, table + 1)), {"BAILEYS_NUM_SHARDS": str(number)})
    assert list(router.get_all_shard_urls()) == list(range(1, number + 1))
    assert {router.shard_for(tenant) for tenant in range(200)} == set(range(1, number + 1))
    for tenant in range(200):
        router.get_baileys_base_url(tenant)
    assert [record.getMessage() for record in caplog.records] == [
        f"BAILEYS_NUM_SHARDS is {number}, but shards.yaml has {table}: the fallback uses shards 1 to {number}"
    ]
    assert caplog.records[0].levelno == logging.WARNING


def test_a_stack_without_the_overlay(caplog: pytest.LogCaptureFixture) -> None:
    router = load(shards(1, 2, 3), {"BAILEYS_NUM_SHARDS": "1"})
    assert router.get_all_shard_urls() == {1: "http://baileys:3300"}
    assert (
        router.get_baileys_base_url(1)
        == router.get_baileys_base_url(42, 1)
        == "http://baileys:3300"
    )
    # a tenant that lives elsewhere is not sent to a shard that holds nothing of it
    assert router.get_baileys_base_url(42, 2) == "http://baileys-2:3300"
    assert len(caplog.records) == 1


def test_more_shards_than_the_table_of_one() -> None:
    router = load(shards(1), {"BAILEYS_NUM_SHARDS": "2", "BAILEYS_BASE_URL": "http://legacy"})
    assert router.get_all_shard_urls() == {1: "http://baileys-1:3300", 2: "http://baileys-2:3300"}


def test_a_shard_is_known_if_the_table_or_the_number_has_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    data = shards(1, 2, 3, routing={"unknown_shard": "error"})
    assert load(data, {"BAILEYS_NUM_SHARDS": "5"}).shard_for(42, 5) == 5
    assert load(data, {"BAILEYS_NUM_SHARDS": "2"}).shard_for(42, 3) == 3
    assert len(caplog.records) == 2


@pytest.mark.parametrize("name", FIXED)
@pytest.mark.parametrize("more", [1, 4])
def test_another_number_raises_where_it_does_not_say_which(name: str, more: int) -> None:
    data = CONFIGURATIONS[name]
    number = len(load(data).SHARDS)
    load(data, {"BAILEYS_NUM_SHARDS": str(number)})
    with pytest.raises(
        ValueError, match=f"^BAILEYS_NUM_SHARDS is {number + more}, but shards.yaml has {number}"
    ):
        load(data, {"BAILEYS_NUM_SHARDS": str(number + more)})


@pytest.mark.parametrize(
    "url", ["http://x:1/a", "http://x:1/a/", "http://x:1/a//", " http://x:1/a/ "]
)
def test_the_url_variable_goes_first(url: str) -> None:
    env = {"BAILEYS_SHARD_2_URL": url, "BAILEYS_PORT": "4000"}
    router = load(shards(1, 2), env)
    assert router.get_all_shard_urls() == {1: "http://baileys-1:4000", 2: "http://x:1/a"}
    stated = load(CONFIGURATIONS["stated_url"], env)
    assert stated.get_baileys_base_url(42, 2) == "http://x:1/a"


@pytest.mark.parametrize(
    "name",
    ["BAILEYS_SHARD_0_URL", "BAILEYS_SHARD_02_URL", "BAILEYS_SHARD_٢_URL", "XBAILEYS_SHARD_2_URL",
     "BAILEYS_SHARD_2_URL_", "BAILEYS_SHARD_-2_URL", "MEDIA_SHARD_2_URL"],
)  # fmt: skip
def test_other_variables_are_not_read(name: str) -> None:
    assert load(shards(1, 2), {name: "http://x"}).get_all_shard_urls() == load(shards(1, 2)).SHARDS


@pytest.mark.parametrize("empty", ["", " ", "/"])
def test_an_empty_url_is_no_url(empty: str) -> None:
    env = {"BAILEYS_SHARD_1_URL": empty, "BAILEYS_BASE_URL": empty}
    assert load(shards(1), env).get_baileys_base_url(42) == "http://baileys:3300"
    assert load(shards(1, 2), env).get_baileys_base_url(42, 1) == "http://baileys-1:3300"


def test_the_legacy_url_is_for_one_shard_alone() -> None:
    env = {"BAILEYS_BASE_URL": "http://legacy/", "BAILEYS_PORT": "4000"}
    assert load(shards(1), env).get_all_shard_urls() == {1: "http://legacy"}
    assert load(shards(1, 2), env).get_baileys_base_url(42, 1) == "http://baileys-1:4000"
    assert (
        load(shards(1), {"BAILEYS_PORT": "4000"}).get_baileys_base_url(1) == "http://baileys:4000"
    )
    both = {**env, "BAILEYS_SHARD_1_URL": "http://one"}
    assert load(shards(1), both).get_all_shard_urls() == {1: "http://one"}


def test_a_stated_url_ignores_the_port_and_the_legacy_url() -> None:
    env = {"BAILEYS_PORT": "4000", "BAILEYS_BASE_URL": "http://legacy"}
    assert load(CONFIGURATIONS["stated_url"], env).get_all_shard_urls() == {
        1: "http://baileys-1:4000",
        2: "https://eu.example.org:8443/wa",
        3: "http://baileys-3:4000",
    }
    alone = load(CONFIGURATIONS["stated_url_alone"], env)
    assert alone.get_baileys_base_url(42) == "https://eu.example.org"


def test_the_environment_is_read_at_import_and_at_reload_alone() -> None:
    router = load(shards(1, 2))
    with environment(
        {"BAILEYS_PORT": "4000", "BAILEYS_NUM_SHARDS": "4", "BAILEYS_SHARD_9_URL": "http://x"}
    ):
        assert router.get_all_shard_urls() == router.SHARDS
        assert router.get_baileys_base_url(42, 9) == "http://baileys-9:3300"
        router.reload_environment()
    assert len(router.get_all_shard_urls()) == 4
    assert router.get_baileys_base_url(42, 2) == "http://baileys-2:4000"
    assert router.get_baileys_base_url(42, 9) == "http://x"
    with environment({}):
        router.reload_environment()
    assert router.get_all_shard_urls() == router.SHARDS


def test_a_reload_that_raises_changes_nothing() -> None:
    router = load(shards(1, 2), {"BAILEYS_PORT": "4000"})
    before = router.get_all_shard_urls()
    for wrong in ({"BAILEYS_PORT": "5000", "BAILEYS_NUM_SHARDS": "two"}, {"BAILEYS_PORT": ""}):
        with environment(wrong), pytest.raises(ValueError, match="or unset, not"):
            router.reload_environment()
        assert router.get_all_shard_urls() == before


def test_no_thread_sees_half_of_a_reload(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    router = load(shards(1, 2))
    stop, faults = threading.Event(), list[Any]()
    # the port says how many shards there are
    numbers = (2, 3, 64)

    def read() -> None:
        tenant = 0
        try:
            while not stop.is_set():
                tenant += 1
                urls = router.get_all_shard_urls()
                ports = {url.rpartition(":")[2] for url in urls.values()}
                shard, port = router.get_baileys_base_url(tenant)[len("http://baileys-") :].split(
                    ":"
                )
                if ports != {str(4000 + len(urls))} or int(port) not in {4000 + n for n in numbers}:
                    faults.append((urls, port))
                if int(shard) != router._hash_shard(tenant, int(port) - 4000):
                    faults.append((tenant, shard, port))
        except Exception as error:  # whatever a reader raises is the finding
            faults.append(error)

    def set_number(number: int) -> None:
        os.environ.update({"BAILEYS_NUM_SHARDS": str(number), "BAILEYS_PORT": str(4000 + number)})
        router.reload_environment()

    with environment({}):
        set_number(2)
        readers = [threading.Thread(target=read) for _ in range(4)]
        for reader in readers:
            reader.start()
        for turn in range(600):
            set_number(numbers[turn % 3])
        stop.set()
        for reader in readers:
            reader.join()
    assert not faults, faults[:3]


def test_two_threads_warn_once(caplog: pytest.LogCaptureFixture) -> None:
    router = load(shards(1, 2))
    start = threading.Barrier(8)

    def call() -> None:
        start.wait()
        for shard in range(3, 203):
            router.get_baileys_base_url(42, shard)

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(caplog.records) == 200
