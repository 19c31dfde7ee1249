"""The queue of jobs: asked for, taken with a lease, brought on, ended. Plain functions on a connection.

A process holds a job by ``owner``, a name of its own for each attempt, until ``free_at`` by the database's clock.
Whoever finds a job free takes it; what the process before does afterwards finds another owner, and stands no more. So a
lease that ran out costs nothing but work done twice, and work done in ``step`` not even that.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, false, or_, select, true, update

from central.db.bulk import insert_new
from central.db.clock import database_now
from central.db.signals import JOB, PROGRESS, mark
from central.identity import audit
from central.identity.people import Actor
from central.identity.scope import Grant
from central.jobs.area import MANAGE_JOBS
from central.jobs.tables import job
from central.jobs.values import (
    ALL_COMPANIES,
    OPEN,
    Asked,
    Claim,
    JobCancelledError,
    JobKind,
    JobLostError,
    Progress,
    State,
)
from commerce.errors import ConflictError, ForbiddenError, NotFoundError
from commerce.ids import new_id
from commerce.pauses import pause_ms

T = TypeVar("T")
_LONGEST_LABEL = 200


def ask_for(connection: Connection, kind: JobKind, asked: Asked) -> str:
    """Have a job done once this transaction commits; return its id, or that of the one that has the key already."""
    if asked.company is None:
        asked.actor.scopes(kind.permission)
    else:
        asked.actor.scope(kind.permission, asked.company)
    now, identity = database_now(connection), new_id()
    values = {
        "id": identity,
        "company": asked.company or ALL_COMPANIES,
        "kind": kind.name,
        "key": asked.key or identity,
        "label": asked.label[:_LONGEST_LABEL],
        "permission": kind.permission.name,
        "listed": kind.listed,
        "input": dict(asked.input),
        "state": State.WAITING,
        "free_at": now if asked.due is None else asked.due,
        "attempts": 0,
        "most_attempts": kind.tries,
        "done": 0,
        "asked_by": asked.actor.id,
        "asked_by_name": asked.actor.name,
        "asked_at": now,
    }
    if not insert_new(connection, job, values):
        same = (job.c.company == values["company"], job.c.kind == kind.name, job.c.key == asked.key)
        return str(connection.execute(select(job.c.id).where(*same)).scalar_one())
    mark(connection, JOB, asked.company)
    return identity


def claim(connection: Connection, kinds: Sequence[str], lease: timedelta) -> Claim | None:
    """Take the job that has been free for longest; None when none of these kinds is."""
    while (row := _take(connection, kinds, lease)) is not None:
        mark(connection, PROGRESS, company_of(row))
        if row.cancel_by is not None:
            end(connection, _claim_of(row), State.CANCELLED)
        elif row.attempts > row.most_attempts:  # its processes died, every time
            end(connection, _claim_of(row), State.FAILED, row.reason or "job.tries", row.reason_values or {})
        else:
            return _claim_of(row)
    return None


def step(
    connection: Connection,
    held: Claim,
    lease: timedelta,
    work: Callable[[Connection], T],
    progress: Progress | None = None,
    checkpoint: object = None,
) -> T:
    """Do a part of a job in the transaction that notes it: both stand, or neither.

    JobLostError when somebody else has the job, JobCancelledError when it is to end.
    """
    _hold(connection, held)
    result = work(connection)
    values: dict[str, Any] = {"free_at": database_now(connection) + lease}
    if progress is not None:
        values |= {"done": progress.done, "total": progress.total}
    if checkpoint is not None:
        values["checkpoint"] = checkpoint
    connection.execute(update(job).where(*_held(held)).values(**values))
    mark(connection, PROGRESS, held.company)
    return result


def renew(connection: Connection, held: Claim, lease: timedelta, passed: int = 0) -> None:
    """Say that a job is being worked at, and how many rows have passed meanwhile; raises as ``step`` does."""
    _hold(connection, held)
    further = {"done": passed} if passed else {}
    connection.execute(update(job).where(*_held(held)).values(free_at=database_now(connection) + lease, **further))
    mark(connection, PROGRESS, held.company)


def end(
    connection: Connection,
    held: Claim,
    state: State,
    reason: str | None = None,
    values: Mapping[str, Any] | None = None,
    result: Mapping[str, Any] | None = None,
) -> bool:
    """Note how a job ended, if it is still held by whoever says so; tell whether it was. One that failed is listed."""
    ended: dict[str, Any] = {
        "state": state,
        "owner": None,
        "free_at": None,
        "ended_at": database_now(connection),
        "reason": reason,
        "reason_values": _plain(values),
        "result": None if result is None else dict(result),
    }
    if state == State.FAILED:
        ended["listed"] = True
    mark(connection, PROGRESS, held.company)
    return connection.execute(update(job).where(*_held(held)).values(**ended)).rowcount == 1


def put_off(
    connection: Connection, held: Claim, kind: JobKind, reason: str, values: Mapping[str, Any] | None = None
) -> bool:
    """Have a job tried again after a pause, with the reason kept; after the last try it has failed."""
    if held.attempt >= kind.tries:
        return end(connection, held, State.FAILED, reason, values)
    pause = timedelta(milliseconds=pause_ms(held.attempt - 1, kind.first_pause_s * 1000, kind.longest_pause_s * 1000))
    later = {"state": State.WAITING, "owner": None, "free_at": database_now(connection) + pause}
    kept = {"reason": reason, "reason_values": _plain(values)}
    mark(connection, JOB, held.company)
    return connection.execute(update(job).where(*_held(held)).values(**later, **kept)).rowcount == 1


def give_back(connection: Connection, held: Claim) -> None:
    """Leave a job to others at once: this process stops, and that is no try."""
    freed = {"state": State.WAITING, "owner": None, "free_at": database_now(connection), "attempts": job.c.attempts - 1}
    connection.execute(update(job).where(*_held(held)).values(**freed))
    mark(connection, JOB, held.company)


def cancel(connection: Connection, actor: Actor, job_id: str) -> str:
    """End a job that waits, or have one that runs end at its next step; return how it stands then.

    NotFoundError ``job.unknown``, ForbiddenError for somebody else's job, ConflictError ``job.ended``.
    """
    query = select(job).where(job.c.id == job_id, or_(false(), *seen_by(actor))).with_for_update()
    row = connection.execute(query).first()
    if row is None:
        raise NotFoundError("job.unknown")
    if (row.asked_by is None or row.asked_by != actor.id) and not may_manage(actor, row):
        raise ForbiddenError("forbidden.role", permission=MANAGE_JOBS.name)
    if row.state not in OPEN:
        raise ConflictError("job.ended")
    ended = {"state": State.CANCELLED, "free_at": None, "ended_at": database_now(connection)}
    values = {"cancel_by": actor.name, **(ended if row.state == State.WAITING else {})}
    connection.execute(update(job).where(job.c.id == job_id).values(**values))
    act = audit.Act("job.cancelled", "job", job_id, {"name": (row.label or None, None)}, company_of(row))
    audit.record(connection, actor, database_now(connection), act)
    mark(connection, PROGRESS, company_of(row))
    return str(values.get("state", row.state))


def may_manage(actor: Actor, row: Row[Any]) -> bool:
    """Tell whether somebody may end a job that another asked for."""
    return any(scope.shops is None and scope.covers(company_of(row)) for scope in actor.reach(MANAGE_JOBS))


def seen_by(actor: Actor) -> list[ColumnElement[bool]]:
    """Return what lets an actor's jobs through, condition by condition, each of which has an index; none for nobody's.

    These are those that one asked for oneself, as long as one may still do such a thing there, and all those of a
    company where one may do it at every shop: a job of a shop's manager holds nothing that they may not see.
    """
    places = [and_(_where(grant, job.c.company == ALL_COMPANIES), _held_by(grant)) for grant in actor.grants]
    theirs = [and_(_where(grant), _held_by(grant)) for grant in actor.grants if grant.shop is None]
    own = [and_(job.c.asked_by == actor.id, or_(*places))] if actor.id and places else []
    return [*own, *theirs]


def oldest_free(kinds: Sequence[str], now: datetime) -> Select[tuple[str]]:
    """Return what finds the job of these kinds that has been free for longest."""
    free = select(job.c.id).where(job.c.free_at <= now, job.c.kind.in_(kinds))
    return free.order_by(job.c.free_at, job.c.id).limit(1)


def company_of(row: Row[Any]) -> str | None:
    """Return whose a job is; None for all companies'."""
    return row.company or None


