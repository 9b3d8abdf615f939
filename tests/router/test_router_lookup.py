"""A router that looks up the shard of a tenant where the call gives none: cache, failures, threads."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from tests.router.routers import CONFIGURATIONS, environment, load, shards

#: Without a shard, tenant 1 is on shard 2 and tenant 42 on shard 1.
DATA = CONFIGURATIONS["two"]
#: Longer than any thread of a test should wait: a deadlock fails, and does not hang.
LONG = 20


class Clock:
    """What a router takes for the time."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Column:
    """A column of tenants' shards that counts who asks, and fails while it has an error."""

    def __init__(self) -> None:
        self.rows: dict[int, Any] = {1: 1, 42: 2}
        self.error: BaseException | None = None
        self.asked: list[int] = []

    def __call__(self, tenant: int) -> Any:
        self.asked.append(tenant)
        if self.error:
            raise self.error
        return self.rows.get(tenant)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def column() -> Column:
    return Column()


@pytest.fixture
def router(clock: Clock, column: Column) -> Any:
    """A router on the fake clock that looks into the column."""
    made = load(DATA)
    made.time = clock
    made.use_shard_lookup(column)
    return made


def joined(*threads: threading.Thread) -> None:
    """Wait for threads; they must end."""
    for thread in threads:
        thread.join(LONG)
        assert not thread.is_alive()


# --- what it answers --------------------------------------------------------------------------


def test_every_call_without_a_shard_gets_the_columns(router: Any) -> None:
    for tenant, shard in ((1, 1), (42, 2), ("42", 2)):
        url = f"http://baileys-{shard}:3300"
        for nothing in (None, 0, -1, "0"):
            assert router.shard_for(tenant, nothing) == shard
            assert router.get_baileys_base_url(tenant, nothing) == url
            assert router.get_baileys_base_url_for_business(tenant, nothing) == url
        row = SimpleNamespace(id=tenant, whatsapp_shard=None)
        assert router.get_baileys_base_url_for_business(row) == url


def test_a_shard_in_the_call_goes_first_and_asks_nobody(router: Any, column: Column) -> None:
    assert router.shard_for(42, 1) == 1
    assert router.get_baileys_base_url(42, "1") == "http://baileys-1:3300"
    row = SimpleNamespace(id=42, whatsapp_shard=1)
    assert router.get_baileys_base_url_for_business(row) == "http://baileys-1:3300"
    assert not column.asked


def test_the_lookup_gets_an_int(router: Any, column: Column) -> None:
    router.shard_for("42")
    router.shard_for(42)
    assert column.asked == [42]
    assert type(column.asked[0]) is int


@pytest.mark.parametrize("wrong", [None, "x", True, 2.5])
def test_what_is_no_tenant_is_not_looked_up(router: Any, column: Column, wrong: Any) -> None:
    with pytest.raises(TypeError, match="business_id must be an integer, not "):
        router.shard_for(wrong)
    assert not column.asked


@pytest.mark.parametrize("nothing", [None, 0])
def test_none_and_0_are_the_fallback_and_remembered(
    router: Any, column: Column, clock: Clock, nothing: int | None
) -> None:
    column.rows[1] = nothing
    assert [router.shard_for(1) for _ in range(3)] == [2, 2, 2]
    assert column.asked == [1]
    clock.now += 60
    column.rows[1] = 1
    assert router.shard_for(1) == 1


def test_a_looked_up_shard_is_treated_as_a_given_one(caplog: pytest.LogCaptureFixture) -> None:
    router = load(CONFIGURATIONS["retired"])
    router.use_shard_lookup(lambda _: 2)
    with pytest.raises(router.ShardError, match=r"^shard 2 is retired: .* on shard 3$"):
        router.shard_for(42)
    router.use_shard_lookup(lambda _: 9)
    assert router.get_baileys_base_url(42) == "http://baileys-9:3300"
    assert router.shard_for(42) == 9
    assert [record.getMessage() for record in caplog.records] == [
        "shard 9 is not in shards.yaml: using http://baileys-9:3300"
    ]
    strict = load(CONFIGURATIONS["error"])
    strict.use_shard_lookup(lambda _: 9)
    with pytest.raises(strict.ShardError, match=r"^shard 9 is not in shards\.yaml$"):
        strict.get_baileys_base_url(42)


