"""GS1 messages: elements, what may stand together, and what a till reads out of them."""

from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.barcode import (
    GS,
    Gs1Element,
    Gs1Price,
    format_element_string,
    gtin_check_digit,
    parse_bracketed,
    parse_bracketed_elements,
    parse_digital_link,
    process_scan_data,
    read_gs1,
    validate_ai_combination,
    validate_element_string,
)
from commerce.errors import BadInputError

TODAY = date(2026, 3, 15)
GTIN = "08002270014901"

gtins = st.text("0123456789", min_size=13, max_size=13).map(lambda digits: digits + gtin_check_digit(digits))
texts = st.text("ABCDEFXYZabc0123456789!-./_()\"%&'*+,:;<=>?", min_size=1, max_size=20)
elements_of_goods = st.lists(
    st.one_of(
        gtins.map(lambda gtin: Gs1Element("01", gtin)),
        texts.map(lambda lot: Gs1Element("10", lot)),
        texts.map(lambda serial: Gs1Element("21", serial)),
        st.dates(date(2000, 1, 1), date(2049, 12, 31)).map(lambda day: Gs1Element("17", f"{day:%y%m%d}")),
        st.integers(0, 999999).map(lambda grams: Gs1Element("3103", f"{grams:06d}")),
        st.integers(0, 10**15 - 1).map(lambda cents: Gs1Element("3922", str(cents))),
    ),
    min_size=1,
)


@given(elements_of_goods)
def test_what_was_formatted_is_taken_apart_again(elements: list[Gs1Element]) -> None:
    assert validate_element_string(format_element_string(elements)) == elements


@given(elements_of_goods)
def test_the_bracketed_form_says_the_same(elements: list[Gs1Element]) -> None:
    bracketed = "".join(f"({ai}){value.replace('(', chr(92) + '(')}" for ai, value in elements)

    assert parse_bracketed(bracketed) == format_element_string(elements)


@given(elements_of_goods)
def test_gs_and_caret_are_the_same_separator(elements: list[Gs1Element]) -> None:
    text = format_element_string(elements)

    assert validate_element_string(text.replace("^", GS)) == validate_element_string(text)


aims = st.sampled_from(
    ["", "]", "]E0", "]E4", "]C1", "]Q1", "]Q3", "]d2", "]e0", "]J1", "]Q1https://a/01/", "]Q1http://"]
)
pieces = st.lists(
    st.sampled_from(["01", GTIN, "10", "7007", "3103", "8003", GS, "^", "|]e0", "/", "?", "A", "٣", "\n", "%00"])
).map("".join)


@given(aims, st.one_of(st.text(), pieces))
def test_arbitrary_scan_data_is_read_or_refused(aim: str, text: str) -> None:
    with suppress(BadInputError):
        assert process_scan_data(aim + text).symbology


@given(st.one_of(st.text(), pieces), st.booleans())
def test_arbitrary_text_is_a_message_or_refused(text: str, unknown: bool) -> None:
    for read in (parse_bracketed, validate_element_string):
        for start in ("", "^", "(01)"):
            with suppress(BadInputError):
                assert read(start + text, permit_unknown_ais=unknown)


@given(st.one_of(st.text(), pieces))
def test_a_till_reads_or_refuses_arbitrary_text(text: str) -> None:
    with suppress(BadInputError):
        assert read_gs1(text, today=TODAY).elements


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("(01)08002270014902", "gs1.bad_check_digit"),
        ("(00)123456789012345676", "gs1.bad_check_digit"),
        ("(8003)01234567890129", "gs1.bad_check_digit"),
        ("(17)251301", "gs1.bad_value"),
        ("(17)250230", "gs1.bad_date"),
        ("(7007)250200", "gs1.bad_date"),
        ("(7007)250201250230", "gs1.bad_date"),
        ("(7003)2502012460", "gs1.bad_time"),
        ("(8008)25020123" + "5960", "gs1.bad_value"),
        ("(7251)202502302359", "gs1.bad_date"),
        ("(4324)2502009999", None),
        ("(8006)080022700149010302", "gs1.bad_piece"),
        ("(8006)080022700149010002", "gs1.bad_piece"),
        ("(8001)00011234512328", "gs1.bad_winding"),
        ("(8001)00001234512311", "gs1.zero"),
        ("(8011)012", "gs1.leading_zero"),
        ("(8011)0", None),
        ("(17)250200", None),
        ("(17)000229", None),
        ("(30)1", None),
        ("(10)ABC\n", "gs1.bad_value"),
        ("(37)٣", "gs1.bad_value"),
        ("(89)1", "gs1.unknown_ai"),
        ("(0)1", "gs1.not_bracketed"),
        ("x(10)1", "gs1.not_bracketed"),
        ("(10)1(", "gs1.not_bracketed"),
        ("", "gs1.not_bracketed"),
    ],
)
def test_values_are_checked_by_their_identifier(text: str, code: str | None) -> None:
    if code is None:
        assert parse_bracketed(text)
        return
    with pytest.raises(BadInputError) as refused:
        parse_bracketed(text)

    assert refused.value.code == code


