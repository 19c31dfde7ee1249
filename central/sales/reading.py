"""What people may know of sales: lists, one sale with its proof, and how today goes."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from heapq import merge
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from central.identity.people import Actor, Permission
from central.organisation.service import get_company, list_companies, list_shops
from central.sales import queries
from central.sales.queries import AnyRow, SaleFilter, SalePage
from central.tills.proof import Evidence, find_evidence
from commerce.bodies.form import read
from commerce.bodies.sale import SaleCompleted
from commerce.dates import business_day
from commerce.errors import ConflictError, ForbiddenError, NotFoundError


@dataclass(frozen=True, slots=True)
class SaleRecord:
    """One sale with everything that hangs on it; ``body`` is the issued one, None where its entry is not held."""

    sale: AnyRow
    lines: Sequence[AnyRow]
    tenders: Sequence[AnyRow]
    taxes: Sequence[AnyRow]
    effects: Sequence[AnyRow]
    evidence: Evidence | None
    body: SaleCompleted | None


@dataclass(frozen=True, slots=True)
class ShopToday:
    """How a shop's business day goes, against the same weekday last week up to the same time."""

    shop: str
    name: str
    zone: str
    day: date
    currency: str
    receipts: int
    total: int
    receipts_before: int
    total_before: int
    hours: tuple[tuple[int, int, int], ...]  # (local hour, total, total the week before)


def list_sales(conn: Connection, actor: Actor, wanted: SaleFilter, page: SalePage) -> list[AnyRow]:
    """Return sales the actor may see.

    Each company's come by its own index; who may see several gets them merged.
    """
    allowed = within(actor, wanted)
    if allowed.company is not None or allowed.shop or allowed.till:
        return queries.list_sales(conn, allowed, page)
    companies = [row.id for row in list_companies(conn)]
    found = [row for one in companies for row in queries.list_sales(conn, replace(allowed, company=one), page)]
    return sorted(found, key=lambda row: queries.sort_keys(row, page.sort), reverse=page.descending)[: page.limit]


@contextmanager
def each_sale(conn: Connection, actor: Actor, wanted: SaleFilter, page: SalePage) -> Iterator[Iterator[AnyRow]]:
    """Give every sale the actor may see, in the page's order, without an end and without holding them in memory."""
    allowed = within(actor, wanted)
    parts = [allowed]
    if not (allowed.company is not None or allowed.shop or allowed.till):
        parts = [replace(allowed, company=row.id) for row in list_companies(conn)]
    with ExitStack() as stack:
        rows = [stack.enter_context(closing(queries.each_sale(conn, part, page))) for part in parts]
        yield merge(*rows, key=lambda row: queries.sort_keys(row, page.sort), reverse=page.descending)


def sum_sales(conn: Connection, actor: Actor, wanted: SaleFilter) -> list[AnyRow]:
    """Return what all sales of a filter come to, per company and currency; nothing without a first day or a number.

    Sums over years are reports; a list that is looked through must not wait for them.
    """
    allowed = within(actor, wanted)
    if not (allowed.since or allowed.number):
        return []
    companies = [allowed.company] if allowed.company else [row.id for row in list_companies(conn)]
    return [row for one in companies for row in queries.sum_sales(conn, replace(allowed, company=one))]


def get_sale(conn: Connection, actor: Actor, sale_id: str, till: str | None = None) -> SaleRecord:
    """Return a sale; NotFoundError ``sale.unknown``, ConflictError ``sale.which`` while several tills have that id."""
    actor.require(Permission.READ)
    rows = queries.find_sales(conn, sale_id, till, actor.company)
    if not rows:
        raise NotFoundError("sale.unknown")
    if len(rows) > 1:
        raise ConflictError("sale.which", tills=[one.till for one in rows])
    row = rows[0]
    evidence = find_evidence(conn, row.till, row.chain, row.seq, row.hash)
    return SaleRecord(
        sale=row,
        lines=queries.lines_of(conn, row.till, row.id),
        tenders=queries.tenders_of(conn, row.till, row.id),
        taxes=queries.taxes_of(conn, row.till, row.id),
        effects=queries.effects_of(conn, row.till, (row.id, row.document)),
        evidence=evidence,
        body=None if evidence is None else read(SaleCompleted, evidence.body),
    )


def totals_by(conn: Connection, actor: Actor, by: str, wanted: SaleFilter) -> list[tuple[str, str, int, int, int, int]]:
    """Return exact sums straight from the projections."""
    return queries.totals_by(conn, by, within(actor, wanted))


def today(conn: Connection, actor: Actor, now: datetime) -> list[ShopToday]:
    """Return how each shop's day goes."""
    actor.require(Permission.READ)
    companies = {row.id: row for row in list_companies(conn)} if actor.company is None else {
        actor.company: get_company(conn, actor.company)
    }  # fmt: skip
    shops = [shop for shop in list_shops(conn, actor.company) if shop.company in companies]
    return [one for shop in shops for one in _shop_today(conn, shop, companies[shop.company].currency, now)]


def within(actor: Actor, wanted: SaleFilter) -> SaleFilter:
    """Return the filter narrowed to what the actor may see; ForbiddenError for another company."""
    actor.require(Permission.READ)
    if actor.company is None:
        return wanted
    if wanted.company not in (None, actor.company):
        raise ForbiddenError("forbidden.company")
    return SaleFilter(
        actor.company, wanted.since, wanted.until, wanted.shop, wanted.till, wanted.operator, wanted.number
    )


def _shop_today(conn: Connection, shop: AnyRow, currency: str, now: datetime) -> list[ShopToday]:
    zone = ZoneInfo(shop.zone)
    day = business_day(now, zone, time.fromisoformat(shop.cut_off))
    week_ago = now - timedelta(days=7)
    current = queries.hours_of_day(conn, shop.id, day)
    before = queries.hours_of_day(conn, shop.id, day - timedelta(days=7), week_ago)
    used = sorted({row.currency for row in (*current, *before)}) or [currency]
    return [_one_currency(shop, day, zone, code, current, before) for code in used]


def _one_currency(
    shop: AnyRow, day: date, zone: ZoneInfo, currency: str, current: Sequence[AnyRow], before: Sequence[AnyRow]
) -> ShopToday:
    mine = [row for row in current if row.currency == currency]
    theirs = [row for row in before if row.currency == currency]
    hours, earlier = _by_hour(mine, zone), _by_hour(theirs, zone)
    return ShopToday(
        shop=shop.id,
        name=shop.name,
        zone=shop.zone,
        day=day,
        currency=currency,
        receipts=sum(row.receipts for row in mine),
        total=int(sum(row.total for row in mine)),
        receipts_before=sum(row.receipts for row in theirs),
        total_before=int(sum(row.total for row in theirs)),
        hours=tuple((hour, hours.get(hour, 0), earlier.get(hour, 0)) for hour in _span({*hours, *earlier})),
    )


def _span(hours: set[int]) -> range:
    """Return the hours to show: those of a usual shop day, and whatever was sold outside them."""
    return range(min(8, *hours), max(20, *hours) + 1) if hours else range(0)


def _by_hour(rows: Sequence[AnyRow], zone: ZoneInfo) -> dict[int, int]:
    sums: dict[int, int] = {}
    for row in rows:
        local = datetime.fromisoformat(f"{row.hour}:00:00+00:00").astimezone(zone)
        sums[local.hour] = sums.get(local.hour, 0) + int(row.total)
    return sums
