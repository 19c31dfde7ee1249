"""Several processes on one database wake each other, over TLS too, and one that is deaf knows it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import pytest
from psycopg import Notify, OperationalError
from sqlalchemy import Connection, text

from central.db.engine import Database, open_database, ping
from central.db.faults import DatabaseAwayError
from central.db.feed import publish
from central.db.lasting import Condition, lasting
from central.db.migrate import migrate
from central.db.relay import DeafError, hear, relay_signals, send_signals
from central.db.signals import FEED, STORED, Signals
from tests.central.closing import close_all
from tests.central.office import Clock
from tests.postgres import find_binaries
from tests.prerequisites import missing
from tests.tls_postgres import TlsPostgres, make_authority

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

PATIENCE_S = 60


class DeafEar:
    """A connection that takes statements and hears nothing, as behind a pooler that shares connections out."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.closed = False

    async def execute(self, query: str, params: tuple[object, ...] | None = None) -> None:
        self.statements.append(query)

    async def notifies(self, *, timeout: float | None = None) -> AsyncIterator[Notify]:  # noqa: ASYNC109 - psycopg's
        for payload in ("somebody stored", "pulse of-somebody-else"):
            yield Notify("cassaforte", payload, 1)

    async def close(self) -> None:
        self.closed = True


@asynccontextmanager
async def processes(url: str) -> AsyncIterator[tuple[Database, Database]]:
    """Two processes' worth of loops."""
    both = open_database(url), open_database(url)
    await migrate(both[0])
    condition = Condition(Clock())
    loops = [
        asyncio.ensure_future(lasting("loop", partial(work, one), condition))
        for one in both
        for work in (relay_signals, send_signals)
    ]
    try:
        yield both
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        for one in both:
            await one.close()


async def wakes(speaker: Database, listener: Database) -> bool:
    """Whether one hears of what the other publishes; it may still be on its way to listening."""
    with listener.signals.subscribe(FEED) as news:
        for number in range(PATIENCE_S):
            await speaker.write(lambda c, row=f"{number}": publish(c, "c", None, "item", row, {}))  # type: ignore[misc]
            if await news.wait(1):
                return True
    return False


@pytest.mark.postgres
async def test_what_one_process_publishes_wakes_the_other(postgres_url: str) -> None:
    async with processes(postgres_url) as (here, there):
        assert await wakes(here, there)
        assert await wakes(there, here)


@pytest.mark.postgres
async def test_a_relay_whose_connection_is_closed_comes_back(postgres_url: str) -> None:
    async with processes(postgres_url) as (here, there):
        assert await wakes(here, there)

        close_all(postgres_url, "%pg_notify%")
        close_all(postgres_url)

        assert await wakes(here, there)
        assert await wakes(there, here)


@pytest.mark.postgres
async def test_a_process_does_not_wake_itself_twice(postgres_url: str) -> None:
    async with processes(postgres_url) as (here, there):
        assert await wakes(here, there)
        with here.signals.subscribe(FEED) as own, there.signals.subscribe(FEED) as others:
            here.signals.fire([FEED])
            assert await own.wait(0)
            assert await others.wait(PATIENCE_S)
            there.signals.fire([FEED])
            assert await own.wait(PATIENCE_S)  # what comes after its own signal is the other's
            assert not await own.wait(0)


async def test_what_is_one_companys_wakes_nobody_of_another(central_database: Database) -> None:
    signals = central_database.signals
    with (
        signals.subscribe(FEED, companies={"c"}) as own,
        signals.subscribe(FEED, companies={"d"}) as others,
        signals.subscribe(FEED) as everyone,
    ):
        await central_database.write(lambda c: publish(c, "c", None, "item", "1", {}))
        assert [await one.wait(0) for one in (own, others, everyone)] == [True, False, True]

        signals.fire([FEED])
        assert [await one.wait(0) for one in (own, others, everyone)] == [True, True, True]


@pytest.mark.postgres
async def test_another_process_is_told_whose_it_is(postgres_url: str) -> None:
    async with processes(postgres_url) as (here, there):
        assert await wakes(here, there)
        with (
            there.signals.subscribe(FEED, companies={"b"}) as own,
            there.signals.subscribe(FEED, companies={"d"}) as others,
        ):
            here.signals.fire(["feed:d"])
            assert await others.wait(PATIENCE_S)
            assert not await own.wait(0)


async def test_an_ear_that_does_not_hear_itself_is_given_up() -> None:
    ear, signals = DeafEar(), Signals()

    async def connect() -> DeafEar:
        return ear

    with signals.subscribe(STORED) as news:
        with pytest.raises(DeafError):
            await hear(signals, connect, pulse_s=0)

        assert await news.wait(0)  # what others say is passed on all the same
    assert ear.closed
    assert ear.statements[0] == "LISTEN cassaforte"


async def test_a_signal_that_could_not_be_sent_is_sent_later() -> None:
    signals = Signals()
    signals.fire([FEED])
    lost = await signals.leaving()
    signals.keep(lost)

    assert await signals.leaving() == {FEED}


@pytest.mark.postgres
async def test_an_address_with_sslmode_is_believed_by_engine_and_relay_alike(tls_postgres: TlsPostgres) -> None:
    url = tls_postgres.tls_url(tls_postgres.create_database())
    async with processes(url) as (here, there):
        assert await wakes(here, there)
        connected = await here.read(_encrypted)

    assert len(connected) > 2
    assert all(connected)


@pytest.mark.postgres
async def test_a_server_of_another_authority_is_refused_by_engine_and_relay_alike(
    tls_postgres: TlsPostgres, tmp_path: Path
) -> None:
    stranger = make_authority(tmp_path)
    url = tls_postgres.tls_url(tls_postgres.create_database(), stranger)
    database = open_database(url)

    with pytest.raises(DatabaseAwayError):
        await database.read(ping)
    with pytest.raises(OperationalError, match="SSL error"):
        await relay_signals(database)
    await database.close()


def _encrypted(connection: Connection) -> list[bool]:
    query = "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE datname = current_database()"
    return list(connection.execute(text(query)).scalars())


@pytest.fixture(scope="module")
def tls_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsPostgres]:
    """A PostgreSQL that speaks TLS only, with a certificate of its own authority."""
    binaries = find_binaries()
    if binaries is None:
        missing("PostgreSQL", "install the package postgresql")
    server = TlsPostgres(binaries, tmp_path_factory.mktemp("tls"))
    yield server
    server.stop()
