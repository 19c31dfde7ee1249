"""Two accounts are compared to the last unit, and the first difference is named."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bench.replay_account import Account, Figures, account_json, exact_text, first_difference, read_totals

FIGURES = Figures(2, 3, "4.500000", 1999)
FILE: Account = {
    "all": {"": FIGURES},
    "month": {"2011-06": FIGURES},
    "document_date": {"2011-06-01": FIGURES},
    "till": {"R1": FIGURES},
}


def test_equal_accounts_have_no_difference() -> None:
    assert first_difference(FILE, dict(FILE), "GBP") is None


@pytest.mark.parametrize("change", [{"receipts": 3}, {"lines": 2}, {"net_units": "4.499999"}, {"cents": 1998}])
@pytest.mark.parametrize("by", ["all", "month", "document_date", "till"])
def test_any_figure_that_differs_is_named_with_both_sides(by: str, change: dict[str, int]) -> None:
    [(key, figures)] = FILE[by].items()
    other = {**FILE, by: {key: replace(figures, **change)}}  # type: ignore[arg-type]

    difference = first_difference(FILE, other, "GBP")

    assert difference is not None
    assert difference.startswith(f"{by} {key}".strip())
    assert "money 19.99" in difference


def test_what_only_one_side_has_is_a_difference() -> None:
    without = {**FILE, "document_date": {}}

    assert "central has nothing" in (first_difference(FILE, without, "GBP") or "")
    assert "the file has nothing" in (first_difference(without, FILE, "GBP") or "")


def test_centrals_answer_is_read_by_till_code_and_money_of_another_currency_stays_apart() -> None:
    row = {"key": "id-1", "currency": "GBP", "receipts": 2, "lines": 3, "net_units": "4.500000", "total_cents": 1999}
    rows = {by: {"rows": [{**row, "key": key} for key in FILE[by]]} for by in ("month", "document_date")}
    answers = {"all": {"rows": [{**row, "key": "GBP"}]}, "till": {"rows": [row]}, **rows}

    assert read_totals(answers, "GBP", {"id-1": "R1"}) == FILE
    assert read_totals(answers, "USD", {})["all"] == {"GBP": FIGURES}


def test_the_json_has_the_figures_of_all_and_of_each_key() -> None:
    shown = account_json(FILE, "GBP")

    assert shown["all"] == {"receipts": 2, "lines": 3, "net_units": "4.500000", "money": "19.99"}
    assert list(shown) == ["all", "month", "document_date", "till"]
    assert shown["till"]["R1"] == shown["all"]


@pytest.mark.parametrize(
    ("amount", "text"),
    [("1", "1.00"), ("-0.5", "-0.50"), ("4397950.761", "4397950.761"), ("1E+3", "1000.00"), ("1.230000", "1.23")],
)
def test_exact_amounts_have_no_exponent_and_no_fewer_decimals_than_cents(amount: str, text: str) -> None:
    assert exact_text(Decimal(amount)) == text
