"""Every body ever written is read for ever: its samples stand beside this file and never change."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.bodies.form import Body, read
from commerce.bodies.reading import BODIES, read_body
from commerce.bodies.sale import SaleCompleted
from commerce.canonical import canonical_bytes
from commerce.documents import sale_body
from commerce.errors import BadInputError
from tests.commerce.strategies import baskets
from tests.commerce.test_documents import CODE, CONTEXT, EFFECTS, NUMBER, paid

SAMPLES = {path.name: path.read_bytes() for path in sorted((Path(__file__).parent / "samples").iterdir())}


def kind_of(sample: str) -> tuple[str, int]:
    kind, version, *_ = sample.split(".")
    return kind, int(version.removeprefix("v"))


REFUSED = ("body.unreadable", "body.out_of_bounds", "body.control_characters")


def refusal(kind: str, body: object, version: int = 1) -> str:
    with pytest.raises(BadInputError) as caught:
        read_body(kind, version, body if isinstance(body, bytes) else orjson.dumps(body))
    return caught.value.code


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401 - JSON
    """Every place inside a JSON value, the root left out."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, item in inner for place in ((*path, key), *places(item, (*path, key)))]


def with_place(body: Any, place: tuple[Any, ...], value: object) -> Any:  # noqa: ANN401 - JSON
    """The same value with something else in one place."""
    if not place:
        return value
    copy = dict(body) if isinstance(body, dict) else list(body)
    copy[place[0]] = with_place(body[place[0]], place[1:], value)
    return copy


def test_no_kind_and_version_lacks_its_sample() -> None:
    assert {kind_of(sample) for sample in SAMPLES} == set(BODIES)


@pytest.mark.parametrize("sample", SAMPLES)
def test_what_is_read_is_written_as_the_same_bytes(sample: str) -> None:
    body = read_body(*kind_of(sample), SAMPLES[sample])

    assert canonical_bytes(body.as_body()) == SAMPLES[sample]


@pytest.mark.parametrize("sample", SAMPLES)
def test_no_field_may_be_missing_or_added(sample: str) -> None:
    body = orjson.loads(SAMPLES[sample])
    for key in body:
        assert refusal(kind_of(sample)[0], {k: v for k, v in body.items() if k != key}) == "body.unreadable"
    assert refusal(kind_of(sample)[0], {**body, "further": 1}) == "body.unreadable"


@pytest.mark.parametrize("sample", SAMPLES)
@given(data=st.data())
def test_no_place_takes_a_float_a_flag_or_a_number_over_53_bits(sample: str, data: st.DataObject) -> None:
    body = orjson.loads(SAMPLES[sample])
    place = data.draw(st.sampled_from(places(body)))
    wrong = data.draw(st.sampled_from([1.5, 2**53, -(2**53), "x" * 2000, "\0", {"a": {"b": 1}}]))

    assert refusal(kind_of(sample)[0], with_place(body, place, wrong)) in REFUSED


@given(st.binary(max_size=200) | st.sampled_from([b"null", b"[]", b"1", b'"x"', b"{", b"\xff\xfe"]))
def test_bytes_of_anything_are_refused_with_the_code(noise: bytes) -> None:
    assert all(refusal(kind, noise, version) in REFUSED for kind, version in BODIES)


def test_unknown_kinds_and_versions_have_a_code_of_their_own() -> None:
    assert refusal("sale_completed", b"{}", version=2) == "body.unknown"
    assert refusal("of_tomorrow", b"{}") == "body.unknown"


def test_a_text_that_spells_the_escape_of_nul_is_no_nul() -> None:
    body = orjson.loads(SAMPLES["operator_signed_on.v1.json"])

    assert read_body("operator_signed_on", 1, orjson.dumps({**body, "name": r"\u0000"}))
    assert refusal("operator_signed_on", {**body, "name": "\\\0"}) == "body.control_characters"


@given(baskets())
def test_the_reader_takes_every_sale_that_the_till_may_write(basket: Any) -> None:  # noqa: ANN401 - Basket
    written = canonical_bytes(sale_body(paid(basket), NUMBER, CODE, CONTEXT, EFFECTS))

    assert canonical_bytes(read(SaleCompleted, written).as_body()) == written


def test_every_body_says_its_kind() -> None:
    assert all(issubclass(body, Body) and key == (body.KIND, body.VERSION) for key, body in BODIES.items())
