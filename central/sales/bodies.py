"""The bodies of entries as sales read them: an edge, because what a till wrote years ago is read here too.

Fields that nobody here needs are left out; fields of later versions are ignored.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypedDict  # pydantic asks for it before Python 3.12

from commerce.bounds import Cents, DayText, Identity, LongText, Moment, ShortText, Whole

Quantity = Annotated[str, Field(pattern=r"^-?[0-9]{1,6}\.[0-9]{6}$")]  # below commerce.money.MAX_LINE_QUANTITY
Scaled8 = Annotated[str, Field(pattern=r"^-?[0-9]{1,10}\.[0-9]{8}$")]
Scaled2 = Annotated[str, Field(pattern=r"^-?[0-9]{1,10}\.[0-9]{2}$")]
UtcOffset = Annotated[str, Field(pattern=r"^[+-][0-9]{2}:[0-9]{2}$")]
Names = Annotated[dict[ShortText, LongText], Field(max_length=32)]
Reference = Annotated[dict[ShortText, LongText | Whole | bool | None], Field(max_length=64)]
MOST_LINES = 20_000
MOST_PARTS = 1_000


class Header(TypedDict):
    """What every projection needs of a header."""

    company: Identity
    shop: Identity
    at: Moment
    utc_offset: UtcOffset
    business_day: DayText
    till_session: Identity | None
    operator: Identity | None


class Document(TypedDict):
    """``documents.IssuedNumber``."""

    id: Identity
    kind: ShortText
    series_code: ShortText
    period: ShortText
    number: Whole
    formatted: ShortText
    date: DayText


class Vat(TypedDict):
    """A line's VAT."""

    code: ShortText
    rate: Scaled2


class Line(TypedDict):
    """``basket.Line``."""

    id: Identity
    kind: ShortText
    movement: Literal["sale", "return"]
    item: Identity | None
    sku: LongText | None
    code: LongText | None
    names: Names
    quantity: Quantity
    unit: ShortText
    unit_price: Scaled8
    total: Cents
    total_origin: ShortText
    price_origin: ShortText
    vat: Vat


class Tender(TypedDict):
    """``tender.Tender``."""

    id: Identity
    type: ShortText
    kind: ShortText
    names: Names
    currency: ShortText
    amount: Cents
    value: Cents


class Tax(TypedDict):
    """``vat.TaxRow``."""

    code: ShortText
    rate: Scaled2
    treatment: ShortText
    natura: ShortText | None
    taxable: Cents
    tax: Cents


class Settlement(TypedDict):
    """``tender.Settlement``."""

    total: Cents
    deposits: Whole
    due: Cents
    rounding: Cents
    excess: Cents
    tendered: Whole
    change: Whole


class Effect(TypedDict):
    """``documents.IntendedEffect``."""

    id: Identity
    kind: ShortText


class Sale(TypedDict):
    """``documents.sale_body``."""

    sale: Identity
    pos_type: ShortText
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    language: ShortText
    vat_mode: Literal["gross", "net"]
    document: Document
    lines: Annotated[list[Line], Field(max_length=MOST_LINES)]
    tenders: Annotated[list[Tender], Field(max_length=MOST_PARTS)]
    taxes: Annotated[list[Tax], Field(max_length=MOST_PARTS)]
    settlement: Settlement
    effects: Annotated[list[Effect], Field(max_length=MOST_PARTS)]


class EffectIntended(TypedDict):
    """An effect outside a sale: a reprint."""

    effect: Identity
    kind: ShortText
    of: Identity


class EffectSettled(TypedDict):
    """What became of an effect."""

    effect: Identity
    kind: ShortText
    outcome: ShortText
    reason: ShortText | None
    reference: Reference | None


class SessionOpened(TypedDict):
    """A till session begins."""

    session: Identity
    drawer: Identity | None
    currency: ShortText
    opening_cash: Cents


class Totals(TypedDict):
    """The Z's sums."""

    total: Whole


@with_config(ConfigDict(extra="allow"))
class SessionClosed(TypedDict):
    """The Z."""

    session: Identity
    z_number: Whole
    sales: Whole
    totals: Totals
    expected_cash: Whole
    counted_cash: Whole
    over_short: Whole


class OperatorSignedOn(TypedDict):
    """Somebody took the till."""

    operator: Identity
    name: ShortText


HEADER = TypeAdapter(Header)
SALE = TypeAdapter(Sale)
EFFECT_INTENDED = TypeAdapter(EffectIntended)
EFFECT_SETTLED = TypeAdapter(EffectSettled)
SESSION_OPENED = TypeAdapter(SessionOpened)
SESSION_CLOSED = TypeAdapter(SessionClosed)
OPERATOR_SIGNED_ON = TypeAdapter(OperatorSignedOn)
