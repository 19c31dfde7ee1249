"""What a till noticed that head office must see: somebody guesses PINs, or had hands on its files."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from commerce.bodies.form import Body, Count, Text
from commerce.kinds import Kind


class AlarmCode(StrEnum):
    """What was noticed."""

    PIN_GUESSED = "pin_guessed"  # subject: the operator; count: wrong PINs in a row
    LEDGER_CHANGED = "ledger_changed"  # subject: chain/seq, or sale/id of an open one; detail: why
    NUMBERS_MISSING = "numbers_missing"  # subject: the series; count: how many; detail: after which number
    REGISTRY_CHANGED = "registry_changed"  # subject: kind/id of a row that is not as central sent it


@dataclass(frozen=True, slots=True)
class AlarmRaised(Body):
    """An alarm; it is counted again only when it has grown."""

    KIND: ClassVar[Kind] = Kind.ALARM_RAISED
    code: AlarmCode
    subject: Text
    count: Count
    detail: Text
