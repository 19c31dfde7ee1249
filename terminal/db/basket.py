"""The journals of sales: each sale's events in order, until it is voided or its screen is left."""

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


def list_events(queries: Queries, sale: str) -> list[Event]:
    """Return a sale's events in order."""
    rows = queries.fetch_all("SELECT event FROM basket_event WHERE sale = ? ORDER BY position", (sale,))
    return [orjson.loads(row[0]) for row in rows]


def clear_events(tx: Transaction, sale: str) -> None:
    """Forget the journal of a sale that has ended."""
    tx.execute("DELETE FROM basket_event WHERE sale = ?", (sale,))


def list_lost_journals(queries: Queries) -> list[str]:
    """Return the sales with a journal that are neither open, nor parked, nor on a screen: those of the newest first."""
    rows = queries.fetch_all(
        "SELECT DISTINCT sale FROM basket_event b WHERE NOT EXISTS (SELECT 1 FROM sale WHERE id = b.sale AND"
        " state IN ('open', 'parked')) AND NOT EXISTS (SELECT 1 FROM current_sale c WHERE c.sale = b.sale)"
        " ORDER BY sale DESC"
    )
    return [row[0] for row in rows]
