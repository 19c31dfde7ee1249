"""The SQL of the registry. Plain functions on a connection; they never commit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, and_, delete, func, insert, select, text, tuple_

from central.db.bulk import execute_plain, insert_rows
from central.db.feed_tables import feed
from central.db.metadata import json_text
from central.db.statistics import refresh_statistics
from central.registry.tables import item, item_code, item_search, operator, till_settings, vat_code
from central.registry.values import ItemCard, search_words
from commerce.dates import utc_text
from commerce.money import PRICE_SCALE, scaled

AnyRow = Row[Any]
ITEM_COLUMNS = ("company", "id", "sku", "names", "sort_name", "brand", "size", "unit", "vat_code", "price", "codes",
                "rank", "version", "deleted", "changed_at")  # fmt: skip
MAX_COUNT = 10_000
MAX_CANDIDATES = 1_000
MAX_WORDS = 8


@dataclass(frozen=True, slots=True)
class StoredItem:
    """An item with its identity and version."""

    id: str
    card: ItemCard
    version: int
    deleted: bool = False


def find_item(conn: Connection, company_id: str, item_id: str) -> StoredItem | None:
    """Return an item, deleted ones too."""
    row = conn.execute(select(item).where(item.c.company == company_id, item.c.id == item_id)).first()
    return None if row is None else _stored(row)


def items_by_sku(conn: Connection, company_id: str, skus: Sequence[str]) -> dict[str, StoredItem]:
    """Return items by article number."""
    rows = conn.execute(select(item).where(item.c.company == company_id, item.c.sku.in_(skus)))
    return {row.sku: _stored(row) for row in rows}


def items_by_code(conn: Connection, company_id: str, codes: Sequence[str]) -> dict[str, list[StoredItem]]:
    """Return items by each of their codes."""
    statement = (
        select(item_code.c.code, item)
        .join(item, and_(item.c.company == item_code.c.company, item.c.id == item_code.c.item))
        .where(item_code.c.company == company_id, item_code.c.code.in_(codes))
    )
    found: dict[str, list[StoredItem]] = {}
    for row in conn.execute(statement):
        found.setdefault(row.code, []).append(_stored(row))
    return found


@dataclass(frozen=True, slots=True)
class ItemRecords:
    """Items in storage form, made before the transaction that stores them; ``replaced`` stand there already."""

    items: list[tuple[object, ...]]
    codes: list[tuple[object, ...]]
    words: list[tuple[object, ...]]
    replaced: list[str]


def item_records(company_id: str, items: Sequence[StoredItem], at: datetime, known: set[str]) -> ItemRecords:
    """Return items as they are stored; ``known`` are the ids that stand there already."""
    moment = utc_text(at)
    live = [stored for stored in items if not stored.deleted]
    return ItemRecords(
        [_item_record(company_id, stored, moment) for stored in items],
        [(company_id, code, stored.id) for stored in live for code in stored.card.codes],
        [(company_id, stored.id, stored.card.words()) for stored in live],
        [stored.id for stored in items if stored.id in known],
    )


def put_records(conn: Connection, company_id: str, records: ItemRecords) -> None:
    """Store items whole, with their codes and words."""
    if records.replaced:
        for table, column in ((item_search, "item"), (item_code, "item"), (item, "id")):
            gone = table.c[column].in_(records.replaced)
            conn.execute(delete(table).where(table.c.company == company_id, gone))
    insert_rows(conn, item, ITEM_COLUMNS, records.items)
    insert_rows(conn, item_code, ("company", "code", "item"), records.codes)
    insert_rows(conn, item_search, ("company", "item", "words"), records.words)


def lock_registry(conn: Connection, company_id: str) -> None:
    """Let no other transaction change the company's registry until this one ends: what was read is still so then."""
    if conn.dialect.name == "postgresql":  # on SQLite there is one writer anyway
        execute_plain(conn, "SELECT pg_advisory_xact_lock(7203115, hashtext(?))", (company_id,))


def look_again(conn: Connection) -> None:
    """Tell the engine that the tables of items have grown."""
    refresh_statistics(conn, item, item_code, item_search, feed)


def count_items(conn: Connection, company_id: str) -> int:
    """Return how many items are not deleted, counting no further than one beyond ``MAX_COUNT``."""
    some = select(item.c.id).where(item.c.company == company_id, ~item.c.deleted).limit(MAX_COUNT + 1).subquery()
    return int(conn.execute(select(func.count()).select_from(some)).scalar_one())


