"""What every receipt printer does alike, over every link and without hardware."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from commerce.errors import DeviceRefusedError, DeviceUnavailableError, OutcomeUnknownError
from terminal.devices.paper import PaperDocument, Row, Text
from terminal.devices.printer.escpos_render import render
from terminal.devices.printer.paper_view import read_paper
from terminal.devices.printer.profiles import PrinterProfile
from terminal.devices.printer.virtual import VirtualCondition
from terminal.devices.protocols import CashDrawer, ReceiptPrinter
from tests.contract.printers import ALL, Bench

RECEIPT = render(
    PaperDocument((Text("Forno Perché"), *(Row(f"Pane n. {number}", "1,20 €") for number in range(20)))),
    PrinterProfile(),
)


@pytest.fixture(params=list(ALL))
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    async with ALL[request.param](tmp_path) as bench:
        yield bench


async def test_is_a_receipt_printer_and_a_cash_drawer(bench: Bench) -> None:
    assert isinstance(bench.printer, ReceiptPrinter)
    assert isinstance(bench.printer, CashDrawer)


async def test_returns_when_every_byte_is_on_paper(bench: Bench) -> None:
    await bench.printer.print_bytes(RECEIPT)

    assert bench.printed() == RECEIPT


async def test_prints_one_receipt_after_the_other(bench: Bench) -> None:
    for _ in range(3):
        await bench.printer.print_bytes(RECEIPT)

    assert read_paper(bench.printed()).cuts == 3


async def test_prints_two_receipts_asked_for_at_once_one_after_the_other(bench: Bench) -> None:
    await asyncio.gather(bench.printer.print_bytes(RECEIPT), bench.printer.print_bytes(RECEIPT))

    assert bench.printed() == RECEIPT * 2


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        (VirtualCondition.PAPER_OUT, "printer.paper_out"),
        (VirtualCondition.COVER_OPEN, "printer.cover_open"),
        (VirtualCondition.OFFLINE, "printer.offline"),
        (VirtualCondition.ERROR, "printer.error"),
    ],
)
async def test_refuses_with_the_reason_and_prints_nothing_then_or_later(
    bench: Bench, condition: VirtualCondition, code: str
) -> None:
    bench.make(condition)

    with pytest.raises(DeviceRefusedError) as refused:
        await bench.printer.print_bytes(RECEIPT)

    assert refused.value.code == code
    bench.make(VirtualCondition.WELL)
    assert bench.printed() == b""


async def test_prints_while_the_paper_is_near_its_end(bench: Bench) -> None:
    bench.make(VirtualCondition.PAPER_NEAR_END)

    await bench.printer.print_bytes(RECEIPT)

    assert bench.printed() == RECEIPT


async def test_an_unplugged_printer_is_unavailable_and_prints_nothing(bench: Bench) -> None:
    await bench.unplug()

    with pytest.raises(DeviceUnavailableError):
        await bench.printer.print_bytes(RECEIPT)

    await bench.plug_in()
    assert bench.printed() == b""


async def test_unplugged_between_two_receipts_it_says_so_before_sending(bench: Bench) -> None:
    await bench.printer.print_bytes(RECEIPT)
    await bench.unplug()

    with pytest.raises(DeviceUnavailableError):
        await bench.printer.print_bytes(RECEIPT)


async def test_prints_again_by_itself_when_plugged_back_in(bench: Bench) -> None:
    await bench.printer.print_bytes(RECEIPT)
    await bench.unplug()
    await bench.plug_in()

    await bench.printer.print_bytes(RECEIPT)

    assert bench.printed() == RECEIPT * 2


async def test_unplugged_in_the_middle_of_a_receipt_the_outcome_is_unknown(bench: Bench) -> None:
    bench.break_at(300)

    with pytest.raises(OutcomeUnknownError):
        await bench.printer.print_bytes(RECEIPT)

    assert 0 < len(bench.printed()) < len(RECEIPT)


async def test_out_of_paper_in_the_middle_of_a_receipt_the_outcome_is_unknown(bench: Bench) -> None:
    bench.run_out_at(300)

    with pytest.raises(OutcomeUnknownError):
        await bench.printer.print_bytes(RECEIPT)

    assert bench.printed() == RECEIPT[:300]


async def test_after_running_out_it_is_refused_until_paper_is_in(bench: Bench) -> None:
    bench.run_out_at(300)
    with pytest.raises(OutcomeUnknownError):
        await bench.printer.print_bytes(RECEIPT)

    with pytest.raises(DeviceRefusedError) as refused:
        await bench.printer.print_bytes(RECEIPT)

    assert refused.value.code == "printer.paper_out"
    bench.make(VirtualCondition.WELL)
    await bench.printer.print_bytes(RECEIPT)
    assert bench.printed().endswith(RECEIPT)


@pytest.mark.parametrize("condition", [each for each in VirtualCondition if each != VirtualCondition.UNPLUGGED])
async def test_says_how_it_is(bench: Bench, condition: VirtualCondition) -> None:
    bench.make(condition)

    status = await bench.printer.read_status()

    assert status.online == (condition in (VirtualCondition.WELL, VirtualCondition.PAPER_NEAR_END))
    assert status.cover_open == (condition is VirtualCondition.COVER_OPEN)
    assert status.paper_end == (condition is VirtualCondition.PAPER_OUT)
    assert status.error == (condition is VirtualCondition.ERROR)
    assert status.paper_near_end == (condition in (VirtualCondition.PAPER_NEAR_END, VirtualCondition.PAPER_OUT))


async def test_status_of_an_unplugged_printer_is_unavailable(bench: Bench) -> None:
    await bench.unplug()

    with pytest.raises(DeviceUnavailableError):
        await bench.printer.read_status()


async def test_tells_when_the_last_byte_is_out_before_it_returns(bench: Bench) -> None:
    told: list[str] = []
    bench.printer.on_sent = lambda: told.append("sent")

    await bench.printer.print_bytes(RECEIPT)

    assert told == ["sent"]
