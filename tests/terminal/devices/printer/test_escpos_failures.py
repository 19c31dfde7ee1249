"""What a printer on a wire can do wrong while it is sent to, and what the driver makes of it."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from commerce.errors import DeviceRefusedError, DeviceUnavailableError, OutcomeUnknownError
from terminal.devices.blocking_links import SerialSettings
from terminal.devices.links import DeviceFileLink, TcpLink, ready
from terminal.devices.printer.escpos_printer import EscPosPrinter
from terminal.devices.printer.escpos_render import drawer_pulse
from terminal.devices.printer.pace import Pace, PrinterTimeouts
from terminal.devices.printer.profiles import PROFILES, PrinterProfile
from terminal.devices.printer.virtual import VirtualCondition
from terminal.devices.protocols import ONE_WAY, PrinterStatus
from tests.contract.printers import FAST, QUICK, WIRED, WiredBench
from tests.fakes.printer import FakePrinter, FakePrinterServer, Mood

RECEIPT = b"\x1b@" + b"Pane 1,20\n" * 60 + b"\x1dV\x00"
LONG = b"\x1b@" + b"Pane 1,20\n" * 800 + b"\x1dV\x00"
HUGE = b"\x1b@" + b"x" * 12_000_000


@pytest.fixture(params=list(WIRED))
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[WiredBench]:
    async with WIRED[request.param](tmp_path) as bench:
        yield cast("WiredBench", bench)


@pytest.fixture
async def server() -> AsyncIterator[FakePrinterServer]:
    server = FakePrinterServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def printer(server: FakePrinterServer) -> AsyncIterator[EscPosPrinter]:
    printer = EscPosPrinter("receipts", TcpLink("127.0.0.1", server.port), profile=FAST, timeouts=QUICK)
    yield printer
    await printer.close()


async def unknown_code(printer: EscPosPrinter, job: bytes = RECEIPT) -> str:
    with pytest.raises(OutcomeUnknownError) as unknown:
        await printer.print_bytes(job)
    return unknown.value.code


async def test_a_printer_that_answers_no_question_is_sent_nothing(bench: WiredBench) -> None:
    bench.fake.printer.mood = Mood.MUTE

    with pytest.raises(DeviceUnavailableError) as unavailable:
        await bench.printer.print_bytes(RECEIPT)

    assert unavailable.value.code == "printer.no_answer"
    assert bench.printed() == b""


async def test_a_printer_that_answers_rubbish_is_sent_nothing(bench: WiredBench) -> None:
    bench.fake.printer.mood = Mood.GARBAGE

    with pytest.raises(DeviceUnavailableError):
        await bench.printer.print_bytes(RECEIPT)

    assert bench.printed() == b""


@pytest.mark.parametrize("mood", [Mood.MUTE, Mood.GARBAGE, Mood.HALF_CLOSE, Mood.RESET])
async def test_taking_every_byte_without_an_answer_is_not_printed(bench: WiredBench, mood: Mood) -> None:
    bench.fake.printer.mood, bench.fake.printer.mood_at = mood, len(RECEIPT)

    assert await unknown_code(bench.printer)


@pytest.mark.parametrize("mood", [Mood.MUTE, Mood.GARBAGE, Mood.STALL, Mood.HALF_CLOSE, Mood.RESET])
async def test_failing_in_the_middle_of_a_receipt_leaves_its_outcome_unknown(bench: WiredBench, mood: Mood) -> None:
    bench.fake.printer.mood, bench.fake.printer.mood_at = mood, 200

    assert await unknown_code(bench.printer)


async def test_answering_the_real_time_question_does_not_make_up_for_the_one_in_print_order(bench: WiredBench) -> None:
    bench.fake.printer.mood, bench.fake.printer.mood_at = Mood.MUTE_IN_PRINT_ORDER, 1

    assert await unknown_code(bench.printer) == "printer.no_answer"


async def test_a_printer_that_never_answers_in_print_order_is_found_out_before_anything_is_sent(
    bench: WiredBench,
) -> None:
    bench.fake.printer.mood = Mood.MUTE_IN_PRINT_ORDER

    with pytest.raises(DeviceUnavailableError) as unavailable:
        await bench.printer.print_bytes(RECEIPT)

    assert unavailable.value.code == "printer.no_answer"
    assert bench.printed() == b""


async def test_an_answer_owed_to_a_killed_till_is_not_taken_for_the_next_ones(bench: WiredBench) -> None:
    fake = bench.fake.printer
    fake.mood, fake.mood_at = Mood.LATE, 1
    fake.feed(RECEIPT + b"\x1dr\x01")
    fake.mood, fake.mood_at = Mood.MUTE_IN_PRINT_ORDER, len(fake.printed) + 1

    assert await unknown_code(bench.printer) == "printer.no_answer"


async def test_a_slow_printer_is_waited_for(bench: WiredBench) -> None:
    bench.fake.printer.mood, bench.fake.printer.mood_at = Mood.SLOW, 1

    await bench.printer.print_bytes(RECEIPT)

    assert bench.printed() == RECEIPT


async def test_status_sent_unasked_is_not_taken_for_an_answer(bench: WiredBench) -> None:
    bench.fake.printer.mood = Mood.TALKATIVE

    await bench.printer.print_bytes(RECEIPT)
    bench.fake.printer.mood, bench.fake.printer.mood_at = Mood.STALL, len(bench.fake.printer.printed) + 10

    assert await unknown_code(bench.printer)


async def test_a_late_answer_is_not_taken_for_the_next_receipts(bench: WiredBench) -> None:
    fake = bench.fake.printer
    fake.mood, fake.mood_at = Mood.LATE, 1
    await unknown_code(bench.printer)
    fake.mood, fake.mood_at = Mood.MUTE_IN_PRINT_ORDER, len(fake.printed) + 1

    assert await unknown_code(bench.printer) == "printer.no_answer"


async def test_after_an_unknown_outcome_the_next_receipt_prints(bench: WiredBench) -> None:
    fake = bench.fake.printer
    fake.mood, fake.mood_at = Mood.MUTE_IN_PRINT_ORDER, 1
    await unknown_code(bench.printer)
    fake.mood = Mood.WELL

    await bench.printer.print_bytes(RECEIPT)

    assert bench.printed().endswith(RECEIPT)


async def test_paper_running_out_is_named_as_the_reason_while_waiting(bench: WiredBench) -> None:
    bench.run_out_at(len(RECEIPT))

    assert await unknown_code(bench.printer) == "printer.paper_out"


async def test_paper_put_in_while_waiting_lets_the_receipt_count_as_printed(
    server: FakePrinterServer, printer: EscPosPrinter
) -> None:
    server.printer.paper_out_at = 300
    patient = EscPosPrinter("receipts", TcpLink("127.0.0.1", server.port), timeouts=PrinterTimeouts(status_s=5.0))

    def put_paper_in() -> None:
        asyncio.get_running_loop().call_later(0.05, server.resume)

    patient.on_sent = put_paper_in

    await patient.print_bytes(RECEIPT)

    assert bytes(server.printer.printed) == RECEIPT
    await patient.close()


async def test_status_questions_are_answered_in_the_middle_of_a_job(server: FakePrinterServer) -> None:
    answers = server.printer.feed(RECEIPT[:100] + b"\x10\x04\x01" + RECEIPT[100:])

    assert answers == b"\x12"
    assert bytes(server.printer.printed) == RECEIPT


async def test_a_stalled_printer_is_given_up_in_time(server: FakePrinterServer, printer: EscPosPrinter) -> None:
    server.printer.mood, server.printer.mood_at = Mood.STALL, 100
    began = time.monotonic()

    assert await unknown_code(printer, HUGE) == "link.stalled"
    assert time.monotonic() - began < QUICK.write_s + 2


async def test_a_second_program_on_the_printer_makes_it_unavailable_not_printed(
    server: FakePrinterServer, printer: EscPosPrinter
) -> None:
    _, other = await asyncio.open_connection("127.0.0.1", server.port)

    with pytest.raises(DeviceUnavailableError) as unavailable:
        await printer.print_bytes(RECEIPT)

    assert unavailable.value.code == "printer.no_answer"
    other.close()
    await other.wait_closed()


async def test_one_connection_serves_many_receipts(server: FakePrinterServer, printer: EscPosPrinter) -> None:
    for _ in range(3):
        await printer.print_bytes(RECEIPT)

    assert server.connections == 1


async def test_a_shared_printer_is_let_go_after_each_receipt(server: FakePrinterServer) -> None:
    link = TcpLink("127.0.0.1", server.port)
    printer = EscPosPrinter("receipts", link, profile=FAST, timeouts=QUICK, keep_open=False)

    await printer.print_bytes(RECEIPT)

    assert not link.is_open


async def test_an_interrupted_caller_leaves_no_connection_to_answer_late(server: FakePrinterServer) -> None:
    link = TcpLink("127.0.0.1", server.port)
    printer = EscPosPrinter("receipts", link, profile=FAST, timeouts=QUICK)
    server.printer.mood, server.printer.mood_at = Mood.MUTE_IN_PRINT_ORDER, 1

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await printer.print_bytes(RECEIPT)

    assert not link.is_open


async def test_by_real_time_confirmation_a_printer_that_is_well_has_printed(server: FakePrinterServer) -> None:
    profile = PrinterProfile(confirmation="realtime")
    printer = EscPosPrinter("receipts", TcpLink("127.0.0.1", server.port), profile, QUICK)
    server.printer.mood, server.printer.mood_at = Mood.MUTE_IN_PRINT_ORDER, 1

    await printer.print_bytes(RECEIPT)

    assert bytes(server.printer.printed) == RECEIPT
    await printer.close()


async def test_by_real_time_confirmation_a_printer_that_stopped_has_not(server: FakePrinterServer) -> None:
    profile = PrinterProfile(confirmation="realtime")
    printer = EscPosPrinter("receipts", TcpLink("127.0.0.1", server.port), profile, QUICK)
    server.printer.paper_out_at = 300

    assert await unknown_code(printer) == "printer.paper_out"


@pytest.mark.parametrize(
    ("open_is_high", "high", "is_open"), [(True, True, True), (True, False, False), (False, True, False)]
)
async def test_which_pin_level_means_an_open_drawer_is_a_setting(
    server: FakePrinterServer, open_is_high: bool, high: bool, is_open: bool
) -> None:
    profile = PrinterProfile(drawer_open_is_high=open_is_high)
    printer = EscPosPrinter("receipts", TcpLink("127.0.0.1", server.port), profile, QUICK)
    server.printer.drawer_high = high

    assert (await printer.read_status()).drawer_open is is_open
    await printer.close()


async def test_the_drawers_pin_is_a_setting(server: FakePrinterServer) -> None:
    printer = EscPosPrinter("receipts", TcpLink("127.0.0.1", server.port), PrinterProfile(drawer_pin=5), QUICK)

    await printer.open_drawer()

    assert bytes(server.printer.printed) == drawer_pulse(5)
    await printer.close()


async def test_status_waits_for_the_job_under_way(server: FakePrinterServer, printer: EscPosPrinter) -> None:
    server.printer.mood, server.printer.mood_at = Mood.SLOW, 1
    job = asyncio.ensure_future(printer.print_bytes(RECEIPT))
    await asyncio.sleep(0)

    assert printer.is_busy
    status = await printer.read_status()

    assert job.done()
    assert status.online


async def test_what_the_printer_keeps_is_on_disk_before_it_answers(tmp_path: Path) -> None:
    kept: list[bytes] = []
    fake = FakePrinter(keep=kept.append)

    answer = fake.feed(RECEIPT + b"\x1dr\x01")

    assert answer == b"\x00"
    assert b"".join(kept) == RECEIPT


async def test_a_cover_opened_in_the_middle_is_named(bench: WiredBench) -> None:
    bench.printer.on_sent = lambda: bench.make(VirtualCondition.COVER_OPEN)
    bench.fake.printer.mood, bench.fake.printer.mood_at = Mood.MUTE_IN_PRINT_ORDER, 1

    assert await unknown_code(bench.printer) == "printer.cover_open"


async def test_late_answers_of_a_slow_printer_are_not_taken_for_other_questions(server: FakePrinterServer) -> None:
    slow = PrinterTimeouts(open_s=2.0, status_s=0.1, write_s=0.8, answer_s=3.0, quiet_s=0.02)
    printer = EscPosPrinter("receipts", TcpLink("127.0.0.1", server.port), FAST, slow)
    fake = server.printer
    fake.drawer_high = True  # the bit that means "cover open" in the answer to the next question
    fake.mood, fake.mood_at = Mood.LATE, 1

    def hold_answers() -> None:
        fake.holds_realtime = True
        asyncio.get_running_loop().call_later(0.5, server.release)

    printer.on_sent = hold_answers

    await printer.print_bytes(RECEIPT)

    assert bytes(fake.printed) == RECEIPT
    await printer.close()


@pytest.mark.parametrize("owed", [b"\x16", b"\x16\x12", b"\x12\x16\x12\x12"])
async def test_answers_owed_to_an_earlier_connection_are_told_apart_from_the_present_ones(
    bench: WiredBench, owed: bytes
) -> None:
    bench.fake.printer.owed = owed

    status = await bench.printer.read_status()

    assert status == PrinterStatus(online=True, drawer_open=False)


async def test_a_receipt_that_takes_longer_than_the_waits_has_the_time_that_its_length_needs(
    server: FakePrinterServer,
) -> None:
    impatient = PrinterTimeouts(open_s=2.0, status_s=0.25, write_s=0.05, answer_s=0.05, quiet_s=0.02)
    printer = EscPosPrinter("receipts", TcpLink("127.0.0.1", server.port), timeouts=impatient)
    server.printer.mood, server.printer.mood_at = Mood.SLOW, 1

    await printer.print_bytes(LONG)

    assert bytes(server.printer.printed) == LONG
    await printer.close()


async def test_a_line_of_paper_and_a_byte_on_the_line_take_their_time() -> None:
    pace = Pace(bytes_per_s=SerialSettings("/dev/ttyS0").bytes_per_s, lines_per_s=10)

    assert SerialSettings("/dev/ttyS0").bytes_per_s == 960
    assert pace.seconds_for(b"Pane 1,20\n" * 96) == pytest.approx(1.0 + 9.6)


async def test_the_drawer_opens_in_the_middle_of_a_long_receipt(
    server: FakePrinterServer, printer: EscPosPrinter
) -> None:
    server.printer.mood, server.printer.mood_at = Mood.SLOW, 1
    job = asyncio.ensure_future(printer.print_bytes(LONG))
    await asyncio.sleep(0)

    await printer.open_drawer()
    await job

    assert len(server.printer.pulsed_at) == 1
    assert server.printer.pulsed_at[0] < len(LONG) / 2
    assert bytes(server.printer.printed) == LONG


async def test_the_drawer_opens_while_the_last_paper_is_waited_for(
    server: FakePrinterServer, printer: EscPosPrinter
) -> None:
    server.printer.mood, server.printer.mood_at = Mood.MUTE_IN_PRINT_ORDER, 1
    opening: list[asyncio.Future[None]] = []
    printer.on_sent = lambda: opening.append(asyncio.ensure_future(printer.open_drawer()))

    await unknown_code(printer)
    await opening[0]

    assert len(server.printer.pulsed_at) == 1


async def test_a_model_without_that_command_opens_the_drawer_after_the_receipt(server: FakePrinterServer) -> None:
    profile = PrinterProfile(drawer_realtime=False)
    printer = EscPosPrinter("receipts", TcpLink("127.0.0.1", server.port), profile, QUICK)
    job = asyncio.ensure_future(printer.print_bytes(RECEIPT))
    await asyncio.sleep(0)

    await printer.open_drawer()
    await job

    assert bytes(server.printer.printed) == RECEIPT + drawer_pulse()
    await printer.close()


async def test_a_drawer_that_waited_behind_a_receipt_that_was_never_sent_takes_its_own_turn(
    server: FakePrinterServer, printer: EscPosPrinter
) -> None:
    server.printer.cover_open = True
    job = asyncio.ensure_future(printer.print_bytes(RECEIPT))
    await asyncio.sleep(0)
    opening = asyncio.ensure_future(printer.open_drawer())

    async with asyncio.timeout(20):
        of_the_job, of_the_drawer = await asyncio.gather(job, opening, return_exceptions=True)

    assert isinstance(of_the_job, DeviceRefusedError)
    assert isinstance(of_the_drawer, DeviceRefusedError)
    assert server.printer.pulsed_at == []


@pytest.mark.parametrize("opens", [True, False])
async def test_with_a_sensor_a_drawer_that_stays_shut_is_told(server: FakePrinterServer, opens: bool) -> None:
    profile = PrinterProfile(drawer_sensor=True)
    printer = EscPosPrinter("receipts", TcpLink("127.0.0.1", server.port), profile, QUICK)
    server.printer.drawer_opens = opens

    if opens:
        await printer.open_drawer()
    else:
        with pytest.raises(DeviceRefusedError) as refused:
            await printer.open_drawer()
        assert refused.value.code == "drawer.stuck"
    await printer.close()


async def one_way_code(printer: EscPosPrinter, job: bytes) -> str:
    with pytest.raises(OutcomeUnknownError) as unknown:
        await printer.print_bytes(job)
    return unknown.value.code


async def test_a_printer_that_cannot_answer_prints_and_is_known_not_to_tell(bench: WiredBench) -> None:
    one_way = EscPosPrinter("receipts", bench.printer._link, PROFILES["generic-one-way"], QUICK)
    bench.fake.printer.mood = Mood.MUTE

    assert await one_way_code(one_way, RECEIPT) == ONE_WAY
    assert await one_way_code(one_way, RECEIPT) == ONE_WAY
    assert (await one_way.read_status()).online
    await bench.fake_has(len(RECEIPT) * 2)

    assert bytes(bench.fake.printer.received) == RECEIPT * 2


async def test_a_printer_that_cannot_answer_and_is_gone_is_unavailable(bench: WiredBench) -> None:
    one_way = EscPosPrinter("receipts", bench.printer._link, PROFILES["generic-one-way"], QUICK)
    await bench.unplug()

    with pytest.raises(DeviceUnavailableError):
        await one_way.print_bytes(RECEIPT)


async def test_a_device_that_only_takes_bytes_is_opened_for_writing(tmp_path: Path) -> None:
    link = DeviceFileLink(Path("/dev/null"))
    printer = EscPosPrinter("receipts", link, PROFILES["generic-one-way"], QUICK)

    assert await one_way_code(printer, RECEIPT) == ONE_WAY
    assert await one_way_code(printer, RECEIPT) == ONE_WAY
    await printer.close()


async def test_a_device_that_cannot_be_watched_is_tried_again() -> None:
    device = os.open("/dev/null", os.O_WRONLY)

    await ready(device, writing=True)

    os.close(device)
