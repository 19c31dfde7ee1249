"""The register's state as the files have it: what a start makes of whatever the last run left behind."""

from datetime import datetime
from typing import Any

import orjson

from commerce import basket as sale
from commerce.dates import parse_utc
from terminal.db import basket as journal
from terminal.db import documents, effects, ledger, registry, sessions
from terminal.db.connection import Queries
from terminal.db.sessions import SessionRow
from terminal.services.identity import Identity
from terminal.services.operating import OperatingSet, read_operating_set
from terminal.services.outcomes import SHOWN_KINDS, print_state
from terminal.services.payments import MAX_PRINTS_SHOWN
from terminal.services.state import ClockState, DoneSale, PrintState, RegisterState, Screen, SessionState, TillFacts
from terminal.services.till_sessions import OPERATOR_KEY

TRUSTED_KEY = "trusted_at"


def restore_state(queries: Queries, identity: Identity, chain: str) -> RegisterState:
    """Return the state that the ledger describes; who was signed on stays so while the session is open."""
    operating = restore_operating(queries, identity)
    session = sessions.find_open_session(queries)
    operator = operating.operators.get(ledger.find_meta(queries, OPERATOR_KEY) or "") if session else None
    events = _open_events(queries)
    basket = sale.replay(events) if events else None
    shown = [row for row in effects.list_open(queries) if row.kind in SHOWN_KINDS and not row.dismissed]
    prints = tuple(print_state(row) for row in shown)
    return RegisterState(
        revision=0,
        screen=Screen.SIGN_ON,
        till=TillFacts(identity.till_id, identity.till_code, identity.till_name, identity.mode, chain),
        operating=operating,
        operator=operator,
        session=_session(session) if session else None,
        basket=basket,
        newest_line=basket.lines[-1].id if basket and basket.lines else None,
        done=_done(queries, prints) if session and basket is None else None,
        prints=prints[-MAX_PRINTS_SHOWN:],
        notices=(),
        clock=ClockState(),
        last_z=sessions.find_last_z(queries),
    )


def restore_operating(queries: Queries, identity: Identity) -> OperatingSet:
    """Return the operating set; the cards of the enrolment stand until central has sent rows."""
    return read_operating_set(identity.company, identity.shop, registry.list_rows(queries))


def last_trusted_time(queries: Queries, chain: str) -> datetime | None:
    """Return the time of the newest entry whose clock nobody doubts."""
    last = ledger.find_last_entry(queries, chain)
    if last is None:
        return None
    kept = ledger.find_meta(queries, TRUSTED_KEY)
    if orjson.loads(last.header)["clock_suspect"] and kept:
        return parse_utc(kept)
    return parse_utc(last.at)


def _open_events(queries: Queries) -> list[dict[str, Any]] | None:
    """Return the journal of a sale that the ledger does not have yet."""
    events = journal.find_newest_sale(queries)
    last = documents.find_last_document(queries)
    done = documents.find_content(queries, last.id) if last else None
    return None if events and done and events[0]["sale"] == done["sale"] else events


def _session(row: SessionRow) -> SessionState:
    return SessionState(row.id, row.drawer, row.currency, row.opening_cash, row.business_day, row.opened_at)


def _done(queries: Queries, prints: tuple[PrintState, ...]) -> DoneSale | None:
    """Return the last sale while its paper is not out: the cashier still has to hand it over."""
    last = documents.find_last_document(queries)
    printing = next((p for p in prints if last and p.of == last.id and p.kind == "print"), None)
    body = documents.find_content(queries, last.id) if last and printing else None
    if last is None or printing is None or body is None:
        return None
    settlement = body["settlement"]
    return DoneSale(
        document=last.id,
        formatted=last.formatted,
        currency=body["currency"],
        total=settlement["total"],
        tendered=settlement["tendered"],
        change=settlement["change"],
        print=printing.id,
    )
