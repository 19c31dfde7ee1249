"""What pages and devices may ask of the register: one frozen value per act.

A resend with the same ``command_id`` returns the stored result; the same id with other content is refused. A field
whose metadata say ``secret`` takes no part in that comparison and is never stored.

``sale`` names the sale that the act is meant for: ConflictError ``sale.another`` when another is current. None means
whichever is, or a new one: what a scanner wants, that knows no screen.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class OfferedApproval:
    """Somebody who approves what the operator may not do alone, by PIN."""

    operator: str
    pin: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Command:
    """The envelope: what every command has."""

    command_id: str
    sale: str | None = field(default=None, kw_only=True)
    approval: OfferedApproval | None = field(
        default=None, kw_only=True, repr=False, compare=False, metadata={"secret": True}
    )
    client: str = field(default="", kw_only=True, repr=False, compare=False, metadata={"secret": True})
    """Which browser or program sent it: whose wrong PINs are counted together."""


@dataclass(frozen=True, slots=True)
class SignOn(Command):
    """An operator signs on by PIN. ForbiddenError ``pin.wrong``; NotFoundError ``operator.unknown``."""

    operator: str
    pin: str = field(repr=False, metadata={"secret": True})


@dataclass(frozen=True, slots=True)
class SignOff(Command):
    """The operator leaves; RuleError ``sale.open`` while lines are on the sale."""


@dataclass(frozen=True, slots=True)
class OpenSession(Command):
    """Open a till session with the cash counted into the drawer. Result: ``session``."""

    opening_cash_cents: int


@dataclass(frozen=True, slots=True)
class CloseSession(Command):
    """Close the session with its Z. Result: ``z`` (the body of ``session_closed``) and ``print``.

    ConflictError ``ledger.changed`` when entries of it are not as they were signed; with ``leave_out`` the Z names them
    and sums the others, which takes the right ``unproven``.
    """

    counted_cash_cents: int
    leave_out: bool = False


@dataclass(frozen=True, slots=True)
class AddCode(Command):
    """Add what a scanned or typed code stands for.

    NotFoundError ``code.unknown``; ConflictError ``code.ambiguous`` with ``candidates``; RuleError ``price.missing``
    with ``item``. Each refusal also stands as a notice in the state. Result: ``sale``, ``line``.
    """

    code: str
    quantity: Decimal | None = None
    device: str | None = None  # the scanner's name; None when typed


@dataclass(frozen=True, slots=True)
class AddItem(Command):
    """Add an item chosen from search or candidates; ``unit_price`` where it has none. Result: ``sale``, ``line``."""

    item: str
    quantity: Decimal | None = None
    unit_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ChangeQuantity(Command):
    """Give a line another quantity (negative: a return)."""

    line: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class VoidLine(Command):
    """Take a line off the sale; the ledger keeps it."""

    line: str


@dataclass(frozen=True, slots=True)
class VoidSale(Command):
    """Give the sale up before it completes; the ledger keeps its lines. Tenders must be taken back first."""

    reason: str | None = None


@dataclass(frozen=True, slots=True)
class AddTender(Command):
    """Settle the sale, whole or in part; without an amount exactly what remains.

    ``shown_due_cents`` is the open amount the payer was shown. Result: ``sale``, ``tender`` and, when nothing remains,
    ``document`` (``id``, ``formatted``), ``change_cents`` and ``effects``.
    """

    sale: str
    type: str
    shown_due_cents: int
    amount_cents: int | None = None


@dataclass(frozen=True, slots=True)
class VoidTender(Command):
    """Take a tender back before the sale completes; what a card reader took it gives back. Result: ``attempt``."""

    tender: str


@dataclass(frozen=True, slots=True)
class RetryTender(Command):
    """Ask the card reader again for a tender that it declined. Result: ``attempt``."""

    tender: str


@dataclass(frozen=True, slots=True)
class DecideTender(Command):
    """Say what became of a payment, or of a reversal, whose outcome nobody knows: it took place, or it did not."""

    tender: str
    approved: bool


@dataclass(frozen=True, slots=True)
class CompleteSale(Command):
    """Complete a sale with nothing to pay. Result as ``AddTender``."""

    sale: str
    shown_due_cents: int


@dataclass(frozen=True, slots=True)
class NextSale(Command):
    """Leave the screen of the completed sale (the next scan does it as well)."""


@dataclass(frozen=True, slots=True)
class ChooseLanguage(Command):
    """Choose the language of the sale's document."""

    language: str


@dataclass(frozen=True, slots=True)
class DismissNotice(Command):
    """Take a notice off the screen."""

    notice: int


@dataclass(frozen=True, slots=True)
class PrintAgain(Command):
    """Print a document again: REPRINT where the last outcome is not certain, COPY where it is. Result: ``print``."""

    print: str


@dataclass(frozen=True, slots=True)
class DismissPrint(Command):
    """Stop offering a print that failed or whose outcome is unknown; the Z lists it all the same."""

    print: str


@dataclass(frozen=True, slots=True)
class ConfirmClock(Command):
    """A person confirms the clock as it stands now, after a jump."""


@dataclass(frozen=True, slots=True)
class ImportedLine:
    """A line of a receipt made elsewhere: its amount stands as it came."""

    code: str
    description: str
    quantity: Decimal
    total_cents: int
    vat_code: str


@dataclass(frozen=True, slots=True)
class ImportLines(Command):
    """Add the lines of a receipt made elsewhere, in one write. Replay chains only (RuleError ``replay.only``)."""

    lines: tuple[ImportedLine, ...]


@dataclass(frozen=True, slots=True)
class SetReplayClock(Command):
    """Set the till's clock. Replay chains only."""

    at: datetime
