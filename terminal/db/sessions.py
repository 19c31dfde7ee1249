# ruff: noqa: S608 - only constants of this module are put into the text of a statement
"""Till sessions: from opening cash to the Z."""

from dataclasses import dataclass

from commerce.bodies.chain import Checkpoint
from commerce.bodies.form import read
from commerce.bodies.session import SessionClosed
from commerce.errors import ConflictError, RuleError
from terminal.db.connection import Queries, Row, Transaction

_NEWEST_CHECKPOINT = (  # by its index
    "SELECT seq, CAST(body AS BLOB) FROM entry WHERE chain = ? AND kind = 'checkpoint' ORDER BY seq DESC LIMIT 1"
)
_COLUMNS = "id, mode, drawer, currency, opening_cash, business_day, opened_at, chain, opened_seq"


@dataclass(frozen=True, slots=True)
class SessionRow:
    """An open session and where it starts in the ledger."""

    id: str
    mode: str
    drawer: str
    currency: str
    opening_cash: int
    business_day: str
    opened_at: str
    chain: str
    opened_seq: int


@dataclass(frozen=True, slots=True)
class Closing:
    """A session's end and where its Z stands."""

    at: str
    chain: str
    seq: int
    z_number: int


def add_session(tx: Transaction, row: SessionRow) -> None:
    """Keep a session that was opened; ConflictError ``session.open`` when one is, of this drawer and mode."""
    if find_session_of(tx, row.mode, row.drawer) is not None:
        raise ConflictError("session.open", drawer=row.drawer)
    tx.execute(
        f"INSERT INTO session ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            row.id,
            row.mode,
            row.drawer,
            row.currency,
            row.opening_cash,
            row.business_day,
            row.opened_at,
            row.chain,
            row.opened_seq,
        ),
    )


def find_session_of(queries: Queries, mode: str, drawer: str) -> SessionRow | None:
    """Return a drawer's open session of a mode."""
    row = queries.fetch_one(
        f"SELECT {_COLUMNS} FROM session WHERE closed_seq IS NULL AND mode = ? AND drawer = ?", (mode, drawer)
    )
    return None if row is None else _session(row)


def find_open_session(queries: Queries, mode: str, drawer: str) -> SessionRow | None:
    """Return the open session to go on with: the drawer's own; else one that another drawer left open, oldest first.

    A session is never out of reach because the shop named another drawer meanwhile: it ends with its Z.
    """
    own = find_session_of(queries, mode, drawer)
    if own is not None:
        return own
    row = queries.fetch_one(
        f"SELECT {_COLUMNS} FROM session WHERE closed_seq IS NULL AND mode = ? ORDER BY position LIMIT 1", (mode,)
    )
    return None if row is None else _session(row)


def get_open_session(queries: Queries, session: str) -> SessionRow:
    """Return a session that is open; RuleError ``session.none`` when it is not."""
    row = queries.fetch_one(f"SELECT {_COLUMNS} FROM session WHERE closed_seq IS NULL AND id = ?", (session,))
    if row is None:
        raise RuleError("session.none")
    return _session(row)


def list_open_chains(queries: Queries) -> list[str]:
    """Return the chains on which open sessions began."""
    return [row[0] for row in queries.fetch_all("SELECT DISTINCT chain FROM session WHERE closed_seq IS NULL")]


def list_of_chain(queries: Queries, chain: str) -> list[SessionRow]:
    """Return every session that was opened on a chain."""
    return [_session(row) for row in queries.fetch_all(f"SELECT {_COLUMNS} FROM session WHERE chain = ?", (chain,))]


def list_closed_on(queries: Queries, chain: str) -> dict[int, tuple[str, int]]:
    """Return the sessions that a chain's entries closed: id and Z number by sequence."""
    rows = queries.fetch_all("SELECT closed_seq, id, z_number FROM session WHERE closed_chain = ?", (chain,))
    return {row[0]: (row[1], row[2]) for row in rows}


def next_z_number(queries: Queries, mode: str) -> int:
    """Return the number of a mode's next Z on this till; it never starts again."""
    row = queries.fetch_one("SELECT coalesce(max(z_number), 0) + 1 FROM session WHERE mode = ?", (mode,))
    return int(row[0]) if row else 1


def close_session(tx: Transaction, session: str, at: str, chain: str, seq: int, z_number: int) -> None:
    """Keep a session's end and where its Z stands."""
    tx.execute(
        "UPDATE session SET closed_at = ?, closed_chain = ?, closed_seq = ?, z_number = ? WHERE id = ?",
        (at, chain, seq, z_number, session),
    )


