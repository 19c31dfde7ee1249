# ruff: noqa: S608 - only constants of this module are put into the text of a statement
"""The tables of ``catalog.db``: a cache of items that can be deleted at any moment and comes back.

Items are numbered by how often they sell, so that a search may stop at the lowest numbers. What a snapshot is filled
with passes through ``put_items`` as well, so that one place knows the tables.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from importlib import resources
from typing import Any

import orjson

from commerce.money import PRICE_SCALE, parse_decimal, scaled, unscaled
from commerce.wire import Change
from terminal.db.connection import Queries, Row, Transaction
from terminal.db.migrate import split_statements

SCHEMA_VERSION = 1
_ITEM = "id, sku, names_json, unit, vat_code, price_scaled, version"
_RANK_SHIFT = 24  # so many items may share a rank: 2**24
_UNRANKED = 1 << 30
_PUT_ITEM = (
    "INSERT INTO item (number, id, sku, names_json, unit, vat_code, price_scaled, version, codes_json)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


@dataclass(frozen=True, slots=True)
class Item:
    """An item as it is sold here. ``version`` becomes the line's price version."""

    id: str
    sku: str
    names: dict[str, str]
    unit: str
    vat_code: str | None
    price: Decimal | None
    version: int


def create_catalog(connection: sqlite3.Connection) -> None:
    """Make the tables where there are none yet."""
    if int(connection.execute("PRAGMA user_version").fetchone()[0]) == SCHEMA_VERSION:
        return
    script = (resources.files("terminal.db") / "catalog_schema.sql").read_text(encoding="utf-8")
    connection.execute("BEGIN IMMEDIATE")
    for statement in split_statements(script):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")


def find_by_code(queries: Queries, code: str) -> list[Item]:
    """Return the items that carry exactly this code; several make it ambiguous."""
    rows = queries.fetch_all(
        f"SELECT {_ITEM} FROM item WHERE number IN (SELECT item FROM item_code WHERE code = ?)"
        " ORDER BY number LIMIT 20",
        (code,),
    )
    return [read_item(row) for row in rows]


def find_item(queries: Queries, item: str) -> Item | None:
    """Return one item."""
    row = queries.fetch_one(f"SELECT {_ITEM} FROM item WHERE id = ?", (item,))
    return None if row is None else read_item(row)


def count_items(queries: Queries) -> int:
    """Return how many items there are."""
    row = queries.fetch_one("SELECT count(*) FROM item")
    return int(row[0]) if row else 0


def find_cursor(queries: Queries) -> str | None:
    """Return how far the feed was applied to this file."""
    row = queries.fetch_one("SELECT value FROM meta WHERE key = 'cursor'")
    return None if row is None else str(row[0])


def apply_items(tx: Transaction, changes: Iterable[Change], cursor: str | None = None) -> None:
    """Bring items to their newest state; applying the same twice is harmless."""
    for change in changes:
        if change.kind == "item":
            _drop_item(tx, change.id)
            if change.row is not None:
                _put_item(tx, change.id, change.version, change.row)
    if cursor is not None:
        tx.execute(
            "INSERT INTO meta (key, value) VALUES ('cursor', ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            (cursor,),
        )


def read_item(row: Row) -> Item:
    """Read the columns of an item."""
    price = None if row[5] is None else unscaled(row[5], PRICE_SCALE)
    return Item(row[0], row[1], orjson.loads(row[2]), row[3], row[4], price, row[6])


def _put_item(tx: Transaction, item: str, version: int, row: dict[str, Any]) -> None:
    price = row.get("price")
    scaled_price = None if price is None else scaled(parse_decimal(price, PRICE_SCALE), PRICE_SCALE)
    names = orjson.dumps(row["names"]).decode()
    codes = list(dict.fromkeys(row.get("codes", ())))
    sku = row.get("sku") or ""
    number = _free_number(tx, int(row.get("rank") or 0))
    tx.execute(
        _PUT_ITEM,
        (
            number,
            item,
            sku,
            names,
            row["unit"],
            row.get("vat_code"),
            scaled_price,
            version,
            orjson.dumps(codes).decode(),
        ),
    )
    tx.executemany("INSERT INTO item_code (code, item) VALUES (?, ?)", [(code, number) for code in codes])
    tx.execute("INSERT INTO item_words (rowid, words) VALUES (?, ?)", (number, _words(names, sku)))


def _drop_item(tx: Transaction, item: str) -> None:
    row = tx.fetch_one("SELECT number, names_json, sku, codes_json FROM item WHERE id = ?", (item,))
    if row is None:
        return
    number, names, sku, codes = row
    tx.execute(
        "INSERT INTO item_words (item_words, rowid, words) VALUES ('delete', ?, ?)", (number, _words(names, sku))
    )
    tx.executemany("DELETE FROM item_code WHERE code = ? AND item = ?", [(c, number) for c in orjson.loads(codes)])
    tx.execute("DELETE FROM item WHERE number = ?", (number,))


def _free_number(tx: Transaction, rank: int) -> int:
    first = (rank if 0 < rank < _UNRANKED else _UNRANKED) << _RANK_SHIFT
    last = first + (1 << _RANK_SHIFT) - 1
    row = tx.fetch_one("SELECT max(number) FROM item WHERE number BETWEEN ? AND ?", (first, last))
    return first if row is None or row[0] is None else int(row[0]) + 1


def _words(names_json: str, sku: str) -> str:
    return " ".join([*orjson.loads(names_json).values(), sku])
