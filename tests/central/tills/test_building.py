"""Rows of large sets are made in a process of its own, and come to the same wherever they are made."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from central.sales.projection import SalesProjection
from central.sales.tables import sale
from central.tills.alarms import AlarmProjection
from central.tills.arriving import read_push
from central.tills.build_worker import receive, send
from central.tills.building import Buildable, Builder, Built
from central.tills.projections import Projections
from central.tills.projector import SET_SIZE, Projector
from central.tills.tables import projection_cursor, set_aside
from central.tills.values import KnownTill, RawEntry
from commerce.ids import new_id
from commerce.ledger import Kind
from tests.fakes.till import START, FakeTill
from tests.shared_data import PROJECT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from sqlalchemy import Connection

    from central.sales.projection import SalesRows
    from commerce.ledger import Entry
    from tests.central.office import Office

PROJECTION = Projections(SalesProjection(), AlarmProjection())


def entries(sales: int) -> list[RawEntry]:
    till = FakeTill(new_id(), new_id(), new_id())
    till.open_chain()
    for _ in range(sales):
        till.sell()
    till.write(Kind.SALE_COMPLETED, {"sale": 7})
    known = KnownTill(till.till, till.company, till.shop, "live", b"", b"", revoked=False)
    read = read_push(till.push(), known, START).entries
    return [
        RawEntry(till.till, till.chain, one.entry.seq, one.hash, str(one.header["kind"]), *_bytes(one.entry))
        for one in read
        if one.header
    ]


def _bytes(entry: object) -> tuple[bytes, bytes]:
    return entry.header, entry.body  # type: ignore[attr-defined]


@pytest.fixture
async def builder() -> AsyncIterator[Builder]:
    made = Builder(large=3)
    yield made
    await made.close()


async def test_what_is_built_apart_is_what_is_built_here(builder: Builder) -> None:
    given = entries(4)

    apart = await builder.build(PROJECTION, given)

    assert builder._worker is not None
    assert apart == PROJECTION.build(given)
    assert list(apart[1].values()) == ["projection.unreadable"]


async def test_small_sets_start_no_process(builder: Builder) -> None:
    await builder.build(PROJECTION, entries(4)[:2])

    assert builder._worker is None


async def test_a_process_that_was_killed_is_missed_by_nobody(builder: Builder) -> None:
    given = entries(4)
    await builder.build(PROJECTION, given)
    assert builder._worker
    killed = builder._worker.pid
    os.kill(killed, signal.SIGKILL)

    without = await builder.build(PROJECTION, given)
    again = await builder.build(PROJECTION, given)

    assert without == again == PROJECTION.build(given)
    assert builder._worker
    assert builder._worker.pid != killed


class Stubborn(SalesProjection):
    """Cannot be sent to another process."""

    def __reduce__(self) -> str:
        raise TypeError("stays here")


class Broken(SalesProjection):
    """Fails at whatever it gets."""

    def build(self, entries: Sequence[RawEntry]) -> tuple[SalesRows, Mapping[int, str]]:
        raise ArithmeticError(len(entries))


async def test_what_cannot_be_sent_is_built_here(builder: Builder) -> None:
    given = entries(4)

    assert await builder.build(Stubborn(), given) == SalesProjection().build(given)


async def test_what_a_set_makes_the_code_raise_is_raised_here(builder: Builder) -> None:
    with pytest.raises(ArithmeticError, match="6"):
        await builder.build(Broken(), entries(4))


async def test_it_lets_the_process_go_when_nobody_needs_it(builder: Builder) -> None:
    await builder.build(PROJECTION, entries(4))
    assert builder._worker
    process = builder._worker

    await builder.rest()
    assert builder._worker is process
    builder._used_at -= 3600
    await builder.rest()

    assert builder._worker is None
    assert process.returncode is not None


async def test_where_no_process_can_be_had_none_is_started_for_every_set(builder: Builder) -> None:
    given, reduced = entries(4), []

    class Counted(Stubborn):
        def __reduce__(self) -> str:
            reduced.append(1)
            return super().__reduce__()

    for _ in range(5):
        assert await builder.build(Counted(), given) == SalesProjection().build(given)

    assert len(reduced) == 2
    builder._not_before = 0.0
    await builder.build(PROJECTION, given)
    assert builder._worker is not None


def until_busy(builder: Builder) -> None:
    while not builder._alone.locked():
        os.sched_yield()


async def test_a_process_that_hangs_holds_up_no_stop(builder: Builder) -> None:
    given = entries(4)
    await builder.build(PROJECTION, given)
    assert builder._worker
    os.kill(builder._worker.pid, signal.SIGSTOP)
    waiting = asyncio.create_task(builder.build(PROJECTION, given))
    await asyncio.to_thread(until_busy, builder)

    async with asyncio.timeout(30):  # half of what a set may take
        await builder.close()

    assert await waiting == PROJECTION.build(given)


async def test_what_interrupts_central_does_not_reach_the_process(builder: Builder) -> None:
    await builder.build(PROJECTION, entries(4))

    assert builder._worker
    assert os.getpgid(builder._worker.pid) != os.getpgid(0)


def test_the_process_ends_with_whoever_started_it() -> None:
    """Nothing stays behind when central is killed: the pipe's end is the worker's end."""
    command = [sys.executable, "-m", "central.tills.build_worker"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT) as worker:
        assert worker.stdin
        assert worker.stdout
        send(worker.stdin, (SalesProjection(), []))
        assert receive(worker.stdout) == (True, SalesProjection().build([]))
        worker.stdin.write(b"\0\0\0")  # a part of a length
        worker.stdin.close()

        assert worker.wait(30) == 0


class Meddling(SalesProjection):
    """Somebody else decides about an entry of the chain while the first of its sets is stored."""

    def __init__(self) -> None:
        self.stored = 0

    def store(self, connection: Connection, rows: SalesRows, at: object, announced: int) -> None:
        super().store(connection, rows, at, announced)  # type: ignore[arg-type]
        self.stored += 1
        if self.stored == 1:
            connection.execute(projection_cursor.update().values(revision=projection_cursor.c.revision + 1))


async def test_a_set_that_was_built_ahead_is_not_stored_over_a_decision(office: Office) -> None:
    till = await office.new_till()
    for _ in range(SET_SIZE + 20):
        till.sell()
    await office.accept(till, till.push_of(till.entries[:400]))
    await office.accept(till, till.push_of(till.entries[400:]))
    projector = Projector(office.database, Meddling(), office.clock)

    try:
        assert await projector.step() == SET_SIZE
        assert [row.projected_seq for row in await office.rows(projection_cursor)] == [SET_SIZE]
        assert await projector.step() == 21
    finally:
        await projector.builder.close()

    assert len(await office.rows(sale)) == SET_SIZE + 20


async def test_sets_that_are_built_ahead_count_every_sale_once(office: Office) -> None:
    till = await office.new_till()
    for _ in range(2 * SET_SIZE + 20):
        till.sell()
    till.write(Kind.SALE_COMPLETED, {"sale": 7})
    till.sell()
    for first in range(0, len(till.entries), 400):
        await office.accept(till, till.push_of(till.entries[first : first + 400]))

    async with asyncio.timeout(60):
        await office.projector.catch_up()

    stored = [row.seq for row in await office.rows(sale)]
    assert sorted(stored) == [entry.seq for entry in till.entries if entry.seq not in (1, till.head.seq - 1)]
    assert [row.seq for row in await office.rows(set_aside)] == [till.head.seq - 1]


class Arriving(Builder):
    """A builder while whose work more of a chain arrives."""

    def __init__(self, office: Office, till: FakeTill, more: list[Sequence[Entry]]) -> None:
        super().__init__()
        self.office, self.till, self.more = office, till, more

    async def build(self, projection: Buildable, entries: Sequence[RawEntry]) -> Built:
        if self.more:
            await self.office.accept(self.till, self.till.push_of(list(self.more.pop(0))))
        return await super().build(projection, entries)


async def test_what_arrives_while_a_set_is_built_comes_with_it(office: Office) -> None:
    till = await office.new_till()
    for _ in range(60):
        till.sell()
    await office.accept(till, till.push_of(till.entries[:20]))
    arriving = Arriving(office, till, [till.entries[20:40], till.entries[40:]])
    projector = Projector(office.database, SalesProjection(), office.clock, builder=arriving)

    assert await projector.step() == 61  # three sets in one step: each was built before the one before it was stored
    assert len(await office.rows(sale)) == 60
