"""``/api/v1`` of jobs: how they stand, what became of their rows, their files, and their end on request."""

from datetime import datetime
from functools import partial
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from central.jobs import queue, results
from central.jobs.pages import send_file_of
from central.jobs.showing import reason_text, row_text
from central.jobs.values import Outcome, State
from central.web.api import MAX_LIST, Answer, ApiRoute, add_api, query_of
from central.web.context import require_actor
from central.web.keys import database
from central.web.rendering import words_of
from commerce.texts import N_


class JobAnswer(Answer):
    """A job; ``total`` is None while unknown.

    ``reason`` is the stable code of why it failed, the last time where it is tried again, and ``message`` its sentence.
    """

    id: str
    company: str | None
    kind: str
    label: str
    state: State
    stopping: bool
    attempts: int
    done: int
    total: int | None
    result: dict[str, Any] | None
    reason: str | None
    message: str
    file_name: str | None
    file_bytes: int | None
    asked_by: str
    asked_at: datetime
    due_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None


class JobList(Answer):
    """A page of jobs, newest first; ``next`` is None on the last."""

    jobs: list[JobAnswer]
    next: str | None


class JobQuery(BaseModel):
    """Where a page begins: ``next`` of the one before."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    after: str | None = Field(default=None, max_length=100)
    limit: int = Field(default=50, ge=1, le=MAX_LIST)


class RowAnswer(Answer):
    """What became of one row; ``code`` and ``message`` say why where it was not simply done."""

    number: int
    subject: str
    outcome: Outcome
    code: str
    message: str


class RowList(Answer):
    """A page of a job's rows; ``next`` is None on the last."""

    rows: list[RowAnswer]
    next: int | None


class RowQuery(BaseModel):
    """Rows of one outcome or of all, from behind a number on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    outcome: Outcome | None = None
    after: int = Field(default=-1, ge=-1, lt=2**53)
    limit: int = Field(default=100, ge=1, le=MAX_LIST)


def add_routes(app: web.Application) -> None:
    """Add this area's operations."""
    add_api(
        app,
        ApiRoute("GET", "/api/v1/jobs", list_jobs, N_("List jobs, newest first"), JobList, query=JobQuery),
        ApiRoute("GET", "/api/v1/jobs/{job}", get_job, N_("How a job stands"), JobAnswer),
        ApiRoute("POST", "/api/v1/jobs/{job}/cancel", cancel_job, N_("End a job, at its next step if it runs"),
                 JobAnswer),
        ApiRoute("GET", "/api/v1/jobs/{job}/rows", list_rows, N_("What became of each row"), RowList, query=RowQuery),
        ApiRoute("GET", "/api/v1/jobs/{job}/file", get_file, N_("The file that a job made"),
                 media_type="application/octet-stream"),
    )  # fmt: skip


async def list_jobs(request: web.Request) -> JobList:
    """Give a page of jobs."""
    asked, actor = query_of(request, JobQuery), require_actor(request)
    listed = partial(results.list_jobs, actor=actor, before=asked.after, limit=asked.limit + 1)
    rows = await database(request).read(listed)
    more = rows[asked.limit - 1].id if len(rows) > asked.limit else None
    return JobList(jobs=[_answer(request, row) for row in rows[: asked.limit]], next=more)


async def get_job(request: web.Request) -> JobAnswer:
    """Give one job."""
    actor, job = require_actor(request), request.match_info["job"]
    row = await database(request).read(partial(results.get_job, actor=actor, job_id=job))
    return _answer(request, row)


async def cancel_job(request: web.Request) -> JobAnswer:
    """End a job."""
    actor, job = require_actor(request), request.match_info["job"]
    await database(request).write(partial(queue.cancel, actor=actor, job_id=job))
    return await get_job(request)


async def list_rows(request: web.Request) -> RowList:
    """Give a page of a job's rows."""
    asked, actor, job = query_of(request, RowQuery), require_actor(request), request.match_info["job"]

    def read(conn: Any) -> list[Any]:  # noqa: ANN401 - SQLAlchemy's connection, passed on
        results.get_job(conn, actor, job)
        return results.list_rows(conn, job, asked.outcome, asked.after, asked.limit + 1)

    rows = await database(request).read(read)
    more = rows[asked.limit - 1].number if len(rows) > asked.limit else None
    return RowList(rows=[_row(request, row) for row in rows[: asked.limit]], next=more)


async def get_file(request: web.Request) -> web.StreamResponse:
    """Give a job's file."""
    return await send_file_of(request)


def _answer(request: web.Request, row: Any) -> JobAnswer:  # noqa: ANN401 - a row of the table
    return JobAnswer(
        id=row.id,
        company=queue.company_of(row),
        kind=row.kind,
        label=row.label,
        state=State(row.state),
        stopping=row.state == State.RUNNING and row.cancel_by is not None,
        attempts=row.attempts,
        done=row.done,
        total=row.total,
        result=row.result,
        reason=row.reason,
        message=reason_text(words_of(request), row.reason, row.reason_values),
        file_name=row.file_name,
        file_bytes=row.file_bytes,
        asked_by=row.asked_by_name,
        asked_at=row.asked_at,
        due_at=row.free_at if row.state == State.WAITING else None,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )


def _row(request: web.Request, row: Any) -> RowAnswer:  # noqa: ANN401 - a row of the table
    message = row_text(words_of(request), row.code or None, row.values)
    return RowAnswer(
        number=row.number, subject=row.subject, outcome=Outcome(row.outcome), code=row.code, message=message
    )