@pytest.mark.parametrize("data", ["^30", "^7004", "^10^21A", "^^10A", "^10A^^21B"])
def test_an_empty_value_is_refused(data: str) -> None:
    with pytest.raises(BadInputError):
        validate_element_string(data)


def test_a_separator_at_the_end_is_tolerated() -> None:
    assert validate_element_string("^10A^") == [("10", "A")]


def test_an_unknown_identifier_needs_permission_and_a_known_length() -> None:
    assert validate_element_string("^3338ABC^10X", permit_unknown_ais=True) == [("3338", "ABC"), ("10", "X")]
    for text, permit in [("^3338ABC", False), ("^89ABC", True)]:
        with pytest.raises(BadInputError) as refused:
            validate_element_string(text, permit_unknown_ais=permit)
        assert refused.value.code == "gs1.unknown_ai"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"(01){GTIN}(10)A(10)B", "gs1.repeat_differs"),
        (f"(01){GTIN}(37)5", "gs1.exclusive"),
        (f"(01){GTIN}(3102)000100(3103)001000", "gs1.exclusive"),
        (f"(01){GTIN}(3103)001000(3922)250(3932)978250", "gs1.exclusive"),
        ("(10)A", "gs1.requires"),
        (f"(01){GTIN}(3922)250", "gs1.requires"),
        (f"(02){GTIN}(37)5", "gs1.requires"),
        (f"(01){GTIN}(250)A", "gs1.requires"),
        ("(8030)SIG(253)1234567890128", "gs1.signature_needs_serial"),
        (f"(01){GTIN}(10)A(10)A", None),
        (f"(01){GTIN}(3103)001000(3922)250", None),
        (f"(00)123456789012345675(02){GTIN}(37)5", None),
        ("(8030)SIG(8003)01234567890128A", None),
        ("(253)1234567890128", None),
        (f"(01){GTIN}(3103)000100(3303)000120", None),
    ],
)
def test_identifiers_are_checked_for_standing_together(text: str, code: str | None) -> None:
    elements = parse_bracketed_elements(text)
    if code is None:
        validate_ai_combination(elements)
        return
    with pytest.raises(BadInputError) as refused:
        validate_ai_combination(elements)

    assert refused.value.code == code


def test_an_unknown_identifier_in_a_combination_needs_permission() -> None:
    elements = [Gs1Element("89", "A")]
    validate_ai_combination(elements, permit_unknown_ais=True)

    with pytest.raises(BadInputError) as refused:
        validate_ai_combination(elements)
    assert refused.value.code == "gs1.unknown_ai"


@pytest.mark.parametrize("front", ["", "]C1", "^", GS, "]C1" + GS])
def test_a_till_reads_with_or_without_what_stands_in_front(front: str) -> None:
    read = read_gs1(f"{front}01{GTIN}10L-1{GS}21S7", today=TODAY)

    assert (read.gtin, read.lot, read.serial) == (GTIN, "L-1", "S7")


def test_a_till_reads_what_goods_say() -> None:
    message = f"01{GTIN}3103001250" + "15260100" + "17261231" + f"3922500{GS}10L-1{GS}21S7{GS}3012"
    read = read_gs1("]d2" + message, today=TODAY)

    assert read.gtin == GTIN
    assert read.net_weight_kg == Decimal("1.250")
    assert read.price == Gs1Price(Decimal("5.00"), None)
    assert (read.lot, read.serial, read.count) == ("L-1", "S7", 12)
    assert (read.best_before, read.expiry) == (date(2026, 1, 31), date(2026, 12, 31))


