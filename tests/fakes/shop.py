"""An invented shop for tests: its operators, means of payment and a few items."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from commerce.ledger import ChainMode
from commerce.rights import ALL_RIGHTS
from commerce.tender import TenderKind
from commerce.vat import VatCode
from terminal.services.operating import Company, OperatingSet, Operator, PinVerifier, Shop, TenderType
from terminal.services.state import ClockState, RegisterState, Screen, TillFacts

if TYPE_CHECKING:
    from collections.abc import Mapping

ANNA, BRUNO = "01900000-0000-7000-8000-00000000000a", "01900000-0000-7000-8000-00000000000b"
PINS = {ANNA: "1234", BRUNO: "5678"}
NOW = datetime(2026, 11, 23, 17, 42, 7, tzinfo=UTC)
TODAY = date(2026, 11, 23)


@dataclass(frozen=True, slots=True)
class FakeItem:
    """An item of the fake's catalogue."""

    id: str
    sku: str
    names: Mapping[str, str]
    price: Decimal | None
    codes: tuple[str, ...]
    unit: str = "pc"
    vat: str = "22"

    def as_candidate(self) -> dict[str, object]:
        """Return the item as ``code.ambiguous`` names it."""
        return {"item": self.id, "sku": self.sku, "names": dict(self.names)}


def _item(number: int, it: str, en: str, price: str | None, *codes: str, unit: str = "pc", vat: str = "10") -> FakeItem:
    names = {"it": it, "en": en}
    value = None if price is None else Decimal(price)
    return FakeItem(f"01900000-0000-7000-8000-0000000001{number:02d}", f"A{number:03d}", names, value, codes, unit, vat)


COFFEE, BREAD, TWIN_CODE, NO_PRICE = "8001234500017", "8001234500024", "8001234500093", "8001234500086"
TWINS_WITHOUT_PRICE = "8001234500109"
ITEMS = (
    _item(1, "Caffè macinato 250 g", "Ground coffee 250 g", "3.49", COFFEE, vat="22"),
    _item(2, "Pane casereccio", "Farmhouse bread", "4.50", BREAD, unit="kg", vat="4"),
    _item(3, "Latte intero 1 l", "Whole milk 1 l", "1.39", "8001234500031", vat="4"),
    _item(4, "Parmigiano Reggiano 24 mesi", "Parmesan, 24 months", "21.90", "8001234500048", unit="kg", vat="4"),
    _item(5, "Pomodori pelati 400 g", "Peeled tomatoes 400 g", "0.95", "8001234500055"),
    _item(6, "Acqua minerale naturale 6 × 1,5 l", "Still mineral water 6 × 1.5 l", "2.10", "8001234500062", vat="22"),
    _item(7, "Olio extravergine di oliva 1 l", "Extra virgin olive oil 1 l", "9.80", "8001234500079", vat="4"),
    _item(8, "Mazzo di fiori", "Bunch of flowers", None, NO_PRICE),
    _item(11, "Piantina di basilico", "Basil plant", None, TWINS_WITHOUT_PRICE),
    _item(12, "Piantina di menta", "Mint plant", None, TWINS_WITHOUT_PRICE),
    _item(9, "Calze, taglia M", "Socks, size M", "5.90", TWIN_CODE, vat="22"),
    _item(10, "Calze, taglia L", "Socks, size L", "6.40", TWIN_CODE, vat="22"),
)
VAT_CODES = {
    code: VatCode(code, code, {"it": f"IVA {code}%", "en": f"VAT {code}%"}, ((date(2013, 10, 1), Decimal(code)),))
    for code in ("4", "10", "22")
}


def operating_set(**changes: Any) -> OperatingSet:  # noqa: ANN401
    """Return a shop with two operators, cash and card."""
    pin = PinVerifier(b"", b"", 1, 8, 1)
    people = {
        ANNA: Operator(ANNA, "Anna Bianchi", pin, frozenset({"sell"})),
        BRUNO: Operator(BRUNO, "Bruno Conti", pin, frozenset(ALL_RIGHTS)),
    }
    base = OperatingSet(
        Company("01900000-0000-7000-8000-000000000001", "Alimentari Rossi s.r.l.", "IT01234567890", "IT", "EUR"),
        Shop("01900000-0000-7000-8000-000000000002", "Via Roma", ZoneInfo("Europe/Rome"), ("it", "en")),
        vat_codes=VAT_CODES,
        default_vat="22",
        tender_types=(
            TenderType("cash", TenderKind.CASH, {"it": "Contanti", "en": "Cash"}, True, 1),
            TenderType("card", TenderKind.CARD, {"it": "Carta", "en": "Card"}, False, 2),
        ),
        operators=people,
    )
    return replace(base, **changes)


def first_state(**changes: Any) -> RegisterState:  # noqa: ANN401
    """Return the state of a till that was just started."""
    facts = TillFacts("01900000-0000-7000-8000-000000000003", "T2", "Cassa 2", ChainMode.LIVE, "0" * 32)
    state = RegisterState(1, Screen.SIGN_ON, facts, operating_set(), None, None, None, None, None, (), (), ClockState())
    return replace(state, **changes)
