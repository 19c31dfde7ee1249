"""The rows of the operating set as they came from central."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from terminal.db.connection import Queries, Transaction


def list_rows(queries: Queries) -> list[tuple[str, str, int, dict[str, Any]]]:
    """Return kind, id, version and content of every row."""
    rows = queries.fetch_all("SELECT kind, id, version, row FROM registry_row ORDER BY kind, id")
    return [(row[0], row[1], row[2], orjson.loads(row[3])) for row in rows]


def find_row(queries: Queries, kind: str, row_id: str) -> tuple[int, bytes] | None:
    """Return version and encoded content of one row."""
    row = queries.fetch_one("SELECT version, row FROM registry_row WHERE kind = ? AND id = ?", (kind, row_id))
    return None if row is None else (row[0], row[1])


def put_row(tx: Transaction, kind: str, row_id: str, version: int, encoded: bytes) -> None:
    """Keep a row as it is now."""
    tx.execute(
        "INSERT INTO registry_row (kind, id, version, row) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET version = excluded.version, row = excluded.row",
        (kind, row_id, version, encoded),
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


def drop_others(tx: Transaction, kept: Iterable[tuple[str, str]]) -> None:
    """Forget the rows that a whole snapshot no longer has."""
    keep = set(kept)
    for kind, row_id in tx.fetch_all("SELECT kind, id FROM registry_row"):
        if (kind, row_id) not in keep:
            drop_row(tx, kind, row_id)
