"""The operating set: who sells what under which rules. Without it nobody can sell, so it lives in ``ledger.db``."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from commerce.barcode import EmbeddedRule
from commerce.bodies.form import Count, Currency, Id, Language, Names, Text, Texts
from commerce.dates import DEFAULT_CUT_OFF, parse_utc
from commerce.documents import Layout
from commerce.errors import BadInputError
from commerce.money import RATE_SCALE, parse_decimal
from commerce.numbering import Period, check_formula
from commerce.tender import TenderKind
from commerce.vat import Treatment, VatCode, VatMode
from terminal.db.registry import KeptRow, RowAside

NONSENSE = (BadInputError, KeyError, ValueError, TypeError, ArithmeticError, AttributeError)
"""What reading a row that makes no sense may raise."""
_MOST_FORMULA = 64  # the longest number that one this long makes is still a text of the ledger
_RATE_LIMIT = 1_000  # percent, as bodies write it
_LEAST_SALT_BYTES = 8
_MOST_PIN_COST = 1 << 20  # in KiB a gigabyte: more would take the till down with the first PIN


@dataclass(frozen=True, slots=True)
class Company:
    """The company that sells."""

    id: str
    name: str
    tax_id: str
    country: str
    currency: str


@dataclass(frozen=True, slots=True)
class Shop:
    """The shop; the first language is the default."""

    id: str
    name: str
    zone: ZoneInfo
    languages: tuple[str, ...]
    address: tuple[str, ...] = ()
    cut_off: time = DEFAULT_CUT_OFF


@dataclass(frozen=True, slots=True)
class TillSettings:
    """The shop's rules for its tills; ``version`` 0 stands before the first pull."""

    version: int = 0
    pos_type: str = "RECEIPT"
    vat_mode: VatMode = VatMode.GROSS
    cash_step: int | None = None
    warehouse: str | None = None
    drawer: str = "main"
    layout: Layout = field(default_factory=lambda: Layout("standard", 0, (), ()))
    embedded_rules: tuple[EmbeddedRule, ...] = ()
    fiscal_required: bool = False
    series_formula: str = "{series}/{yy}/{number:6}"
    series_period: Period = Period.YEARLY


@dataclass(frozen=True, slots=True)
class TenderType:
    """A means of settling that the shop offers."""

    code: str
    kind: TenderKind
    names: dict[str, str]
    opens_drawer: bool
    position: int
    reader: str | None = None  # the card reader that takes the money; None where the operator's word is enough


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is done: a discount, a void or a return (``use``)."""

    code: str
    names: dict[str, str]
    use: str
    asks_note: bool = False


@dataclass(frozen=True, slots=True)
class PinVerifier:
    """What a PIN is checked against; made for this till alone."""

    salt: bytes
    verifier: bytes
    time_cost: int
    memory_kib: int
    parallelism: int


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who may sell here."""

    id: str
    name: str
    pin: PinVerifier = field(repr=False)
    rights: frozenset[str] = frozenset()
    active: bool = True


@dataclass(frozen=True, slots=True)
class OperatingSet:
    """Everything pulled from central that selling needs, as it is now."""

    company: Company
    shop: Shop
    settings: TillSettings = field(default_factory=TillSettings)
    vat_codes: Mapping[str, VatCode] = field(default_factory=dict)
    default_vat: str | None = None
    tender_types: tuple[TenderType, ...] = ()
    operators: Mapping[str, Operator] = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()
    rows_aside: tuple[RowAside, ...] = ()
    rows: Mapping[tuple[str, str], KeptRow] = field(default_factory=dict, compare=False, repr=False)
    """What all this was read from: the disk is not asked again while the till runs."""
    changed: tuple[str, ...] = ()
    """Rows on the disk that are not as central sent them (kind/id); until the whole set came anew."""

    @property
    def as_of(self) -> datetime | None:
        """Return since when something that head office changed is not used here, None when all of it is."""
        return parse_utc(self.rows_aside[0].at) if self.rows_aside else None

    def find_active(self, operator: str | None) -> Operator | None:
        """Return an operator who may sell."""
        found = self.operators.get(operator or "")
        return found if found is not None and found.active else None


