"""A receipt read back from the ledger, for people."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from terminal.ui.views import Viewer, pick_name

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from commerce.bodies.line import LineBody
    from terminal.ui.ports import StoredReceipt
    from terminal.ui.view_types import ReceiptLineView, ReceiptView


def receipt_view(viewer: Viewer, receipt: StoredReceipt, zone: ZoneInfo) -> ReceiptView:
    """Return the body of a ``sale_completed`` with its texts and amounts in the reader's language."""
    body, currency = receipt.body, receipt.body.currency
    money = viewer.formats.money
    settled = body.settlement
    return {
        "document": body.document.id,
        "formatted": body.document.formatted,
        "moment": viewer.formats.moment(receipt.at.astimezone(zone)),
        "total": money(settled.total, currency),
        "total_cents": settled.total,
        "change": money(settled.change, currency),
        "lines": [_line(viewer, line, currency) for line in body.lines],
        "taxes": [
            {
                "label": viewer.tax_label(Decimal(row.rate), row.natura),
                "taxable": viewer.formats.amount(row.taxable, currency),
                "tax": viewer.formats.amount(row.tax, currency),
            }
            for row in body.taxes
        ],
        "tenders": [
            {"id": t.id, "name": pick_name(t.names, viewer.language), "amount": money(t.value, currency)}
            for t in body.tenders
        ],
        "print": next((effect.id for effect in body.effects if effect.kind == "print"), None),
        "body": body.as_body(),
    }


def _line(viewer: Viewer, line: LineBody, currency: str) -> ReceiptLineView:
    return {
        "description": pick_name(line.names, viewer.language),
        "quantity": viewer.formats.quantity(Decimal(line.quantity)),
        "unit_price": viewer.formats.price(Decimal(line.unit_price), currency),
        "total": viewer.formats.amount(line.total, currency),
        "total_cents": line.total,
    }
