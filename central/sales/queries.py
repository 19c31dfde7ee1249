"""The SQL behind the pages and the API of sales."""

import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    Select,
    Text,
    and_,
    func,
    or_,
    select,
    tuple_,
    type_coerce,
)

from central.identity.narrowing import within
from central.identity.scope import Scope
from central.registry.directory import operator_name
from central.sales.tables import effect_outcome, sale, sale_effect, sale_line, sale_tax, sale_tender
from commerce.dates import utc_text
from commerce.errors import BadInputError

AnyRow = Row[Any]
_FETCHED = 500
SORTS = {"at": (sale.c.business_day, sale.c.at), "total": (sale.c.total,), "number": (sale.c.number,)}


@dataclass(frozen=True, slots=True)
class SaleFilter:
    """Which sales; None and "" leave a thing open. Days are business days, both included."""

    company: str | None = None
    since: date | None = None
    until: date | None = None
    shop: str | None = None
    till: str | None = None
    operator: str | None = None
    number: str = ""
    not_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class SalePage:
    """How a list is sorted and where it goes on: ``after`` are the sort keys, till and id of the last row seen."""

    sort: str = "at"
    descending: bool = True
    after: tuple[str | int, ...] = ()
    limit: int = 50


def list_sales(conn: Connection, wanted: SaleFilter, page: SalePage) -> list[AnyRow]:
    """Return a page of sales with the names of their operators."""
    return list(conn.execute(_listed(wanted, page).limit(page.limit)))


def each_sale(conn: Connection, wanted: SaleFilter, page: SalePage) -> Generator[AnyRow, None, None]:
    """Yield every sale from the page on, however many there are; few of them are in memory at a time.

    Whoever stops before the end closes it within the job.
    """
    with conn.execute(_listed(wanted, page), execution_options={"yield_per": _FETCHED}) as rows:
        yield from rows


def _listed(wanted: SaleFilter, page: SalePage) -> Select[Any]:
    keys = (*(_plain(column) for column in SORTS[page.sort]), sale.c.till, sale.c.id)
    query = select(sale, _OPERATOR_NAME).where(*_conditions(wanted))
    if page.after:
        place = tuple_(*keys)
        query = query.where(place < page.after if page.descending else place > page.after)
    order = [key.desc() if page.descending else key.asc() for key in keys]
    return query.order_by(*order)


def sort_keys(row: AnyRow, sort: str) -> tuple[str | int, ...]:
    """Return what ``SalePage.after`` wants of a row."""
    values = {"at": (row.business_day.isoformat(), utc_text(row.at)), "total": (row.total,), "number": (row.number,)}
    return (*values[sort], row.till, row.id)


def check_place(sort: str, place: Sequence[str | int]) -> tuple[str | int, ...]:
    """Return the keys that an address carried; BadInputError ``page.cursor`` unless they are of the sort's kinds."""
    kinds = [int if sort in ("total", "number") else str for _ in SORTS[sort]]
    if [type(key) for key in place] != [*kinds, str, str]:
        raise BadInputError("page.cursor")
    return tuple(place)


def sum_by_day(conn: Connection, wanted: SaleFilter) -> list[AnyRow]:
    """Return count and total of all sales that a filter lets through, per business day and currency."""
    day = sale.c.business_day
    query = select(day, sale.c.currency, func.count().label("receipts"), func.sum(sale.c.total).label("total"))
    query = query.where(*_conditions(wanted)).group_by(day, sale.c.currency)
    return list(conn.execute(query.order_by(sale.c.currency, day)))


def find_sales(conn: Connection, scopes: Sequence[Scope], sale_id: str, till: str | None = None) -> list[AnyRow]:
    """Return the sales of an id within scopes, of one till or of all: nobody keeps two tills from giving the same."""
    exact = {"id": sale_id, "till": till}
    query = select(sale, _OPERATOR_NAME).where(*(sale.c[name] == value for name, value in exact.items() if value))
    query = query.where(within(scopes, sale.c.company, sale.c.shop))
    return list(conn.execute(query.order_by(sale.c.till).limit(_SAME_ID)))


def lines_of(conn: Connection, till: str, sale_id: str) -> list[AnyRow]:
    """Return a sale's lines in order."""
    query = select(sale_line).where(sale_line.c.till == till, sale_line.c.sale == sale_id)
    return list(conn.execute(query.order_by(sale_line.c.position)))


def tenders_of(conn: Connection, till: str, sale_id: str) -> list[AnyRow]:
    """Return a sale's tenders in order."""
    query = select(sale_tender).where(sale_tender.c.till == till, sale_tender.c.sale == sale_id)
    return list(conn.execute(query.order_by(sale_tender.c.position)))


def taxes_of(conn: Connection, till: str, sale_id: str) -> list[AnyRow]:
    """Return a sale's tax rows by code."""
    query = select(sale_tax).where(sale_tax.c.till == till, sale_tax.c.sale == sale_id)
    return list(conn.execute(query.order_by(sale_tax.c.vat_code)))


