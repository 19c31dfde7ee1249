"""What a VAT code may say, and numbers that Python's own refuse to compare."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.registry.columns import ImportRow
from central.registry.merging import Defaults
from central.registry.values import VatCard, parse_price
from commerce.errors import BadInputError
from commerce.texts import translator
from commerce.texts.errors import error_text
from terminal.services.operating import read_vat_code

CARD = VatCard("22", {"it": "Ordinaria"}, ((date(2013, 10, 1), Decimal(22)),))
TOO_LARGE: tuple[dict[str, Any], ...] = (
    {"code": ""}, {"code": "x" * 17}, {"natura": "x" * 17}, {"receipt_code": "x" * 17}, {"names": {}},
    {"names": {"it": ""}}, {"names": {"it": "x" * 201}}, {"rates": CARD.rates * 65},
)  # fmt: skip


@pytest.mark.parametrize("changes", TOO_LARGE)
def test_a_vat_code_is_as_short_as_the_lines_that_copy_it(changes: dict[str, Any]) -> None:
    assert CARD.can_be_shown()
    assert not replace(CARD, **changes).can_be_shown()


@pytest.mark.parametrize("text", ["1e99999999", "-1e99999999", "sNaN", "NaN", "Infinity", "9" * 5_000])
def test_a_price_beyond_every_number_is_refused(text: str) -> None:
    with pytest.raises(BadInputError):
        parse_price(text)


@pytest.mark.parametrize("text", ["sNaN", "sNaN%", "NaN", "Infinity", "1e99999999"])
def test_a_rate_that_is_no_number_names_no_vat_code(text: str) -> None:
    row = ImportRow(1, ("8001234500017",), None, {"it": "Nome"}, None, text, None, None, None, None)

    assert Defaults({"22": "22.00"}, None, None, "it").vat_of(row) is None


@pytest.mark.parametrize(
    ("text", "english", "italian"),
    [
        ("1.000", "1.00 or 1000.00", "1,00 o 1000,00"),
        ("12,500", "12.50 or 12500.00", "12,50 o 12500,00"),
        ("1.234", "1.2340 or 1234.00", "1,2340 o 1234,00"),
    ],
)
def test_a_price_that_can_be_two_is_asked_back_as_people_write_them_and_as_it_can_be_typed(
    text: str, english: str, italian: str
) -> None:
    with pytest.raises(BadInputError) as refused:
        parse_price(text)

    assert english in error_text(translator("en"), refused.value)
    assert italian in error_text(translator("it"), refused.value)
    for said in (*english.split(" or "), *italian.split(" o ")):
        assert parse_price(said) in (refused.value.values["small"], refused.value.values["large"])


WORDS = st.text("aZ9é€ \x1d\x1b\x85\n\u202e", min_size=1, max_size=3)


@given(WORDS, WORDS, st.none() | WORDS)
def test_a_vat_code_that_head_office_takes_is_one_that_tills_take(code: str, name: str, natura: str | None) -> None:
    card = replace(CARD, code=code, names={"it": name}, natura=natura)

    if card.can_be_shown():
        assert read_vat_code("id", card.row()).code == code
        assert (code + name + (natura or "")).isprintable()
