"""A list of a million records as a file, with pages read meanwhile; and a million rows of a file imported, against the
rows that this wrote inserted in batches."""

import asyncio
import os
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, select

from bench.figures import Figure, Round, percentile
from bench.place import Size, fresh_folder
from central.app import KINDS
from central.db.bulk import execute_plain, insert_rows
from central.db.engine import Database, open_database
from central.db.metadata import Xid8, metadata
from central.db.migrate import migrate
from central.identity.people import COMMAND_LINE
from central.jobs.runner import Runner
from central.jobs.tables import job, job_file, job_row
from central.kit.addresses import read_address
from central.kit.files.exporting import Wanted, ask_for_export
from central.kit.files.handing import hand_in
from central.kit.files.importing import ask_for_load, ask_for_trial
from central.kit.files.manifest import files_of
from central.kit.files.mapping import FileMapping
from central.kit.handed import record_file_piece
from central.kit.listing import read_list
from central.organisation.service import save_company
from central.registry.customers import CUSTOMERS
from central.web.manifest import handlers_of
from tests.central.office import COMPANY
from tests.postgres import PostgresServer, find_binaries

RAW = """\
-- import: the rows that it had just written, into the same tables and indexes elsewhere, 1,000 a transaction
INSERT INTO customer (…) VALUES (…), (…), …;        -- and record_search, audit; COPY on PostgreSQL
-- pages: the same page of the list while nobody exports"""
_TOGETHER = 1000
_APART: tuple[Table, ...] = (job, job_row, job_file, record_file_piece)
_MOST_MIB, _MOST_MS, _MOST_TIMES = 100, 150, 4


def run(size: Size) -> list[Figure]:
    """Measure on SQLite, and on PostgreSQL where there is one."""
    folder = fresh_folder(size.folder("files"))
    ours, raw = (f"sqlite:///{folder / name}.db" for name in ("central", "raw"))
    found = asyncio.run(_measure(size, folder, "SQLite", ours, raw))
    binaries = find_binaries()
    if binaries is None:
        return found
    server = PostgresServer(binaries)
    try:
        ours, raw = (server.url(server.create_database()) for _ in range(2))
        return [*found, *asyncio.run(_measure(size, folder, "PostgreSQL", ours, raw))]
    finally:
        server.stop()


async def _measure(size: Size, folder: Path, engine: str, url: str, raw_url: str) -> list[Figure]:
    database, raw = open_database(url), open_database(raw_url)
    try:
        for one in (database, raw):
            await migrate(one)
        company = await database.write(partial(save_company, actor=COMMAND_LINE, at=datetime.now(UTC), values=COMPANY))
        imported = await _import(database, company, folder, size.of(1_000_000, 200))
        written = await _again(database, raw)
        exported = await _export(database, company)
    finally:
        await database.close()
        await raw.close()
    times = imported / written
    rows = Figure(f"import of customers, {engine}", imported, written, 1 / times, "s", f"≤ {_MOST_TIMES} × raw",
                  times <= _MOST_TIMES)  # fmt: skip
    return [rows, *_figures(engine, *exported)]


def _figures(engine: str, pages: Round, grown: float) -> list[Figure]:
    beside, alone = (percentile(one, 95) * 1000 for one in (pages.ours, pages.raw))
    return [
        Figure(f"page beside an export, {engine}, p95", beside, alone, alone / beside, "ms", f"p95 ≤ {_MOST_MS} ms",
               beside <= _MOST_MS),
        Figure(f"memory of an export, growth, {engine}", grown, 0, 0, "MiB", f"≤ {_MOST_MIB} MiB", grown <= _MOST_MIB),
    ]  # fmt: skip


