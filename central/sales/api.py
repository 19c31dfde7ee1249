"""``/api/v1`` of sales: lists, one sale, exact totals straight from the projections."""

from datetime import date, datetime
from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from central.sales import reading
from central.sales.queries import SORTS, AnyRow, SaleFilter, SalePage, check_place, sort_keys
from central.web.api import MAX_LIST, Answer, ApiRoute, add_api, query_of
from central.web.context import require_actor
from central.web.keys import database
from central.web.paging import decode_cursor, encode_cursor
from commerce.bodies.effect import FiscalReference, Outcome
from commerce.bodies.sale import SaleCompleted
from commerce.money import QUANTITY_SCALE, cents_decimal, price_text, quantity_text, unscaled
from commerce.texts import N_


class SaleQuery(BaseModel):
    """Which sales; days are business days, both included."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    since: date | None = None
    until: date | None = None
    company: str | None = None
    shop: str | None = None
    till: str | None = None
    operator: str | None = None
    number: str = Field(default="", max_length=100)

    def wanted(self) -> SaleFilter:
        """Return the filter."""
        return SaleFilter(self.company, self.since, self.until, self.shop, self.till, self.operator, self.number)


class SaleListQuery(SaleQuery):
    """A page of them; ``after`` is the ``next`` of the page before."""

    sort: Literal["at", "total", "number"] = "at"
    order: Literal["down", "up"] = "down"
    after: str | None = None
    limit: int = Field(default=100, ge=1, le=MAX_LIST)


class OneSaleQuery(BaseModel):
    """Which till's, where two tills have given the same id."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    till: str | None = Field(default=None, max_length=100)


class TotalsQuery(SaleQuery):
    """What to sum by."""

    by: Literal["all", "month", "document_date", "till", "shop"] = "all"


class SaleItem(Answer):
    """A sale in a list; amounts are decimal strings of its currency."""

    id: str
    till: str
    chain: str
    seq: int
    shop: str
    number: str
    at: datetime
    business_day: date
    document_date: date
    operator: str | None
    operator_name: str | None
    lines: int
    total: str
    currency: str


class SaleList(Answer):
    """A page of sales; ``next`` is None on the last."""

    sales: list[SaleItem]
    next: str | None


class LineItem(Answer):
    """A line of a sale."""

    position: int
    names: dict[str, str]
    code: str | None
    sku: str | None
    quantity: str
    unit: str
    unit_price: str
    total: str
    vat_code: str
    vat_rate: str


class TenderItem(Answer):
    """How a part of a sale was paid, in its own currency."""

    type: str
    kind: str
    names: dict[str, str]
    currency: str
    amount: str


class TaxItem(Answer):
    """What of a sale falls under one VAT rate."""

    vat_code: str
    treatment: str
    natura: str | None
    rate: str
    taxable: str
    tax: str


class EffectItem(Answer):
    """What a device was asked for, and what became of it: None while nobody knows yet."""

    id: str
    kind: str
    outcome: Outcome | None
    reason: str | None
    reference: FiscalReference | None


class SaleDetail(Answer):
    """A sale with its lines, tenders, taxes, device outcomes and proof; ``body`` is what was issued."""

    sale: SaleItem
    lines: list[LineItem]
    tenders: list[TenderItem]
    taxes: list[TaxItem]
    effects: list[EffectItem]
    hash: str
    verified: bool
    problem: str | None
    body: SaleCompleted | None


class TotalRow(Answer):
    """Exact sums of one key and currency."""

    key: str
    currency: str
    receipts: int
    lines: int
    net_units: str
    total: str
    total_cents: int


class Totals(Answer):
    """What central holds, by key."""

    by: str
    rows: list[TotalRow]


def add_routes(app: web.Application) -> None:
    """Add this area's operations."""
    add_api(
        app,
        ApiRoute("GET", "/api/v1/sales", list_sales, N_("List sales"), SaleList, query=SaleListQuery),
        ApiRoute("GET", "/api/v1/sales/{sale}", get_sale, N_("One sale with its proof"), SaleDetail,
                 query=OneSaleQuery),
        ApiRoute("GET", "/api/v1/reports/totals", totals, N_("Exact sums"), Totals, query=TotalsQuery),
    )  # fmt: skip


