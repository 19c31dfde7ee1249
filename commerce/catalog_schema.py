"""The till's ``catalog.db``, as central builds it for a snapshot and the till changes it afterwards.

It is a cache: another ``CATALOG_VERSION`` means a new snapshot, never a migration. ``item.number`` orders by how often
an item sells (1 sells most), because bounded searches see the lowest numbers first. ``item_words`` has
``rowid = item.number`` and stores no text of its own: to take an item's words out (``DELETE_WORDS``) give the very text
they were put in with, ``item_words`` of the old row. ``customer`` are those whom the shop may name on papers.
"""

import unicodedata
from collections.abc import Mapping
from typing import Any

CATALOG_VERSION = 3

CATALOG_TABLES = """
CREATE TABLE item (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    sku TEXT NOT NULL,
    names_json TEXT NOT NULL,
    unit TEXT NOT NULL,
    vat_code TEXT NOT NULL,
    price_scaled INTEGER,
    version INTEGER NOT NULL,
    seal BLOB -- of the till that took the file over; central, whose files are for all tills, leaves it empty
) STRICT;
CREATE TABLE item_code (
    code TEXT NOT NULL,
    item TEXT NOT NULL,
    PRIMARY KEY (code, item)
) STRICT, WITHOUT ROWID;
CREATE VIRTUAL TABLE item_words USING fts5(
    words, content='', prefix='1 2 3', tokenize='unicode61 remove_diacritics 2'
);
CREATE TABLE customer (
    id TEXT PRIMARY KEY,
    code TEXT NOT NULL,
    words TEXT NOT NULL, -- what a customer is found by, each with a blank before it
    row_json TEXT NOT NULL,
    version INTEGER NOT NULL,
    seal BLOB
) STRICT, WITHOUT ROWID;
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""

# Made after a bulk load, which is faster.
CATALOG_INDEXES = """
CREATE UNIQUE INDEX item_by_id ON item (id);
CREATE INDEX item_code_by_item ON item_code (item);
CREATE INDEX customer_by_code ON customer (code);
"""

META_SCHEMA_VERSION = "schema_version"
META_EPOCH = "epoch"
META_CURSOR = "cursor"

INSERT_ITEM = (
    "INSERT INTO item (number, id, sku, names_json, unit, vat_code, price_scaled, version, seal)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
INSERT_CODE = "INSERT OR IGNORE INTO item_code (code, item) VALUES (?, ?)"
INSERT_WORDS = "INSERT INTO item_words (rowid, words) VALUES (?, ?)"
DELETE_WORDS = "INSERT INTO item_words (item_words, rowid, words) VALUES ('delete', ?, ?)"
INSERT_CUSTOMER = "INSERT INTO customer (id, code, words, row_json, version, seal) VALUES (?, ?, ?, ?, ?, ?)"
PUT_META = "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)"


def item_words(names: dict[str, str], sku: str) -> str:
    """Return the text under which a search finds an item: every language's name, and the sku."""
    return " ".join([*dict.fromkeys(names.values()), sku])


def customer_words(row: Mapping[str, Any]) -> str:
    """Return what a customer is found by: code, name, numbers and address, folded, each word with a blank before it."""
    texts = (row["code"], row["name"], row["vat_number"], row["fiscal_code"], *row["address"])
    return "".join(f" {word}" for word in dict.fromkeys(folded_words(" ".join(texts))))


def folded_words(text: str) -> list[str]:
    """Return the words of a text without case and accents, letters and digits only."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return "".join(char if char.isalnum() else " " for char in plain.casefold()).split()
