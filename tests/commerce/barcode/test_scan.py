"""AIM identifiers in front of what was read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.barcode import GS, ScannedCode, normalise_scan


@pytest.mark.parametrize(
    ("raw", "aim", "data", "symbology"),
    [
        ("4006381333931", None, "4006381333931", None),
        ("]E04006381333931", "E0", "4006381333931", "ean13"),
        ("]E0036000291452", "E0", "036000291452", "upca"),
        ("]E004252614", "E0", "04252614", "upce"),
        ("]E496385074", "E4", "96385074", "ean8"),
        ("]E3977123456700312", "E3", "977123456700312", "ean_addon"),
        ("]C0ABC", "C0", "ABC", "code128"),
        ("]C1010400638133393110A" + GS + "21B", "C1", "010400638133393110A" + GS + "21B", "gs1_128"),
        ("]d2", "d2", "", "gs1_datamatrix"),
        ("]Q3x", "Q3", "x", "gs1_qr"),
        ("]e0x", "e0", "x", "gs1_databar"),
        ("]L2x", "L2", "x", "pdf417"),
    ],
)
def test_a_known_identifier_is_split_off(raw: str, aim: str | None, data: str, symbology: str | None) -> None:
    assert normalise_scan(raw) == ScannedCode(raw, aim, data, symbology)


@pytest.mark.parametrize("raw", ["]", "]E", "]E9123", "]?0123", "]XX", "]]E0", "]EÀ"])
def test_a_bracket_without_a_known_identifier_stays_data(raw: str) -> None:
    assert normalise_scan(raw) == ScannedCode(raw, None, raw, None)


@pytest.mark.parametrize(
    ("raw", "is_gs1"), [("]C1x", True), ("]C0x", False), ("10A" + GS + "21B", True), ("10A", False)]
)
def test_gs1_is_told_by_identifier_or_separator(raw: str, is_gs1: bool) -> None:
    assert normalise_scan(raw).is_gs1 is is_gs1


@given(st.text())
def test_nothing_of_a_scan_is_lost(raw: str) -> None:
    scan = normalise_scan(raw)

    assert scan.raw == raw
    assert raw == (f"]{scan.aim}" if scan.aim else "") + scan.data
