"""One device, supervised by a fake clock."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from commerce.errors import DeviceUnavailableError
from terminal.devices.protocols import Availability, DeviceState, PrinterStatus, Scan
from terminal.devices.runner import DeviceRunner, Report, pause_s, watch_card_reader, watch_printer, watch_scanner


class EndOfTestError(BaseException):
    """Stops a runner, which nothing else does."""


class Clock:
    """Time that passes by sleeping only; after so many sleeps the test is over."""

    def __init__(self, sleeps: int) -> None:
        self.now = 0.0
        self.slept: list[float] = []
        self._sleeps = sleeps

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)
        if len(self.slept) >= self._sleeps:
            raise EndOfTestError

    def read(self) -> float:
        return self.now


class Printer:
    """Answers with each status in turn; an error among them is raised."""

    name = "receipts"

    def __init__(self, *statuses: PrinterStatus | Exception) -> None:
        self._statuses = list(statuses)
        self.is_busy = False
        self.asked = 0

    async def read_status(self) -> PrinterStatus:
        self.asked += 1
        status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
        if isinstance(status, Exception):
            raise status
        return status


class Scanner:
    """Has some scans per connection and then goes; at the end it cannot be opened any more."""

    name = "scanner"

    def __init__(self, *connections: list[str]) -> None:
        self._connections = list(connections)
        self._codes: list[str] = []
        self.closed = 0

    async def open(self) -> None:
        if not self._connections:
            raise DeviceUnavailableError("device.absent")
        self._codes = self._connections.pop(0)

    async def scans(self) -> AsyncIterator[Scan]:
        for number, code in enumerate(self._codes, 1):
            doubt = "press_lost" if code == "" else ""
            yield Scan(self.name, number, code, datetime(2026, 1, 1, tzinfo=UTC), doubt)
        raise DeviceUnavailableError("device.gone")

    async def close(self) -> None:
        self.closed += 1


WELL = PrinterStatus(online=True)
GONE = DeviceUnavailableError("link.unreachable")


async def run_printer(printer: Printer, clock: Clock) -> list[DeviceState]:
    published: list[DeviceState] = []
    watch = watch_printer(printer, every_s=5, sleep=clock.sleep)
    runner = DeviceRunner("receipts", "receipt_printer", watch, published.append, sleep=clock.sleep, clock=clock.read)
    with pytest.raises(EndOfTestError):
        await runner.run()
    return published


async def run_scanner(scanner: Scanner, taken: list[str], clock: Clock) -> list[DeviceState]:
    published: list[DeviceState] = []

    async def take(scan: Scan) -> None:
        if scan.code == "bad":
            raise ValueError(scan.code)
        taken.append(scan.code)

    watch = watch_scanner(scanner, take)
    runner = DeviceRunner("scanner", "scanner", watch, published.append, sleep=clock.sleep, clock=clock.read)
    with pytest.raises(EndOfTestError):
        await runner.run()
    return published


def test_pauses_grow_from_a_second_to_a_minute() -> None:
    assert [round(pause_s(failures), 2) for failures in range(9)] == [1, 1.8, 3.24, 5.83, 10.5, 18.9, 34.01, 60, 60]
    assert pause_s(10_000) == 60


async def test_a_device_that_stays_away_is_tried_with_growing_pauses() -> None:
    clock = Clock(sleeps=4)

    await run_printer(Printer(GONE), clock)

    assert [round(pause, 2) for pause in clock.slept] == [1, 1.8, 3.24, 5.83]


async def test_pauses_start_anew_after_the_device_was_there() -> None:
    clock = Clock(sleeps=5)

    await run_printer(Printer(GONE, GONE, WELL, GONE), clock)

    assert clock.slept[:5] == [1, 1.8, 5, 1, 1.8]


async def test_each_change_is_published_once() -> None:
    near_end = PrinterStatus(online=True, paper_near_end=True)
    out = PrinterStatus(online=False, paper_end=True)

    published = await run_printer(Printer(WELL, WELL, near_end, out, GONE, GONE, WELL), Clock(sleeps=8))

    assert [(state.availability, state.reason) for state in published] == [
        (Availability.READY, ""),
        (Availability.ATTENTION, "printer.paper_near_end"),
        (Availability.ATTENTION, "printer.paper_out"),
        (Availability.GONE, "link.unreachable"),
        (Availability.READY, ""),
    ]


async def test_going_and_returning_are_logged_once_each(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="terminal.devices.runner")

    await run_printer(Printer(WELL, GONE, GONE, GONE, WELL, WELL), Clock(sleeps=7))

    assert [record.getMessage() for record in caplog.records] == [
        "device receipts is gone: link.unreachable",
        "device receipts is back after 6 s",
    ]


async def test_a_printer_at_work_is_not_asked() -> None:
    printer = Printer(WELL)
    printer.is_busy = True

    await run_printer(printer, Clock(sleeps=3))

    assert printer.asked == 0


async def test_scans_arrive_in_order_across_a_replug() -> None:
    taken: list[str] = []
    scanner = Scanner(["1", "2"], ["3"])

    published = await run_scanner(scanner, taken, Clock(sleeps=3))

    assert taken == ["1", "2", "3"]
    assert scanner.closed == 3
    assert [state.availability for state in published] == ["ready", "gone", "ready", "gone", "gone"]


async def test_a_scan_that_is_not_taken_stops_no_later_one() -> None:
    taken: list[str] = []

    published = await run_scanner(Scanner(["1", "bad", "2"]), taken, Clock(sleeps=1))

    assert taken == ["1", "2"]
    assert [state.reason for state in published] == ["", "device.gone"]


async def test_a_bug_in_a_driver_takes_down_nothing_else() -> None:
    clock = Clock(sleeps=2)

    published = await run_printer(Printer(ZeroDivisionError()), clock)

    assert [state.reason for state in published] == ["device.driver_failed"]
    assert clock.slept == [1, 1.8]


async def test_a_runner_can_be_cancelled() -> None:
    async def watch(report: Report) -> None:
        await asyncio.Event().wait()

    run = asyncio.ensure_future(DeviceRunner("x", "scanner", watch, print).run())
    await asyncio.sleep(0)
    run.cancel()

    with pytest.raises(asyncio.CancelledError):
        await run


async def test_doubtful_scans_are_handed_on_and_counted_across_a_replug() -> None:
    taken: list[str] = []

    published = await run_scanner(Scanner(["1", ""], ["", "2"]), taken, Clock(sleeps=2))

    assert taken == ["1", "", "", "2"]
    assert [state.doubtful for state in published] == [0, 1, 1, 1, 2, 2]


async def test_each_reason_for_being_gone_is_shown_and_logged_when_it_changes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="terminal.devices.runner")
    reasons = ("device.absent", "device.absent", "device.no_permission", "device.busy", "device.busy", "device.absent")
    gone = [DeviceUnavailableError(reason) for reason in reasons]

    published = await run_printer(Printer(*gone, WELL), Clock(sleeps=7))

    assert [state.reason for state in published] == [
        "device.absent", "device.no_permission", "device.busy", "device.absent", ""
    ]  # fmt: skip
    assert [record.getMessage() for record in caplog.records] == [
        "device receipts is gone: device.absent",
        "device receipts is gone: device.no_permission",
        "device receipts is gone: device.busy",
        "device receipts is gone: device.absent",
        "device receipts is back after 41 s",
    ]


async def test_a_missing_device_is_tried_at_once_when_something_is_plugged_in() -> None:
    attempts: asyncio.Queue[None] = asyncio.Queue()

    async def watch(report: Report) -> None:
        attempts.put_nowait(None)
        raise DeviceUnavailableError("device.absent")

    runner = DeviceRunner("x", "scanner", watch, lambda state: None)
    run = asyncio.ensure_future(runner.run())
    for _ in range(8):  # by their pauses alone they would take four minutes
        await asyncio.wait_for(attempts.get(), 10)
        runner.wake()
    run.cancel()

    with pytest.raises(asyncio.CancelledError):
        await run


async def test_what_is_plugged_in_during_an_attempt_is_tried_right_after_it() -> None:
    attempts: asyncio.Queue[None] = asyncio.Queue()

    async def watch(report: Report) -> None:
        attempts.put_nowait(None)
        if attempts.qsize() == 1:
            runner.wake()
        raise DeviceUnavailableError("device.absent")

    runner = DeviceRunner("x", "scanner", watch, lambda state: None)
    run = asyncio.ensure_future(runner.run())
    async with asyncio.timeout(0.5):
        while attempts.qsize() < 2:  # noqa: ASYNC110 - no pause may lie between the two
            await asyncio.sleep(0)
    run.cancel()

    with pytest.raises(asyncio.CancelledError):
        await run


class CardReader:
    """Is there, or not, each time it is looked for; ``is_busy`` from its second time on."""

    name = "pos"

    def __init__(self, *is_there: bool, busy_from: int = 99) -> None:
        self._is_there = list(is_there)
        self._busy_from = busy_from
        self.looked_for = 0

    @property
    def is_busy(self) -> bool:
        return self.looked_for >= self._busy_from

    async def check(self) -> None:
        self.looked_for += 1
        if not self._is_there.pop(0):
            raise DeviceUnavailableError("card_reader.unreachable")


async def run_card_reader(reader: CardReader, clock: Clock) -> list[DeviceState]:
    published: list[DeviceState] = []
    watch = watch_card_reader(reader, every_s=5, sleep=clock.sleep)
    runner = DeviceRunner("pos", "card_reader", watch, published.append, sleep=clock.sleep, clock=clock.read)
    with pytest.raises(EndOfTestError):
        await runner.run()
    return published


async def test_a_card_reader_is_shown_as_there_and_gone_and_back() -> None:
    published = await run_card_reader(CardReader(True, False, True), Clock(3))

    assert [(state.availability, state.reason) for state in published] == [
        (Availability.READY, ""),
        (Availability.GONE, "card_reader.unreachable"),
        (Availability.READY, ""),
    ]


async def test_a_card_reader_at_work_is_left_alone() -> None:
    reader = CardReader(True, busy_from=1)

    await run_card_reader(reader, Clock(4))

    assert reader.looked_for == 1
