from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from commerce.bounds import DayText, Moment, Offset, ShortText, Whole, is_near, short
from commerce.wire import DeviceStatus

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Whole, 2**53), (Whole, -(2**53)), (Whole, True), (Whole, 1.0), (Whole, "1"), (Offset, 10**14),
        (ShortText, "x" * 201), (ShortText, "a\x00"), (ShortText, "\x1b[2J"), (ShortText, "\ud800"),
        (DayText, "2026-02-30"), (DayText, "9999-12-31"), (DayText, "٢٠٢٦-11-24"), (DayText, "2026-11-24\n"),
        (Moment, "2026-11-24T24:00:00.000000Z"), (Moment, "0001-01-01T00:00:00.000000Z"), (Moment, "2026-11-24"),
    ],
)  # fmt: skip
def test_what_is_out_of_bounds_is_refused(kind: Any, value: object) -> None:  # noqa: ANN401 - a type form
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize("text", ["Caffè", "Caffe\u0300", "", "x" * 200, "\U0001f600", "日本"])
def test_texts_of_people_are_within_bounds(text: str) -> None:
    assert TypeAdapter(ShortText).validate_python(text) == text


def test_a_time_is_near_its_arrival_from_eleven_years_before_to_a_week_after() -> None:
    assert is_near(NOW + timedelta(days=7), NOW)
    assert is_near(NOW - timedelta(days=366 * 11), NOW)
    assert not is_near(NOW + timedelta(days=7, seconds=1), NOW)
    assert not is_near(NOW - timedelta(days=366 * 11, seconds=1), NOW)


def test_a_device_with_an_endless_name_does_not_silence_its_till() -> None:
    device = DeviceStatus.of("Stampante\n" + "x" * 5000, "receipt_printer", "ready", "\x00")

    assert device.name == ("Stampante " + "x" * 5000)[:200]
    assert (device.reason, short("\ud800")) == (" ", " ")
