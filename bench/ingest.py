"""Sales pushed to central, verified and projected, against their rows copied into the same tables without a look."""

import asyncio
import contextlib
import gc
import sqlite3
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import asyncpg
import orjson
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Table, select

from bench import history, shop
from bench.figures import Figure, Round, rate
from bench.place import Size, fresh_folder
from central.app import Central, build
from central.config import CentralConfig, DatabaseSection
from central.db.engine import open_database
from central.db.migrate import migrate
from central.runtime import tune_interpreter
from central.sales.tables import sale, sale_effect, sale_line, sale_tax, sale_tender
from central.tills.messages import parse_push
from central.tills.tables import ledger_entry
from central.tills.values import KnownTill
from commerce.documents import IntendedEffect, IssuedNumber
from commerce.ids import new_chain, new_id
from commerce.ledger import NO_HASH, ChainMode, Entry, Facts, Head, Kind, Origin, Signer, genesis_body, seal
from commerce.wire import EnrolAnswer, EnrolRequest, PushAnswer, PushRequest, to_wire
from terminal.services.operating import OperatingSet, read_operating_set
from tests.crash.central_world import seed
from tests.postgres import PostgresServer, find_binaries

TOGETHER = 500
TABLES: tuple[Table, ...] = (ledger_entry, sale, sale_line, sale_tender, sale_tax, sale_effect)
RAW = """\
-- central's own tables and indexes, the rows that central had just written for the same sales; for each of
-- ledger_entry, sale, sale_line, sale_tender, sale_tax, sale_effect, 500 sales per transaction:
BEGIN;
COPY ledger_entry (…) FROM STDIN (FORMAT binary);   -- PostgreSQL: asyncpg copy_records_to_table
INSERT INTO ledger_entry (…) VALUES (?, …);         -- SQLite (WAL, synchronous = FULL): executemany
COMMIT;"""
_PATIENCE_S = 60.0
Rows = dict[str, list[tuple[Any, ...]]]


@dataclass(slots=True)
class Chain:
    """A till's chain as it grows."""

    origin: Origin
    signer: Signer
    operating: OperatingSet
    head: Head = field(default_factory=lambda: Head(0, NO_HASH))
    number: int = 0

    def append(self, kind: Kind, body: dict[str, Any]) -> Entry:
        """Seal one entry."""
        at = datetime.now(UTC)
        facts = Facts(new_id(), kind, at, "+01:00", at.date(), operator=shop.OPERATOR, command_id=new_id())
        entry = seal(self.origin, self.head, facts, body, self.signer)
        self.head = Head(entry.seq, entry.hash)
        return entry

    def sell(self) -> Entry:
        """Seal a sale of ten lines and two tenders."""
        self.number += 1
        day = datetime.now(UTC).date()
        issued = IssuedNumber(new_id(), "receipt", "s", "T1", str(day.year), self.number, f"T1/{self.number:06d}", day)
        effects = [IntendedEffect(new_id(), "print"), IntendedEffect(new_id(), "drawer")]
        return self.append(Kind.SALE_COMPLETED, history.completed_sale(self.operating, issued, effects, self.number))

    def push_of(self, entries: Sequence[Entry]) -> bytes:
        """Return the request as a till sends it."""
        request = PushRequest(till=self.origin.till, chain=self.origin.chain, entries=[to_wire(e) for e in entries])
        return zstandard.compress(orjson.dumps(request.model_dump()), 1)


def run(size: Size) -> list[Figure]:
    """Measure on SQLite, and on PostgreSQL where there is one."""
    folder = fresh_folder(size.folder("ingest"))
    lite = _measure(size, folder, None, str(folder / "raw.db"))
    figures = [rate("central ingest, SQLite", lite, at_least=0.4, unit="sales/s", per=TOGETHER)]
    binaries = find_binaries()
    if binaries is None:
        return figures
    server = PostgresServer(binaries)
    try:
        ours, raw = (server.url(server.create_database()) for _ in range(2))
        rounds = _measure(size, folder, ours, raw)
        return [*figures, rate("central ingest, PostgreSQL", rounds, at_least=0.5, unit="sales/s", per=TOGETHER)]
    finally:
        server.stop()


def _measure(size: Size, folder: Path, url: str | None, raw_url: str) -> list[Round]:
    where = url or f"sqlite:///{folder / 'central.db'}"
    code = seed(where, 1).tills[False][0].code
    collecting, switching = gc.get_threshold(), sys.getswitchinterval()
    tune_interpreter()  # as the server does
    try:
        return asyncio.run(_measure_rounds(size, folder, where, raw_url, code))
    finally:
        gc.set_threshold(*collecting)
        sys.setswitchinterval(switching)


async def _measure_rounds(size: Size, folder: Path, url: str, raw_url: str, code: str) -> list[Round]:
    config = CentralConfig(data_dir=folder, database=DatabaseSection(url=url))
    central, raw = build(config, lambda: datetime.now(UTC)), await _open_raw(raw_url)
    projecting = asyncio.create_task(central.projector.run())
    rounds = []
    try:
        chain, till = await _enrol(central, code)
        for number in range(-1, size.of(8, 1)):  # the first one warms up
            one = await _round(central, raw, chain, till, size.of(4, 1))
            rounds += [one] if number >= 0 else []
    finally:
        projecting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await projecting
        await raw.close()
        await central.database.close()
    return rounds