@pytest.mark.parametrize("name", [name for name in CONFIGURATIONS if name != "thousand"])
def test_every_configuration_looks_up(name: str) -> None:
    router = load(CONFIGURATIONS[name])
    before = [router.shard_for(tenant) for tenant in range(50)]
    for shard in router.SHARDS:
        router.use_shard_lookup(lambda _, shard=shard: shard)
        assert {router.shard_for(tenant) for tenant in range(50)} == {shard}
    router.use_shard_lookup(lambda _: None)
    assert [router.shard_for(tenant) for tenant in range(50)] == before


def test_names_follow_the_table() -> None:
    router = load(CONFIGURATIONS["order"])
    router.use_shard_lookup({1: 1}.get)
    assert router.shard_for(order_id=1) == 1
    router.forget_shard(order_id=1)


@pytest.mark.parametrize("wrong", ["", "x", False, True, 2.5, [42]])
def test_what_is_no_tenant_cannot_be_forgotten(router: Any, wrong: Any) -> None:
    """Least of all as if it meant all of them."""
    with pytest.raises(TypeError, match="business_id must be an integer, not "):
        router.forget_shard(wrong)
    router.use_shard_lookup(None)
    with pytest.raises(TypeError):
        router.forget_shard(wrong)


# --- how long it serves -----------------------------------------------------------------------


@pytest.mark.parametrize("ttl", [60, 60.0, 0.5])
def test_an_answer_serves_for_its_time(
    router: Any, column: Column, clock: Clock, ttl: float
) -> None:
    router.use_shard_lookup(column, ttl)
    router.shard_for(42)
    column.rows[42] = 1
    clock.now += ttl - 0.25
    assert router.shard_for(42) == 2
    clock.now += 0.25
    assert router.shard_for(42) == 1
    assert column.asked == [42, 42]


def test_the_time_begins_when_it_is_asked(router: Any, column: Column, clock: Clock) -> None:
    """The row was read while the lookup ran, so that an answer is never older than its time."""

    def slow(tenant: int) -> int:
        shard: int = column(tenant)
        clock.now += 40
        return shard

    router.use_shard_lookup(slow, ttl=60)
    router.shard_for(42)
    clock.now += 20
    router.shard_for(42)
    assert column.asked == [42, 42]


def test_0_asks_each_time_and_infinity_once(router: Any, column: Column, clock: Clock) -> None:
    router.use_shard_lookup(column, ttl=0)
    for shard in (1, 2, 1):
        column.rows[42] = shard
        assert router.shard_for(42) == shard
    router.use_shard_lookup(column, ttl=float("inf"))
    column.rows[42] = 2
    for _ in range(3):
        assert router.shard_for(42) == 2
        clock.now += 1e9
    assert column.asked == [42] * 4


def test_the_oldest_answers_make_room(router: Any, column: Column, clock: Clock) -> None:
    router._MOST_ANSWERS = 3
    for tenant in (1, 2, 3):
        router.shard_for(tenant)
    clock.now += 60
    router.shard_for(1)  # asked again, and thereby the youngest
    router.shard_for(4)
    column.asked.clear()
    for tenant in (1, 3, 4):
        router.shard_for(tenant)
    assert column.asked == [3]  # of these, only the answer of 3 is past its time
    column.asked.clear()
    router.shard_for(2)
    assert column.asked == [2]
    assert len(router._lookup[0]._answers) == 3


def test_the_bound_holds() -> None:
    router = load(DATA)
    router.use_shard_lookup(lambda _: 1)
    assert router._MOST_ANSWERS == 100_000
    for tenant in range(100_010):
        router.shard_for(tenant)
    assert len(router._lookup[0]._answers) == 100_000
    assert 9 not in router._lookup[0]._answers


