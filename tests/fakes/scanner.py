"""A scanner that a test operates by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from terminal.devices.scanner.stream import ABSENT, CLOSED, ScanQueue, utc_now

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

    from terminal.devices.protocols import Scan


class FakeScanner:
    """Scans what :meth:`scan` is told; :meth:`unplug` and :meth:`close` end it as they end a real one."""

    def __init__(self, name: str = "fake", now: Callable[[], datetime] = utc_now) -> None:
        self.name = name
        self._queue = ScanQueue(name, now)

    async def open(self) -> None:
        self._queue.open()

    async def scans(self) -> AsyncIterator[Scan]:
        while True:
            yield await self._queue.take()

    async def close(self) -> None:
        self._queue.end(CLOSED)

    def scan(self, *codes: str) -> None:
        for code in codes:
            self._queue.put(code)

    def unplug(self) -> None:
        self._queue.end(ABSENT)
