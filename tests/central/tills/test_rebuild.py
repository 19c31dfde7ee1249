import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from threading import Event
from typing import Any

import pytest
from sqlalchemy import Connection, select, text

from central.db.events import read_events
from central.db.faults import DatabaseAwayError
from central.db.feed import START
from central.identity.tables import audit
from central.sales.projection import SalesProjection, SalesRows
from central.sales.tables import PROJECTIONS, sale, till_session
from central.tills.handover import Handover
from central.tills.projector import Projector
from central.tills.rebuilding import rebuild
from central.tills.review import Decision, EntryKey
from central.tills.tables import ledger_fork, set_aside
from central.tills.values import RawEntry
from commerce.canonical import parse_canonical
from commerce.ledger import Kind
from tests.central.office import Office
from tests.central.tills.test_review import MANAGER
from tests.fakes.till import FakeTill


async def dump(office: Office) -> dict[str, list[object]]:
    return {table.name: [tuple(row) for row in await office.rows(table)] for table in PROJECTIONS}


async def a_busy_day(office: Office) -> None:
    """Two tills with sales, outcomes, sessions, a fork accepted and entries set aside, dismissed and retried."""
    one, two = await office.new_till("T1"), await office.new_till("T2")
    for till in (one, two):
        till.sign_on(f"Anna of {till.till[-4:]}")
        till.open_session()
        for _ in range(5):
            sold = parse_canonical(till.sell(lines=2).body)
            till.settle(sold["effects"][0]["id"], "unknown")  # type: ignore[index]
            till.settle(sold["effects"][0]["id"])  # type: ignore[index]
        till.close_session()
        await office.accept(till)
    image = one.restored_at(4)
    image.sell()
    await office.accept(image)
    two.write(Kind.SALE_COMPLETED, {"sale": "unreadable"})
    await office.accept(two)
    await office.projector.catch_up()
    await office.tills.revoke(two.till, "lost")
    two.sell()
    await office.accept(two)
    await resolve(office, two, image)
    await office.projector.catch_up()


async def resolve(office: Office, two: FakeTill, image: FakeTill) -> None:
    decided = Decision(MANAGER, office.clock(), "counted")
    await office.projector.catch_up()
    await office.tills.retry(EntryKey(two.till, two.chain, two.head.seq), decided)
    fork = image.entries[-1]
    await office.tills.accept_fork(EntryKey(image.till, image.chain, fork.seq, fork.hash), decided)


async def test_what_a_rebuild_drops_is_gone_in_a_moment(office: Office) -> None:
    await a_busy_day(office)
    size = "SELECT COALESCE(SUM(pg_relation_size(oid)), 0) FROM pg_class WHERE relname = ANY(:names)"
    names = [table.name for table in PROJECTIONS]

    await office.database.write(office.projector.projection.clear)

    assert all(rows == [] for rows in (await dump(office)).values())
    if office.database.url.get_backend_name() == "postgresql":  # a DELETE would leave every row where it was
        assert await office.database.read(lambda c: c.execute(text(size), {"names": names}).scalar_one()) == 0


@pytest.mark.postgres
async def test_a_rebuild_beside_a_long_report_is_refused_and_drops_nothing(office: Office) -> None:
    await a_busy_day(office)
    if office.database.url.get_backend_name() == "sqlite":
        return  # readers keep their own copy
    before, begun, done = await dump(office), Event(), Event()

    def report(connection: Connection) -> bool:
        connection.execute(select(sale)).all()
        begun.set()
        return done.wait(60)

    reporting = asyncio.ensure_future(office.database.report(report))
    await asyncio.to_thread(begun.wait, 60)
    with pytest.raises(DatabaseAwayError, match=r"storage\.busy"):
        await rebuild(office.projector)
    done.set()

    assert await reporting
    assert await dump(office) == before


async def test_a_rebuild_gives_the_same_and_announces_nothing_again(office: Office) -> None:
    await a_busy_day(office)
    before = await dump(office)
    events = len(await office.database.read(partial(read_events, after=START)))
    told: list[tuple[int, int]] = []

    await rebuild(office.projector, lambda done, of: told.append((done, of)))

    assert await dump(office) == before
    assert len(before["sale"]) == 12
    assert len(await office.database.read(partial(read_events, after=START))) == events
    assert told[-1][0] == told[-1][1]


async def test_what_was_stored_before_a_crash_is_projected_by_the_next_start(office: Office) -> None:
    till = await office.new_till()
    for _ in range(3):
        till.sell()
    await office.accept(till)  # the process ends here

    assert await office.projector.catch_up() == 4
    assert len(await office.rows(sale)) == 3