def effects_of(conn: Connection, till: str, subjects: Sequence[str]) -> list[AnyRow]:
    """Return what a sale or its document asked of devices, with every outcome, newest last."""
    query = (
        select(sale_effect, effect_outcome.c.outcome, effect_outcome.c.reason, effect_outcome.c.reference,
               effect_outcome.c.at)
        .outerjoin(
            effect_outcome,
            (effect_outcome.c.till == sale_effect.c.till) & (effect_outcome.c.effect == sale_effect.c.id),
        )
        .where(sale_effect.c.till == till, sale_effect.c.of.in_(subjects))
        .order_by(sale_effect.c.kind, sale_effect.c.id, effect_outcome.c.at, effect_outcome.c.seq)
    )  # fmt: skip
    return list(conn.execute(query))


def tender_kinds(conn: Connection, sales: Sequence[AnyRow]) -> dict[tuple[str, str], list[dict[str, str]]]:
    """Return the names of the tenders of many sales, by till and id."""
    query = select(sale_tender.c.till, sale_tender.c.sale, sale_tender.c.names).where(
        sale_tender.c.till.in_({row.till for row in sales}), sale_tender.c.sale.in_([row.id for row in sales])
    )
    found: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in conn.execute(query.order_by(sale_tender.c.sale, sale_tender.c.position)):
        found.setdefault((row.till, row.sale), []).append(row.names)
    return found


def hours_of_day(conn: Connection, shop: str, day: date, until: datetime | None = None) -> list[AnyRow]:
    """Return receipts and totals of a shop's business day per hour (UTC text to the hour) and currency."""
    hour = func.substr(type_coerce(sale.c.at, Text), 1, 13).label("hour")
    query = select(hour, sale.c.currency, func.count().label("receipts"), func.sum(sale.c.total).label("total"))
    query = query.where(sale.c.shop == shop, sale.c.business_day == day)
    if until is not None:
        query = query.where(sale.c.at <= until)
    return list(conn.execute(query.group_by(hour, sale.c.currency).order_by(hour)))


def totals_by(conn: Connection, by: str, wanted: SaleFilter) -> list[tuple[str, str, int, int, int, int]]:
    """Return (key, currency, receipts, lines, net units · 10**6, total in minor units), by key."""
    key = _KEYS[by].label("key")
    conditions = _conditions(wanted)
    receipts = select(key, sale.c.currency, func.count(), func.sum(sale.c.lines), func.sum(sale.c.total))
    receipts = receipts.where(*conditions).group_by(key, sale.c.currency)
    quantity = func.sum(type_coerce(sale_line.c.quantity, BigInteger))
    units = (
        select(key, sale.c.currency, quantity)
        .join(sale_line, and_(sale_line.c.till == sale.c.till, sale_line.c.sale == sale.c.id))
        .where(*conditions)
        .group_by(key, sale.c.currency)
    )
    moved = {(str(row[0]), row[1]): int(row[2]) for row in conn.execute(units)}
    rows = [(str(row[0]), row[1], int(row[2]), int(row[3]), int(row[4])) for row in conn.execute(receipts)]
    return [(k, c, n, lines, moved.get((k, c), 0), total) for k, c, n, lines, total in sorted(rows)]


_SAME_ID = 20
_OPERATOR_NAME = operator_name(sale.c.company, sale.c.operator).label("operator_name")
_DAY = type_coerce(sale.c.document_date, Text)
_KEYS: dict[str, ColumnElement[Any]] = {
    "all": type_coerce(sale.c.currency, Text),
    "month": func.substr(_DAY, 1, 7),
    "document_date": func.substr(_DAY, 1, 10),
    "till": type_coerce(sale.c.till, Text),
    "shop": type_coerce(sale.c.shop, Text),
}


def _plain(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Compare days and times as the texts they are stored as, so that a cursor's texts fit."""
    return type_coerce(column, Text) if column.key in ("business_day", "at") else column


def _is_numbered(text: str) -> ColumnElement[bool]:
    """A sale's running number (``42``), its number as it is printed (``T1/26/000042``), or its id."""
    digits = re.search(r"[0-9]{1,15}\Z", text)
    conditions = [sale.c.id == text.lower()]
    if digits and digits[0] == text:
        conditions.append(sale.c.number == int(text))
    elif digits:
        printed = func.upper(sale.c.formatted) == text.upper()
        conditions.append(and_(sale.c.number == int(digits[0]), printed))
    return or_(*conditions)


def _conditions(wanted: SaleFilter) -> list[ColumnElement[bool]]:
    exact = {"company": wanted.company, "shop": wanted.shop, "till": wanted.till, "operator": wanted.operator}
    conditions = [sale.c[name] == value for name, value in exact.items() if value]
    if wanted.since:
        conditions.append(sale.c.business_day >= wanted.since)
    if wanted.until:
        conditions.append(sale.c.business_day <= wanted.until)
    if wanted.not_after:
        conditions.append(sale.c.at <= wanted.not_after)
    if wanted.number:
        conditions.append(_is_numbered(wanted.number.strip()))
    return conditions
