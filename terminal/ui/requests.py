"""What callers may send: one frozen model per act, nothing beyond its fields."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from commerce.money import MAX_CENTS, PRICE_SCALE, QUANTITY_SCALE, parse_decimal
from commerce.texts import LANGUAGES
from terminal.services import commands
from terminal.ui.tokens import Scope

LONGEST_SEARCH = 100
CommandId = Annotated[
    str,
    Field(
        pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
        examples=["019ab0c4-1f00-7000-8000-000000000001"],
    ),
]
Id = Annotated[str, Field(min_length=1, max_length=64, examples=["019ab0c4-1f00-7000-8000-000000000002"])]
Cents = Annotated[int, Field(ge=-MAX_CENTS, le=MAX_CENTS, strict=True, examples=[349])]
Counted = Annotated[int, Field(ge=0, le=MAX_CENTS, strict=True, examples=[10000])]
Code = Annotated[str, Field(min_length=1, max_length=512, examples=["8001234500017"])]
Pin = Annotated[str, Field(min_length=1, max_length=32, repr=False, examples=["2580"])]


def _quantity(text: str) -> str:
    parse_decimal(text, QUANTITY_SCALE)
    return text


def _price(text: str) -> str:
    parse_decimal(text, PRICE_SCALE)
    return text


def _language(text: str) -> str:
    if text not in LANGUAGES:
        raise ValueError("language")
    return text


def _searched(text: str) -> str:
    return text.strip()[:LONGEST_SEARCH]


DECIMAL_PATTERN = r"^-?[0-9]{1,9}(\.[0-9]{1,8})?$"
QuantityText = Annotated[str, Field(pattern=DECIMAL_PATTERN, examples=["2", "0.482"]), AfterValidator(_quantity)]
PriceText = Annotated[str, Field(pattern=DECIMAL_PATTERN, examples=["3.49"]), AfterValidator(_price)]
Language = Annotated[str, Field(examples=list(LANGUAGES)), AfterValidator(_language)]


class Body(BaseModel):
    """What every body has in common."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AskToken(Body):
    """What a token is for, and whose it is: any name that a program keeps to; a page has a cookie for that."""

    scope: Scope = Scope.KIOSK
    client: Annotated[str, Field(min_length=1, max_length=64)] | None = None


class SearchQuery(Body):
    """What to look for: words, the beginning of words, or a code; of a long text its beginning."""

    q: Annotated[str, AfterValidator(_searched), Field(examples=["pane cas", "8001234500017"])] = ""


class LiveQuery(Body):
    """A token: browsers cannot send a header with a socket."""

    token: str = ""


class Approval(Body):
    """Somebody who approves what the operator may not do alone, by PIN. It is checked and not kept."""

    operator: Id
    pin: Pin = Field(repr=False)

    def value(self) -> commands.OfferedApproval:
        """Return the approval as the register takes it."""
        return commands.OfferedApproval(self.operator, self.pin)


class Act(Body):
    """An act. A resend with the same ``command_id`` gets the first one's answer and has no further effect.

    ``approval`` is asked for by ``approval.needed``; it goes with the same ``command_id``.
    """

    command_id: CommandId
    approval: Approval | None = None


class AnySaleAct(Act):
    """An act on the sale that is on the screen; without ``sale`` on whichever is, or on a new one."""

    sale: Id | None = None


class SaleAct(Act):
    """An act on a sale that was on the screen; 409 ``sale.another`` when it no longer is."""

    sale: Id


class SignOn(Act):
    """Who signs on, by PIN."""

    operator: Id
    pin: Pin = Field(repr=False)


class OpenSession(Act):
    """The cash counted into the drawer."""

    opening_cash_cents: Counted


class CloseSession(Act):
    """The cash counted in the drawer; ``leave_out`` after 409 ``ledger.changed``: the Z names what does not hold."""

    counted_cash_cents: Counted
    leave_out: bool = False


class AddCode(AnySaleAct):
    """A code, typed or scanned, whole as it came."""

    code: Code
    quantity: QuantityText | None = None


class AddItem(AnySaleAct):
    """An item chosen from search or candidates."""

    item: Id
    quantity: QuantityText | None = None
    unit_price: PriceText | None = None


class ChangeQuantity(SaleAct):
    """A line's new quantity; negative is a return."""

    quantity: QuantityText


class VoidSale(SaleAct):
    """Why the sale is given up, if anyone says."""

    reason: str | None = Field(default=None, max_length=200)


class AddTender(SaleAct):
    """A means of settling; without ``amount_cents`` exactly what remains."""

    type: Id
    shown_due_cents: Cents
    amount_cents: Cents | None = None


class DecideTender(SaleAct):
    """What became of a payment, or of a reversal, that the card reader says nothing about: it took place, or not."""

    approved: bool


class CompleteSale(SaleAct):
    """A sale with nothing to pay."""

    shown_due_cents: Cents


class ImportedLine(Body):
    """A line of a receipt made elsewhere."""

    code: str = Field(max_length=512)
    description: str = Field(max_length=512)
    quantity: QuantityText
    total_cents: Cents
    vat_code: Id

    def value(self) -> commands.ImportedLine:
        """Return the line as the register takes it."""
        return commands.ImportedLine(
            self.code, self.description, Decimal(self.quantity), self.total_cents, self.vat_code
        )


class ImportLines(AnySaleAct):
    """All lines of a receipt made elsewhere."""

    lines: list[ImportedLine] = Field(min_length=1, max_length=5000)


class ChooseLanguage(AnySaleAct):
    """The language of the sale's document."""

    language: Language


class SetReplayClock(Act):
    """What the till's clock is to say."""

    at: AwareDatetime

    def moment(self) -> datetime:
        """Return the moment."""
        return self.at


def decimal_or_none(text: str | None) -> Decimal | None:
    """Return a decimal that was checked by its model."""
    return None if text is None else Decimal(text)
