from functools import partial

from central.db.events import read_events
from central.db.feed import START
from central.sales.tables import PROJECTIONS, sale
from central.tills.handover import Handover
from central.tills.rebuilding import rebuild
from central.tills.review import Decision, EntryKey
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
    assert await office.tills.list_set_aside() == []
