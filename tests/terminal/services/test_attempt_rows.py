"""Hands on what the open sale's cards left on the disk: the till starts, knows the money, and people are told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from commerce.errors import RuleError
from commerce.ids import new_id
from commerce.kinds import TenderState
from terminal.devices.card_reader.virtual import VirtualCardReader
from terminal.services.commands import RetryTender, VoidSale, VoidTender
from tests.terminal.services.test_cards import _request_of, card_till, loop_of, tender_of
from tests.terminal.services.test_putting_right import execute, told
from tests.terminal.shop import BREAD, COFFEE, running_till

if TYPE_CHECKING:
    from pathlib import Path

UNCHECKED = "PRAGMA ignore_check_constraints = on; PRAGMA foreign_keys = off; "
COLUMNS = ("id", "sale", "tender", "kind", "device", "currency", "amount", "number", "state", "reason", "at")
NONSENSE = [f"UPDATE tender_attempt SET {name} = {value}" for name in COLUMNS for value in ("x'00ff'", "'other'")]
ROWS = [
    *NONSENSE,
    "UPDATE tender_attempt SET reference = x'00ff'",
    "UPDATE tender_attempt SET amount = 1",
    "DELETE FROM tender_attempt",
    "INSERT INTO tender_attempt (id, sale, tender, kind, device, currency, amount, number, state, reason, at)"
    " SELECT 'x', sale, 'other', kind, device, currency, amount, number, 'started', '', at FROM tender_attempt",
    "INSERT INTO tender_attempt (id, sale, tender, kind, device, currency, amount, number, state, reason, at)"
    " SELECT 'x', sale, tender, kind, device, currency, amount, 7, 'declined', '', at FROM tender_attempt",
]
TENDER_TAKEN_OFF = "DELETE FROM basket_event WHERE position >= 3"
ANSWER_TAKEN_OFF = "DELETE FROM basket_event WHERE position = (SELECT max(position) FROM basket_event)"


async def take_a_card(folder: Path, *, is_answered: bool) -> VirtualCardReader:
    """Have a reader take 1.00 of an open sale; the till has heard of it, or went down before."""
    reader = VirtualCardReader("reader", folder / "card-reader")
    async with card_till(folder) as till:
        await till.ready()
        await till.scan(COFFEE)
        await till.scan(BREAD)
        await till.pay("card", 100)
        if is_answered:
            await loop_of(till, reader).work()
        else:
            (attempt,) = till.register.open_attempts()
            await till.register.start_attempt(attempt.id)
            await reader.pay(_request_of(attempt))
    return reader


@pytest.mark.parametrize("is_answered", [False, True])
@pytest.mark.parametrize("statement", ROWS)
async def test_whatever_is_in_the_rows_a_start_knows_the_money_and_sells_on(
    tmp_path: Path, statement: str, *, is_answered: bool
) -> None:
    reader = await take_a_card(tmp_path, is_answered=is_answered)
    await asyncio.to_thread(execute, tmp_path, UNCHECKED + statement)

    async with running_till(tmp_path, fill=False) as till:
        loop = loop_of(till, reader)
        await loop.settle_left_open()
        await loop.work()

        assert (tender_of(till).state, tender_of(till).amount) == (TenderState.APPROVED, 100)
        assert len(reader.acts()) == 1
        paid = await till.pay("cash")
        assert paid.values["document"]["formatted"].endswith("000001")
        assert set(await told(till)) == {"sale.rows_changed"}


@pytest.mark.parametrize("is_answered", [False, True])
async def test_money_whose_tender_somebody_took_away_stops_nothing_and_is_told(
    tmp_path: Path, *, is_answered: bool
) -> None:
    reader = await take_a_card(tmp_path, is_answered=is_answered)
    await asyncio.to_thread(execute, tmp_path, TENDER_TAKEN_OFF)

    for _ in range(2):
        async with running_till(tmp_path, fill=False) as till:
            loop = loop_of(till, reader)
            await loop.settle_left_open()
            await loop.work()
            assert [notice.code for notice in till.state.notices] == ["sale.rows_changed"]
            assert [attempt.is_open for attempt in till.state.attempts] == [False]
    async with running_till(tmp_path, fill=False) as till:
        await till.submit(VoidSale(new_id()))
        await till.sell()


async def test_a_card_whose_answer_somebody_took_away_is_not_asked_again(tmp_path: Path) -> None:
    reader = await take_a_card(tmp_path, is_answered=True)
    await asyncio.to_thread(execute, tmp_path, ANSWER_TAKEN_OFF)

    async with running_till(tmp_path, fill=False) as till:
        with pytest.raises(RuleError, match=r"tender\.approved"):
            await till.submit(RetryTender(new_id(), tender_of(till).id))
        await till.submit(VoidTender(new_id(), tender_of(till).id))
        await loop_of(till, reader).work()
        assert reader.balance() == 0


async def test_of_a_card_that_was_given_back_nothing_is_said(tmp_path: Path) -> None:
    reader = await take_a_card(tmp_path, is_answered=True)
    async with running_till(tmp_path, fill=False) as till:
        await till.submit(VoidTender(new_id(), tender_of(till).id))
        await loop_of(till, reader).work()

    async with running_till(tmp_path, fill=False) as till:
        assert (till.state.notices, await told(till)) == ((), [])
