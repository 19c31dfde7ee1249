"""What an Italian company starts with: VAT codes, ways of paying and till settings. All of it can be edited later."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection

from central.kit import service as kit
from central.kit.kinds import Kinds
from central.kit.proposals import Edit as KitEdit
from central.kit.proposals import Proposal, Record
from central.registry.service import Edit, save_settings, save_vat_code
from central.registry.tender_types import TENDER_TYPES, TenderType
from central.registry.values import TillSettings, VatCard
from commerce.ids import new_id
from commerce.vat import Treatment

_SINCE_22 = date(2013, 10, 1)
_SINCE_21 = date(2011, 9, 17)
_SINCE_20 = date(1997, 10, 1)
_SINCE_5 = date(2016, 1, 1)
_SINCE_10 = date(1995, 2, 24)
_SINCE_4 = date(1989, 1, 1)

_EMBEDDED = ({"prefix": "2", "layout": "2IIIIIIVVVVVC", "kind": "price", "decimals": 2},)


def seed_italian_defaults(conn: Connection, edit: Edit) -> None:
    """Give a company its VAT codes and tender types."""
    for card in _vat_codes():
        save_vat_code(conn, edit, card)
    add_tender_types(conn, edit, *_TENDER_TYPES)


def add_tender_types(conn: Connection, edit: Edit, *cards: TenderType) -> list[Record]:
    """Give a company means of payment."""
    by = KitEdit(edit.actor, edit.company, edit.at, Kinds())
    return kit.save(conn, TENDER_TYPES, by, [Proposal(card) for card in cards])


def seed_shop(
    conn: Connection, edit: Edit, shop: str, header: tuple[str, ...] = (), *, cash_step: int | None = None
) -> None:
    """Give a shop its till settings; codes starting with 2 carry a price unless the shop says otherwise."""
    settings = TillSettings(drawer=new_id(), header=header, cash_step=cash_step, embedded_rules=_EMBEDDED)
    save_settings(conn, edit, shop, settings)


def _vat_codes() -> Iterator[VatCard]:
    rates = {
        "22": (((_SINCE_20, "20"), (_SINCE_21, "21"), (_SINCE_22, "22")), "Ordinaria", "Standard"),
        "10": (((_SINCE_10, "10"),), "Ridotta", "Reduced"),
        "5": (((_SINCE_5, "5"),), "Ridotta", "Reduced"),
        "4": (((_SINCE_4, "4"),), "Minima", "Super-reduced"),
    }
    for position, (code, (since, italian, english)) in enumerate(rates.items()):
        yield VatCard(
            code=code,
            names={"it": f"{italian} {code} %", "en": f"{english} {code} %"},
            rates=tuple((day, Decimal(rate)) for day, rate in since),
            is_default=code == "22",
            position=position,
        )
    # Invoices want the sub-code of the natura (bare N2, N3 and N6 are refused), receipts the short one.
    zero = {
        "EE": ("N1", Treatment.OUT_OF_SCOPE, "Escluse ex art. 15", "Excluded, art. 15"),
        "NS": ("N2.2", Treatment.OUT_OF_SCOPE, "Non soggette", "Not subject to VAT"),
        "NI": ("N3.6", Treatment.ZERO, "Non imponibili", "Non-taxable"),
        "ES": ("N4", Treatment.ZERO, "Esenti", "Exempt"),
        "RM": ("N5", Treatment.ZERO, "Regime del margine", "Margin scheme"),
        "AL": ("N6.9", Treatment.ZERO, "Altro (inversione contabile)", "Other (reverse charge)"),
        "VI": (None, Treatment.VENTILAZIONE, "Ventilazione IVA", "Ventilazione"),
    }
    for position, (code, (natura, treatment, italian, english)) in enumerate(zero.items(), start=10):
        yield VatCard(
            code=code,
            names={"it": italian, "en": english},
            rates=((_SINCE_4, Decimal(0)),),
            treatment=treatment,
            natura=natura,
            receipt_code=code,
            position=position,
        )


_TENDER_TYPES = (
    TenderType(code="cash", kind="cash", names={"it": "Contanti", "en": "Cash"}, opens_drawer=True, place=Decimal(0)),
    TenderType(code="card", kind="card", names={"it": "Carta", "en": "Card"}, place=Decimal(1)),
)
