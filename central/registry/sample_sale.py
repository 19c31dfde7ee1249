"""A sale that nobody made: two items, paid in cash. What a receipt would look like is shown with it."""

from collections.abc import Sequence
from typing import Any

from commerce.bodies.form import read
from commerce.bodies.sale import SaleCompleted
from commerce.canonical import canonical_bytes
from commerce.receipt import Printing

AT = "2026-11-23T09:15:00.000000Z"
PRINTING = Printing(AT, "Anna")
_COFFEE = {"it": "Caffè macinato 250 g", "en": "Ground coffee 250 g"}
_BREAD = {"it": "Pane casereccio", "en": "Farmhouse bread"}
_VAT_22 = {"code": "22", "natura": None, "rate": "22.00", "receipt_code": None, "treatment": "taxed"}
_VAT_4 = {**_VAT_22, "code": "4", "rate": "4.00"}


def sample_sale(language: str, header: Sequence[str], footer: Sequence[str]) -> SaleCompleted:
    """Return it in a language, dressed by a layout."""
    layout = {"code": "receipt", "version": 1, "header": list(header), "footer": list(footer)}
    return read(SaleCompleted, canonical_bytes({**_SALE, "language": language, "layout": layout}))


def _line(number: int, names: dict[str, str], quantity: str, unit: str, price: str, amount: int, vat: object) -> object:
    return {
        "id": f"line-{number}", "kind": "item", "movement": "sale", "item": f"item-{number}", "variant": None,
        "sku": f"A{number}", "code": None, "names": names, "quantity": quantity, "unit": unit, "weighed": None,
        "listed_price": price, "unit_price": price, "price_per": "1.000000", "price_origin": "registry",
        "price_list": None, "price_version": "1", "price_at": AT, "conditions": True, "manual": False,
        "approved_by": None, "amount": amount, "total_origin": "computed", "discounts": [], "total": amount,
        "vat": vat, "note": None, "return_of": None, "order_line": None, "operator": None, "added_at": AT,
    }  # fmt: skip


_SALE: dict[str, Any] = {
    "charges": [], "conditions": None, "coupons": [], "currency": "EUR", "customer": None, "deposits": [],
    "document": {"id": "document", "kind": "receipt", "series": "T1/receipt", "series_code": "T1", "period": "2026",
                 "number": 12, "formatted": "T1/26/000012", "date": "2026-11-23"},
    "document_discounts": [], "drawer": None, "effects": [],
    "lines": [_line(1, _COFFEE, "2.000000", "pc", "3.49000000", 698, _VAT_22),
              _line(2, _BREAD, "0.482000", "kg", "4.50000000", 217, _VAT_4)],
    "personal": None, "pos_type": "RECEIPT", "receipt_code": "CF1.sample", "sale": "sale",
    "seller": {"company_name": "Bottega Rossi s.r.l.", "tax_id": "01234567890", "country": "IT",
               "shop_name": "Centro", "address": ["Via Roma 1", "20100 Milano"], "till_name": "Cassa 1"},
    "settings_version": 1,
    "settlement": {"total": 915, "deposits": 0, "due": 915, "rounding": 0, "excess": 0, "tendered": 2000,
                   "change": 1085},
    "started_at": AT, "stock": [],
    "taxes": [{**_VAT_22, "taxable": 572, "tax": 126}, {**_VAT_4, "taxable": 209, "tax": 8}],
    "tenders": [{"id": "tender", "type": "cash", "kind": "cash", "names": {"it": "Contanti", "en": "Cash"},
                 "amount": 2000, "currency": "EUR", "rate": "1.00000000", "value": 2000, "state": "approved",
                 "reference": None, "attempts": []}],
    "vat_mode": "gross", "voided_lines": 0, "zone": "Europe/Rome",
}  # fmt: skip
