"""Working days: closed weekdays, spans and holidays; adding and counting agree."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.errors import RuleError
from commerce.workdays import WorkCalendar, easter, is_italian_holiday

DAYS = st.dates(date(1995, 1, 1), date(2090, 12, 31))
SPANS = st.tuples(DAYS, st.integers(0, 40), st.booleans(), st.booleans()).map(
    lambda one: (one[0], one[0] + timedelta(days=one[1]), one[2], one[3])
)
CALENDARS = st.builds(
    WorkCalendar,
    st.frozensets(st.integers(0, 6), max_size=6),
    st.booleans(),
    st.lists(SPANS, max_size=4).map(tuple),
)


@given(CALENDARS, DAYS)
def test_the_next_day_is_worked_on_and_none_before_it_is(calendar: WorkCalendar, day: date) -> None:
    found = calendar.next_from(day)

    assert calendar.works_on(found)
    assert not any(calendar.works_on(day + timedelta(days=n)) for n in range((found - day).days))


@given(CALENDARS, DAYS)
def test_the_last_day_is_worked_on_and_none_after_it_is(calendar: WorkCalendar, day: date) -> None:
    found = calendar.last_until(day)

    assert calendar.works_on(found)
    assert not any(calendar.works_on(day - timedelta(days=n)) for n in range((day - found).days))


@given(CALENDARS, DAYS, st.integers(1, 30))
def test_so_many_days_away_are_so_many_days_counted(calendar: WorkCalendar, day: date, count: int) -> None:
    away = calendar.add(day, count)

    assert calendar.works_on(away)
    assert calendar.count(day, away) == count


@given(CALENDARS, DAYS, st.integers(1, 30))
def test_there_and_back_is_where_one_was(calendar: WorkCalendar, day: date, count: int) -> None:
    begun = calendar.next_from(day)

    assert calendar.add(calendar.add(begun, count), -count) == begun


@given(DAYS)
def test_no_days_away_is_the_day_itself(day: date) -> None:
    assert WorkCalendar().add(day, 0) == day


@pytest.mark.parametrize(
    ("year", "day"), [(1961, "04-02"), (2000, "04-23"), (2008, "03-23"), (2026, "04-05"), (2038, "04-25")]
)
def test_easter_is_when_tables_say(year: int, day: str) -> None:
    assert easter(year).isoformat() == f"{year}-{day}"


@given(st.integers(1583, 4000))
def test_easter_is_a_sunday_between_22_march_and_25_april(year: int) -> None:
    assert easter(year).weekday() == 6
    assert date(year, 3, 22) <= easter(year) <= date(year, 4, 25)


def test_italian_holidays_are_those_of_the_year() -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]

    assert [f"{day:%m-%d}" for day in days if is_italian_holiday(day)] == [
        "01-01", "01-06", "04-06", "04-25", "05-01", "06-02", "08-15", "10-04", "11-01", "12-08", "12-25", "12-26",
    ]  # fmt: skip
    assert not is_italian_holiday(date(2025, 10, 4))


def test_a_later_span_opens_what_an_earlier_one_closes() -> None:
    august = (date(2026, 8, 1), date(2026, 8, 31), False, False)
    inventory = (date(2026, 8, 29), date(2026, 8, 29), False, True)  # a Saturday
    calendar = WorkCalendar(spans=(august, inventory))

    assert not calendar.works_on(date(2026, 8, 28))
    assert calendar.works_on(date(2026, 8, 29))
    assert calendar.next_from(date(2026, 8, 30)) == date(2026, 9, 1)


def test_a_yearly_span_goes_over_new_year_too() -> None:
    calendar = WorkCalendar(frozenset(), holidays=False, spans=((date(2020, 12, 24), date(2021, 1, 6), True, False),))

    closed = [date(2026, 12, 24), date(2026, 12, 31), date(2027, 1, 6)]
    assert not any(calendar.works_on(day) for day in closed)
    assert calendar.works_on(date(2026, 12, 23))
    assert calendar.works_on(date(2027, 1, 7))


@pytest.mark.parametrize("start", [date(2026, 1, 1), date(9999, 12, 30)])
def test_a_calendar_that_works_on_no_day_says_so(start: date) -> None:
    with pytest.raises(RuleError, match=r"calendar\.closed"):
        WorkCalendar(frozenset(range(7))).next_from(start)
