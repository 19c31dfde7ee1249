import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.web.exports import escape_formula, to_csv, unescape_formula

STARTS = "=+-@"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("=1+1", "'=1+1"),
        ("Pane;=1+1", "Pane;'=1+1"),
        ("Pane; =1+1", "Pane; '=1+1"),
        ('Pane;"=1+1', "Pane;\"'=1+1"),
        ("Pane\n@SUM(A1)", "Pane\n'@SUM(A1)"),
        ("a|+1;-2", "a|'+1;'-2"),
        ("\t=1", "\t'=1"),
        ("\tx", "'\tx"),
        ("\uff1d1", "'\uff1d1"),
        ("Caffè 1-2 = 3; due", "Caffè 1-2 = 3; due"),
        ("", ""),
        ("'=1", "''=1"),
        ("a;''-1", "a;'''-1"),
    ],
)
def test_whatever_would_begin_a_formula_is_escaped(text: str, escaped: str) -> None:
    assert escape_formula(text) == escaped


@given(st.text(st.sampled_from("=+-@';,|\t\r\n \"ax1\uff1d")))
def test_what_was_escaped_reads_back_as_it_was(text: str) -> None:
    assert unescape_formula(escape_formula(text)) == text


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_no_cell_of_an_export_begins_a_formula_whatever_separates_them(delimiter: str) -> None:
    poison = [
        f"{before}{start}cmd|' /C calc'!A0" for start in STARTS for before in ("", "a;", "a,", "a\t", 'a;"', "a|")
    ]
    text = to_csv(["name"], [[one, "x"] for one in poison]).decode("utf-8-sig")

    cells = [cell for row in csv.reader(io.StringIO(text), delimiter=delimiter) for cell in row]

    assert [cell for cell in cells if cell.strip(' "')[:1] in tuple(STARTS)] == []