def set_business_day(tx: Transaction, session: str, day: str) -> None:
    """Note that a person corrected the clock: the session is of another day than it was opened for."""
    tx.execute("UPDATE session SET business_day = ? WHERE id = ?", (day, session))


def find_last_checkpoint(queries: Queries, chain: str) -> Checkpoint | None:
    """Return the body of a chain's newest checkpoint."""
    row = queries.fetch_one(_NEWEST_CHECKPOINT, (chain,))
    return None if row is None else read(Checkpoint, row[1])


def last_checkpoint_seq(queries: Queries, chain: str) -> int:
    """Return where a chain's newest checkpoint stands, 0 where there is none. Session rows are not asked."""
    row = queries.fetch_one(_NEWEST_CHECKPOINT, (chain,))
    return int(row[0]) if row else 0


def find_row(queries: Queries, session: str) -> tuple[SessionRow | None, Closing | None]:
    """Return a session's row, and its end if that is written."""
    row = queries.fetch_one(
        f"SELECT {_COLUMNS}, closed_at, closed_chain, closed_seq, z_number FROM session WHERE id = ?", (session,)
    )
    if row is None:
        return None, None
    return _session(row[:9]), None if row[11] is None else Closing(*row[9:])


def find_last_closing(queries: Queries, mode: str) -> Closing | None:
    """Return what the row with a mode's furthest Z number says of it."""
    row = queries.fetch_one(
        "SELECT closed_at, closed_chain, closed_seq, z_number FROM session WHERE mode = ? AND z_number IS NOT NULL"
        " ORDER BY z_number DESC LIMIT 1",
        (mode,),
    )
    return None if row is None else Closing(*row)


def forget_number(tx: Transaction, mode: str, z_number: int) -> None:
    """Take a Z number from a row that never had it."""
    tx.execute("UPDATE session SET z_number = NULL WHERE mode = ? AND z_number = ?", (mode, z_number))


def forget_odd_numbers(tx: Transaction) -> list[tuple[str, int]]:
    """Take Z numbers from rows that no Z has closed, and those that are none; returns where their sessions began."""
    odd = (
        "z_number IS NOT NULL AND NOT (typeof(z_number) = 'integer' AND typeof(closed_seq) = 'integer'"
        " AND typeof(closed_chain) = 'text')"
    )
    rows = tx.fetch_all(f"SELECT chain, opened_seq FROM session WHERE {odd}")
    tx.execute(f"UPDATE session SET z_number = NULL WHERE {odd}")
    return [(row[0], row[1]) for row in rows]


def list_open(queries: Queries) -> list[SessionRow]:
    """Return every session whose row says that it is open."""
    return [_session(row) for row in queries.fetch_all(f"SELECT {_COLUMNS} FROM session WHERE closed_seq IS NULL")]


def replace_row(tx: Transaction, row: SessionRow, closing: Closing | None) -> None:
    """Write a session's row anew, and take away whatever stands in its place."""
    tx.execute(
        "DELETE FROM session WHERE id = ? OR (chain = ? AND opened_seq = ?)", (row.id, row.chain, row.opened_seq)
    )
    if closing is None:
        tx.execute("DELETE FROM session WHERE closed_seq IS NULL AND mode = ? AND drawer = ?", (row.mode, row.drawer))
        add_session(tx, row)
        return
    tx.execute("UPDATE session SET z_number = NULL WHERE mode = ? AND z_number >= ?", (row.mode, closing.z_number))
    tx.execute(
        f"INSERT INTO session ({_COLUMNS}, closed_at, closed_chain, closed_seq, z_number)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (row.id, row.mode, row.drawer, row.currency, row.opening_cash, row.business_day, row.opened_at, row.chain,
         row.opened_seq, closing.at, closing.chain, closing.seq, closing.z_number),
    )  # fmt: skip


def find_z(queries: Queries, session: str) -> SessionClosed | None:
    """Return the body of a session's Z."""
    row = queries.fetch_one(
        "SELECT CAST(e.body AS BLOB) FROM session s"
        " JOIN entry e ON e.chain = s.closed_chain AND e.seq = s.closed_seq WHERE s.id = ?",
        (session,),
    )
    return None if row is None else read(SessionClosed, row[0])


def find_last_z(queries: Queries, mode: str) -> SessionClosed | None:
    """Return the body of a mode's newest Z."""
    row = queries.fetch_one("SELECT id FROM session WHERE mode = ? ORDER BY z_number DESC LIMIT 1", (mode,))
    return None if row is None else find_z(queries, row[0])


def _session(row: Row) -> SessionRow:
    return SessionRow(*row)
