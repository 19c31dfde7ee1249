"""The pull as one till sees it: rows of its company and shop, one commit's together, operators bound to its secret.

Each row carries its digest for that till (``commerce.rows``).
"""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from sqlalchemy import Connection

from central.db.engine import Database
from central.db.feed import (
    FeedRow,
    Place,
    current_epoch,
    cursor_text,
    last_place,
    parse_cursor,
    read_changes,
    row_of,
    settled_place,
)
from central.tills.values import KnownTill
from commerce.errors import BadInputError, ConflictError
from commerce.rows import row_bytes, row_digest
from commerce.wire import CATALOG_KINDS, OPERATING_KINDS, ChangesPage

FEEDS: dict[str, tuple[str, ...]] = {
    "": (*OPERATING_KINDS, *CATALOG_KINDS),
    "operating": OPERATING_KINDS,
    "catalog": CATALOG_KINDS,
}
MAX_GROUP = 2000
_MAX_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class PullFrom:
    """Where a till wants to go on, and up to where nothing can appear any more."""

    till: KnownTill
    kinds: tuple[str, ...]
    epoch: str
    after: Place
    until: Place


async def start_pull(database: Database, till: KnownTill, feed: str, cursor: str) -> PullFrom:
    """Check what a till asks; ConflictError ``feed.epoch`` when only a snapshot can help it."""
    if feed not in FEEDS:
        raise BadInputError("feed.unknown", feed=feed[:20])
    epoch = await database.read(current_epoch)
    after = parse_cursor(cursor, epoch)
    if after > await database.read(partial(last_place, company=till.company)):
        raise ConflictError("feed.epoch", epoch=epoch)  # it has seen what this database never wrote, or forgot
    until = await database.read(partial(settled_place, company=till.company))
    return PullFrom(till, FEEDS[feed], epoch, after, until)


async def change_lines(database: Database, pull: PullFrom) -> AsyncIterator[bytes]:
    """Yield one line per commit (long ones in parts), then the trailer.

    Its cursor is past everything that was there, rows of other kinds and shops too: they are not looked through again.
    """
    after, group, count = pull.after, list[FeedRow](), 0
    while count < _MAX_ROWS:
        rows = await database.read(partial(_read, pull=pull, after=after))
        for row in rows:
            if group and (row.place.xid != group[0].place.xid or len(group) >= MAX_GROUP):
                yield await asyncio.to_thread(_line, group, pull.till)
                group = []
            group.append(row)
        after, count = rows[-1].place if rows else after, count + len(rows)
        if len(rows) < MAX_GROUP:
            after = max(after, pull.until)
            break
    if group:
        yield await asyncio.to_thread(_line, group, pull.till)
    trailer = ChangesPage(cursor=cursor_text(pull.epoch, after), more=count >= _MAX_ROWS)
    yield trailer.model_dump_json().encode() + b"\n"


def _read(connection: Connection, pull: PullFrom, after: Place) -> list[FeedRow]:
    return read_changes(connection, pull.till.company, pull.till.shop, after, MAX_GROUP, pull.kinds, pull.until)


def _line(group: list[FeedRow], till: KnownTill) -> bytes:
    return orjson.dumps([_change(change, till) for change in group]) + b"\n"


def _change(change: FeedRow, till: KnownTill) -> dict[str, object]:
    row = served_row(change, till)
    encoded = None if row is None else row_bytes(row)
    return {
        "kind": change.kind,
        "id": change.id,
        "version": change.version,
        "row": None if encoded is None else orjson.Fragment(encoded),
        "digest": row_digest(till.secret, change.kind, change.id, change.version, encoded).hex(),
    }


def served_row(change: FeedRow, till: KnownTill) -> dict[str, Any] | None:
    """Return a row as this till may have it."""
    row = row_of(change)
    return bind_operator(row, till.secret) if row is not None and change.kind == "operator" else row


def bind_operator(row: Mapping[str, Any], secret: bytes) -> dict[str, Any]:
    """Return an operator whose PIN verifier is good at one till only: HMAC-SHA256(till secret, argon2id's bytes)."""
    bound = {name: value for name, value in row.items() if name != "pin_hash"}
    bound["pin_verifier"] = hmac.digest(secret, bytes.fromhex(row["pin_hash"]), hashlib.sha256).hex()
    return bound
