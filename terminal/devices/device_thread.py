"""One thread per device for libraries that block."""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

_T = TypeVar("_T")


class DeviceThread:
    """Runs calls one after the other in a daemon thread, so that a hanging device holds up nothing else."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._unfinished = 0
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a call is still running or waiting, such as one whose caller gave up."""
        return self._unfinished > 0

    def submit(self, call: Callable[[], _T]) -> "Future[_T]":
        """Queue a call and return its future."""
        future: Future[_T] = Future()
        with self._lock:
            self._unfinished += 1
        self._calls.put(lambda: self._settle(future, call))
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=self.name, daemon=True)
            self._thread.start()
        return future

    async def run(self, call: Callable[[], _T], timeout_s: float) -> _T:
        """Run a call and return its result; TimeoutError leaves it running in the thread."""
        async with asyncio.timeout(timeout_s):
            return await asyncio.wrap_future(self.submit(call))

    def _work(self) -> None:
        while True:
            self._calls.get()()

    def _settle(self, future: "Future[_T]", call: Callable[[], _T]) -> None:
        if not future.set_running_or_notify_cancel():
            self._finish()
            return
        try:
            value = call()
        except BaseException as error:  # noqa: BLE001 - it belongs to whoever awaits the future
            self._finish()
            future.set_exception(error)
        else:
            self._finish()  # before anybody hears of it, who would find the thread busy with nothing
            future.set_result(value)

    def _finish(self) -> None:
        with self._lock:
            self._unfinished -= 1
