"""A person decides, or a rebuild begins, while the projector is at work: no sale is lost and none counts twice."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from central.db.engine import open_database
from central.db.migrate import migrate
from central.sales.projection import SalesProjection
from central.sales.tables import sale
from central.tills.handover import Handover
from central.tills.projector import Projector
from central.tills.rebuilding import rebuild
from central.tills.review import Decision, EntryKey
from central.tills.tables import set_aside
from central.tills.values import RawEntry
from commerce.ledger import Entry
from tests.central.office import Office, open_office
from tests.central.tills.test_review import MANAGER
from tests.fakes.till import FakeTill


@dataclass
class Interrupted:
    """Sales, with something that happens once between reading a set and storing it."""

    meanwhile: Callable[[], Awaitable[Any]]
    loop: asyncio.AbstractEventLoop
    inner: SalesProjection
    happened: bool = False

    def build(self, entries: Sequence[RawEntry]) -> tuple[Any, Mapping[int, str]]:
        """Build in the projector's thread; the first time, let the loop do something else before."""
        if not self.happened:
            self.happened = True
            done = asyncio.run_coroutine_threadsafe(self._happen(), self.loop)
            done.result(timeout=60)
        return self.inner.build(entries)

    async def _happen(self) -> None:
        await self.meanwhile()

    def store(self, connection: Connection, rows: Any, at: datetime, announced: int) -> None:  # noqa: ANN401
        self.inner.store(connection, rows, at, announced)

    def clear(self, connection: Connection) -> None:
        self.inner.clear(connection)


def interrupted(office: Office, meanwhile: Callable[[], Awaitable[Any]]) -> Projector:
    """A projector of another process, to which something happens in the middle of a set."""
    projection = Interrupted(meanwhile, asyncio.get_running_loop(), SalesProjection())
    return replace(office.projector, projection=projection, handover=Handover())


def decision(office: Office) -> Decision:
    return Decision(MANAGER, office.clock(), "counted")


async def hashes(office: Office) -> list[bytes]:
    return sorted(row.hash for row in await office.rows(sale))


async def test_a_retry_while_the_set_around_it_is_built_loses_no_sale(office: Office) -> None:
    till = await office.new_till()
    await office.accept(till)
    await office.tills.revoke(till.till, "lost")
    sold = [till.sell() for _ in range(3)]
    await office.accept(till)
    key = EntryKey(till.till, till.chain, 3)

    await interrupted(office, lambda: office.tills.retry(key, decision(office))).catch_up()

    assert await hashes(office) == [sold[1].hash]
    assert [row.state for row in await office.rows(set_aside)] == ["open", "projected", "open"]


async def test_a_retry_before_the_projector_came_by_is_counted_once(office: Office) -> None:
    till = await office.new_till()
    await office.accept(till)
    await office.tills.revoke(till.till, "lost")
    sold = till.sell()
    await office.accept(till)

    await office.tills.retry(EntryKey(till.till, till.chain, 2), decision(office))
    await office.projector.catch_up()

    assert await hashes(office) == [sold.hash]


async def a_forked_sale(office: Office) -> tuple[FakeTill, Entry]:
    till = await office.new_till()
    image = till.restored_at(1)
    till.sell()
    beside = image.sell()
    await office.accept(till)
    await office.accept(image)
    return till, beside


async def test_a_fork_accepted_while_its_chain_is_built_counts_beside_it(office: Office) -> None:
    till, beside = await a_forked_sale(office)
    key = EntryKey(till.till, till.chain, 2, beside.hash)

    await interrupted(office, lambda: office.tills.accept_fork(key, decision(office))).catch_up()

    assert await hashes(office) == sorted([till.entries[1].hash, beside.hash])


async def test_a_rebuild_while_a_set_is_built_counts_everything_once(office: Office) -> None:
    till, beside = await a_forked_sale(office)
    await office.projector.catch_up()
    await office.tills.accept_fork(EntryKey(till.till, till.chain, 2, beside.hash), decision(office))
    till.sell()
    await office.accept(till)

    await interrupted(office, lambda: rebuild(office.projector)).catch_up()

    assert await hashes(office) == sorted([till.entries[1].hash, beside.hash, till.entries[2].hash])


async def test_two_people_who_accept_the_same_fork_at_once_count_it_once(office: Office) -> None:
    till, beside = await a_forked_sale(office)
    await office.projector.catch_up()
    key = EntryKey(till.till, till.chain, 2, beside.hash)

    answers = await asyncio.gather(
        *(office.tills.accept_fork(key, decision(office)) for _ in range(4)), return_exceptions=True
    )

    assert [answer is None for answer in answers].count(True) == 1
    assert len(await hashes(office)) == 2


@dataclass
class Cleared(Interrupted):
    """Sales, with something that begins just before a rebuild drops them, and is done or waits for the rebuild."""

    def build(self, entries: Sequence[RawEntry]) -> tuple[Any, Mapping[int, str]]:
        return self.inner.build(entries)

    def clear(self, connection: Connection) -> None:
        beginning = asyncio.run_coroutine_threadsafe(self._happen(), self.loop)
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while not beginning.done() and not connection.exec_driver_sql(waiting).scalar_one():
            pass
        self.inner.clear(connection)


@pytest.mark.postgres
async def test_a_chain_that_opens_while_a_rebuild_begins_keeps_its_sales(postgres_url: str, tmp_path: Path) -> None:
    database = open_database(postgres_url)
    await migrate(database)
    office = await open_office(database, tmp_path)
    till = await office.new_till()
    till.sell()

    async def first_sales() -> None:
        await office.accept(till)
        await office.projector.catch_up()

    projection = Cleared(first_sales, asyncio.get_running_loop(), SalesProjection())
    await rebuild(replace(office.projector, projection=projection, handover=Handover()))
    await office.projector.catch_up()

    assert await hashes(office) == [till.entries[1].hash]
    await database.close()


@pytest.mark.parametrize("seed", range(3))
async def test_a_rebuild_with_sales_and_chains_arriving_meanwhile_gives_the_same(office: Office, seed: int) -> None:
    tills = [await office.new_till(f"T{number}") for number in range(4)]
    for till in tills[:2]:
        for _ in range(30):
            till.sell()
        await office.accept(till)
    await office.projector.catch_up()
    serving = asyncio.create_task(office.projector.run(poll_s=0.01))
    other = replace(office.projector, handover=Handover())

    async def keep_selling() -> None:
        for _ in range(12):
            for till in tills:
                till.sell()
                await office.accept(till)

    await asyncio.gather(keep_selling(), rebuild(other), *(rebuild(other) for _ in range(seed)))
    await other.catch_up()
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)

    entries = sorted(one.hash for till in tills for one in till.entries if one.seq > 1)
    assert await hashes(office) == entries
    assert await office.rows(set_aside) == []
