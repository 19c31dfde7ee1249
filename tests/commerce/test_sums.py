"""Central's rule for a sale: no amount on it can be another without being noticed."""

from typing import Any

import orjson
import pytest

from commerce.bodies.form import read
from commerce.bodies.sale import SaleCompleted
from commerce.sums import sale_fault
from tests.commerce.bodies.test_bodies import SAMPLES, places, with_place

WHOLE = orjson.loads(SAMPLES["sale_completed.v1.whole.json"])
SUMMED = {"amount", "total", "deposits", "due", "rounding", "excess", "tendered", "change", "value", "taxable", "tax"}


def at(body: Any, place: tuple[Any, ...]) -> Any:  # noqa: ANN401 - JSON
    return at(body[place[0]], place[1:]) if place else body


AMOUNTS = [
    place
    for place in places(WHOLE)
    if isinstance(at(WHOLE, place), int) and (place[-1] in SUMMED or (len(place) > 3 and place[-3] == "shares"))
]


def fault(body: Any) -> str | None:  # noqa: ANN401 - JSON
    return sale_fault(read(SaleCompleted, orjson.dumps(body)))


@pytest.mark.parametrize("sample", [name for name in SAMPLES if name.startswith("sale_completed.v1")])
def test_the_samples_add_up(sample: str) -> None:
    assert fault(orjson.loads(SAMPLES[sample])) is None


@pytest.mark.parametrize("cents", [2, -2])  # one unit of a currency that is worth half a cent may round away
@pytest.mark.parametrize("place", AMOUNTS, ids=lambda place: ".".join(map(str, place)))
def test_two_cents_anywhere_are_noticed(place: tuple[Any, ...], cents: int) -> None:
    assert fault(with_place(WHOLE, place, at(WHOLE, place) + cents)) is not None


def test_every_part_of_a_sale_was_tried() -> None:
    assert {place[0] for place in AMOUNTS} == {
        "lines", "document_discounts", "charges", "deposits", "settlement", "tenders", "taxes"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("place", "value", "part"),
    [
        (("lines", 0, "quantity"), "4.000000", "lines"),
        (("lines", 0, "unit_price"), "5.00000000", "lines"),
        (("lines", 3, "price_per"), "0.000000", "lines"),
        (("lines", 1, "id"), WHOLE["lines"][0]["id"], "lines"),
        (("document_discounts", 0, "shares", 0, 0), "nobody", "document_discounts"),
        (("taxes", 0, "rate"), "22.00", "taxes"),
        (("taxes", 0, "code"), "99", "taxes"),
        (("tenders", 0, "state"), "unknown", "tenders"),
        (("tenders", 1, "rate"), "0.60000000", "tenders"),
    ],
)
def test_the_part_that_does_not_hold_is_named(place: tuple[Any, ...], value: object, part: str) -> None:
    assert fault(with_place(WHOLE, place, value)) == part
