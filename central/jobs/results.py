"""What jobs leave behind: what became of each row, and files in pieces. Kept for a while, then trimmed."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, false, func, or_, select, update

from central.db.bulk import insert_rows
from central.db.clock import database_now
from central.db.metadata import json_text
from central.db.signals import PROGRESS, mark
from central.identity.people import Actor
from central.jobs.queue import seen_by
from central.jobs.tables import job, job_file, job_row
from central.jobs.values import Outcome, RowResult, State
from commerce.errors import NotFoundError

FILES_KEPT = timedelta(days=7)
QUIET_KEPT = timedelta(days=7)
KEPT = timedelta(days=90)
MOST_COUNTED = 10_000
_TRIMMED_AT_ONCE = 200
_AT_ONCE = 500


def note_rows(connection: Connection, job_id: str, rows: Sequence[RowResult]) -> None:
    """Write down what became of rows; one that was written before says now what it says last."""
    for start in range(0, len(rows), _AT_ONCE):
        part = {row.number: row for row in rows[start : start + _AT_ONCE]}
        connection.execute(delete(job_row).where(job_row.c.job == job_id, job_row.c.number.in_(part)))
        stored = [
            (job_id, row.number, row.outcome.value, row.subject, row.code, json_text(dict(row.values)))
            for row in part.values()
        ]
        insert_rows(connection, job_row, ("job", "number", "outcome", "subject", "code", "values"), stored)


def list_rows(connection: Connection, job_id: str, outcome: Outcome | None, after: int, limit: int) -> list[Row[Any]]:
    """Return the rows of a job behind a number, of one outcome where it is named."""
    query = select(job_row).where(job_row.c.job == job_id, job_row.c.number > after)
    if outcome is not None:
        query = query.where(job_row.c.outcome == outcome)
    return list(connection.execute(query.order_by(job_row.c.number).limit(limit)))


def count_rows(connection: Connection, job_id: str, outcome: Outcome) -> int:
    """Return how many rows came out so, no further than ``MOST_COUNTED``."""
    some = select(job_row.c.number).where(job_row.c.job == job_id, job_row.c.outcome == outcome).limit(MOST_COUNTED)
    return int(connection.execute(select(func.count()).select_from(some.subquery())).scalar_one())


def list_jobs(connection: Connection, actor: Actor, before: str | None, limit: int) -> list[Row[Any]]:
    """Return the jobs that an actor may see, newest first, from before an id on."""
    found = {row.id: row for part in pages(actor, before, limit) for row in connection.execute(part)}
    return [found[identity] for identity in sorted(found, reverse=True)[:limit]]


def pages(actor: Actor, before: str | None, limit: int) -> list[Select[Any]]:
    """Return the queries that a page of jobs is put together from, each along an index of its own."""
    listed = select(job).where(job.c.listed).order_by(job.c.id.desc()).limit(limit)
    query = listed if before is None else listed.where(job.c.id < before)
    return [query.where(seen) for seen in seen_by(actor)]


def get_job(connection: Connection, actor: Actor, job_id: str) -> Row[Any]:
    """Return a job that an actor may see; NotFoundError ``job.unknown``."""
    row = connection.execute(select(job).where(job.c.id == job_id, or_(false(), *seen_by(actor)))).first()
    if row is None:
        raise NotFoundError("job.unknown")
    return row


def put_piece(connection: Connection, job_id: str, piece: int, content: bytes) -> None:
    """Write a piece of the file that a job makes; the first one takes the place of all there were."""
    if piece == 0:
        connection.execute(delete(job_file).where(job_file.c.job == job_id))
    insert_rows(connection, job_file, ("job", "piece", "content"), [(job_id, piece, content)])


def name_file(connection: Connection, job_id: str, name: str, content_type: str, size: int) -> None:
    """Say that the file is whole."""
    named = {"file_name": name, "file_type": content_type, "file_bytes": size}
    connection.execute(update(job).where(job.c.id == job_id).values(**named))


def read_piece(connection: Connection, job_id: str, piece: int) -> bytes | None:
    """Return a piece of a job's file; None behind the last."""
    query = select(job_file.c.content).where(job_file.c.job == job_id, job_file.c.piece == piece)
    content = connection.execute(query).scalar()
    return None if content is None else bytes(content)


def trim_jobs(connection: Connection) -> int:
    """Forget files of a week ago, housekeeping of a week ago and jobs of three months ago, some at a time.

    Returns how many there were: as long as there are any, there may be more.
    """
    now = database_now(connection)
    files = _ended(connection, now - FILES_KEPT, job.c.file_bytes.is_not(None))
    connection.execute(delete(job_file).where(job_file.c.job.in_(files)))
    connection.execute(update(job).where(job.c.id.in_(files)).values(file_bytes=None))
    quiet = _ended(connection, now - QUIET_KEPT, ~job.c.listed, job.c.state != State.FAILED)
    old = [*quiet, *_ended(connection, now - KEPT)]
    for table, column in ((job_file, job_file.c.job), (job_row, job_row.c.job), (job, job.c.id)):
        connection.execute(delete(table).where(column.in_(old)))
    if files or old:
        mark(connection, PROGRESS)
    return len(files) + len(old)


def _ended(connection: Connection, before: Any, *conditions: Any) -> list[str]:  # noqa: ANN401 - SQLAlchemy's
    query = (
        select(job.c.id).where(job.c.ended_at < before, *conditions).order_by(job.c.ended_at).limit(_TRIMMED_AT_ONCE)
    )
    return list(connection.execute(query).scalars())
