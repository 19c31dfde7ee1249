"""GS1's own accept, reject and parse cases."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from commerce.barcode import (
    format_element_string,
    parse_bracketed,
    parse_bracketed_elements,
    parse_digital_link,
    process_scan_data,
    validate_ai_combination,
    validate_element_string,
)
from commerce.errors import BadInputError
from tests.shared_data import shared_path

Vector = dict[str, Any]


def _bracketed(vector: Vector) -> None:
    assert parse_bracketed(vector["input"], permit_unknown_ais=_unknown(vector)) == vector["expect"]


def _element_string(vector: Vector) -> None:
    elements = validate_element_string(vector["input"], permit_unknown_ais=_unknown(vector))

    assert [value for element in elements for value in element]
    assert "".join(ai + value for ai, value in elements) == vector["input"].replace("^", "")


def _combination(vector: Vector) -> None:
    elements = parse_bracketed_elements(vector["input"], permit_unknown_ais=_unknown(vector))
    validate_ai_combination(elements, permit_unknown_ais=_unknown(vector))


def _scan(vector: Vector) -> None:
    read = process_scan_data(vector["input"])

    assert (read.symbology, read.data) == (vector["symbology"], vector["expect"])


def _link(vector: Vector) -> None:
    assert format_element_string(parse_digital_link(vector["input"])) == vector["expect"]


def _unknown(vector: Vector) -> bool:
    return "permitUnknownAIs" in vector.get("settings", [])


@pytest.mark.parametrize(
    ("kind", "count", "read"),
    [
        ("parse_bracketed", 14, _bracketed),
        ("validate_element_string", 40, _element_string),
        ("validate_ai_combination", 36, _combination),
        ("process_scan_data", 21, _scan),
        ("parse_digital_link", 48, _link),
    ],
)
def test_every_vector_gets_the_stated_verdict(kind: str, count: int, read: Callable[[Vector], None]) -> None:
    text = shared_path("data", "gs1", "gs1_vectors.jsonl").read_text(encoding="utf-8")
    vectors = [vector for vector in map(json.loads, text.splitlines()) if vector["kind"] == kind]
    if kind == "parse_digital_link":
        # Short GTINs and names instead of numbers in links are options that are not offered.
        vectors = [vector for vector in vectors if not vector.get("settings")]

    assert len(vectors) == count
    wrong = [vector for vector in vectors if _accepts(vector, read) != vector["ok"]]
    assert wrong == []


def _accepts(vector: Vector, read: Callable[[Vector], None]) -> bool:
    try:
        read(vector)
    except BadInputError:
        return False
    return True
