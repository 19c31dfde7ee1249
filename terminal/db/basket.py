"""The journal of the open sale: its events in order.

A completed sale's events stay until the next sale begins, so that its commit writes no page for them; who reads the
journal asks the ledger whether its sale is done.
"""

from collections.abc import Sequence
from typing import Any

import orjson

from terminal.db.connection import Queries, Transaction

Event = dict[str, Any]
_INSERT = "INSERT INTO basket_event (sale, position, event) VALUES (?, ?, ?)"
_NEXT = "SELECT coalesce(max(position), 0) FROM basket_event WHERE sale = ?"


def add_events(tx: Transaction, sale: str, events: Sequence[Event]) -> None:
    """Add events behind those that are there; the first one of a sale takes the place of the sale before."""
    row = tx.fetch_one(_NEXT, (sale,))
    last = row[0] if row else 0
    if last == 0:
        tx.execute("DELETE FROM basket_event WHERE sale <> ?", (sale,))
    tx.executemany(_INSERT, [(sale, last + n, orjson.dumps(event)) for n, event in enumerate(events, 1)])


def find_newest_sale(queries: Queries) -> list[Event] | None:
    """Return the events of the sale begun last, or None where it was given up."""
    rows = queries.fetch_all("SELECT event FROM basket_event ORDER BY sale, position")
    return [orjson.loads(row[0]) for row in rows] or None


def clear_events(tx: Transaction, sale: str) -> None:
    """Forget the journal of a sale that was given up."""
    tx.execute("DELETE FROM basket_event WHERE sale = ?", (sale,))
