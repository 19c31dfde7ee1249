"""The statistics of the benchmarks say what their names promise."""

from __future__ import annotations

import pytest

from bench.figures import Figure, Round, limit, percentile, rate, times_of_raw


def test_a_percentile_is_the_smallest_value_that_enough_values_do_not_exceed() -> None:
    values = [float(number) for number in range(100, 0, -1)]

    assert (percentile(values, 50), percentile(values, 99), percentile(values, 100)) == (50, 99, 100)
    assert percentile([7.0], 99) == 7


def test_a_rate_is_the_median_of_the_rounds_so_that_one_disturbed_round_changes_nothing() -> None:
    calm = Round([0.002] * 10, [0.001] * 10)
    figure = rate("x", [calm, Round([0.5] * 10, [0.001] * 10), calm], at_least=0.5)

    assert (figure.ours, figure.raw, figure.ratio) == pytest.approx((500, 1000, 0.5))
    assert figure.holds


def test_a_rate_below_its_target_does_not_hold() -> None:
    assert not rate("x", [Round([0.003], [0.001])], at_least=0.5).holds


def test_a_time_may_stand_for_several() -> None:
    figure = rate("x", [Round([1.0, 1.0], [0.5, 0.5])], at_least=0.4, per=500)

    assert (figure.ours, figure.raw, figure.ratio) == pytest.approx((500, 1000, 0.5))


def test_a_limit_counts_every_round() -> None:
    rounds = [Round([0.001] * 99, [0.001]), Round([0.001] * 99 + [0.02, 0.02], [0.001])]

    assert limit("x", rounds, 99, at_most_ms=5).holds
    assert not limit("x", rounds[1:], 99, at_most_ms=5).holds
    assert limit("x", rounds[1:], 99, at_most_ms=5).ours == pytest.approx(20)


def test_times_of_raw_compares_within_each_round() -> None:
    rounds = [Round([0.002], [0.001]), Round([0.2], [0.1]), Round([0.02], [0.01])]
    figure = times_of_raw("x", rounds, 99, at_most=2)

    assert figure.holds
    assert figure.ratio == pytest.approx(0.5)
    assert not times_of_raw("x", rounds, 99, at_most=1.5).holds


def test_a_row_of_the_file_has_the_promised_fields() -> None:
    row = Figure("x", 1.23456, 2.0, 0.61728, "ms", "p99 ≤ 5 ms", True).as_json()

    assert row == {
        "name": "x",
        "ours": 1.235,
        "raw": 2.0,
        "ratio": 0.6173,
        "unit": "ms",
        "target": "p99 ≤ 5 ms",
        "holds": True,
    }
