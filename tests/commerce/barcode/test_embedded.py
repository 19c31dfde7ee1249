"""Codes with price or weight inside, by the shop's rules."""

import csv
import gzip
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.barcode import (
    ITALIAN_DEFAULT_RULES,
    EmbeddedRule,
    check_rules,
    gtin_check_digit,
    parse_embedded,
    value_verifier,
)
from commerce.barcode.embedded import Kind
from commerce.errors import BadInputError
from tests.shared_data import shared_path

WEIGHT_21 = EmbeddedRule("21", "21 IIIII VVVVV C", "weight", 3)


def test_every_shared_vector_is_read_as_stated() -> None:
    with gzip.open(shared_path("data", "gs1", "variable_measure_vectors.csv.gz"), "rt", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))

    assert len(rows) == 60
    for row in rows:
        _assert_read_as_stated(row)


def _assert_read_as_stated(row: dict[str, str]) -> None:
    rule = _rule_of(row)
    read = parse_embedded(row["code"], [rule])

    assert read is not None, row
    assert (read.item, read.value) == (row["item"], Decimal(row["value"])), row
    assert read.check_digit_ok == (row["check_digit_ok"] == "1"), row
    assert read.verifier_ok == ({"": None, "1": True, "0": False}[row["verifier_ok"]]), row
    if rule.kind == "price":
        assert read.price_cents == int(row["value"].replace(".", "")), row


def _rule_of(row: dict[str, str]) -> EmbeddedRule:
    start = re.match("2X?", row["pattern"])
    assert start is not None
    prefix = row["code"][: start.end()]
    kind: Kind = "price" if row["value_kind"] == "price" else "weight"
    return EmbeddedRule(prefix, prefix + row["pattern"][start.end() :], kind, 2 if kind == "price" else 3)


def test_layouts_are_kept_in_one_form() -> None:
    layouts = ["21 IIIII VVVVV C", "PP IIIII VVVVV C", "PPIIIIIVVVVVC"]

    assert {EmbeddedRule("21", layout, "weight", 3).layout for layout in layouts} == {"PPIIIIIVVVVVC"}


def test_the_longest_prefix_wins_whatever_the_order() -> None:
    rules = [*ITALIAN_DEFAULT_RULES, WEIGHT_21]

    for order in (rules, rules[::-1]):
        read = parse_embedded("2112345012344", order)
        assert read is not None
        assert read.rule is WEIGHT_21
        assert read.value == Decimal("1.234")
        assert read.price_cents is None


@pytest.mark.parametrize("code", ["4006381333931", "211234501234", "2112345ABC344", "", "٢112345012344", "96385074"])
def test_a_code_that_no_rule_speaks_of_is_not_taken_apart(code: str) -> None:
    assert parse_embedded(code, [WEIGHT_21]) is None


def test_a_upca_is_read_as_the_ean13_it_is() -> None:
    rule = EmbeddedRule("02", "PP IIIII VVVVV C", "price", 2)
    payload = "21234500599"
    read = parse_embedded(payload + gtin_check_digit(payload), [rule])

    assert read is not None
    assert (read.item, read.price_cents, read.check_digit_ok) == ("12345", 599, True)


def test_the_item_is_found_with_zeros_for_what_changes() -> None:
    read = parse_embedded("2859510000004", [EmbeddedRule("28", "PPIIIIKVVVVVC", "price", 2)])

    assert read is not None
    assert read.lookup_key == "2859510000000"
    assert read.item_keys == ("2859510000000", "2859510000004", "285951", "5951")


def test_all_packs_of_one_item_have_the_same_keys() -> None:
    one, other = (parse_embedded(code, [WEIGHT_21]) for code in ("2112345012344", "2112345099993"))

    assert one is not None
    assert other is not None
    assert one.item_keys == other.item_keys


def test_a_price_without_decimals_is_still_cents() -> None:
    read = parse_embedded("2112345000128", [EmbeddedRule("21", "PPIIIIIVVVVVC", "price", 0)])

    assert read is not None
    assert read.price_cents == 1200


def test_a_currency_without_minor_unit_takes_the_value_as_it_is() -> None:
    read = parse_embedded("2112345000128", [EmbeddedRule("21", "PPIIIIIVVVVVC", "price", 0, "JPY")])

    assert read is not None
    assert read.price_cents == 12


