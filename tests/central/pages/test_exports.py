"""Exports: every row or none, a few in memory at a time, in a reading lane of their own, for whoever still waits."""

from __future__ import annotations

import asyncio
import csv
import io
import tracemalloc
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import Connection, select, text

from central.db.bulk import insert_rows
from central.identity.people import COMMAND_LINE
from central.identity.service import NewUser, add_user, set_active
from central.jobs.runner import Runner
from central.sales import reading
from central.sales.exporting import SALES_WORKBOOK, make_sales_workbook
from central.sales.queries import SaleFilter, SalePage
from central.sales.tables import sale
from central.web.exports import MAX_SHEET_ROWS, NobodyWaitsError, while_wanted, write_workbook_rows
from commerce.errors import RuleError
from tests.central.head_office import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.central.head_office import HeadOffice, Visitor
    from tests.central.office import Office

MANY = 100_050  # more than an export once held


def multiply(connection: Connection, times: int) -> None:
    """Put the first sale so many times more into its table, each with a number and id of its own."""
    columns = [column.name for column in sale.columns]
    stored = connection.exec_driver_sql(f"SELECT {', '.join(columns)} FROM sale").first()
    assert stored is not None
    model = dict(zip(columns, stored, strict=True))
    rows = [
        tuple({**model, "id": f"s{number}", "document": f"d{number}", "seq": 1000 + number, "number": number,
               "formatted": f"X/{number}"}.values())
        for number in range(times)
    ]  # fmt: skip
    insert_rows(connection, sale, columns, rows)


async def fetch(anna: Visitor, path: str) -> bytes:
    async with anna.session.get(path) as response:
        assert response.status == 200, await response.text()
        return await response.read()


async def test_an_export_is_never_cut_short(site: HeadOffice, anna: Visitor) -> None:
    await site.busy_till(sales=1)
    await site.office.database.write(partial(multiply, times=MANY))

    rows = list(csv.reader(io.StringIO((await fetch(anna, "/sales/export.csv")).decode("utf-8-sig"))))

    assert len(rows) == 1 + 1 + MANY
    assert len({row[8] for row in rows}) == len(rows)


async def test_a_workbook_holds_the_same_rows_with_numbers_as_numbers(
    site: HeadOffice, anna: Visitor, tmp_path: Path
) -> None:
    await site.busy_till(sales=1)
    await site.office.database.write(partial(multiply, times=1500))
    file = tmp_path / "sales.xlsx"
    await anna.get("/sales")
    asked = await anna.post("/sales/export.xlsx?sort=number&order=up&lang=it")
    assert await Runner(site.office.database, {SALES_WORKBOOK: make_sales_workbook}).step()
    file.write_bytes(await fetch(anna, f"{urlsplit(asked.url).path}/file"))

    rows = CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()

    assert len(rows) == 1 + 1 + 1500
    assert rows[0][0] == "Giornata"
    assert rows[1][2:4] == ["X/0", "T1"]
    assert rows[1][5:8] == [1, 3.49, "EUR"]


async def test_a_workbook_holds_what_whoever_asked_may_see_when_it_is_made(
    site: HeadOffice, anna: Visitor, tmp_path: Path
) -> None:
    office, file = site.office, tmp_path / "sales.xlsx"
    await site.busy_till(sales=1)
    corso = await office.add_shop()
    till = await office.new_till("T2", shop=corso)
    till.sign_on()
    till.open_session()
    till.sell()
    await site.deliver(till)
    user = await add_user(
        office.database, NewUser("carlo", PASSWORD, company=office.company, shop=corso), office.clock()
    )
    await anna.sign_in("carlo")
    await anna.get("/sales")
    first, second = [await anna.post("/sales/export.xlsx") for _ in range(2)]

    assert await Runner(office.database, {SALES_WORKBOOK: make_sales_workbook}).step()
    await set_active(office.database, COMMAND_LINE, user, office.clock(), active=False)
    assert await Runner(office.database, {SALES_WORKBOOK: make_sales_workbook}).step()

    await anna.sign_in()
    file.write_bytes(await fetch(anna, f"{urlsplit(first.url).path}/file"))
    rows = CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()
    assert [row[3] for row in rows[1:]] == ["T2"]
    assert "may not come in any more" in (await anna.get(f"{urlsplit(second.url).path}?lang=en")).text


