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


class Daemons(ThreadPoolExecutor):
    """An executor that Python does not wait for: a lookup that hangs holds nobody at the end."""

    def __init__(self) -> None:
        super().__init__(1)
        self._calls: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = queue.SimpleQueue()
        self._running = self._open = 0
        self._counts = threading.Lock()

    def submit(self, call: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
        """Return the future of a call; it begins at once unless too many run."""
        future: Future[Any] = Future()
        self._calls.put((future, lambda: call(*args, **options)))
        with self._counts:
            self._open += 1
            if self._running < min(MOST, self._open):
                self._running += 1
                threading.Thread(target=self._work, daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002
        """Return at once: the threads end with the process."""
        del wait, cancel_futures

    def _work(self) -> None:
        while True:
            future, call = self._calls.get()
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(call())
                except BaseException as error:  # noqa: BLE001 - whoever asked gets it
                    future.set_exception(error)
            with self._counts:
                self._open -= 1
