"""Reading events from a descriptor."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress

import pytest

from commerce.errors import DeviceUnavailableError
from terminal.devices.scanner.decoder import DecoderSettings
from terminal.devices.scanner.keys import EVENT
from terminal.devices.scanner.recordings import compose_events
from terminal.devices.scanner.stream import EventSource, EventStreamScanner, descriptor_source
from tests.terminal.devices.scanner.support import FakeTimers, Pipes, read_fixture, turn_loop


async def take(scanner: EventStreamScanner, count: int) -> list[str]:
    scans = scanner.scans()
    return [(await asyncio.wait_for(anext(scans), 10)).code for _ in range(count)]


async def waiting_scans(scanner: EventStreamScanner) -> list[str]:
    """Return what has been read so far, closing the scanner."""
    await turn_loop()
    await scanner.close()
    codes: list[str] = []
    with suppress(DeviceUnavailableError):
        async for scan in scanner.scans():
            codes.append(scan.code)  # noqa: PERF401 what came before the error is wanted
    return codes


async def test_a_code_without_ending_is_read_when_silence_has_lasted() -> None:
    pipes, timers = Pipes(), FakeTimers()
    scanner = EventStreamScanner("s", pipes.connect, DecoderSettings(silence_ms=100), call_later=timers.call_later)
    await scanner.open()
    pipes.write(compose_events("12", ending="silence"))
    await turn_loop()

    timers.advance(0.099)
    pipes.write(compose_events("34", ending="silence", start_us=50_000))
    await turn_loop()
    timers.advance(0.099)
    await turn_loop()
    timers.advance(0.001)

    assert await take(scanner, 1) == ["1234"]
    await scanner.close()
    pipes.unplug()


async def test_events_that_came_while_the_loop_was_held_up_are_read_before_silence_counts() -> None:
    pipes, timers = Pipes(), FakeTimers()
    scanner = EventStreamScanner("s", pipes.connect, call_later=timers.call_later)
    await scanner.open()
    pipes.write(compose_events("12", ending="silence"))
    await turn_loop()

    pipes.write(compose_events("34", start_us=20_000))
    timers.advance(5)

    assert await waiting_scans(scanner) == ["1234"]
    pipes.unplug()


async def test_codes_by_silence_do_not_need_a_clock_in_step_with_the_events() -> None:
    pipes, timers = Pipes(), FakeTimers()
    scanner = EventStreamScanner("s", pipes.connect, call_later=timers.call_later)
    await scanner.open()

    for start_us in (9_000_000_000_000, 0):
        pipes.write(compose_events("12", ending="silence", start_us=start_us))
        await turn_loop()
        timers.advance(1)

    assert await waiting_scans(scanner) == ["12", "12"]
    pipes.unplug()


async def test_unplugged_in_the_middle_drops_the_half_code() -> None:
    data, facts = read_fixture("us-keyboard/unplugged")
    pipes, timers = Pipes(), FakeTimers()
    scanner = EventStreamScanner("s", pipes.connect, call_later=timers.call_later)
    await scanner.open()
    pipes.write(data)
    pipes.unplug()
    await turn_loop()
    timers.advance(10)

    assert await waiting_scans(scanner) == facts["codes"]


async def test_the_rest_of_a_code_after_a_replug_does_not_join_the_half_before() -> None:
    pipes = Pipes()
    scanner = EventStreamScanner("s", pipes.connect)
    await scanner.open()
    pipes.write(compose_events("12", ending="silence"))
    await turn_loop()
    pipes.unplug()
    await turn_loop()

    await scanner.open()
    pipes.write(compose_events("34"))

    assert await take(scanner, 1) == ["34"]
    await scanner.close()
    pipes.unplug()


async def test_who_reads_learns_why_the_scanner_went() -> None:
    pipes = Pipes()
    scanner = EventStreamScanner("s", pipes.connect)
    await scanner.open()
    pipes.unplug()

    with pytest.raises(DeviceUnavailableError) as caught:
        await take(scanner, 1)

    assert (caught.value.code, caught.value.values) == ("device.absent", {"device": "s"})


async def test_a_connection_that_is_reset_is_an_absent_device() -> None:
    ours, theirs = socket.socketpair()
    ours.send(b"unread")

    async def connect() -> EventSource:
        return descriptor_source(ours.detach())

    scanner = EventStreamScanner("s", connect)
    await scanner.open()
    theirs.close()

    with pytest.raises(DeviceUnavailableError, match=r"device\.absent"):
        await take(scanner, 1)


async def test_a_descriptor_that_cannot_be_read_is_a_failed_device() -> None:
    reading, writing = os.pipe()

    async def connect() -> EventSource:
        return descriptor_source(writing)

    scanner = EventStreamScanner("s", connect)
    await scanner.open()
    os.close(reading)

    with pytest.raises(DeviceUnavailableError, match=r"device\.failed"):
        await take(scanner, 1)


async def test_closing_gives_the_descriptor_back() -> None:
    closed: list[int] = []
    reading, writing = os.pipe()

    async def connect() -> EventSource:
        os.set_blocking(reading, False)
        return EventSource(reading, lambda: closed.append(reading))

    scanner = EventStreamScanner("s", connect)
    await scanner.open()
    await scanner.close()
    os.write(writing, compose_events("1"))
    await turn_loop()

    assert closed == [reading]
    assert os.read(reading, EVENT.size)  # nobody else has taken it
    os.close(reading)
    os.close(writing)


async def test_a_thousand_codes_written_without_a_pause_arrive_in_order() -> None:
    codes = [f"{number:013}" for number in range(1000)]
    data = b"".join(compose_events(code, start_us=number * 28_000) for number, code in enumerate(codes))
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    async def connect() -> EventSource:
        return descriptor_source(reading)

    scanner = EventStreamScanner("s", connect)
    await scanner.open()
    taking = asyncio.ensure_future(take(scanner, 1000))
    while data:
        with suppress(BlockingIOError):
            data = data[os.write(writing, data[:5000]) :]  # 5000 is no multiple of an event's size
        await asyncio.sleep(0)

    assert await taking == codes
    await scanner.close()
    os.close(writing)


async def test_two_scanners_used_at_once_do_not_mix() -> None:
    stands = [(Pipes(), *read_fixture(f"us-keyboard/two-at-once-{letter}")) for letter in "ab"]
    scanners = [EventStreamScanner("s", pipes.connect) for pipes, _, _ in stands]
    for scanner in scanners:
        await scanner.open()
    events = sorted(
        (EVENT.unpack_from(data, at)[:2], at, pipes, data[at : at + EVENT.size])
        for pipes, data, _ in stands
        for at in range(0, len(data), EVENT.size)
    )
    for _, _, pipes, event in events:
        pipes.write(event)
        await asyncio.sleep(0)

    for scanner, (pipes, _, facts) in zip(scanners, stands, strict=True):
        assert await take(scanner, 2) == facts["codes"]
        await scanner.close()
        pipes.unplug()


async def test_a_discarded_code_is_logged_with_its_reason_and_without_its_content(
    caplog: pytest.LogCaptureFixture,
) -> None:
    pipes = Pipes()
    scanner = EventStreamScanner("till-scanner", pipes.connect)
    await scanner.open()
    pipes.write(read_fixture("us-keyboard/events-lost")[0])

    assert len(await take(scanner, 2)) == 2
    assert [record.getMessage() for record in caplog.records] == [
        "till-scanner: a doubtful code was thrown away: events_lost"
    ]
    await scanner.close()
    pipes.unplug()


@pytest.mark.soak
async def test_twenty_scans_a_second_for_ten_minutes_are_all_read_in_order() -> None:
    codes = [f"{number:013}" for number in range(12_000)]
    pipes = Pipes()
    scanner = EventStreamScanner("s", pipes.connect)
    await scanner.open()
    scans = scanner.scans()

    for number, code in enumerate(codes):
        pipes.write(compose_events(code, start_us=number * 50_000))
        scan = await anext(scans)
        assert (scan.number, scan.code) == (number + 1, code)

    await scanner.close()
    pipes.unplug()


async def test_a_doubtful_code_is_handed_out_as_a_doubt_with_a_number_of_its_own() -> None:
    pipes = Pipes()
    scanner = EventStreamScanner("s", pipes.connect, DecoderSettings(max_length=5))
    await scanner.open()
    pipes.write(compose_events("12345") + compose_events("123456") + compose_events("54321"))
    scans = scanner.scans()

    found = [await asyncio.wait_for(anext(scans), 10) for _ in range(3)]

    assert sorted((scan.code, scan.doubt) for scan in found) == [("", "too_long"), ("12345", ""), ("54321", "")]
    assert [scan.number for scan in found] == [1, 2, 3]
    await scanner.close()
    pipes.unplug()
