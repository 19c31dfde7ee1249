"""Hands on the rows of the open sale: it goes on, nobody sees a raw error, and people and head office are told."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from commerce.ids import new_id
from terminal.services.commands import ChangeQuantity, CloseSession, VoidLine, VoidSale
from tests.terminal.services.test_integrity import CASH, three_sales
from tests.terminal.services.test_putting_right import execute, told
from tests.terminal.shop import BREAD, COFFEE, TestTill, running_till

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from commerce.basket import Basket

UNCHECKED = "PRAGMA ignore_check_constraints = on; PRAGMA foreign_keys = off;"
ROWS = {
    "sale taken away": "DELETE FROM sale",
    "sale voided": "UPDATE sale SET state = 'voided', ended_at = started_at WHERE state = 'open'",
    "sale completed": "UPDATE sale SET state = 'completed', ended_at = started_at, document = 'none'"
    " WHERE state = 'open'",
    "sale in no state": "PRAGMA ignore_check_constraints = 1; UPDATE sale SET state = 'x' WHERE state = 'open'",
    "sale in bytes": "PRAGMA ignore_check_constraints = 1; UPDATE sale SET state = x'ff' WHERE state = 'open'",
    "sale with another name": "UPDATE sale SET id = 'x' WHERE state = 'open'",
    "sale of somebody else": "UPDATE sale SET owner = 'x'",
    "not on the screen": "DELETE FROM current_sale",
    "on another screen": "UPDATE current_sale SET owner = 'x'",
    "another one on the screen": "UPDATE current_sale SET sale = 'x'",
    "sale in a state of bytes": f"{UNCHECKED} UPDATE sale SET state = x'00ff' WHERE state = 'open'",
    "open and parked": f"{UNCHECKED} UPDATE sale SET parked_at = started_at WHERE state = 'open'",
    "open and ended": f"{UNCHECKED} UPDATE sale SET ended_at = started_at WHERE state = 'open'",
    "open and with a document": f"{UNCHECKED} UPDATE sale SET document = 'x' WHERE state = 'open'",
    "bytes on the screen": f"{UNCHECKED} UPDATE current_sale SET sale = x'00ff'",
    "nothing but the journal": "DELETE FROM sale; DELETE FROM current_sale",
}
JOURNAL = {
    "journal taken away": "DELETE FROM basket_event",
    "journal nonsense": "UPDATE basket_event SET event = '{'",
    "journal without its beginning": "DELETE FROM basket_event WHERE position = 1",
    "journal of another sale": "UPDATE basket_event SET sale = 'x'",
    "journal and sale taken away": "DELETE FROM sale; DELETE FROM basket_event",
}
LINE = {"a line taken away": "DELETE FROM basket_event WHERE position = 3"}


async def selling(till: TestTill) -> Basket:
    """Sell, and leave a sale of two lines and a cut quantity open."""
    await three_sales(till)
    await till.scan(COFFEE, Decimal(3))
    await till.scan(BREAD)
    assert till.state.basket is not None
    await till.submit(ChangeQuantity(new_id(), till.state.basket.lines[0].id, Decimal(2)))
    assert till.state.basket is not None
    return till.state.basket


async def scan(till: TestTill) -> None:
    await till.scan(BREAD)
    assert till.state.basket is not None
    assert len(till.state.basket.lines) == 3


async def pay(till: TestTill) -> None:
    paid = await till.pay()
    assert paid.values["document"]["formatted"].endswith("000004")


async def part_pay(till: TestTill) -> None:
    await till.pay("voucher", 100)
    await till.pay()
    assert till.state.done is not None


async def void_line(till: TestTill) -> None:
    assert till.state.basket is not None
    await till.submit(VoidLine(new_id(), till.state.basket.lines[0].id))


async def void_sale(till: TestTill) -> None:
    await till.submit(VoidSale(new_id()))
    assert till.state.basket is None
    await till.sell()


ACTS: dict[str, Callable[[TestTill], Awaitable[None]]] = {
    "scan": scan,
    "pay": pay,
    "part pay": part_pay,
    "void line": void_line,
    "void sale": void_sale,
}


async def reopened(folder: Path) -> Basket | None:
    async with running_till(folder, fill=False) as till:
        return till.state.basket


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("what", ROWS | JOURNAL | LINE)
async def test_a_sale_goes_on_from_memory_whatever_became_of_its_rows(tmp_path: Path, what: str, act: str) -> None:
    async with running_till(tmp_path) as till:
        await selling(till)
        execute(tmp_path, (ROWS | JOURNAL | LINE)[what])
        await ACTS[act](till)
        await till.register.check_rows()
        basket = till.state.basket

    assert await reopened(tmp_path) == basket


@pytest.mark.parametrize("what", ROWS | JOURNAL | LINE)
async def test_a_running_till_notices_writes_its_sale_again_and_tells(tmp_path: Path, what: str) -> None:
    async with running_till(tmp_path) as till:
        basket = await selling(till)
        execute(tmp_path, (ROWS | JOURNAL | LINE)[what])
        await till.register.check_rows()
        await till.register.check_rows()

        assert [notice.code for notice in till.state.notices] == ["sale.rows_changed"]
        assert await told(till) == ["sale.rows_changed"]
        assert till.state.basket == basket
    assert await reopened(tmp_path) == basket


@pytest.mark.parametrize("what", ROWS)
async def test_a_start_takes_the_sale_up_from_what_is_left(tmp_path: Path, what: str) -> None:
    async with running_till(tmp_path) as till:
        basket = await selling(till)
    await asyncio.to_thread(execute, tmp_path, ROWS[what])

    async with running_till(tmp_path, fill=False) as till:
        assert till.state.basket == basket
        assert [notice.code for notice in till.state.notices] == ["sale.rows_changed"]
        assert await told(till) == ["sale.rows_changed"]
        await pay(till)


@pytest.mark.parametrize("what", JOURNAL)
async def test_a_start_that_cannot_read_the_sale_begins_anew_and_says_so(tmp_path: Path, what: str) -> None:
    async with running_till(tmp_path) as till:
        await selling(till)
    await asyncio.to_thread(execute, tmp_path, JOURNAL[what])

    async with running_till(tmp_path, fill=False) as till:
        assert till.state.basket is None
        assert [notice.code for notice in till.state.notices] == ["sale.rows_lost"]
        assert await told(till) == ["sale.rows_lost"]
        await till.sell()
        closed = (await till.submit(CloseSession(new_id(), CASH))).values["z"]
        assert closed["sales"] == 4


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sale SET state = 'open', ended_at = NULL, document = NULL WHERE rowid_is_last",
        "INSERT INTO current_sale SELECT owner, mode, 'x' FROM sale LIMIT 1",
    ],
)
@pytest.mark.parametrize("restarted", [False, True])
async def test_a_sale_that_ended_is_not_open_again_and_the_next_one_begins(
    tmp_path: Path, statement: str, restarted: bool
) -> None:
    statement = statement.replace("rowid_is_last", "id = (SELECT sale FROM current_sale)")
    statement = ("DELETE FROM current_sale; " if statement.startswith("INSERT") else "") + statement
    async with running_till(tmp_path) as till:
        await three_sales(till)
        if not restarted:
            execute(tmp_path, statement)
            assert (await till.sell()).values["document"]["formatted"].endswith("000004")
    if restarted:
        await asyncio.to_thread(execute, tmp_path, statement)
        async with running_till(tmp_path, fill=False) as till:
            assert till.state.basket is None
            assert (await till.sell()).values["document"]["formatted"].endswith("000004")


async def test_nothing_is_said_of_rows_that_nobody_changed(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        for act in (nothing_yet, selling, scan, void_line, part_pay, nothing_yet, again, void_sale):
            await act(till)
            await till.register.check_rows()
            assert till.state.notices == ()
        assert await told(till) == []
    async with running_till(tmp_path, fill=False) as till:
        assert till.state.notices == ()


async def again(till: TestTill) -> None:
    await till.scan(BREAD)


async def nothing_yet(_: TestTill) -> None:
    """Do nothing."""


@pytest.mark.parametrize("statement", ["DELETE FROM chain", "DELETE FROM session", "UPDATE session SET id = 'x'"])
@pytest.mark.parametrize("act", ["scan", "pay", "void sale"])
async def test_rows_that_a_write_needs_are_put_right_and_it_goes_on(tmp_path: Path, statement: str, act: str) -> None:
    async with running_till(tmp_path) as till:
        await selling(till)
        execute(tmp_path, statement)
        await ACTS[act](till)
        closed = till.state.basket is None and (await till.submit(CloseSession(new_id(), CASH))).values["z"]

        assert not closed or closed["z_number"] == 1
