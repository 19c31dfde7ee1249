"""The rows of the open sale: compared with the sale in memory, or, at a start, with each other and with the ledger.

Nobody signs a sale before it ends. While the till runs memory has it, and it is written again whatever became of its
rows; a start takes it up from what is left of them, or begins anew, and says so.
"""

from collections.abc import Sequence

from commerce import basket as sale
from commerce.basket import Basket
from commerce.bodies.form import read
from commerce.bodies.sale import SaleCompleted, SaleVoided
from commerce.errors import PosError
from commerce.journal import journal_of
from commerce.kinds import Kind
from terminal.db import attempts, ledger, sale_rows, sales, sessions
from terminal.db import basket as journal
from terminal.db.attempts import AttemptRow
from terminal.db.connection import Queries, Transaction
from terminal.db.documents import find_content
from terminal.db.ledger import LedgerRow
from terminal.db.sales import NewSale, Place, SaleRow, SaleState
from terminal.db.sessions import SessionRow
from terminal.services.attempt_rows import put_attempts_right
from terminal.services.changed_sale import ChangedSale
from terminal.services.plan import place_of, require_session
from terminal.services.state import RegisterState

_FAULTS = (PosError, ValueError, TypeError, KeyError, AttributeError)
_ENDINGS = (Kind.SALE_COMPLETED.value, Kind.SALE_VOIDED.value)


def write_sale_again(tx: Transaction, state: RegisterState, at: str) -> ChangedSale | None:
    """Write the rows of the sale in memory anew where they say something else."""
    place, basket = place_of(state), state.basket
    if basket is None:
        return _free_place(tx, place, state, at)
    if _is_on_disk(tx, place, basket, state.attempts):
        return None
    session = require_session(state)
    events = journal_of(basket)
    if sale.replay(events) != basket:  # then what lies there is the best there is
        return None
    begun = NewSale(basket.sale, place, session.drawer, session.id, basket.started_at)
    sale_rows.write_open_sale(tx, begun, events, state.attempts)
    return ChangedSale(basket.sale)


def put_sale_right(tx: Transaction, place: Place, at: str, own_key: bytes) -> ChangedSale | None:
    """At a start: take the open sale up from what is left of its rows, or begin anew."""
    found = _put_rows_right(tx, place, at)
    current = sales.find_current(tx, place)
    basket = _read(tx, current.id) if current is not None and current.state is SaleState.OPEN else None
    if basket is not None and put_attempts_right(tx, basket, own_key):
        return ChangedSale(basket.sale)
    return found


def _put_rows_right(tx: Transaction, place: Place, at: str) -> ChangedSale | None:
    current = sale_rows.find_current_id(tx, place)
    if current is not None and _holds(tx, place, current):
        return None
    named = (current, sale_rows.find_open_id(tx, place), *journal.list_lost_journals(tx))
    candidates = list(dict.fromkeys(one for one in named if one is not None))
    session = _session_of(tx, place)
    for found in candidates:
        basket = _read(tx, found)
        if basket is not None and session is not None and _find_ending(tx, found) is None:
            begun = NewSale(found, place, session.drawer, session.id, basket.started_at)
            sale_rows.write_open_sale(tx, begun, journal_of(basket), _attempts(tx, found))
            return ChangedSale(found)
    ended = [_end(tx, found, place, at) for found in candidates]
    return ChangedSale(candidates[0], is_lost=not all(ended)) if candidates else None


def _free_place(tx: Transaction, place: Place, state: RegisterState, at: str) -> ChangedSale | None:
    """No sale is open: a row that says that one is would keep the next from beginning."""
    current = sale_rows.find_current_id(tx, place)
    if current is None or (state.done is not None and state.done.sale == current and _is_completed(tx, current)):
        return None
    if state.done is None and _is_completed(tx, current):
        return None
    _end(tx, current, place, at)
    return ChangedSale(current)


def _is_completed(queries: Queries, current: str) -> bool:
    row = sales.find_sale(queries, current)
    return row is not None and row.state is SaleState.COMPLETED


def _is_on_disk(queries: Queries, place: Place, basket: Basket, tried: Sequence[AttemptRow]) -> bool:
    row = sales.find_current(queries, place)
    return (
        row is not None
        and row.id == basket.sale
        and _is_open_at(row, place)
        and _read(queries, basket.sale) == basket
        and _attempts(queries, basket.sale) == list(tried)
    )


def _holds(queries: Queries, place: Place, current: str) -> bool:
    """Tell whether the sale that is said to be current agrees with its journal, or with its document."""
    row = sales.find_sale(queries, current)
    if row is None:
        return False
    if row.state is SaleState.OPEN:
        return (
            _is_open_at(row, place) and _read(queries, current) is not None and _find_ending(queries, current) is None
        )
    return row.state is SaleState.COMPLETED and row.document is not None and _is_of(queries, row.document, current)


def _is_open_at(row: SaleRow, place: Place) -> bool:
    """Tell whether a row is an open sale's of a place, and nothing else at the same time: it could not end then."""
    is_ended = (row.parked_at, row.ended_at, row.document) != (None, None, None)
    return (row.state, row.owner, row.mode) == (SaleState.OPEN, place.owner, place.mode) and not is_ended


def _is_of(queries: Queries, document: str, current: str) -> bool:
    try:
        body = find_content(queries, document)
    except _FAULTS:
        return True  # the walk names it
    return body is not None and body.sale == current


def _read(queries: Queries, found: str) -> Basket | None:
    try:
        events = journal.list_events(queries, found)
        basket = sale.replay(events) if events else None
    except _FAULTS:
        return None
    return basket if basket is not None and basket.sale == found else None


def _attempts(queries: Queries, found: str) -> list[AttemptRow]:
    try:
        return attempts.list_of_sale(queries, found)
    except _FAULTS:
        return []


def _session_of(queries: Queries, place: Place) -> SessionRow | None:
    return next((row for row in sessions.list_open(queries) if row.mode == place.mode), None)


def _end(tx: Transaction, found: str, place: Place, at: str) -> bool:
    """Take a sale from the screen; its row then says what the ledger says of it. Return whether that is its end."""
    ended = _find_ending(tx, found)
    if isinstance(ended, SaleCompleted):
        sale_rows.note_completed(tx, found, place, ended.document.id, at)
    else:
        sale_rows.give_up(tx, found, place, at)
    return ended is not None


def _find_ending(queries: Queries, found: str) -> SaleCompleted | SaleVoided | None:
    """Return how a sale ended, where an entry since the last checkpoints says so."""
    for chain in ledger.list_chains(queries):
        start = sessions.last_checkpoint_seq(queries, chain.chain)
        for row in ledger.iterate_rows(queries, chain.chain, start):
            ended = _ending(row) if row.kind in _ENDINGS else None
            if ended is not None and ended.sale == found:
                return ended
    return None


def _ending(row: LedgerRow) -> SaleCompleted | SaleVoided | None:
    try:
        if row.kind == Kind.SALE_COMPLETED:
            return read(SaleCompleted, row.entry.body)
        return read(SaleVoided, row.entry.body)
    except _FAULTS:
        return None
