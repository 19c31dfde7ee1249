# ruff: noqa: S608 - only constants of this module are put into the text of a statement
"""Till sessions: from opening cash to the Z."""

from dataclasses import dataclass
from typing import Any

import orjson

from terminal.db.connection import Queries, Row, Transaction

_COLUMNS = "id, drawer, currency, opening_cash, business_day, opened_at, chain, opened_seq"


@dataclass(frozen=True, slots=True)
class SessionRow:
    """An open session and where it starts in the ledger."""

    id: str
    drawer: str
    currency: str
    opening_cash: int
    business_day: str
    opened_at: str
    chain: str
    opened_seq: int


def add_session(tx: Transaction, row: SessionRow) -> None:
    """Keep a session that was opened; only one can be open."""
    tx.execute(
        f"INSERT INTO session ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            row.id,
            row.drawer,
            row.currency,
            row.opening_cash,
            row.business_day,
            row.opened_at,
            row.chain,
            row.opened_seq,
        ),
    )


def find_open_session(queries: Queries) -> SessionRow | None:
    """Return the open session."""
    row = queries.fetch_one(f"SELECT {_COLUMNS} FROM session WHERE closed_seq IS NULL")
    return None if row is None else _session(row)


def next_z_number(queries: Queries) -> int:
    """Return the number of the next Z of this till; it never starts again."""
    row = queries.fetch_one("SELECT coalesce(max(z_number), 0) + 1 FROM session")
    return int(row[0]) if row else 1


def close_session(tx: Transaction, session: str, at: str, chain: str, seq: int, z_number: int) -> None:
    """Keep a session's end and where its Z stands."""
    tx.execute(
        "UPDATE session SET closed_at = ?, closed_chain = ?, closed_seq = ?, z_number = ? WHERE id = ?",
        (at, chain, seq, z_number, session),
    )


def find_last_checkpoint(queries: Queries, chain: str) -> dict[str, Any] | None:
    """Return the body of a chain's newest checkpoint: it stands right behind the newest Z."""
    row = queries.fetch_one(
        "SELECT e.body FROM session s JOIN entry e ON e.chain = s.closed_chain AND e.seq = s.closed_seq + 1"
        " WHERE s.closed_chain = ? ORDER BY s.position DESC LIMIT 1",
        (chain,),
    )
    return None if row is None else orjson.loads(row[0])


def find_z(queries: Queries, session: str) -> dict[str, Any] | None:
    """Return the body of a session's Z."""
    row = queries.fetch_one(
        "SELECT e.body FROM session s JOIN entry e ON e.chain = s.closed_chain AND e.seq = s.closed_seq WHERE s.id = ?",
        (session,),
    )
    return None if row is None else orjson.loads(row[0])


def find_last_z(queries: Queries) -> dict[str, Any] | None:
    """Return the body of the newest Z."""
    row = queries.fetch_one("SELECT id FROM session WHERE closed_seq IS NOT NULL ORDER BY position DESC LIMIT 1")
    return None if row is None else find_z(queries, row[0])


def _session(row: Row) -> SessionRow:
    return SessionRow(*row)
