"""The database: SQLite by default, PostgreSQL by URL, one way to use either.

Every query is a plain function on a SQLAlchemy ``Connection``, handed over as a job that runs in a thread, in one
transaction. A job never commits and never awaits, does nothing but SQL, and may be run again from its start (a
deadlock's victim is), so it changes nothing outside the database. What is written is on disk when the call returns.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from sqlalchemy import URL, Connection, make_url

from central.db.engines import postgres_reader, postgres_writer, sqlite_reader, sqlite_writer
from central.db.lanes import Lane
from central.db.signals import Signals

T = TypeVar("T")
PAGE_S = 15.0
REPORT_S = 300.0


@dataclass(frozen=True, slots=True)
class Lanes:
    """Who waits behind whom: each lane has threads and connections of its own. On SQLite all writers are one."""

    pushes: Lane
    office: Lane
    pages: Lane
    reports: Lane

    def all(self) -> tuple[Lane, ...]:
        """Return them in the order in which they are closed."""
        return (self.reports, self.pages, self.office, self.pushes)


class Database(Protocol):
    """What the areas see of either engine."""

    signals: Signals
    url: URL

    async def write(self, job: Callable[[Connection], T]) -> T:
        """Run a job that writes; it is finished even when its caller is cancelled."""

    async def receive(self, job: Callable[[Connection], T]) -> T:
        """Run a job that writes what a till pushed: it never waits behind the office's."""

    async def read(self, job: Callable[[Connection], T]) -> T:
        """Run a job that reads one snapshot for a page; DatabaseAwayError ``storage.slow`` after ``PAGE_S``."""

    async def report(self, job: Callable[[Connection], T]) -> T:
        """Run a job that reads one snapshot for long: few at a time, so that pages never wait behind them."""

    def longest_job_s(self) -> float:
        """Return how long the longest running job has been going on."""

    async def close(self) -> None:
        """Wait for running jobs and let go of every connection."""


class LanedDatabase:
    """Either engine, by its lanes."""

    def __init__(self, url: URL, lanes: Lanes) -> None:
        self.url = url
        self.signals = Signals()
        self._lanes = lanes

    async def write(self, job: Callable[[Connection], T]) -> T:
        """Run a job in the office's lane."""
        return await asyncio.shield(self._written(self._lanes.office, job))

    async def receive(self, job: Callable[[Connection], T]) -> T:
        """Run a job in the lane of pushes."""
        return await asyncio.shield(self._written(self._lanes.pushes, job))

    async def read(self, job: Callable[[Connection], T]) -> T:
        """Run a job in the lane of pages."""
        return (await self._lanes.pages.run(job))[0]

    async def report(self, job: Callable[[Connection], T]) -> T:
        """Run a job in the lane of reports."""
        return (await self._lanes.reports.run(job))[0]

    def longest_job_s(self) -> float:
        """Look at every lane."""
        return max(lane.longest_s() for lane in self._lanes.all())

    async def close(self) -> None:
        """Close every lane."""
        for lane in self._lanes.all():
            await lane.close()

    async def _written(self, lane: Lane, job: Callable[[Connection], T]) -> T:
        result, marks = await lane.run(job)
        self.signals.fire(marks)
        return result


def open_database(url: str, *, page_s: float = PAGE_S, report_s: float = REPORT_S) -> Database:
    """Open ``sqlite:///path`` or ``postgresql://…``; nothing is connected before the first job."""
    parsed = make_url(url)
    return (_sqlite if parsed.get_backend_name() == "sqlite" else _postgres)(parsed, page_s, report_s)


def ping(connection: Connection) -> None:
    """A job that only asks whether the database answers."""
    connection.exec_driver_sql("SELECT 1").close()


def _sqlite(given: URL, page_s: float, report_s: float) -> Database:
    """One writer thread, a few reader threads, WAL with ``synchronous=FULL``."""
    url = given.set(drivername="sqlite+pysqlite")
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    writer = Lane("writer", sqlite_writer(url), 1)
    pages = Lane("pages", sqlite_reader(url, 4, page_s), 4)
    return LanedDatabase(url, Lanes(writer, writer, pages, Lane("reports", sqlite_reader(url, 2, report_s), 2)))


def _postgres(given: URL, page_s: float, report_s: float) -> Database:
    url = given.set(drivername="postgresql+psycopg")
    return LanedDatabase(
        url,
        Lanes(
            pushes=Lane("pushes", postgres_writer(url, 4), 4),
            office=Lane("office", postgres_writer(url, 6), 6),
            pages=Lane("pages", postgres_reader(url, 8, page_s), 8),
            reports=Lane("reports", postgres_reader(url, 2, report_s), 2),
        ),
    )
