"""The Z on screen: what the session sold, what should be in the drawer and what was counted."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from terminal.ui.words import REPORT_TITLE, TENDER_KINDS

if TYPE_CHECKING:
    from commerce.bodies.session import SessionClosed, ZTax, ZTender
    from terminal.ui.view_types import TaxView, ZRowView, ZView
    from terminal.ui.views import Viewer


def z_view(viewer: Viewer, body: SessionClosed, currency: str) -> ZView:
    """Return the body of a ``session_closed`` for people."""
    money, words = viewer.formats.money, viewer.words
    over_short = body.over_short
    return {
        "title": words.t(REPORT_TITLE, number=f"Z {body.z_number}"),
        "business_day": viewer.formats.day(datetime.fromisoformat(body.business_day)),
        "summary": [
            {"label": words.t("Sales"), "amount": str(body.sales)},
            {"label": words.t("Voided sales"), "amount": str(body.voids)},
            {"label": words.t("Takings"), "amount": money(body.totals.total, currency)},
        ],
        "tenders": [_tender(viewer, row, currency) for row in body.tenders],
        "taxes": [_tax(viewer, row, currency) for row in body.taxes],
        "expected": money(body.expected_cash, currency),
        "counted": money(body.counted_cash, currency),
        "over_short": money(over_short, currency),
        "over_short_cents": over_short,
        "verdict": _verdict(viewer, over_short, currency),
    }


def _tender(viewer: Viewer, row: ZTender, currency: str) -> ZRowView:
    name = row.names.get(viewer.language) or viewer.words.t(TENDER_KINDS.get(row.kind, row.type))
    return {"label": f"{name} ({row.count})", "amount": viewer.formats.money(row.amount, currency)}


def _tax(viewer: Viewer, row: ZTax, currency: str) -> TaxView:
    return {
        "label": viewer.tax_label(Decimal(row.rate), row.natura),
        "taxable": viewer.formats.amount(row.taxable, currency),
        "tax": viewer.formats.amount(row.tax, currency),
    }


def _verdict(viewer: Viewer, over_short: int, currency: str) -> str:
    if over_short == 0:
        return viewer.words.t("The drawer is right to the cent.")
    amount = viewer.formats.money(abs(over_short), currency)
    if over_short > 0:
        return viewer.words.t("There is {amount} too much in the drawer.", amount=amount)
    return viewer.words.t("{amount} is missing from the drawer.", amount=amount)
