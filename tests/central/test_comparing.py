"""Sales of some days against the same days of the week before, on both engines."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from central.identity.people import COMMAND_LINE
from central.sales.comparing import Compared, Span, Sum, compare, span_of
from central.sales.queries import SaleFilter
from commerce.ledger import Kind

if TYPE_CHECKING:
    from tests.central.office import Office

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


async def sold(office: Office, *moments: tuple[int, int]) -> None:
    """Sell 3.49 so many days ago, at that hour."""
    till = await office.new_till("T1")
    for back, hour in moments:
        at = datetime(2026, 11, 23, hour, tzinfo=UTC) - timedelta(days=back)
        till.write(Kind.SALE_COMPLETED, till.sale(), at=at, business_day=at.date())
    await office.push(till)
    await office.projector.catch_up()


async def compared(office: Office, wanted: SaleFilter) -> tuple[Compared, ...]:
    job = partial(compare, actor=COMMAND_LINE, wanted=wanted, span=span_of(wanted, TODAY), now=NOW)
    return await office.database.read(job)


async def test_a_day_that_is_not_over_is_compared_with_the_other_until_the_same_time(office: Office) -> None:
    await sold(office, (7, 9), (7, 15), (0, 9), (0, 10))

    (one,) = await compared(office, SaleFilter(since=TODAY, until=TODAY))

    assert (one.now, one.before) == (Sum(2, 698), Sum(1, 349))
    assert one.days == ()  # a picture of one day says nothing


async def test_days_stand_beside_the_same_days_of_the_week(office: Office) -> None:
    await sold(office, (8, 9), (7, 9), (7, 10), (1, 9), (0, 9))

    (one,) = await compared(office, SaleFilter(since=TODAY - timedelta(days=1)))

    assert one.days == (
        (date(2026, 11, 22), Sum(1, 349), Sum(1, 349)),
        (TODAY, Sum(1, 349), Sum(2, 698)),
    )
    assert one.before == Sum(3, 1047)


async def test_where_nothing_was_sold_before_there_is_nothing_to_compare_with(office: Office) -> None:
    await sold(office, (0, 9))

    (one,) = await compared(office, SaleFilter(since=TODAY))

    assert one.before is None


async def test_sums_wait_for_a_first_day_or_a_number(office: Office) -> None:
    await sold(office, (0, 9))

    assert await compared(office, SaleFilter()) == ()
    (one,) = await compared(office, SaleFilter(number="1"))
    assert (one.now, one.before) == (Sum(1, 349), None)


@pytest.mark.parametrize(
    ("since", "until", "before"),
    [
        (date(2026, 11, 17), date(2026, 11, 23), (date(2026, 11, 10), date(2026, 11, 16))),
        (date(2026, 11, 1), date(2026, 12, 31), (date(2026, 10, 4), date(2026, 10, 26))),  # until today, four weeks
    ],
)
def test_a_span_is_compared_with_whole_weeks_before(since: date, until: date, before: tuple[date, date]) -> None:
    span = span_of(SaleFilter(since=since, until=until), TODAY)

    assert span is not None
    assert span.before == Span(*before)


@pytest.mark.parametrize(
    "wanted",
    [
        SaleFilter(),
        SaleFilter(since=TODAY, number="1"),
        SaleFilter(since=TODAY + timedelta(days=1)),
        SaleFilter(since=date(2026, 1, 1)),
        SaleFilter(since=date.min, until=date.min),
    ],
)
def test_what_has_no_days_to_compare_has_no_span(wanted: SaleFilter) -> None:
    assert span_of(wanted, TODAY) is None