def search_items(
    conn: Connection, company_id: str, *, words: str, after: tuple[str, str] | None, limit: int
) -> list[StoredItem]:
    """Return items by name from a place on; every word must begin one of the item's, or be its code or article number.

    Where more than ``MAX_CANDIDATES`` fit, only so many are looked at.
    """
    query = select(item).where(item.c.company == company_id, ~item.c.deleted)
    if words:
        candidates = _candidates(conn, company_id, words)
        if not candidates:
            return []
        query = query.where(item.c.id.in_(candidates))
    if after:
        query = query.where(tuple_(item.c.sort_name, item.c.id) > after)
    query = query.order_by(item.c.sort_name, item.c.id).limit(limit)
    return [_stored(row) for row in conn.execute(query)]


def list_vat_codes(conn: Connection, company_id: str) -> list[AnyRow]:
    """Return the VAT codes in the shop's order."""
    query = select(vat_code).where(vat_code.c.company == company_id).order_by(vat_code.c.position, vat_code.c.code)
    return list(conn.execute(query))


def list_operators(conn: Connection, company_id: str, shop_id: str | None = None) -> list[AnyRow]:
    """Return operators by name."""
    query = select(operator).where(operator.c.company == company_id).order_by(operator.c.name, operator.c.id)
    return list(conn.execute(query if shop_id is None else query.where(operator.c.shop == shop_id)))


def operator_places(conn: Connection, company_id: str, operator_id: str) -> dict[str, AnyRow]:
    """Return an operator's rows by shop; none for an unknown one."""
    query = select(operator).where(operator.c.company == company_id, operator.c.id == operator_id)
    return {row.shop: row for row in conn.execute(query)}


def newest_of(places: Sequence[AnyRow]) -> AnyRow:
    """Return the row of an operator whose version counts: each change gives every place a new one."""
    return max(places, key=lambda row: int(row.version))


def people(rows: Sequence[AnyRow]) -> list[list[AnyRow]]:
    """Return the rows of operators, all places of each together."""
    found: dict[str, list[AnyRow]] = {}
    for row in rows:
        found.setdefault(row.id, []).append(row)
    return list(found.values())


def find_settings(conn: Connection, company_id: str, shop_id: str) -> AnyRow | None:
    """Return a shop's till settings."""
    query = select(till_settings).where(till_settings.c.company == company_id, till_settings.c.shop == shop_id)
    return conn.execute(query).first()


def put(conn: Connection, table: Table, key: Mapping[str, object], values: Mapping[str, object]) -> None:
    """Replace one row of a small table."""
    conn.execute(delete(table).where(*(table.c[name] == value for name, value in key.items())))
    conn.execute(insert(table), {**key, **values})


def _candidates(conn: Connection, company_id: str, words: str) -> set[str]:
    whole = words.strip()
    by_code = select(item_code.c.item).where(item_code.c.company == company_id, item_code.c.code == whole)
    by_sku = select(item.c.id).where(item.c.company == company_id, item.c.sku == whole)
    found = {row[0] for query in (by_code, by_sku) for row in conn.execute(query)}
    split = search_words(words)
    if split:
        postgres = conn.dialect.name == "postgresql"
        terms = [_term(word, postgres=postgres) for word in split[:MAX_WORDS]]
        values = {"terms": " & ".join(terms) if postgres else " ".join(terms), "company": company_id,
                  "most": MAX_CANDIDATES}  # fmt: skip
        found |= {row[0] for row in conn.execute(_FITTING[postgres], values)}
    return found


def _term(word: str, *, postgres: bool) -> str:
    """A single letter is a whole word: as a beginning it would fit most of the registry."""
    if postgres:
        return f"'{word}'{':*' if len(word) > 1 else ''}"
    return f'"{word}"{"*" if len(word) > 1 else ""}'


_FITTING = {
    False: text(
        # CROSS: the words first; by the company first, each of its items would be looked for among the words
        "SELECT s.item FROM item_words AS w CROSS JOIN item_search AS s ON s.number = w.rowid"
        " WHERE w.item_words MATCH :terms AND s.company = :company LIMIT :most"
    ),
    True: text(
        "SELECT item FROM item_search WHERE array_to_tsvector(string_to_array(words, ' '))"
        " @@ CAST(CAST(:terms AS text) AS tsquery) AND company = :company LIMIT :most"
    ),
}


def _stored(row: AnyRow) -> StoredItem:
    card = ItemCard(
        sku=row.sku,
        names=row.names,
        vat_code=row.vat_code,
        price=row.price,
        codes=tuple(row.codes),
        unit=row.unit,
        brand=row.brand,
        size=row.size,
        rank=row.rank,
    )
    return StoredItem(row.id, card, row.version, row.deleted)


def _item_record(company_id: str, stored: StoredItem, moment: str) -> tuple[object, ...]:
    card = stored.card
    return (
        company_id,
        stored.id,
        card.sku,
        json_text(card.names),
        card.sort_name(),
        card.brand,
        card.size,
        card.unit,
        card.vat_code,
        None if card.price is None else scaled(card.price, PRICE_SCALE),
        json_text(card.codes),
        card.rank,
        stored.version,
        stored.deleted,
        moment,
    )