def read_company(row: Mapping[str, Any]) -> Company:
    """Read a ``wire.CompanyCard``."""
    return Company(
        id=_as(_ID, row["id"]),
        name=_text(row["name"]),
        tax_id=_text(row["tax_id"]),
        country=_as(_ID, row["country"]),
        currency=_as(_CURRENCY, row["currency"]),
    )


def read_shop(row: Mapping[str, Any]) -> Shop:
    """Read a ``wire.ShopCard``."""
    if not row["languages"] or not isinstance(row["languages"], list | tuple):
        raise BadInputError("registry.row")
    return Shop(
        _as(_ID, row["id"]),
        _text(row["name"]),
        ZoneInfo(_as(_ID, row["zone"])),
        tuple(_as(_LANGUAGE, language) for language in row["languages"]),
        _texts(row.get("address", ())),
        time.fromisoformat(row.get("cut_off") or "04:00"),
    )


def read_operating_set(
    company: Company, shop: Shop, rows: Iterable[tuple[str, str, int, Mapping[str, Any]]]
) -> OperatingSet:
    """Return the set that registry rows (kind, id, version, content) describe; the cards stand until rows come.

    A row that makes no sense to this program is passed over.
    """
    by_kind: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for kind, row_id, _, row in rows:
        if _is_readable(kind, row_id, row):
            by_kind.setdefault(kind, []).append((row_id, row))
    vat_rows = by_kind.get("vat_code", [])
    settings = [row for row_id, row in by_kind.get("till_settings", []) if row_id == shop.id]
    tenders = [read_tender_type(row) for _, row in by_kind.get("tender_type", [])]
    companies, shops = dict(by_kind.get("company", [])), dict(by_kind.get("shop", []))
    return OperatingSet(
        company=read_company(companies[company.id]) if company.id in companies else company,
        shop=read_shop(shops[shop.id]) if shop.id in shops else shop,
        settings=read_settings(settings[0], company.currency) if settings else TillSettings(),
        vat_codes={row["code"]: read_vat_code(row_id, row) for row_id, row in vat_rows},
        default_vat=next((row["code"] for _, row in vat_rows if row.get("default")), None),
        tender_types=tuple(sorted(tenders, key=lambda tender: (tender.position, tender.code))),
        operators={row_id: read_operator(row_id, row) for row_id, row in by_kind.get("operator", [])},
        reasons=tuple(sorted((read_reason(row) for _, row in by_kind.get("reason", [])), key=lambda one: one.code)),
    )


def read_row(kind: str, row_id: str, row: Mapping[str, Any]) -> object:
    """Return what a row of the operating set says; an error of whatever kind when it makes no sense."""
    if kind == "till_settings":
        return read_settings(row, "XXX")
    if kind == "vat_code":
        return read_vat_code(row_id, row)
    if kind == "operator":
        return read_operator(row_id, row)
    readers: dict[str, Callable[[Mapping[str, Any]], object]] = {
        "company": read_company, "shop": read_shop, "tender_type": read_tender_type, "reason": read_reason
    }  # fmt: skip
    return readers[kind](row)


def _is_readable(kind: str, row_id: str, row: Mapping[str, Any]) -> bool:
    try:
        read_row(kind, row_id, row)
    except NONSENSE:
        return False
    return True


def read_settings(row: Mapping[str, Any], currency: str) -> TillSettings:
    """Read a ``till_settings`` row; what an older central does not send keeps its default."""
    plain = TillSettings()
    layout = row.get("layout") or plain.layout.as_body()
    formula, cash_step = row.get("series_formula") or plain.series_formula, row.get("cash_step")
    check_formula(formula)
    if cash_step is not None and (type(cash_step) is not int or cash_step <= 0):
        raise BadInputError("registry.row")
    if len(formula) > _MOST_FORMULA:
        raise BadInputError("registry.row")
    return TillSettings(
        version=_as(_COUNT, row["version"]),
        pos_type=_as(_ID, row.get("pos_type", plain.pos_type)),
        vat_mode=VatMode(row.get("vat_mode", plain.vat_mode)),
        cash_step=cash_step,
        warehouse=_as(_OPTIONAL_ID, row.get("warehouse")),
        drawer=_as(_ID, row.get("drawer") or plain.drawer),
        layout=Layout(
            _as(_ID, layout["code"]),
            _as(_COUNT, layout["version"]),
            _texts(layout.get("header", ())),
            _texts(layout.get("footer", ())),
        ),
        embedded_rules=tuple(
            EmbeddedRule(r["prefix"], r["layout"], r["kind"], r["decimals"], currency)
            for r in row.get("embedded_rules", ())
        ),
        fiscal_required=bool(row.get("fiscal_required", False)),
        series_formula=formula,
        series_period=Period(row.get("series_period") or plain.series_period),
    )


