"""``catalog.db``: which file is the current one, and who reads and writes it.

A new catalogue gets a new file name and the pointer file is changed; a live database is never renamed over.
"""

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from commerce.errors import BadInputError, PosError
from commerce.wire import Change
from terminal.db import catalog_rows
from terminal.db.catalog_rows import Item
from terminal.db.connection import Connection, Writer, open_reader, storage_error
from terminal.db.cores import use_all_cores
from terminal.db.search import search_items

T = TypeVar("T")
POINTER = "catalog.current"


class Catalog:
    """The items of the shop. Look-ups run on the caller's thread, search and writing on their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer: Writer | None = None
        self._reader: Connection | None = None
        self._searcher: Connection | None = None
        self._search_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="search", initializer=use_all_cores)
        self._changing = asyncio.Lock()
        self._number = 0
        self._damaged = False

    @property
    def path(self) -> Path:
        """Return the current file."""
        return self._folder / _read_pointer(self._folder)

    async def open(self) -> None:
        """Open the current file; a missing or unreadable one is replaced by a new empty one."""
        path = self.path
        if path.name == "" or not path.is_file():
            path = self._next_path()
        try:
            if path.is_file():
                _check_file(path)
            await self._use(path)
        except (PosError, sqlite3.Error):
            await self._use(self._next_path())

    def find_by_code(self, code: str) -> list[Item]:
        """Return the items with exactly this code (a point look-up, for the loop's thread)."""
        return self._read(lambda reader: catalog_rows.find_by_code(reader, code))

    def find_item(self, item: str) -> Item | None:
        """Return one item (a point look-up, for the loop's thread)."""
        return self._read(lambda reader: catalog_rows.find_item(reader, item))

    def cursor(self) -> str | None:
        """Return how far the feed was applied; None, so that it is fetched anew, when the file was taken away."""
        if self._damaged or not self.path.is_file():
            return None
        return self._read(catalog_rows.find_cursor)

    def count(self) -> int:
        """Return how many items there are."""
        return self._read(catalog_rows.count_items)

    async def search(self, text: str, limit: int = 50) -> list[Item]:
        """Return the best items for what was typed so far; none from a file that cannot be read (until the next)."""
        searcher = self._searcher
        if searcher is None:
            return []
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._search_thread, search_items, searcher, text, limit)
        except sqlite3.Error:
            self._damaged = True
            return []

    async def apply_items(self, changes: Iterable[Change], cursor: str | None = None) -> None:
        """Apply changed rows and the cursor behind them in one transaction."""
        rows = list(changes)
        async with self._changing:
            writer = self._writer
            if writer is None:
                raise BadInputError("catalog.closed")
            await writer.run(lambda tx: catalog_rows.apply_items(tx, rows, cursor))

    def fresh_path(self) -> Path:
        """Return where a snapshot is to be put before ``adopt``."""
        return self._next_path()

    async def adopt(self, path: Path) -> None:
        """Make a ready file the catalogue; BadInputError ``catalog.unreadable`` and no change when it is none."""
        _check_file(path)
        async with self._changing:
            await self._use(path)

    async def rebuild(self) -> None:
        """Start over with an empty file; the next pull fills it."""
        async with self._changing:
            await self._use(self._next_path())

    async def close(self) -> None:
        """Close every connection."""
        await self._let_go()
        self._search_thread.shutdown()

    def _read(self, query: Callable[[Connection], T]) -> T:
        """Ask the current file; StorageError, and a new file with the next pull, when it cannot be read."""
        if self._reader is None:
            raise BadInputError("catalog.closed")
        try:
            return query(self._reader)
        except sqlite3.Error as error:
            self._damaged = True
            raise storage_error(error) from error

    async def _use(self, path: Path) -> None:
        """Open a file completely before the pointer names it and the old one is dropped."""
        writer = Writer(path, durable=False)
        await writer.start(catalog_rows.create_catalog)
        reader = open_reader(path)
        searcher = open_reader(path, any_thread=True)
        for opened in (reader, searcher):  # SQLite opens its files with the first query: now, lest they be taken away
            catalog_rows.find_cursor(opened)
        _write_pointer(self._folder, path.name)
        await self._let_go()
        self._writer, self._reader, self._searcher = writer, reader, searcher
        self._number, self._damaged = _number(path), False
        self._drop_others(path)

    async def _let_go(self) -> None:
        writer, reader, searcher = self._writer, self._reader, self._searcher
        self._writer = self._reader = self._searcher = None
        if searcher:
            await asyncio.get_running_loop().run_in_executor(self._search_thread, searcher.close)
        if reader:
            reader.close()
        if writer:
            await writer.stop()

    def _next_path(self) -> Path:
        """Return an unused name; not that of a file taken away either, whose closing would drop the new one's log."""
        numbers = [_number(path) for path in self._folder.glob("catalog-*.db")]
        return self._folder / f"catalog-{max(self._number, *numbers, 0) + 1}.db"

    def _drop_others(self, kept: Path) -> None:
        for path in self._folder.glob("catalog-*.db*"):
            if not path.name.startswith(kept.name) and _number(path) < _number(kept):
                with contextlib.suppress(OSError):
                    path.unlink()


def _number(path: Path) -> int:
    digits = path.name.removeprefix("catalog-").split(".")[0]
    return int(digits) if digits.isdigit() else 0


def _check_file(path: Path) -> None:
    try:
        reader = open_reader(path)
        try:
            readable = catalog_rows.is_readable(reader)
            catalog_rows.count_items(reader)
        finally:
            reader.close()
    except (sqlite3.Error, PosError) as error:
        raise BadInputError("catalog.unreadable", path=path.name) from error
    if not readable:
        raise BadInputError("catalog.unreadable", path=path.name)


def _read_pointer(folder: Path) -> str:
    try:
        name = (folder / POINTER).read_text(encoding="utf-8").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return ""
    return name if _number(Path(name)) and "/" not in name else ""


def _write_pointer(folder: Path, name: str) -> None:
    fresh = folder / f"{POINTER}.new"
    with fresh.open("w", encoding="utf-8") as file:
        file.write(name)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / POINTER)
