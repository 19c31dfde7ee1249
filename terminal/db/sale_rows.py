"""The rows of the sale that a screen is on, as they lie on the disk: found whatever was done to them, written anew."""

from collections.abc import Sequence

from terminal.db import basket as journal
from terminal.db import sales
from terminal.db.attempts import AttemptRow, add_attempt
from terminal.db.basket import Event
from terminal.db.connection import Queries, Transaction
from terminal.db.sales import NewSale, Place


def find_current_id(queries: Queries, place: Place) -> str | None:
    """Return which sale is said to be current at a place, whether there is one of that id or not."""
    row = queries.fetch_one(
        "SELECT CASE typeof(sale) WHEN 'text' THEN sale ELSE hex(sale) END FROM current_sale"
        " WHERE owner = ? AND mode = ?",
        (place.owner, place.mode),
    )
    return None if row is None else str(row[0])


def find_open_id(queries: Queries, place: Place) -> str | None:
    """Return the newest open sale of a place that has a journal, whether it is said to be current or not."""
    row = queries.fetch_one(
        "SELECT s.id FROM (SELECT DISTINCT sale FROM basket_event) b CROSS JOIN sale s ON s.id = b.sale"
        " WHERE s.state = 'open' AND s.owner = ? AND s.mode = ? ORDER BY s.started_at DESC LIMIT 1",
        (place.owner, place.mode),
    )
    return None if row is None else str(row[0])


def write_open_sale(tx: Transaction, sale: NewSale, events: Sequence[Event], attempts: Sequence[AttemptRow]) -> None:
    """Write a sale with all that belongs to it anew, open and current, in the place of whatever stands there."""
    found = sales.find_sale(tx, sale.id)
    _take_away(tx, sale.id, sale.place)
    tx.execute("DELETE FROM tender_attempt WHERE sale = ?", (sale.id,))
    tx.execute("DELETE FROM sale WHERE id = ?", (sale.id,))
    sales.begin_sale(tx, sale)
    tx.execute("UPDATE sale SET name = ? WHERE id = ?", (found.name if found else None, sale.id))
    journal.add_events(tx, sale.id, events)
    for attempt in attempts:
        add_attempt(tx, attempt)


def give_up(tx: Transaction, sale: str, place: Place, at: str) -> None:
    """Take from the screen what nobody can read any more; where there still is an open sale it is voided."""
    _take_away(tx, sale, place)
    tx.execute(
        "UPDATE sale SET state = 'voided', parked_at = NULL, ended_at = ?, document = NULL"
        " WHERE id = ? AND state = 'open'",
        (at, sale),
    )


def note_completed(tx: Transaction, sale: str, place: Place, document: str, at: str) -> None:
    """Note of a sale whose row says something else that it was completed."""
    _take_away(tx, sale, place)
    tx.execute(
        "UPDATE sale SET state = 'completed', parked_at = NULL, ended_at = ?, document = ?"
        " WHERE id = ? AND state IN ('open', 'parked')",
        (at, document, sale),
    )


def _take_away(tx: Transaction, sale: str, place: Place) -> None:
    tx.execute("DELETE FROM current_sale WHERE sale = ? OR (owner = ? AND mode = ?)", (sale, place.owner, place.mode))
    journal.clear_events(tx, sale)
