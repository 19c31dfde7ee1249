"""What tests of a kind's files share: jobs done as a server does them, files read as people's programs do."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from python_calamine import CalamineWorkbook
from sqlalchemy import select

from central.jobs.runner import Runner
from central.jobs.tables import job
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
