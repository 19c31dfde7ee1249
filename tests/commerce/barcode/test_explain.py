"""What can be said of a code."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.barcode import GS, ITALIAN_DEFAULT_RULES, EmbeddedRule, explain_code, lookup_keys

TODAY = date(2026, 3, 15)
GTIN = "08002270014901"


def explain(raw: str, *rules: EmbeddedRule) -> dict[str, Any]:
    explained = explain_code(raw, rules or ITALIAN_DEFAULT_RULES, today=TODAY)
    assert json.loads(json.dumps(explained)) == explained
    return explained


@pytest.mark.parametrize(
    ("raw", "kind", "gtin"),
    [
        ("4006381333931", "ean13", "04006381333931"),
        ("]E04006381333931", "ean13", "04006381333931"),
        ("]E3400638133393112", "ean13", "04006381333931"),
        ("96385074", "ean8", "00000096385074"),
        ("036000291452", "upca", "00036000291452"),
        ("04252614", "upce", "00042100005264"),
        ("]E004252614", "upce", "00042100005264"),
        ("]E404252614", "ean8", None),
        ("14006381333938", "gtin14", "14006381333938"),
        ("4006381333932", "ean13", None),
        ("A-100", "other", None),
        ("]C04006381333931", "other", None),
        ("]I104006381333931", "gtin14", "04006381333931"),
        ("]I196385074", "other", None),
        ("04252615", "ean8", None),
        ("1234567", "other", None),
        ("", "other", None),
        ("]Q1https://shop.example/offers", "other", None),
    ],
)
def test_kind_and_gtin_are_told(raw: str, kind: str, gtin: str | None) -> None:
    explained = explain(raw)

    assert (explained["kind"], explained["gtin"]) == (kind, gtin)
    assert explained["lookup_keys"] == list(lookup_keys(raw))


def test_a_wrong_check_digit_is_reported_and_the_code_still_looked_up() -> None:
    explained = explain("4006381333932")

    assert explained["check_digit"] == {"given": "2", "expected": "1", "ok": False}
    assert explained["lookup_keys"] == ["4006381333932"]


def test_an_embedded_price_is_told() -> None:
    explained = explain("2176164999998")

    assert explained["kind"] == "embedded_price"
    assert explained["gtin"] is None
    assert explained["embedded"]["item"] == "176164"
    assert (explained["embedded"]["price_cents"], explained["embedded"]["currency"]) == (99999, "EUR")
    assert explained["lookup_keys"][0] == "2176164999998"
    assert "2176164000000" in explained["lookup_keys"]


def test_an_embedded_weight_is_told_in_kilograms() -> None:
    explained = explain("2112345012344", EmbeddedRule("21", "PPIIIIIVVVVVC", "weight", 3))

    assert explained["kind"] == "embedded_weight"
    assert (explained["embedded"]["value"], explained["embedded"]["price_cents"]) == ("1.234", None)
    assert explained["embedded"]["currency"] is None


def test_a_gs1_message_is_told_by_its_identifiers() -> None:
    explained = explain(f"]d201{GTIN}310300125017261231" + f"3922500{GS}10L-1")

    assert (explained["kind"], explained["gtin"], explained["aim"]) == ("gs1", GTIN, "d2")
    assert explained["gs1"]["elements"][0] == {"ai": "01", "title": "GTIN", "value": GTIN}
    assert explained["gs1"]["problem"] is None
    assert (explained["gs1"]["net_weight_kg"], explained["gs1"]["price"]) == ("1.250", "5.00")
    assert (explained["gs1"]["expiry"], explained["gs1"]["lot"]) == ("2026-12-31", "L-1")
    assert "8002270014901" in explained["lookup_keys"]


def test_identifiers_that_may_not_stand_together_are_reported_yet_read() -> None:
    explained = explain("]C110L-1")

    assert explained["gs1"]["problem"] == "gs1.requires"
    assert explained["gs1"]["lot"] == "L-1"


def test_a_broken_message_says_what_is_wrong() -> None:
    explained = explain("]C10108002270014902")

    assert explained["gs1"] == {"problem": "gs1.bad_check_digit", "elements": []}
    assert explained["lookup_keys"] == ["0108002270014902"]


def test_digits_that_only_look_like_a_message_are_not_taken_for_one() -> None:
    assert explain(f"01{GTIN}")["kind"] == "other"


@given(st.one_of(st.text(), st.text("0123456789]ECdQe" + GS)))
def test_every_text_has_an_explanation(raw: str) -> None:
    assert explain(raw)["raw"] == raw


def test_eight_digits_that_could_be_two_things_are_said_to_be_ambiguous() -> None:
    both = next(code for code in (f"{n:08d}" for n in range(1_234_000, 2_000_000)) if explain(code)["ambiguous"])

    assert explain(both)["lookup_keys"] == [both]
    assert not explain("]E4" + both)["ambiguous"]
    assert not explain("96385074")["ambiguous"]


def test_a_link_whose_gtin_has_a_wrong_check_digit_is_named_broken_and_no_ordinary_address() -> None:
    explained = explain_code("https://id.gs1.org/01/09521234543214", [], today=date(2026, 11, 24))

    assert (explained["kind"], explained["gtin"]) == ("gs1", None)
    assert explained["gs1"] == {"problem": "gs1.bad_check_digit", "elements": []}
