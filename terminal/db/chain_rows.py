# ruff: noqa: S608 - only constants of this module are put into the text of a statement
"""The table of chains as it lies on the disk, whatever somebody put there: read, written anew, brought into order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from terminal.db.connection import Queries, Transaction
from terminal.db.ledger import LedgerRow, read_rows

_COLUMNS = "till, mode, opened_at, key_id, public_key, series_tag, sub_series"


@dataclass(frozen=True, slots=True)
class RawChain:
    """A row of the table; any of its values may be anything."""

    position: int
    chain: Any
    till: Any
    mode: Any
    current: Any
    values: tuple[Any, ...]  # what a genesis decides: till, mode, opened_at, key_id, public_key, series_tag, sub_series


def list_raw(queries: Queries) -> list[RawChain]:
    """Return every row, in the order of their positions."""
    rows = queries.fetch_all(f"SELECT position, chain, current, {_COLUMNS} FROM chain ORDER BY position")
    return [RawChain(row[0], row[1], row[3], row[4], row[2], tuple(row[3:])) for row in rows]


def write_row(tx: Transaction, chain: str, values: Sequence[Any]) -> None:
    """Write what a genesis decides of a chain's row anew; whether it is current stays, and a new row is not."""
    tx.execute(
        f"INSERT INTO chain (chain, {_COLUMNS}, current) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)"
        " ON CONFLICT (chain) DO UPDATE SET till = excluded.till, mode = excluded.mode,"
        " opened_at = excluded.opened_at, key_id = excluded.key_id, public_key = excluded.public_key,"
        " series_tag = excluded.series_tag, sub_series = excluded.sub_series, current = 0",
        (chain, *values),
    )


def make_current(tx: Transaction, mode: str, position: int) -> None:
    """Make one chain of a mode the current one."""
    tx.execute("UPDATE chain SET current = 0 WHERE current <> 0 AND mode = ?", (mode,))
    tx.execute("UPDATE chain SET current = 1 WHERE position = ?", (position,))


def bring_into_order(tx: Transaction, positions: Sequence[int]) -> None:
    """Give the rows at these positions the positions 1, 2, 3 and so on."""
    for position in positions:
        tx.execute("UPDATE chain SET position = ? WHERE position = ?", (-1 - abs(position), position))
    for number, position in enumerate(positions, 1):
        tx.execute("UPDATE chain SET position = ? WHERE position = ?", (number, -1 - abs(position)))


def forget_row(tx: Transaction, position: int) -> None:
    """Take a row away that names no chain."""
    tx.execute("DELETE FROM chain WHERE position = ?", (position,))


def iterate_corrections(queries: Queries, chain: str) -> Iterator[LedgerRow]:
    """Return the entries by which people corrected a chain's clock, the newest first."""
    return read_rows(queries, "chain = ? AND kind = 'clock_corrected' ORDER BY seq DESC", (chain,))
