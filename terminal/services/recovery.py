"""The register's state as the files have it: what a start makes of whatever the last run left behind."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, TypeVar

import orjson

from commerce import basket as sale
from commerce.basket import Basket
from commerce.bodies.form import read
from commerce.bodies.header import Header
from commerce.bodies.session import OperatorSignedOn
from commerce.dates import parse_utc, utc_text
from commerce.errors import BadInputError
from commerce.kinds import ChainMode, Kind
from commerce.numbering import RECEIPT
from terminal.db import attempts, documents, effects, ledger, registry, sales, sessions
from terminal.db import basket as journal
from terminal.db.connection import Queries, Transaction
from terminal.db.effects import EffectRow
from terminal.db.sales import Place, SaleRow, SaleState
from terminal.db.sessions import SessionRow
from terminal.devices.protocols import ONE_WAY
from terminal.services.chains import Moment, series_id
from terminal.services.clock import LastSigns, Sign, read_sign
from terminal.services.genesis import key_of
from terminal.services.identity import Identity
from terminal.services.integrity import is_genuine
from terminal.services.kept_rows import Rows, read_rows
from terminal.services.operating import OperatingSet, read_operating_set
from terminal.services.outcomes import SHOWN_KINDS, print_state
from terminal.services.payments import MAX_PRINTS_SHOWN
from terminal.services.state import ClockState, DoneSale, RegisterState, Screen, SessionState, TillFacts
from terminal.services.till_sessions import OPERATOR_KEY

T = TypeVar("T")
_COMING_AND_GOING = (Kind.OPERATOR_SIGNED_ON.value, Kind.OPERATOR_SIGNED_OFF.value)
_TRUSTED_KEY = "trusted_at"
_SIGN_KEY = "trusted_sign"


def restore_state(queries: Queries, identity: Identity, chain: str) -> RegisterState:
    """Return the state that the ledger describes; who was signed on stays so while the session is open."""
    operating = restore_operating(queries, identity)
    mode = identity.mode.value
    session = sessions.find_open_session(queries, mode, operating.settings.drawer)
    operator = operating.find_active(_signed_on(queries, identity)) if session else None
    current = sales.find_current(queries, Place(identity.till_id, mode))
    is_open = current is not None and current.state is SaleState.OPEN
    events = journal.list_events(queries, current.id) if current and is_open else []
    basket = sale.replay(events) if events else None
    paper = _last_print(queries, current.document) if current and current.document else None
    prints = tuple(print_state(row) for row in _shown_effects(queries, paper))
    return RegisterState(
        revision=0,
        screen=Screen.SIGN_ON,
        till=TillFacts(identity.till_id, identity.till_code, identity.till_name, identity.mode, chain),
        operating=operating,
        operator=operator,
        session=_session(session) if session else None,
        basket=basket,
        newest_line=_newest_line(basket, events) if basket and basket.lines else None,
        done=_done(queries, current, paper) if current else None,
        prints=prints[-MAX_PRINTS_SHOWN:],
        notices=(),
        clock=ClockState(),
        attempts=tuple(attempts.list_of_sale(queries, current.id)) if current and is_open else (),
        last_z=_readable(lambda: sessions.find_last_z(queries, mode)),
        dated_until=_dated_until(queries, identity.mode),
    )


def _signed_on(queries: Queries, identity: Identity) -> str | None:
    """Return who is signed on: whom the till's file names, when the ledger says last that they signed on with a PIN."""
    named = ledger.find_meta(queries, OPERATOR_KEY)
    if named is None:
        return None
    for chain in reversed(ledger.list_chains(queries)):
        row = ledger.find_newest(queries, chain.chain, _COMING_AND_GOING)
        if row is not None:
            key = key_of(queries, chain.chain, identity.signer.public_key)
            came = row.kind == Kind.OPERATOR_SIGNED_ON and is_genuine(chain.chain, row, key)
            return named if came and read(OperatorSignedOn, row.entry.body).operator == named else None
    return None


def restore_operating(queries: Queries, identity: Identity) -> OperatingSet:
    """Return the operating set of what is on the disk as central sent it, at a start."""
    rows, changed = read_rows(queries, identity.secret)
    return make_operating(queries, identity, rows, changed)


