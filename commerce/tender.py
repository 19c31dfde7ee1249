"""What is due and how it is settled: always Σ tenders − change = amount due + rounding + excess."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson

from commerce.bodies.form import read
from commerce.bodies.paid import AttemptBody, TenderBody
from commerce.errors import RuleError
from commerce.kinds import TenderKind, TenderState
from commerce.money import EXCHANGE_SCALE, convert_cents, fixed, round_to_step

__all__ = ["Settlement", "Tender", "TenderKind", "TenderState", "cash_due", "read_tender", "settle"]


@dataclass(frozen=True, slots=True)
class Tender:
    """One means of settling a sale. ``amount`` is in the tender's own currency, ``value`` in the document's."""

    id: str
    type: str  # code of the shop's tender type
    kind: TenderKind
    names: dict[str, str]
    currency: str
    amount: int
    rate: Decimal = Decimal(1)
    reference: str | None = None  # what a card reader or a voucher gave; never a card number
    state: TenderState = TenderState.APPROVED
    attempts: tuple[AttemptBody, ...] = ()

    @property
    def value(self) -> int:
        """Return the amount in the document's currency."""
        return self.amount if self.rate == 1 else convert_cents(self.amount, self.rate)

    def as_body(self) -> dict[str, object]:
        """Return the tender as entries store it."""
        return {
            "id": self.id,
            "type": self.type,
            "kind": self.kind.value,
            "names": self.names,
            "currency": self.currency,
            "amount": self.amount,
            "rate": _rate_text(self.rate),
            "value": self.value,
            "reference": self.reference,
            "state": self.state.value,
            "attempts": [attempt.as_body() for attempt in self.attempts],
        }


@dataclass(frozen=True, slots=True)
class Settlement:
    """The separate signed amounts of a sale's settling, in the document's minor units."""

    total: int
    deposits: int  # paid before, taken off what is due
    due: int
    rounding: int
    excess: int
    tendered: int
    change: int

    @property
    def remaining(self) -> int:
        """Return what is still to be given (negative: to be paid out), 0 when settled."""
        open_amount = self.due + self.rounding - self.tendered
        if self.due >= 0:
            return max(open_amount, 0)
        return min(open_amount, 0)

    @property
    def is_settled(self) -> bool:
        """Return whether nothing remains."""
        return self.remaining == 0

    def as_body(self) -> dict[str, int]:
        """Return the amounts as entries store them."""
        return {
            "total": self.total,
            "deposits": self.deposits,
            "due": self.due,
            "rounding": self.rounding,
            "excess": self.excess,
            "tendered": self.tendered,
            "change": self.change,
        }


def settle(
    total_cents: int, tenders: Sequence[Tender], *, cash_step: int | None = None, deposits_cents: int = 0
) -> Settlement:
    """Work out due, rounding, excess and change for the tenders given so far.

    Cash rounding (DL 50/2017 art. 13-quater) applies when a step is set and every tender is cash. Change comes from
    cash only; a card above what is due is refused (``tender.more_than_due``); a voucher's surplus is excess. A
    negative due is settled by negative tenders and never gives change.
    """
    due = total_cents - deposits_cents
    rounding = _cash_rounding(due, tenders, cash_step)
    tendered = sum(tender.value for tender in tenders)
    over = tendered - due - rounding
    if due < 0:
        if any(tender.amount > 0 for tender in tenders) or over < 0:
            raise RuleError("tender.more_than_due", over=abs(over))
        return Settlement(total_cents, deposits_cents, due, rounding, 0, tendered, 0)
    if any(tender.amount < 0 for tender in tenders):
        raise RuleError("tender.negative")
    change, excess = _over(over, tenders) if over > 0 else (0, 0)
    return Settlement(total_cents, deposits_cents, due, rounding, excess, tendered, change)


def read_tender(body: Mapping[str, Any]) -> Tender:
    """Read ``Tender.as_body``; BadInputError ``body.unreadable``."""
    stored = read(TenderBody, orjson.dumps(body))
    return Tender(
        id=stored.id,
        type=stored.type,
        kind=stored.kind,
        names=stored.names,
        currency=stored.currency,
        amount=stored.amount,
        rate=Decimal(stored.rate),
        reference=stored.reference,
        state=stored.state,
        attempts=stored.attempts,
    )


@lru_cache(64)  # of few currencies
def _rate_text(rate: Decimal) -> str:
    return fixed(rate, EXCHANGE_SCALE)


def cash_due(due_cents: int, cash_step: int | None) -> int:
    """Return what is due when all of it is paid in cash."""
    return due_cents if not cash_step else round_to_step(due_cents, cash_step)


def _cash_rounding(due: int, tenders: Sequence[Tender], cash_step: int | None) -> int:
    if not cash_step or not tenders or any(tender.kind is not TenderKind.CASH for tender in tenders):
        return 0
    return round_to_step(due, cash_step) - due


def _over(over: int, tenders: Sequence[Tender]) -> tuple[int, int]:
    """Split what was given too much into change (from cash) and voucher excess."""
    cash = sum(t.value for t in tenders if t.kind is TenderKind.CASH)
    vouchers = sum(t.value for t in tenders if t.kind is TenderKind.VOUCHER)
    change = min(over, cash)
    excess = over - change
    if excess > vouchers:
        raise RuleError("tender.more_than_due", over=excess - vouchers)
    return change, excess