async def _import(database: Database, company: str, folder: Path, rows: int) -> float:
    """Load a file of so many customers; return how long that took."""
    path = folder / "customers.csv"
    with path.open("w", encoding="utf-8") as target:
        target.write("code,name,city,province,street,zip\n")
        for n in range(rows):
            place = f"Città {n % 997},MI,Via Roma {n % 300},{20000 + n % 99}"
            target.write(f"C{n:07d},Ditta {n % 9973} numero {n},{place}\n")
    now = datetime.now(UTC)
    file = await hand_in(database, CUSTOMERS, company, path, FileMapping(), now)
    mapping = FileMapping(columns={name: name for name in ("code", "name", "city", "province", "street", "zip")})
    asked = {"kind": CUSTOMERS, "actor": COMMAND_LINE, "company": company, "language": "it"}
    trial = await database.write(partial(ask_for_trial, file=file, mapping=mapping, **asked))  # type: ignore[arg-type]
    await _do(database)
    accepted = frozenset(f"{name}:import.one_value" for name in mapping.columns)
    await database.write(partial(ask_for_load, trial=trial, accepted=accepted, **asked))  # type: ignore[arg-type]
    begun = time.perf_counter()
    await _do(database)
    return time.perf_counter() - begun


async def _do(database: Database) -> None:
    runner = Runner(database, handlers_of([files_of(KINDS)]))
    while await runner.step():
        pass


async def _again(database: Database, raw: Database) -> float:
    """Insert the rows that stand into the other database, many together; return how long the inserting took.

    Without those of the change feed and of events, which the engine itself numbers: raw has it easier.
    """
    taken = 0.0
    for table in metadata.sorted_tables:
        if (
            table in _APART
            or any(isinstance(one.type, Xid8) for one in table.columns)
            or await raw.read(partial(_any, table=table))
        ):
            continue
        after: tuple[Any, ...] | None = None
        while rows := await database.report(partial(_stored, table=table, after=after)):
            columns = [column.name for column in table.columns]
            begun = time.perf_counter()
            await raw.write(partial(insert_rows, table=table, columns=columns, rows=rows))
            taken += time.perf_counter() - begun
            after = tuple(rows[-1][columns.index(key.name)] for key in table.primary_key)
            if not len(table.primary_key):
                break
    return taken


def _any(conn: Connection, table: Table) -> bool:
    return conn.execute(select(table).limit(1)).first() is not None


def _stored(conn: Connection, table: Table, after: tuple[Any, ...] | None) -> list[tuple[Any, ...]]:
    """Return rows behind a key, in storage form."""
    keys = [f'"{key.name}"' for key in table.primary_key]
    where = f"WHERE ({', '.join(keys)}) > ({', '.join('?' * len(keys))})" if after else ""
    order = f"ORDER BY {', '.join(keys)}" if keys else ""
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    query = f"SELECT {names} FROM {table.name} {where} {order} LIMIT {_TOGETHER}"
    return [tuple(row) for row in execute_plain(conn, query, after or ())]


async def _export(database: Database, company: str) -> tuple[Round, float]:
    """Make a workbook of all while pages are read; return what these took beside it and alone, and the memory more."""
    alone = [await _page(database, company) for _ in range(50)]
    before, most, beside = _resident_mib(), 0.0, list[float]()
    wanted = Wanted({}, "xlsx")
    ask = partial(ask_for_export, kind=CUSTOMERS, actor=COMMAND_LINE, company=company, wanted=wanted)
    await database.write(ask)
    running = asyncio.ensure_future(_do(database))
    while not (running.done() and beside):
        beside.append(await _page(database, company))
        most = max(most, _resident_mib())
        await asyncio.sleep(0.02)
    await running
    return Round(beside, alone), max(most - before, 0.01)


async def _page(database: Database, company: str) -> float:
    begun = time.perf_counter()
    read = partial(read_list, kind=CUSTOMERS, company=company, address=read_address(CUSTOMERS, {}), language="it")
    await database.read(read)
    return time.perf_counter() - begun


def _resident_mib() -> float:
    """Return what this process holds, and the one that makes the workbook."""
    children = [one.read_text(encoding="ascii").split() for one in Path("/proc/self/task").glob("*/children")]
    processes = ["self", *(process for part in children for process in part)]
    return sum(map(_pages_of, processes)) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _pages_of(process: str) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0  # it has just ended