def make_operating(queries: Queries, identity: Identity, rows: Rows, changed: tuple[str, ...] = ()) -> OperatingSet:
    """Return the operating set of these rows; the cards of the enrolment stand until central has sent rows."""
    read = ((row.kind, row.id, row.version, orjson.loads(row.encoded)) for row in rows.values())
    operating = read_operating_set(identity.company, identity.shop, read)
    return with_rows_aside(queries, replace(operating, rows=rows, changed=changed))


def with_rows_aside(queries: Queries, operating: OperatingSet) -> OperatingSet:
    """Return the set with what was set aside as it is now."""
    return replace(operating, rows_aside=tuple(registry.list_rows_aside(queries)))


def find_last_signs(queries: Queries, mode: ChainMode) -> LastSigns | None:
    """Return what the last run left for judging the clock; None before the first entry."""
    chain = ledger.find_current_chain(queries, mode)
    last = ledger.find_last_entry(queries, chain.chain) if chain else None
    if last is None:
        return None
    kept, sign = ledger.find_meta(queries, _TRUSTED_KEY), ledger.find_meta(queries, _SIGN_KEY)
    known = _readable(lambda: read_sign(sign)) if sign else None
    trusted = _readable(lambda: parse_utc(kept)) if kept else None
    try:
        at, is_suspect = parse_utc(last.at), read(Header, last.header).clock_suspect
    except (BadInputError, ValueError, TypeError):  # no judge of any clock; the start names the entry
        return LastSigns(known.at, None, known) if known else None
    if is_suspect and trusted:
        return LastSigns(trusted, at, known)
    return LastSigns(at, None, known)


def keep_time(tx: Transaction, moment: Moment, expected: datetime, sign: Sign | None) -> None:
    """Keep what ``find_last_signs`` finds; while the clock is suspect, the time that is expected instead."""
    if moment.clock_suspect:
        ledger.set_meta(tx, _TRUSTED_KEY, utc_text(expected))
    if sign is not None:
        ledger.set_meta(tx, _SIGN_KEY, sign.as_text())


def _newest_line(basket: Basket, events: Sequence[Mapping[str, Any]]) -> str:
    """Return the line that was touched last, where it still is there."""
    touching = (event for event in reversed(events) if event["event"] in ("lines_added", "line_changed", "line_voided"))
    last = next(touching, None)
    changed = str(last["line"]["id"]) if last and last["event"] == "line_changed" else ""
    return changed or basket.lines[-1].id


def _last_print(queries: Queries, document: str) -> EffectRow | None:
    attempts = effects.list_of(queries, document, "print")
    return attempts[-1] if attempts else None


def _shown_effects(queries: Queries, paper: EffectRow | None) -> list[EffectRow]:
    """Return what a person may have to look at, and how the paper of the sale on the screen fared."""
    rows = [row for row in effects.list_open(queries) if row.kind in SHOWN_KINDS and not row.dismissed]
    is_good = paper is not None and (paper.state in ("done", "not_done") or paper.reason == ONE_WAY)
    return sorted([*rows, paper], key=lambda row: row.id) if paper and is_good else rows


def _dated_until(queries: Queries, mode: ChainMode) -> date | None:
    """Return the newest document date of the current chain's sub-series."""
    chain = ledger.find_current_chain(queries, mode)
    if chain is None:
        return None
    return documents.find_last_date(queries, series_id(chain.chain, RECEIPT, chain.sub_series))


def _readable(find: Callable[[], T | None]) -> T | None:
    """Return what an entry or a row says, None where it cannot be read: the start goes on, and names an entry."""
    try:
        return find()
    except (BadInputError, ValueError, TypeError, OverflowError):
        return None


def _session(row: SessionRow) -> SessionState:
    return SessionState(row.id, row.drawer, row.currency, row.opening_cash, row.business_day, row.opened_at)


def _done(queries: Queries, current: SaleRow, paper: EffectRow | None) -> DoneSale | None:
    """Return the completed sale whose screen nobody has left."""
    document = current.document
    body = _readable(lambda: documents.find_content(queries, document)) if document else None
    if body is None:
        return None
    settlement = body.settlement
    return DoneSale(
        sale=current.id,
        document=body.document.id,
        formatted=body.document.formatted,
        currency=body.currency,
        total=settlement.total,
        tendered=settlement.tendered,
        change=settlement.change,
        print=paper.id if paper else None,
    )
