"""What every drawer does alike: on every printer's connector, and under a name of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from commerce.errors import DeviceRefusedError, DeviceUnavailableError, OutcomeUnknownError
from terminal.devices.drawer.printer_drawer import PrinterDrawer
from terminal.devices.printer.virtual import VirtualCondition
from terminal.devices.protocols import CashDrawer
from tests.contract.printers import ALL, Bench


@pytest.fixture(params=list(ALL))
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    async with ALL[request.param](tmp_path) as bench:
        yield bench


@pytest.fixture(params=["printer", "own_name"])
def drawer(request: pytest.FixtureRequest, bench: Bench) -> CashDrawer:
    return bench.printer if request.param == "printer" else PrinterDrawer("drawer", bench.printer)


async def test_opens_once_per_call(bench: Bench, drawer: CashDrawer) -> None:
    await drawer.open_drawer()
    await drawer.open_drawer()

    assert bench.pulses() == 2


async def test_puts_nothing_on_paper(bench: Bench, drawer: CashDrawer) -> None:
    await drawer.open_drawer()

    assert bench.printed() == b""


async def test_does_not_open_by_itself_when_the_paper_is_back(bench: Bench, drawer: CashDrawer) -> None:
    bench.make(VirtualCondition.PAPER_OUT)

    with pytest.raises(DeviceRefusedError):
        await drawer.open_drawer()

    bench.make(VirtualCondition.WELL)
    assert bench.pulses() == 0


async def test_unplugged_it_is_unavailable(bench: Bench, drawer: CashDrawer) -> None:
    await bench.unplug()

    with pytest.raises(DeviceUnavailableError):
        await drawer.open_drawer()


async def test_without_an_answer_it_is_unknown_whether_it_opened(bench: Bench, drawer: CashDrawer) -> None:
    bench.break_at(1)

    with pytest.raises(OutcomeUnknownError):
        await drawer.open_drawer()