async def list_sales(request: web.Request) -> SaleList:
    """Give a page of sales."""
    asked, actor = query_of(request, SaleListQuery), require_actor(request)
    length = len(SORTS[asked.sort]) + 2
    after = check_place(asked.sort, decode_cursor(asked.after, length)) if asked.after else ()
    listed = SalePage(asked.sort, asked.order == "down", after, asked.limit + 1)
    rows = await database(request).read(lambda conn: reading.list_sales(conn, actor, asked.wanted(), listed))
    shown = rows[: asked.limit]
    more = encode_cursor(*sort_keys(shown[-1], asked.sort)) if len(rows) > asked.limit else None
    return SaleList(sales=[_item(row) for row in shown], next=more)


async def get_sale(request: web.Request) -> SaleDetail:
    """Give one sale."""
    asked, actor, sale_id = query_of(request, OneSaleQuery), require_actor(request), request.match_info["sale"]
    record = await database(request).read(lambda conn: reading.get_sale(conn, actor, sale_id, asked.till))
    evidence = record.evidence
    return SaleDetail(
        sale=_item(record.sale),
        lines=[_line(row, record.sale.currency) for row in record.lines],
        tenders=[_tender(row) for row in record.tenders],
        taxes=[_tax(row, record.sale.currency) for row in record.taxes],
        effects=[_effect(row) for row in record.effects],
        hash=record.sale.hash.hex(),
        verified=evidence is not None and evidence.problem is None,
        problem=evidence.problem if evidence else None,
        body=record.body,
    )


async def totals(request: web.Request) -> Totals:
    """Give exact sums."""
    asked, actor = query_of(request, TotalsQuery), require_actor(request)
    rows = await database(request).report(lambda conn: reading.totals_by(conn, actor, asked.by, asked.wanted()))
    return Totals(
        by=asked.by,
        rows=[
            TotalRow(
                key=key,
                currency=currency,
                receipts=receipts,
                lines=lines,
                net_units=quantity_text(unscaled(units, QUANTITY_SCALE)),
                total=str(cents_decimal(total, currency)),
                total_cents=total,
            )
            for key, currency, receipts, lines, units, total in rows
        ],
    )


def _item(row: AnyRow) -> SaleItem:
    return SaleItem(
        id=row.id,
        till=row.till,
        chain=row.chain,
        seq=row.seq,
        shop=row.shop,
        number=row.formatted,
        at=row.at,
        business_day=row.business_day,
        document_date=row.document_date,
        operator=row.operator,
        operator_name=row.operator_name,
        lines=row.lines,
        total=str(cents_decimal(row.total, row.currency)),
        currency=row.currency,
    )


def _line(row: AnyRow, currency: str) -> LineItem:
    return LineItem(
        position=row.position,
        names=row.names,
        code=row.code,
        sku=row.sku,
        quantity=quantity_text(row.quantity),
        unit=row.unit,
        unit_price=price_text(row.unit_price),
        total=str(cents_decimal(row.total, currency)),
        vat_code=row.vat_code,
        vat_rate=str(row.vat_rate),
    )


def _tender(row: AnyRow) -> TenderItem:
    amount = str(cents_decimal(row.amount, row.currency))
    return TenderItem(type=row.type, kind=row.kind, names=row.names, currency=row.currency, amount=amount)


def _tax(row: AnyRow, currency: str) -> TaxItem:
    return TaxItem(
        vat_code=row.vat_code,
        treatment=row.treatment,
        natura=row.natura,
        rate=str(row.rate),
        taxable=str(cents_decimal(row.taxable, currency)),
        tax=str(cents_decimal(row.tax, currency)),
    )


def _effect(row: AnyRow) -> EffectItem:
    outcome = None if row.outcome is None else Outcome(row.outcome)
    reference = None if row.reference is None else FiscalReference(**row.reference)
    return EffectItem(id=row.id, kind=row.kind, outcome=outcome, reason=row.reason, reference=reference)
