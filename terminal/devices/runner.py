"""Keeps one device going: opens it, watches it, reconnects with growing pauses and says how it is.

Nothing is started here: ``run()`` is put into the runtime's task group, one runner per device.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol, TypeAlias

from commerce.errors import DeviceError
from terminal.devices.printer.status import refusal_code
from terminal.devices.protocols import Availability, DeviceState, PrinterStatus, Scan

FIRST_PAUSE_S = 1.0
PAUSE_GROWTH = 1.8
LONGEST_PAUSE_S = 60.0

Sleep: TypeAlias = Callable[[float], Awaitable[None]]
Watch: TypeAlias = Callable[["Report"], Awaitable[None]]

_log = logging.getLogger(__name__)


class Report(Protocol):
    """Says how a device is; ``doubtful`` is its figure so far."""

    def __call__(self, availability: Availability, reason: str = "", *, doubtful: int = 0) -> None:
        """Take it down."""
        ...


class OpenableScanner(Protocol):
    """A Scanner that is connected by a step of its own, so that it is known to be there before the first scan."""

    name: str

    async def open(self) -> None:
        """Connect, or raise DeviceUnavailableError."""
        ...

    def scans(self) -> AsyncIterator[Scan]:
        """Yield scans until the device goes; then raise DeviceUnavailableError."""
        ...

    async def close(self) -> None:
        """Give the device up."""
        ...


class PolledPrinter(Protocol):
    """A ReceiptPrinter that says whether it is at work."""

    name: str

    @property
    def is_busy(self) -> bool:
        """Whether a job is under way."""
        ...

    async def read_status(self) -> PrinterStatus:
        """Ask the printer how it is."""
        ...


class PolledCardReader(Protocol):
    """A CardReader that says whether it is at work."""

    name: str

    @property
    def is_busy(self) -> bool:
        """Whether a request is under way."""
        ...

    async def check(self) -> None:
        """Return when it is there, or raise DeviceError."""
        ...


class DeviceRunner:
    """Runs one device for ever. ``watch`` opens the device, reports how it is, and raises when it has gone."""

    def __init__(
        self,
        name: str,
        kind: str,
        watch: Watch,
        publish: Callable[[DeviceState], None],
        *,
        sleep: Sleep | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.state = DeviceState(name, kind, Availability.GONE, "device.starting")
        self._watch = watch
        self._publish = publish
        self._sleep = sleep
        self._clock = clock
        self._failures = 0
        self._gone_since: float | None = None
        self._gone_for = ""
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Try again at once: something was plugged in."""
        self._failures = 0
        self._woken.set()

    async def run(self) -> None:
        """Supervise the device until cancelled; nothing that it does gets out of here."""
        while True:
            self._woken.clear()  # before the attempt: what is plugged in during it counts for the next
            reason = await self._watch_once()
            self._gone(reason)
            await self._pause(pause_s(self._failures))
            self._failures += 1

    async def _pause(self, seconds: float) -> None:
        if self._sleep is not None:
            await self._sleep(seconds)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()

    async def _watch_once(self) -> str:
        """Watch until the device goes and return why."""
        try:
            await self._watch(self._report)
        except DeviceError as error:
            return error.code
        except Exception:  # noqa: BLE001 - a device's driver fails alone
            _log.exception("driver of %s failed", self.state.name)
            return "device.driver_failed"
        return "device.ended"

    def _report(self, availability: Availability, reason: str = "", *, doubtful: int = 0) -> None:
        self._failures = 0
        if self._gone_since is not None:
            away_s = self._clock() - self._gone_since
            _log.info("device %s is back after %.0f s", self.state.name, away_s)
            self._gone_since, self._gone_for = None, ""
        self._show(availability, reason, doubtful)

    def _gone(self, reason: str) -> None:
        """Show why, and log it once for each reason: what a person has to do changes with it."""
        if self._gone_since is None:
            self._gone_since = self._clock()
        if reason != self._gone_for:
            self._gone_for = reason
            _log.warning("device %s is gone: %s", self.state.name, reason)
        self._show(Availability.GONE, reason, self.state.doubtful)

    def _show(self, availability: Availability, reason: str, doubtful: int) -> None:
        state = DeviceState(self.state.name, self.state.kind, availability, reason, doubtful)
        if state != self.state:
            self.state = state
            self._publish(state)


def pause_s(failures: int) -> float:
    """Return how long to wait after so many failures in a row before this one."""
    return float(min(FIRST_PAUSE_S * PAUSE_GROWTH ** min(failures, 32), LONGEST_PAUSE_S))


def watch_scanner(scanner: OpenableScanner, on_scan: Callable[[Scan], Awaitable[None]]) -> Watch:
    """Hand every scan on in order, waiting until it is taken; a scan that cannot be taken stops no later one.

    Those of doubt are handed on like all, and counted.
    """
    doubtful = 0

    async def watch(report: Report) -> None:
        nonlocal doubtful
        try:
            await scanner.open()
            report(Availability.READY, doubtful=doubtful)
            async for scan in scanner.scans():
                if scan.doubt:
                    doubtful += 1
                    report(Availability.READY, doubtful=doubtful)
                await _hand_on(scan, on_scan)
        finally:
            await scanner.close()

    return watch


def watch_printer(printer: PolledPrinter, *, every_s: float = 5.0, sleep: Sleep = asyncio.sleep) -> Watch:
    """Ask an idle printer how it is, every few seconds and never during a job."""

    async def watch(report: Report) -> None:
        while True:
            if not printer.is_busy:
                report(*_availability(await printer.read_status()))
            await sleep(every_s)

    return watch


def watch_card_reader(reader: PolledCardReader, *, every_s: float = 5.0, sleep: Sleep = asyncio.sleep) -> Watch:
    """Look every few seconds whether an idle reader is there, and never while it is asked for something."""

    async def watch(report: Report) -> None:
        while True:
            if not reader.is_busy:
                await reader.check()
                report(Availability.READY)
            await sleep(every_s)

    return watch


async def _hand_on(scan: Scan, on_scan: Callable[[Scan], Awaitable[None]]) -> None:
    try:
        await on_scan(scan)
    except Exception:  # noqa: BLE001 - the scanner is not to blame and goes on
        _log.exception("scan %d of %s was not taken", scan.number, scan.device)


def _availability(status: PrinterStatus) -> tuple[Availability, str]:
    code = refusal_code(status)
    if code is None and status.paper_near_end:
        code = "printer.paper_near_end"
    return (Availability.READY, "") if code is None else (Availability.ATTENTION, code)
