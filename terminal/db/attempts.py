# ruff: noqa: S608 - only constants of this module are put into the text of a statement
"""Attempts of tenders: each request to a card reader, on disk before the reader is asked, with what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from terminal.db.connection import Queries, Row, Transaction

_COLUMNS = "id, sale, tender, kind, device, currency, amount, number, state, reason, reference, at"


class AttemptKind(StrEnum):
    """What a reader is asked for."""

    PAYMENT = "payment"
    REVERSAL = "reversal"  # of an approved payment: the money goes back


class AttemptState(StrEnum):
    """Where an attempt stands; ``approved`` and ``declined`` are for good."""

    INTENDED = "intended"
    STARTED = "started"
    APPROVED = "approved"
    DECLINED = "declined"  # nothing was taken, or given back
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """An attempt as it stands."""

    id: str
    sale: str
    tender: str
    kind: AttemptKind
    device: str
    currency: str
    amount: int
    number: int  # of the tender's attempts
    state: AttemptState
    reason: str
    reference: str | None
    at: str

    @property
    def is_open(self) -> bool:
        """Return whether its outcome is still to come."""
        return self.state not in (AttemptState.APPROVED, AttemptState.DECLINED)


def add_attempt(tx: Transaction, row: AttemptRow) -> None:
    """Keep what is going to be asked of a reader; a tender has one open attempt at most."""
    tx.execute(
        f"INSERT INTO tender_attempt ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            row.id,
            row.sale,
            row.tender,
            row.kind.value,
            row.device,
            row.currency,
            row.amount,
            row.number,
            row.state.value,
            row.reason,
            row.reference,
            row.at,
        ),
    )


def mark_started(tx: Transaction, attempt: str) -> bool:
    """Note, before asking, that the reader is asked; False when the attempt is not waiting to begin."""
    changed = tx.execute("UPDATE tender_attempt SET state = 'started' WHERE id = ? AND state = 'intended'", (attempt,))
    return changed == 1


def settle_attempt(tx: Transaction, attempt: str, state: AttemptState, reason: str, reference: str | None) -> bool:
    """Note what became of an attempt; False when that is known already."""
    changed = tx.execute(
        "UPDATE tender_attempt SET state = ?, reason = ?, reference = coalesce(?, reference)"
        " WHERE id = ? AND state NOT IN ('approved', 'declined')",
        (state.value, reason, reference, attempt),
    )
    return changed == 1


def replace_all(tx: Transaction, sale: str, rows: Sequence[AttemptRow]) -> None:
    """Write a sale's attempts anew."""
    tx.execute("DELETE FROM tender_attempt WHERE sale = ?", (sale,))
    for row in rows:
        tx.execute(
            "DELETE FROM tender_attempt WHERE id = ? OR (tender = ? AND number = ?)", (row.id, row.tender, row.number)
        )
        add_attempt(tx, row)


def list_of_sale(queries: Queries, sale: str) -> list[AttemptRow]:
    """Return a sale's attempts, oldest first."""
    return [_attempt(row) for row in _rows(queries, sale)]


def list_readable(queries: Queries, sale: str) -> list[AttemptRow]:
    """Return those of a sale's attempts that are what their columns are for, whatever somebody wrote into others."""
    return [_attempt(row) for row in _rows(queries, sale) if _is_readable(row)]


def count_of_sale(queries: Queries, sale: str) -> int:
    """Return how many attempts a sale has, readable or not."""
    return len(_rows(queries, sale))


def _rows(queries: Queries, sale: str) -> list[Row]:
    return queries.fetch_all(f"SELECT {_COLUMNS} FROM tender_attempt WHERE sale = ? ORDER BY position", (sale,))


def _is_readable(row: Row) -> bool:
    kinds, states = {kind.value for kind in AttemptKind}, {state.value for state in AttemptState}
    numbers, texts = (row[6], row[7]), (*row[:6], *row[8:10], row[11], row[10] or "")
    return (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(number, int) for number in numbers)
        and row[3] in kinds
        and row[8] in states
    )


def _attempt(row: Row) -> AttemptRow:
    values = list(row)
    values[3], values[8] = AttemptKind(row[3]), AttemptState(row[8])
    return AttemptRow(*values)
