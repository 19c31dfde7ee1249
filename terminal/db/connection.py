"""Connections to the till's SQLite files: one writer per file on its own thread, any number of readers.

Repository functions are plain functions on a ``Transaction``; they never commit. Whatever a job does, its transaction
is either whole on disk when ``Writer.run`` returns, or it never happened.
"""

import asyncio
import fcntl
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import aiosqlite

from commerce.errors import ConflictError, PosError, StorageError
from terminal.db.cores import use_all_cores

T = TypeVar("T")
Parameters = Sequence[Any]
Row = tuple[Any, ...]
DatabaseFault = sqlite3.DatabaseError  # what a file that is damaged, or none of SQLite's, raises when it is read
STUCK_AFTER_S = 20
FULL, DAMAGED = "storage.full", "storage.damaged"
_CODES = {
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
}
_FULL = 2  # what PRAGMA synchronous reads back
_NORMAL = 1


class Queries(Protocol):
    """What functions that only read need: a transaction or a read-only connection."""

    def fetch_one(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """Return the first row."""
        ...

    def fetch_all(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Return all rows."""
        ...

    def iterate(self, sql: str, parameters: Parameters = ()) -> Iterable[Row]:
        """Return the rows one by one, for results too large to hold."""
        ...


class Connection:
    """Read access to one file from one thread."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def fetch_one(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """Return the first row, or None."""
        row: Row | None = self._connection.execute(sql, parameters).fetchone()
        return row

    def fetch_all(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Return all rows."""
        return self._connection.execute(sql, parameters).fetchall()

    def iterate(self, sql: str, parameters: Parameters = ()) -> Iterable[Row]:
        """Return the rows one by one, for results too large to hold."""
        return self._connection.execute(sql, parameters)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class Transaction(Connection):
    """The open transaction of a writer's job."""

    __slots__ = ()

    def execute(self, sql: str, parameters: Parameters = ()) -> int:
        """Carry a statement out and return how many rows it changed."""
        return self._connection.execute(sql, parameters).rowcount

    def executemany(self, sql: str, rows: Iterable[Parameters]) -> None:
        """Carry a statement out for each row."""
        self._connection.executemany(sql, rows)


class RowsAtOddsError(ConflictError):
    """Rows on the disk contradict what is to be written: somebody had hands on the file."""

    default_code = "ledger.rows_at_odds"


def open_reader(path: Path, *, any_thread: bool = False) -> Connection:
    """Open a file for reading only; StorageError ``storage.failed`` when it cannot be opened."""
    try:
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro",
            uri=True,
            isolation_level=None,
            cached_statements=256,
            check_same_thread=not any_thread,
        )
        connection.execute("PRAGMA query_only = ON")
    except sqlite3.Error as error:
        raise storage_error(error) from error
    return Connection(connection)


def storage_error(error: sqlite3.Error) -> StorageError:
    """Return what a refusal of the disk means to a caller: no room, a damaged file, or anything else."""
    primary = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return StorageError(_CODES.get(primary, "storage.failed"), reason=str(error))


class _Job(Generic[T]):
    __slots__ = ("future", "job", "meanwhile", "then")

    def __init__(
        self,
        job: Callable[[Transaction], T],
        then: Callable[[T], None] | None,
        meanwhile: Callable[[T], None] | None,
        future: asyncio.Future[T],
    ) -> None:
        self.job = job
        self.then = then
        self.meanwhile = meanwhile
        self.future = future

    def carry_out(
        self, connection: sqlite3.Connection, transaction: Transaction, loop: asyncio.AbstractEventLoop
    ) -> Callable[[], None]:
        """Run the job in a transaction and return what tells the waiting caller."""
        try:
            connection.execute("BEGIN IMMEDIATE")
            value = self.job(transaction)
            if self.meanwhile is not None and not loop.is_closed():
                loop.call_soon_threadsafe(self.meanwhile, value)
            connection.execute("COMMIT")
        except BaseException as error:  # noqa: BLE001 - whatever it is belongs to the caller, not to this thread
            failure = _undo(connection, error)
            return lambda: None if self.future.done() else self.future.set_exception(failure)
        if self.then is not None:
            self.then(value)
        return lambda: None if self.future.done() else self.future.set_result(value)


class Writer:
    """The only writing connection of a file, on its own thread.

    ``run`` queues a job; jobs run one after the other, each in ``BEGIN IMMEDIATE … COMMIT``. A queued job is carried
    out even if its caller stops waiting. ``alone``: a second writer in the same folder is refused.
    """

    def __init__(self, path: Path, *, alone: bool = False, durable: bool = True) -> None:
        self.path = path
        self._alone = alone
        self._durable = durable
        self._jobs: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock_file: int | None = None
        self._busy_since: float | None = None

    @property
    def thread_id(self) -> int | None:
        """Return the kernel's id of the writing thread while it runs."""
        return None if self._thread is None else self._thread.native_id

    @property
    def alive(self) -> bool:
        """Return whether the thread runs and is not stuck in a job: what the watchdog asks."""
        since = self._busy_since
        stuck = since is not None and time.monotonic() - since > STUCK_AFTER_S
        return self._thread is not None and self._thread.is_alive() and not stuck

    async def start(self, prepare: Callable[[sqlite3.Connection], None] | None = None) -> None:
        """Open the file and run ``prepare`` (migrations) on it.

        ConflictError ``ledger.in_use`` when another process holds it.
        """
        self._lock_file = _hold(self.path.parent) if self._alone else None
        loop = asyncio.get_running_loop()
        opened: asyncio.Future[None] = loop.create_future()
        self._thread = threading.Thread(
            target=self._work, args=(loop, opened, prepare), name=f"writer {self.path.name}", daemon=True
        )
        self._thread.start()
        try:
            await opened
        except BaseException:
            self._thread = None
            self._release()
            raise

    async def run(
        self,
        job: Callable[[Transaction], T],
        then: Callable[[T], None] | None = None,
        meanwhile: Callable[[T], None] | None = None,
    ) -> T:
        """Run ``job`` in one transaction and return its value once that is on disk.

        ``then`` gets the value on the writer's thread right after the commit, before the next job starts. ``meanwhile``
        gets it on the loop while the disk is waited for: what it makes counts only if this returns. Whatever the job
        raises arrives here after the rollback; a refusal of the disk as StorageError.
        """
        if self._thread is None:
            raise StorageError("storage.failed", reason="the writer is not running")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put(_Job(job, then, meanwhile, future))
        return await future

    async def stop(self) -> None:
        """Carry out what is queued, close the file and let go of the lock."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._jobs.put(None)
        await asyncio.to_thread(thread.join)
        self._release()

    def _release(self) -> None:
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None

    def _work(
        self,
        loop: asyncio.AbstractEventLoop,
        opened: asyncio.Future[None],
        prepare: Callable[[sqlite3.Connection], None] | None,
    ) -> None:
        use_all_cores()  # whoever wants it beside the loop puts it there
        try:
            connection = _open_for_writing(self.path, durable=self._durable)
            if prepare:
                prepare(connection)
        except (sqlite3.Error, PosError) as error:
            failure = storage_error(error) if isinstance(error, sqlite3.Error) else error
            loop.call_soon_threadsafe(opened.set_exception, failure)
            return
        loop.call_soon_threadsafe(opened.set_result, None)
        self._serve(loop, connection)
        connection.close()

    def _serve(self, loop: asyncio.AbstractEventLoop, connection: sqlite3.Connection) -> None:
        transaction = Transaction(connection)
        while (job := self._jobs.get()) is not None:
            self._busy_since = time.monotonic()
            deliver = job.carry_out(connection, transaction, loop)
            self._busy_since = None
            if not loop.is_closed():
                loop.call_soon_threadsafe(deliver)


class Readers:
    """Read access for pages, reports and sync, off the loop."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: aiosqlite.Connection | None = None

    async def open(self) -> None:
        """Open the file for reading only."""
        uri = f"{self._path.absolute().as_uri()}?mode=ro"
        self._connection = await aiosqlite.connect(uri, uri=True, isolation_level=None)

    async def fetch_all(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Return all rows."""
        assert self._connection is not None  # noqa: S101 - opened by app.py before anybody reads
        try:
            return [tuple(row) for row in await self._connection.execute_fetchall(sql, parameters)]
        except DatabaseFault as error:
            if (failure := storage_error(error)).code == DAMAGED:
                raise failure from error
            raise

    async def fetch_one(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """Return the first row, or None."""
        rows = await self.fetch_all(sql, parameters)
        return rows[0] if rows else None

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None


def _hold(folder: Path) -> int:
    """Take the lock that shows that a daemon owns the ledger; it goes with the process, however that ends.

    The folder itself is locked: a lock file can be deleted, and the next daemon would lock another one.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise StorageError(reason=str(error)) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise ConflictError("ledger.in_use", path=str(folder)) from error
    return descriptor


def _open_for_writing(path: Path, *, durable: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=256, check_same_thread=False)
    wanted = _FULL if durable else _NORMAL
    journal = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    connection.execute(f"PRAGMA synchronous = {wanted}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA recursive_triggers = ON")  # else REPLACE would delete past the triggers
    synchronous = connection.execute("PRAGMA synchronous").fetchone()[0]
    foreign_keys = connection.execute("PRAGMA foreign_keys").fetchone()[0]
    if (journal, synchronous, foreign_keys) != ("wal", wanted, 1):
        connection.close()
        raise StorageError("storage.not_durable", journal=journal, synchronous=synchronous)
    return connection


def _undo(connection: sqlite3.Connection, error: BaseException) -> BaseException:
    """Roll back and return what the caller is to see; a full disk may have rolled back by itself."""
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    except sqlite3.Error as rollback_error:
        return storage_error(rollback_error)
    if isinstance(error, sqlite3.IntegrityError):
        failure_of_rows = RowsAtOddsError(reason=str(error))
        failure_of_rows.__cause__ = error
        return failure_of_rows
    if isinstance(error, sqlite3.OperationalError | sqlite3.DatabaseError) and not isinstance(
        error, sqlite3.ProgrammingError
    ):
        failure = storage_error(error)
        failure.__cause__ = error
        return failure
    return error
