# ruff: noqa: S608 - only constants of this module are put into the text of a statement
"""Sales as they stand: open, parked, completed or voided; and which of them a screen is on.

A row changes in the transaction of the act that changes the sale: nobody infers it from a journal or a document.
"""

from dataclasses import dataclass
from enum import StrEnum

from commerce.errors import ConflictError
from terminal.db import basket as journal
from terminal.db.connection import Queries, Row, Transaction

_COLUMNS = "id, state, owner, mode, name, drawer, session, started_at, parked_at, ended_at, document"


class SaleState(StrEnum):
    """Where a sale stands; ``completed`` and ``voided`` are for good."""

    OPEN = "open"
    PARKED = "parked"
    COMPLETED = "completed"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True)
class Place:
    """Whose sales: a till's, apart for each mode of its chains. One sale is current at a place."""

    owner: str
    mode: str


@dataclass(frozen=True, slots=True)
class NewSale:
    """A sale that begins."""

    id: str
    place: Place
    drawer: str
    session: str
    started_at: str


@dataclass(frozen=True, slots=True)
class SaleRow:
    """A sale as it stands."""

    id: str
    state: SaleState
    owner: str  # the till whose sale it is
    mode: str
    name: str | None  # what people call it while it is parked
    drawer: str
    session: str
    started_at: str
    parked_at: str | None
    ended_at: str | None
    document: str | None  # what completing it issued


def begin_sale(tx: Transaction, sale: NewSale) -> None:
    """Keep a new sale and make it the current one; whatever ended before leaves the screen.

    ConflictError ``sale.open`` when another open sale is current at the place.
    """
    leave_ended(tx, sale.place)
    if find_current(tx, sale.place) is not None:
        raise ConflictError("sale.open")
    tx.execute(
        "INSERT INTO sale (id, state, owner, mode, drawer, session, started_at) VALUES (?, 'open', ?, ?, ?, ?, ?)",
        (sale.id, sale.place.owner, sale.place.mode, sale.drawer, sale.session, sale.started_at),
    )
    _make_current(tx, sale.place, sale.id)


def complete_sale(tx: Transaction, sale: str, document: str, at: str) -> None:
    """Note that an open sale was completed; it stays current, as what the screen shows, until somebody goes on."""
    changed = tx.execute(
        "UPDATE sale SET state = 'completed', document = ?, ended_at = ? WHERE id = ? AND state = 'open'",
        (document, at, sale),
    )
    _require_changed(changed, sale)


def void_sale(tx: Transaction, sale: str, at: str) -> None:
    """Note that an open sale was given up: it leaves the screen, and its journal goes."""
    changed = tx.execute("UPDATE sale SET state = 'voided', ended_at = ? WHERE id = ? AND state = 'open'", (at, sale))
    _require_changed(changed, sale)
    tx.execute("DELETE FROM current_sale WHERE sale = ?", (sale,))
    journal.clear_events(tx, sale)


def park_sale(tx: Transaction, sale: str, name: str | None, at: str) -> None:
    """Put an open sale aside with its journal; the place is free for another."""
    changed = tx.execute(
        "UPDATE sale SET state = 'parked', name = ?, parked_at = ? WHERE id = ? AND state = 'open'", (name, at, sale)
    )
    _require_changed(changed, sale)
    tx.execute("DELETE FROM current_sale WHERE sale = ?", (sale,))


def recall_sale(tx: Transaction, place: Place, sale: str, drawer: str, session: str) -> None:
    """Make a parked sale the current one of its place, in the session that is open now."""
    leave_ended(tx, place)
    if find_current(tx, place) is not None:
        raise ConflictError("sale.open")
    changed = tx.execute(
        "UPDATE sale SET state = 'open', parked_at = NULL, drawer = ?, session = ?"
        " WHERE id = ? AND state = 'parked' AND owner = ? AND mode = ?",
        (drawer, session, sale, place.owner, place.mode),
    )
    _require_changed(changed, sale)
    _make_current(tx, place, sale)


def leave_ended(tx: Transaction, place: Place) -> None:
    """Take an ended sale from the screen, and its journal with it; an open one stays."""
    current = find_current(tx, place)
    if current is not None and current.state is not SaleState.OPEN:
        tx.execute("DELETE FROM current_sale WHERE sale = ?", (current.id,))
        journal.clear_events(tx, current.id)


def find_current(queries: Queries, place: Place) -> SaleRow | None:
    """Return the sale that the place's screen is on: the open one, or the completed one that nobody has left yet."""
    row = queries.fetch_one(
        f"SELECT {_COLUMNS} FROM sale WHERE id = (SELECT sale FROM current_sale WHERE owner = ? AND mode = ?)",
        (place.owner, place.mode),
    )
    return None if row is None else _sale(row)


def find_sale(queries: Queries, sale: str) -> SaleRow | None:
    """Return one sale."""
    row = queries.fetch_one(f"SELECT {_COLUMNS} FROM sale WHERE id = ?", (sale,))
    return None if row is None else _sale(row)


def list_parked(queries: Queries, place: Place) -> list[SaleRow]:
    """Return the sales that a place has put aside, oldest first."""
    rows = queries.fetch_all(
        f"SELECT {_COLUMNS} FROM sale WHERE state = 'parked' AND owner = ? AND mode = ? ORDER BY parked_at, id",
        (place.owner, place.mode),
    )
    return [_sale(row) for row in rows]


def _make_current(tx: Transaction, place: Place, sale: str) -> None:
    tx.execute("INSERT INTO current_sale (owner, mode, sale) VALUES (?, ?, ?)", (place.owner, place.mode, sale))


def _require_changed(changed: int, sale: str) -> None:
    if changed != 1:
        raise ConflictError("sale.not_open", sale=sale)


_STATES = frozenset(state.value for state in SaleState)


def _sale(row: Row) -> SaleRow:
    state = row[1] if row[1] in _STATES else SaleState.VOIDED  # nonsense: it is none that anybody may go on with
    return SaleRow(row[0], SaleState(state), *row[2:])
