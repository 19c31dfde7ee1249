"""The jobs as people and programs see them: by company and permission, live, stopped and opened, in both languages."""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from central.db.clock import database_now
from central.db.events import emit
from central.db.readers import LATE, Reader, enter
from central.db.signals import JOB, mark
from central.identity.people import COMMAND_LINE, Role
from central.identity.tables import user_role
from central.jobs import queue, results
from central.jobs.area import MANAGE_JOBS
from central.jobs.housekeeping import TRIM
from central.jobs.runner import Handler, Runner
from central.jobs.tables import job
from central.jobs.values import Asked, JobKind, Outcome, Progress, RowResult
from central.sales.area import SEE_SALES
from commerce.errors import RuleError
from tests.central.office import actor_with

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from tests.central.head_office import HeadOffice, Visitor

OPEN_TO_ALL = JobKind(name="jobs.trim", title=TRIM.title, permission=SEE_SALES)  # a kind whose words the pages know
PATIENCE_S = 30


async def ask(site: HeadOffice, label: str = "March", **values: Any) -> str:  # noqa: ANN401 - of Asked
    asked = Asked(**{"company": site.office.company, "label": label, "actor": COMMAND_LINE, **values})
    return await site.office.database.write(partial(queue.ask_for, kind=OPEN_TO_ALL, asked=asked))


async def do(site: HeadOffice, handler: Handler) -> None:
    assert await Runner(site.office.database, {OPEN_TO_ALL: handler}).step()


async def half_done(site: HeadOffice) -> str:
    """A job that a process is in the middle of."""
    job_id, database, lease = await ask(site), site.office.database, timedelta(minutes=1)
    held = await database.write(partial(queue.claim, kinds=[OPEN_TO_ALL.name], lease=lease))
    assert held is not None
    step = partial(queue.step, held=held, lease=lease, work=lambda _: None, progress=Progress(1200, 4800))
    await database.write(step)
    return job_id


async def refuse_rows(work: Any) -> None:  # noqa: ANN401 - Work
    await work.note_rows([
        RowResult(1, "Latte"),
        RowResult(2, "=Pane", Outcome.REFUSED, "mail.address", {"address": "x"}),
        RowResult(3, "Riso", Outcome.WARNED, "job.again"),
    ])  # fmt: skip


async def api(visitor: Visitor, path: str, method: str = "GET") -> tuple[int, Any]:
    headers = {"X-CSRF-Token": visitor.token}
    async with visitor.session.request(method, path, headers=headers) as response:
        return response.status, await response.json()


async def test_a_job_is_listed_with_its_title_its_label_and_how_far_it_is(site: HeadOffice, anna: Visitor) -> None:
    await half_done(site)

    english, italian = (await anna.get("/jobs?lang=en")).text, (await anna.get("/jobs?lang=it")).text

    assert "Forgetting old jobs and their files" in english
    assert '<progress max="4800" value="1200"' in english
    assert ("1,200 of 4,800" in english, "at work" in english, "March" in english) == (True, True, True)
    assert ("1.200 di 4.800" in italian, "in corso" in italian, "Elaborazioni" in italian) == (True, True, True)


async def test_a_list_without_jobs_says_what_would_stand_here(anna: Visitor) -> None:
    assert "Nothing is being done" in (await anna.get("/jobs?lang=en")).text


async def test_older_jobs_are_a_page_away(site: HeadOffice, anna: Visitor) -> None:
    for number in range(52):
        await ask(site, label=f"n{number:02}")

    first = (await anna.get("/jobs")).text
    address = first.partition('href="/jobs?before=')[2].partition('"')[0]
    second = (await anna.get(f"/jobs?before={address}")).text

    assert [f"n{number:02}" in first for number in (51, 2, 1)] == [True, True, False]
    assert [f"n{number:02}" in second for number in (2, 1, 0)] == [False, True, True]


async def test_a_job_is_seen_by_who_asked_and_by_who_may_the_like_in_all_of_its_company(site: HeadOffice) -> None:
    database, company, shop = site.office.database, site.office.company, site.office.shop
    common, own = await ask(site), await ask(site, actor=actor_with(Role.VIEWER, "X", company, shop))
    secret = JobKind(name="secret", title="Secret", permission=MANAGE_JOBS)
    guarded, of_all = [
        await database.write(partial(queue.ask_for, kind=secret, asked=Asked(company=one))) for one in (company, None)
    ]

    async def seen(role: Role, where: str | None, at: str | None = None, name: str = "Y") -> set[str]:
        actor = actor_with(role, name, where, at)
        rows = await database.read(partial(results.list_jobs, actor=actor, before=None, limit=9))
        assert [row.id for row in rows] == sorted((row.id for row in rows), reverse=True)
        return {row.id for row in rows}

    assert await seen(Role.MANAGER, company) == {common, own, guarded}
    assert await seen(Role.VIEWER, company) == {common, own}
    assert await seen(Role.ADMIN, None) == {common, own, guarded, of_all}
    assert await seen(Role.ADMIN, "another") == set()
    assert await seen(Role.ADMIN, company, shop) == set()
    assert await seen(Role.VIEWER, company, shop, name="X") == {own}
    assert await seen(Role.VIEWER, "another", name="X") == set()


