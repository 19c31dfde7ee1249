"""A simulated till: real keys, real signed chains, real sale bodies, and what can go wrong with them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commerce.basket import Line, LineKind, apply, lines_added, price_line, sale_started, start, tender_added
from commerce.bodies.effect import EffectSettled, Outcome
from commerce.bodies.session import SessionClosed, SessionOpened, ZTotals
from commerce.documents import IntendedEffect, IssuedNumber, Layout, SaleContext, Seller, sale_body
from commerce.ids import new_chain, new_id
from commerce.ledger import (
    NO_HASH,
    ChainMode,
    Entry,
    Facts,
    Head,
    Kind,
    Origin,
    Signer,
    genesis_body,
    seal,
)
from commerce.tender import Tender, TenderKind
from commerce.vat import VatMode, VatRate
from commerce.wire import PushRequest, to_wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from commerce.wire import EnrolAnswer

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ITEM = "01900000-0000-7000-8000-0000000000aa"
SELLER = Seller("Prova s.r.l.", "IT01234567890", "IT", "Via Roma", ("Via Roma 1",), "Cassa 1")
CONTEXT = SaleContext(SELLER, Layout("receipt", 1, (), ()), "RECEIPT", 1, None, None, "Europe/Rome")


@dataclass
class FakeTill:
    """Writes entries; ``entries`` is its whole ledger. Re-opening or restoring is the test's business."""

    company: str
    shop: str
    till: str
    signer: Signer = field(default_factory=lambda: Signer(Ed25519PrivateKey.generate()))
    mode: ChainMode = ChainMode.LIVE
    token: str = ""
    chain: str = field(default_factory=new_chain)
    entries: list[Entry] = field(default_factory=list)
    number: int = 0
    session: str | None = None

    @classmethod
    def of(cls, answer: EnrolAnswer, signer: Signer) -> FakeTill:
        """The till that an enrolment's answer made, with its chain opened."""
        till = cls(answer.company.id, answer.shop.id, answer.till.id, signer, ChainMode(answer.till.mode), answer.token)
        till.open_chain()
        return till

    @property
    def head(self) -> Head:
        return Head(self.entries[-1].seq, self.entries[-1].hash) if self.entries else Head(0, NO_HASH)

    def open_chain(self, reason: str = "enrolled") -> Entry:
        """Write the genesis entry."""
        return self.write(Kind.CHAIN_OPENED, genesis_body(self.signer, self.mode, reason, None, Head(0, NO_HASH)))

    def write(self, kind: Kind, body: Mapping[str, object], **facts: Any) -> Entry:  # noqa: ANN401 - fields of Facts
        """Seal and keep one entry."""
        at = START + timedelta(seconds=len(self.entries))
        said = Facts(new_id(), kind, at, "+01:00", date(2026, 11, 23), till_session=self.session, operator="op-1")
        origin = Origin(self.company, self.shop, self.till, self.chain, "0.1.0")
        entry = seal(origin, self.head, dataclasses.replace(said, **facts), body, self.signer)
        self.entries.append(entry)
        return entry

    def sign_on(self, name: str = "Anna") -> Entry:
        """An operator takes the till."""
        return self.write(Kind.OPERATOR_SIGNED_ON, {"operator": "op-1", "name": name, "method": "pin"})

    def open_session(self) -> Entry:
        """A till session begins."""
        self.session = new_id()
        body = SessionOpened(self.session, "d-1", "EUR", 10000, "2026-11-23", "Europe/Rome")
        return self.write(Kind.SESSION_OPENED, body.as_body())

    def close_session(self) -> Entry:
        """The Z, with figures that only need to be there."""
        body = SessionClosed(
            session=self.session or "", drawer="d-1", z_number=1, currency="EUR", business_day="2026-11-23",
            zone="Europe/Rome", language="it", layout=Layout("z", 1, (), ()), seller=SELLER,
            opened_at="2026-11-23T09:00:00.000000Z", opening_cash=10000, sales=self.number, voids=0,
            totals=ZTotals(349 * self.number, 0, 0, 0), tenders=(), taxes=(), expected_cash=10000, counted_cash=9990,
            over_short=-10, unknown_effects=(), left_out=(), first_chain=self.chain, first_seq=1,
            last_seq=self.head.seq,
        )  # fmt: skip
        return self.write(Kind.SESSION_CLOSED, body.as_body())

    def sell(self, lines: int = 1, quantity: str = "1") -> Entry:
        """Write one cash sale."""
        return self.write(Kind.SALE_COMPLETED, self.sale(lines, quantity))

    def sale(self, lines: int = 1, quantity: str = "1") -> dict[str, Any]:
        """The body of a cash sale of so many lines."""
        self.number += 1
        body, _ = completed_sale(self.number, lines, Decimal(quantity))
        return body

    def settle(self, effect: str, outcome: str = "done") -> Entry:
        """Say what became of an effect."""
        body = EffectSettled(effect, "print", None, None, None, None, 1, Outcome(outcome), "", None, None)
        return self.write(Kind.EFFECT_SETTLED, body.as_body())

    def push(self, first: int = 1, last: int | None = None) -> PushRequest:
        """The push of a span of its ledger."""
        return self.push_of(self.entries[first - 1 : last])

    def push_of(self, entries: list[Entry]) -> PushRequest:
        """A push of any entries."""
        return PushRequest(till=self.till, chain=self.chain, entries=[to_wire(entry) for entry in entries])

    def restored_at(self, seq: int) -> FakeTill:
        """The same till from an older image: it writes other entries under the same identities."""
        return dataclasses.replace(self, entries=self.entries[:seq])


def completed_sale(number: int, lines: int, quantity: Decimal) -> tuple[dict[str, Any], int]:
    """Return a sale's body and its total."""
    rate = VatRate("22", Decimal("22.00"))
    event = sale_started(new_id(), "EUR", "it", "2026-11-23T09:00:00.000000Z", vat_mode=VatMode.GROSS, cash_step=None)
    basket = start(event)
    priced = [
        price_line(
            Line(new_id(), LineKind.ITEM, {"it": "Caffè", "en": "Coffee"}, quantity, "pc", Decimal("3.49"), rate, 0,
                 item=ITEM, sku="A1", code="8001234500017"),
            quantity,
            "EUR",
        )
        for _ in range(lines)
    ]  # fmt: skip
    basket = apply(basket, lines_added(priced))
    tender = Tender(new_id(), "cash", TenderKind.CASH, {"it": "Contanti"}, "EUR", basket.total)
    basket = apply(basket, tender_added(tender))
    issued = IssuedNumber(new_id(), "receipt", "s-1", "T1", "2026", number, f"T1/26/{number:06d}", date(2026, 11, 23))
    return sale_body(basket, issued, "CF1.code", CONTEXT, [IntendedEffect(new_id(), "print")]), basket.total


def tampered(entry: Entry, **changes: Any) -> Entry:  # noqa: ANN401 - fields of Entry
    """An entry with other bytes than were sealed."""
    return dataclasses.replace(entry, **changes)
