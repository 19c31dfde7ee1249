"""Check digits, UPC-E and the texts under which a code is looked up."""

import csv
import gzip
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.barcode import (
    expand_upce,
    gtin_check_digit,
    has_valid_check_digit,
    is_valid_gtin,
    is_valid_upce,
    lookup_keys,
    normalise_scan,
    to_gtin14,
)
from commerce.errors import BadInputError
from tests.shared_data import shared_path

payloads = st.sampled_from([7, 11, 12, 13]).flatmap(lambda n: st.text("0123456789", min_size=n, max_size=n))


@pytest.mark.parametrize("code", ["96385074", "036000291452", "4006381333931", "8002270014901", "12345678901231"])
def test_known_codes_have_a_right_check_digit(code: str) -> None:
    assert is_valid_gtin(code)


@given(payloads)
def test_a_computed_check_digit_is_valid(payload: str) -> None:
    assert is_valid_gtin(payload + gtin_check_digit(payload))


@given(payloads, st.data())
def test_any_single_wrong_digit_is_caught(payload: str, draw: st.DataObject) -> None:
    code = payload + gtin_check_digit(payload)
    place = draw.draw(st.integers(0, len(code) - 1))
    other = draw.draw(st.sampled_from([digit for digit in "0123456789" if digit != code[place]]))

    assert not is_valid_gtin(code[:place] + other + code[place + 1 :])


@pytest.mark.parametrize("text", ["", "abc", "12 4", "٣٤", "²", "+12"])
def test_only_ascii_digits_have_a_check_digit(text: str) -> None:
    with pytest.raises(BadInputError) as refused:
        gtin_check_digit(text)

    assert refused.value.code == "barcode.not_digits"
    assert not has_valid_check_digit(text)


def test_other_lengths_are_no_gtin() -> None:
    assert has_valid_check_digit("00614141123456789" + gtin_check_digit("00614141123456789"))
    assert not is_valid_gtin("00614141123456789" + gtin_check_digit("00614141123456789"))


@pytest.mark.parametrize(
    ("upce", "upca"),
    [
        ("01234505", "012000003455"),
        ("01234514", "012100003454"),
        ("01234523", "012200003453"),
        ("01234531", "012300000451"),
        ("01234543", "012340000053"),
        ("01234565", "012345000065"),
        ("04252614", "042100005264"),
    ],
)
def test_upce_expands_to_its_upca(upce: str, upca: str) -> None:
    assert expand_upce(upce) == upca
    assert is_valid_upce(upce)
    assert is_valid_gtin(upca)


@pytest.mark.parametrize("code", ["24252614", "0425261", "0425261X", ""])
def test_what_is_no_upce_is_not_expanded(code: str) -> None:
    with pytest.raises(BadInputError) as refused:
        expand_upce(code)

    assert refused.value.code == "barcode.not_upce"


@given(st.text())
def test_the_first_key_is_the_code_exactly_as_it_came(raw: str) -> None:
    assert lookup_keys(raw)[0] == normalise_scan(raw).data


@pytest.mark.parametrize(
    ("raw", "keys"),
    [
        ("4006381333931", ("4006381333931", "04006381333931")),
        ("036000291452", ("036000291452", "0036000291452", "00036000291452")),
        ("0036000291452", ("0036000291452", "036000291452", "00036000291452")),
        ("04006381333931", ("04006381333931", "4006381333931")),
        ("14006381333938", ("14006381333938",)),
        ("96385074", ("96385074", "0000096385074", "000096385074", "00000096385074")),
        ("0000096385074", ("0000096385074", "000096385074", "96385074", "00000096385074")),
    ],
)
def test_spellings_of_one_gtin_follow(raw: str, keys: tuple[str, ...]) -> None:
    assert lookup_keys(raw) == keys


@pytest.mark.parametrize("raw", ["04252614", "]E004252614"])
def test_a_upce_is_also_looked_up_expanded(raw: str) -> None:
    assert lookup_keys(raw) == ("04252614", "0042100005264", "042100005264", "00042100005264")


def test_a_upce_that_the_scanner_called_ean8_is_not_expanded() -> None:
    assert lookup_keys("]E404252614") == ("04252614",)


def test_eight_digits_valid_both_as_ean8_and_upce_are_not_decided() -> None:
    both = next(
        code
        for code in (f"{n:08d}" for n in range(1_234_000, 2_000_000))
        if is_valid_gtin(code) and is_valid_upce(code)
    )

    assert to_gtin14(both) is None
    assert lookup_keys(both) == (both,)
    assert expand_upce(both) in lookup_keys("]E0" + both)
    assert expand_upce(both) not in lookup_keys("]E4" + both)


@pytest.mark.parametrize("raw", ["4006381333932", "036000291453", "04006381333932", "12345", "ABC-1", ""])
def test_without_a_right_check_digit_only_the_exact_code_counts(raw: str) -> None:
    assert lookup_keys(raw) == (raw,)


@given(payloads, st.data())
def test_every_key_is_the_same_number_in_full(payload: str, draw: st.DataObject) -> None:
    code = payload + gtin_check_digit(payload)
    keys = lookup_keys(code)

    assert all(key.zfill(14) in (code.zfill(14), (to_gtin14(code) or code).zfill(14)) for key in keys)


@pytest.mark.parametrize("aim", ["]C0", "]A0", "]Q1"])
def test_a_number_in_another_symbology_matches_by_its_text_alone(aim: str) -> None:
    assert lookup_keys(aim + "4006381333931") == ("4006381333931",)


def test_an_itf14_is_a_gtin() -> None:
    assert "4006381333931" in lookup_keys("]I104006381333931")


@pytest.mark.parametrize("addon", ["12", "54321"])
def test_an_addon_told_by_the_scanner_is_left_off_after_the_exact_code(addon: str) -> None:
    assert lookup_keys("]E39771234567003" + addon)[:2] == ("9771234567003" + addon, "9771234567003")
    assert lookup_keys("9771234567003" + addon) == ("9771234567003" + addon,)


def test_the_scan_path_does_not_load_biip() -> None:
    program = (
        "import sys; from commerce.barcode import *\n"
        "lookup_keys(']E04006381333931'); parse_embedded('2176164999998', ITALIAN_DEFAULT_RULES)\n"
        "sys.exit('biip' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_real_codes_are_judged_as_the_catalogue_says() -> None:
    with gzip.open(shared_path("data", "catalogue", "catalogue_it.csv.gz"), "rt", encoding="utf-8") as lines:
        rows = [(row["code"], row["gtin_ok"] == "1") for row in csv.DictReader(lines)]

    assert len(rows) == 14_805
    assert [code for code, ok in rows if is_valid_gtin(code) != ok] == []
