"""Makes sales, sessions and effect outcomes of entries: rows first, by pure functions, then a few bulk inserts.

The rows depend on the entry alone and never on the order in which chains arrive, so that a rebuild gives the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from pydantic import ValidationError
from sqlalchemy import Connection, Table

from central.db.bulk import Row, insert_rows
from central.db.events import emit
from central.db.metadata import json_text
from central.sales import bodies, upserts
from central.sales.bodies import HEADER, SALE, Header, Sale
from central.sales.tables import PROJECTIONS, effect_outcome, sale, sale_effect, sale_line, sale_tax, sale_tender
from central.tills.values import RawEntry
from commerce.ledger import Kind

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
    operators: list[Row] = field(default_factory=list)
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
        upserts.operator_names(connection, rows.operators)
        news = [(company, key) for seq, company, key in rows.completed if seq > announced]
        for company in sorted({company for company, _ in news}):
            emit(connection, company, "sale.completed", [key for of, key in news if of == company], at)

    def clear(self, connection: Connection) -> None:
        """Drop every sale."""
        for table in PROJECTIONS:
            connection.execute(table.delete())


def _add_entry(rows: SalesRows, entry: RawEntry) -> str | None:
    handler = _HANDLERS.get(entry.kind)
    if handler is None:
        return None
    if b"\\u0000" in entry.body or b"\\u0000" in entry.header:
        return "projection.control_characters"
    try:
        return handler(rows, entry, HEADER.validate_json(entry.header))
    except ValidationError as error:
        beyond = any(one["type"] in _BEYOND for one in error.errors(include_url=False, include_input=False))
        return "projection.out_of_bounds" if beyond else "projection.unreadable"


_BEYOND = frozenset(
    {"greater_than_equal", "less_than_equal", "int_parsing_size", "string_too_long", "too_long", "value_error"}
)


def _add_sale(rows: SalesRows, entry: RawEntry, header: Header) -> str | None:
    body = SALE.validate_json(entry.body)
    if not _is_balanced(body):
        return "projection.unbalanced"
    till, sale_id = entry.till, body["sale"]
    rows.sales.append(_sale_row(entry, header, body))
    rows.lines.extend(_line_row(till, sale_id, position, line) for position, line in enumerate(body["lines"], 1))
    rows.tenders.extend(
        (till, sale_id, position, t["id"], t["type"], t["kind"], json_text(t["names"]), t["currency"],
         t["amount"], t["value"])
        for position, t in enumerate(body["tenders"], 1)
    )  # fmt: skip
    rows.taxes.extend(
        (till, sale_id, t["code"], _scaled(t["rate"]), t["treatment"], t["natura"], t["taxable"], t["tax"])
        for t in body["taxes"]
    )
    rows.effects.extend(
        (till, effect["id"], entry.chain, entry.seq, sale_id, effect["kind"]) for effect in body["effects"]
    )
    rows.completed.append((entry.seq, header["company"], f"{till}/{sale_id}"))
    return None


def _is_balanced(body: Sale) -> bool:
    """Check the law that every sale keeps, so that sums over sales can be trusted."""
    paid = body["settlement"]
    tendered = sum(tender["value"] for tender in body["tenders"])
    taxed = sum(row["taxable"] + row["tax"] for row in body["taxes"])
    lines = sum(line["total"] for line in body["lines"])
    return (
        tendered == paid["tendered"]
        and tendered - paid["change"] == paid["due"] + paid["rounding"] + paid["excess"]
        and paid["due"] == paid["total"] - paid["deposits"]
        and taxed == paid["total"]
        and (body["vat_mode"] == "net" or lines == paid["total"])
    )


def _sale_row(entry: RawEntry, header: Header, body: Sale) -> Row:
    document, paid = body["document"], body["settlement"]
    return (
        entry.till, body["sale"], header["company"], header["shop"], entry.chain, entry.seq, entry.hash,
        header["at"], header["utc_offset"], header["business_day"], header["till_session"], header["operator"],
        document["id"], document["kind"], document["date"], document["series_code"], document["period"],
        document["number"], document["formatted"], body["pos_type"], body["currency"], body["language"],
        body["vat_mode"], paid["total"], paid["deposits"], paid["due"], paid["rounding"], paid["excess"],
        paid["tendered"], paid["change"], len(body["lines"]),
    )  # fmt: skip


def _line_row(till: str, sale_id: str, position: int, line: bodies.Line) -> Row:
    return (
        till, sale_id, position, line["id"], line["kind"], line["movement"], line["item"], line["sku"],
        line["code"], json_text(line["names"]), _scaled(line["quantity"]), line["unit"],
        _scaled(line["unit_price"]), line["total"], line["total_origin"], line["price_origin"],
        line["vat"]["code"], _scaled(line["vat"]["rate"]),
    )  # fmt: skip


@lru_cache(8192)
def _scaled(text: str) -> int:
    """Return the scaled integer of a decimal text of fixed scale."""
    return int(text.replace(".", "", 1))


def _add_effect(rows: SalesRows, entry: RawEntry, _: Header) -> None:
    body = bodies.EFFECT_INTENDED.validate_json(entry.body)
    rows.effects.append((entry.till, body["effect"], entry.chain, entry.seq, body["of"], body["kind"]))


def _add_outcome(rows: SalesRows, entry: RawEntry, header: Header) -> None:
    body = bodies.EFFECT_SETTLED.validate_json(entry.body)
    reference = None if body["reference"] is None else json_text(body["reference"])
    rows.outcomes.append(
        (entry.till, body["effect"], entry.chain, entry.seq, body["kind"], body["outcome"], body["reason"],
         reference, header["at"])
    )  # fmt: skip


def _add_opened(rows: SalesRows, entry: RawEntry, header: Header) -> None:
    body = bodies.SESSION_OPENED.validate_json(entry.body)
    rows.opened.append(
        (entry.till, body["session"], header["company"], header["shop"], header["business_day"], body["currency"],
         body["drawer"], body["opening_cash"], header["at"], header["operator"])
    )  # fmt: skip


def _add_closed(rows: SalesRows, entry: RawEntry, header: Header) -> None:
    body = bodies.SESSION_CLOSED.validate_json(entry.body)
    rows.closed.append(
        (entry.till, body["session"], header["company"], header["shop"], header["business_day"], header["at"],
         header["operator"], body["z_number"], body["sales"], body["totals"]["total"], body["expected_cash"],
         body["counted_cash"], body["over_short"], entry.body.decode())
    )  # fmt: skip


def _add_operator(rows: SalesRows, entry: RawEntry, header: Header) -> None:
    body = bodies.OPERATOR_SIGNED_ON.validate_json(entry.body)
    rows.operators.append((header["company"], body["operator"], body["name"], header["at"]))


_HANDLERS: dict[str, Callable[[SalesRows, RawEntry, Header], str | None]] = {
    Kind.SALE_COMPLETED: _add_sale,
    Kind.EFFECT_INTENDED: _add_effect,
    Kind.EFFECT_SETTLED: _add_outcome,
    Kind.SESSION_OPENED: _add_opened,
    Kind.SESSION_CLOSED: _add_closed,
    Kind.OPERATOR_SIGNED_ON: _add_operator,
}
