"""What durable readers promise on both engines: every event once, nobody held up, nothing trimmed too early."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from functools import partial
from threading import Event as Flag
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection, select

from central.db.engine import Database, open_database
from central.db.events import Event, emit, read_events, trim
from central.db.feed import START, change_epoch
from central.db.feed_tables import event_reader
from central.db.lasting import Condition
from central.db.readers import (
    BATCH,
    LATE,
    Reader,
    advance,
    enter,
    follow,
    forget_reader,
    list_lags,
    list_readers,
    pass_on,
    watch_lags,
)
from commerce.errors import NotFoundError
from tests.central.effects import keep, kept, make_table
from tests.central.office import Clock
from tests.shared_data import PROJECT

if TYPE_CHECKING:
    from collections.abc import Sequence

PATIENCE_S = 30


@pytest.fixture
async def database(central_database: Database) -> Database:
    """A database with a place for effects."""
    await central_database.write(make_table)
    return central_database


async def enrolled(database: Database, name: str = "kept", kinds: frozenset[str] = frozenset()) -> Reader:
    """A reader that has begun."""
    reader = Reader(name, partial(keep, name=name), kinds)
    await database.write(partial(enter, reader=reader))
    return reader


async def happen(database: Database, *keys: str, kind: str = "k") -> None:
    await database.write(partial(emit, company="c", kind=kind, keys=keys, at=Clock()()))


async def effects(database: Database, name: str = "kept") -> list[str]:
    return await database.read(partial(kept, name=name))


async def unread(database: Database) -> list[str]:
    return [event.key for event in await database.read(partial(read_events, after=START))]


async def test_a_reader_is_told_of_every_event_once(database: Database) -> None:
    reader = await enrolled(database)
    await happen(database, "a", "b")
    assert await pass_on(database, reader) == 2
    await happen(database, "c")

    assert [await pass_on(database, reader), await pass_on(database, reader)] == [1, 0]
    assert await effects(database) == ["a", "b", "c"]


async def test_a_new_reader_begins_now_or_with_what_is_still_there(database: Database) -> None:
    await happen(database, "before")
    late = await enrolled(database, "late")
    whole = Reader("whole", partial(keep, name="whole"), from_start=True)
    await database.write(partial(enter, reader=whole))
    await happen(database, "after")
    for reader in (late, whole):
        await database.write(partial(enter, reader=reader))  # a program that starts again goes on
        await pass_on(database, reader)

    assert await effects(database, "late") == ["after"]
    assert await effects(database, "whole") == ["after", "before"]


async def test_a_reader_is_told_of_its_kinds_and_passes_the_others(database: Database) -> None:
    reader = await enrolled(database, kinds=frozenset({"wanted"}))
    await happen(database, "a", kind="wanted")
    await happen(database, "b", kind="other")

    assert await pass_on(database, reader) == 2
    assert await effects(database) == ["a"]


@pytest.mark.parametrize("place", ["effect", "cursor"])
async def test_a_reader_that_is_killed_before_its_commit_does_it_once(
    database: Database, central_url: str, place: str
) -> None:
    reader = await enrolled(database)
    await happen(database, "a", "b")
    command = (sys.executable, "-m", "tests.central.effects", central_url, place)
    process = await asyncio.create_subprocess_exec(*command, cwd=PROJECT)
    assert await process.wait() == -9

    assert await effects(database) == []
    await pass_on(database, reader)
    assert await effects(database) == ["a", "b"]


async def test_two_processes_are_never_at_the_same_events(database: Database, central_url: str) -> None:
    await enrolled(database)
    await happen(database, "a", "b")
    inside, go = Flag(), Flag()

    def slowly(connection: Connection, events: Sequence[Event]) -> None:
        keep(connection, events)
        inside.set()
        assert go.wait(PATIENCE_S)

    first = asyncio.ensure_future(database.write(partial(advance, reader=Reader("kept", slowly))))
    await asyncio.to_thread(inside.wait, PATIENCE_S)
    second = open_database(central_url)
    other = asyncio.ensure_future(second.write(partial(advance, reader=Reader("kept", keep))))
    if database.url.get_backend_name() == "postgresql":
        assert await other == 0  # passes by at once
    go.set()

    assert sorted([await first, await other]) == [0, 2]
    assert await effects(database) == ["a", "b"]
    await second.close()


class RefusesError(Exception):
    """What a reader with a bug raises."""


async def refusing(database: Database, key: str, name: str = "refusing") -> Reader:
    """A reader that cannot take one event."""

    def effect(connection: Connection, events: Sequence[Event]) -> None:
        keep(connection, events, name)
        if key in [event.key for event in events]:
            raise RefusesError

    reader = Reader(name, effect)
    await database.write(partial(enter, reader=reader))
    return reader


async def test_a_reader_stops_at_the_very_event_that_it_cannot_take(database: Database) -> None:
    reader = await refusing(database, "e7")
    await happen(database, *(f"e{number}" for number in range(10)))

    for _ in range(2):
        with pytest.raises(RefusesError):
            await pass_on(database, reader)

    assert await effects(database, "refusing") == [f"e{number}" for number in range(7)]


async def test_a_reader_that_fails_holds_up_no_other(database: Database) -> None:
    broken, sound = await refusing(database, "a"), await enrolled(database)
    await happen(database, "a", "b")

    with pytest.raises(RefusesError):
        await pass_on(database, broken)

    assert await pass_on(database, sound) == 2
    assert await effects(database) == ["a", "b"]


async def test_a_reader_follows_what_happens(database: Database) -> None:
    seen = Flag()

    def effect(connection: Connection, events: Sequence[Event]) -> None:
        keep(connection, events)
        seen.set()

    reader = Reader("kept", effect)
    await database.write(partial(enter, reader=reader))
    following = asyncio.ensure_future(follow(database, reader, poll_s=PATIENCE_S))
    await happen(database, "a")
    assert await asyncio.to_thread(seen.wait, PATIENCE_S)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def test_a_reader_that_lags_raises_its_alarm_until_it_has_caught_up(database: Database) -> None:
    reader, clock = await enrolled(database), Clock()
    condition = Condition(clock)
    await happen(database, "a")
    await watch_lags(database, condition, clock() + LATE)
    assert condition.failing == {}

    late = clock() + LATE + timedelta(seconds=1)
    await watch_lags(database, condition, late)
    assert {name: one.why for name, one in condition.failing.items()} == {"lag of reader kept": "reader.lags"}
    assert [(lag.reader, lag.kind) for lag in await database.read(partial(list_lags, now=late))] == [("kept", "k")]

    await pass_on(database, reader)
    await watch_lags(database, condition, late)
    assert condition.failing == {}


async def test_nothing_is_trimmed_that_the_slowest_reader_has_to_see(database: Database) -> None:
    fast, slow = await enrolled(database, "fast"), await enrolled(database, "slow")
    await happen(database, "a", "b")
    await pass_on(database, slow)
    await happen(database, "c")
    await pass_on(database, fast)

    await database.write(partial(trim, kept=0))
    assert await unread(database) == ["c"]

    await pass_on(database, slow)
    await database.write(partial(trim, kept=0))
    assert await unread(database) == []


async def test_without_readers_the_newest_events_stay_for_open_pages(database: Database) -> None:
    await happen(database, "a", "b", "c")
    await database.write(partial(trim, kept=2))

    assert await unread(database) == ["b", "c"]


async def test_a_reader_that_no_program_has_can_be_let_go(database: Database) -> None:
    await enrolled(database, "gone")
    await happen(database, "a")
    await database.write(partial(forget_reader, name="gone"))
    await database.write(partial(trim, kept=0))

    assert (await database.read(list_readers), await unread(database)) == ([], [])
    with pytest.raises(NotFoundError, match=r"reader\.unknown"):
        await database.write(partial(forget_reader, name="gone"))


async def test_a_database_that_was_moved_goes_on_where_each_reader_stood(database: Database) -> None:
    ahead, behind = await enrolled(database, "ahead"), await enrolled(database, "behind")
    await happen(database, "a", "b")
    await pass_on(database, ahead)
    await happen(database, "c")
    await database.write(change_epoch)
    await happen(database, "d")

    assert [await pass_on(database, ahead), await pass_on(database, behind)] == [2, 4]
    assert await effects(database, "ahead") == await effects(database, "behind") == ["a", "b", "c", "d"]


async def test_more_than_one_batch_is_read_on(database: Database) -> None:
    reader = await enrolled(database)
    await happen(database, *(f"e{number}" for number in range(BATCH + 3)))

    assert [await pass_on(database, reader), await pass_on(database, reader)] == [BATCH, 3]
    assert await database.read(lambda c: len(c.execute(select(event_reader)).all())) == 1
