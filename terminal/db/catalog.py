"""``catalog.db``: which file is the current one, and who reads and writes it.

A new catalogue gets a new file name and the pointer file is changed; a live database is never renamed over.
"""

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from commerce.errors import BadInputError, PosError, StorageError
from commerce.wire import Change
from terminal.db import catalog_rows, customer_rows
from terminal.db.catalog_rows import Item
from terminal.db.catalog_seals import ItemChangedError, ItemsWalk, find_sum, seal_file
from terminal.db.connection import DAMAGED, Connection, Writer, open_reader
from terminal.db.cores import use_all_cores
from terminal.db.customer_rows import Customer
from terminal.db.search import search_items

T = TypeVar("T")
POINTER = "catalog.current"


class Catalog:
    """The items of the shop. Look-ups run on the caller's thread, search and writing on their own.

    A new file is opened whole before it takes the place of the old one, which is closed after that: no look-up ever
    finds nothing open. Files are checked, counted and dropped in threads. ``on_damage`` hears of a file that cannot be
    read, so that another is fetched at once.
    """

    def __init__(self, folder: Path, secret: bytes, *, check: Callable[[Path], None] | None = None) -> None:
        self._folder = folder
        self._secret = secret
        self._walk = ItemsWalk(secret)
        self._check = check or check_file
        self._open: _Open | None = None
        self._search_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="search", initializer=use_all_cores)
        self._changing = asyncio.Lock()
        self._number = 0
        self._damaged = False
        self.changed: set[str] = set()
        """Items met that were not as central sent them (``item/id``), until another file is in use."""
        self.on_damage: Callable[[], None] = lambda: None

    @property
    def path(self) -> Path:
        """Return the current file."""
        return self._open.path if self._open else self._folder / _read_pointer(self._folder)

    async def open(self) -> None:
        """Open the current file; a missing or unreadable one is replaced by a new empty one."""
        path = self.path
        if path.name == "" or not path.is_file():
            path = self._next_path()
        try:
            if path.is_file():
                await asyncio.to_thread(self._check, path)
            await self._use(path)
        except (PosError, sqlite3.Error):
            await self._use(self._next_path())

    def find_by_code(self, code: str) -> list[Item]:
        """Return the items with exactly this code (a point look-up, for the loop's thread)."""
        return self._read(lambda reader: catalog_rows.find_by_code(reader, code, self._secret))

    def find_item(self, item: str) -> Item | None:
        """Return one item (a point look-up, for the loop's thread)."""
        return self._read(lambda reader: catalog_rows.find_item(reader, item, self._secret))

    def find_customer(self, code: str) -> Customer | None:
        """Return the customer with exactly this code (a point look-up, for the loop's thread)."""
        return self._read(lambda reader: customer_rows.find_by_code(reader, code, self._secret))

    async def search_customers(self, text: str, limit: int = 20) -> list[Customer]:
        """Return customers who fit what was typed so far; none from a file that cannot be read."""
        if self._open is None:
            return []
        loop, searcher = asyncio.get_running_loop(), self._open.searcher
        find = partial(customer_rows.search, searcher, text, self._secret, limit)
        try:
            return await loop.run_in_executor(self._search_thread, find)
        except ItemChangedError as error:
            self._note_changed(error)
            return []
        except sqlite3.Error:
            self._note_damage()
            return []

    def cursor(self) -> str | None:
        """Return how far the feed was applied; None, so that it is fetched anew, when the file was taken away."""
        if self._damaged or not self.path.is_file():
            return None
        return self._read(self._find_cursor)

    def _find_cursor(self, reader: Connection) -> str | None:
        """A cursor that somebody moved would keep away what changed."""
        return catalog_rows.find_cursor(reader) if find_sum(reader, self._secret) is not None else None

    async def look_through(self) -> None:
        """Look at the next slice of items in a thread; ``changed`` names those that are not as they were taken over."""
        if self._open is None or self._damaged:
            return
        path = self._open.path
        found = await asyncio.to_thread(self._walk.look, path)
        if found and self._open is not None and self._open.path == path:
            self.changed |= found
            self._note_damage()

    def count(self) -> int:
        """Return how many items there are."""
        return self._read(catalog_rows.count_items)

    async def search(self, text: str, limit: int = 50) -> list[Item]:
        """Return the best items for what was typed so far; none from a file that cannot be read (until the next)."""
        if self._open is None:
            return []
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._search_thread, search_items, self._open.searcher, text, limit)
        except sqlite3.Error:
            self._note_damage()
            return []

    async def apply_items(self, changes: Iterable[Change], cursor: str | None = None) -> list[Change]:
        """Apply changed rows and the cursor behind them in one transaction; return those that make no sense."""
        rows = list(changes)
        async with self._changing:
            if self._open is None:
                raise BadInputError("catalog.closed")
            try:
                return await self._open.writer.run(lambda tx: catalog_rows.apply_items(tx, rows, self._secret, cursor))
            except StorageError as error:
                if error.code != DAMAGED:
                    raise
                self._note_damage()
                raise StorageError("catalog.damaged") from error

    def fresh_path(self) -> Path:
        """Return where a snapshot is to be put before ``adopt``."""
        return self._next_path()

    async def adopt(self, path: Path) -> None:
        """Make a ready file the catalogue; BadInputError ``catalog.unreadable`` and no change when it is none."""
        await asyncio.to_thread(self._check, path)
        await asyncio.to_thread(seal_file, path, self._secret)
        await asyncio.to_thread(_sync, path)  # the old one goes: a till that loses power sells on, central or not
        async with self._changing:
            await self._use(path)

    async def rebuild(self) -> None:
        """Start over with an empty file; the next pull fills it."""
        async with self._changing:
            await self._use(self._next_path())

    async def close(self) -> None:
        """Close every connection."""
        current, self._open = self._open, None
        await self._let_go(current)
        self._search_thread.shutdown()

    def _read(self, query: Callable[[Connection], T]) -> T:
        """Ask the current file; StorageError ``catalog.damaged``, and a new file, when it cannot be read."""
        if self._open is None:
            raise BadInputError("catalog.closed")
        try:
            return query(self._open.reader)
        except ItemChangedError as error:
            self._note_changed(error)
            raise
        except sqlite3.Error as error:
            self._note_damage()
            raise StorageError("catalog.damaged", reason=str(error)) from error

    def _note_changed(self, error: ItemChangedError) -> None:
        self.changed.add(f"{error.values.get('kind', 'item')}/{error.values['item']}")
        self._note_damage()

    def _note_damage(self) -> None:
        if not self._damaged:
            self._damaged = True
            self.on_damage()

    async def _use(self, path: Path) -> None:
        """Open a file completely, point to it, put it in the place of the old one, and only then close that."""
        fresh = await _open_file(path)
        try:
            await asyncio.to_thread(_write_pointer, self._folder, path.name)
        except OSError as error:
            await self._let_go(fresh)
            raise StorageError(reason=str(error)) from error
        old, self._open = self._open, fresh
        self._number, self._damaged = _number(path), False
        self.changed.clear()
        await self._let_go(old)
        await asyncio.to_thread(_drop_others, self._folder, path)

    async def _let_go(self, opened: "_Open | None") -> None:
        if opened is not None:
            await asyncio.get_running_loop().run_in_executor(self._search_thread, opened.searcher.close)
            opened.reader.close()
            await opened.writer.stop()

    def _next_path(self) -> Path:
        """Return an unused name; not that of a file taken away either, whose closing would drop the new one's log."""
        numbers = [_number(path) for path in self._folder.glob("catalog-*.db")]
        return self._folder / f"catalog-{max(self._number, *numbers, 0) + 1}.db"