def test_failures_are_bounded_too(router: Any, column: Column) -> None:
    router._MOST_ANSWERS = 3
    column.error = OSError()
    for tenant in range(10):
        router.shard_for(tenant)
    assert len(router._lookup[0]._answers) == 3


# --- switching it -----------------------------------------------------------------------------


def test_without_it_nothing_is_asked(router: Any, column: Column) -> None:
    router.use_shard_lookup(None)
    assert router._lookup == [None]
    assert (router.shard_for(1), router.shard_for(42)) == (2, 1)
    router.forget_shard()
    router.forget_shard(42)
    assert not column.asked


def test_another_lookup_begins_without_answers(router: Any, column: Column) -> None:
    router.shard_for(42)
    other = Column()
    other.error = OSError()
    router.use_shard_lookup(other)
    assert router.shard_for(42) == 1  # no answer of the first one
    router.use_shard_lookup(column)
    router.shard_for(42)
    assert column.asked == [42, 42]


def test_a_reload_keeps_it(router: Any, column: Column) -> None:
    router.shard_for(42)
    with environment({"BAILEYS_PORT": "4000"}):
        router.reload_environment()
    assert router.get_baileys_base_url(42) == "http://baileys-2:4000"
    assert column.asked == [42]


class Falsy(Column):
    """A lookup that is false as a condition, as an object with a length may be."""

    def __len__(self) -> int:
        return 0


def test_any_callable_will_do() -> None:
    router = load(DATA)
    for lookup in ({42: 2}.get, Column().__call__, Falsy()):
        router.use_shard_lookup(lookup)
        assert router.shard_for(42) == 2


@pytest.mark.parametrize("wrong", [0, "", "lookup", {42: 2}, False])
def test_what_cannot_be_called_is_refused(router: Any, wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"^lookup must be a callable or None, not "):
        router.use_shard_lookup(wrong)
    assert router.shard_for(42) == 2  # the one before stays


@pytest.mark.parametrize("wrong", [None, "60", True, [60], Decimal(60), 60j])
@pytest.mark.parametrize("lookup", [None, int])
def test_a_ttl_is_a_number(router: Any, lookup: Any, wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"^ttl must be a number of seconds, not "):
        router.use_shard_lookup(lookup, wrong)
    assert router.shard_for(42) == 2


@pytest.mark.parametrize("wrong", [-1, -0.001, float("nan"), float("-inf")])
def test_a_ttl_is_not_negative(router: Any, wrong: float) -> None:
    with pytest.raises(ValueError, match=r"^ttl must be 0 or more seconds, not "):
        router.use_shard_lookup(int, ttl=wrong)
    assert router.shard_for(42) == 2


# --- forgetting -------------------------------------------------------------------------------


def test_after_a_move_one_tenant_is_asked_for_again(router: Any, column: Column) -> None:
    router.shard_for(1)
    router.shard_for(42)
    column.rows.update({1: 2, 42: 1})
    router.forget_shard("42")
    assert router.shard_for(42) == 1
    assert router.shard_for(1) == 1
    assert column.asked == [1, 42, 42]


def test_all_can_be_forgotten_and_strangers_too(router: Any, column: Column) -> None:
    router.shard_for(1)
    router.shard_for(42)
    column.rows.update({1: 2, 42: 1})
    router.forget_shard(7)
    router.forget_shard()
    assert (router.shard_for(1), router.shard_for(42)) == (2, 1)
    assert column.asked == [1, 42, 1, 42]


@pytest.mark.parametrize("tenant", [None, 42])
def test_what_is_forgotten_serves_while_the_lookup_fails(
    router: Any, column: Column, clock: Clock, tenant: int | None
) -> None:
    router.shard_for(42)
    router.forget_shard(tenant)
    column.error = OSError()
    assert router.shard_for(42) == 2
    column.error = None
    column.rows[42] = 1
    clock.now += 1
    assert router.shard_for(42) == 1


