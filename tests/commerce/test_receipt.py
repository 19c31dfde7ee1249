from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given

from commerce.basket import Basket, Line, LineKind, TotalOrigin, apply, lines_added, start, tender_added
from commerce.bodies.effect import FiscalReference
from commerce.bodies.form import read
from commerce.bodies.sale import SaleCompleted
from commerce.canonical import canonical_bytes
from commerce.documents import sale_body
from commerce.receipt import Amount, Code, Printing, Words, receipt_elements
from commerce.vat import VatMode
from tests.commerce.bodies.test_bodies import SAMPLES
from tests.commerce.strategies import VAT_RATES, baskets, cash
from tests.commerce.test_basket import OPENED
from tests.commerce.test_documents import CODE, CONTEXT, EFFECTS, NUMBER, paid

AT = "2026-11-23T17:42:00.000000Z"
PRINTING = Printing(AT, "Anna", (), bytes(range(32)))
BREAD = Line(
    id="line-2",
    kind=LineKind.ITEM,
    names={"it": "Pane casereccio", "en": "Country bread"},
    quantity=Decimal("0.482"),
    unit="kg",
    unit_price=Decimal("4.50"),
    vat=VAT_RATES[3],
    total=217,
    total_origin=TotalOrigin.LABEL,
)
COFFEE = replace(
    BREAD,
    id="line-1",
    names={"it": "Caffè", "en": "Coffee"},
    quantity=Decimal(2),
    unit="pc",
    unit_price=Decimal("3.49"),
    vat=VAT_RATES[0],
    total=698,
    total_origin=TotalOrigin.COMPUTED,
)


def body_of(basket: Basket) -> SaleCompleted:
    return read(SaleCompleted, canonical_bytes(sale_body(basket, NUMBER, CODE, CONTEXT, EFFECTS)))


def sold(*lines: Line, given_cents: int | None = None, step: int | None = None) -> SaleCompleted:
    basket = replace(apply(start(OPENED), lines_added(lines)), cash_step=step)
    due = basket.total if given_cents is None else given_cents
    return body_of(apply(basket, tender_added(cash(due))))


def texts(body: SaleCompleted, printing: Printing = PRINTING) -> list[str]:
    rows = []
    for element in receipt_elements(body, printing):
        if isinstance(element, Words):
            rows.append(element.text)
        elif isinstance(element, Amount):
            rows.append(f"{element.text} | {element.amount}")
        elif isinstance(element, Code):
            rows.append(f"QR {element.text}")
        else:
            rows.append("---")
    return rows


def test_an_italian_receipt_reads_as_one() -> None:
    assert texts(sold(COFFEE, BREAD, given_cents=1000)) == [
        "Bottega Rossi",
        "Bottega Rossi s.r.l.",
        "Centro",
        "Via Roma 1",
        "20100 Milano",
        "P.IVA 01234567890",
        "DOCUMENTO GESTIONALE - NON FISCALE",
        "---",
        "  2 x 3,49",
        "Caffè  22% | 6,98",
        "  0,482 kg x 4,50",
        "Pane casereccio  4% | 2,17",
        "---",
        "TOTALE EUR | 9,15",
        "Contanti | 10,00",
        "Resto | 0,85",
        "---",
        "IVA 4% su 2,09 | 0,08",
        "IVA 22% su 5,72 | 1,26",
        "di cui IVA | 1,34",
        "---",
        "Documento T2K7QF/26/000012 del 23 nov 2026",
        "23 nov 2026, 18:42  Cassa 2  Anna",
        "Grazie",
        "QR CF1.code",
        "Codice registro 000G4-0R40M",
    ]


def test_an_english_document_is_english_to_the_last_word() -> None:
    rows = texts(replace(sold(COFFEE, given_cents=1000), language="en"))

    assert "  2 x 3.49" in rows
    assert "Coffee  22% | 6.98" in rows
    assert "TOTAL EUR | 6.98" in rows
    assert "Change | 3.02" in rows
    assert "MANAGEMENT DOCUMENT - NOT A FISCAL RECEIPT" in rows
    assert not any("IVA" in row and "P.IVA" not in row for row in rows)


def test_cash_rounding_stands_between_total_and_cash() -> None:
    rows = texts(sold(replace(COFFEE, quantity=Decimal(1), total=698), given_cents=1000, step=5))

    assert rows[rows.index("TOTALE EUR | 6,98") + 1] == "Arrotondamento contante | 0,02"


def test_a_return_says_so_and_its_amount_is_negative() -> None:
    rows = texts(sold(replace(COFFEE, quantity=Decimal(-1), total=-349)))

    assert "RESO Caffè  22% | -3,49" in rows
    assert "TOTALE EUR | -3,49" in rows


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ("REPRINT", "*** RISTAMPA ***"),
        ("COPY", "*** COPIA ***"),
        ("training", "*** ESERCITAZIONE - NON È UNA VENDITA ***"),
    ],
)
def test_a_mark_stands_first_and_again_at_the_end(mark: str, words: str) -> None:
    rows = texts(sold(COFFEE), replace(PRINTING, marks=(mark,)))

    assert rows[0] == words
    assert rows[-3] == words


def test_the_fiscal_registers_number_is_added_when_it_is_known() -> None:
    reference = FiscalReference("99SIM000001", 12, 34, "2026-11-23")

    rows = texts(sold(COFFEE), replace(PRINTING, fiscal=reference))

    assert "Documento commerciale 0012-0034 matricola 99SIM000001" in rows


@given(baskets())
def test_any_sale_can_be_laid_out_and_its_lines_add_up_on_paper(basket: Basket) -> None:
    body = body_of(paid(basket))
    elements = receipt_elements(body, PRINTING)
    strong = [element for element in elements if isinstance(element, Amount) and element.strong]

    assert len([e for e in elements if isinstance(e, Amount)]) >= len(basket.lines) + 2
    assert strong[0].text.startswith("TOTALE")
    assert body.vat_mode in (VatMode.GROSS, VatMode.NET)


def test_the_same_body_gives_the_same_rows_whenever_it_is_printed() -> None:
    body = sold(COFFEE, BREAD)

    assert texts(body) == texts(read(SaleCompleted, canonical_bytes(body.as_body())))


def test_discounts_promotions_and_charges_stand_between_lines_and_total_and_add_up() -> None:
    rows = texts(read(SaleCompleted, SAMPLES["sale_completed.v1.whole.json"]))
    total = rows.index("TOTALE EUR | 27,45")
    amounts = [Decimal(row.split(" | ")[1].replace(".", "").replace(",", ".")) for row in rows[:total] if " | " in row]

    assert rows[total - 4 : total] == [
        "Subtotale | 24,44",
        "Prosciutto -20% | -0,99",
        "Sconto | -1,00",
        "Trasporto  A | 5,00",
    ]
    assert "  Sconto 10% | -1,50" in rows
    assert "  6 x 10,00/3" in rows
    assert sum(amounts) - Decimal("24.44") == Decimal("27.45")
    assert rows[total + 1] == "Acconto già versato | -10,00"


def test_the_code_on_paper_is_the_one_that_was_made_with_the_sale() -> None:
    body = replace(sold(COFFEE), receipt_code="CF1.of-the-commit")

    assert "QR CF1.of-the-commit" in texts(body)
