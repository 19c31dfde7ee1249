"""Hands on the rows beside the ledger: no Z leaves a sale out, no number is given twice, and head office is told."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from commerce.ids import new_id
from terminal.db.documents import find_content
from terminal.services.commands import CloseSession, SignOn
from terminal.services.damage import IdleCheck
from terminal.services.integrity import LedgerChangedError
from terminal.services.verification import verify_ledger
from tests.terminal.services.test_integrity import CASH, alarms, hands_on, three_sales, with_another_key
from tests.terminal.shop import ANNA, BRUNO, PIN, TestTill, running_till

if TYPE_CHECKING:
    from pathlib import Path

    from commerce.errors import StorageError

ROWS = {
    "session taken away": ("DELETE FROM session", "ledger.session_changed"),
    "session closed": (
        "UPDATE session SET closed_seq = 2, closed_chain = chain, closed_at = opened_at, z_number = 9",
        "ledger.session_changed",
    ),
    "session of another mode": ("UPDATE session SET mode = 'training'", "ledger.session_changed"),
    "session with another name": ("UPDATE session SET id = 'x'", "ledger.session_changed"),
    "session open with a Z's number": ("UPDATE session SET z_number = 9", "ledger.session_changed"),
    "session open with a word for a number": ("UPDATE session SET z_number = 'x'", "ledger.session_changed"),
    "session that began later": ("UPDATE session SET opened_seq = opened_seq + 3", "ledger.session_changed"),
    "opening cash": ("UPDATE session SET opening_cash = 1", "ledger.session_changed"),
    "counter more, of no period": (
        "INSERT INTO series_counter SELECT series, x'ff', 7, last_date FROM series_counter",
        "ledger.counter_changed",
    ),
    "counter far ahead": ("UPDATE series_counter SET last_number = 1 << 62", "ledger.counter_changed"),
    "counter at the end of all numbers": (
        "UPDATE series_counter SET last_number = 9223372036854775807",
        "ledger.counter_changed",
    ),
    "counter taken away": ("DELETE FROM series_counter", "ledger.counter_changed"),
    "counter back": ("UPDATE series_counter SET last_number = 1", "ledger.counter_changed"),
    "counter of no period": ("UPDATE series_counter SET period = x'00ff'", "ledger.counter_changed"),
    "dated ahead": ("UPDATE series_counter SET last_date = '2099-01-01'", "ledger.counter_changed"),
    "dated in bytes": ("UPDATE series_counter SET last_date = x'00ff'", "ledger.counter_changed"),
    "documents and counter taken away": ("DELETE FROM document; DELETE FROM series_counter", "ledger.document_missing"),
    "last document taken away": (
        "DELETE FROM document WHERE number = 3; UPDATE series_counter SET last_number = 2",
        "ledger.document_missing",
    ),
    "last document renumbered": (
        "UPDATE document SET number = 103 WHERE number = 3; UPDATE series_counter SET last_number = 2",
        "ledger.document_changed",
    ),
    "documents swapped": (
        "UPDATE document SET number = 99 WHERE number = 1; UPDATE document SET number = 1 WHERE number = 2",
        "ledger.document_changed",
    ),
}


def execute(folder: Path, script: str) -> None:
    with closing(hands_on(folder)) as connection:
        connection.executescript(script)


async def told(till: TestTill) -> list[str]:
    return [one.detail for one in await alarms(till) if one.code == "ledger_changed"]


async def the_fourth_sale_and_its_z(till: TestTill) -> tuple[str, int, int]:
    sold = await till.sell()
    closed = (await till.submit(CloseSession(new_id(), CASH))).values["z"]
    return sold.values["document"]["formatted"][-6:], closed["sales"], closed["z_number"]


@pytest.mark.parametrize("what", ROWS)
async def test_a_start_puts_right_what_stands_beside_the_ledger_and_tells_head_office(
    tmp_path: Path, what: str
) -> None:
    statement, code = ROWS[what]
    async with running_till(tmp_path) as till:
        await three_sales(till)
    await asyncio.to_thread(execute, tmp_path, statement)

    async with running_till(tmp_path, fill=False) as till:
        assert "ledger.rows_changed" in [notice.code for notice in till.state.notices]
        assert code in await told(till)
        assert await the_fourth_sale_and_its_z(till) == ("000004", 4, 1)
    assert [verdict.problem for verdict in verify_ledger(tmp_path / "ledger.db")] == [None]


@pytest.mark.parametrize("what", ["session taken away", "session closed", "session that began later"])
async def test_a_z_looks_as_well(tmp_path: Path, what: str) -> None:
    async with running_till(tmp_path) as till:
        await three_sales(till)
        execute(tmp_path, ROWS[what][0])
        closed = (await till.submit(CloseSession(new_id(), CASH))).values["z"]

        assert (closed["sales"], closed["z_number"]) == (3, 1)
        assert "ledger.session_changed" in await told(till)


FAR = ["9007199254740991", "1 << 62", "9223372036854775807", "'x'", "x'ff'"]


@pytest.mark.parametrize("number", FAR)
async def test_a_running_till_counts_on_from_what_it_signed(tmp_path: Path, number: str) -> None:
    async with running_till(tmp_path) as till:
        await three_sales(till)
        execute(tmp_path, f"UPDATE series_counter SET last_number = {number}")

        assert await the_fourth_sale_and_its_z(till) == ("000004", 4, 1)
        assert "ledger.counter_changed" in await told(till)


@pytest.mark.parametrize("number", FAR)
async def test_a_counter_that_no_sale_follows_holds_no_z_up(tmp_path: Path, number: str) -> None:
    async with running_till(tmp_path) as till:
        await three_sales(till)
        execute(tmp_path, f"UPDATE series_counter SET last_number = {number}")

        assert (await till.submit(CloseSession(new_id(), CASH))).values["z"]["sales"] == 3
    async with running_till(tmp_path, fill=False) as till:
        await till.ready()
        assert await the_fourth_sale_and_its_z(till) == ("000004", 1, 2)


async def test_a_counter_that_was_never_used_is_forgotten(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        chain = till.state.till.chain
    script = f"INSERT INTO series_counter VALUES ('{chain}/receipt', '2026', 1 << 62, '2026-01-01')"
    await asyncio.to_thread(execute, tmp_path, script)

    async with running_till(tmp_path, fill=False) as till:
        assert await told(till) == ["ledger.counter_changed"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE session SET z_number = 0 WHERE z_number = 1",
        "UPDATE session SET z_number = 700 WHERE z_number = 1",
        "DELETE FROM session WHERE z_number = 1",
        "DELETE FROM session WHERE position > 1;"
        " UPDATE session SET closed_seq = NULL, closed_chain = NULL, z_number = NULL",
    ],
)
async def test_no_z_is_given_twice_and_none_is_passed_over(tmp_path: Path, statement: str) -> None:
    async with running_till(tmp_path) as till:
        await three_sales(till)
        await till.submit(CloseSession(new_id(), CASH))
        await till.ready()
        await till.sell()
    await asyncio.to_thread(execute, tmp_path, statement)

    async with running_till(tmp_path, fill=False) as till:
        assert "ledger.session_changed" in await told(till)
        assert await the_fourth_sale_and_its_z(till) == ("000005", 2, 2)


async def test_nothing_is_put_right_by_what_nobody_signed(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        seqs = await three_sales(till)
    script = (
        "INSERT INTO entry SELECT chain, seq + 1, 'x', 'session_closed', at, business_day, till_session, header,"
        f" body, hash, signature, personal FROM entry WHERE seq = (SELECT max(seq) FROM entry);"
        f' UPDATE entry SET body = \'{{"document": {{"id": 7, "number": "9"}}}}\' WHERE seq = {seqs[1]}'
    )
    await asyncio.to_thread(execute, tmp_path, script)

    async with running_till(tmp_path, fill=False) as till:
        assert till.state.session is not None
        with pytest.raises(LedgerChangedError):
            await till.submit(CloseSession(new_id(), CASH))


async def test_an_alarm_that_the_table_says_was_raised_is_raised_unless_the_ledger_has_it(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        seqs = await three_sales(till)
    script = (
        "INSERT INTO alarm SELECT 'ledger_changed', chain || '/' || seq, 9 FROM entry;"
        f"UPDATE entry SET business_day = '2020-01-01' WHERE seq = {seqs[0]}"
    )
    await asyncio.to_thread(execute, tmp_path, script)

    for _ in range(2):
        async with running_till(tmp_path, fill=False) as till:
            assert await told(till) == ["ledger.column_changed"]


async def test_nobody_is_signed_on_by_a_row(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await three_sales(till)
        await till.submit(SignOn(new_id(), BRUNO, PIN))
    async with running_till(tmp_path, fill=False) as till:
        assert till.state.operator is not None
        assert till.state.operator.id == BRUNO
    name = f"'{ANNA}' WHERE key = 'operator'"
    await asyncio.to_thread(execute, tmp_path, f"UPDATE meta SET value = {name}")

    async with running_till(tmp_path, fill=False) as till:
        assert (till.state.operator, till.state.session is None) == (None, False)


async def test_after_a_new_key_there_is_nothing_to_put_right(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await three_sales(till)
    async with running_till(tmp_path, fill=False, identity=with_another_key()) as till:
        await till.sell()
        await till.submit(CloseSession(new_id(), CASH))
        await till.ready()
    async with running_till(tmp_path, fill=False, identity=with_another_key()) as till:
        assert (till.state.notices, await told(till)) == ((), [])
        assert till.state.session is not None
        assert till.state.session.opening_cash == 10_000


OLD_DOCUMENTS = {
    "taken away": ("DELETE FROM document WHERE number = 1", "ledger.document_missing"),
    "leads to another sale": (
        "UPDATE document SET seq = (SELECT seq FROM document WHERE number = 2) WHERE number = 1",
        "ledger.document_changed",
    ),
    "of another day": ("UPDATE document SET date = '2020-01-01' WHERE number = 1", "ledger.document_changed"),
}


@pytest.mark.parametrize("what", OLD_DOCUMENTS)
async def test_a_document_from_before_the_last_z_is_put_right_in_an_idle_moment(tmp_path: Path, what: str) -> None:
    statement, code = OLD_DOCUMENTS[what]
    async with running_till(tmp_path) as till:
        await three_sales(till)
        await till.submit(CloseSession(new_id(), CASH))
        before = await till.core.readers.fetch_all("SELECT * FROM document ORDER BY number")
    await asyncio.to_thread(execute, tmp_path, statement)

    async with running_till(tmp_path, fill=False) as till:
        damage: list[StorageError] = []
        check = IdleCheck(tmp_path / "ledger.db", lambda: True, damage.append, till.register.put_documents_right)
        for _ in range(40):
            await check.look()

        assert await till.core.readers.fetch_all("SELECT * FROM document ORDER BY number") == before
        assert await told(till) == [code]
        assert [notice.code for notice in till.state.notices] == ["ledger.rows_changed"]
        assert damage == []


async def test_a_copy_is_never_of_another_document(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await three_sales(till)
        document = await till.core.readers.fetch_one("SELECT id FROM document WHERE number = 1")
        assert document is not None
        execute(tmp_path, OLD_DOCUMENTS["leads to another sale"][0])

        assert await till.core.writer.run(lambda tx: find_content(tx, document[0])) is None


async def test_a_column_that_was_changed_long_ago_is_named_in_an_idle_moment(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        seqs = await three_sales(till)
        await till.submit(CloseSession(new_id(), CASH))
        execute(tmp_path, f"UPDATE entry SET business_day = '2020-01-01' WHERE seq = {seqs[0]}")
        damage: list[StorageError] = []
        check = IdleCheck(tmp_path / "ledger.db", lambda: True, damage.append, till.register.put_documents_right)
        for _ in range(40):
            await check.look()

        assert [(error.values["seq"], error.values["found"]) for error in damage] == [
            (seqs[0], "ledger.column_changed")
        ]
