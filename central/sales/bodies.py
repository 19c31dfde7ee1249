"""The bodies of entries as sales read them: an edge, because what a till wrote years ago is read here too.

Fields that nobody here needs are left out; fields of later versions are ignored.
"""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypedDict  # pydantic asks for it before Python 3.12

Whole = Annotated[int, Field(strict=True, gt=-(2**53), lt=2**53)]
Scaled6 = Annotated[str, Field(pattern=r"^-?\d{1,12}\.\d{6}$")]
Scaled8 = Annotated[str, Field(pattern=r"^-?\d{1,10}\.\d{8}$")]
Scaled2 = Annotated[str, Field(pattern=r"^-?\d{1,10}\.\d{2}$")]
DayText = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
UtcText = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$")]
Names = dict[str, str]


class Header(TypedDict):
    """What every projection needs of a header."""

    company: str
    shop: str
    at: UtcText
    utc_offset: str
    business_day: DayText
    till_session: str | None
    operator: str | None


class Document(TypedDict):
    """``documents.IssuedNumber``."""

    id: str
    kind: str
    series_code: str
    period: str
    number: Whole
    formatted: str
    date: DayText


class Vat(TypedDict):
    """A line's VAT."""

    code: str
    rate: Scaled2


class Line(TypedDict):
    """``basket.Line``."""

    id: str
    kind: str
    movement: Literal["sale", "return"]
    item: str | None
    sku: str | None
    code: str | None
    names: Names
    quantity: Scaled6
    unit: str
    unit_price: Scaled8
    total: Whole
    total_origin: str
    price_origin: str
    vat: Vat


class Tender(TypedDict):
    """``tender.Tender``."""

    id: str
    type: str
    kind: str
    names: Names
    currency: str
    amount: Whole
    value: Whole


class Tax(TypedDict):
    """``vat.TaxRow``."""

    code: str
    rate: Scaled2
    treatment: str
    natura: str | None
    taxable: Whole
    tax: Whole


class Settlement(TypedDict):
    """``tender.Settlement``."""

    total: Whole
    deposits: Whole
    due: Whole
    rounding: Whole
    excess: Whole
    tendered: Whole
    change: Whole


class Effect(TypedDict):
    """``documents.IntendedEffect``."""

    id: str
    kind: str


class Sale(TypedDict):
    """``documents.sale_body``."""

    sale: str
    pos_type: str
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    language: str
    vat_mode: Literal["gross", "net"]
    document: Document
    lines: list[Line]
    tenders: list[Tender]
    taxes: list[Tax]
    settlement: Settlement
    effects: list[Effect]


class EffectIntended(TypedDict):
    """An effect outside a sale: a reprint."""

    effect: str
    kind: str
    of: str


class EffectSettled(TypedDict):
    """What became of an effect."""

    effect: str
    kind: str
    outcome: str
    reason: str | None
    reference: dict[str, Any] | None


class SessionOpened(TypedDict):
    """A till session begins."""

    session: str
    drawer: str | None
    currency: str
    opening_cash: Whole


class Totals(TypedDict):
    """The Z's sums."""

    total: Whole


@with_config(ConfigDict(extra="allow"))
class SessionClosed(TypedDict):
    """The Z."""

    session: str
    z_number: Whole
    sales: Whole
    totals: Totals
    expected_cash: Whole
    counted_cash: Whole
    over_short: Whole


class OperatorSignedOn(TypedDict):
    """Somebody took the till."""

    operator: str
    name: str


HEADER = TypeAdapter(Header)
SALE = TypeAdapter(Sale)
EFFECT_INTENDED = TypeAdapter(EffectIntended)
EFFECT_SETTLED = TypeAdapter(EffectSettled)
SESSION_OPENED = TypeAdapter(SessionOpened)
SESSION_CLOSED = TypeAdapter(SessionClosed)
OPERATOR_SIGNED_ON = TypeAdapter(OperatorSignedOn)
