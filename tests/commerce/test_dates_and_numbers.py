from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.dates import business_day, document_date, offset_text, parse_utc, utc_text
from commerce.errors import BadInputError
from commerce.ids import new_chain, new_id, short_code
from commerce.numbering import Period, Series, format_number, period_of

ROME = ZoneInfo("Europe/Rome")
moments = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def series(period: Period = Period.YEARLY, formula: str = "{series}/{yy}/{number:6}") -> Series:
    return Series("s", "c", "receipt", "T2K7QF", period, formula)


def test_after_midnight_belongs_to_the_day_before_until_the_cut_off() -> None:
    after_midnight = datetime(2026, 11, 24, 1, 30, tzinfo=ROME)

    assert business_day(after_midnight, ROME) == date(2026, 11, 23)
    assert document_date(after_midnight, ROME) == date(2026, 11, 24)
    assert business_day(datetime(2026, 11, 24, 4, 0, tzinfo=ROME), ROME) == date(2026, 11, 24)
    assert business_day(after_midnight, ROME, time(1, 0)) == date(2026, 11, 24)


@given(moments)
def test_a_business_day_is_the_document_date_or_the_day_before(at: datetime) -> None:
    assert document_date(at, ROME) - business_day(at, ROME) in (timedelta(0), timedelta(days=1))


@given(moments)
def test_utc_text_comes_back(at: datetime) -> None:
    assert parse_utc(utc_text(at)) == at


@pytest.mark.parametrize(
    "text",
    ["2026-11-24T08:00:00.000000", "2026-11-24T08:00:00Z", "2026-11-24 08:00:00.000000Z", "2026-02-30T08:00:00.000000Z",
     "2026-11-24T08:00:00.000000+00:00", "\u0662026-11-24T08:00:00.000000Z", "2026-11-24T08:00:00.000000Z\n", ""],
)  # fmt: skip
def test_nothing_else_is_a_time(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_utc(text)


@given(moments)
def test_offset_says_what_the_wall_showed(at: datetime) -> None:
    assert at.astimezone(ROME).isoformat().endswith(offset_text(at, ROME))


def test_offset_changes_with_summer_time_and_can_be_negative() -> None:
    assert offset_text(datetime(2026, 7, 1, tzinfo=UTC), ROME) == "+02:00"
    assert offset_text(datetime(2026, 10, 25, 1, 0, tzinfo=UTC), ROME) == "+01:00"
    assert offset_text(datetime(2017, 1, 1, tzinfo=UTC), ZoneInfo("America/St_Johns")) == "-03:30"


@pytest.mark.parametrize(
    ("period", "expected"),
    [(Period.NONE, ""), (Period.YEARLY, "2026"), (Period.MONTHLY, "2026-12"), (Period.DAILY, "2026-12-31")],
)
def test_a_period_is_that_of_the_document_date(period: Period, expected: str) -> None:
    assert period_of(series(period), date(2026, 12, 31)) == expected


def test_new_year_opens_a_new_period_by_itself() -> None:
    assert period_of(series(), date(2027, 1, 1)) == "2027"


def test_numbers_are_formatted_by_the_formula() -> None:
    assert format_number(series(), 42, date(2026, 1, 2)) == "T2K7QF/26/000042"
    assert format_number(series(formula="{number}-{year}{month}{day}"), 7, date(2026, 1, 2)) == "7-20260102"


@pytest.mark.parametrize(
    "formula", ["{series}", "{number.__class__}", "{0}{number}", "{number", "{number:abc}", "{x}{number}"]
)
def test_a_formula_that_is_not_one_is_refused(formula: str) -> None:
    with pytest.raises(BadInputError) as caught:
        series(formula=formula)
    assert caught.value.code == "numbering.formula"


def test_ids_made_later_sort_later() -> None:
    ids = [new_id() for _ in range(2000)]

    assert ids == sorted(set(ids))


def test_chains_are_random_and_their_short_code_is_for_people() -> None:
    first, second = new_chain(), new_chain()

    assert first != second
    assert len(first) == 32
    assert short_code(b"\xff\xff\xff", 4) == "ZZZZ"
    assert short_code(b"\x00\x44\x32", 4) == "0123"