def _where(grant: Grant, *also: ColumnElement[bool]) -> ColumnElement[bool]:
    return true() if grant.company is None else or_(job.c.company == grant.company, *also)


def _held_by(grant: Grant) -> ColumnElement[bool]:
    return true() if grant.rights is None else job.c.permission.in_(sorted(grant.rights))


def _take(connection: Connection, kinds: Sequence[str], lease: timedelta) -> Row[Any] | None:
    now = database_now(connection)
    # Materialized: a sub-select may be run again for each row, and lock others every time.
    oldest = oldest_free(kinds, now).with_for_update(skip_locked=True)
    first = oldest.cte("free").prefix_with("MATERIALIZED", dialect="postgresql")
    taken = {"state": State.RUNNING, "owner": uuid4().hex, "attempts": job.c.attempts + 1, "free_at": now + lease}
    query = update(job).where(job.c.id == select(first.c.id).scalar_subquery()).values(**taken).returning(job)
    row = connection.execute(query).first()
    if row is not None and row.started_at is None:
        connection.execute(update(job).where(job.c.id == row.id).values(started_at=now))
    return row


def _hold(connection: Connection, held: Claim) -> None:
    query = select(job.c.cancel_by).where(*_held(held)).with_for_update()
    row = connection.execute(query).first()
    if row is None:
        raise JobLostError
    if row.cancel_by is not None:
        raise JobCancelledError


def _held(held: Claim) -> tuple[ColumnElement[bool], ...]:
    return job.c.id == held.id, job.c.owner == held.owner, job.c.state == State.RUNNING


def _claim_of(row: Row[Any]) -> Claim:
    return Claim(
        row.id, row.kind, company_of(row), row.input, row.owner, row.attempts, row.checkpoint, row.asked_by,
        row.asked_by_name,
    )  # fmt: skip


def _plain(values: Mapping[str, Any] | None) -> dict[str, str]:
    return {name: str(value) for name, value in (values or {}).items()}
