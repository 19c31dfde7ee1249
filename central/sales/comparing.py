"""What the sales of a filter come to, day by day, against the same days of the week before."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from central.identity.people import Actor
from central.sales import queries
from central.sales.queries import SaleFilter
from central.sales.reading import within

MOST_DAYS = 92
_DRAWN = 35  # days that a picture has room for
_WEEK = 7


@dataclass(frozen=True, slots=True)
class Sum:
    """So many receipts, and what they come to."""

    receipts: int = 0
    total: int = 0

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(self.receipts + other.receipts, self.total + other.total)

    @property
    def average(self) -> int | None:
        """What a receipt comes to, None of none."""
        return self.total // self.receipts if self.receipts else None


@dataclass(frozen=True, slots=True)
class Compared:
    """The sums of one currency; ``before`` is None where there is nothing to compare with."""

    currency: str
    now: Sum
    before: Sum | None
    days: tuple[tuple[date, Sum, Sum], ...]  # empty where a picture would say nothing


@dataclass(frozen=True, slots=True)
class Span:
    """Business days, both included, and the same days of the week some weeks before."""

    since: date
    until: date

    @property
    def shift(self) -> timedelta:
        """How far back one looks: whole weeks, as many as the span touches."""
        length = (self.until - self.since).days + 1
        return timedelta(days=-(-length // _WEEK) * _WEEK)

    @property
    def before(self) -> "Span":
        """The days it is compared with."""
        return Span(self.since - self.shift, self.until - self.shift)

    @property
    def days(self) -> list[date]:
        """Each of them."""
        return [self.since + timedelta(days=number) for number in range((self.until - self.since).days + 1)]


def span_of(wanted: SaleFilter, today: date) -> Span | None:
    """Return the days that a filter is about, until today at the most; None where they are not to be compared."""
    if wanted.since is None or wanted.number:
        return None
    until = min(wanted.until or today, today)
    is_short = timedelta() <= until - wanted.since < timedelta(days=MOST_DAYS)
    return Span(wanted.since, until) if is_short and wanted.since.year > 1 else None


def compare(
    conn: Connection, actor: Actor, wanted: SaleFilter, span: Span | None, now: datetime
) -> tuple[Compared, ...]:
    """Return what all sales of a filter come to, by currency; nothing without a first day or a number.

    A day that is not over is compared with the other until the same time. Sums over years are reports; a list that is
    looked through must not wait for them.
    """
    if wanted.since is None and not wanted.number:
        return ()
    sums = _sums(conn, actor, wanted)
    earlier: dict[tuple[str, date], Sum] = {}
    if span is not None:
        until_then = replace(wanted, since=span.before.since, until=span.before.until, not_after=now - span.shift)
        earlier = _sums(conn, actor, until_then)
    currencies = dict.fromkeys(currency for currency, _ in (*sums, *earlier))
    return tuple(_compared(currency, sums, earlier, span) for currency in currencies)


def _sums(conn: Connection, actor: Actor, wanted: SaleFilter) -> dict[tuple[str, date], Sum]:
    sums: dict[tuple[str, date], Sum] = {}
    for row in (row for part in within(conn, actor, wanted) for row in queries.sum_by_day(conn, part)):
        place = row.currency, row.business_day
        sums[place] = sums.get(place, Sum()) + Sum(row.receipts, int(row.total))
    return sums


def _compared(
    currency: str, sums: dict[tuple[str, date], Sum], earlier: dict[tuple[str, date], Sum], span: Span | None
) -> Compared:
    now, before = _all(currency, sums), _all(currency, earlier)
    days, shift = (span.days, span.shift) if span else ([], timedelta())
    is_drawn = 1 < len(days) <= _DRAWN
    drawn = [(day, sums.get((currency, day), Sum()), earlier.get((currency, day - shift), Sum())) for day in days]
    return Compared(currency, now, before if before.receipts else None, tuple(drawn) if is_drawn else ())


def _all(currency: str, sums: dict[tuple[str, date], Sum]) -> Sum:
    return sum((one for (code, _), one in sums.items() if code == currency), Sum())
