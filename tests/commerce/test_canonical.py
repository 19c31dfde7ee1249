import unicodedata
from decimal import Decimal

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from commerce.canonical import canonical_bytes, parse_canonical
from commerce.errors import BadInputError

keys = st.text(st.characters(max_codepoint=127), max_size=8)
characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
texts = st.text(characters, max_size=12).map(lambda s: unicodedata.normalize("NFC", s))
leaves = st.one_of(st.none(), st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), texts)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4))
objects = st.dictionaries(keys, values, max_size=6)


@given(objects)
def test_bytes_are_those_of_rfc_8785(value: dict[str, object]) -> None:
    assert canonical_bytes(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


def test_nul_characters_are_left_out_because_no_database_keeps_them() -> None:
    plain = {"name": "Caffè", "code": r"\u0000"}

    assert canonical_bytes({"name": "Caf\0fè\0", "code": r"\u0000"}) == rfc8785.dumps(plain)


@given(objects)
def test_what_is_written_is_read_back(value: dict[str, object]) -> None:
    assert parse_canonical(canonical_bytes(value)) == value


@pytest.mark.parametrize(
    "value", [1.5, float("nan"), float("inf"), 0.0, Decimal("1.5"), {"deep": [1.0]}, {1, 2}, b"bytes", object()]
)
def test_floats_and_strangers_are_refused_by_type(value: object) -> None:
    with pytest.raises(TypeError):
        canonical_bytes({"value": [value]})


def test_integers_stop_below_2_to_53() -> None:
    assert canonical_bytes({"n": 2**53 - 1}) == b'{"n":9007199254740991}'
    with pytest.raises(TypeError):
        canonical_bytes({"n": 2**53})


def test_keys_are_ascii() -> None:
    with pytest.raises(TypeError):
        canonical_bytes({"outer": [{"città": 1}]})


def test_text_is_written_in_nfc() -> None:
    assert canonical_bytes({"name": "Caffe\u0300"}) == canonical_bytes({"name": "Caffè"})


@pytest.mark.parametrize("encoded", [b"", b"{", b"[]", b"1", b'"x"', b"\xff", b'{"a":1}x'])
def test_bytes_that_are_no_object_are_refused(encoded: bytes) -> None:
    with pytest.raises(BadInputError):
        parse_canonical(encoded)
