"""What people may know of sales: lists, one sale with its proof, and how today goes."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from heapq import merge
from operator import add
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from central.identity.people import Actor
from central.identity.scope import Scope
from central.organisation.service import companies_within, list_companies, shops_within
from central.sales import queries
from central.sales.area import SEE_SALES
from central.sales.queries import AnyRow, SaleFilter, SalePage
from central.tills.proof import Evidence, find_evidence
from commerce.bodies.form import read
from commerce.bodies.sale import SaleCompleted
from commerce.dates import business_day
from commerce.errors import ConflictError, NotFoundError


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

    Each company's, and each shop's for who sees some only, come by their own index; several are merged.
    """
    found = [row for part in within(conn, actor, wanted) for row in queries.list_sales(conn, part, page)]
    return sorted(found, key=lambda row: queries.sort_keys(row, page.sort), reverse=page.descending)[: page.limit]


@contextmanager
def each_sale(conn: Connection, actor: Actor, wanted: SaleFilter, page: SalePage) -> Iterator[Iterator[AnyRow]]:
    """Give every sale the actor may see, in the page's order, without an end and without holding them in memory."""
    with ExitStack() as stack:
        parts = within(conn, actor, wanted)
        rows = [stack.enter_context(closing(queries.each_sale(conn, part, page))) for part in parts]
        yield merge(*rows, key=lambda row: queries.sort_keys(row, page.sort), reverse=page.descending)


def get_sale(conn: Connection, actor: Actor, sale_id: str, till: str | None = None) -> SaleRecord:
    """Return a sale; NotFoundError ``sale.unknown``, ConflictError ``sale.which`` while several tills have that id."""
    rows = queries.find_sales(conn, actor.scopes(SEE_SALES), sale_id, till)
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
    """Return exact sums straight from the projections, by key and currency."""
    sums: dict[tuple[str, str], tuple[int, ...]] = {}
    for part in within(conn, actor, wanted):
        for key, currency, *counts in queries.totals_by(conn, by, part):
            before = sums.get((key, currency), (0,) * len(counts))
            sums[key, currency] = tuple(map(add, before, counts))
    return [(*names, *counts) for names, counts in sorted(sums.items())]  # type: ignore[misc]


def today(conn: Connection, actor: Actor, now: datetime) -> list[ShopToday]:
    """Return how the day goes at each shop whose sales the actor may see."""
    scopes = actor.reach(SEE_SALES)
    companies = {row.id: row for row in companies_within(conn, scopes)}
    shops = shops_within(conn, scopes)
    return [one for shop in shops for one in _shop_today(conn, shop, companies[shop.company].currency, now)]


def within(conn: Connection, actor: Actor, wanted: SaleFilter) -> list[SaleFilter]:
    """Return the filter as what the actor may see of it: one a company, and one a shop where only some are seen.

    ForbiddenError for another company; none at all for another shop.
    """
    if wanted.company is not None:
        return _of_scope(actor.scope(SEE_SALES, wanted.company), wanted)
    scopes = actor.scopes(SEE_SALES)
    if any(scope.company is None for scope in scopes) and not (wanted.shop or wanted.till):
        return [replace(wanted, company=row.id) for row in list_companies(conn)]
    return [part for scope in scopes for part in _of_scope(scope, replace(wanted, company=scope.company))]


def _of_scope(scope: Scope, wanted: SaleFilter) -> list[SaleFilter]:
    if scope.shops is None:
        return [wanted]
    return [replace(wanted, shop=shop) for shop in sorted(scope.shops) if wanted.shop in (None, shop)]


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
