"""A sale committed through the register against its rows written by raw ``sqlite3``, one sale per transaction."""

import asyncio
import contextlib
import gc
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from bench import shop
from bench.figures import Figure, Round, rate, times_of_raw
from bench.place import Size, fresh_folder
from commerce.ids import new_id
from terminal.db.cores import share_a_core, use_all_cores
from terminal.db.migrate import migrate
from terminal.services.clock import SystemClock
from terminal.services.commands import AddCode, AddTender
from terminal.services.register import Register
from terminal.services.till_core import TillCore, close_till, open_till

LINES = 10
ITEMS = 1000
RAW = """\
-- the till's own tables, indexes and triggers; journal_mode = WAL, synchronous = FULL; rows and bytes made beforehand
BEGIN IMMEDIATE;
INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
INSERT INTO series_counter VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET last_number = excluded.last_number;
INSERT INTO document VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);
INSERT INTO sale VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?); -- ours changes the row that the first scan wrote
INSERT INTO effect VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?); -- twice: print and drawer
INSERT INTO command VALUES (?, ?, ?, ?);
COMMIT;"""
_STATEMENTS = [line.partition(";")[0] for line in RAW.splitlines() if line.startswith("INSERT")]


@dataclass(frozen=True, slots=True)
class SaleRows:
    """What one sale wrote, table by table in the order of the raw statements."""

    tables: tuple[Sequence[Sequence[Any]], ...]


def run(size: Size) -> list[Figure]:
    """Measure in rounds, ours and raw after each other; medians over the rounds."""
    rounds = asyncio.run(_measure(fresh_folder(size.folder("sale-commit")), size.of(12, 2), size.of(300, 10)))
    return [
        rate("sale commit through the register", rounds, at_least=0.5, unit="sales/s"),
        times_of_raw("sale commit through the register", rounds, 99, at_most=2),
    ]


async def _measure(folder: Path, rounds: int, sales: int) -> list[Round]:
    async with _open_till(folder / "till") as core:
        raw = open_raw(folder / "raw.db")
        reader = sqlite3.connect(folder / "till" / "ledger.db", isolation_level=None)
        done = []
        for number in range(-1, rounds):  # the first one warms up
            gc.collect()
            share_a_core(core.writer.thread_id, turn=number)
            one = Round([], [])
            for _ in range(sales):  # turn by turn: what disturbs the machine disturbs both
                command, document, seconds = await _sell(core.register)
                one.ours.append(seconds)
                one.raw.append(insert_sale(raw, read_sale(reader, command, document)))
            done += [one] if number >= 0 else []
        reader.close()
        raw.close()
    return done


@asynccontextmanager
async def _open_till(folder: Path) -> AsyncIterator[TillCore]:
    shop.write_catalogue(folder.with_suffix(".catalogue"), ITEMS)
    shop.use_catalogue(folder, folder.with_suffix(".catalogue"))
    core = await open_till(folder, shop.enrolment().identity, clock=SystemClock(), app_version="bench")
    running = asyncio.create_task(core.register.run())
    try:
        await core.register.apply_operating(shop.operating_set(), cursor="1.1.1")
        await shop.begin_selling(core.register)
        yield core
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        await close_till(core)
        use_all_cores()  # what is measured after this is not bound to one core


async def _sell(register: Register) -> tuple[str, str, float]:
    """Scan ten items, pay half by card and the rest in cash; return that last command, its document and its time."""
    for number in range(1, LINES + 1):
        await register.submit(AddCode(new_id(), shop.code_of(number * 37)))
    basket = register.state.basket
    assert basket is not None
    await register.submit(AddTender(new_id(), basket.sale, "card", basket.total, basket.total // 2))
    command = AddTender(new_id(), basket.sale, "cash", basket.total - basket.total // 2)
    begun = perf_counter()
    result = await register.submit(command)
    seconds = perf_counter() - begun
    return command.command_id, result.values["document"]["id"], seconds


def read_sale(reader: sqlite3.Connection, command: str, document: str) -> SaleRows:
    """Return every row that a paying command wrote."""

    def rows(sql: str, *values: object) -> list[Any]:
        return reader.execute(sql, values).fetchall()

    documents = rows("SELECT * FROM document WHERE id = ?", document)
    _, _, series, period, number, _, date, chain, seq = documents[0]
    entries = rows("SELECT * FROM entry WHERE chain = ? AND seq = ?", chain, seq)
    sales = rows("SELECT * FROM sale WHERE document = ?", document)
    effects = rows("SELECT * FROM effect WHERE of = ?", document)
    commands = rows("SELECT * FROM command WHERE command_id = ?", command)
    return SaleRows((entries, [(series, period, number, date)], documents, sales, effects, commands))


def insert_sale(raw: sqlite3.Connection, rows: SaleRows) -> float:
    """Write one sale's rows in a transaction of its own and return how long that took."""
    begun = perf_counter()
    raw.execute("BEGIN IMMEDIATE")
    for statement, table in zip(_STATEMENTS, rows.tables, strict=True):
        for row in table:
            raw.execute(statement, row)
    raw.execute("COMMIT")
    return perf_counter() - begun


def open_raw(path: Path) -> sqlite3.Connection:
    """Return a database with the till's tables and durability."""
    raw = sqlite3.connect(path, isolation_level=None, cached_statements=256)
    raw.execute("PRAGMA journal_mode = WAL")
    raw.execute("PRAGMA synchronous = FULL")
    migrate(raw)
    return raw
