"""Reads input events from a file descriptor and hands out numbered scans.

The descriptor may be a device, a pipe or a socket. python-evdev's own asynchronous reader is not used: cancelled, it
swallows the next batch of events.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from commerce.errors import DeviceUnavailableError
from terminal.devices.protocols import Scan
from terminal.devices.scanner.decoder import DecoderSettings, KeyDecoder, ReadCode
from terminal.devices.scanner.keys import EVENT

log = logging.getLogger(__name__)

READ_BYTES = 2048 * EVENT.size
ABSENT, CLOSED, FAILED = "device.absent", "device.closed", "device.failed"


class Timer(Protocol):
    """Something that will happen, unless cancelled."""

    def cancel(self) -> None:
        """Let it not happen."""
        ...


CallLater = Callable[[float, Callable[[], None]], Timer]
"""Calls a function after so many seconds; the event loop's own unless a test has a clock of its own."""


@dataclass(frozen=True, slots=True)
class EventSource:
    """An open, non-blocking descriptor of input events, owned by whoever reads it."""

    fd: int
    close: Callable[[], None]


Connect = Callable[[], Awaitable[EventSource]]


def descriptor_source(fd: int) -> EventSource:
    """Take over a pipe's or socket's reading end."""
    os.set_blocking(fd, False)
    return EventSource(fd, lambda: os.close(fd))


def utc_now() -> datetime:
    """Return the present time."""
    return datetime.now(UTC)


class ScanQueue:
    """One device's scans in order, numbered from 1; it outlives the connection, so that a replug loses none."""

    def __init__(self, device: str, now: Callable[[], datetime] = utc_now) -> None:
        self._device = device
        self._now = now
        self._scans: deque[Scan] = deque()
        self._changed = asyncio.Event()
        self._last_number = 0
        self._gone = CLOSED

    def open(self) -> None:
        """Scans may come again."""
        self._gone = ""

    def put(self, code: str, doubt: str = "") -> None:
        """Number a scan and queue it."""
        self._last_number += 1
        self._scans.append(Scan(self._device, self._last_number, code, self._now(), doubt))
        self._changed.set()

    def put_doubt(self, reason: str) -> None:
        """Number and queue a scan that could not be read for certain."""
        self.put("", reason)

    def end(self, reason: str) -> None:
        """No more scans come; those queued are still handed out. The first reason stands."""
        self._gone = self._gone or reason
        self._changed.set()

    async def take(self) -> Scan:
        """Return the next scan, or raise DeviceUnavailableError once the device has gone and none is left."""
        while not self._scans:
            if self._gone:
                raise DeviceUnavailableError(self._gone, device=self._device)
            self._changed.clear()
            await self._changed.wait()
        return self._scans.popleft()  # nothing is awaited after this: a cancelled caller takes no scan with it


class EventReader:
    """Feeds a decoder from a descriptor until it ends, and ends codes by silence."""

    def __init__(
        self,
        name: str,
        source: EventSource,
        settings: DecoderSettings | None,
        on_code: Callable[[str], None],
        on_doubt: Callable[[str], None],
        on_end: Callable[[str], None],
        call_later: CallLater | None = None,
    ) -> None:
        self._name = name
        self._source = source
        self._decoder = KeyDecoder(settings)
        self._on_code = on_code
        self._on_doubt = on_doubt
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._call_later: CallLater = call_later or self._loop.call_later
        self._timer: Timer | None = None
        self._armed_for: int | None = None
        self._seen_discarded = 0
        self._running = True
        self._loop.add_reader(source.fd, self._on_readable)

    def stop(self) -> None:
        """Stop reading and close the descriptor; a half-read code is dropped. A second call does nothing."""
        if not self._running:
            return
        self._running = False
        self._loop.remove_reader(self._source.fd)
        if self._timer:
            self._timer.cancel()
        self._decoder.reset()
        try:
            self._source.close()
        except OSError as error:
            log.debug("closing a scanner that has gone: %s", error)

    def _on_readable(self) -> bool:
        """Read once and return whether there was something."""
        try:
            data = os.read(self._source.fd, READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            self._finish(ABSENT if error.errno in (errno.ENODEV, errno.ECONNRESET) else FAILED)
            return False
        if not data:
            self._finish(ABSENT)
            return False
        self._deliver(self._decoder.feed(data))
        self._arm()
        return True

    def _deliver(self, codes: Iterable[ReadCode]) -> None:
        for read in codes:
            self._on_code(read.code)
        while self._seen_discarded < self._decoder.discarded:
            self._seen_discarded += 1
            log.warning("%s: a doubtful code was thrown away: %s", self._name, self._decoder.discard_reason)
            self._on_doubt(self._decoder.discard_reason)

    def _arm(self) -> None:
        """Wait from now, not from the events' own times: their clock need not be ours."""
        deadline = self._decoder.deadline
        if deadline == self._armed_for:
            return
        if self._timer:
            self._timer.cancel()
        self._armed_for = deadline
        wait_s = self._decoder.wait_us / 1_000_000
        self._timer = None if deadline is None else self._call_later(wait_s, self._on_silence)

    def _on_silence(self) -> None:
        armed_for = self._armed_for
        while self._on_readable():  # a loop that was held up may find the rest of the code already here
            pass
        if self._running and self._armed_for == armed_for:
            self._deliver(self._decoder.flush())
            self._arm()

    def _finish(self, reason: str) -> None:
        self.stop()
        self._on_end(reason)


class EventStreamScanner:
    """Delivers the scans of one descriptor of input events; ``connect`` opens it anew after it has gone."""

    def __init__(
        self,
        name: str,
        connect: Connect,
        settings: DecoderSettings | None = None,
        *,
        now: Callable[[], datetime] = utc_now,
        call_later: CallLater | None = None,
    ) -> None:
        self.name = name
        self._connect = connect
        self._settings = settings
        self._call_later = call_later
        self._queue = ScanQueue(name, now)
        self._reader: EventReader | None = None

    async def open(self) -> None:
        """Connect and begin to read; DeviceUnavailableError when that cannot be. Open already: nothing happens."""
        if self._reader:
            return
        source = await self._connect()
        self._queue.open()
        queue = self._queue
        self._reader = EventReader(
            self.name, source, self._settings, queue.put, queue.put_doubt, self._end, self._call_later
        )

    async def scans(self) -> AsyncIterator[Scan]:
        """Yield scans until the device goes; then raise DeviceUnavailableError."""
        while True:
            yield await self._queue.take()

    async def close(self) -> None:
        """Stop reading and give the device up. Scans already read are kept for who iterates next."""
        if self._reader:
            self._reader.stop()
        self._end(CLOSED)

    def _end(self, reason: str) -> None:
        self._reader = None
        self._queue.end(reason)
