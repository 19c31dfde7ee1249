"""The operating set: who sells what under which rules. Without it nobody can sell, so it lives in ``ledger.db``."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from commerce.dates import DEFAULT_CUT_OFF
from commerce.documents import Layout
from commerce.numbering import Period
from commerce.tender import TenderKind
from commerce.vat import Treatment, VatCode, VatMode


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
class EmbeddedRuleRow:
    """How codes of a prefix carry a price or weight, as the shop set it."""

    prefix: str
    layout: str
    kind: str
    decimals: int


@dataclass(frozen=True, slots=True)
class TillSettings:
    """The shop's rules for its tills; ``version`` 0 stands before the first pull."""

    version: int = 0
    pos_type: str = "RECEIPT"
    vat_mode: VatMode = VatMode.GROSS
    cash_step: int | None = None
    warehouse: str | None = None
    drawer: str = "main"
    layout: Layout = field(default_factory=lambda: Layout("standard", 0))
    embedded_rules: tuple[EmbeddedRuleRow, ...] = ()
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
