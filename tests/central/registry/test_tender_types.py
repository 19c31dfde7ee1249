"""Means of payment: what head office says of them reaches the tills as before, the card reader that takes them too."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.db.feed import START, read_changes
from central.kit import records, service
from central.kit.proposals import Proposal
from central.kit.records import View
from central.registry.seeding import seed_italian_defaults
from central.registry.service import Edit
from central.registry.tender_types import TENDER_TYPES, TenderType
from commerce.errors import InvalidError
from terminal.services.operating import read_tender_type
from tests.central.kit.samples import edit_of

if TYPE_CHECKING:
    from central.kit.proposals import Record
    from tests.central.office import Office

CARD = TenderType(code="pos", kind="card", names={"it": "Carta", "en": "Card"}, reader="POS 1")


@pytest.fixture
async def shop(office: Office) -> Office:
    """A company as it is founded."""
    edit = Edit(edit_of(office).actor, office.company, office.clock())
    await office.database.write(partial(seed_italian_defaults, edit=edit))
    return office


async def save(office: Office, *proposals: Proposal) -> list[Record]:
    job = partial(service.save, kind=TENDER_TYPES, edit=edit_of(office), proposals=list(proposals))
    return await office.database.write(job)


async def at_the_tills(office: Office) -> dict[str, Any]:
    """What tills know of means of payment, by code."""
    rows = await office.database.read(
        lambda conn: read_changes(conn, office.company, office.shop, START, 1000, ["tender_type"])
    )
    return {row["code"]: row for row in (orjson.loads(one.row) for one in rows if one.row)}


async def test_a_company_begins_with_cash_and_card_in_the_row_that_tills_know(shop: Office) -> None:
    rows = await at_the_tills(shop)

    assert rows["cash"] == {"code": "cash", "kind": "cash", "names": {"it": "Contanti", "en": "Cash"},
                            "opens_drawer": True, "position": 0, "reader": None}  # fmt: skip
    assert [read_tender_type(rows[code]).position for code in ("cash", "card")] == [0, 1]


async def test_a_reader_reaches_the_tills_and_goes_again(shop: Office) -> None:
    made = (await save(shop, Proposal(CARD)))[0]
    first = read_tender_type((await at_the_tills(shop))["pos"])
    await save(shop, Proposal(replace(made.card, reader=""), made.id, made.version))

    assert first.reader == "POS 1"
    assert read_tender_type((await at_the_tills(shop))["pos"]).reader is None


async def test_new_ones_come_behind_the_others_in_their_order(shop: Office) -> None:
    voucher = replace(CARD, code="ticket", kind="voucher", reader="")

    made = await save(shop, Proposal(CARD), Proposal(voucher), Proposal(replace(CARD, code="first", place=Decimal(0))))

    assert [one.card.place for one in made] == [2, 3, 0]
    view = View("place")
    found = await shop.database.read(partial(records.page, kind=TENDER_TYPES, company=shop.company, view=view))
    assert {one.card.code for one in found[:2]} == {"cash", "first"}
    assert [one.card.code for one in found[2:]] == ["card", "pos", "ticket"]


async def test_cash_goes_through_no_reader(shop: Office) -> None:
    with pytest.raises(InvalidError, match=r"tender_type\.reader"):
        await save(shop, Proposal(replace(CARD, kind="cash")))


WORDS = st.text("aZ9é€ \x1d\x1b\x85\n\u202e", min_size=1, max_size=3)


@given(WORDS, WORDS, WORDS)
def test_what_head_office_takes_tills_take(code: str, name: str, reader: str) -> None:
    shapes = TENDER_TYPES.shapes
    values = {"code": code, "names": {"it": name}, "reader": reader}
    card = TenderType(**{key: shapes[key].heard(value) for key, value in values.items()})
    if any(list(shapes[key].faults(getattr(card, key))) for key in values):
        return

    assert TENDER_TYPES.feed is not None
    row = read_tender_type(TENDER_TYPES.feed.row(card) or {})

    assert (row.code, row.reader) == (code.strip(), reader.strip() or None)
    assert (row.code + row.names["it"] + (row.reader or "")).isprintable()
