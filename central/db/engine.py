"""The database: SQLite by default, PostgreSQL by URL, one way to use either.

Every query is a plain function on a SQLAlchemy ``Connection``, handed over as a job. ``await database.write(job)`` runs
it in one transaction and returns after the commit is on disk; ``await database.read(job)`` runs it in one that writes
nothing. A job never commits and never awaits. On SQLite writes have one connection on one thread (single writer) and
reads have theirs in a few threads; on PostgreSQL jobs run on asyncpg connections. A job that was handed over is
finished even when its caller is cancelled.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool, StaticPool

from central.db.signals import Signals, take_marks
from commerce.errors import StorageError

T = TypeVar("T")
_READER_THREADS = 4
_BUSY_S = 30
_IDLE_IN_TRANSACTION_MS = 60_000  # an idle transaction anywhere holds up the change feed's horizon
_LOCK_MS = 30_000
_CONNECT_S = 10


class Database(Protocol):
    """What the areas see of either engine."""

    signals: Signals
    url: URL

    async def write(self, job: Callable[[Connection], T]) -> T:
        """Run a job in one transaction; its result is returned once it is committed and fsynced."""

    async def read(self, job: Callable[[Connection], T]) -> T:
        """Run a job that only reads."""

    async def close(self) -> None:
        """Wait for running jobs and let go of every connection."""


def open_database(url: str) -> Database:
    """Open ``sqlite:///path`` or ``postgresql://…``; nothing is connected before the first job."""
    parsed = make_url(url)
    return SqliteDatabase(parsed) if parsed.get_backend_name() == "sqlite" else PostgresDatabase(parsed)


def ping(connection: Connection) -> None:
    """A job that only asks whether the database answers."""
    connection.exec_driver_sql("SELECT 1").close()


class SqliteDatabase:
    """One writer thread, a few reader threads, WAL with ``synchronous=FULL``."""

    def __init__(self, url: URL) -> None:
        self.url = url.set(drivername="sqlite+pysqlite")
        self.signals = Signals()
        if self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        self._write_engine = sqlite_engine(self.url)
        self._read_engine = sqlite_engine(self.url, read_only=True)
        self._writer = ThreadPoolExecutor(1, "central-writer")
        self._readers = ThreadPoolExecutor(_READER_THREADS, "central-reader")

    async def write(self, job: Callable[[Connection], T]) -> T:
        """Run a job on the writer's thread."""
        result, marks = await _finish(self._writer, self._write_engine, job)
        self.signals.fire(marks)
        return result

    async def read(self, job: Callable[[Connection], T]) -> T:
        """Run a job on a reader's thread."""
        result, _ = await _finish(self._readers, self._read_engine, job)
        return result

    async def close(self) -> None:
        """Wait for running jobs and close the file."""
        for executor in (self._readers, self._writer):
            await asyncio.to_thread(executor.shutdown)
        self._read_engine.dispose()
        self._write_engine.dispose()


class PostgresDatabase:
    """A pool of asyncpg connections."""

    def __init__(self, url: URL) -> None:
        self.url = url.set(drivername="postgresql+asyncpg")
        self.signals = Signals()
        self._engine = postgres_engine(self.url)

    async def write(self, job: Callable[[Connection], T]) -> T:
        """Run a job in a transaction of its own."""
        return await asyncio.shield(self._write(job))

    async def read(self, job: Callable[[Connection], T]) -> T:
        """Run a job in a transaction that is rolled back."""
        try:
            async with self._engine.connect() as connection:
                return await connection.run_sync(job)
        except DBAPIError as error:
            raise _storage_error(error) from error

    async def _write(self, job: Callable[[Connection], T]) -> T:
        try:
            async with self._engine.begin() as connection:
                result = await connection.run_sync(job)
                marks = await connection.run_sync(take_marks)
        except DBAPIError as error:
            raise _storage_error(error) from error
        self.signals.fire(marks)
        return result

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()


def sqlite_engine(url: URL, *, read_only: bool = False) -> Engine:
    """Return an engine whose transactions take the write lock at once, or can only read."""
    pool: dict[str, Any] = {"poolclass": StaticPool}
    if read_only:  # the last one back is the first one out: the others' caches stay small
        pool = {"poolclass": QueuePool, "pool_size": _READER_THREADS, "pool_use_lifo": True}
    engine = create_engine(url, connect_args={"timeout": _BUSY_S, "check_same_thread": False}, **pool)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: object) -> None:  # noqa: ANN401 - sqlite3.Connection behind SQLAlchemy
        connection.isolation_level = None  # the driver would begin too late, and never before a SELECT
        for pragma in _SQLITE_PRAGMAS:
            connection.execute(pragma)
        if read_only:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA cache_size=-65536",  # a set of 500 sales is not spilled before its commit
    "PRAGMA wal_autocheckpoint=8000",
)


def postgres_engine(url: URL) -> AsyncEngine:
    """Return a pool with time-outs on everything that could hold others up."""
    settings = {
        "application_name": "cassaforte",
        "idle_in_transaction_session_timeout": str(_IDLE_IN_TRANSACTION_MS),
        "lock_timeout": str(_LOCK_MS),
    }
    return create_async_engine(
        url,
        pool_size=16,
        max_overflow=8,
        pool_timeout=_BUSY_S,
        connect_args={"server_settings": settings, "timeout": _CONNECT_S},
    )


def _run(engine: Engine, job: Callable[[Connection], T]) -> tuple[T, frozenset[str]]:
    try:
        with engine.begin() as connection:
            return job(connection), take_marks(connection)
    except DBAPIError as error:
        raise _storage_error(error) from error


async def _finish(
    executor: ThreadPoolExecutor, engine: Engine, job: Callable[[Connection], T]
) -> tuple[T, frozenset[str]]:
    """Wait for a job in a thread; a cancelled caller leaves it to finish."""
    return await asyncio.shield(asyncio.get_running_loop().run_in_executor(executor, _run, engine, job))


def _storage_error(error: DBAPIError) -> Exception:
    """A database that cannot serve now is expected; a wrong statement or a broken rule of a table is a bug."""
    code = str(getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None) or "")
    unavailable = error.connection_invalidated or code.startswith(_UNAVAILABLE)
    return StorageError("storage.failed", reason=code) if unavailable else error


_UNAVAILABLE = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_BUSY", "SQLITE_READONLY", "SQLITE_CANTOPEN",
                "08", "53", "55P03", "57", "58")  # fmt: skip
