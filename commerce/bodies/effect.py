"""Bodies of what happens outside the ledger: intended before it is tried, settled when its outcome is known."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from commerce.bodies.form import Body, Cents, Count, Currency, DayText, Id, Part, Reason, Text, Word
from commerce.kinds import Kind


class Outcome(StrEnum):
    """What became of an effect; ``not_done`` is one that nobody was asked for in the end."""

    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_DONE = "not_done"


class Marker(StrEnum):
    """What a further paper says on it: a copy of one that came out, a reprint of one that may have."""

    NONE = ""
    REPRINT = "REPRINT"
    COPY = "COPY"


@dataclass(frozen=True, slots=True)
class FiscalReference(Part):
    """The number that a fiscal register gave a document, by its own clock."""

    serial: Id
    closure: Count
    number: Count
    issued_on: DayText


@dataclass(frozen=True, slots=True)
class Baseline(Part):
    """What a fiscal register said its last document was; null where it had none."""

    last: FiscalReference | None


@dataclass(frozen=True, slots=True)
class CardBody(Part):
    """What a card reader is asked for, and which of the sale's tenders that is. ``amount`` in the tender's currency."""

    tender: Id
    type: Id
    currency: Currency
    amount: Cents


@dataclass(frozen=True, slots=True)
class EffectIntended(Body):
    """An effect that no document's entry brings along (a reprint, a Z, a card), or what a device said before the act.

    It names what it is about: the sale with its document, the till session of a Z, or the money asked of a card.
    """

    KIND: ClassVar[Kind] = Kind.EFFECT_INTENDED
    effect: Id
    kind: Word
    sale: Id | None
    document: Id | None
    session: Id | None
    device: Id | None
    attempt: Count
    marker: Marker
    baseline: Baseline | None
    card: CardBody | None


@dataclass(frozen=True, slots=True)
class EffectSettled(Body):
    """What became of an effect, on which device."""

    KIND: ClassVar[Kind] = Kind.EFFECT_SETTLED
    effect: Id
    kind: Word
    sale: Id | None
    document: Id | None
    session: Id | None
    device: Id | None
    attempt: Count
    outcome: Outcome
    reason: Reason
    reference: FiscalReference | None
    card_reference: Text | None  # what the reader calls the payment; never a card number
