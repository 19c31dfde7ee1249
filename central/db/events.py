"""What happened, for live pages and other readers: written in the change's own transaction, read by a cursor.

Readers keep the feed's rule: on PostgreSQL they stop at the oldest running transaction, so none is ever skipped. Those
that must not miss any, whatever happens to their process, are in ``central.db.readers``.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, text

from central.db.bulk import execute_plain
from central.db.engine import Database
from central.db.feed import START, Place
from central.db.signals import EVENT, mark
from commerce.dates import parse_utc, utc_text

_KEPT = 50_000
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to which subject: ``sale.completed``, ``till.forked``, ``till.set_aside``, ``till.contact`` …"""

    place: Place
    company: str
    kind: str
    key: str
    at: datetime


def emit(connection: Connection, company: str, kind: str, keys: Sequence[str], at: datetime) -> None:
    """Write one event per key in the caller's transaction; readers wake once it is committed."""
    if not keys:
        return
    if connection.dialect.name == "postgresql":
        execute_plain(connection, _EMIT_POSTGRES, (company, kind, utc_text(at), list(keys)))
    else:
        last = connection.exec_driver_sql(_COUNT_SQLITE, (len(keys),)).scalar_one()
        first = int(last) - len(keys) + 1
        rows = [(first + index, company, kind, key, utc_text(at)) for index, key in enumerate(keys)]
        connection.exec_driver_sql(_EMIT_SQLITE, rows)
    mark(connection, EVENT, company)


def read_events(connection: Connection, after: Place, limit: int = _BATCH) -> list[Event]:
    """Return events after a place, oldest first."""
    postgres = connection.dialect.name == "postgresql"
    values = {"xid": str(after.xid) if postgres else after.xid, "position": after.position, "limit": limit}
    rows = connection.execute(text(_READ[postgres]), values)
    return [Event(Place(int(r.xid), r.position), r.company, r.kind, r.key, parse_utc(r.at)) for r in rows]


def newest_event(connection: Connection) -> Place:
    """Return the place after which only new events come."""
    row = connection.execute(text(_NEWEST[connection.dialect.name == "postgresql"])).first()
    return START if row is None else Place(int(row[0]), int(row[1]))


def keys_since(connection: Connection, company: str, kind: str, after: Place, most: int) -> list[str]:
    """Return to which subjects something of a kind happened after a place, each once; of ``most`` events at most."""
    postgres = connection.dialect.name == "postgresql"
    values = {"xid": str(after.xid) if postgres else after.xid, "position": after.position, "limit": most}
    rows = connection.execute(text(_KEYS[postgres]), {**values, "company": company, "kind": kind})
    return list(dict.fromkeys(row.key for row in rows))


async def listen(database: Database, *, poll_s: float = 5.0) -> AsyncIterator[list[Event]]:
    """Yield what happens from now on, in batches; an empty batch at least every ``poll_s`` so that readers can stop."""
    with database.signals.subscribe(EVENT) as subscription:
        after = await database.read(newest_event)
        while True:
            batch = await database.read(partial(read_events, after=after))
            after = batch[-1].place if batch else after
            yield batch
            if len(batch) < _BATCH:
                await subscription.wait(poll_s)


def trim(connection: Connection, kept: int = _KEPT) -> None:
    """Forget events that all durable readers have seen, but the newest: open pages go by those."""
    connection.execute(text(_SEEN_BY_ALL), {"kept": kept})


_EMIT_POSTGRES = """
INSERT INTO event (xid, position, company, kind, key, at)
SELECT pg_current_xact_id(), nextval('event_position'), ?, ?, key, ? FROM unnest(?::text[]) AS new (key)
"""
_COUNT_SQLITE = "UPDATE feed_state SET last_event = last_event + ? RETURNING last_event"
_EMIT_SQLITE = "INSERT INTO event (xid, position, company, kind, key, at) VALUES (0, ?, ?, ?, ?, ?)"
_READ = {
    False: "SELECT xid, position, company, kind, key, at FROM event WHERE (xid, position) > (:xid, :position)"
    " ORDER BY event.xid, position LIMIT :limit",
    True: "SELECT xid::text AS xid, position, company, kind, key, at FROM event"
    " WHERE (xid, position) > (CAST(CAST(:xid AS text) AS xid8), :position)"
    " AND xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY event.xid, position LIMIT :limit",
}
_ABOUT = " AND company = :company AND kind = :kind"
_KEYS = {postgres: query.replace(" ORDER BY", f"{_ABOUT} ORDER BY") for postgres, query in _READ.items()}
_NEWEST = {
    False: "SELECT xid, position FROM event ORDER BY xid DESC, position DESC LIMIT 1",
    True: "SELECT xid::text, position FROM event WHERE xid < pg_snapshot_xmin(pg_current_snapshot())"
    " ORDER BY event.xid DESC, position DESC LIMIT 1",
}
_SEEN_BY_ALL = """
DELETE FROM event WHERE position <= (SELECT MAX(position) FROM event) - :kept
AND NOT EXISTS (SELECT 1 FROM event_reader AS reader WHERE (reader.xid, reader.position) < (event.xid, event.position))
"""