@pytest.mark.parametrize("what", ["", "/live", "/file", "/refused.csv"])
async def test_another_companys_job_is_not_known(site: HeadOffice, anna: Visitor, what: str) -> None:
    job_id = await ask(site, company="another")
    await site.office.database.write(partial(bind_users, company=site.office.company))
    await anna.sign_in()

    assert (await anna.get(f"/jobs/{job_id}{what}")).status == 404
    assert (await api(anna, f"/api/v1/jobs/{job_id}"))[0] == 404
    assert (await api(anna, f"/api/v1/jobs/{job_id}/rows"))[0] == 404
    assert (await api(anna, f"/api/v1/jobs/{job_id}/cancel", "POST"))[1]["code"] == "job.unknown"
    assert (await api(anna, "/api/v1/jobs"))[1]["jobs"] == []


def bind_users(connection: Connection, company: str) -> None:
    """Let everybody work for one company."""
    connection.execute(update(user_role).values(company=company))


async def test_a_job_is_stopped_from_the_page(site: HeadOffice, anna: Visitor) -> None:
    running, waiting = await half_done(site), await ask(site)
    await anna.get("/jobs")

    listed = await anna.post(f"/jobs/{waiting}/cancel", back="list")
    opened = await anna.post(f"/jobs/{running}/cancel", back="job")

    assert (listed.url.endswith("/jobs"), opened.url.endswith(f"/jobs/{running}")) == (True, True)
    assert ("is being stopped" in opened.text, "cancelled" in listed.text) == (True, True)
    again = await anna.post(f"/jobs/{waiting}/cancel")
    assert (again.status, "has ended already" in again.text) == (409, True)


async def test_who_only_looks_stops_nobody_elses_job(site: HeadOffice, stranger: Visitor) -> None:
    await site.user("vera", Role.VIEWER)
    await stranger.sign_in("vera")
    job_id = await ask(site)

    assert "/cancel" not in (await stranger.get(f"/jobs/{job_id}")).text
    assert (await stranger.post(f"/jobs/{job_id}/cancel")).status == 403


async def test_what_became_of_each_row_is_said_and_can_be_downloaded(site: HeadOffice, anna: Visitor) -> None:
    job_id = await ask(site)
    await do(site, refuse_rows)

    whole = (await anna.get(f"/jobs/{job_id}?lang=en")).text
    refused = (await anna.get(f"/jobs/{job_id}?outcome=refused&lang=it")).text
    file = await anna.get(f"/jobs/{job_id}/refused.csv?lang=it")

    assert all(text in whole for text in ("1 done", "1 with a note", "1 left out", "is no e-mail address", "Latte"))
    assert ("non è un indirizzo e-mail" in refused, "Latte" in refused) == (True, False)
    rows = list(csv.reader(io.StringIO(file.text.removeprefix("\ufeff"))))
    assert rows[0] == ["Riga", "Che cosa", "Perché", "Codice"]
    assert rows[1][:2] + rows[1][3:] == ["2", "'=Pane", "mail.address"]
    assert "non è un indirizzo" in rows[1][2]


async def test_rows_are_paged(site: HeadOffice, anna: Visitor) -> None:
    job_id = await ask(site)

    async def handle(work: Any) -> None:  # noqa: ANN401 - Work
        await work.note_rows([RowResult(number, f"n{number:03}") for number in range(1, 102)])

    await do(site, handle)

    assert "n101" not in (await anna.get(f"/jobs/{job_id}")).text
    assert "n101" in (await anna.get(f"/jobs/{job_id}?after=100")).text
    status, page = await api(anna, f"/api/v1/jobs/{job_id}/rows?limit=100")
    assert (status, len(page["rows"]), page["next"]) == (200, 100, 100)


@pytest.mark.parametrize("query", ["outcome=odd", "after=x", "after=-2", "after=" + "9" * 30])
async def test_nonsense_is_refused(site: HeadOffice, anna: Visitor, query: str) -> None:
    job_id = await ask(site)

    assert (await anna.get(f"/jobs/{job_id}?{query}")).status == 400
    assert (await api(anna, f"/api/v1/jobs/{job_id}/rows?{query}"))[0] == 400


