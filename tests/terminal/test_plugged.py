"""Several printers and drawers on one till: documents go where the settings say, and the ledger names the device."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

import orjson
import pytest

from commerce.ids import new_id
from terminal.config import DevicesSection
from terminal.devices.fiscal_register.fake import FakeFiscalRegister
from terminal.devices.plugging import Plugging
from terminal.devices.protocols import Availability
from terminal.devices.registry import Surroundings
from terminal.plugged import Plugged, device_loops, effect_loops, plug_in, routes_of
from terminal.services import effects
from terminal.services.commands import CloseSession, PrintAgain
from terminal.services.paperwork import Paperwork
from tests.terminal.shop import TestTill, running_till

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from terminal.devices.protocols import Scan

TWO_OF_EACH: dict[str, object] = {
    "printers": [
        {"name": "Receipts", "driver": "virtual"},
        {"name": "Office", "driver": "virtual", "prints": ["z_report"]},
    ],
    "drawers": [
        {"name": "Left", "options": {"printer": "Receipts"}, "drawers": ["main"]},
        {"name": "Right", "options": {"printer": "Office"}},
    ],
}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [None, None, None, None, None]),
        ({"printers": [{"name": "P", "driver": "virtual"}]}, ["P", "P", "P", "P", None]),
        (TWO_OF_EACH, ["Receipts", "Office", "Left", "Right", None]),
        (
            {"printers": [{"name": "P", "driver": "virtual", "prints": ["receipt"]}]},
            ["P", "P", "P", "P", None],
        ),
        ({"fiscal_register": {"name": "RT", "driver": "fake"}}, [None, None, None, None, "RT"]),
    ],
)
def test_settings_say_which_device_does_what(settings: dict[str, object], expected: list[str | None]) -> None:
    routes = routes_of(DevicesSection.model_validate(settings))

    assert [
        routes.device_for("print", "receipt", "main"),
        routes.device_for("print", "z_report", "main"),
        routes.device_for("drawer", "receipt", "main"),
        routes.device_for("drawer", "receipt", "other"),
        routes.device_for("fiscal", "receipt", "main"),
    ] == expected


async def nobody(_: Scan) -> None:
    """No scanner is plugged in here."""


def plugged_into(folder: Path, settings: dict[str, object]) -> Plugged:
    around = Surroundings(folder, lambda: date(2026, 11, 23))
    return plug_in(DevicesSection.model_validate(settings), around, nobody, lambda state: None, lambda step: None)


@asynccontextmanager
async def shop(folder: Path, settings: dict[str, object]) -> AsyncIterator[TestTill]:
    routes = routes_of(DevicesSection.model_validate(settings))
    async with running_till(folder, routes=routes) as till:
        await till.ready()
        yield till


async def act(till: TestTill, plugged: Plugged) -> None:
    """Let every device do what waits for it."""
    paperwork = Paperwork(till.core.register, till.core.readers)
    acting, _ = effect_loops(plugged, effects.Surroundings(paperwork, till.clock.now), paperwork)
    await asyncio.gather(*(loop.work() for loop in acting))


async def devices_in_the_ledger(till: TestTill, kind: str) -> list[tuple[str, str | None]]:
    rows = await till.core.readers.fetch_all("SELECT body FROM entry WHERE kind = ? ORDER BY seq", (kind,))
    return [(body["kind"], body["device"]) for body in (orjson.loads(row[0]) for row in rows)]


async def test_each_document_comes_out_where_the_settings_say(tmp_path: Path) -> None:
    plugged = plugged_into(tmp_path, TWO_OF_EACH)
    async with shop(tmp_path, TWO_OF_EACH) as till:
        await till.sell()
        await act(till, plugged)
        await till.submit(CloseSession(new_id(), 0))
        await act(till, plugged)
        settled = await devices_in_the_ledger(till, "effect_settled")
        intended = await devices_in_the_ledger(till, "effect_intended")

    receipts, office = plugged.printers["Receipts"], plugged.printers["Office"]
    assert (receipts.job_numbers(), receipts.drawer_pulses()) == ([1], 1)  # type: ignore[union-attr]
    assert (office.job_numbers(), office.drawer_pulses()) == ([1], 0)  # type: ignore[union-attr]
    assert sorted(settled) == [("drawer", "Left"), ("print", "Office"), ("print", "Receipts")]
    assert intended == [("print", "Office")]


async def test_what_waited_for_a_device_that_is_no_longer_there_goes_to_the_one_that_takes_all_others(
    tmp_path: Path,
) -> None:
    before: dict[str, object] = {"printers": [{"name": "Old", "driver": "virtual"}]}
    plugged = plugged_into(tmp_path, TWO_OF_EACH)
    async with shop(tmp_path, before) as till:
        await till.sell()
        await act(till, plugged)

    assert plugged.printers["Receipts"].job_numbers() == [1]  # type: ignore[union-attr]
    assert plugged.printers["Office"].job_numbers() == []  # type: ignore[union-attr]


async def test_a_copy_comes_out_of_the_same_printer(tmp_path: Path) -> None:
    plugged = plugged_into(tmp_path, TWO_OF_EACH)
    async with shop(tmp_path, TWO_OF_EACH) as till:
        await till.submit(CloseSession(new_id(), 0))
        await act(till, plugged)
        (report,) = await till.core.readers.fetch_all("SELECT id FROM effect WHERE kind = 'print'")
        await till.submit(PrintAgain(new_id(), report[0]))
        await act(till, plugged)

    assert plugged.printers["Office"].job_numbers() == [1, 2]  # type: ignore[union-attr]


async def test_a_fiscal_register_that_does_not_answer_is_shown_until_it_does(tmp_path: Path) -> None:
    settings: dict[str, object] = {"fiscal_register": {"name": "RT", "driver": "fake"}}
    plugged = plugged_into(tmp_path, settings)
    register = plugged.fiscal_register
    assert isinstance(register, FakeFiscalRegister)
    shown: list[tuple[str, str]] = []
    async with running_till(tmp_path, settings={"fiscal_required": True}) as till:
        await till.ready()
        paperwork = Paperwork(till.core.register, till.core.readers)
        acting, _ = effect_loops(plugged, effects.Surroundings(paperwork, till.clock.now), paperwork)
        for register.reachable in (False, True):
            await till.sell()
            await acting[-1].work()
            (state,) = plugged.list_states()
            shown.append((state.availability.value, state.reason))

    assert shown == [("gone", "fiscal_register.no_answer"), ("ready", "")]


async def test_without_any_device_a_sale_says_so(tmp_path: Path) -> None:
    plugged = plugged_into(tmp_path, {})
    async with shop(tmp_path, {}) as till:
        await till.sell()
        await act(till, plugged)
        rows = await till.core.readers.fetch_all("SELECT kind, state, reason FROM effect ORDER BY kind")

    assert [tuple(row) for row in rows] == [
        ("drawer", "not_done", "drawer.none"),
        ("print", "not_done", "printer.none"),
    ]


async def test_a_card_reader_of_the_settings_is_shown_and_looked_after(tmp_path: Path) -> None:
    plugged = plugged_into(tmp_path, {"card_readers": [{"name": "POS", "driver": "virtual"}]})
    (runner,) = plugged.runners
    is_shown = asyncio.Event()
    plugged.publish = lambda state: is_shown.set()

    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(runner.run())
        await is_shown.wait()
        watching.cancel()

    (state,) = plugged.list_states()
    assert list(plugged.card_readers) == ["POS"]
    assert (state.name, state.kind, state.availability) == ("POS", "card_reader", Availability.READY)


async def test_each_time_something_is_plugged_in_a_missing_scanner_is_tried_at_once(tmp_path: Path) -> None:
    folder, shown = tmp_path / "input", asyncio.Queue[str]()
    folder.mkdir()
    node = folder / "event5"
    scanner = {"name": "Scanner", "driver": "evdev", "options": {"path": str(node)}}
    plugged = plugged_into(tmp_path, {"scanners": [scanner]})
    plugged.publish = lambda state: shown.put_nowait(state.reason)
    loops = device_loops(plugged, partial(Plugging, folder=folder, listen=lambda: None))
    reasons: list[str] = []

    running = [asyncio.ensure_future(loop.run()) for loop in loops]
    for number in range(8):  # by the pauses of its runner alone they would take four minutes
        reasons.append(await asyncio.wait_for(shown.get(), 10))
        if node.exists():  # gone again, and something else comes
            node.unlink()
            (folder / f"mouse{number}").touch()
        else:  # there, though no scanner
            node.touch()
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)

    assert reasons == ["device.absent", "device.failed"] * 4
