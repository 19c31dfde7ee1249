"""The shapes that the till's server answers with. TypedDicts: made fast, and the OpenAPI document is read off them."""

from typing import Annotated, Literal, TypeAlias

from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from commerce.apis.operations import Described, Json
from commerce.bodies.sale import EffectBody, SaleCompleted
from commerce.bodies.session import SessionClosed
from commerce.texts.formats import MoneyFormat


class LanguageView(TypedDict):
    """A language that pages can be shown in, named in itself."""

    code: str
    name: str


class TillView(TypedDict):
    """Who this till is."""

    name: str
    code: str
    shop: str


class ClockView(TypedDict):
    """The time as the till has it; ``question`` is set while a person has to look at it."""

    time: str
    day: str
    question: str | None


class PersonView(TypedDict):
    """An operator."""

    id: str
    name: str


class OperatorView(PersonView):
    """Somebody who may sell here, with the rights that they have, to approve with as well."""

    rights: list[str]


class SessionView(TypedDict):
    """The open till session."""

    id: str
    business_day: str
    opened: str
    opening_cash: str


class FlagView(TypedDict):
    """Something that sets a line apart: ``return``, ``price_typed``, ``label``, ``import``."""

    code: str
    text: str


class LineView(TypedDict):
    """A line of the open sale."""

    id: str
    position: int
    description: str
    quantity: str
    unit: str
    unit_price: str
    total: str
    total_cents: int
    flags: list[FlagView]
    newest: bool
    can_change_quantity: bool


class TaxView(TypedDict):
    """A row of the tax breakdown."""

    label: str
    taxable: str
    tax: str


class TenderView(TypedDict):
    """What was given so far."""

    id: str
    name: str
    amount: str


CardStep: TypeAlias = Literal["waiting", "asking", "declined", "unknown", "giving_back", "giving_back_unknown"]


class SureView(TypedDict):
    """What a person is asked before something that is not done lightly."""

    title: str
    why: str
    yes: str


class TenderActionView(TypedDict):
    """What a person can do about a tender; ``confirm`` and ``deny`` are a decision, ``sure`` is asked before."""

    name: Literal["void", "retry", "confirm", "deny"]
    text: str
    sure: SureView | None


class CardView(TypedDict):
    """What a card reader does for a tender, in words: as long as it is there the page waits for that tender alone."""

    step: CardStep
    title: str
    text: str
    hint: str


class OpenTenderView(TenderView):
    """A tender of the open sale: where its money is, in words while that is not certain, and what can be done."""

    state: Literal["pending", "approved", "unknown"]
    text: str
    actions: list[TenderActionView]
    card: CardView | None


class QuickCashView(TypedDict):
    """An amount of cash that a customer is likely to hand over; ``exact`` is what remains."""

    label: str
    amount_cents: int
    exact: bool


class SaleView(TypedDict):
    """The open sale.

    ``given`` is what is there; ``remaining`` is what no tender stands for yet, ``outstanding`` what is not there yet:
    they differ while a card reader is asked.
    """

    id: str
    language: str
    lines: list[LineView]
    item_count: int
    items_text: str
    total: str
    total_cents: int
    due: str
    due_cents: int
    remaining: str
    remaining_cents: int
    given: str
    given_cents: int
    outstanding: str
    outstanding_cents: int
    rounding: str | None
    taxes: list[TaxView]
    tenders: list[OpenTenderView]
    quick_cash: list[QuickCashView]
    can_pay: bool


class DoneView(TypedDict):
    """The sale just completed."""

    sale: str
    document: str
    formatted: str
    total: str
    tendered: str
    change: str
    change_cents: int
    print: str | None


class TenderTypeView(TypedDict):
    """A means of settling that the shop offers; ``by_reader`` when a card reader takes the money."""

    code: str
    kind: str
    name: str
    by_reader: bool


class DeviceView(TypedDict):
    """A device and how it is, in words."""

    name: str
    kind: str
    label: str
    availability: Literal["ready", "attention", "gone"]
    text: str


