"""What a job is promised on either engine: a thread, a lane, one snapshot, an end, a second try where it is safe."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from threading import Barrier, Event
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from central.db.bulk import insert_rows
from central.db.engine import Database, open_database, ping
from central.db.engines import sqlite_reader
from central.db.faults import DatabaseAwayError, concerns_rows
from central.db.feed_tables import event as event_table
from central.db.lanes import Lane
from central.db.migrate import migrate
from central.db.signals import EVENT, mark
from central.organisation.tables import company
from commerce.errors import StorageError
from tests.central.closing import close_all

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

PATIENCE_S = 30
ENDLESS = {
    "sqlite": "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(600)",
}


def add_company(connection: Connection, name: str) -> None:
    row = {"id": name, "name": name, "tax_id": name, "country": "IT", "currency": "EUR"}
    connection.execute(
        text("INSERT INTO company (id, name, tax_id, country, currency, created_at)"
             " VALUES (:id, :name, :tax_id, :country, :currency, '')"), row)  # fmt: skip


def count(connection: Connection) -> int:
    return int(connection.execute(text("SELECT COUNT(*) FROM company")).scalar_one())


def waits(connection: Connection, begun: Event, go: Event) -> bool:
    """A job that holds its thread until it is told to go on."""
    ping(connection)
    begun.set()
    return go.wait(PATIENCE_S)


@pytest.fixture
async def postgres(postgres_url: str) -> AsyncIterator[Database]:
    """A migrated database on PostgreSQL."""
    database = open_database(postgres_url)
    await migrate(database)
    yield database
    await database.close()


@asynccontextmanager
async def held(run: Callable[[Callable[[Connection], bool]], object], times: int) -> AsyncIterator[None]:
    """Hold so many jobs of a lane in the middle of their work."""
    go, begun = Event(), [Event() for _ in range(times)]
    jobs = [asyncio.ensure_future(run(partial(waits, begun=one, go=go))) for one in begun]  # type: ignore[call-overload]
    for one in begun:
        await asyncio.to_thread(one.wait, PATIENCE_S)
    try:
        yield
    finally:
        go.set()
        assert all(await asyncio.gather(*jobs))


@pytest.mark.parametrize("way", ["read", "write", "report", "receive"])
async def test_the_loop_goes_on_while_a_job_works(central_database: Database, way: str) -> None:
    begun, go = Event(), Event()

    async def let_go() -> None:
        await asyncio.to_thread(begun.wait, PATIENCE_S)
        go.set()

    job = partial(waits, begun=begun, go=go)
    worked, _ = await asyncio.gather(getattr(central_database, way)(job), let_go())

    assert worked


@pytest.mark.parametrize("way", ["read", "report"])
async def test_a_reading_job_cannot_write(central_database: Database, way: str) -> None:
    with pytest.raises((DBAPIError, StorageError)):
        await getattr(central_database, way)(partial(add_company, name="a"))

    assert await central_database.read(count) == 0


@pytest.mark.parametrize("way", ["read", "report"])
async def test_a_reading_job_sees_one_moment_however_long_it_takes(central_database: Database, way: str) -> None:
    counted, written = Event(), Event()

    def twice(connection: Connection) -> tuple[int, int]:
        before = count(connection)
        counted.set()
        assert written.wait(PATIENCE_S)
        return before, count(connection)

    async def write_between() -> None:
        await asyncio.to_thread(counted.wait, PATIENCE_S)
        await central_database.write(partial(add_company, name="a"))
        written.set()

    seen, _ = await asyncio.gather(getattr(central_database, way)(twice), write_between())

    assert seen == (0, 0)
    assert await central_database.read(count) == 1


@pytest.mark.parametrize("way", ["read", "report"])
async def test_a_query_without_an_end_is_stopped_and_the_next_one_served(central_url: str, way: str) -> None:
    database = open_database(central_url, page_s=0.05, report_s=0.05)
    endless = ENDLESS[database.url.get_backend_name()]

    with pytest.raises(DatabaseAwayError) as stopped:
        await getattr(database, way)(lambda c: c.exec_driver_sql(endless).all())

    assert stopped.value.code == "storage.slow"
    await getattr(database, way)(ping)
    await database.close()


async def test_reports_hold_up_neither_pages_nor_writes(central_database: Database) -> None:
    async with held(central_database.report, 2):
        await central_database.read(ping)
        await central_database.write(ping)
        await central_database.receive(ping)


async def test_pages_hold_up_neither_writes_nor_pushes(central_database: Database) -> None:
    async with held(central_database.read, 4):
        await central_database.write(ping)
        await central_database.receive(ping)


@pytest.mark.postgres
async def test_the_offices_writes_never_hold_up_a_push(postgres: Database) -> None:
    async with held(postgres.write, 6):
        await postgres.receive(ping)


async def test_a_lane_refuses_at_once_what_would_wait_too_long(tmp_path: Path) -> None:
    url = open_database(f"sqlite:///{tmp_path / 'one.db'}").url
    lane = Lane("test", sqlite_reader(url, 1, PATIENCE_S), 1, waiting=1)
    begun, go = Event(), Event()
    jobs = [asyncio.ensure_future(lane.run(partial(waits, begun=begun, go=go))) for _ in range(2)]
    await asyncio.to_thread(begun.wait, PATIENCE_S)

    with pytest.raises(DatabaseAwayError) as refused:
        await lane.run(ping)

    assert refused.value.code == "storage.busy"
    go.set()
    await asyncio.gather(*jobs)
    await lane.run(ping)
    await lane.close()


async def test_a_write_is_finished_although_its_caller_left(central_database: Database) -> None:
    begun, go = Event(), Event()

    def slow(connection: Connection) -> None:
        waits(connection, begun, go)
        add_company(connection, "a")
        mark(connection, EVENT)

    with central_database.signals.subscribe(EVENT) as news:
        writing = asyncio.ensure_future(central_database.write(slow))
        await asyncio.to_thread(begun.wait, PATIENCE_S)
        writing.cancel()
        go.set()

        assert await news.wait(PATIENCE_S)
    assert writing.cancelled()
    assert await central_database.read(count) == 1


async def test_a_failed_job_signals_nothing(central_database: Database) -> None:
    def fails(connection: Connection) -> None:
        mark(connection, EVENT)
        raise KeyError

    with central_database.signals.subscribe(EVENT) as news:
        with pytest.raises(KeyError):
            await central_database.write(fails)
        await central_database.write(ping)

        assert not await news.wait(0)


@pytest.mark.postgres
async def test_a_deadlocks_victim_is_run_again(postgres: Database) -> None:
    meeting, runs = Barrier(2), list[str]()

    def lock_both(connection: Connection, first: int, second: int) -> None:
        runs.append("run")
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": first})
        if len(runs) <= 2:
            meeting.wait(PATIENCE_S)
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": second})
        add_company(connection, f"{first}")

    await asyncio.gather(
        postgres.write(partial(lock_both, first=1, second=2)), postgres.write(partial(lock_both, first=2, second=1))
    )

    assert len(runs) > 2
    assert await postgres.read(count) == 2


@pytest.mark.postgres
@pytest.mark.parametrize("way", ["read", "write", "report", "receive"])
async def test_after_the_server_closed_every_connection_jobs_go_on(
    postgres: Database, postgres_url: str, way: str
) -> None:
    run = getattr(postgres, way)
    async with held(run, 2):
        pass

    close_all(postgres_url)

    await asyncio.gather(run(ping), run(ping), run(ping))


@pytest.mark.postgres
async def test_a_connection_lost_before_the_commit_costs_a_second_run(postgres: Database, postgres_url: str) -> None:
    runs = list[str]()

    def interrupted(connection: Connection) -> None:
        runs.append("run")
        add_company(connection, "a")
        if len(runs) == 1:
            close_all(postgres_url)
        add_company(connection, "b")

    await postgres.write(interrupted)

    assert len(runs) == 2
    assert await postgres.read(count) == 2


@pytest.mark.postgres
async def test_a_connection_lost_at_the_commit_is_never_a_second_run(postgres: Database, postgres_url: str) -> None:
    runs = list[str]()

    def interrupted(connection: Connection) -> None:
        runs.append("run")
        add_company(connection, "a")
        close_all(postgres_url)

    with pytest.raises(DatabaseAwayError):
        await postgres.write(interrupted)

    assert runs == ["run"]
    await postgres.write(partial(add_company, name="b"))


async def test_a_server_that_is_not_there_is_said_to_be_away(postgres_url: str) -> None:
    database = open_database(postgres_url.rsplit("/", 1)[0] + "/nowhere")

    with pytest.raises(DatabaseAwayError) as away:
        await database.read(ping)

    assert away.value.code == "storage.away"
    assert away.value.status == 503
    await database.close()


@pytest.mark.parametrize("times", [1, 100])
async def test_a_row_that_stands_already_is_refused_as_one(central_database: Database, times: int) -> None:
    rows = [("a", f"{number}", "i", "IT", "EUR", "") for number in range(times)]
    columns = ("id", "name", "tax_id", "country", "currency", "created_at")
    await central_database.write(partial(add_company, name="a"))

    with pytest.raises(IntegrityError) as refused:
        await central_database.write(lambda c: insert_rows(c, company, columns, rows))

    assert concerns_rows(refused.value)


@pytest.mark.parametrize("times", [1, 100])
@pytest.mark.parametrize(("position", "key"), [(2**70, "k"), (1, "a\ud800")])
async def test_what_no_column_holds_is_blamed_on_the_row(
    central_database: Database, times: int, position: int, key: str
) -> None:
    columns = ("position", "company", "kind", "key", "at")
    rows = [(position + number, "c", "k", key, "") for number in range(times)]

    with pytest.raises(Exception) as refused:  # noqa: PT011 - each driver has a class of its own
        await central_database.write(lambda c: insert_rows(c, event_table, columns, rows))

    assert concerns_rows(refused.value)
    await central_database.write(ping)
