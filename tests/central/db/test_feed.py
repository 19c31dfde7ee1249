from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text

from central.db.engine import Database
from central.db.events import emit, newest_event, read_events
from central.db.feed import (
    START,
    Place,
    change_epoch,
    current_epoch,
    cursor_text,
    parse_cursor,
    publish,
    publish_many,
    read_changes,
)
from central.db.marker import EpochMarker
from commerce.errors import BadInputError, ConflictError
from tests.central.office import Clock


async def put(database: Database, *ids: str, shop: str | None = None) -> dict[str, int]:
    rows = [(row_id, {"sku": row_id}) for row_id in ids]
    return await database.write(partial(publish_many, company="c", shop=shop, kind="item", rows=rows))


async def changes(database: Database, after: Place = START, shop: str = "s") -> list[tuple[str, int, bool]]:
    rows = await database.read(partial(read_changes, company="c", shop=shop, after=after, limit=100))
    return [(row.id, row.version, row.row is None) for row in rows]


async def test_a_row_stands_once_in_the_feed_with_its_newest_version(central_database: Database) -> None:
    await put(central_database, "a", "b")

    assert await put(central_database, "a") == {"a": 2}
    assert await changes(central_database) == [("b", 1, False), ("a", 2, False)]


async def test_a_deleted_row_stays_as_a_tombstone(central_database: Database) -> None:
    await put(central_database, "a")
    delete = partial(publish, company="c", shop=None, kind="item", row_id="a", row=None)

    assert await central_database.write(delete) == 2
    assert await changes(central_database) == [("a", 2, True)]


async def test_a_shop_sees_the_companys_rows_and_its_own(central_database: Database) -> None:
    await put(central_database, "everyone")
    await put(central_database, "mine", shop="s")
    await put(central_database, "theirs", shop="t")

    assert [row_id for row_id, _, _ in await changes(central_database)] == ["everyone", "mine"]


async def test_rows_of_one_transaction_share_their_transactions_number(central_database: Database) -> None:
    def twice(connection: Connection) -> None:
        publish(connection, "c", None, "item", "a", {})
        publish(connection, "c", None, "vat_code", "b", {})

    await central_database.write(twice)
    await put(central_database, "c")

    rows = await central_database.read(partial(read_changes, company="c", shop="s", after=START, limit=9))
    assert rows[0].place.xid == rows[1].place.xid != rows[2].place.xid
    assert [row.place for row in rows] == sorted(row.place for row in rows)


@pytest.mark.postgres
async def test_the_feed_waits_for_a_slower_transaction_and_never_skips_its_rows(postgres_url: str) -> None:
    from central.db.engine import open_database
    from central.db.migrate import migrate

    database = open_database(postgres_url)
    await migrate(database)
    slow_engine = create_engine(database.url)
    with slow_engine.connect() as slow:
        publish(slow, "c", None, "item", "slow", {})
        await put(database, "fast")

        seen_early = await changes(database)
        slow.commit()
    seen_late = await changes(database)
    slow_engine.dispose()
    await database.close()

    assert seen_early == []
    assert [row_id for row_id, _, _ in seen_late] == ["slow", "fast"]


@pytest.mark.postgres
async def test_two_transactions_that_publish_the_same_new_row_give_it_two_versions(postgres_url: str) -> None:
    import asyncio

    from central.db.engine import open_database
    from central.db.migrate import migrate

    database = open_database(postgres_url)
    await migrate(database)

    await asyncio.gather(*(put(database, "same") for _ in range(4)))

    assert await changes(database) == [("same", 4, False)]
    await database.close()


async def test_a_cursor_of_another_epoch_is_refused(central_database: Database) -> None:
    epoch = await central_database.read(current_epoch)
    cursor = cursor_text(epoch, Place(3, 4))
    assert parse_cursor(cursor, epoch) == Place(3, 4)

    renewed = await central_database.write(change_epoch)

    assert renewed != epoch
    with pytest.raises(ConflictError, match=r"feed\.epoch"):
        parse_cursor(cursor, renewed)


@pytest.mark.parametrize("cursor", ["x", "a.b.c", "e.1", "e.1.-2", "e.١.2", f"e.{2**63}.1"])
async def test_a_cursor_that_is_none_is_refused(cursor: str) -> None:
    with pytest.raises((BadInputError, ConflictError)):
        parse_cursor(cursor, "e")


async def test_a_database_behind_its_marker_gets_a_new_epoch(central_database: Database, tmp_path: Path) -> None:
    marker = EpochMarker(central_database, tmp_path / "marker.json")
    assert not await marker.check()
    await put(central_database, "a")
    await marker.keep()
    epoch = await central_database.read(current_epoch)

    assert not await marker.check()
    await central_database.write(lambda c: c.execute(text("DELETE FROM feed")).close())  # as a restore would

    assert await marker.check()
    assert await central_database.read(current_epoch) != epoch


async def test_events_are_read_in_order_from_a_place(central_database: Database) -> None:
    at = Clock()()
    await central_database.write(partial(emit, company="c", kind="k", keys=["1", "2"], at=at))
    place = await central_database.read(newest_event)
    await central_database.write(partial(emit, company="c", kind="k", keys=["3"], at=at))

    events = await central_database.read(partial(read_events, after=place))

    assert [(event.key, event.at) for event in events] == [("3", at)]
