"""Bodies about the chain itself: its opening, its checkpoints, its clock and the settings that hold from here on."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Literal

from commerce.bodies.form import Body, Count, DayText, Digest, HalfDigest, Id, Part, Rows, Text, UtcText, Whole, Word
from commerce.kinds import ChainMode, Kind


class OpeningReason(StrEnum):
    """Why a chain was opened."""

    ENROLLED = "enrolled"  # the till's first, or one for another mode
    KEY_ROTATED = "key_rotated"
    RESTORED = "restored"  # the ledger came back older than it was, or without the chain that is named
    FORKED = "forked"  # central holds other entries under the same identities


@dataclass(frozen=True, slots=True)
class ChainOpened(Body):
    """The genesis entry. The chain before is named with the newest head that anybody is known to have held.

    ``previous_source`` says who knows that head: ``ledger`` (it stands in this file), ``head_file`` (central's signed
    statement beside the ledger) or ``central`` (its word at contact); null where there was no chain before.
    """

    KIND: ClassVar[Kind] = Kind.CHAIN_OPENED
    public_key: Digest
    key_id: HalfDigest
    mode: ChainMode
    reason: OpeningReason
    previous_chain: HalfDigest | None
    previous_seq: Count
    previous_head: Digest
    previous_source: Literal["ledger", "head_file", "central"] | None


@dataclass(frozen=True, slots=True)
class KeyRotated(Body):
    """Within one chain: entries after this one are signed by the key that it brings."""

    KIND: ClassVar[Kind] = Kind.KEY_ROTATED
    public_key: Digest
    key_id: HalfDigest


@dataclass(frozen=True, slots=True)
class Counter(Part):
    """How far a series of numbers came in a period."""

    series: Id
    period: Text
    last_number: Count


@dataclass(frozen=True, slots=True)
class GrandTotals(Part):
    """What all sales of a chain add up to."""

    sales: Count
    gross_total: Whole


@dataclass(frozen=True, slots=True)
class Checkpoint(Body):
    """Where the chain stood: start and ``verify`` may work from here. ``head_*`` is the entry right before."""

    KIND: ClassVar[Kind] = Kind.CHECKPOINT
    session: Id | None
    reason: Word
    counters: Rows[Counter]
    totals: GrandTotals
    head_seq: Count
    head_hash: Digest


@dataclass(frozen=True, slots=True)
class ClockCorrected(Body):
    """Somebody took the clock as it stands. Where time went back, numbers go on in the series of ``sub_series``.

    Where the open session had a business day that cannot be, its entries and its Z are of ``business_day`` from then.
    """

    KIND: ClassVar[Kind] = Kind.CLOCK_CORRECTED
    old: UtcText
    new: UtcText
    by: Id | None
    sub_series: Count | None
    business_day: DayText | None


@dataclass(frozen=True, slots=True)
class SettingApplied(Body):
    """A registry row that is used from here on: which one, and the digest of its canonical bytes."""

    KIND: ClassVar[Kind] = Kind.SETTING_APPLIED
    kind: Word
    id: Id
    version: Count
    digest: Digest
