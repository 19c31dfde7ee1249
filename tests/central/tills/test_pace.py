"""What one till may store in a while: generous for an honest one, a bound for a stolen one."""

from __future__ import annotations

import pytest

from central.tills.errors import TooFastError
from central.tills.pace import Pace


def test_a_till_that_was_away_for_long_sends_everything_at_once() -> None:
    pace = Pace()

    for _ in range(400):
        pace.check("t", 0.0)
        pace.take("t", 1000, 3_000_000, 0.0)


def test_beyond_the_burst_a_till_waits_as_long_as_it_is_told_and_no_longer() -> None:
    pace = Pace(burst=100, per_minute=60)
    pace.take("t", 150, 0, 0.0)

    with pytest.raises(TooFastError) as refused:
        pace.check("t", 0.0)

    wait_s = refused.value.values["wait_s"]
    assert wait_s == 51
    with pytest.raises(TooFastError):
        pace.check("t", 50.0)
    pace.check("t", wait_s)


def test_another_till_does_not_wait() -> None:
    pace = Pace(burst=10, per_minute=60)
    pace.take("stolen", 1000, 0, 0.0)

    pace.check("honest", 0.0)


def test_huge_entries_weigh_more_than_their_number() -> None:
    pace = Pace(burst=1000, per_minute=60)
    pace.take("t", 1, 32 << 20, 0.0)

    with pytest.raises(TooFastError):
        pace.check("t", 0.0)
