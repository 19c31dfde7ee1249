"""The change feed: every registry row that tills need, in an order that a cursor can follow without missing one.

A cursor is ``epoch.xid.position``. On PostgreSQL ``xid`` is the writing transaction and readers stop at the oldest one
still running, because a slower transaction may commit rows with a lower xid later. On SQLite writers are serial and
``xid`` counts transactions. Rows with the same xid were committed together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4
from weakref import WeakKeyDictionary

import orjson
from sqlalchemy import Connection, Row, Transaction, bindparam, select, text

from central.db.bulk import execute_plain
from central.db.feed_tables import COMPANY_WIDE, feed, feed_state
from central.db.home import home_of
from central.db.metadata import json_text
from central.db.signals import FEED, mark
from commerce.errors import BadInputError, ConflictError

_CHUNK = 2000
_numbers: WeakKeyDictionary[Transaction, int] = WeakKeyDictionary()


def publish(
    connection: Connection, company: str, shop: str | None, kind: str, row_id: str, row: Mapping[str, Any] | None
) -> int:
    """Put a row's new state (None: deleted) on the feed within the caller's transaction; returns its new version.

    ``shop`` None is for every shop of the company. Tills are nudged once the transaction commits.
    """
    return publish_many(connection, company, shop, kind, [(row_id, row)])[row_id]


def publish_many(
    connection: Connection,
    company: str,
    shop: str | None,
    kind: str,
    rows: Iterable[tuple[str, Mapping[str, Any] | None]],
) -> dict[str, int]:
    """Publish many rows of one kind; returns id → new version. A row named twice keeps its last state.

    A long import calls this in chunks, a short transaction each: a transaction that runs for minutes holds up the
    whole feed on PostgreSQL, and every till's push on SQLite.
    """
    newest = {row_id: None if row is None else json_text(row) for row_id, row in rows}
    versions: dict[str, int] = {}
    ids = list(newest)
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        found = _versions(connection, (company, shop or COMPANY_WIDE, kind), chunk)
        versions.update({row_id: found.get(row_id, 0) + 1 for row_id in chunk})
        _upsert(connection, (company, shop or COMPANY_WIDE, kind), [(i, versions[i], newest[i]) for i in chunk])
    if ids:
        mark(connection, FEED, company)
    return versions


def publish_texts(
    connection: Connection, company: str, shop: str | None, kind: str, rows: Sequence[tuple[str, int, str]]
) -> None:
    """Publish rows made ready before (id, new version, JSON); the caller holds off other writers of the kind."""
    for start in range(0, len(rows), _CHUNK):
        _upsert(connection, (company, shop or COMPANY_WIDE, kind), rows[start : start + _CHUNK])
    mark(connection, FEED, company)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a row stands in the feed."""

    xid: int
    position: int


START: Final = Place(0, 0)


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A row as the feed holds it; ``row`` is its JSON text, None for a tombstone."""

    place: Place
    kind: str
    id: str
    version: int
    row: str | None


def read_changes(
    connection: Connection,
    company: str,
    shop: str,
    after: Place,
    limit: int,
    kinds: Sequence[str] = (),
    until: Place | None = None,
) -> list[FeedRow]:
    """Return what changed after a place for one shop, oldest first, of these kinds only when some are named."""
    postgres = connection.dialect.name == "postgresql"
    query = _CHANGES[postgres] + (_KINDS if kinds else "") + (_UNTIL[postgres] if until else "") + _ORDER
    statement = text(query)
    xid = str if postgres else int  # PostgreSQL has no whole number for a transaction id
    values: dict[str, Any] = {
        "company": company, "shop": shop, "xid": xid(after.xid), "position": after.position, "limit": limit
    }  # fmt: skip
    if kinds:
        statement = statement.bindparams(bindparam("kinds", expanding=True))
        values["kinds"] = list(kinds)
    if until:
        values |= {"until_xid": xid(until.xid), "until_position": until.position}
    return [_feed_row(row) for row in connection.execute(statement, values)]


def settled_place(connection: Connection, company: str) -> Place:
    """Return the last place of a company's feed before which nothing can appear any more."""
    return _place(connection, company, _SETTLED if connection.dialect.name == "postgresql" else "")


def last_place(connection: Connection, company: str) -> Place:
    """Return the last place of a company's feed, whether readers may go there yet or not."""
    return _place(connection, company, "")


def _place(connection: Connection, company: str, condition: str) -> Place:
    xid = "xid::text" if connection.dialect.name == "postgresql" else "xid"
    query = f"SELECT {xid}, position FROM feed WHERE company = :company{condition}"  # noqa: S608 - our own words
    order = " ORDER BY feed.xid DESC, position DESC LIMIT 1"
    row = connection.execute(text(query + order), {"company": company}).first()
    return START if row is None else Place(int(row[0]), int(row[1]))


def current_epoch(connection: Connection) -> str:
    """Return the feed's epoch."""
    return str(connection.execute(select(feed_state.c.epoch)).scalar_one())


def change_epoch(connection: Connection) -> str:
    """Give the feed a new epoch: every till takes a snapshot. For a database that was restored or failed over.

    On PostgreSQL every row is counted as of this transaction, because those of another cluster may never come to pass.
    """
    epoch = uuid4().hex[:12]
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("UPDATE feed SET xid = pg_current_xact_id()")
        for statement in _COUNT_EVENTS_ANEW:
            connection.exec_driver_sql(statement)
        for table in ("feed", "event"):
            last = f"SELECT GREATEST(COALESCE(MAX(position), 0) + 1, nextval('{table}_position')) FROM {table}"  # noqa: S608
            connection.exec_driver_sql(f"SELECT setval('{table}_position', ({last}))")
    connection.execute(feed_state.update().values(epoch=epoch, home=home_of(connection)))
    mark(connection, FEED)
    return epoch