async def test_two_projectors_at_once_project_everything_once(office: Office) -> None:
    import asyncio
    from dataclasses import replace

    for number in range(3):
        till = await office.new_till(f"T{number}")
        for _ in range(20):
            till.sell()
        await office.accept(till)
    other = replace(office.projector, handover=Handover())

    await asyncio.gather(office.projector.catch_up(), other.catch_up())

    assert len(await office.rows(sale)) == 60
    assert await office.rows(set_aside, state="open") == []


async def forks_of_every_kind(office: Office) -> list[EntryKey]:
    """A till and a copy of it that both go on from the same place, each saying its own of the same things."""
    till = await office.new_till()
    till.sign_on()
    copy = till.restored_at(till.head.seq)
    opened = parse_canonical(till.open_session().body)
    copy.session = till.session
    copy.write(Kind.SESSION_OPENED, {**opened, "opening_cash": 7777})
    sold: Any = parse_canonical(till.sell().body)
    copy.sell(lines=3)
    for one in (till, copy):
        one.settle(sold["effects"][0]["id"], "done" if one is till else "unknown")
        closed = parse_canonical(one.close_session().body)
        one.write(Kind.SESSION_CLOSED, {**closed, "counted_cash": one.number, "over_short": one.number - 10000})
    await office.accept(till)
    await office.accept(copy)
    return [EntryKey(row.till, row.chain, row.seq, row.hash) for row in await office.rows(ledger_fork)]


@pytest.mark.parametrize("projected_first", [True, False])
@pytest.mark.parametrize("backwards", [True, False])
async def test_a_rebuild_gives_the_same_with_accepted_forks_of_every_kind(
    office: Office, *, projected_first: bool, backwards: bool
) -> None:
    forks = await forks_of_every_kind(office)
    assert len(forks) == 5
    if projected_first:
        await office.projector.catch_up()
    for key in sorted(forks, key=lambda one: one.seq, reverse=backwards):
        await office.tills.accept_fork(key, Decision(MANAGER, office.clock(), "counted"))
    await office.projector.catch_up()
    before = await dump(office)

    await rebuild(office.projector)

    assert await dump(office) == before
    assert [len(before[name]) for name in ("sale", "effect_outcome", "till_session")] == [2, 2, 1]
    assert {row.state for row in await office.rows(ledger_fork)} == {"accepted"}
    assert await office.rows(set_aside) == []


async def test_a_session_is_of_the_day_it_was_opened_whatever_comes_first(office: Office) -> None:
    till = await office.new_till()
    till.sign_on()
    till.open_session()
    body = parse_canonical(till.close_session().body)
    till.entries.pop()
    till.write(Kind.SESSION_CLOSED, body, business_day=date(2026, 11, 24))
    await office.accept(till, till.push(1, 2))
    await office.tills.revoke(till.till, "lost")
    await office.accept(till, till.push(3, 4))
    decided = Decision(MANAGER, office.clock(), "found again")
    await office.projector.catch_up()

    for seq in (4, 3):  # the end is counted before the beginning
        await office.tills.retry(EntryKey(till.till, till.chain, seq), decided)

    before = await dump(office)
    await rebuild(office.projector)
    assert await dump(office) == before
    assert [row.business_day for row in await office.rows(till_session)] == [date(2026, 11, 23)]


class Forgetful(SalesProjection):
    """A later program that takes one entry no more."""

    def __init__(self, digest: bytes) -> None:
        self.digest = digest

    def build(self, entries: Sequence[RawEntry]) -> tuple[SalesRows, Mapping[int, str]]:
        if any(entry.hash == self.digest for entry in entries):
            raise ValueError
        return super().build(entries)


async def test_a_fork_that_a_rebuild_cannot_count_waits_for_a_person_again_and_it_is_written_down(
    office: Office,
) -> None:
    till = await office.new_till()
    copy = till.restored_at(1)
    till.sell()
    beside = copy.sell()
    await office.accept(till)
    await office.accept(copy)
    key = EntryKey(till.till, till.chain, 2, beside.hash)
    await office.tills.accept_fork(key, Decision(MANAGER, office.clock(), "counted"))

    await rebuild(Projector(office.database, Forgetful(beside.hash), office.clock))

    assert [row.state for row in await office.rows(ledger_fork)] == ["open"]
    assert [row.hash for row in await office.rows(sale)] == [till.entries[1].hash]
    (act,) = [row for row in await office.rows(audit) if row.action == "ledger_fork.reopened"]
    assert (act.subject, act.company, act.change) == (str(key), office.company, {"state": ["accepted", "open"]})