@pytest.mark.parametrize("tenant", [None, 42])
@pytest.mark.parametrize("is_known", [False, True])
def test_an_answer_from_before_the_move_is_not_kept(
    router: Any, clock: Clock, tenant: int | None, is_known: bool
) -> None:
    """The lookup has read the row, the tenant moves and is forgotten, the lookup returns."""
    rows, read, moved = {42: 2}, threading.Event(), threading.Event()
    moved.set()

    def slow(tenant: int) -> int:
        shard = rows[tenant]
        read.set()
        assert moved.wait(LONG)
        return shard

    router.use_shard_lookup(slow)
    if is_known:
        router.shard_for(42)
        clock.now += 60
    moved.clear()
    read.clear()
    early = threading.Thread(target=router.shard_for, args=(42,))
    early.start()
    assert read.wait(LONG)
    rows[42] = 1
    router.forget_shard(tenant)
    moved.set()
    joined(early)
    assert router.shard_for(42) == 1


# --- failures ---------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [OSError("down"), RuntimeError(), LookupError("no row")])
def test_a_failure_leaves_the_last_answer_else_the_fallback(
    router: Any, column: Column, clock: Clock, error: Exception
) -> None:
    router.shard_for(42)
    column.error = error
    clock.now += 1_000_000
    assert router.shard_for(42) == 2
    assert router.shard_for(1) == 2
    assert column.asked == [42, 42, 1]


@pytest.mark.parametrize("garbage", ["2", "", True, False, -1, 2.0, Decimal(2), [2], (2,), b"2"])
def test_what_is_no_shard_is_a_failure(
    router: Any, column: Column, clock: Clock, caplog: pytest.LogCaptureFixture, garbage: Any
) -> None:
    router.shard_for(42)
    clock.now += 60
    column.rows.update({1: garbage, 42: garbage})
    assert router.shard_for(42) == 2
    assert router.shard_for(1) == 2
    assert len(caplog.records) == 1
    assert ": TypeError: " in caplog.text


def test_integers_of_other_libraries_are_shards(router: Any, column: Column) -> None:
    class Int64:
        def __index__(self) -> int:
            return 2

    column.rows[42] = Int64()
    assert router.shard_for(42) == 2
    assert type(router.shard_for(42)) is int


