"""Imports items from a file without holding up tills.

The whole file is read and checked first; what is sound is staged on disk. Then it is published in short transactions
with pauses between them, so that pushes and other writers get their turn. Rows in error are left out and listed;
rows equal to what is there already change nothing.
"""

import asyncio
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from central.db.feed import Place, last_place
from central.identity import audit
from central.identity.people import COMMAND_LINE, Actor
from central.organisation.service import get_company, list_shops
from central.registry import queries
from central.registry.area import EDIT_ITEMS
from central.registry.columns import Finding, ImportRow, RowReader, find_columns
from central.registry.holding import hold_items, let_go
from central.registry.merging import Defaults, Plan, plan_chunk
from central.registry.service import Edit, ReadyItems, make_ready, publish_ready
from central.registry.staging import Staging
from central.web.keytable import KeyTable
from central.web.sheets import Source, inspect, read_rows
from commerce.errors import BadInputError, RuleError
from commerce.ids import new_id
from commerce.texts import LANGUAGES

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from central.db.engine import Database

CHUNK = 1000
_LOOK_AGAIN = frozenset(2**power for power in range(1, 14))  # after these transactions the tables have doubled
_PAUSE_S = 0.002  # with the planning of the next rows, time for others to write
MAX_FINDINGS = 10_000

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the file does not say. ``price`` None: an item without a price is asked at the till.

    ``decimal_mark`` (``.`` or ``,``) is for files whose prices could be read either way.
    """

    company: str
    vat: str | None = None
    price: Decimal | None = None
    strict: bool = False
    language: str | None = None
    encoding: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    decimal_mark: str | None = None
    actor: Actor = COMMAND_LINE


@dataclass(slots=True)
class ImportReport:
    """What became of a file. ``findings`` keeps the first ten thousand; the counts are exact.

    ``longest_write`` is the most rows that one of the ``transactions`` wrote.
    """

    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    errors: int = 0
    warnings: int = 0
    transactions: int = 0
    longest_write: int = 0
    findings: list[Finding] = field(default_factory=list)

    def count(self, plan: Plan) -> None:
        """Count what one transaction wrote."""
        self.added += plan.added
        self.changed += plan.changed
        self.unchanged += plan.unchanged
        self.transactions += 1
        self.longest_write = max(self.longest_write, len(plan.items))
        self.add(plan.findings)

    def add(self, findings: Iterable[Finding]) -> None:
        """Count findings and keep them while there are not too many."""
        for finding in findings:
            self.errors += finding.is_error
            self.warnings += not finding.is_error
            if len(self.findings) < MAX_FINDINGS:
                self.findings.append(finding)


async def import_items(
    db: "Database", path: Path, options: ImportOptions, now: Callable[[], datetime], progress: Progress | None = None
) -> ImportReport:
    """Import a file; ``progress(stage, done, of)`` is told of ``reading`` and ``publishing``.

    BadInputError for a file that cannot be read at all; RuleError ``import.strict`` when a strict import found rows in
    error, with nothing published.
    """
    options.actor.scope(EDIT_ITEMS, options.company).whole()
    if options.decimal_mark not in (None, ".", ","):
        raise BadInputError("import.decimal_mark", mark=options.decimal_mark)
    told = progress or (lambda stage, done, of: None)
    defaults = await db.read(lambda conn: _defaults(conn, options))
    report = ImportReport()
    with Staging() as staging:
        source = await asyncio.to_thread(inspect, path)
        await asyncio.to_thread(_read_all, source, options, defaults, staging, report, told)
        publishing = _Publishing(db, options, defaults, staging, path.name, report, now, told)
        await (publishing.strictly() if options.strict else publishing.run())
    await db.write(lambda conn: _note(conn, options, path, report, now()))
    return report


class ImportRefusedError(RuleError):
    """A strict import found rows in error; ``report`` lists them."""

    default_code = "import.strict"

    def __init__(self, report: ImportReport) -> None:
        super().__init__("import.strict", errors=report.errors)
        self.report = report


def _defaults(conn: "Connection", options: ImportOptions) -> Defaults:
    get_company(conn, options.company)
    codes = queries.list_vat_codes(conn, options.company)
    known = {row.code: row.rates[-1][1] for row in codes if row.rates}
    if options.vat is not None and options.vat not in known:
        raise BadInputError("import.vat_option", vat=options.vat, codes=", ".join(known))
    standard = next((row.code for row in codes if row.is_default), None)
    shops = list_shops(conn, options.company)
    language = options.language or (shops[0].languages[0] if shops else LANGUAGES[0])
    return Defaults(known, options.vat or standard, options.price, language)


def _read_all(
    source: Source, options: ImportOptions, defaults: Defaults, staging: Staging, report: ImportReport, told: Progress
) -> None:
    rows = read_rows(source, options.encoding, lambda done, of: told("reading", done, of))
    header = next(rows, None)
    if header is None:
        raise BadInputError("import.empty", file=source.path.name)
    reader = RowReader(
        find_columns(header.cells, options.columns), len(header.cells), defaults.language, options.decimal_mark
    )
    seen = _Seen()
    for row in rows:
        report.rows += 1
        read, findings = reader.read(row)
        problem = None if read is None else defaults.problem(read, row.cells) or seen.problem(read, row.cells)
        if read is not None and problem is None:
            staging.add(read)
        report.add([*findings, *([problem] if problem else [])])
    staging.finish()


class _Seen:
    """Remembers the codes and article numbers of a file: the first row that has one keeps it.

    A later row of the same article number may bring other codes, when it says the same of the item.
    """

    def __init__(self) -> None:
        self._rows = KeyTable()
        self._contents = array("q")  # hash of the cells, by the number of a row
        self._facts = array("q")  # hash of what the row says of its item, likewise

    def problem(self, read: ImportRow, cells: tuple[str, ...]) -> Finding | None:
        keys, article = [hash(code) for code in read.codes], hash(f"#{read.sku or read.codes[0]}")
        content, facts, find = hash(cells), hash(read.facts()), self._rows.find
        by_code, by_article = next(filter(None, map(find, keys)), 0), find(article)
        first = by_code or by_article
        if first and self._contents[first] == content:
            return self._found(read, "row.repeated", first, cells)
        if by_code or (by_article and not (read.sku and read.codes)):
            return self._found(read, "row.duplicate_code", first, cells)
        if by_article and self._facts[by_article] != facts:
            return self._found(read, "row.differs", first, cells)
        self._remember(read.number, [*keys, article], content, facts)
        return None

    def _remember(self, number: int, keys: list[int], content: int, facts: int) -> None:
        for key in keys:
            self._rows.add(key, number)
        for table, value in ((self._contents, content), (self._facts, facts)):
            table.extend([0] * (number + 1 - len(table)))
            table[number] = value

    def _found(self, read: ImportRow, code: str, first: int, cells: tuple[str, ...]) -> Finding:
        shown = {"code": (read.codes or (read.sku,))[0], "sku": read.sku or "", "first": first}
        return Finding(read.number, code, shown, code != "row.repeated", cells)


@dataclass(frozen=True, slots=True)
class _Publishing:
    """The second half of an import: from what is staged to what tills pull."""

    db: "Database"
    options: ImportOptions
    defaults: Defaults
    staging: Staging
    file: str
    report: ImportReport
    now: Callable[[], datetime]
    told: Progress
    holder: str = field(default_factory=new_id)

    async def strictly(self) -> None:
        """Publish all or nothing: while nobody else may change items, look at every row first."""
        if self.report.errors:
            raise ImportRefusedError(self.report)
        await self._hold()
        try:
            touched = KeyTable()
            for chunk in _chunks(self.staging):
                plan = await self.db.read(partial(self._chunk(chunk, touched).look))
                self.report.add(plan.findings)
                _remember(touched, plan)
                await self._hold()
            if self.report.errors:
                raise ImportRefusedError(self.report)
            await self.run()
        finally:
            await self.db.write(partial(let_go, company=self.options.company, holder=self.holder))

    async def run(self) -> None:
        """Publish what can be, a chunk at a time with pauses between them."""
        done, report, touched = 0, self.report, KeyTable()
        self.told("publishing", 0, self.staging.count)
        for chunk in _chunks(self.staging):
            if self.options.strict:
                await self._hold()
            work = self._chunk(chunk, touched)
            ready = await self.db.read(work.plan)
            plan = await self.db.write(partial(work.publish, ready=ready))
            _remember(touched, plan)
            done += len(chunk)
            report.count(plan)
            self.told("publishing", done, self.staging.count)
            if report.transactions in _LOOK_AGAIN or done == self.staging.count:
                await self.db.write(queries.look_again)
            await asyncio.sleep(_PAUSE_S)

    def _chunk(self, rows: list[ImportRow], touched: KeyTable) -> "_Chunk":
        holder = self.holder if self.options.strict else ""
        edit = Edit(self.options.actor, self.options.company, self.now(), holder)
        return _Chunk(edit, self.defaults, rows, self.file, touched)

    async def _hold(self) -> None:
        await self.db.write(partial(hold_items, company=self.options.company, holder=self.holder, now=self.now()))


def _remember(touched: KeyTable, plan: Plan) -> None:
    for identity, row in plan.touched.items():
        touched.add(hash(identity), row)


@dataclass(frozen=True, slots=True)
class _Planned:
    """What a chunk comes to, and how far the company's feed was when that was found out."""

    place: Place
    plan: Plan
    ready: ReadyItems


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Some rows on their way: read and made ready first, so that writing holds up others as briefly as can be."""

    edit: Edit
    defaults: Defaults
    rows: list[ImportRow]
    file: str
    touched: KeyTable

    def look(self, conn: "Connection") -> Plan:
        """Return what the rows come to, to be looked at only."""
        return plan_chunk(conn, self.edit.company, self.defaults, self.rows, self.touched)

    def plan(self, conn: "Connection") -> _Planned:
        company = self.edit.company
        place = last_place(conn, company)
        plan = self.look(conn)
        return _Planned(place, plan, make_ready(self.edit, plan.items, plan.known))

    def publish(self, conn: "Connection", ready: _Planned) -> Plan:
        """Write what was planned; anew when somebody changed the registry meanwhile."""
        queries.lock_registry(conn, self.edit.company)
        if last_place(conn, self.edit.company) != ready.place:
            ready = self.plan(conn)
        if ready.plan.items:
            publish_ready(conn, self.edit, ready.ready)
            self._note(conn, ready.plan)
        return ready.plan

    def _note(self, conn: "Connection", plan: Plan) -> None:
        """Each transaction says what it changed: an import that is killed has still said how far it came."""
        rows = f"{self.rows[0].number}–{self.rows[-1].number}"
        change = {"rows": (None, rows), "added": (None, plan.added), "changed": (None, plan.changed)}
        self.edit.note(conn, "items.imported", "file", self.file, change)


def _chunks(staging: Staging) -> Iterator[list[ImportRow]]:
    chunk: list[ImportRow] = []
    for row in staging:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _note(conn: "Connection", options: ImportOptions, path: Path, report: ImportReport, at: datetime) -> None:
    counts = {"rows": report.rows, "added": report.added, "changed": report.changed, "errors": report.errors}
    change = {name: (None, count) for name, count in counts.items()}
    audit.record(conn, options.actor, at, audit.Act("items.import_ended", "file", path.name, change, options.company))