def test_a_price_can_name_its_currency() -> None:
    assert read_gs1("3932978" + "1050", today=TODAY).price == Gs1Price(Decimal("10.50"), "978")


def test_contained_items_are_counted() -> None:
    read = read_gs1("00123456789012345675" + f"02{GTIN}3724", today=TODAY)

    assert (read.gtin, read.count) == (GTIN, 24)


def test_what_a_message_does_not_say_stays_open() -> None:
    read = read_gs1("10A", today=TODAY)

    assert (read.gtin, read.net_weight_kg, read.price, read.expiry, read.count) == (None,) * 5
    assert read.elements == (("10", "A"),)


@pytest.mark.parametrize(
    ("digits", "today", "expected"),
    [
        ("750101", date(2026, 1, 1), date(2075, 1, 1)),
        ("760101", date(2026, 1, 1), date(2076, 1, 1)),
        ("770101", date(2026, 1, 1), date(1977, 1, 1)),
        ("990101", date(2026, 1, 1), date(1999, 1, 1)),
        ("000200", date(2026, 1, 1), date(2000, 2, 29)),
        ("250200", date(2026, 1, 1), date(2025, 2, 28)),
        ("101200", date(2060, 1, 1), date(2110, 12, 31)),
        ("110101", date(2060, 1, 1), date(2011, 1, 1)),
    ],
)
def test_the_century_lies_within_49_years_back_and_50_ahead(digits: str, today: date, expected: date) -> None:
    assert read_gs1("17" + digits, today=today).expiry == expected


@pytest.mark.parametrize("message", [f"10A{GS}10B", f"3102000100{GS}3103000100", f"3922100{GS}3921100"])
def test_a_message_that_contradicts_itself_is_refused(message: str) -> None:
    with pytest.raises(BadInputError) as refused:
        read_gs1(message, today=TODAY)

    assert refused.value.code == "gs1.repeat_differs"


def test_the_same_weight_twice_is_no_contradiction() -> None:
    assert read_gs1("3102000100" + "3103001000", today=TODAY).net_weight_kg == Decimal(1)


def test_a_digital_link_is_read_like_a_message() -> None:
    read = read_gs1(f"]Q1https://shop.example/x/01/{GTIN}/10/L%2F1?17=261231&3103=001250&ref=a", today=TODAY)

    assert (read.gtin, read.lot, read.expiry) == (GTIN, "L/1", date(2026, 12, 31))


@pytest.mark.parametrize(
    ("uri", "code"),
    [
        ("https://shop.example/offers", "gs1.no_key_in_link"),
        ("ftp://shop.example/01/" + GTIN, "gs1.not_digital_link"),
        (f"https://a/01/{GTIN}/21/A/10/B", "gs1.no_key_in_link"),
        (f"https://a/01/{GTIN}/10/B?10=B", "gs1.repeated_in_link"),
        ("https://a/01/08002270014902", "gs1.bad_check_digit"),
        (f"https://a/01/{GTIN}?999=1", "gs1.unknown_ai"),
    ],
)
def test_another_address_is_no_digital_link(uri: str, code: str) -> None:
    with pytest.raises(BadInputError) as refused:
        parse_digital_link(uri)

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("raw", "symbology"), [("]E00036000291452", "EAN13"), ("]E004252614", "UPCE"), ("]d1any text", "DM")]
)
def test_scan_data_beyond_the_vectors(raw: str, symbology: str) -> None:
    assert process_scan_data(raw).symbology == symbology


@pytest.mark.parametrize(
    "raw",
    [
        "4006381333931",
        "]C110A^21B",
        "]E496385074|]e0",
        "]A0ABC",
        "]E04006381333932",
        "]E0036000291452",
        "]Q1https://id.gs1.org/01/09521234543214",
        "]J0https://id.gs1.org/01/09521234543214/00/106141411234567897",
    ],
)
def test_scan_data_that_gs1_does_not_describe_is_refused(raw: str) -> None:
    with pytest.raises(BadInputError):
        process_scan_data(raw)