@dataclass(frozen=True, slots=True)
class _Open:
    """A catalogue file with its three connections."""

    path: Path
    writer: Writer
    reader: Connection
    searcher: Connection


async def _open_file(path: Path) -> _Open:
    writer = Writer(path, durable=False)
    await writer.start(catalog_rows.create_catalog)
    try:
        opened = _Open(path, writer, open_reader(path), open_reader(path, any_thread=True))
        for reader in (
            opened.reader,
            opened.searcher,
        ):  # SQLite opens its files with the first query: now, lest they go
            catalog_rows.find_cursor(reader)
    except BaseException:
        await writer.stop()
        raise
    return opened


def _drop_others(folder: Path, kept: Path) -> None:
    for path in folder.glob("catalog-*.db*"):
        if not path.name.startswith(kept.name) and _number(path) < _number(kept):
            with contextlib.suppress(OSError):
                path.unlink()


def _number(path: Path) -> int:
    digits = path.name.removeprefix("catalog-").split(".")[0]
    return int(digits) if digits.isdigit() else 0


def check_file(path: Path) -> None:
    """Read a whole file; BadInputError ``catalog.unreadable`` when this version cannot sell by it."""
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
    _sync(folder)


def _sync(path: Path) -> None:
    """Return when a file's content, or a folder's names, would outlast a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
