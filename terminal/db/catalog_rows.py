# ruff: noqa: S608 - only constants of this module are put into the text of a statement
"""The tables of ``catalog.db``: a cache of items that can be deleted at any moment and comes back.

The tables are those of ``commerce.catalog_schema``, because central builds ready files of them. Items are numbered by
how often they sell, so that a search may stop at the lowest numbers; a changed item keeps its place until the next
snapshot.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from commerce import catalog_schema as schema
from commerce.errors import BadInputError
from commerce.money import PRICE_SCALE, parse_decimal, scaled, unscaled
from commerce.wire import Change
from terminal.db import customer_rows
from terminal.db.catalog_seals import ItemChangedError, add_to_sum, find_sum, is_as_sealed, item_seal
from terminal.db.connection import Queries, Row, Transaction
from terminal.db.migrate import split_statements

_ITEM = "id, sku, names_json, unit, vat_code, price_scaled, version, seal"
_RANK_SHIFT = 24  # so many items may share a rank: 2**24
_UNRANKED = 1 << 30
_MOST = (1 << 63) - 1  # what a column holds
NONSENSE = (BadInputError, KeyError, ValueError, TypeError, ArithmeticError)


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
    connection.execute("PRAGMA secure_delete = ON")  # whoever was erased is not in what is free of the file either
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
        return
    connection.execute("BEGIN IMMEDIATE")
    for statement in split_statements(schema.CATALOG_TABLES + schema.CATALOG_INDEXES):
        connection.execute(statement)
    connection.execute(schema.PUT_META, (schema.META_SCHEMA_VERSION, str(schema.CATALOG_VERSION)))
    connection.execute("COMMIT")


def is_readable(queries: Queries) -> bool:
    """Return whether the file has the tables that this version reads."""
    row = queries.fetch_one("SELECT value FROM meta WHERE key = ?", (schema.META_SCHEMA_VERSION,))
    return row is not None and row[0] == str(schema.CATALOG_VERSION)


def find_by_code(queries: Queries, code: str, secret: bytes) -> list[Item]:
    """Return the items that carry exactly this code; several make it ambiguous. ItemChangedError as ``find_item``."""
    rows = queries.fetch_all(
        f"SELECT {_ITEM} FROM item WHERE id IN (SELECT item FROM item_code WHERE code = ?) ORDER BY number LIMIT 20",
        (code,),
    )
    return [_as_sealed(queries, row, secret) for row in rows]


def find_item(queries: Queries, item: str, secret: bytes) -> Item | None:
    """Return one item; ItemChangedError when it, or a code of it, is not as the till took it over."""
    row = queries.fetch_one(f"SELECT {_ITEM} FROM item WHERE id = ?", (item,))
    return None if row is None else _as_sealed(queries, row, secret)


def count_items(queries: Queries) -> int:
    """Return how many items there are."""
    row = queries.fetch_one("SELECT count(*) FROM item")
    return int(row[0]) if row else 0


def find_cursor(queries: Queries) -> str | None:
    """Return how far the feed was applied to this file."""
    row = queries.fetch_one("SELECT value FROM meta WHERE key = ?", (schema.META_CURSOR,))
    return None if row is None else str(row[0])


def apply_items(tx: Transaction, changes: Iterable[Change], secret: bytes, cursor: str | None = None) -> list[Change]:
    """Bring items and customers to their newest state; applying the same twice is harmless.

    Returns the rows that make no sense: they are left out, and what they were before stays.
    """
    bad, added, whole = [], 0, _find_whole(tx, secret)
    for change in changes:
        if change.kind == "customer":
            bad += _apply_customer(tx, change, secret)
            continue
        if change.kind != "item":
            continue
        try:
            fresh = None if change.row is None else _read_row(change.id, change.version, change.row)
        except NONSENSE:
            bad.append(change)
            continue
        number, gone = _drop_item(tx, change.id)
        added -= gone
        if fresh is not None:
            added += _put_item(tx, fresh, number, secret)
    if cursor is not None:
        tx.execute(schema.PUT_META, (schema.META_CURSOR, cursor))
    add_to_sum(tx, whole, added, secret, find_cursor(tx))
    return bad


def _apply_customer(tx: Transaction, change: Change, secret: bytes) -> list[Change]:
    try:
        customer_rows.apply_customer(tx, change, secret)
    except NONSENSE:
        return [change]
    return []


def _as_sealed(queries: Queries, row: Row, secret: bytes) -> Item:
    codes = queries.fetch_all("SELECT code FROM item_code WHERE item = ?", (row[0],))
    if not is_as_sealed(row[:7], (code for (code,) in codes), row[7], secret):
        raise ItemChangedError(item=row[0])
    return read_item(row)


def read_item(row: Row) -> Item:
    """Read the columns of an item."""
    price = None if row[5] is None else unscaled(row[5], PRICE_SCALE)
    return Item(row[0], row[1], orjson.loads(row[2]), row[3], row[4] or None, price, row[6])


@dataclass(frozen=True, slots=True)
class _Row:
    """What is written of an item, read through before anything is."""

    values: tuple[object, ...]  # the columns after the number
    codes: tuple[str, ...]
    words: str
    rank: int


def _read_row(item: str, version: int, row: dict[str, Any]) -> _Row:
    """Refuse what could be kept but not sold later: BadInputError, or whatever nonsense raises."""
    names, codes = row.get("names"), row.get("codes", ())
    sku, unit, vat_code, price = row.get("sku") or "", row.get("unit"), row.get("vat_code") or "", row.get("price")
    if not (isinstance(names, dict) and names and isinstance(codes, list | tuple)):
        raise BadInputError("registry.row")
    texts = (sku, unit, vat_code, "" if price is None else price, *codes, *names, *names.values())
    if not all(isinstance(text, str) for text in texts):
        raise BadInputError("registry.row")
    scaled_price = None if price is None else scaled(parse_decimal(price, PRICE_SCALE), PRICE_SCALE)
    if any(abs(number) > _MOST for number in (version, scaled_price) if number is not None):
        raise BadInputError("registry.row")
    values = (item, sku, orjson.dumps(names).decode(), unit, vat_code, scaled_price, version)
    return _Row(values, tuple(codes), schema.item_words(names, sku), int(row.get("rank") or 0))


def _put_item(tx: Transaction, row: _Row, number: int | None, secret: bytes) -> int:
    number = _free_number(tx, row.rank) if number is None else number
    seal = item_seal(row.values, row.codes, secret)
    tx.execute(schema.INSERT_ITEM, (number, *row.values, seal))
    tx.executemany(schema.INSERT_CODE, [(code, row.values[0]) for code in row.codes])
    tx.execute(schema.INSERT_WORDS, (number, row.words))
    return int.from_bytes(seal)


def _find_whole(tx: Transaction, secret: bytes) -> int | None:
    """Return the sum of all seals so far; 0 for a file in which nothing ever was."""
    is_new = find_cursor(tx) is None and tx.fetch_one("SELECT 1 FROM item LIMIT 1") is None
    return 0 if is_new else find_sum(tx, secret)


def _drop_item(tx: Transaction, item: str) -> tuple[int | None, int]:
    """Take an item out and return the number and the seal it had."""
    row = tx.fetch_one("SELECT number, names_json, sku, seal FROM item WHERE id = ?", (item,))
    if row is None:
        return None, 0
    number, names, sku, seal = row
    tx.execute(schema.DELETE_WORDS, (number, schema.item_words(orjson.loads(names), sku)))
    tx.execute("DELETE FROM item_code WHERE item = ?", (item,))
    tx.execute("DELETE FROM item WHERE number = ?", (number,))
    return int(number), int.from_bytes(seal or b"")


def _free_number(tx: Transaction, rank: int) -> int:
    first = (rank if 0 < rank < _UNRANKED else _UNRANKED) << _RANK_SHIFT
    last = first + (1 << _RANK_SHIFT) - 1
    row = tx.fetch_one("SELECT max(number) FROM item WHERE number BETWEEN ? AND ?", (first, last))
    return first if row is None or row[0] is None else int(row[0]) + 1
