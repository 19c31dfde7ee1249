"""Durable readers of events: a reader has a name, and its cursor moves in the transaction of what it did.

So an effect happens once, whichever process is killed when. Each reader runs by itself: one that fails stands still at
the event it cannot take, holds up no other, and is named as lagging until somebody mends it. Nothing that a reader has
still to see is trimmed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection, select, text

from central.db.bulk import execute_plain
from central.db.engine import Database
from central.db.events import Event, newest_event, read_events
from central.db.faults import concerns_rows
from central.db.feed import START, Place
from central.db.feed_tables import event_reader
from central.db.lasting import Condition
from central.db.signals import EVENT
from commerce.dates import utc_text
from commerce.errors import NotFoundError, PosError

BATCH = 500
LATE = timedelta(minutes=15)
_POLL_S = 5.0
_ALARM = "lag of reader "


class ReaderLagsError(PosError):
    """A reader has not seen what happened a while ago: nobody was told of it, and events pile up."""

    default_code = "reader.lags"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads. ``effect`` gets the events of its ``kinds`` (of all, when none is named), oldest first.

    It is a job like any other: SQL alone, in the transaction that moves the cursor, and run again if that fails. What
    goes out of the house, it puts into the outbox or makes a job of. A reader that is new begins with what happens from
    then on, or with whatever is still there (``from_start``).
    """

    name: str
    effect: Callable[[Connection, Sequence[Event]], object]
    kinds: frozenset[str] = frozenset()
    from_start: bool = False


@dataclass(frozen=True, slots=True)
class Lag:
    """The oldest event that a reader has not seen, and when it was."""

    reader: str
    kind: str
    since: datetime


async def follow(database: Database, reader: Reader, poll_s: float = _POLL_S) -> None:
    """Do what a reader does, for ever; raises what it raises, once all before the event it cannot take is done."""
    await database.write(partial(enter, reader=reader))
    with database.signals.subscribe(EVENT) as subscription:
        while True:
            if await pass_on(database, reader) < BATCH:
                await subscription.wait(poll_s)


async def pass_on(database: Database, reader: Reader) -> int:
    """Take a reader as far as one batch goes; return how many events that was, 0 while another process is at it.

    A batch that fails is halved, down to the one event that cannot be taken: the reader stops there and nowhere else.
    """
    limit, taken = BATCH, 0
    while True:
        try:
            count = await database.write(partial(advance, reader=reader, limit=limit))
        except Exception as error:
            if limit == 1 or not concerns_rows(error):
                raise
            limit //= 2
        else:
            taken += count
            if limit == BATCH or count < limit:
                return taken


def enter(connection: Connection, reader: Reader) -> None:
    """Give a reader that is new its cursor."""
    place = START if reader.from_start else newest_event(connection)
    execute_plain(connection, _ENTER[connection.dialect.name == "postgresql"], (reader.name, *_stored(place)))


def advance(connection: Connection, reader: Reader, limit: int = BATCH) -> int:
    """Do what a reader does about its next events and move its cursor; return how many events it passed."""
    place = _hold(connection, reader.name)
    batch = [] if place is None else read_events(connection, place, limit)
    if not batch:
        return 0
    told = [event for event in batch if not reader.kinds or event.kind in reader.kinds]
    if told:
        reader.effect(connection, told)
    move = _MOVE[connection.dialect.name == "postgresql"]
    execute_plain(connection, move, (*_stored(batch[-1].place), reader.name))
    return len(batch)


def slowest(connection: Connection) -> Place | None:
    """Return how far the slowest reader has come; None without readers."""
    query = _READERS[connection.dialect.name == "postgresql"] + " ORDER BY event_reader.xid, position LIMIT 1"
    row = connection.execute(text(query)).first()
    return None if row is None else Place(int(row.xid), row.position)


def list_lags(connection: Connection, now: datetime, late: timedelta = LATE) -> list[Lag]:
    """Return the readers that have not seen what happened longer ago than ``late``, by name."""
    rows = connection.execute(text(_READERS[connection.dialect.name == "postgresql"] + " ORDER BY name")).all()
    unseen = {row.name: read_events(connection, Place(int(row.xid), row.position), 1) for row in rows}
    oldest = {name: events[0] for name, events in unseen.items() if events}
    return [Lag(name, event.kind, event.at) for name, event in oldest.items() if now - event.at > late]


async def watch_lags(database: Database, condition: Condition, now: datetime) -> None:
    """Raise the alarm of each reader that lags, and take back those of readers that have caught up."""
    lags = {f"{_ALARM}{lag.reader}": lag for lag in await database.read(partial(list_lags, now=now))}
    for name in [*condition.failing]:
        if name.startswith(_ALARM) and name not in lags:
            condition.well(name)
    for name, lag in lags.items():
        condition.failed(name, ReaderLagsError(reader=lag.reader, kind=lag.kind, since=utc_text(lag.since)))


def forget_reader(connection: Connection, name: str) -> None:
    """Let go of a reader that no program has any more, so that events can be trimmed.

    NotFoundError ``reader.unknown``.
    """
    if connection.execute(event_reader.delete().where(event_reader.c.name == name)).rowcount == 0:
        raise NotFoundError("reader.unknown", reader=name)


def list_readers(connection: Connection) -> list[str]:
    """Return the names of all readers."""
    return list(connection.execute(select(event_reader.c.name).order_by(event_reader.c.name)).scalars())


def _hold(connection: Connection, name: str) -> Place | None:
    """Return the reader's cursor, locked until the transaction ends; None where another process holds it."""
    postgres = connection.dialect.name == "postgresql"
    query = _READERS[postgres] + " WHERE name = :name" + (" FOR UPDATE SKIP LOCKED" if postgres else "")
    row = connection.execute(text(query), {"name": name}).first()
    return None if row is None else Place(int(row.xid), row.position)


def _stored(place: Place) -> tuple[str, int]:
    """PostgreSQL takes a transaction id as text only; SQLite's column makes a number of it again."""
    return str(place.xid), place.position


_READERS = {
    False: "SELECT name, xid, position FROM event_reader",
    True: "SELECT name, xid::text AS xid, position FROM event_reader",
}
_ENTER = {
    False: "INSERT INTO event_reader (name, xid, position) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    True: "INSERT INTO event_reader (name, xid, position) VALUES (?, CAST(?::text AS xid8), ?) ON CONFLICT DO NOTHING",
}
_MOVE = {
    False: "UPDATE event_reader SET xid = ?, position = ? WHERE name = ?",
    True: "UPDATE event_reader SET xid = CAST(?::text AS xid8), position = ? WHERE name = ?",
}
