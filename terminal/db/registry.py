"""The rows of the operating set as they came from central."""

from collections.abc import Iterable
from dataclasses import dataclass

from terminal.db.connection import Queries, Transaction

SEAL_KEY = "operating_seal"


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A row in the bytes that its digest is over (``commerce.rows``)."""

    kind: str
    id: str
    version: int
    encoded: bytes
    digest: bytes


def read_kept(queries: Queries) -> tuple[list[KeptRow], str | None]:
    """Return every row and the seal over all of them, as of one moment."""
    found = queries.fetch_all(
        "SELECT kind, id, version, CAST(row AS BLOB), digest FROM registry_row"
        " UNION ALL SELECT NULL, NULL, NULL, value, NULL FROM meta WHERE key = ?",
        (SEAL_KEY,),
    )
    seal = next((row[3] for row in found if row[0] is None), None)
    return [KeptRow(*row) for row in found if row[0] is not None], seal


def put_row(tx: Transaction, row: KeptRow) -> None:
    """Keep a row as it is now."""
    tx.execute(
        "INSERT INTO registry_row (kind, id, version, row, digest) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET version = excluded.version, row = excluded.row, digest = excluded.digest",
        (row.kind, row.id, row.version, row.encoded, row.digest),
    )


def drop_row(tx: Transaction, kind: str, row_id: str) -> None:
    """Forget a row that was deleted."""
    tx.execute("DELETE FROM registry_row WHERE kind = ? AND id = ?", (kind, row_id))


@dataclass(frozen=True, slots=True)
class RowAside:
    """A row of central that makes no sense here; ``at`` is since when (UTC text)."""

    kind: str
    id: str
    version: int
    at: str


def list_rows_aside(queries: Queries) -> list[RowAside]:
    """Return the rows that were set aside, the oldest first."""
    rows = queries.fetch_all("SELECT kind, id, version, at FROM row_aside ORDER BY at, kind, id")
    return [RowAside(*row) for row in rows]


def set_aside(tx: Transaction, kind: str, row_id: str, version: int, at: str) -> None:
    """Leave a row aside; since when is kept from the first time."""
    tx.execute(
        "INSERT INTO row_aside (kind, id, version, at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET version = excluded.version",
        (kind, row_id, version, at),
    )


def take_back(tx: Transaction, kind: str, row_id: str) -> None:
    """A row is good again, or gone."""
    tx.execute("DELETE FROM row_aside WHERE kind = ? AND id = ?", (kind, row_id))


def drop_rows_aside(tx: Transaction, kinds: Iterable[str]) -> None:
    """Forget every row of these kinds that was set aside: all of them come anew."""
    tx.executemany("DELETE FROM row_aside WHERE kind = ?", [(kind,) for kind in kinds])


def drop_rows(tx: Transaction) -> None:
    """Forget every row: all of them come anew."""
    tx.execute("DELETE FROM registry_row")
