"""What the register holds, as one immutable value: pages draw it, nobody changes it."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from commerce.basket import Basket
from commerce.bodies.parties import SellerBody
from commerce.bodies.session import SessionClosed
from commerce.ledger import ChainMode
from terminal.db.attempts import AttemptRow
from terminal.devices.protocols import ONE_WAY
from terminal.services.operating import OperatingSet, Operator


class Screen(StrEnum):
    """What the register is waiting for."""

    SIGN_ON = "sign_on"
    SESSION = "session"
    SELLING = "selling"
    PAYING = "paying"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class TillFacts:
    """Who this till is."""

    id: str
    code: str
    name: str
    mode: ChainMode
    chain: str


@dataclass(frozen=True, slots=True)
class SessionState:
    """The open till session."""

    id: str
    drawer: str
    currency: str
    opening_cash: int
    business_day: str
    opened_at: str


@dataclass(frozen=True, slots=True)
class DoneSale:
    """The sale just completed, shown until the next one starts. Amounts in minor units."""

    sale: str
    document: str
    formatted: str
    currency: str
    total: int
    tendered: int
    change: int
    print: str | None  # the print effect's id


@dataclass(frozen=True, slots=True)
class PrintState:
    """A print that is not settled well, or the newest one. ``state`` is the effect's."""

    id: str
    of: str  # id of the document or session it prints
    title: str  # formatted number, or ``Z 12``
    document_kind: str  # receipt, z_report
    state: str  # intended, started, done, failed, unknown, not_done
    reason: str  # stable code of the failure, empty otherwise
    attempt: int
    marker: str  # "", REPRINT, COPY
    kind: str = "print"  # or fiscal: what the fiscal register is to print and number

    @property
    def is_one_way(self) -> bool:
        """Return whether it went to a printer that cannot say what came of it; nobody need be asked either."""
        return self.state == "unknown" and self.reason == ONE_WAY


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the cashier must see until it is dismissed; what came of a scan, until the next good one as well."""

    number: int  # in order
    code: str  # stable, the same as the error's
    values: dict[str, Any]
    at: str
    of_scan: bool = False


class ClockDoubt(StrEnum):
    """Why the clock is doubted."""

    NONE = ""
    JUMPED = "jumped"  # while the machine ran
    WENT_BACK = "went_back"  # it is before the last entry
    OFF_TOO_LONG = "off_too_long"  # later than a machine is usually off
    CENTRAL = "central"  # central's clock says otherwise


@dataclass(frozen=True, slots=True)
class ClockState:
    """Whether a person has to look at the clock. ``jump_s`` is how far it is from the last trusted time.

    ``dated_until`` is the date of documents that were issued ahead of the present: a person's word lets dates go back.
    ``session_day`` is that of an open session that cannot be: a person's word gives it the present one.
    """

    suspect: bool = False
    jump_s: int = 0
    trusted_at: datetime | None = None
    central_offset_ms: int | None = None
    doubt: ClockDoubt = ClockDoubt.NONE
    dated_until: date | None = None
    session_day: date | None = None

    @property
    def asks(self) -> bool:
        """Return whether a person's word is wanted."""
        return self.suspect or self.dated_until is not None or self.session_day is not None


@dataclass(frozen=True, slots=True)
class RegisterState:
    """The register at one moment. ``revision`` grows with every change while the daemon runs."""

    revision: int
    screen: Screen
    till: TillFacts
    operating: OperatingSet
    operator: Operator | None
    session: SessionState | None
    basket: Basket | None  # None: no sale is open
    newest_line: str | None
    done: DoneSale | None
    prints: tuple[PrintState, ...]
    notices: tuple[Notice, ...]
    clock: ClockState
    attempts: tuple[AttemptRow, ...] = ()  # of the current sale's tenders, oldest first
    last_z: SessionClosed | None = None  # the newest Z
    dated_until: date | None = None  # the newest document date of the series that is being numbered

    @property
    def language(self) -> str:
        """Return the language that the next document is issued in."""
        return self.basket.language if self.basket else self.operating.shop.languages[0]

    @property
    def without_scans(self) -> tuple[Notice, ...]:
        """Return the notices that a good scan does not answer."""
        return tuple(notice for notice in self.notices if not notice.of_scan)

    def without_done(self) -> "RegisterState":
        """Return the state once the screen of the completed sale is left: its good paper goes with it."""
        prints = tuple(p for p in self.prints if p.state not in ("done", "not_done") and not p.is_one_way)
        return replace(self, done=None, prints=prints)


def screen_of(state: RegisterState) -> Screen:
    """Return what the register is waiting for."""
    if state.operator is None:
        return Screen.SIGN_ON
    if state.session is None:
        return Screen.SESSION
    if state.basket is not None and state.basket.tenders:
        return Screen.PAYING
    if state.done is not None and state.basket is None:
        return Screen.DONE
    return Screen.SELLING


def seller_of(state: RegisterState) -> SellerBody:
    """Return company, shop and till as documents print them."""
    company, shop = state.operating.company, state.operating.shop
    return SellerBody(company.name, company.tax_id, company.country, shop.name, tuple(shop.address), state.till.name)
