"""Pictures of columns: a round axis, bars that stand where their labels do, nothing below the axis."""

from __future__ import annotations

import pytest

from central.web.charts import BASE, TOP, Column, axis_step, chart_of


def columns(*sums: tuple[int, int]) -> list[Column]:
    return [Column(str(place), f"{place}:00", now, before) for place, (now, before) in enumerate(sums)]


@pytest.mark.parametrize(
    ("most", "currency", "step"),
    [(0, "EUR", 100), (400, "EUR", 100), (401, "EUR", 200), (21_000, "EUR", 10_000), (4, "JPY", 1), (9, "JPY", 5)],
)
def test_the_axis_goes_in_round_steps_of_which_four_reach_the_top(most: int, currency: str, step: int) -> None:
    assert axis_step(most, currency) == step


def test_bars_are_as_high_as_their_sums_and_none_is_below_the_axis() -> None:
    chart = chart_of(columns((40_000, 20_000), (-500, 0)), "EUR")

    first, second = chart.bars
    assert (first.height, first.height_before) == (BASE - TOP, (BASE - TOP) // 2)
    assert (second.height, second.height_before) == (0, 0)
    assert [tick.amount for tick in chart.ticks] == [0, 10_000, 20_000, 30_000, 40_000]
    assert (chart.ticks[0].y, chart.ticks[-1].y) == (BASE, TOP)


def test_places_are_parts_of_the_width_so_that_any_width_will_do() -> None:
    chart = chart_of(columns((1, 1), (1, 1)), "EUR")

    assert [bar.middle for bar in chart.bars] == ["25.00%", "75.00%"]
    assert chart.bars[0].x == "22.00%"


def test_a_picture_of_many_columns_says_so() -> None:
    assert not chart_of(columns(*[(1, 1)] * 13), "EUR").is_crowded
    assert chart_of(columns(*[(1, 1)] * 31), "EUR").is_crowded
