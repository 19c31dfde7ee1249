"""One writer, whole transactions, durable settings."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import resource
import sqlite3
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from commerce.errors import ConflictError, RuleError, StorageError
from terminal.db.connection import Readers, Transaction, Writer
from terminal.db.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@pytest.fixture
async def writer(tmp_path: Path) -> AsyncIterator[Writer]:
    writer = Writer(tmp_path / "ledger.db", alone=True)
    await writer.start(migrate)
    yield writer
    await writer.stop()


def _put(tx: Transaction, key: str) -> int:
    return tx.execute("INSERT INTO meta (key, value) VALUES (?, 'x')", (key,))


def _keys(tx: Transaction) -> list[str]:
    return [row[0] for row in tx.fetch_all("SELECT key FROM meta ORDER BY key")]


async def test_a_job_is_committed_when_run_returns(writer: Writer) -> None:
    await writer.run(lambda tx: _put(tx, "a"))

    other = sqlite3.connect(writer.path)
    assert other.execute("SELECT key FROM meta").fetchall() == [("a",)]
    other.close()


async def test_a_job_that_raises_leaves_nothing_behind(writer: Writer) -> None:
    def job(tx: Transaction) -> None:
        _put(tx, "a")
        raise RuleError("no")

    with pytest.raises(RuleError):
        await writer.run(job)

    assert await writer.run(_keys) == []


async def test_a_queued_job_is_carried_out_although_its_caller_left(writer: Writer) -> None:
    waiting = asyncio.create_task(writer.run(lambda tx: _put(tx, "a")))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert await writer.run(_keys) == ["a"]


async def test_what_follows_a_commit_runs_before_the_next_job(writer: Writer) -> None:
    order: list[str] = []
    first = writer.run(lambda tx: order.append("first"), lambda _: order.append("then"))
    second = writer.run(lambda tx: order.append("second"))

    await asyncio.gather(first, second)

    assert order == ["first", "then", "second"]


async def test_what_is_worked_out_meanwhile_is_there_when_run_returns_and_on_the_loop(writer: Writer) -> None:
    seen: list[tuple[int, int]] = []

    await writer.run(lambda tx: _put(tx, "a"), meanwhile=lambda n: seen.append((n, threading.get_ident())))

    assert seen == [(1, threading.get_ident())]


async def test_a_commit_that_fails_is_told_whatever_was_worked_out_meanwhile(writer: Writer) -> None:
    def orphan(tx: Transaction) -> str:
        tx.execute("CREATE TABLE child (parent TEXT REFERENCES meta (key) DEFERRABLE INITIALLY DEFERRED)")
        tx.execute("INSERT INTO child VALUES ('nobody')")
        return "made"

    seen: list[str] = []
    with pytest.raises(ConflictError) as refused:
        await writer.run(orphan, meanwhile=seen.append)

    assert seen == ["made"]
    assert refused.value.code == "ledger.rows_at_odds"
    assert await writer.run(_keys) == []


async def test_the_ledger_is_written_through_to_the_disk(writer: Writer) -> None:
    settings = await writer.run(
        lambda tx: [tx.fetch_one(f"PRAGMA {name}") for name in ("journal_mode", "synchronous", "foreign_keys")]
    )

    assert settings == [("wal",), (2,), (1,)]


async def test_a_second_writer_of_a_ledger_is_refused(writer: Writer, tmp_path: Path) -> None:
    second = Writer(tmp_path / "ledger.db", alone=True)

    with pytest.raises(ConflictError) as refused:
        await second.start(migrate)

    assert refused.value.code == "ledger.in_use"


async def test_whatever_file_somebody_deletes_a_second_writer_is_refused(writer: Writer, tmp_path: Path) -> None:
    for file in tmp_path.iterdir():
        if not file.name.startswith("ledger.db"):
            file.unlink()

    with pytest.raises(ConflictError):
        await Writer(tmp_path / "ledger.db", alone=True).start(migrate)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["ledger.db", "ledger.db-shm", "ledger.db-wal"]


async def test_a_folder_that_takes_no_lock_is_said(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        await Writer(tmp_path / "nowhere" / "ledger.db", alone=True).start()


async def test_the_lock_is_free_after_a_stop(writer: Writer, tmp_path: Path) -> None:
    await writer.stop()
    second = Writer(tmp_path / "ledger.db", alone=True)

    await second.start(migrate)

    assert second.alive
    await second.stop()


async def test_a_full_disk_is_said_and_nothing_is_half_written(writer: Writer) -> None:
    def fill(tx: Transaction) -> None:
        for n in range(10_000):
            _put(tx, f"{n:05d}" + "x" * 500)

    pages = await writer.run(lambda tx: tx.fetch_one("PRAGMA page_count"))
    assert pages
    await writer.run(lambda tx: tx.fetch_one(f"PRAGMA max_page_count = {pages[0] + 2}"))

    with pytest.raises(StorageError) as refused:
        await writer.run(fill)

    assert refused.value.code == "storage.full"
    assert await writer.run(_keys) == []


async def test_a_stopped_writer_is_not_alive_and_refuses(writer: Writer) -> None:
    await writer.stop()

    assert not writer.alive
    with pytest.raises(StorageError):
        await writer.run(_keys)


async def test_a_file_that_is_no_database_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"not a database at all" * 100)
    writer = Writer(tmp_path / "ledger.db", alone=True)

    with pytest.raises(StorageError):
        await writer.start(migrate)

    assert not writer.alive


async def test_a_place_that_keeps_nothing_does_not_start() -> None:
    writer = Writer(Path(":memory:"))

    with pytest.raises(StorageError) as refused:
        await writer.start()

    assert refused.value.code == "storage.not_durable"


async def test_a_newer_ledger_stops_the_start(tmp_path: Path) -> None:
    newer = sqlite3.connect(tmp_path / "ledger.db")
    newer.execute("PRAGMA user_version = 999")
    newer.close()
    writer = Writer(tmp_path / "ledger.db", alone=True)

    with pytest.raises(RuleError) as refused:
        await writer.start(migrate)

    assert refused.value.code == "ledger.newer"


async def test_readers_cannot_write(writer: Writer) -> None:
    readers = Readers(writer.path)
    await readers.open()
    await writer.run(lambda tx: _put(tx, "a"))

    assert await readers.fetch_one("SELECT key FROM meta") == ("a",)
    with pytest.raises(sqlite3.OperationalError):
        await readers.fetch_all("DELETE FROM meta")
    await readers.close()


@pytest.fixture
def no_files_left(writer: Writer) -> Iterator[list[int]]:
    """Every file handle of this process is in use."""
    gc.collect()  # what earlier tests let go of must not become free later
    limits, taken = resource.getrlimit(resource.RLIMIT_NOFILE), []
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 50, limits[1]))
    with contextlib.suppress(OSError):
        while True:
            taken.append(os.open(os.devnull, os.O_RDONLY))
    yield taken
    for handle in taken:
        os.close(handle)
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


async def test_a_commit_needs_no_new_file(writer: Writer, no_files_left: list[int]) -> None:
    for number in range(2000):
        await writer.run(lambda tx, key=f"{number:05}": _put(tx, key * 20))  # type: ignore[misc]

    with pytest.raises(OSError, match="Too many open files"):
        os.open(os.devnull, os.O_RDONLY)
    assert len(no_files_left) > 0
    assert len(await writer.run(_keys)) == 2000
