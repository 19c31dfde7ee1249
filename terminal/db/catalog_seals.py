"""Seals of the catalogue: each item's, over its columns and codes, and one over how many there are and the cursor.

Central's files are for all tills of a company, so a till seals what it takes over, under the secret that it shares with
central and that is not in the file. The sum of all seals shows an item that was taken out or put back from another day.
"""

import contextlib
import hashlib
import hmac
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from commerce import catalog_schema as schema
from commerce.errors import BadInputError, ConflictError
from terminal.db.connection import DatabaseFault, Queries, Transaction, open_reader

META_SUM = "seal_sum"
_ITEM_TAG, _SUM_TAG = b"cassaforte item 1\n", b"cassaforte items 1\n"
_CUSTOMER_TAG = b"cassaforte customer 1\n"
_SEAL_BYTES = 16
_AT_ONCE = 500
_FIRST = -(1 << 63)
_MODULUS = 1 << (8 * _SEAL_BYTES)
_SLICE = (
    "SELECT number, id, sku, names_json, unit, vat_code, price_scaled, version,"
    " (SELECT json_group_array(c.code) FROM item_code c WHERE c.item = i.id), seal"
    " FROM item i WHERE number > ? ORDER BY number LIMIT ?"
)
_SOME_CUSTOMERS = "SELECT id, code, words, row_json, version FROM customer WHERE id > ? ORDER BY id LIMIT ?"


class ItemChangedError(ConflictError):
    """An item on the disk is not as central sent it: nothing is sold by it."""

    default_code = "item.changed"


def item_seal(values: Sequence[object], codes: Iterable[str], secret: bytes) -> bytes:
    """Return the seal over what the columns of an item say, from ``id`` to ``version``, and all its codes."""
    content = orjson.dumps([*values, *sorted(set(codes))])
    return hmac.digest(secret, _ITEM_TAG + content, hashlib.sha256)[:_SEAL_BYTES]


def customer_seal(values: Sequence[object], secret: bytes) -> bytes:
    """Return the seal over the columns of a customer, from ``id`` to ``version``."""
    return hmac.digest(secret, _CUSTOMER_TAG + orjson.dumps(list(values)), hashlib.sha256)[:_SEAL_BYTES]


def is_as_sealed(values: Sequence[object], codes: Iterable[str], seal: object, secret: bytes) -> bool:
    """Return whether an item is what was sealed."""
    return isinstance(seal, bytes) and hmac.compare_digest(item_seal(values, codes, secret), seal)


def find_sum(queries: Queries, secret: bytes) -> int | None:
    """Return the sum of all seals; None where it does not go with the cursor, or is not of this till."""
    query = "SELECT key, value FROM meta WHERE key IN (?, ?)"
    found = {str(key): value for key, value in queries.fetch_all(query, (META_SUM, schema.META_CURSOR))}
    text, _, proof = str(found.get(META_SUM, "")).partition("/")
    if not text or not hmac.compare_digest(_proof(text, found.get(schema.META_CURSOR), secret), proof.encode()):
        return None
    return int(text, 16)


def add_to_sum(tx: Transaction, before: int | None, change: int, secret: bytes, cursor: str | None) -> None:
    """Keep the sum with what it changed by; one that did not hold before is not made good by that."""
    if before is not None:
        tx.execute(schema.PUT_META, (META_SUM, _sum_text(before + change, cursor, secret)))


def seal_file(path: Path, secret: bytes) -> None:
    """Seal every item and customer of a file that central made, before anything is sold by it; in a thread.

    A few hundred at a time: whoever waits for the interpreter gets it between two of them.
    """
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("BEGIN")
            after: int | None = _FIRST
            total = 0
            while after is not None:
                after, part = _seal_some(connection, after, secret)
                total += part
            cursor = connection.execute("SELECT value FROM meta WHERE key = ?", (schema.META_CURSOR,)).fetchone()
            _seal_customers(connection, secret)
            text = _sum_text(total, cursor[0] if cursor else None, secret)
            connection.execute(schema.PUT_META, (META_SUM, text))
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise BadInputError("catalog.unreadable", path=path.name) from error


@dataclass(slots=True)
class ItemsWalk:
    """Looks at every item of a file, a slice at a time, and at their sum where nothing came in meanwhile."""

    secret: bytes
    path: Path | None = None
    after: int = _FIRST
    total: int = 0
    expected: int | None = None

    def look(self, path: Path) -> set[str]:
        """Return the names of items that are not as they were sealed (``items`` where some are gone), one slice on."""
        try:
            with contextlib.closing(open_reader(path)) as reader:
                if path != self.path or self.after == _FIRST:
                    self.path, self.after, self.total = path, _FIRST, 0
                    self.expected = find_sum(reader, self.secret)
                return self._slice(reader)
        except DatabaseFault:
            self.after = _FIRST
            return set()  # a file that cannot be read is noticed by whoever needs it

    def _slice(self, reader: Queries) -> set[str]:
        rows = reader.fetch_all(_SLICE, (self.after, _AT_ONCE))
        good = [is_as_sealed(row[1:8], orjson.loads(row[8]), row[9], self.secret) for row in rows]
        bad = {f"item/{row[1]}" for row, holds in zip(rows, good, strict=True) if not holds}
        self.total += sum(int.from_bytes(row[9]) for row, holds in zip(rows, good, strict=True) if holds)
        if len(rows) == _AT_ONCE:
            self.after = int(rows[-1][0])
            return bad
        self.after = _FIRST
        now = find_sum(reader, self.secret)
        is_whole = self.total % _MODULUS == now
        empty = not rows and self.total == 0 and now is None
        return bad if bad or is_whole or empty or now != self.expected else {"items"}


def _seal_some(connection: sqlite3.Connection, after: int, secret: bytes) -> tuple[int | None, int]:
    rows = connection.execute(_SLICE, (after, _AT_ONCE)).fetchall()
    sealed = [(item_seal(row[1:8], orjson.loads(row[8]), secret), row[0]) for row in rows]
    connection.executemany("UPDATE item SET seal = ? WHERE number = ?", sealed)
    return (int(rows[-1][0]) if rows else None), sum(int.from_bytes(seal) for seal, _ in sealed)


def _seal_customers(connection: sqlite3.Connection, secret: bytes) -> None:
    after: str | None = ""
    while after is not None:
        rows = connection.execute(_SOME_CUSTOMERS, (after, _AT_ONCE)).fetchall()
        sealed = [(customer_seal(row, secret), row[0]) for row in rows]
        connection.executemany("UPDATE customer SET seal = ? WHERE id = ?", sealed)
        after = rows[-1][0] if rows else None


def _sum_text(total: int, cursor: str | None, secret: bytes) -> str:
    text = f"{total % _MODULUS:x}"
    return f"{text}/{_proof(text, cursor, secret).decode()}"


def _proof(text: str, cursor: object, secret: bytes) -> bytes:
    return hmac.digest(secret, _SUM_TAG + orjson.dumps([text, cursor]), hashlib.sha256).hex().encode()
