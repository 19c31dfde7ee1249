"""Hands on the rows of effects, counters and single values: nothing is left unprinted or repeated, no start fails."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from commerce.ids import new_id
from terminal.db import effects
from terminal.services.commands import CloseSession, OpenSession, PrintAgain, SignOn
from tests.terminal.services.test_integrity import CASH, three_sales
from tests.terminal.services.test_putting_right import execute, the_fourth_sale_and_its_z, told
from tests.terminal.shop import ANNA, PIN, TestTill, running_till

if TYPE_CHECKING:
    from pathlib import Path

    from terminal.db.effects import EffectRow

CHANGED = "ledger.effect_changed"
PRINTED = {
    "taken away": "DELETE FROM effect",
    "to be printed again": "UPDATE effect SET state = 'intended', open = 1 WHERE kind = 'print'",
    "never printed": "UPDATE effect SET state = 'not_done' WHERE kind = 'print'",
    "of another document": "UPDATE effect SET of = 'x' WHERE kind = 'print'",
}
WAITING = {
    "taken away": "DELETE FROM effect",
    "said to be done": "UPDATE effect SET state = 'done', open = 0",
    "not looked for any more": "UPDATE effect SET open = 0",
}


async def all_prints(till: TestTill) -> list[EffectRow]:
    rows = await till.core.readers.fetch_all(
        f"SELECT {effects.EFFECT_COLUMNS} FROM effect WHERE kind = 'print' ORDER BY id"
    )
    return [effects.read_effect(row) for row in rows]


async def printed(till: TestTill) -> list[EffectRow]:
    """Sell three times and print it all, one of them twice."""
    await three_sales(till)
    for row in await all_prints(till):
        await till.register.start_effect(row.id)
        await till.register.settle_effect(row.id, "done")
    again = await till.submit(PrintAgain(new_id(), row.id))
    await till.register.settle_effect(again.values["print"], "done")
    return await all_prints(till)


@pytest.mark.parametrize("column", ["id", "kind", "of", "title", "state"])
async def test_a_row_of_bytes_holds_no_z_up(tmp_path: Path, column: str) -> None:
    async with running_till(tmp_path) as till:
        await three_sales(till)
    script = f"UPDATE effect SET {column} = x'ff' WHERE position = (SELECT max(position) FROM effect)"
    await asyncio.to_thread(execute, tmp_path, script)

    async with running_till(tmp_path, fill=False) as till:
        assert CHANGED in await told(till)
        assert await the_fourth_sale_and_its_z(till) == ("000004", 4, 1)


@pytest.mark.parametrize("what", PRINTED)
async def test_what_was_printed_stays_printed(tmp_path: Path, what: str) -> None:
    async with running_till(tmp_path) as till:
        before = await printed(till)
    await asyncio.to_thread(execute, tmp_path, PRINTED[what])

    async with running_till(tmp_path, fill=False) as till:
        assert await all_prints(till) == before
        assert CHANGED in await told(till)
        opened = await till.core.writer.run(lambda tx: effects.list_open(tx, "print"))
        assert opened == []


@pytest.mark.parametrize("what", WAITING)
async def test_what_was_to_be_done_is_not_forgotten(tmp_path: Path, what: str) -> None:
    async with running_till(tmp_path, settings={"fiscal_required": True}) as till:
        await three_sales(till)
    await asyncio.to_thread(execute, tmp_path, WAITING[what])

    async with running_till(tmp_path, fill=False) as till:
        assert CHANGED in await told(till)
        opened = await till.core.writer.run(effects.list_open)
        states = {(row.kind, row.state) for row in opened}
        expected = "intended" if what == "not looked for any more" else "unknown"
        assert states == {(kind, expected) for kind in ("print", "fiscal", "drawer")}
        assert len(opened) == 9
        assert {row.title for row in opened} == {row.title for row in await all_prints(till)}


async def test_a_z_that_was_to_be_printed_is_not_forgotten(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await printed(till)
        await till.submit(CloseSession(new_id(), CASH))
    await asyncio.to_thread(execute, tmp_path, "DELETE FROM effect WHERE document_kind = 'z_report'")

    async with running_till(tmp_path, fill=False) as till:
        opened = await till.core.writer.run(lambda tx: effects.list_open(tx, "print"))
        assert [(row.title, row.state) for row in opened] == [("Z 1", "unknown")]


async def test_nothing_is_said_of_effects_that_nobody_changed(tmp_path: Path) -> None:
    async with running_till(tmp_path, settings={"fiscal_required": True}) as till:
        rows = await printed(till)
        await till.sell()
        newest = (await all_prints(till))[-1]
        await till.register.start_effect(newest.id)
        await till.register.settle_effect(newest.id, "unknown", "printer.silent")
        await till.submit(PrintAgain(new_id(), newest.id))
    async with running_till(tmp_path, fill=False) as till:
        assert till.state.notices == ()
        assert len(await all_prints(till)) == len(rows) + 2
        await till.submit(CloseSession(new_id(), CASH))
        assert await told(till) == []


NONSENSE = [
    "UPDATE effect SET baseline = 'x', reference = x'ff'",
    "INSERT OR REPLACE INTO meta VALUES ('trusted_sign', 'x')",
    "INSERT OR REPLACE INTO meta VALUES ('trusted_sign', '[1, 2, 3]')",
    "INSERT OR REPLACE INTO meta VALUES ('trusted_at', 'x')",
    "INSERT OR REPLACE INTO meta VALUES ('operator', 'x')",
    "DELETE FROM meta",
    "UPDATE series_counter SET last_number = 'x'",
    "UPDATE series_counter SET last_date = 'x'",
    "INSERT INTO series_counter SELECT series, 'x', 0, '2099-01-01' FROM series_counter",
    "INSERT INTO series_counter SELECT series, 'x', 'y', 'z' FROM series_counter",
    "DELETE FROM push_cursor",
    "DELETE FROM command",
    "DELETE FROM pin_attempt",
]


@pytest.mark.parametrize("with_a_z", [False, True])
@pytest.mark.parametrize("statement", NONSENSE)
async def test_no_nonsense_in_a_row_stops_a_start_or_moves_a_number(
    tmp_path: Path, statement: str, with_a_z: bool
) -> None:
    async with running_till(tmp_path) as till:
        await three_sales(till)
        if with_a_z:
            await till.submit(CloseSession(new_id(), CASH))
    await asyncio.to_thread(execute, tmp_path, statement)

    async with running_till(tmp_path, fill=False) as till:
        await till.submit(SignOn(new_id(), ANNA, PIN))
        if with_a_z:
            await till.submit(OpenSession(new_id(), 10_000))
        number, sales, z_number = await the_fourth_sale_and_its_z(till)
        assert (number, sales, z_number) == (("000004", 1, 2) if with_a_z else ("000004", 4, 1))
        sold = await till.core.readers.fetch_all("SELECT date FROM document")
        assert {row[0] for row in sold} == {"2026-11-23"}


async def test_a_counter_after_a_z_gives_no_date_of_its_own(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await three_sales(till)
        await till.submit(CloseSession(new_id(), CASH))
    await asyncio.to_thread(execute, tmp_path, "UPDATE series_counter SET last_date = '2099-01-01'")

    async with running_till(tmp_path, fill=False) as till:
        assert await told(till) == ["ledger.counter_changed"]
        await till.ready()
        assert (await till.sell()).values["document"]["date"] == "2026-11-23"