def test_pieces_can_stand_in_a_code_without_check_digit() -> None:
    read = parse_embedded("20123407", [EmbeddedRule("20", "PPIIIIVV", "quantity", 0)])

    assert read is not None
    assert (read.value, read.check_digit_ok, read.verifier_ok) == (Decimal(7), True, None)
    assert read.item_keys == ("20123400", "201234", "1234")


@pytest.mark.parametrize(("value", "verifier"), [("2875", "9"), ("14685", "6"), ("0000", "0"), ("00000", "0")])
def test_the_verifier_follows_the_gs1_weights(value: str, verifier: str) -> None:
    assert value_verifier(value) == verifier


@given(st.sampled_from([4, 5]).flatmap(lambda n: st.text("0123456789", min_size=n, max_size=n)), st.data())
def test_the_verifier_catches_any_single_wrong_digit(value: str, draw: st.DataObject) -> None:
    place = draw.draw(st.integers(0, len(value) - 1))
    other = draw.draw(st.sampled_from([digit for digit in "0123456789" if digit != value[place]]))

    assert value_verifier(value[:place] + other + value[place + 1 :]) != value_verifier(value)


@pytest.mark.parametrize(
    ("prefix", "layout", "kind", "decimals", "code"),
    [
        ("", "IIIIIIIVVVVVC", "price", 2, "barcode.rule_prefix"),
        ("2X", "PPIIIIIVVVVVC", "price", 2, "barcode.rule_prefix"),
        ("21", "PIIIIIIVVVVVC", "price", 2, "barcode.rule_layout"),
        ("21", "PPPIIIIVVVVVC", "price", 2, "barcode.rule_layout"),
        ("21", "22IIIIIVVVVVC", "price", 2, "barcode.rule_layout"),
        ("21", "PPIIIIIVVVVV", "price", 9, "barcode.rule_decimals"),
        ("21", "PPIIIIIVVVVVCC", "price", 2, "barcode.rule_layout"),
        ("21", "PPIIIIICVVVVV", "price", 2, "barcode.rule_layout"),
        ("21", "PPIIIIIIIIIIC", "price", 2, "barcode.rule_layout"),
        ("21", "PPVVVVVVVVVVC", "price", 2, "barcode.rule_layout"),
        ("21", "PPIIIKKVVVVVC", "price", 2, "barcode.rule_layout"),
        ("21", "PPIIIIXVVVVVC", "price", 2, "barcode.rule_layout"),
        ("21", "PPIIIIIIKVVVC", "price", 2, "barcode.rule_verifier"),
        ("21", "PPIIIIIVVVVVC", "length", 2, "barcode.rule_kind"),
        ("21", "PPIIIIIVVVVVC", "price", 3, "barcode.rule_decimals"),
        ("21", "PPIIIIIVVVVVC", "weight", 6, "barcode.rule_decimals"),
        ("21", "PPIIIIIVVVVVC", "weight", -1, "barcode.rule_decimals"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(prefix: str, layout: str, kind: Kind, decimals: int, code: str) -> None:
    with pytest.raises(BadInputError) as refused:
        EmbeddedRule(prefix, layout, kind, decimals)

    assert refused.value.code == code


def test_two_rules_for_the_same_codes_are_refused() -> None:
    with pytest.raises(BadInputError) as refused:
        check_rules([WEIGHT_21, EmbeddedRule("21", "PPIIIIIVVVVVC", "price", 2)])

    assert refused.value.code == "barcode.rule_prefix_twice"


def test_a_narrower_and_a_wider_rule_may_stand_together() -> None:
    check_rules([*ITALIAN_DEFAULT_RULES, WEIGHT_21])


@given(st.integers(0, 99999), st.integers(0, 99999))
def test_what_was_composed_is_read_back(item: int, grams: int) -> None:
    payload = f"21{item:05d}{grams:05d}"
    read = parse_embedded(payload + gtin_check_digit(payload), [WEIGHT_21])

    assert read is not None
    assert (int(read.item), read.value, read.check_digit_ok) == (item, Decimal(grams) / 1000, True)


@pytest.mark.parametrize("value", ["", "123", "123456", "12E4", "١٢٣٤"])
def test_only_four_or_five_digits_have_a_verifier(value: str) -> None:
    with pytest.raises(BadInputError) as refused:
        value_verifier(value)

    assert refused.value.code == "barcode.verifier_length"
