"""What every scanner promises, asked of the fake, of the virtual one and of the reader that real ones use."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import pytest

from commerce.errors import DeviceUnavailableError
from terminal.devices.protocols import Scan, Scanner
from terminal.devices.scanner.evdev_scanner import EvdevScanner
from terminal.devices.scanner.recordings import compose_events
from terminal.devices.scanner.selection import DeviceSelector
from terminal.devices.scanner.stream import EventStreamScanner
from terminal.devices.scanner.virtual import VirtualScanner, send_codes
from tests.fakes.scanner import FakeScanner
from tests.terminal.devices.scanner.support import FakeDevices, Pipes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class DrivenScanner(Scanner, Protocol):
    """A scanner as the runner knows it."""

    async def open(self) -> None: ...

    async def close(self) -> None: ...


class Stand:
    """A scanner with a hand on it."""

    scanner: DrivenScanner

    async def scan(self, *codes: str) -> None:
        raise NotImplementedError

    async def unplug(self) -> None:
        raise NotImplementedError


class FakeStand(Stand):
    def __init__(self, _folder: Path) -> None:
        self.fake = self.scanner = FakeScanner("till-scanner", now=lambda: NOON)

    async def scan(self, *codes: str) -> None:
        self.fake.scan(*codes)

    async def unplug(self) -> None:
        self.fake.unplug()


class StreamStand(Stand):
    def __init__(self, _folder: Path) -> None:
        self.pipes = Pipes()
        self.scanner = EventStreamScanner("till-scanner", self.pipes.connect, now=lambda: NOON)

    async def scan(self, *codes: str) -> None:
        self.pipes.write(b"".join(compose_events(code) for code in codes))

    async def unplug(self) -> None:
        self.pipes.unplug()


class EvdevStand(Stand):
    def __init__(self, _folder: Path) -> None:
        self.devices = FakeDevices()
        self.scanner = EvdevScanner(
            "till-scanner", DeviceSelector("/dev/input/event7"), now=lambda: NOON, open_device=self.devices.open
        )

    async def scan(self, *codes: str) -> None:
        self.devices.write(b"".join(compose_events(code) for code in codes))

    async def unplug(self) -> None:
        self.devices.unplug()


class VirtualStand(Stand):
    def __init__(self, folder: Path) -> None:
        self.path = folder / "scanner.sock"
        self.scanner = VirtualScanner("till-scanner", self.path, now=lambda: NOON)

    async def scan(self, *codes: str) -> None:
        await send_codes(self.path, codes)

    async def unplug(self) -> None:
        await self.scanner.close()


@pytest.fixture(params=[FakeStand, StreamStand, EvdevStand, VirtualStand])
async def stand(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stand]:
    made: Stand = request.param(tmp_path)
    yield made
    await made.unplug()
    await made.scanner.close()


async def take(scanner: Scanner, count: int) -> list[Scan]:
    scans = scanner.scans()
    return [await asyncio.wait_for(anext(scans), 5) for _ in range(count)]


async def test_it_is_a_scanner(stand: Stand) -> None:
    assert isinstance(stand.scanner, Scanner)


async def test_scans_come_in_order_numbered_from_one(stand: Stand) -> None:
    await stand.scanner.open()
    await stand.scan("8001234567895", "Ab-1")
    await stand.scan("]C110X\x1d21Y")

    assert await take(stand.scanner, 3) == [
        Scan("till-scanner", 1, "8001234567895", NOON),
        Scan("till-scanner", 2, "Ab-1", NOON),
        Scan("till-scanner", 3, "]C110X\x1d21Y", NOON),
    ]


async def test_the_same_code_twice_is_two_scans(stand: Stand) -> None:
    await stand.scanner.open()
    await stand.scan("8001234567895", "8001234567895")

    assert [scan.number for scan in await take(stand.scanner, 2)] == [1, 2]


async def test_a_scanner_that_was_not_opened_is_unavailable(stand: Stand) -> None:
    with pytest.raises(DeviceUnavailableError):
        await take(stand.scanner, 1)


async def test_who_waits_is_told_when_the_scanner_goes(stand: Stand) -> None:
    await stand.scanner.open()
    waiting = asyncio.ensure_future(take(stand.scanner, 1))
    await asyncio.sleep(0)

    await stand.unplug()

    with pytest.raises(DeviceUnavailableError):
        await waiting


async def test_what_was_read_before_it_went_is_still_delivered(stand: Stand) -> None:
    await stand.scanner.open()
    await stand.scan("1", "2")
    await stand.unplug()
    scans = stand.scanner.scans()

    assert [(await anext(scans)).code, (await anext(scans)).code] == ["1", "2"]
    with pytest.raises(DeviceUnavailableError):
        await anext(scans)


async def test_it_reads_on_after_closing_and_opening_again_and_counts_on(stand: Stand) -> None:
    await stand.scanner.open()
    await stand.scan("1")
    await take(stand.scanner, 1)
    await stand.unplug()
    await stand.scanner.close()

    await stand.scanner.open()
    await stand.scan("2")

    assert await take(stand.scanner, 1) == [Scan("till-scanner", 2, "2", NOON)]


async def test_closing_ends_the_iteration(stand: Stand) -> None:
    await stand.scanner.open()
    waiting = asyncio.ensure_future(take(stand.scanner, 1))
    await asyncio.sleep(0)

    await stand.scanner.close()

    with pytest.raises(DeviceUnavailableError):
        await waiting


async def test_opening_twice_and_closing_twice_change_nothing(stand: Stand) -> None:
    await stand.scanner.open()
    await stand.scanner.open()
    await stand.scan("1")
    assert [scan.code for scan in await take(stand.scanner, 1)] == ["1"]

    await stand.scanner.close()
    await stand.scanner.close()


async def test_who_stops_waiting_takes_no_scan_along(stand: Stand) -> None:
    await stand.scanner.open()
    for turn in range(4):
        waiting = asyncio.ensure_future(take(stand.scanner, 1))
        for _ in range(turn):
            await asyncio.sleep(0)
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting
    await stand.scan("1")

    assert [scan.code for scan in await take(stand.scanner, 1)] == ["1"]


async def test_times_are_in_utc(stand: Stand) -> None:
    await stand.scanner.open()
    await stand.scan("1")

    assert (await take(stand.scanner, 1))[0].at.utcoffset() == timedelta(0)
