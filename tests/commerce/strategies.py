"""What hypothesis draws for the law of trade: VAT codes, lines, tenders and whole baskets."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from commerce.basket import Basket, Line, LineKind, TotalOrigin, lines_added, replay, sale_started
from commerce.ids import new_id
from commerce.money import line_total_cents
from commerce.tender import Tender, TenderKind
from commerce.vat import TaxedLine, Treatment, VatMode, VatRate

VAT_RATES = (
    VatRate("22", Decimal("22.00")),
    VatRate("10", Decimal("10.00")),
    VatRate("05", Decimal("5.00")),
    VatRate("04", Decimal("4.00")),
    VatRate("N4", Decimal("0.00"), Treatment.ZERO, "N4", "N4"),
    VatRate("N2", Decimal("0.00"), Treatment.OUT_OF_SCOPE, "N2.2", "N2"),
    VatRate("VI", Decimal("0.00"), Treatment.VENTILAZIONE, None, "VI"),
)
vat_rates = st.sampled_from(VAT_RATES)
modes = st.sampled_from(list(VatMode))
cents = st.integers(min_value=-10_000_000, max_value=10_000_000)
taxed_lines = st.lists(st.builds(TaxedLine, vat_rates, cents), min_size=1, max_size=30)
quantities = st.integers(min_value=-50_000_000, max_value=50_000_000).map(lambda n: Decimal(n).scaleb(-6))
prices = st.integers(min_value=0, max_value=10**11).map(lambda n: Decimal(n).scaleb(-8))
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@st.composite
def lines(draw: st.DrawFn) -> Line:
    quantity, price = draw(quantities), draw(prices)
    return Line(
        id=new_id(),
        kind=LineKind.ITEM,
        names={"it": draw(texts), "en": draw(texts)},
        quantity=quantity,
        unit="pc",
        unit_price=price,
        vat=draw(vat_rates),
        total=line_total_cents(quantity, price, "EUR"),
        total_origin=TotalOrigin.COMPUTED,
        item=draw(st.one_of(st.none(), st.just(new_id()))),
        code="8001234567890",
    )


@st.composite
def journals(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw the journal of a basket: opened, then lines in one or more events."""
    opened = sale_started(
        new_id(),
        "EUR",
        "it",
        "2026-11-23T08:00:00.000000Z",
        vat_mode=draw(modes),
        cash_step=draw(st.sampled_from([None, 5])),
    )
    drawn = draw(st.lists(lines(), min_size=1, max_size=12))
    return [opened, *(lines_added([line]) for line in drawn)]


@st.composite
def baskets(draw: st.DrawFn) -> Basket:
    return replay(draw(journals()))


def cash(amount: int) -> Tender:
    return Tender(new_id(), "cash", TenderKind.CASH, {"it": "Contanti", "en": "Cash"}, "EUR", amount)


def card(amount: int) -> Tender:
    return Tender(new_id(), "card", TenderKind.CARD, {"it": "Carta", "en": "Card"}, "EUR", amount)


def voucher(amount: int) -> Tender:
    return Tender(new_id(), "voucher", TenderKind.VOUCHER, {"it": "Buono", "en": "Voucher"}, "EUR", amount)