def is_at_home(connection: Connection) -> bool:
    """Tell whether the feed was counted by this database, and not by one whose dump was restored here."""
    return str(connection.execute(select(feed_state.c.home)).scalar_one()) == home_of(connection)


def cursor_text(epoch: str, place: Place) -> str:
    """Return a cursor as it travels."""
    return f"{epoch}.{place.xid}.{place.position}"


def parse_cursor(cursor: str, epoch: str) -> Place:
    """Read a cursor ("" is the start); ConflictError ``feed.epoch`` when it is of another epoch."""
    if not cursor:
        return START
    parts = cursor.split(".")
    if len(parts) != 3 or not (parts[1] + parts[2]).isdecimal() or not (parts[1] + parts[2]).isascii():
        raise BadInputError("feed.cursor")
    place = Place(int(parts[1]), int(parts[2]))
    if parts[0] != epoch:
        raise ConflictError("feed.epoch", epoch=epoch)
    if max(place.xid, place.position) >= 2**63:
        raise BadInputError("feed.cursor")
    return place


Scope = tuple[str, str, str]


def _versions(connection: Connection, scope: Scope, ids: Sequence[str]) -> dict[str, int]:
    query = select(feed.c.id, feed.c.version).where(
        feed.c.company == scope[0], feed.c.shop == scope[1], feed.c.kind == scope[2], feed.c.id.in_(ids)
    )
    return {row.id: row.version for row in connection.execute(query.with_for_update())}


def _upsert(connection: Connection, scope: Scope, rows: Sequence[tuple[str, int, str | None]]) -> None:
    if connection.dialect.name == "postgresql":
        ids, versions, texts = (list(column) for column in zip(*rows, strict=True))
        execute_plain(connection, _UPSERT_POSTGRES, (*scope, ids, versions, texts))
        return
    xid, position = _take_positions(connection, len(rows))
    records = [(*scope, *row, xid, position + index) for index, row in enumerate(rows)]
    connection.exec_driver_sql(_UPSERT_SQLITE, records)


def _take_positions(connection: Connection, count: int) -> tuple[int, int]:
    """SQLite: return this transaction's number and the first of so many positions."""
    transaction = connection.get_transaction()
    assert transaction is not None  # noqa: S101 - jobs run inside one
    first = transaction not in _numbers
    row = connection.exec_driver_sql(
        "UPDATE feed_state SET last_xid = last_xid + ?, last_position = last_position + ?"
        " RETURNING last_xid, last_position",
        (int(first), count),
    ).one()
    _numbers[transaction] = int(row[0])
    return int(row[0]), int(row[1]) - count + 1


def _feed_row(row: Row[Any]) -> FeedRow:
    return FeedRow(Place(int(row.xid), row.position), row.kind, row.id, row.version, row.row)


def row_of(change: FeedRow) -> dict[str, Any] | None:
    """Return the row's fields, None for a tombstone."""
    return None if change.row is None else orjson.loads(change.row)


# Events of one transaction are told apart by position alone, which was not the order of several: they are counted
# behind the last, in their order, and each reader stands where it had come to.
_COUNT_EVENTS_ANEW = (
    """
UPDATE event_reader AS reader SET xid = pg_current_xact_id(), position = (SELECT COALESCE(MAX(position), 0) FROM event)
  + (SELECT COUNT(*) FROM event WHERE (event.xid, event.position) <= (reader.xid, reader.position))
""",
    """
UPDATE event SET xid = pg_current_xact_id(), position = last.position + counted.number
FROM (SELECT COALESCE(MAX(position), 0) AS position FROM event) AS last,
  (SELECT xid, position, row_number() OVER (ORDER BY xid, position) AS number FROM event) AS counted
WHERE (event.xid, event.position) = (counted.xid, counted.position)
""",
)
_UPSERT_SQLITE = """
INSERT INTO feed (company, shop, kind, id, version, row, xid, position) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (company, shop, kind, id) DO UPDATE SET
  version = excluded.version, row = excluded.row, xid = excluded.xid, position = excluded.position
"""
# Two transactions may publish the same new row at once: the second waits here and must still count on.
_UPSERT_POSTGRES = """
INSERT INTO feed AS old (company, shop, kind, id, version, row, xid, position)
SELECT ?, ?, ?, id, version, row, pg_current_xact_id(), nextval('feed_position')
FROM unnest(?::text[], ?::bigint[], ?::text[]) AS new (id, version, row)
ON CONFLICT (company, shop, kind, id) DO UPDATE SET
  version = GREATEST(excluded.version, old.version + 1), row = excluded.row,
  xid = excluded.xid, position = excluded.position
"""
_SELECT = "SELECT {xid} AS xid, position, kind, id, version, row FROM feed WHERE company = :company"
_SETTLED = " AND xid < pg_snapshot_xmin(pg_current_snapshot())"
_SHOP = " AND shop IN ('', :shop)"
_CHANGES = {
    False: _SELECT.format(xid="xid") + _SHOP + " AND (xid, position) > (:xid, :position)",
    True: _SELECT.format(xid="xid::text")
    + _SHOP
    + " AND (xid, position) > (CAST(CAST(:xid AS text) AS xid8), :position)"
    + _SETTLED,
}
_UNTIL = {
    False: " AND (xid, position) <= (:until_xid, :until_position)",
    True: " AND (xid, position) <= (CAST(CAST(:until_xid AS text) AS xid8), :until_position)",
}
_KINDS = " AND kind IN :kinds"
_ORDER = " ORDER BY feed.xid, position LIMIT :limit"
