"""Receipt layouts: the paper as it would be while one types, and which tills print so."""

from __future__ import annotations

from functools import partial
from html import unescape
from typing import TYPE_CHECKING

import orjson
import pytest

from central.app import KINDS
from central.db.feed import START, read_changes
from central.identity.people import COMMAND_LINE
from central.kit import service
from central.kit.proposals import Edit, Proposal
from central.registry.receipt_layouts import RECEIPT_LAYOUTS, ReceiptLayout
from central.registry.sample_sale import PRINTING, sample_sale
from commerce.receipt_text import WIDTH, receipt_text
from commerce.sums import sale_fault
from commerce.texts import LANGUAGES
from terminal.services.operating import read_settings

if TYPE_CHECKING:
    from tests.central.head_office import HeadOffice, Visitor


@pytest.fixture
async def layout(site: HeadOffice) -> str:
    """A layout that stands."""
    office = site.office
    card = ReceiptLayout(code="NATALE", names={"it": "Natale"}, header=("Buone feste",), footer=("Grazie", "Ciao"))
    edit = Edit(COMMAND_LINE, office.company, office.clock(), KINDS)
    job = partial(service.save, kind=RECEIPT_LAYOUTS, edit=edit, proposals=[Proposal(card)])
    return (await office.database.write(job))[0].id


async def test_the_paper_shows_what_is_being_typed_in_both_languages(site: HeadOffice, anna: Visitor) -> None:
    await anna.get("/receipt-layouts/new")
    typed = f"Buon <b>Natale</b>\n\n{'x' * 90}"

    shown = await anna.post("/receipt-layouts/preview", header=typed, footer="Arrivederci\x07")

    assert shown.status == 200
    assert "<b>" not in shown.text
    english, italian = shown.text.split('lang="it"')
    for paper, total in ((english, "TOTAL EUR"), (italian, "TOTALE EUR")):
        assert "Buon &lt;b&gt;Natale" in paper
        assert total in paper
        assert "x" * WIDTH in paper
        assert "x" * (WIDTH + 1) not in paper
        assert "Arrivederci\n" in unescape(paper) or "Arrivederci</pre>" in paper


async def test_a_page_asks_for_the_paper_by_itself(anna: Visitor, layout: str) -> None:
    page = (await anna.get(f"/receipt-layouts/{layout}")).text

    assert 'hx-post="/receipt-layouts/preview" hx-trigger="load, input' in page
    assert f'hx-get="/receipt-layouts/{layout}/shops"' in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sale_that_nobody_made_adds_up(language: str) -> None:
    sale = sample_sale(language, ["Sopra"], ["Sotto"])

    assert sale_fault(sale) is None
    paper = receipt_text(sale, PRINTING).splitlines()
    assert paper[0].strip() == "Sopra"
    assert any(line.strip() == "Sotto" for line in paper)


async def test_tills_of_a_shop_print_so_once_they_are_given_it(site: HeadOffice, anna: Visitor, layout: str) -> None:
    office, shop = site.office, site.office.shop
    offered = (await anna.get(f"/receipt-layouts/{layout}/shops")).text
    await anna.get(f"/receipt-layouts/{layout}")
    given = await anna.post(f"/receipt-layouts/{layout}/shops/{shop}")
    after = (await anna.get(f"/receipt-layouts/{layout}/shops")).text

    rows = await office.database.read(
        lambda conn: read_changes(conn, office.company, shop, START, 1000, ["till_settings"])
    )
    settings = read_settings(orjson.loads(rows[-1].row or ""), "EUR")
    assert given.status == 200
    assert (settings.layout.header, settings.layout.footer) == (("Buone feste",), ("Grazie", "Ciao"))
    assert settings.layout.version == 2
    assert f"/receipt-layouts/{layout}/shops/{shop}" in offered
    assert "Give it to" in offered
    assert "has it" in after


async def test_of_a_shop_that_is_not_there_nothing_changes(anna: Visitor, layout: str) -> None:
    await anna.get(f"/receipt-layouts/{layout}")

    assert (await anna.post(f"/receipt-layouts/{layout}/shops/nowhere")).status == 404
    assert (await anna.get("/receipt-layouts/nothing/shops")).status == 404
