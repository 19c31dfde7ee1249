"""Which PINs an operator may have."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.identity.passwords import hash_pin, is_simple
from commerce.errors import BadInputError
from tests.crash.central_world import CHEAP_PIN


@pytest.mark.parametrize("pin", ["0000", "777777", "1234", "0123456789", "9876", "3210", "8901", "1098"])
async def test_digits_in_a_row_and_one_digit_repeated_are_refused(pin: str) -> None:
    with pytest.raises(BadInputError) as refused:
        await hash_pin(pin, CHEAP_PIN)

    assert (refused.value.code, refused.value.values["field"]) == ("pin.simple", "pin")


@pytest.mark.parametrize("pin", ["2468", "2580", "1122", "1243", "0001", "123456780"])
async def test_others_are_taken(pin: str) -> None:
    assert len((await hash_pin(pin, CHEAP_PIN)).raw) == 32


@given(st.text("0123456789", min_size=4, max_size=12))
def test_a_pin_with_two_different_steps_is_never_called_simple(pin: str) -> None:
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}

    assert is_simple(pin) == (steps in ({0}, {1}, {9}))
