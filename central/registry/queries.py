"""The SQL of the registry. Plain functions on a connection; they never commit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, delete, func, insert, or_, select

from central.db.bulk import insert_rows
from central.db.metadata import json_text
from central.registry.tables import item, item_code, operator, tender_type, till_settings, vat_code
from central.registry.values import ItemCard
from commerce.dates import utc_text
from commerce.money import PRICE_SCALE, scaled

AnyRow = Row[Any]
ITEM_COLUMNS = ("company", "id", "sku", "names", "sort_name", "brand", "size", "unit", "vat_code", "price", "codes",
                "rank", "version", "deleted", "changed_at")  # fmt: skip


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


def put_items(conn: Connection, company_id: str, items: Sequence[StoredItem], at: datetime, known: set[str]) -> None:
    """Store items whole, with their codes; ``known`` are the ids that stand there already."""
    replaced = [stored.id for stored in items if stored.id in known]
    if replaced:
        conn.execute(delete(item_code).where(item_code.c.company == company_id, item_code.c.item.in_(replaced)))
        conn.execute(delete(item).where(item.c.company == company_id, item.c.id.in_(replaced)))
    insert_rows(conn, item, ITEM_COLUMNS, [_item_record(company_id, stored, at) for stored in items])
    codes = [(company_id, code, stored.id) for stored in items if not stored.deleted for code in stored.card.codes]
    insert_rows(conn, item_code, ("company", "code", "item"), codes)


def count_items(conn: Connection, company_id: str) -> int:
    """Return how many items are not deleted."""
    query = select(func.count()).select_from(item).where(item.c.company == company_id, ~item.c.deleted)
    return int(conn.execute(query).scalar_one())


def search_items(
    conn: Connection, company_id: str, *, words: str, after: tuple[str, str] | None, limit: int
) -> list[StoredItem]:
    """Return items by name from a place on; ``words`` must all occur in the name, or be a code or article number."""
    query = select(item).where(item.c.company == company_id, ~item.c.deleted)
    if words:
        query = query.where(_matching(conn, company_id, words))
    if after:
        query = query.where(or_(item.c.sort_name > after[0], and_(item.c.sort_name == after[0], item.c.id > after[1])))
    query = query.order_by(item.c.sort_name, item.c.id).limit(limit)
    return [_stored(row) for row in conn.execute(query)]


def list_vat_codes(conn: Connection, company_id: str) -> list[AnyRow]:
    """Return the VAT codes in the shop's order."""
    query = select(vat_code).where(vat_code.c.company == company_id).order_by(vat_code.c.position, vat_code.c.code)
    return list(conn.execute(query))


def list_tender_types(conn: Connection, company_id: str) -> list[AnyRow]:
    """Return the tender types in the shop's order."""
    query = select(tender_type).where(tender_type.c.company == company_id).order_by(tender_type.c.position)
    return list(conn.execute(query))


def list_operators(conn: Connection, company_id: str, shop_id: str | None = None) -> list[AnyRow]:
    """Return operators by name."""
    query = select(operator).where(operator.c.company == company_id).order_by(operator.c.name, operator.c.id)
    return list(conn.execute(query if shop_id is None else query.where(operator.c.shop == shop_id)))


def find_operator(conn: Connection, company_id: str, operator_id: str) -> AnyRow | None:
    """Return an operator."""
    query = select(operator).where(operator.c.company == company_id, operator.c.id == operator_id)
    return conn.execute(query).first()


def find_settings(conn: Connection, company_id: str, shop_id: str) -> AnyRow | None:
    """Return a shop's till settings."""
    query = select(till_settings).where(till_settings.c.company == company_id, till_settings.c.shop == shop_id)
    return conn.execute(query).first()


def put(conn: Connection, table: Table, key: Mapping[str, object], values: Mapping[str, object]) -> None:
    """Replace one row of a small table."""
    conn.execute(delete(table).where(*(table.c[name] == value for name, value in key.items())))
    conn.execute(insert(table), {**key, **values})


def _matching(conn: Connection, company_id: str, words: str) -> ColumnElement[bool]:
    by_code = select(item_code.c.item).where(item_code.c.company == company_id, item_code.c.code == words.strip())
    ids = [row.item for row in conn.execute(by_code)]
    in_name = and_(*(item.c.sort_name.contains(word, autoescape=True) for word in words.casefold().split()))
    return or_(item.c.id.in_(ids), item.c.sku == words.strip(), in_name)


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


def _item_record(company_id: str, stored: StoredItem, at: datetime) -> tuple[object, ...]:
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
        utc_text(at),
    )
