"""A page of head office while a report runs: central on PostgreSQL, asked for sales as somebody exports them all."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import aiohttp
import asyncpg
from sqlalchemy import BigInteger, Column, Connection, Integer, text

from bench.figures import Figure, Round, limit
from bench.place import Size, fresh_folder
from central.db.engine import open_database
from central.identity.people import Role
from central.identity.service import NewUser, add_user
from central.organisation.service import list_shops
from central.sales.tables import sale
from tests.central.head_office import PASSWORD, Visitor
from tests.crash.central_world import Central
from tests.postgres import PostgresServer, find_binaries

_COPIED = "SELECT * FROM sale ORDER BY business_day DESC, at DESC, till DESC, id DESC"
_PAGE = "SELECT * FROM sale WHERE company = $1 ORDER BY business_day DESC, at DESC, till DESC, id DESC LIMIT 51"
RAW = f"""\
-- PostgreSQL: the rows of the page, asked for on a connection of their own while another copies the whole table out
{_PAGE};
COPY ({_COPIED}) TO STDOUT (FORMAT CSV);"""
_REPORT = "/sales/export.csv"
_PATIENCE_S = 300


def run(size: Size) -> list[Figure]:
    """Measure on PostgreSQL, where there is one."""
    binaries = find_binaries()
    if binaries is None:
        return []
    server = PostgresServer(binaries)
    try:
        folder = fresh_folder(size.folder("beside_report"))
        rounds = _measure(size, folder / "central", server.url(server.create_database()))
        return [limit("page of central beside a report, PostgreSQL", rounds, 99, at_most_ms=50)]
    finally:
        server.stop()


def _measure(size: Size, folder: Path, url: str) -> list[Round]:
    central = Central(folder, 1, url)
    company = asyncio.run(_fill(url, size.of(100_000, 500)))
    central.open()
    try:
        return asyncio.run(_measure_rounds(size, f"http://127.0.0.1:{central.port}", url, company))
    finally:
        central.stop()


async def _measure_rounds(size: Size, address: str, url: str, company: str) -> list[Round]:
    timeout = aiohttp.ClientTimeout(total=_PATIENCE_S)
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(address, cookie_jar=jar, timeout=timeout) as session:
        await Visitor(session).sign_in()
        page, report = await asyncpg.connect(url), await asyncpg.connect(url)
        try:
            rounds = [await _round(session, page, report, company) for _ in range(size.of(6, 1) + 1)]
        finally:
            await page.close()
            await report.close()
    return rounds[1:]  # the first one warms up


async def _round(
    session: aiohttp.ClientSession, page: asyncpg.Connection, report: asyncpg.Connection, company: str
) -> Round:
    ours = await _beside(lambda: _get(session, _REPORT), lambda: _get(session, "/sales"))
    copy = partial(report.copy_from_query, _COPIED, output=_forget, format="csv")
    return Round(ours, await _beside(copy, lambda: page.fetch(_PAGE, company)))


async def _beside(report: Callable[[], Awaitable[object]], page: Callable[[], Awaitable[object]]) -> list[float]:
    """Ask for one page after the other for as long as a report takes; return what each took."""
    running, taken = asyncio.ensure_future(report()), list[float]()
    while not (running.done() and taken):
        begun = time.perf_counter()
        await page()
        taken.append(time.perf_counter() - begun)
    await running
    return taken


async def _get(session: aiohttp.ClientSession, path: str) -> None:
    async with session.get(path) as response:
        assert response.status == 200, await response.text()
        await response.read()


async def _forget(_: bytes) -> None:
    """Take a piece of a copy."""


async def _fill(url: str, sales: int) -> str:
    """Add an administrator and so many sales of long ago; return the company."""
    database = open_database(url)
    try:
        await add_user(database, NewUser("anna", PASSWORD, Role.ADMIN), datetime.now(UTC))
        return await database.write(lambda connection: _add_sales(connection, sales))
    finally:
        await database.close()


def _add_sales(connection: Connection, sales: int) -> str:
    shop = list_shops(connection)[0]
    values = ", ".join(_MADE.get(column.name, _nothing(column)) for column in sale.columns)
    connection.execute(
        text(f"INSERT INTO sale SELECT {values} FROM generate_series(1, :sales) AS made (n)"),
        {"company": shop.company, "shop": shop.id, "sales": sales},
    )
    connection.execute(text("ANALYZE sale"))
    return str(shop.company)


def _nothing(column: Column[object]) -> str:
    if column.nullable:
        return "NULL"
    return "0" if isinstance(column.type, BigInteger | Integer) else "''"


_MOMENT = "timestamp '2022-01-01' + n * interval '7 minutes'"
_DAY = f"to_char({_MOMENT}, 'YYYY-MM-DD')"
_MADE = {
    "till": "'T1'", "id": "'sale-' || n", "company": ":company", "shop": ":shop", "seq": "n", "number": "n",
    "hash": "decode(repeat('00', 32), 'hex')", "at": f"""to_char({_MOMENT}, 'YYYY-MM-DD"T"HH24\\:MI\\:SS.US"Z"')""",
    "business_day": _DAY, "document": "'document-' || n", "document_date": _DAY, "formatted": "'T1/' || n",
    "currency": "'EUR'", "total": "349", "lines": "1",
}  # fmt: skip
