"""Damage says what it is: a full disk at start, a damaged ledger with its first bad entry, rot in a running till."""

from __future__ import annotations

import contextlib
import re
import shutil
import sqlite3
from typing import TYPE_CHECKING

import pytest

from commerce.errors import StorageError
from commerce.texts import translator
from commerce.texts.errors import error_text
from terminal.services.damage import IdleCheck, words_of_start
from terminal.services.verification import DAMAGED_PAGE, verify_ledger
from tests.fakes.pauses import EnoughError
from tests.terminal.shop import running_till

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from commerce.ledger import Problem

PAGE = 4096


async def sell(folder: Path, sales: int = 12) -> None:
    async with running_till(folder) as till:
        await till.ready()
        for _ in range(sales):
            await till.sell()


def settle(path: Path) -> None:
    """Bring what is in the log into the file itself."""
    with contextlib.closing(sqlite3.connect(path)) as hand:
        hand.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def flip(path: Path, at: int, mask: int = 0x01) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ mask]))


def entry_page(path: Path) -> int:
    """Return where a page full of entries begins."""
    with contextlib.closing(sqlite3.connect(path)) as hand:
        (root,) = hand.execute("SELECT rootpage FROM sqlite_master WHERE name = 'entry'").fetchone()
        (body,) = hand.execute("SELECT body FROM entry WHERE kind = 'sale_completed' ORDER BY seq LIMIT 1").fetchone()
    content = path.read_bytes()
    at = content.index(bytes(body))
    assert at // PAGE + 1 != root
    return at


def spoil_page(path: Path, at: int) -> None:
    """Write nonsense over the head of a page."""
    with path.open("r+b") as file:
        file.seek(at // PAGE * PAGE)
        file.write(b"\xff" * 64)


class Finder:
    """An idle check of a till's ledger, and what it found."""

    def __init__(self, path: Path) -> None:
        self.found: list[StorageError] = []
        self.idle = True
        self.rows: list[Problem] = []
        self.check = IdleCheck(path, lambda: self.idle, self.found.append, self._rows_found, pause=self._pause)
        self.pauses = 0

    async def _rows_found(self, places: Sequence[Problem]) -> None:
        self.rows += places

    async def _pause(self, seconds: float) -> None:
        self.pauses += 1
        if self.pauses > 80:
            raise EnoughError

    async def watch(self) -> None:
        """Let it check for a while."""
        with pytest.raises(EnoughError):
            await self.check.run()


async def test_a_whole_ledger_gives_no_alarm(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        for _ in range(150):
            await till.sell()
        finder = Finder(tmp_path / "ledger.db")
        await finder.watch()

    assert finder.found == []
    assert finder.rows == []


async def test_a_bit_flipped_in_an_entry_of_a_running_till_is_noticed_once(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        for _ in range(5):
            await till.sell()
        settle(tmp_path / "ledger.db")
        flip(tmp_path / "ledger.db", entry_page(tmp_path / "ledger.db") + 20)
        finder = Finder(tmp_path / "ledger.db")
        await finder.watch()
        chain = till.core.chains.chain

    (found,) = finder.found
    assert (found.code, found.values["chain"], found.values["found"]) == (
        "ledger.damaged",
        chain,
        "ledger.body_changed",
    )
    words = error_text(translator("en"), found)
    assert re.search(r"damaged: (receipt \S+ of 23 Nov 2026|entry \d+) does not hold", words)
    assert chain not in words
    assert ("number" in found.values) == ("receipt" in words)


async def test_a_page_that_is_no_page_any_more_is_noticed(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        for _ in range(12):
            await till.sell()
        settle(tmp_path / "ledger.db")
        spoil_page(tmp_path / "ledger.db", entry_page(tmp_path / "ledger.db"))
        finder = Finder(tmp_path / "ledger.db")
        await finder.watch()

    assert "ledger.damaged" in {found.code for found in finder.found}


async def test_damage_outside_the_entries_is_noticed(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        await till.sell()
        settle(tmp_path / "ledger.db")
        with contextlib.closing(sqlite3.connect(tmp_path / "ledger.db")) as hand:
            (root,) = hand.execute("SELECT rootpage FROM sqlite_master WHERE name = 'registry_row'").fetchone()
        spoil_page(tmp_path / "ledger.db", (root - 1) * PAGE)
        finder = Finder(tmp_path / "ledger.db")
        await finder.watch()

    assert {found.code for found in finder.found} == {"ledger.damaged_file"}


async def test_nothing_is_read_while_a_sale_is_open(tmp_path: Path) -> None:
    finder = Finder(tmp_path / "nowhere.db")
    finder.idle = False

    await finder.watch()

    assert finder.found == []


async def test_what_was_found_stays_on_the_page_until_it_is_dismissed(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        till.register.tell(StorageError("ledger.damaged", chain="ab", seq=7, found="ledger.body_changed"))

        assert [(notice.code, notice.values["seq"]) for notice in till.state.notices] == [("ledger.damaged", 7)]


async def start(folder: Path) -> StorageError:
    with pytest.raises(StorageError) as refused:
        async with running_till(folder, fill=False):
            pass
    return refused.value


async def test_a_start_on_a_damaged_ledger_names_the_entry_that_verify_names(tmp_path: Path) -> None:
    await sell(tmp_path)
    settle(tmp_path / "ledger.db")
    with contextlib.closing(sqlite3.connect(tmp_path / "ledger.db")) as hand:
        pages = hand.execute(
            "SELECT rootpage FROM sqlite_master WHERE name IN ('chain', 'sale', 'session', 'registry_row')"
        ).fetchall()
    at = entry_page(tmp_path / "ledger.db")
    spoil_page(tmp_path / "ledger.db", at)
    spoil_page(tmp_path / "ledger.db", (pages[-1][0] - 1) * PAGE)
    (verdict,) = verify_ledger(tmp_path / "ledger.db")

    refused = await start(tmp_path)

    assert verdict.problem is not None
    assert verdict.problem.code == DAMAGED_PAGE
    assert refused.code == "ledger.damaged"
    assert (refused.values["seq"], refused.values["found"]) == (verdict.problem.seq, DAMAGED_PAGE)


async def test_a_file_that_is_no_ledger_at_all_is_said_to_be_damaged(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"nonsense" * 4096)

    refused = await start(tmp_path)

    assert (refused.code, refused.values["path"]) == ("ledger.damaged_file", "ledger.db")


def test_a_full_disk_at_start_has_words_of_its_own(tmp_path: Path) -> None:
    said = words_of_start(tmp_path / "ledger.db", StorageError("storage.full"))

    assert (said.code, said.values["path"]) == ("start.disk_full", str(tmp_path))  # type: ignore[union-attr]
    assert said.values["free_kib"] == pytest.approx(shutil.disk_usage(tmp_path).free // 1024, rel=0.5)  # type: ignore[union-attr]


def test_another_refusal_of_the_disk_stays_what_it_is(tmp_path: Path) -> None:
    refused = OSError("input/output error")

    assert words_of_start(tmp_path / "ledger.db", refused) is refused


async def test_reading_a_damaged_ledger_is_said_too(tmp_path: Path) -> None:
    async with running_till(tmp_path) as till:
        await till.ready()
        for _ in range(12):
            await till.sell()
        settle(tmp_path / "ledger.db")
        spoil_page(tmp_path / "ledger.db", entry_page(tmp_path / "ledger.db"))
        await till.core.readers.close()
        await till.core.readers.open()

        with pytest.raises(StorageError) as refused:
            await till.core.readers.fetch_all("SELECT body FROM entry")

    assert refused.value.code == "storage.damaged"
