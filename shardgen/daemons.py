"""Runs what blocks in threads of their own, none of which a run waits for at its end."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

#: Threads at once; names of hosts are looked up in them, and a lookup may hang for long.
MOST = 256
#: A call, and who waits for it; None ends the thread that takes it.
Call = tuple["Future[Any]", "Callable[[], Any]"]


class Daemons(ThreadPoolExecutor):
    """An executor that Python does not wait for: a lookup that hangs holds nobody at the end."""

    def __init__(self) -> None:
        super().__init__(1)
        self._calls: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._running = self._open = 0
        self._is_shut = False
        self._counts = threading.Lock()

    def submit(self, call: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
        """Return the future of a call; it begins at once unless too many run.

        Raises RuntimeError after a shutdown, as every executor does.
        """
        future: Future[Any] = Future()
        with self._counts:
            if self._is_shut:
                raise RuntimeError("nothing may be submitted after a shutdown")
            self._calls.put((future, lambda: call(*args, **options)))
            self._open += 1
            if self._running < min(MOST, self._open):
                self._running += 1
                threading.Thread(target=self._work, daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002
        """Return at once; each thread ends when nothing is left to call, or with the process."""
        del wait, cancel_futures
        with self._counts:
            self._is_shut = True
            for _ in range(self._running):
                self._calls.put(None)
            self._running = 0

    def _work(self) -> None:
        while called := self._calls.get():
            future, call = called
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(call())
                except BaseException as error:  # noqa: BLE001 - whoever asked gets it
                    future.set_exception(error)
            with self._counts:
                self._open -= 1
