"""Hands on the operating set in ``ledger.db``: nothing of it is used, head office hears, and central's comes back."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

import pytest

from commerce.errors import CentralUnreachableError, PosError
from terminal.services.rows_check import RowsCheck
from terminal.sync.pull import OPERATING, Puller
from terminal.sync.registries import TillRegistries
from tests.fakes.sends import Sends
from tests.terminal.shop import ANNA, BRUNO, COFFEE, SECRET, SHOP, TestTill, operating_changes, running_till, steady

if TYPE_CHECKING:
    from pathlib import Path

ROWS = {
    "settings": ("till_settings", SHOP, '"fiscal_required":false', '"fiscal_required":true'),
    "vat": ("vat_code", "vat-22", '"22.00"', '"4.00"'),
    "tender": ("tender_type", "tender-card", '"card"', '"cash"'),
    "rights": ("operator", ANNA, '"active":true', '"active":false'),
    "pin": ("operator", BRUNO, '"pin_verifier":"', '"pin_verifier":"00'),
}
WHERE = " WHERE kind = ? AND id = ?"


def meddle(folder: Path, which: str, how: str) -> str:
    """Change a row on the disk as somebody with a database tool would; return what is named."""
    kind, row_id, was, becomes = ROWS[which]
    with contextlib.closing(sqlite3.connect(folder / "ledger.db")) as hand:
        if how in ("content", "both"):
            changed = hand.execute(
                "UPDATE registry_row SET row = CAST(replace(row, ?, ?) AS BLOB)" + WHERE, (was, becomes, kind, row_id)
            )
            assert changed.rowcount == 1
        if how in ("digest", "both"):
            hand.execute("UPDATE registry_row SET digest = zeroblob(32)" + WHERE, (kind, row_id))
        if how == "version":
            hand.execute("UPDATE registry_row SET version = 99" + WHERE, (kind, row_id))
        if how == "type":
            hand.execute("UPDATE registry_row SET row = 5, digest = 'x', version = 'one'" + WHERE, (kind, row_id))
        if how == "deleted":
            hand.execute("DELETE FROM registry_row" + WHERE, (kind, row_id))
        if how == "added":
            hand.execute(
                "INSERT INTO registry_row SELECT kind, 'another', version, row, digest FROM registry_row" + WHERE,
                (kind, row_id),
            )
        hand.commit()
    return "operating" if how == "deleted" else f"{kind}/{'another' if how == 'added' else row_id}"


def registries_of(till: TestTill) -> TillRegistries:
    return TillRegistries(till.register, till.core.catalog, till.core.readers, till.core.identity)


async def alarms_of(till: TestTill) -> list[str]:
    rows = await till.core.readers.fetch_all(
        "SELECT json_extract(body, '$.code') || ' ' || json_extract(body, '$.subject') FROM entry"
        " WHERE kind = 'alarm_raised' ORDER BY seq"
    )
    return [row[0] for row in rows]


async def look(till: TestTill, folder: Path) -> None:
    await RowsCheck(folder / "ledger.db", SECRET, till.core.catalog, till.register.note_changed_rows).look()


async def heal(till: TestTill) -> Sends:
    sends = Sends({OPERATING: [operating_changes()]})
    await Puller(registries_of(till), sends).pull()
    return sends


HOWS = ["content", "digest", "both", "version", "type", "deleted", "added"]


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("which", ROWS)
async def test_a_row_changed_before_a_start_is_not_used_is_told_and_comes_back(
    tmp_path: Path, which: str, how: str
) -> None:
    async with running_till(tmp_path) as till:
        as_sent = till.state.operating
    name = meddle(tmp_path, which, how)

    async with running_till(tmp_path, fill=False) as till:
        assert list(till.state.operating.changed) == [name]
        assert [notice.code for notice in till.state.notices] == ["registry.changed"]
        assert await alarms_of(till) == [f"registry_changed {name}"]
        if how == "added":
            assert till.state.operating.rows == as_sent.rows
        else:
            assert till.state.operating.rows.keys() == as_sent.rows.keys() - {ROWS[which][:2]}
        sends = await heal(till)

        assert sends.asked[0] == (OPERATING, "")
        assert till.state.operating == as_sent
        assert till.state.operating.rows == as_sent.rows
        await till.ready()
        sold = await till.sell(COFFEE)
        assert sold.values["document"]
        await look(till, tmp_path)
        assert not till.state.operating.changed

    async with running_till(tmp_path, fill=False) as till:
        assert till.state.operating == as_sent
        assert len(await alarms_of(till)) == 1


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("which", ROWS)
async def test_a_row_changed_while_the_till_runs_changes_nothing_is_told_and_comes_back(
    tmp_path: Path, which: str, how: str
) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        as_sent = till.state.operating
        name = meddle(tmp_path, which, how)
        await look(till, tmp_path)
        await look(till, tmp_path)

        assert list(till.state.operating.changed) == [name]
        assert till.state.operating.rows == as_sent.rows
        assert [notice.code for notice in till.state.notices] == ["registry.changed"]
        assert await alarms_of(till) == [f"registry_changed {name}"]
        assert (await till.sell(COFFEE)).values["document"]
        assert (await heal(till)).asked[0] == (OPERATING, "")

        assert till.state.operating == as_sent
        await look(till, tmp_path)
        assert not till.state.operating.changed
        again = await heal(till)
        assert again.asked[0] == (OPERATING, "1.1.1")


async def test_nothing_is_said_where_nobody_had_hands_on_it(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        await look(till, tmp_path)
        before = steady(till.state)
    async with running_till(tmp_path, fill=False) as till:
        await look(till, tmp_path)

        assert steady(till.state) == before
        assert till.state.notices == ()
        assert await alarms_of(till) == []
        assert (await heal(till)).asked[0] == (OPERATING, "1.1.1")


@pytest.mark.parametrize("with_the_cursor", [False, True])
async def test_the_rows_of_another_day_do_not_stay(tmp_path: Path, with_the_cursor: bool) -> None:
    tables = ["registry_row", "meta"] + (["pull_cursor"] if with_the_cursor else [])
    async with running_till(tmp_path) as till:
        dumped = {table: await till.core.readers.fetch_all(f"SELECT * FROM {table}") for table in tables}
        newer = [change for change in operating_changes() if change.id != BRUNO]
        await till.register.apply_operating(newer, cursor="1.1.2", whole=True)
    with contextlib.closing(sqlite3.connect(tmp_path / "ledger.db")) as hand:
        for table, rows in dumped.items():
            hand.execute(f"DELETE FROM {table}")
            hand.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)
        hand.commit()

    async with running_till(tmp_path, fill=False) as till:
        assert BRUNO in till.state.operating.operators
        kept = await registries_of(till).cursor(OPERATING)
        assert kept == ("1.1.1" if with_the_cursor else None)  # either way central's newest comes


async def test_a_cursor_that_was_moved_begins_the_feed_anew(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.core.writer.run(lambda tx: tx.execute("UPDATE pull_cursor SET cursor = '1.1.9'"))

        assert (await heal(till)).asked[0] == (OPERATING, "")


async def test_an_operator_whose_row_was_changed_cannot_sign_on(tmp_path: Path) -> None:
    async with running_till(tmp_path):
        pass
    meddle(tmp_path, "rights", "content")

    async with running_till(tmp_path, fill=False) as till:
        with pytest.raises(PosError):
            await till.ready()
        await heal(till)
        await till.ready()
        assert till.state.operator is not None


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("wrong", ["none", "zeros", "of another version", "of another till"])
async def test_a_row_without_centrals_digest_is_not_taken(tmp_path: Path, wrong: str, whole: bool) -> None:
    async with running_till(tmp_path) as till:
        before, registries = till.state.operating, registries_of(till)
        secret = bytes(32) if wrong == "of another till" else SECRET
        sends = Sends({OPERATING: [operating_changes(cash_step=5)]}, secret=secret)
        sends.spoil = {
            "none": lambda change: change.model_copy(update={"digest": None}),
            "zeros": lambda change: change.model_copy(update={"digest": "00" * 32}),
            "of another version": lambda change: change.model_copy(update={"version": 77}),
            "of another till": lambda change: change,
        }[wrong]
        if whole:
            await till.register.note_changed_rows(["operating"])

        with pytest.raises(CentralUnreachableError) as caught:
            await Puller(registries, sends).pull()

        assert caught.value.code == "sync.row_digest"
        assert till.state.operating.rows == before.rows
