"""A program may ask again under the same Idempotency-Key: it is answered what it was answered, and nothing is done."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from central.db.bulk import insert_new
from central.kit.tables import api_request
from commerce.errors import ConflictError

_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it goes out and is kept; ``tag`` is its ETag, "" for none."""

    status: int
    body: str
    tag: str = ""


def once(
    conn: Connection, actor: str, key: str, digest: bytes, at: datetime, job: Callable[[Connection], Reply]
) -> Reply:
    """Do a job, or return what it was answered before; ConflictError ``request.reused`` for another one.

    The key is taken first: of two at once the second waits here for the first. What was refused may be tried again.
    """
    mine = (api_request.c.actor == actor, api_request.c.key == key)
    conn.execute(delete(api_request).where(api_request.c.at < at - _KEPT))
    if not insert_new(conn, api_request, {"actor": actor, "key": key, "digest": digest, "at": at}):
        row = conn.execute(select(api_request).where(*mine)).one()
        if bytes(row.digest) != digest:
            raise ConflictError("request.reused")
        return Reply(row.status, row.body, row.headers)
    reply = job(conn)
    conn.execute(update(api_request).where(*mine).values(status=reply.status, headers=reply.tag, body=reply.body))
    return reply


def forget(conn: Connection, record: str) -> None:
    """Forget what was answered about a record: its values are to be nowhere any more."""
    conn.execute(delete(api_request).where(api_request.c.body.contains(record, autoescape=True)))
