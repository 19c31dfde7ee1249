"""What the services ask of devices. Drivers implement these; nothing above imports a driver.

Every method raises a :class:`commerce.errors.DeviceError` whose subclass says what the caller may do next.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

ONE_WAY = "printer.one_way"
"""Why an outcome is unknown for good and nobody need be asked about it: the printer's model cannot answer."""


class Availability(StrEnum):
    """Whether a device can be used now."""

    READY = "ready"
    ATTENTION = "attention"  # reachable but needs a person: paper near end, cover open
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class DeviceState:
    """A device as the page and the heartbeat show it. ``reason`` is a stable code, empty when ready.

    ``doubtful`` is how many codes a scanner read doubtfully, and threw away, since the till started.
    """

    name: str
    kind: str  # scanner, receipt_printer, cash_drawer, fiscal_register, card_reader
    availability: Availability
    reason: str = ""
    doubtful: int = 0


@dataclass(frozen=True, slots=True)
class Scan:
    """One code as a scanner sent it, in full (AIM prefix and GS kept). ``number`` counts up per device.

    A scan that could not be read for certain has no code but a ``doubt``, a stable word that says why.
    """

    device: str
    number: int
    code: str
    at: datetime
    doubt: str = ""


@runtime_checkable
class Scanner(Protocol):
    """Delivers scans in the order they were made, none lost, none merged."""

    name: str

    def scans(self) -> AsyncIterator[Scan]:
        """Yield scans until the device goes; then raise DeviceUnavailableError."""
        ...


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """What a receipt printer answered about itself."""

    online: bool
    cover_open: bool = False
    paper_near_end: bool = False
    paper_end: bool = False
    error: bool = False
    drawer_open: bool | None = None  # None: not known or not wired


@runtime_checkable
class ReceiptPrinter(Protocol):
    """Prints ready-made bytes."""

    name: str

    async def print_bytes(self, document: bytes) -> None:
        """Return once the printer has answered after the last byte.

        DeviceUnavailableError: nothing was sent. DeviceRefusedError: it said no before anything was sent (code
        ``printer.paper_out``, ``printer.cover_open``, ``printer.offline``, ``printer.error``). OutcomeUnknownError:
        bytes went out and no answer came; with the code ``ONE_WAY`` none could come, and all went as it should.
        """
        ...

    async def read_status(self) -> PrinterStatus:
        """Ask the printer how it is."""
        ...


@runtime_checkable
class CashDrawer(Protocol):
    """A drawer that can be told to open."""

    name: str

    async def open_drawer(self) -> None:
        """Send the opening pulse, not waiting for paper where the model can; same errors as print_bytes.

        DeviceRefusedError ``drawer.stuck``: its contact says that it stayed shut.
        """
        ...


@dataclass(frozen=True, slots=True)
class FiscalReference:
    """The number a fiscal register gave a document: device serial, closure (Z), document number, its date."""

    serial: str
    closure: int
    number: int
    issued_on: str  # ISO date by the register's own clock


@dataclass(frozen=True, slots=True)
class FiscalLine:
    """One row of a fiscal document; amounts in cents with VAT, VAT by its short receipt code."""

    description: str
    quantity: str
    line_total_cents: int
    vat_code: str
    vat_rate: str

    @property
    def vat(self) -> tuple[str, str]:
        """Return how it is taxed."""
        return self.vat_code, self.vat_rate

    def of(self, cents: int) -> "FiscalLine":
        """Return the row with another amount."""
        return replace(self, line_total_cents=cents)


@dataclass(frozen=True, slots=True)
class FiscalAdjustment:
    """What is added to the rows of one VAT code: a discount on the document is negative."""

    description: str
    amount_cents: int
    vat_code: str
    vat_rate: str

    @property
    def vat(self) -> tuple[str, str]:
        """Return how it is taxed."""
        return self.vat_code, self.vat_rate

    def of(self, cents: int) -> "FiscalAdjustment":
        """Return it with another amount."""
        return replace(self, amount_cents=cents)


@dataclass(frozen=True, slots=True)
class FiscalDocument:
    """What the register is asked to print and number. ``effect`` is our own id, for drivers that can carry it.

    Σ lines + Σ adjustments = total; Σ payments = total - deposits + rounding.
    """

    effect: str
    total_cents: int
    lines: tuple[FiscalLine, ...]
    payments: tuple[tuple[str, int], ...]  # (kind: cash | electronic | not_collected, cents)
    adjustments: tuple[FiscalAdjustment, ...] = ()
    deposits_cents: int = 0  # paid before, on documents of their own
    rounding_cents: int = 0  # of cash: below zero a discount on payment, above zero outside VAT
    language: str = "it"
    extras: dict[str, str] = field(default_factory=dict)  # lottery code, customer tax id, reference of a refund


@runtime_checkable
class FiscalRegister(Protocol):
    """The RT device. After any doubt its last document is read and compared with the one read before."""

    name: str

    async def read_last_document(self) -> FiscalReference | None:
        """Return the last document that was printed whole, or None if there is none yet."""
        ...

    async def issue_document(self, document: FiscalDocument) -> FiscalReference:
        """Print the document and return its reference; same errors as ReceiptPrinter.print_bytes."""
        ...


@dataclass(frozen=True, slots=True)
class CardRequest:
    """What a card reader is asked for. ``reference`` is what it called the payment that is to be given back."""

    attempt: str  # the reader keeps it, so that it can be asked about afterwards
    currency: str
    amount: int
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class CardReply:
    """What a card reader did. ``reason`` is a stable code where it declined; never a card number."""

    approved: bool
    reference: str | None = None
    reason: str = ""


@runtime_checkable
class CardReader(Protocol):
    """Takes cards. After any doubt it is asked about the attempt; a request is never repeated."""

    name: str

    @property
    def is_busy(self) -> bool:
        """Whether a request is under way."""
        ...

    async def check(self) -> None:
        """Return when the reader can be asked for something; DeviceError when it cannot."""
        ...

    async def pay(self, request: CardRequest) -> CardReply:
        """Take an amount; DeviceUnavailableError when nothing was sent, OutcomeUnknownError when no answer came."""
        ...

    async def reverse(self, request: CardRequest) -> CardReply:
        """Give a payment back; same errors."""
        ...

    async def find_outcome(self, request: CardRequest) -> CardReply | None:
        """Return what became of an attempt, None when the reader was never asked; DeviceError when it does not say."""
        ...
