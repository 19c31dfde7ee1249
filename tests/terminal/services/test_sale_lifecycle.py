"""Where each sale stands is stored by the act that changed it; a start reads it and infers nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from commerce.ids import new_id
from terminal.db import sales
from terminal.services.clock import ReplayClock
from terminal.services.commands import ChooseLanguage, CloseSession, NextSale, SignOff, VoidLine, VoidSale
from terminal.services.plan import place_of
from terminal.services.state import Screen
from tests.terminal.shop import COFFEE, TestTill, running_till

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from terminal.db.sales import SaleRow

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
async def till(tmp_path: Path) -> AsyncIterator[TestTill]:
    async with running_till(tmp_path) as till:
        await till.ready()
        yield till


async def row_of(till: TestTill, sale: str) -> SaleRow:
    row = await till.core.writer.run(lambda tx: sales.find_sale(tx, sale))
    assert row is not None
    return row


async def current(till: TestTill) -> SaleRow | None:
    return await till.core.writer.run(lambda tx: sales.find_current(tx, place_of(till.state)))


async def journals(till: TestTill) -> set[str]:
    return {row[0] for row in await till.core.readers.fetch_all("SELECT DISTINCT sale FROM basket_event")}


async def test_a_sale_is_stored_as_open_with_its_first_line(till: TestTill) -> None:
    sale = (await till.scan(COFFEE)).values["sale"]

    row = await row_of(till, sale)
    session = till.state.session
    assert session is not None
    assert (row.state, row.owner, row.mode) == ("open", till.state.till.id, "live")
    assert (row.drawer, row.session, row.ended_at) == (session.drawer, session.id, None)


async def test_a_completed_sale_is_stored_with_its_document(till: TestTill) -> None:
    done = (await till.sell(COFFEE)).values

    row = await row_of(till, done["sale"])
    assert (row.state, row.document) == ("completed", done["document"]["id"])
    assert row.ended_at is not None


async def test_a_sale_given_up_is_stored_as_voided(till: TestTill) -> None:
    sale = (await till.scan(COFFEE)).values["sale"]
    await till.submit(VoidSale(new_id()))

    assert (await row_of(till, sale)).state == "voided"
    assert (await current(till), await journals(till)) == (None, set())


async def test_an_empty_sale_ends_with_its_session(till: TestTill) -> None:
    sale = (await till.submit(ChooseLanguage(new_id(), "en"))).values["sale"]
    await till.submit(CloseSession(new_id(), 10_000))

    assert (await row_of(till, sale)).state == "voided"
    assert (await current(till), await journals(till)) == (None, set())


@pytest.mark.parametrize("leave", [NextSale, SignOff, lambda key: CloseSession(key, 10_000)])
async def test_leaving_the_screen_of_a_completed_sale_is_stored(till: TestTill, leave: type[NextSale]) -> None:
    await till.sell(COFFEE)
    assert await current(till) is not None

    await till.submit(leave(new_id()))

    assert (await current(till), await journals(till)) == (None, set())
    assert till.state.done is None


async def test_the_next_sale_takes_the_screen(till: TestTill) -> None:
    await till.sell(COFFEE)
    sale = (await till.scan(COFFEE)).values["sale"]

    row = await current(till)
    assert row is not None
    assert (row.id, await journals(till)) == (sale, {sale})


async def test_a_completed_sale_without_paper_is_back_after_a_restart(tmp_path: Path) -> None:
    async with running_till(tmp_path, mode="replay", clock=ReplayClock(START)) as till:
        await till.ready()
        await till.sell(COFFEE, amount=1000)
        before = till.state

    async with running_till(tmp_path, mode="replay", clock=ReplayClock(START), fill=False) as till:
        assert before.done is not None
        assert before.done.print is None
        assert (till.state.screen, till.state.done) == (Screen.DONE, before.done)


async def test_a_sale_that_follows_a_completed_one_is_the_one_that_comes_back(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        await till.sell(COFFEE)
        await till.scan(COFFEE)
        line = till.state.newest_line
        assert line is not None
        await till.submit(VoidLine(new_id(), line))
        before = till.state

    async with running_till(tmp_path, fill=False) as till:
        assert (till.state.screen, till.state.done) == (Screen.SELLING, None)
        assert till.state.basket == before.basket


async def test_an_open_sale_of_one_mode_is_not_there_in_another(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        sale = (await till.scan(COFFEE)).values["sale"]

    async with running_till(tmp_path, mode="training") as till:
        assert till.state.basket is None

    async with running_till(tmp_path, fill=False) as till:
        assert till.state.basket is not None
        assert till.state.basket.sale == sale
