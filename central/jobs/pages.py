"""The jobs: how far each is, its end on request, what became of each row, and the file it made."""

from functools import partial
from typing import Any

from aiohttp import web

from central.db.readers import list_lags
from central.jobs import queue, results
from central.jobs.area import MANAGE_JOBS
from central.jobs.keys import JOB_KINDS
from central.jobs.showing import Shown, row_text, show
from central.jobs.values import Outcome
from central.organisation.service import office_zones
from central.web.context import require_actor
from central.web.exports import to_csv
from central.web.keys import database, now
from central.web.rendering import page, words_of
from commerce.errors import BadInputError, NotFoundError

_PAGE = 50
_ROWS = 100


def add_routes(app: web.Application) -> None:
    """Add the pages of jobs."""
    app.router.add_get("/jobs", show_jobs)
    app.router.add_get("/jobs/live", live_jobs)
    app.router.add_get("/jobs/{job}", show_job)
    app.router.add_get("/jobs/{job}/live", live_job)
    app.router.add_post("/jobs/{job}/cancel", cancel_job)
    app.router.add_get("/jobs/{job}/file", download_file)
    app.router.add_get("/jobs/{job}/refused.csv", download_refused)


async def show_jobs(request: web.Request) -> web.Response:
    """Show the newest jobs, or older ones."""
    return page(request, "jobs/list.html", **await _jobs(request))


async def live_jobs(request: web.Request) -> web.Response:
    """Give the table as it is now."""
    return page(request, "jobs/table.html", **await _jobs(request))


async def show_job(request: web.Request) -> web.Response:
    """Show one job with what became of its rows."""
    return page(request, "jobs/job.html", **await _job(request))


async def live_job(request: web.Request) -> web.Response:
    """Give it as far as it has come."""
    return page(request, "jobs/job_body.html", **await _job(request))


async def cancel_job(request: web.Request) -> web.Response:
    """End a job, and go back to where that was asked for."""
    actor, job = require_actor(request), request.match_info["job"]
    await database(request).write(partial(queue.cancel, actor=actor, job_id=job))
    form = await request.post()
    raise web.HTTPSeeOther("/jobs" if form.get("back") == "list" else f"/jobs/{job}")


async def download_file(request: web.Request) -> web.StreamResponse:
    """Give the file that a job made."""
    return await send_file_of(request)


async def send_file_of(request: web.Request) -> web.StreamResponse:
    """Send a job's file a piece at a time; NotFoundError ``job.file_gone`` when it is not kept any more."""
    actor, job = require_actor(request), request.match_info["job"]
    found = await database(request).read(partial(results.get_job, actor=actor, job_id=job))
    if not show(found, actor, {}, words_of(request)).has_file:
        raise NotFoundError("job.file_gone")
    name = str(found.file_name).replace('"', "")
    headers = {"Content-Type": found.file_type, "Content-Disposition": f'attachment; filename="{name}"'}
    response = web.StreamResponse(headers=headers)
    response.content_length = found.file_bytes
    await response.prepare(request)
    number = 0
    while (piece := await database(request).read(partial(results.read_piece, job_id=job, piece=number))) is not None:
        await response.write(piece)
        number += 1
    await response.write_eof()
    return response


async def download_refused(request: web.Request) -> web.Response:
    """Give the rows that were refused, with the sentences that say why; formula cells are escaped."""
    actor, job, words = require_actor(request), request.match_info["job"], words_of(request)

    def read(conn: Any) -> list[Any]:  # noqa: ANN401 - SQLAlchemy's connection, passed on
        results.get_job(conn, actor, job)
        return results.list_rows(conn, job, Outcome.REFUSED, -1, results.MOST_COUNTED)

    rows = await database(request).report(read)
    header = [words.t("Row"), words.t("What"), words.t("Why"), words.t("Code")]
    cells = [(row.number, row.subject, row_text(words, row.code, row.values), row.code) for row in rows]
    named = {"Content-Disposition": 'attachment; filename="refused.csv"'}
    return web.Response(body=to_csv(header, cells), content_type="text/csv", charset="utf-8", headers=named)


async def _jobs(request: web.Request) -> dict[str, Any]:
    actor, before, moment = require_actor(request), request.query.get("before"), now(request)

    def read(conn: Any) -> dict[str, Any]:  # noqa: ANN401 - SQLAlchemy's connection, passed on
        oversees = any(scope.company is None for scope in actor.reach(MANAGE_JOBS))
        return {
            "rows": results.list_jobs(conn, actor, before, _PAGE + 1),
            "lags": list_lags(conn, moment) if oversees else [],
            "zones": office_zones(conn),
        }

    found = await database(request).read(read)
    rows = found.pop("rows")
    return {
        **found,
        "jobs": [_shown(request, row) for row in rows[:_PAGE]],
        "older": rows[_PAGE - 1].id if len(rows) > _PAGE else "",
        "before": before or "",
        "own_zone": _own(request, found["zones"]),
    }


async def _job(request: web.Request) -> dict[str, Any]:
    actor, job = require_actor(request), request.match_info["job"]
    outcome, after = _outcome(request), _after(request)

    def read(conn: Any) -> dict[str, Any]:  # noqa: ANN401 - SQLAlchemy's connection, passed on
        return {
            "row": results.get_job(conn, actor, job),
            "counts": {one.value: results.count_rows(conn, job, one) for one in Outcome},
            "rows": results.list_rows(conn, job, outcome, after, _ROWS + 1),
            "zones": office_zones(conn),
        }

    found = await database(request).read(read)
    words, rows = words_of(request), found["rows"]
    zones = found.pop("zones")
    row = found.pop("row")
    return {
        **found,
        "job": _shown(request, row),
        "rows": [(one, row_text(words, one.code, one.values)) for one in rows[:_ROWS]],
        "next_row": rows[_ROWS - 1].number if len(rows) > _ROWS else None,
        "outcome": outcome.value if outcome else "",
        "after": after,
        "most": results.MOST_COUNTED,
        "zone": zones.get(row.company or None, _own(request, zones)),
    }


def _shown(request: web.Request, row: Any) -> Shown:  # noqa: ANN401 - a row of the table
    return show(row, require_actor(request), request.app[JOB_KINDS], words_of(request))


def _own(request: web.Request, zones: dict[str | None, str]) -> str:
    return zones.get(require_actor(request).company, "UTC")


def _outcome(request: web.Request) -> Outcome | None:
    wanted = request.query.get("outcome", "")
    if wanted and wanted not in set(Outcome):
        raise BadInputError("bad_input")
    return Outcome(wanted) if wanted else None


def _after(request: web.Request) -> int:
    text = request.query.get("after", "")
    if text and not (text.isdecimal() and text.isascii() and len(text) < 18):
        raise BadInputError("page.cursor")
    return int(text) if text else -1
