"""Makes sales, sessions and effect outcomes of entries: rows first, by pure functions, then a few bulk inserts.

The rows depend on the entry alone and never on the order in which chains arrive, so that a rebuild gives the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection, Table

from central.db.bulk import Row, empty, insert_rows
from central.db.events import emit
from central.db.metadata import json_text
from central.sales import upserts
from central.sales.tables import PROJECTIONS, effect_outcome, sale, sale_effect, sale_line, sale_tax, sale_tender
from central.tills.values import RawEntry
from commerce.bodies.effect import EffectIntended, EffectSettled
from commerce.bodies.form import Body, expect, read
from commerce.bodies.header import Header
from commerce.bodies.line import LineBody
from commerce.bodies.reading import read_body
from commerce.bodies.sale import SaleCompleted
from commerce.bodies.session import SessionClosed, SessionOpened
from commerce.errors import BadInputError
from commerce.ledger import Kind
from commerce.sums import paid_by_line, sale_fault

_COLUMNS: dict[str, tuple[str, ...]] = {
    table.name: tuple(column.name for column in table.columns) for table in PROJECTIONS
}
_BULK: tuple[Table, ...] = (sale, sale_line, sale_tender, sale_tax, sale_effect, effect_outcome)


@dataclass(slots=True)
class SalesRows:
    """What a set of entries comes to, in storage form."""

    sales: list[Row] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)
    tenders: list[Row] = field(default_factory=list)
    taxes: list[Row] = field(default_factory=list)
    effects: list[Row] = field(default_factory=list)
    outcomes: list[Row] = field(default_factory=list)
    opened: list[Row] = field(default_factory=list)
    closed: list[Row] = field(default_factory=list)
    completed: list[tuple[int, str, str]] = field(default_factory=list)  # sequence, company, key of the event


class SalesProjection:
    """The projection of this area (``central.tills.projector.Projection``)."""

    def build(self, entries: Sequence[RawEntry]) -> tuple[SalesRows, Mapping[int, str]]:
        """Return the rows of a set, and why entries have none."""
        rows, problems = SalesRows(), {}
        for index, entry in enumerate(entries):
            reason = _add_entry(rows, entry)
            if reason:
                problems[index] = reason
        return rows, problems

    def store(self, connection: Connection, rows: SalesRows, at: datetime, announced: int) -> None:
        """Write a set, and the events of what was not announced before."""
        bulk = (rows.sales, rows.lines, rows.tenders, rows.taxes, rows.effects, rows.outcomes)
        for table, records in zip(_BULK, bulk, strict=True):
            insert_rows(connection, table, _COLUMNS[table.name], records)
        upserts.sessions_opened(connection, rows.opened)
        upserts.sessions_closed(connection, rows.closed)
        news = [(company, key) for seq, company, key in rows.completed if seq > announced]
        for company in sorted({company for company, _ in news}):
            emit(connection, company, "sale.completed", [key for of, key in news if of == company], at)

    def clear(self, connection: Connection) -> None:
        """Drop every sale."""
        empty(connection, PROJECTIONS)


def _add_entry(rows: SalesRows, entry: RawEntry) -> str | None:
    try:
        header = read(Header, entry.header)
        body = read_body(entry.kind, header.kind_version, entry.body)
        handler = _HANDLERS.get(entry.kind)
        return handler(rows, entry, header, body) if handler else None
    except BadInputError as error:
        return error.code.replace("body.", "projection.")


def _add_sale(rows: SalesRows, entry: RawEntry, header: Header, body: Body) -> str | None:
    sold = expect(SaleCompleted, body)
    if sale_fault(sold):
        return "projection.unbalanced"
    till, sale_id, paid = entry.till, sold.sale, paid_by_line(sold)
    rows.sales.append(_sale_row(entry, header, sold))
    rows.lines.extend(
        _line_row(till, sale_id, position, line, paid[line.id]) for position, line in enumerate(sold.lines, 1)
    )
    rows.tenders.extend(
        (till, sale_id, position, t.id, t.type, t.kind.value, json_text(t.names), t.currency, t.amount, t.value)
        for position, t in enumerate(sold.tenders, 1)
    )
    rows.taxes.extend(
        (till, sale_id, t.code, _scaled(t.rate), t.treatment.value, t.natura, t.taxable, t.tax) for t in sold.taxes
    )
    rows.effects.extend(
        (till, effect.id, entry.chain, entry.seq, entry.hash, sale_id, effect.kind) for effect in sold.effects
    )
    rows.completed.append((entry.seq, header.company, f"{till}/{sale_id}"))
    return None


def _sale_row(entry: RawEntry, header: Header, sold: SaleCompleted) -> Row:
    document, paid = sold.document, sold.settlement
    return (
        entry.till, sold.sale, header.company, header.shop, entry.chain, entry.seq, entry.hash,
        header.at, header.utc_offset, header.business_day, header.till_session, header.operator,
        document.id, document.kind, document.date, document.series_code, document.period,
        document.number, document.formatted, sold.pos_type, sold.currency, sold.language,
        sold.vat_mode.value, paid.total, paid.deposits, paid.due, paid.rounding, paid.excess,
        paid.tendered, paid.change, len(sold.lines),
    )  # fmt: skip


def _line_row(till: str, sale_id: str, position: int, line: LineBody, paid: int) -> Row:
    return (  # ``_value_`` costs a fifth of ``value``, and there are many lines
        till, sale_id, position, line.id, line.kind._value_, line.movement, line.item, line.sku,
        line.code, json_text(line.names), _scaled(line.quantity), line.unit,
        _scaled(line.unit_price), line.amount, line.total, paid, line.total_origin._value_, line.price_origin._value_,
        line.vat.code, _scaled(line.vat.rate),
    )  # fmt: skip


@lru_cache(8192)
def _scaled(text: str) -> int:
    """Return the scaled integer of a decimal text of fixed scale."""
    return int(text.replace(".", "", 1))


def _add_effect(rows: SalesRows, entry: RawEntry, _: Header, body: Body) -> None:
    said = expect(EffectIntended, body)
    about = said.document or said.session or said.sale or ""
    rows.effects.append((entry.till, said.effect, entry.chain, entry.seq, entry.hash, about, said.kind))


def _add_outcome(rows: SalesRows, entry: RawEntry, header: Header, body: Body) -> None:
    said = expect(EffectSettled, body)
    reference = None if said.reference is None else json_text(said.reference.as_body())
    rows.outcomes.append(
        (entry.till, said.effect, entry.chain, entry.seq, entry.hash, said.kind, said.outcome.value,
         said.reason or None, reference, header.at)
    )  # fmt: skip


def _add_opened(rows: SalesRows, entry: RawEntry, header: Header, body: Body) -> None:
    said = expect(SessionOpened, body)
    rows.opened.append(
        (entry.till, said.session, header.company, header.shop, header.business_day, said.currency,
         said.drawer, said.opening_cash, header.at, header.operator, entry.hash)
    )  # fmt: skip


def _add_closed(rows: SalesRows, entry: RawEntry, header: Header, body: Body) -> None:
    z = expect(SessionClosed, body)
    rows.closed.append(
        (entry.till, z.session, header.company, header.shop, header.business_day, header.at,
         header.operator, z.z_number, z.sales, z.totals.total, z.expected_cash,
         z.counted_cash, z.over_short, entry.body.decode(), entry.hash)
    )  # fmt: skip


_HANDLERS: dict[str, Callable[[SalesRows, RawEntry, Header, Body], str | None]] = {
    Kind.SALE_COMPLETED: _add_sale,
    Kind.EFFECT_INTENDED: _add_effect,
    Kind.EFFECT_SETTLED: _add_outcome,
    Kind.SESSION_OPENED: _add_opened,
    Kind.SESSION_CLOSED: _add_closed,
}
