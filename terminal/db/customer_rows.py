# ruff: noqa: S608 - only constants of this module are put into the text of a statement
"""Customers in ``catalog.db``: who can be named at this till. A cache like the items; who is erased is gone from it.

A customer is sealed alone: a changed row is not used, and one that somebody took out is just not found.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from commerce import catalog_schema as schema
from commerce.errors import BadInputError
from commerce.wire import Change
from terminal.db.catalog_seals import ItemChangedError, customer_seal
from terminal.db.connection import Queries, Row, Transaction

_COLUMNS = "id, code, words, row_json, version, seal"
_TEXTS = ("code", "name", "vat_number", "fiscal_code", "recipient_code", "pec", "country", "language")
_MOST_TEXT = 200
_MOST_WORDS = 8
_MOST = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer as a till knows them: what stands on papers, and whether they are still served."""

    id: str
    version: int
    code: str
    name: str
    vat_number: str
    fiscal_code: str
    recipient_code: str
    pec: str
    country: str
    language: str
    address: tuple[str, ...]
    stopped: bool


def find_by_code(queries: Queries, code: str, secret: bytes) -> Customer | None:
    """Return the customer with exactly this code; ItemChangedError for one that is not as the till took them over."""
    row = queries.fetch_one(f"SELECT {_COLUMNS} FROM customer WHERE code = ? LIMIT 1", (code,))
    return None if row is None else _as_sealed(row, secret)


def search(queries: Queries, text: str, secret: bytes, limit: int) -> list[Customer]:
    """Return customers of whom every typed word begins one of their own, by code."""
    words = schema.folded_words(text)[:_MOST_WORDS]
    if not words:
        return []
    fits = " AND ".join(["words LIKE ?"] * len(words))
    rows = queries.fetch_all(
        f"SELECT {_COLUMNS} FROM customer WHERE {fits} ORDER BY code, id LIMIT ?",
        (*(f"% {word}%" for word in words), limit),
    )
    return [_as_sealed(row, secret) for row in rows]


def apply_customer(tx: Transaction, change: Change, secret: bytes) -> None:
    """Bring a customer to the newest state; BadInputError, and what was before stays, for a row that makes no sense."""
    values = None if change.row is None else _values(change.id, change.version, change.row)
    tx.execute("DELETE FROM customer WHERE id = ?", (change.id,))
    if values is not None:
        tx.execute(schema.INSERT_CUSTOMER, (*values, customer_seal(values, secret)))


def _as_sealed(row: Row, secret: bytes) -> Customer:
    seal = row[5]
    if not isinstance(seal, bytes) or not hmac.compare_digest(customer_seal(tuple(row[:5]), secret), seal):
        raise ItemChangedError(kind="customer", item=row[0])
    said = orjson.loads(row[3])
    texts = {name: said[name] for name in _TEXTS}
    return Customer(row[0], row[4], **texts, address=tuple(said["address"]), stopped=said["stopped"])


def _values(customer: str, version: int, row: Mapping[str, Any]) -> tuple[object, ...]:
    address = row.get("address")
    texts = [row.get(name) for name in _TEXTS]
    if not isinstance(address, list | tuple) or not isinstance(row.get("stopped"), bool) or abs(version) > _MOST:
        raise BadInputError("registry.row")
    if not all(isinstance(text, str) and len(text) <= _MOST_TEXT for text in (*texts, *address)) or not row["code"]:
        raise BadInputError("registry.row")
    kept = {**{name: row[name] for name in _TEXTS}, "address": list(address), "stopped": row["stopped"]}
    return customer, row["code"], schema.customer_words(kept), orjson.dumps(kept).decode(), version
