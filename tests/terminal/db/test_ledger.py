"""Entries are appended and never change; what is unsent can be read in order."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from commerce.ledger import Head, verify_chain
from terminal.db import ledger
from terminal.db.connection import RowsAtOddsError
from tests.terminal.shop import running_till

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM entry",
        "DELETE FROM entry WHERE seq = 2",
        "UPDATE entry SET body = x'7b7d'",
        "UPDATE entry SET seq = seq + 1",
        "UPDATE entry SET personal = x'00'",
        "UPDATE entry SET header = header, hash = x'00' WHERE seq = 1",
        "REPLACE INTO entry SELECT chain, seq, id, kind, at, business_day, till_session, header, x'00', hash,"
        " signature, NULL FROM entry WHERE seq = 2",
    ],
)
async def test_an_entry_cannot_be_changed_or_deleted(tmp_path: Path, statement: str) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()

        with pytest.raises(RowsAtOddsError):
            await till.core.writer.run(lambda tx: tx.execute(statement))


async def test_personal_data_of_an_entry_can_be_erased(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        changed = await till.core.writer.run(lambda tx: tx.execute("UPDATE entry SET personal = NULL"))

    assert changed > 0


async def test_unsent_entries_are_read_in_order_and_complete(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        await till.sell()
        chain = till.core.chains.chain
        first = await ledger.read_unsent(till.core.readers, chain, 0, 3)
        rest = await ledger.read_unsent(till.core.readers, chain, first[-1].seq, 100)

    assert verify_chain(chain, [*first, *rest]).problem is None
    assert _count(first, rest) == rest[-1].seq


async def test_unsent_entries_are_read_up_to_so_many_bytes_but_never_none(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        await till.sell()
        chain, readers = till.core.chains.chain, till.core.readers
        whole = await ledger.read_unsent(readers, chain, 0, 100)
        sizes = [len(entry.header) + len(entry.body) for entry in whole]

        two = await ledger.read_unsent(readers, chain, 0, 100, sum(sizes[:2]))
        almost_two = await ledger.read_unsent(readers, chain, 0, 100, sum(sizes[:2]) - 1)
        one = await ledger.read_unsent(readers, chain, 1, 100, 1)

    assert [entry.seq for entry in two] == [1, 2]
    assert [entry.seq for entry in almost_two] == [1]
    assert [entry.seq for entry in one] == [2]


async def test_what_is_acknowledged_is_not_counted_as_unsent(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        chain, readers = till.core.chains.chain, till.core.readers
        before = await ledger.unsent_count(readers, till.core.chains.till)
        await till.core.writer.run(lambda tx: ledger.set_push_cursor(tx, chain, 2))

        assert await ledger.unsent_count(readers, till.core.chains.till) == before - 2
        assert await ledger.read_push_cursors(readers, till.core.chains.till) == {chain: 2}
        await till.core.writer.run(lambda tx: ledger.set_push_cursor(tx, chain, before))
        assert await ledger.oldest_unsent_at(readers, till.core.chains.till) is None


async def test_the_push_cursor_may_go_back(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        chain = till.core.chains.chain
        for seq in (3, 1):
            await till.core.writer.run(partial(ledger.set_push_cursor, chain=chain, acknowledged_seq=seq))

        assert await ledger.read_push_cursors(till.core.readers, till.core.chains.till) == {chain: 1}


async def test_a_commit_wakes_who_waits_for_entries(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        till.core.chains.committed.clear()
        await till.ready()

        assert till.core.chains.committed.is_set()


async def test_the_last_entry_is_found_without_a_walk(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        chain = till.core.chains.chain
        last = await till.core.writer.run(lambda tx: ledger.find_last_entry(tx, chain))
        entries = await ledger.read_unsent(till.core.readers, chain, 0, 100)

    assert last is not None
    assert last.head == Head(entries[-1].seq, entries[-1].hash)


def _count(*parts: Sequence[object]) -> int:
    return sum(len(part) for part in parts)