def test_one_warning_until_the_next_success(
    router: Any, column: Column, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for error in (OSError("no route to host"), ValueError("x" * 10_000)):
        column.error = error
        for turn in range(5):
            router.shard_for(turn)
            clock.now += 100
        column.error = None
        router.shard_for(42)
        clock.now += 100
    first, second = (record.getMessage() for record in caplog.records)
    assert first == (
        "the shard lookup fails, old answers and the fallback serve: OSError: no route to host"
    )
    assert second.endswith(": ValueError: " + "x" * 300)
    assert {record.levelno for record in caplog.records} == {logging.WARNING}
    assert not any(record.exc_info for record in caplog.records)


def test_while_it_fails_one_call_a_second_asks(router: Any, column: Column, clock: Clock) -> None:
    for tenant in range(20):
        router.shard_for(tenant)
    clock.now += 60
    column.error = OSError()
    column.asked.clear()
    for _ in range(50):  # 5 seconds, from one failure on
        for tenant in range(20):
            router.shard_for(tenant)
        clock.now += 0.1
    assert 5 <= len(column.asked) <= 6
    column.error = None
    clock.now += 1
    column.asked.clear()
    for tenant in range(20):
        router.shard_for(tenant)
    assert column.asked == [*range(20)]  # at once, all that are past their time


def test_the_pause_begins_when_the_failure_is_known(
    router: Any, column: Column, clock: Clock
) -> None:
    def timing_out(tenant: int) -> int:
        column.asked.append(tenant)
        clock.now += 30
        raise TimeoutError

    router.use_shard_lookup(timing_out)
    for _ in range(10):
        router.shard_for(42)
    assert column.asked == [42]
    clock.now += 1
    router.shard_for(42)
    assert column.asked == [42, 42]


def test_a_failure_is_no_answer(router: Any, column: Column, clock: Clock) -> None:
    """With a time of 60 seconds the next try is after one."""
    column.error = OSError()
    assert router.shard_for(42) == 1
    column.error = None
    clock.now += 1
    assert router.shard_for(42) == 2


def test_a_tenant_that_always_fails_hides_no_other(
    router: Any, column: Column, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """As where the lookup raises for a row that does not exist."""

    def one(tenant: int) -> int:
        column.asked.append(tenant)
        return {1: 1, 42: 2}[tenant]

    router.use_shard_lookup(one)
    for _ in range(10):
        assert router.shard_for(7) == router._hash_shard(7, 2)
        assert router.shard_for(42) == 2
        assert router.shard_for(1) == 1
        clock.now += 0.1
    assert Counter(column.asked) == {7: 1, 42: 1, 1: 1}
    assert ": KeyError: 7" in caplog.text
    for _ in range(10):
        router.shard_for(7)
        clock.now += 0.1
    assert Counter(column.asked)[7] == 2
    assert len(caplog.records) == 2


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_an_interrupt_passes_and_leaves_no_trace(
    router: Any, column: Column, caplog: pytest.LogCaptureFixture, kind: type[BaseException]
) -> None:
    column.error = kind()
    with pytest.raises(kind):
        router.shard_for(42)
    column.error = None
    assert router.shard_for(42) == 2
    assert not caplog.records


# --- a lookup that asks the router ------------------------------------------------------------


def test_a_lookup_may_call_the_router(router: Any, clock: Clock) -> None:
    seen: list[tuple[int, int]] = []

    def nested(tenant: int) -> int:
        seen.append((tenant, router.shard_for(tenant)))
        assert router.shard_for(tenant, 2) == 2
        assert router.shard_for(tenant + 1) == router._hash_shard(tenant + 1, 2)
        return 2 if tenant == 42 else 1

    router.use_shard_lookup(nested)
    assert router.shard_for(42) == 2
    assert router.shard_for(1) == 1
    clock.now += 60
    assert router.shard_for(42) == 2
    assert seen == [(42, 1), (1, 2), (42, 2)]  # at first the fallback, later what was known


def test_a_lookup_may_switch_or_forget(router: Any) -> None:
    def switching(tenant: int) -> int:
        router.forget_shard()
        router.forget_shard(tenant)
        router.use_shard_lookup(lambda _: 1)
        return 2

    router.use_shard_lookup(switching)
    assert [router.shard_for(42) for _ in range(3)] == [2, 1, 1]


def test_a_handler_may_call_the_router(router: Any, column: Column) -> None:
    """A handler of signals, or of log records, runs in a thread that may be at work here."""
    column.error = OSError()
    answers: list[int] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            answers.append(router.shard_for(42))

    def work() -> None:
        answers.append(router.shard_for(42))
        with router._lookup[0]._lock:
            answers.append(router.shard_for(42))

    handler = Handler()
    router._log.addHandler(handler)
    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    joined(worker)
    router._log.removeHandler(handler)
    assert answers == [1, 1, 1]


# --- threads ----------------------------------------------------------------------------------


@pytest.mark.parametrize("tenants", [range(8), [42] * 8], ids=["others", "one"])
def test_lookups_run_side_by_side(tenants: Any) -> None:
    """Each waits in the lookup until all are there, so that a lock around it would fail."""
    router, meeting, asked = load(DATA), threading.Barrier(8), []

    def slow(tenant: int) -> int:
        asked.append(tenant)
        meeting.wait(LONG)
        return 2

    router.use_shard_lookup(slow)
    with ThreadPoolExecutor(8) as pool:
        assert [*pool.map(router.shard_for, tenants)] == [2] * 8
    assert len(asked) == 8
    assert [router.shard_for(tenant) for tenant in tenants] == [2] * 8
    assert len(asked) == 8


def test_a_lookup_that_hangs_keeps_nobody_else_waiting() -> None:
    router, hanging, release = load(DATA), threading.Event(), threading.Event()

    def lookup(tenant: int) -> int:
        if tenant == 7:
            hanging.set()
            assert release.wait(LONG)
        return 2

    router.use_shard_lookup(lookup)
    router.shard_for(42)
    stuck = threading.Thread(target=router.shard_for, args=(7,))
    stuck.start()
    assert hanging.wait(LONG)
    answers: list[int] = []
    other = threading.Thread(
        target=lambda: (
            router.forget_shard(),
            answers.extend([router.shard_for(42), router.shard_for(43)]),
            router.reload_environment(),
        )
    )
    other.start()
    joined(other)
    assert answers == [2, 2]
    release.set()
    joined(stuck)


def test_one_thread_tries_again() -> None:
    """While it waits for a database that is down, the others have their answers at once."""
    router, clock, column = load(DATA), Clock(), Column()
    trying, answered = threading.Event(), threading.Event()

    def down(tenant: int) -> int:
        column.asked.append(tenant)
        if len(column.asked) == 1:
            trying.set()
            assert answered.wait(LONG)
        raise OSError

    router.time = clock
    router.use_shard_lookup(column)
    before = [router.shard_for(tenant) for tenant in range(8)]
    column.error = OSError()
    clock.now += 60
    router.shard_for(0)
    router._lookup[0]._ask = down
    column.asked.clear()
    clock.now += 1
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(router.shard_for, 0)
        assert trying.wait(LONG)
        assert [*pool.map(router.shard_for, range(8))] == before
        answered.set()
        assert first.result(LONG) == before[0]
    assert column.asked == [0]


def test_threads_warn_once(caplog: pytest.LogCaptureFixture) -> None:
    router, meeting = load(DATA), threading.Barrier(8)

    def down(_: int) -> int:
        meeting.wait(LONG)
        raise OSError

    router.use_shard_lookup(down)
    with ThreadPoolExecutor(8) as pool:
        [*pool.map(router.shard_for, range(8))]
    assert len(caplog.records) == 1


def test_after_a_forget_no_thread_gets_the_old_shard() -> None:
    """Threads ask all the time, tenants move, and a call that begins after the forget is right."""
    router = load(DATA)
    rows = dict.fromkeys(range(16), 1)
    router._MOST_ANSWERS = 12  # so that some make room, meanwhile
    router.use_shard_lookup(lambda tenant: rows[tenant], ttl=LONG)
    stop, faults = threading.Event(), list[Any]()

    def read() -> None:
        try:
            while not stop.is_set():
                for tenant in range(16):
                    if router.shard_for(tenant) not in {1, 2}:
                        faults.append(tenant)
        except Exception as error:  # whatever a reader raises is the finding
            faults.append(error)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for turn in range(400):
        tenant, shard = turn % 16, 1 + turn // 16 % 2
        rows[tenant] = shard
        router.forget_shard(None if turn % 5 == 0 else tenant)
        if router.shard_for(tenant) != shard:
            faults.append((turn, tenant))
    stop.set()
    joined(*readers)
    assert not faults, faults[:3]
    assert len(router._lookup[0]._answers) <= 12


def test_switching_under_load_answers_with_one_or_the_other() -> None:
    router = load(shards(1, 2, 3))
    stop, faults = threading.Event(), list[Any]()

    def read() -> None:
        try:
            while not stop.is_set():
                if router.shard_for(42) not in {1, 2, 3}:
                    faults.append("another")
        except Exception as error:
            faults.append(error)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for turn in range(600):
        shard = turn % 3 + 1
        router.use_shard_lookup(None if shard == 3 else (lambda _, shard=shard: shard))
        expected = router._hash_shard(42, 3) if shard == 3 else shard
        assert router.shard_for(42) == expected
    stop.set()
    joined(*readers)
    assert not faults, faults[:3]