async def test_a_file_is_downloaded_whole_until_it_is_not_kept_any_more(
    site: HeadOffice, anna: Visitor, tmp_path: Path
) -> None:
    job_id, content = await ask(site), bytes(range(256)) * 5000
    (tmp_path / "made").write_bytes(content)

    async def handle(work: Any) -> None:  # noqa: ANN401 - Work
        await work.keep_file(tmp_path / "made", "sales.bin", "application/octet-stream")

    await do(site, handle)
    assert f"/jobs/{job_id}/file" in (await anna.get("/jobs")).text
    for path in (f"/jobs/{job_id}/file", f"/api/v1/jobs/{job_id}/file"):
        async with anna.session.get(path) as response:
            assert await response.read() == content
            assert response.headers["Content-Disposition"] == 'attachment; filename="sales.bin"'

    database = site.office.database
    old = await database.read(database_now) - results.FILES_KEPT - timedelta(minutes=1)
    await database.write(lambda conn: conn.execute(update(job).values(ended_at=old)).rowcount)
    await database.write(results.trim_jobs)

    gone = await anna.get(f"/jobs/{job_id}/file?lang=en")
    assert (gone.status, "Have it made again" in gone.text) == (404, True)
    assert "not kept any more" in (await anna.get("/jobs?lang=en")).text


async def test_a_result_that_is_a_page_is_a_link(site: HeadOffice, anna: Visitor) -> None:
    await ask(site)

    async def handle(_: Any) -> dict[str, Any]:  # noqa: ANN401 - Work
        return {"link": "/sales?number=7"}

    await do(site, handle)

    assert 'href="/sales?number=7"' in (await anna.get("/jobs")).text


async def test_why_it_failed_is_said_in_the_readers_language(site: HeadOffice, anna: Visitor) -> None:
    job_id = await ask(site)

    async def handle(_: Any) -> None:  # noqa: ANN401 - Work
        raise RuleError("mail.refused", address="a@b.it", answer="550 no")

    await do(site, handle)

    assert "a@b.it does not take this e-mail" in (await anna.get("/jobs?lang=en")).text
    assert "a@b.it non accetta questa e-mail" in (await anna.get(f"/jobs/{job_id}?lang=it")).text
    found = (await api(anna, f"/api/v1/jobs/{job_id}"))[1]
    assert (found["state"], found["reason"], "does not take" in found["message"]) == ("failed", "mail.refused", True)


async def test_an_open_page_follows_a_job(site: HeadOffice, anna: Visitor) -> None:
    job_id = await half_done(site)
    async with anna.session.get("/live") as response, asyncio.timeout(PATIENCE_S):
        await response.content.readuntil(b"\n\n")
        await ask(site, label="April")
        await site.office.database.write(partial(rename, job_id=job_id))
        while b"job" not in await response.content.readuntil(b"\n\n"):
            pass

    for path in ("/jobs/live?lang=en", f"/jobs/{job_id}/live?lang=en"):
        text = (await anna.get(path)).text
        assert "at work" in text
        assert "Changed" in text


def rename(connection: Connection, job_id: str, label: str = "Changed") -> None:
    """Change what an open page shows."""
    connection.execute(update(job).where(job.c.id == job_id).values(label=label))
    mark(connection, JOB)


async def test_a_reader_that_stands_still_is_told_to_whoever_looks_after_all_of_it(
    site: HeadOffice, anna: Visitor, stranger: Visitor
) -> None:
    database, clock = site.office.database, site.office.clock
    await database.write(partial(enter, reader=Reader("mailing", lambda *_: None)))
    happened = partial(emit, company=site.office.company, kind="k", keys=["a"], at=clock())
    await database.write(happened)
    assert "mailing" not in (await anna.get("/jobs")).text
    clock.at += LATE + timedelta(minutes=1)
    assert "“mailing” stands still" in (await anna.get("/jobs?lang=en")).text

    await site.user("vera", Role.VIEWER)
    await stranger.sign_in("vera")
    assert "mailing" not in (await stranger.get("/jobs?lang=en")).text


async def test_programs_list_read_and_stop_jobs(site: HeadOffice, anna: Visitor) -> None:
    first, second = await ask(site, label="one"), await ask(site, label="two")
    await anna.get("/jobs")

    page = (await api(anna, "/api/v1/jobs?limit=1"))[1]
    rest = (await api(anna, f"/api/v1/jobs?after={page['next']}"))[1]
    assert ([one["id"] for one in page["jobs"]], [one["id"] for one in rest["jobs"]]) == ([second], [first])
    assert (await api(anna, f"/api/v1/jobs/{first}/cancel", "POST"))[1]["state"] == "cancelled"
    assert (await api(anna, f"/api/v1/jobs/{first}/cancel", "POST"))[1]["code"] == "job.ended"
    assert (await api(anna, f"/api/v1/jobs/{second}/file"))[1]["code"] == "job.file_gone"
