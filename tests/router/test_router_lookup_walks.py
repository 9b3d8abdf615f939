"""Random lives of a router with a lookup, beside a model of what the pages promise."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from shardgen.fallback import fallback_shard
from tests.examples import examples
from tests.router.routers import CONFIGURATIONS, environment, load

MOST = 4
tenants = st.integers(1, 6)
found = st.sampled_from([None, 0, 1, 2, 3])
garbage = st.sampled_from(["2", True, -1, 2.0])


class Warnings(logging.Handler):
    """The messages of one router's log."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


class Lookups(RuleBasedStateMachine):
    """A column whose rows change and which fails at times; the clock stands between the steps.

    `known` is tenant → (shard, when it was asked or None where that no longer counts), the tenants
    asked longest ago first. `paused` is until when a failing lookup is left alone, else None.
    """

    def __init__(self) -> None:
        super().__init__()
        self.router = load(CONFIGURATIONS["three"])
        self.router._log = logging.Logger("alone")
        self.warnings = Warnings()
        self.router._log.addHandler(self.warnings)
        self.router._MOST_ANSWERS = MOST
        self.now = 0.0
        self.router.time = SimpleNamespace(monotonic=lambda: self.now)
        self.rows: dict[int, Any] = {}
        self.is_down = False
        self.asked: list[int] = []
        self.warned = 0
        self.switch(0)

    def column(self, tenant: int) -> Any:
        self.asked.append(tenant)
        if self.is_down:
            raise OSError
        return self.rows.get(tenant)

    @initialize(ttl=st.sampled_from([0, 0.5, 10, 60]))
    def begin(self, ttl: float) -> None:
        self.switch(ttl)

    @rule(ttl=st.sampled_from([0, 0.5, 10, 60]))
    def switch(self, ttl: float) -> None:
        self.ttl = ttl
        self.known: dict[int, tuple[int, float | None]] = {}
        self.tried: dict[int, float] = {}
        self.paused: float | None = None
        self.router.use_shard_lookup(self.column, ttl)

    @rule(seconds=st.sampled_from([0.25, 0.5, 1, 9.5, 10, 60, 1000]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(tenant=tenants, shard=found | garbage)
    def write(self, tenant: int, shard: Any) -> None:
        self.rows[tenant] = shard

    @rule(is_down=st.booleans())
    def turn(self, is_down: bool) -> None:
        self.is_down = is_down

    @rule(tenant=st.none() | tenants)
    def forget(self, tenant: int | None) -> None:
        self.router.forget_shard(tenant)
        for each in self.known if tenant is None else self.known.keys() & {tenant}:
            self.known[each] = (self.known[each][0], None)
            self.tried.pop(each, None)

    @rule()
    def reload(self) -> None:
        with environment({}):
            self.router.reload_environment()

    @rule(tenant=tenants, shard=st.integers(1, 3))
    def pass_a_shard(self, tenant: int, shard: int) -> None:
        assert self.router.shard_for(tenant, shard) == shard
        assert not self.asked

    @rule(tenant=tenants)
    def call(self, tenant: int) -> None:
        asks = self.must_ask(tenant)
        if asks and tenant in self.known:
            self.paused = None if self.paused is None else self.now + 1
        shard = self.asked_for(tenant) if asks else self.known[tenant][0]
        answer = self.router.shard_for(tenant)
        assert answer == (shard or fallback_shard("md5", tenant, [1, 2, 3]))
        assert self.asked == [tenant] * asks
        self.asked.clear()

    def must_ask(self, tenant: int) -> bool:
        """Return whether a call asks: the answer is too old, and the lookup is not left alone."""
        if tenant not in self.known:
            return True
        at = self.known[tenant][1]
        is_young = at is not None and self.now < at + self.ttl
        has_failed = tenant in self.tried and self.now < self.tried[tenant] + 1
        is_paused = self.paused is not None and self.now < self.paused
        return not (is_young or has_failed or is_paused)

    def asked_for(self, tenant: int) -> int:
        """Return what a call that asks answers, 0 for the fallback, and note it."""
        shard = self.rows.get(tenant)
        last, _ = self.known.pop(tenant, (0, None))
        self.tried.pop(tenant, None)
        if self.is_down or type(shard) not in {int, type(None)} or (shard or 0) < 0:
            self.warned += self.paused is None
            self.paused = self.now + 1
            self.known[tenant], self.tried[tenant] = (last, None), self.now
        else:
            self.paused = None
            self.known[tenant] = (shard or 0, self.now)
        if len(self.known) > MOST:
            self.tried.pop(next(iter(self.known)), None)
            del self.known[next(iter(self.known))]
        return self.known[tenant][0]

    @invariant()
    def the_log_and_the_memory_agree(self) -> None:
        assert len(self.warnings.messages) == self.warned
        assert [*self.router._lookup[0]._answers] == [*self.known]


TestLookups = Lookups.TestCase
TestLookups.settings = settings(max_examples=examples(50), stateful_step_count=60, deadline=None)
