"""What waits for central: counted and handed over from memory, and from the ledger where memory does not reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from terminal.db import ledger
from terminal.sync.outbox import LedgerOutbox
from tests.terminal.shop import COFFEE, TestTill, running_till

if TYPE_CHECKING:
    from pathlib import Path


def outbox_of(folder: Path, till: TestTill) -> LedgerOutbox:
    core = till.core
    return LedgerOutbox(folder, core.writer, core.readers, core.chains, core.register.open_new_chain, core.now)


async def test_a_commit_counts_as_unsent_without_asking_the_ledger(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        outbox = outbox_of(tmp_path, till)
        await outbox.count()
        before = outbox.unsent
        await till.ready()
        await till.sell()
        outbox.note_commit()

        assert outbox.unsent == before + 3 == await ledger.unsent_count(till.core.readers, till.core.chains.till)
        assert outbox.since is not None


async def test_what_was_committed_just_now_is_the_same_from_memory_as_from_the_ledger(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        chains = till.core.chains
        start = chains.head.seq
        await till.ready()
        await till.sell()
        remembered = chains.remembered(chains.chain, start)

        assert remembered == await ledger.read_unsent(till.core.readers, chains.chain, start, 100)
        assert len(remembered) == 3


async def test_what_memory_no_longer_has_is_read_from_the_ledger(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        for _ in range(40):
            await till.sell()
        chains, outbox = till.core.chains, outbox_of(tmp_path, till)
        batch = await outbox.next_batch(500)

        assert chains.remembered(chains.chain, 0) == []
        assert batch is not None
        assert [entry.seq for entry in batch.entries] == list(range(1, chains.head.seq + 1))


async def test_entries_of_an_older_chain_go_first_and_then_those_of_the_new_one(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        chains, outbox = till.core.chains, outbox_of(tmp_path, till)
        old, last = chains.chain, chains.head.seq
        await outbox.open_new_chain("restored")
        first = await outbox.next_batch(500)
        assert outbox.unsent == last + 1
        await outbox.keep_acknowledged(old, last, None)
        second = await outbox.next_batch(500)
        await outbox.keep_acknowledged(chains.chain, 1, None)

        assert (first and first.chain, second and second.chain) == (old, chains.chain)
        assert await outbox.next_batch(500) is None
        assert (outbox.unsent, outbox.since) == (0, None)


async def test_entries_that_central_lost_again_are_sent_again(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        chains, outbox = till.core.chains, outbox_of(tmp_path, till)
        await till.ready()
        await outbox.keep_acknowledged(chains.chain, chains.head.seq, None)
        assert await outbox.next_batch(500) is None
        await outbox.keep_acknowledged(chains.chain, 1, None)
        batch = await outbox.next_batch(500)

        assert batch is not None
        assert batch.entries[0].seq == 2
        assert outbox.unsent == chains.head.seq - 1


async def test_a_scan_writes_no_entry_and_wakes_no_push(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        till.core.chains.committed.clear()
        await till.scan(COFFEE)
        assert not till.core.chains.committed.is_set()
        await till.pay()

        assert till.core.chains.committed.is_set()
