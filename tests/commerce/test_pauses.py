from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from commerce.pauses import pause_ms


def shortest(most: int) -> int:
    return most - 1


def longest(_: int) -> int:
    return 0


@given(st.integers(0, 10**6), st.integers(1, 5_000), st.integers(1, 10**6))
def test_a_pause_grows_to_its_end_and_half_of_it_is_certain(failures: int, first_ms: int, longest_ms: int) -> None:
    least, most = (pause_ms(failures, first_ms, longest_ms, chance) for chance in (shortest, longest))

    assert 0 <= least <= pause_ms(failures, first_ms, longest_ms) <= most <= longest_ms
    assert least == (most + 1) // 2
    assert pause_ms(failures + 1, first_ms, longest_ms, longest) == min(2 * most, longest_ms)


def test_two_that_failed_at_once_do_not_come_back_at_once() -> None:
    assert len({pause_ms(5, 1000, 60_000) for _ in range(50)}) > 1
