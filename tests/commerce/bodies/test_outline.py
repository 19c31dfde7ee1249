"""Outlines say what the whole reader says of the same members, and nothing of bodies that have none."""

from __future__ import annotations

import orjson
import pytest

from commerce.bodies.outline import DocumentOutline, SaleOutline, read_outline
from commerce.bodies.reading import read_body
from commerce.bodies.sale import DocumentIssued, SaleCompleted
from commerce.errors import BadInputError
from tests.fakes.bodies import stored_bodies

ISSUING = [(kind, body) for kind, body in stored_bodies() if kind in ("sale_completed", "document_issued")]
SALES = [body for kind, body in ISSUING if kind == "sale_completed"]


@pytest.mark.parametrize(("kind", "body"), ISSUING)
def test_an_outline_is_what_the_whole_reader_reads(kind: str, body: bytes) -> None:
    whole = read_body(kind, 1, body)
    assert isinstance(whole, SaleCompleted | DocumentIssued)

    assert read_outline(DocumentOutline, body).document == whole.document
    if isinstance(whole, SaleCompleted):
        outline = read_outline(SaleOutline, body)
        assert (outline.sale, outline.document, outline.effects) == (whole.sale, whole.document, whole.effects)


@pytest.mark.parametrize("member", ["sale", "document", "effects"])
@pytest.mark.parametrize("value", [None, 7, "x" * 70, {"id": "x"}, [[]]])
def test_what_is_not_of_the_form_is_refused(member: str, value: object) -> None:
    body = orjson.loads(SALES[0]) | {member: value}

    with pytest.raises(BadInputError, match=r"body\."):
        read_outline(SaleOutline, orjson.dumps(body))


@pytest.mark.parametrize("body", [b"", b"7", b"[]", b"{", b'{"sale":"x"}', b"\xff"])
def test_what_is_no_body_is_refused(body: bytes) -> None:
    with pytest.raises(BadInputError):
        read_outline(SaleOutline, body)


def test_there_is_something_to_read() -> None:
    assert len(SALES) >= 1
    assert len(ISSUING) > len(SALES)