def read_vat_code(row_id: str, row: Mapping[str, Any]) -> VatCode:
    """Read a ``vat_code`` row."""
    return VatCode(
        id=row_id,
        code=_as(_ID, row["code"]),
        names=_names(row["names"]),
        rates=tuple((date.fromisoformat(since), _rate(rate)) for since, rate in row["rates"]),
        treatment=Treatment(row.get("treatment", Treatment.TAXED)),
        natura=_as(_OPTIONAL_TEXT, row.get("natura")),
        receipt_code=_as(_OPTIONAL_TEXT, row.get("receipt_code")),
    )


def read_tender_type(row: Mapping[str, Any]) -> TenderType:
    """Read a ``tender_type`` row."""
    return TenderType(
        _as(_ID, row["code"]),
        TenderKind(row["kind"]),
        _names(row["names"]),
        bool(row.get("opens_drawer", False)),
        int(row.get("position", 0)),
        _as(_OPTIONAL_ID, row.get("reader") or None),
    )


def read_reason(row: Mapping[str, Any]) -> Reason:
    """Read a ``reason`` row; a use that this program does not know is no mistake: it is offered nowhere."""
    return Reason(_as(_ID, row["code"]), _names(row["names"]), _as(_ID, row["use"]), bool(row.get("asks_note", False)))


def read_operator(row_id: str, row: Mapping[str, Any]) -> Operator:
    """Read an ``operator`` row."""
    costs = [row["pin_params"][name] for name in ("time_cost", "memory_kib", "parallelism")]
    salt = bytes.fromhex(row["pin_salt"])
    if len(salt) < _LEAST_SALT_BYTES or not all(type(cost) is int and 0 < cost <= _MOST_PIN_COST for cost in costs):
        raise BadInputError("registry.row")
    pin = PinVerifier(salt, bytes.fromhex(row["pin_verifier"]), *costs)
    return Operator(
        _as(_ID, row_id), _text(row["name"]), pin, frozenset(row.get("rights", ())), bool(row.get("active", True))
    )


# What goes from a row into entries must be what their readers take: a till that signed anything else could neither
# close its session nor start again.
_ID, _OPTIONAL_ID = TypeAdapter[str](Id), TypeAdapter[str | None](Id | None)
_TEXT, _OPTIONAL_TEXT = TypeAdapter[str](Text), TypeAdapter[str | None](Text | None)
_TEXTS, _NAMES = TypeAdapter[tuple[str, ...]](Texts), TypeAdapter[dict[str, str]](Names)
_CURRENCY, _LANGUAGE, _COUNT = TypeAdapter[str](Currency), TypeAdapter[str](Language), TypeAdapter[int](Count)
T = TypeVar("T")


def _as(kind: TypeAdapter[T], value: object) -> T:
    """Return a value that bodies of entries hold; BadInputError ``registry.row``."""
    try:
        return kind.validate_python(value, strict=True)
    except ValidationError as error:
        raise BadInputError("registry.row") from error


def _text(value: object) -> str:
    text = _as(_TEXT, value)
    if not text:
        raise BadInputError("registry.row")
    return text


def _texts(value: object) -> tuple[str, ...]:
    return _as(_TEXTS, tuple(value) if isinstance(value, list) else value)


def _names(value: Mapping[str, Any]) -> dict[str, str]:
    names = _as(_NAMES, dict(value))
    return {_text(language): _text(name) for language, name in names.items()}


def _rate(text: str) -> Decimal:
    rate = parse_decimal(text, RATE_SCALE)
    if not 0 <= rate < _RATE_LIMIT:
        raise BadInputError("registry.row")
    return rate
