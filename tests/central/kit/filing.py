"""What tests of a kind's files share: jobs done as a server does them, files read as people's programs do."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from python_calamine import CalamineWorkbook
from sqlalchemy import select

from central.jobs import results
from central.jobs.runner import Runner
from central.jobs.tables import job
from central.jobs.values import Outcome
from central.kit.files.manifest import files_of
from central.web.manifest import handlers_of
from tests.central.kit.samples import ALL

if TYPE_CHECKING:
    from sqlalchemy import Row

    from tests.central.kit.site import Site
    from tests.central.office import Office


async def do_jobs(office: Office) -> None:
    """Do all that was asked for."""
    runner = Runner(office.database, handlers_of([files_of(ALL)]))
    while await runner.step():
        pass


async def job_row(office: Office, identity: str) -> Row[Any]:
    return await office.database.read(lambda conn: conn.execute(select(job).where(job.c.id == identity)).one())


async def download(site: Site, path: str) -> bytes:
    async with site.anna.session.get(path) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.read()


async def made(site: Site, path: str, **sent: Any) -> bytes:  # noqa: ANN401
    """The file that a program has made."""
    status, said, _ = await site.ask("POST", f"/api/v1/{path}/export", sent)
    assert status == 200, said
    await do_jobs(site.office)
    row = await job_row(site.office, said["job"])
    assert row.state == "done", (row.reason, row.reason_values)
    return await download(site, f"/api/v1/jobs/{said['job']}/file")


def table(content: bytes) -> list[list[str]]:
    """The cells of a file, CSV or XLSX."""
    if content[:2] == b"PK":
        rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
        return [[str(cell) for cell in row] for row in rows]
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


async def hand_in(site: Site, path: str, content: bytes, name: str = "file.csv", company: str = "") -> Any:  # noqa: ANN401
    """What a program is answered that hands in a file."""
    headers = {"X-CSRF-Token": site.anna.token, **({"X-Company": company} if company else {})}
    place = f"/api/v1/{path}/files"
    async with site.anna.session.post(place, params={"name": name}, data=content, headers=headers) as answer:
        return await answer.json()


async def tried(
    site: Site, path: str, content: bytes, name: str = "file.csv", mapping: dict[str, Any] | None = None,
    company: str = "",
) -> Row[Any]:  # fmt: skip
    """The job that tried a file out."""
    handed = await hand_in(site, path, content, name, company)
    assert "file" in handed, handed
    body = {"file": handed["file"], **({"mapping": mapping} if mapping else {})}
    named = {"X-Company": company} if company else {}
    status, said, _ = await site.ask("POST", f"/api/v1/{path}/import", body, **named)
    assert status == 200, said
    await do_jobs(site.office)
    row = await job_row(site.office, said["job"])
    assert row.state == "done", (row.reason, row.reason_values)
    return row


async def loaded(site: Site, path: str, trial: str, *accept: str, company: str = "") -> Row[Any]:
    """The job that loaded what was tried out."""
    named = {"X-Company": company} if company else {}
    status, said, _ = await site.ask("POST", f"/api/v1/{path}/import/{trial}/load", {"accept": accept}, **named)
    assert status == 200, said
    await do_jobs(site.office)
    row = await job_row(site.office, said["job"])
    assert row.state == "done", (row.reason, row.reason_values)
    return row


async def refused_rows(office: Office, job_id: str) -> dict[int, list[Any]]:
    """What was refused of a file, by the number of its line: where and why."""
    rows = await office.database.read(lambda conn: results.list_rows(conn, job_id, Outcome.REFUSED, -1, 10_000))
    return {row.number: row.values["problems"] for row in rows}


def counts(row: Row[Any]) -> tuple[int, ...]:
    """Added, changed, unchanged, refused."""
    return tuple(row.result[name] for name in ("added", "changed", "unchanged", "refused"))


def csv_of(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