class NetworkView(TypedDict):
    """How the till stands with central."""

    state: Literal["online", "offline", "never"]
    unsent: int
    text: str
    unsent_text: str
    since: str | None


class ActionView(TypedDict):
    """Something a person can do about a print: ``again`` or ``dismiss``."""

    name: Literal["again", "dismiss"]
    text: str


class PrintView(TypedDict):
    """A print; ``needs_person`` when it did not come out for certain."""

    id: str
    of: str
    title: str
    state: str
    text: str
    needs_person: bool
    actions: list[ActionView]


class ItemView(TypedDict):
    """An item that a search found; ``price`` is None where it is asked for."""

    id: str
    sku: str
    name: str
    unit: str
    price: str | None


class NoticeView(TypedDict):
    """Something to look at: a code that found nothing, an item without price, several items with one code."""

    id: int
    code: str
    kind: Literal["alarm", "price", "candidates"]
    text: str
    of_scan: bool
    scanned: str | None
    item: str | None
    candidates: list[ItemView]


class ZRowView(TypedDict):
    """A row of a Z: its words and its amount."""

    label: str
    amount: str


class ZView(TypedDict):
    """The newest Z of this run."""

    title: str
    business_day: str
    summary: list[ZRowView]
    tenders: list[ZRowView]
    taxes: list[TaxView]
    expected: str
    counted: str
    over_short: str
    over_short_cents: int
    verdict: str


class View(TypedDict):
    """Everything the kiosk page draws, in one language."""

    revision: int
    language: str
    languages: list[LanguageView]
    texts_version: str
    mode: str
    mode_text: str
    screen: Literal["sign_on", "session", "selling", "paying", "done"]
    till: TillView
    money: MoneyFormat
    clock: ClockView
    operator: PersonView | None
    operators: list[OperatorView]
    session: SessionView | None
    sale: SaleView | None
    done: DoneView | None
    tender_types: list[TenderTypeView]
    devices: list[DeviceView]
    network: NetworkView
    prints: list[PrintView]
    notices: list[NoticeView]
    last_z: ZView | None


class ReceiptLineView(TypedDict):
    """A line of a receipt."""

    description: str
    quantity: str
    unit_price: str
    total: str
    total_cents: int


class ReceiptView(TypedDict):
    """A receipt; ``body`` is what the ledger has, ``print`` the id to print it again with."""

    document: str
    formatted: str
    moment: str
    total: str
    total_cents: int
    change: str
    lines: list[ReceiptLineView]
    taxes: list[TaxView]
    tenders: list[TenderView]
    print: str | None
    body: Annotated[Json, Described(SaleCompleted)]


class SearchAnswer(TypedDict):
    """What a search found, best first."""

    items: list[ItemView]


class TypingView(TypedDict):
    """How the page tells a scan from typing: it need not, by a key before it, or by rhythm."""

    scans_by: Literal["device", "prefix", "rhythm"]
    prefix: str
    rhythm_ms: int
    least: int


class TextsAnswer(TypedDict):
    """The page's own words by name, and how it takes keys."""

    language: str
    texts_version: str
    texts: dict[str, str]
    typing: TypingView


class TokenAnswer(TypedDict):
    """A token for ``X-Till-Token``, and what it is good for."""

    token: str
    scope: Literal["kiosk", "customer_display", "support"]


class HealthAnswer(TypedDict):
    """A sign of life."""

    status: Literal["ok"]
    version: str
    revision: int


class IssuedView(TypedDict):
    """The document that a sale became."""

    id: str
    formatted: str
    date: str


class ActAnswer(TypedDict, total=False):
    """What an act led to; beside ``revision`` and ``repeated`` only what belongs to the act."""

    revision: int
    repeated: bool
    session: str
    sale: str
    line: str
    lines: list[str]
    tender: str
    attempt: str
    document: IssuedView
    change_cents: int
    effects: list[Annotated[Json, Described(EffectBody)]]
    z: Annotated[Json, Described(SessionClosed)]
    print: str
