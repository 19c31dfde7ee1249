"""The journal of the open sale: its events in order, until the sale completes or is given up."""

from collections.abc import Sequence
from typing import Any

import orjson

from terminal.db.connection import Queries, Transaction

Event = dict[str, Any]
_INSERT = "INSERT INTO basket_event (sale, position, event) VALUES (?, ?, ?)"
_NEXT = "SELECT coalesce(max(position), 0) FROM basket_event WHERE sale = ?"


def add_events(tx: Transaction, sale: str, events: Sequence[Event]) -> None:
    """Add events behind those that are there."""
    row = tx.fetch_one(_NEXT, (sale,))
    last = row[0] if row else 0
    tx.executemany(_INSERT, [(sale, last + n, orjson.dumps(event)) for n, event in enumerate(events, 1)])


def find_open_sale(queries: Queries) -> list[Event] | None:
    """Return the events of the sale that was open, or None."""
    rows = queries.fetch_all("SELECT event FROM basket_event ORDER BY sale, position")
    return [orjson.loads(row[0]) for row in rows] or None


def clear_events(tx: Transaction, sale: str) -> None:
    """Forget the journal: the ledger has the sale now."""
    tx.execute("DELETE FROM basket_event WHERE sale = ?", (sale,))