async def _round(central: Central, raw: "_RawLite | _RawPostgres", chain: Chain, till: KnownTill, count: int) -> Round:
    """Ingest some pushes, then store the rows that these came to, a push at a time."""
    pushes = [chain.push_of([chain.sell() for _ in range(TOGETHER)]) for _ in range(count)]
    gc.collect()
    seconds = await _ingest(central, till, pushes)
    parts = await central.database.read(partial(_written, chain=chain, head=chain.head.seq, pushes=count))
    return Round([seconds / count] * count, [await raw.store(part) for part in parts])


async def _enrol(central: Central, code: str) -> tuple[Chain, KnownTill]:
    key = Ed25519PrivateKey.generate()
    request = EnrolRequest(code=code, public_key=key.public_key().public_bytes_raw().hex(), app_version="bench")
    answer = await central.tills.enrol(request, "127.0.0.1")
    chain = _chain_of(answer, Signer(key))
    genesis = chain.append(Kind.CHAIN_OPENED, genesis_body(chain.signer, ChainMode.LIVE, "enrolled", None, chain.head))
    till = await central.tills.recognise(answer.token)
    await _ingest(central, till, [chain.push_of([genesis])])
    return chain, till


def _chain_of(answer: EnrolAnswer, signer: Signer) -> Chain:
    rows = [(change.kind, change.id, change.version, change.row) for change in shop.operating_set()]
    enrolled = shop.enrolment().identity
    operating = read_operating_set(enrolled.company, enrolled.shop, rows)  # type: ignore[arg-type]
    origin = Origin(answer.company.id, answer.shop.id, answer.till.id, new_chain(), "bench")
    return Chain(origin, signer, operating)


async def _ingest(central: Central, till: KnownTill, pushes: Sequence[bytes]) -> float:
    """Take pushes as they arrive over HTTP and return when everything is projected."""
    begun = perf_counter()
    wanted = central.projector.projected
    for push in pushes:
        request = await asyncio.to_thread(parse_push, push, compressed=True)
        answer = await central.tills.receive(till, request)
        assert isinstance(answer, PushAnswer)
        assert not answer.set_aside
        wanted += len(request.entries)
    while central.projector.projected < wanted:
        assert perf_counter() - begun < _PATIENCE_S, "central does not project"
        await asyncio.sleep(0.001)
    return perf_counter() - begun


def _written(db: Connection, chain: Chain, head: int, pushes: int) -> list[Rows]:
    """Return what central wrote for the newest pushes, one part for each."""
    return [_written_by_one(db, chain, head - TOGETHER * back) for back in reversed(range(pushes))]


def _written_by_one(db: Connection, chain: Chain, last: int) -> Rows:
    found: Rows = {}
    mine = (ledger_entry.c.chain == chain.origin.chain) & ledger_entry.c.seq.between(last - TOGETHER + 1, last)
    found["ledger_entry"] = _rows(db, ledger_entry, mine)
    mine = (sale.c.chain == chain.origin.chain) & sale.c.seq.between(last - TOGETHER + 1, last)
    found["sale"] = _rows(db, sale, mine)
    sales = [row[1] for row in found["sale"]]
    for table in (sale_line, sale_tender, sale_tax):
        found[table.name] = _rows(db, table, table.c.sale.in_(sales))
    found["sale_effect"] = _rows(db, sale_effect, sale_effect.c.of.in_(sales))
    assert len(sales) == TOGETHER
    return found


def _rows(db: Connection, table: Table, where: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - an SQL expression
    """Return rows in storage form."""
    compiled = select(table).where(where).compile(db.engine, compile_kwargs={"render_postcompile": True})
    ordered = compiled.positiontup
    values = compiled.params if ordered is None else tuple(compiled.params[name] for name in ordered)
    return [tuple(row) for row in db.exec_driver_sql(str(compiled), values)]


class _RawLite:
    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")

    async def store(self, rows: Rows) -> float:
        begun = perf_counter()
        self._connection.execute("BEGIN IMMEDIATE")
        for table in TABLES:
            columns = ", ".join(column.name for column in table.columns)
            marks = ", ".join("?" * len(table.columns))
            self._connection.executemany(f"INSERT INTO {table.name} ({columns}) VALUES ({marks})", rows[table.name])
        self._connection.execute("COMMIT")
        return perf_counter() - begun

    async def close(self) -> None:
        self._connection.close()


class _RawPostgres:
    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - asyncpg has no types
        self._connection = connection

    async def store(self, rows: Rows) -> float:
        begun = perf_counter()
        async with self._connection.transaction():
            for table in TABLES:
                columns = [column.name for column in table.columns]
                await self._connection.copy_records_to_table(table.name, records=rows[table.name], columns=columns)
        return perf_counter() - begun

    async def close(self) -> None:
        await self._connection.close()


async def _open_raw(url: str) -> _RawLite | _RawPostgres:
    """Make central's own tables in another database."""
    database = open_database(url if "://" in url else f"sqlite:///{url}")
    await migrate(database)
    await database.close()
    return _RawPostgres(await asyncpg.connect(url)) if "://" in url else _RawLite(url)