async def test_pages_answer_while_exports_wait(site: HeadOffice, anna: Visitor) -> None:
    await site.busy_till(sales=1)
    exports = [asyncio.ensure_future(fetch(anna, "/sales/export.csv")) for _ in range(8)]

    assert (await anna.get("/sales")).status == 200
    assert all(b"T1/26/000001" in one for one in await asyncio.gather(*exports))


async def test_few_rows_are_in_memory_at_a_time(sold: Office) -> None:
    await sold.database.write(partial(multiply, times=20_000))

    def peak(connection: Connection) -> tuple[int, int]:
        tracemalloc.start()
        with reading.each_sale(connection, COMMAND_LINE, SaleFilter(), SalePage()) as rows:
            count = sum(1 for _ in rows)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return count, most

    count, most = await sold.database.report(peak)

    assert count == 20_001
    assert most < 6_000_000


async def test_rows_stay_in_the_database_until_they_are_asked_for(sold: Office) -> None:
    await sold.database.write(partial(multiply, times=2_000))
    postgres = sold.database.url.get_backend_name() == "postgresql"

    def open_cursors(connection: Connection) -> int:
        with reading.each_sale(connection, COMMAND_LINE, SaleFilter(), SalePage()) as rows:
            next(rows)
            if not postgres:
                return 1  # SQLite makes each row when it is asked for
            return int(connection.execute(text("SELECT COUNT(*) FROM pg_cursors")).scalar_one())

    assert await sold.database.report(open_cursors) == 1


@pytest.fixture
async def sold(office: Office) -> Office:
    """One sale on either engine."""
    till = await office.new_till()
    till.sign_on()
    till.open_session()
    till.sell()
    await office.push(till)
    await office.projector.catch_up()
    return office


@pytest.mark.parametrize("sort", ["at", "total", "number"])
@pytest.mark.parametrize("descending", [True, False])
async def test_an_export_of_several_companies_is_in_order(site: HeadOffice, sort: str, *, descending: bool) -> None:
    await site.busy_till("T1", 3)
    await site.busy_till("T2", 2)

    def moved(connection: Connection) -> None:
        connection.exec_driver_sql("UPDATE sale SET company = 'another' WHERE number = 2")
        connection.execute(
            text("INSERT INTO company (id, name, tax_id, country, currency, created_at)"
                 " VALUES ('another', 'Another', 'x', 'IT', 'EUR', '2026-01-01T00:00:00.000000Z')"))  # fmt: skip

    await site.office.database.write(moved)
    page = SalePage(sort, descending, (), 100)

    def both(connection: Connection) -> tuple[list[Any], list[Any]]:
        listed = reading.list_sales(connection, COMMAND_LINE, SaleFilter(), page)
        with reading.each_sale(connection, COMMAND_LINE, SaleFilter(), replace(page, limit=1)) as rows:
            return listed, list(rows)

    listed, exported = await site.office.database.report(both)

    assert len(listed) == 5
    assert [row.id for row in exported] == [row.id for row in listed]
    assert await site.office.database.read(lambda c: len(c.execute(select(sale.c.company).distinct()).all())) == 2


class Gone:
    """A request whose browser left."""

    transport = None


def test_a_file_that_nobody_waits_for_is_not_made() -> None:
    def endless() -> Iterator[int]:
        while True:
            yield 1

    with pytest.raises(NobodyWaitsError):
        sum(while_wanted(Gone(), endless()))  # type: ignore[arg-type]


def test_a_sheet_that_would_not_hold_all_is_refused(tmp_path: Path) -> None:
    rows = ([1] for _ in range(MAX_SHEET_ROWS + 1))

    with pytest.raises(RuleError, match=r"export\.sheet_full"):
        write_workbook_rows(tmp_path / "rows", ["n"], rows)
