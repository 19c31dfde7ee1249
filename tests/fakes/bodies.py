"""Bodies of entries with figures that only need to be there: a Z to close any session with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from commerce.bodies.form import read
from commerce.bodies.parties import LayoutBody, SellerBody
from commerce.bodies.session import SessionClosed, ZTax, ZTender, ZTotals
from commerce.canonical import canonical_bytes
from commerce.kinds import TenderKind
from commerce.vat import Treatment

SAMPLES = Path(__file__).parents[1] / "commerce" / "bodies" / "samples"
SELLER = SellerBody("Prova s.r.l.", "IT01234567890", "IT", "Via Roma", ("Via Roma 1",), "Cassa 1")


def stored_bodies() -> list[tuple[str, bytes]]:
    """Return kind and bytes of every stored sample."""
    return [(path.name.split(".")[0], path.read_bytes()) for path in sorted(SAMPLES.iterdir())]


def z_body(**changes: Any) -> SessionClosed:  # noqa: ANN401 - fields of SessionClosed
    """Return a Z of one cash sale over 8.93, with what a test says otherwise."""
    z = SessionClosed(
        session="01890000-0000-7000-8000-00000000005e", drawer="main", z_number=12, currency="EUR",
        business_day="2026-11-23", zone="Europe/Rome", language="it", layout=LayoutBody("z", 1, (), ()),
        seller=SELLER, opened_at="2026-11-23T07:30:00.000000Z", opening_cash=10000, sales=1, voids=0,
        totals=ZTotals(893, 0, 0, 0),
        tenders=(ZTender("cash", TenderKind.CASH, "EUR", {"it": "Contanti", "en": "Cash"}, 893, 1),),
        taxes=(ZTax("22", "22.00", Treatment.TAXED, None, None, 572, 126),),
        expected_cash=10893, counted_cash=10893, over_short=0, unknown_effects=(), left_out=(),
        first_chain="0f" * 16, first_seq=3, last_seq=40,
    )  # fmt: skip
    return read(SessionClosed, canonical_bytes({**z.as_body(), **changes}))
