# ruff: noqa: S608 - only constants of this module are put into the text of a statement
"""Search in the catalogue while somebody types: bounded first, ranked after."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import orjson

from terminal.db.catalog_rows import Item, read_item
from terminal.db.connection import Queries, Row

CANDIDATES = 500
_COLUMNS = "i.id, i.sku, i.names_json, i.unit, i.vat_code, i.price_scaled, i.version"
_BY_WORDS = (
    f"SELECT {_COLUMNS} FROM item i WHERE i.number IN"
    " (SELECT rowid FROM item_words WHERE item_words MATCH ? ORDER BY rowid LIMIT ?) ORDER BY i.number"
)
_BY_CODE = (
    f"SELECT {_COLUMNS} FROM item i WHERE i.id IN"
    " (SELECT item FROM item_code WHERE code >= ? AND code < ? LIMIT ?) ORDER BY i.number"
)
_CODE_DIGITS = 3
_CACHED_NAMES = 2000
_WORD = re.compile(r"[^\W_]+")


def search_items(queries: Queries, text: str, limit: int = 50) -> list[Item]:
    """Return items whose names or sku have words beginning with the typed ones; accents and case do not matter.

    The 500 that sell most are ranked: names that begin with the text, then whole words, then the rest, each by how
    often it sells. Digits find codes that begin with them as well.
    """
    words = split_words(text)
    if not words:
        return []
    found = _by_code(queries, text.strip(), limit) if len(words) == 1 and len(words[0]) >= _CODE_DIGITS else []
    query = " AND ".join(f'"{word}"*' for word in words)
    ranked = _rank(queries.iterate(_BY_WORDS, (query, CANDIDATES)), words, limit)
    return list({item.id: item for item in [*found, *map(read_item, ranked)]}.values())[:limit]


def split_words(text: str) -> list[str]:
    """Return the words of a text without case and accents, as the index keeps them."""
    if text.isascii():
        return _WORD.findall(text.lower())
    spread = unicodedata.normalize("NFD", text.casefold())
    return _WORD.findall("".join(char for char in spread if not unicodedata.combining(char)))


def _by_code(queries: Queries, digits: str, limit: int) -> list[Item]:
    if not (digits.isascii() and digits.isdigit()):
        return []
    return [read_item(row) for row in queries.fetch_all(_BY_CODE, (digits, digits + ":", limit))]


def _rank(rows: Iterable[Row], words: list[str], limit: int) -> list[Row]:
    """Return the best rows; once enough names begin with the text, the rest need not be read."""
    start, wanted = " ".join(words), set(words)
    places: tuple[list[Row], ...] = ([], [], [])
    for row in rows:
        places[_place(row[2], start, wanted)].append(row)
        if len(places[0]) >= limit:
            break
    return [row for place in places for row in place][:limit]


def _place(names_json: str, start: str, wanted: set[str]) -> int:
    names = _plain_names(names_json)
    if any(name.startswith(start) for name in names):
        return 0
    return 1 if any(wanted.issubset(name.split()) for name in names) else 2


@lru_cache(maxsize=_CACHED_NAMES)
def _plain_names(names_json: str) -> tuple[str, ...]:
    return tuple(" ".join(split_words(name)) for name in orjson.loads(names_json).values())
