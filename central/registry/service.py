"""Registries that tills pull. A change, its place on the feed and its audit commit together.

Every function is a job on a connection: ``await database.write(lambda conn: save_item(conn, …))``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, Row

from central.db.feed import publish, publish_many, publish_texts
from central.db.metadata import json_text
from central.identity import audit
from central.identity.passwords import PinHash
from central.identity.people import Actor
from central.identity.scope import Permission, Scope
from central.kit import records
from central.organisation.service import list_shops
from central.registry import queries
from central.registry.area import EDIT_ITEMS, EDIT_OPERATORS, EDIT_SETTINGS
from central.registry.customers import CUSTOMERS
from central.registry.holding import check_not_held
from central.registry.queries import ItemRecords, StoredItem
from central.registry.reasons import REASONS
from central.registry.tables import operator, till_settings, vat_code
from central.registry.tender_types import TENDER_TYPES
from central.registry.values import ItemCard, TillSettings, VatCard, check_rates, read_settings
from commerce.errors import BadInputError, ConflictError, NotFoundError
from commerce.ids import new_id
from commerce.rights import ALL_RIGHTS, in_order


@dataclass(frozen=True, slots=True)
class Edit:
    """Who changes something of which company, and when; ``holder`` is the strict import that does, if one does."""

    actor: Actor
    company: str
    at: datetime
    holder: str = ""

    def scope(self, permission: Permission) -> Scope:
        """Return where in the company this may be done (``Actor.scope``)."""
        return self.actor.scope(permission, self.company)

    def note(self, conn: Connection, action: str, kind: str, subject: str, change: audit.Change) -> None:
        """Write the change down."""
        audit.record(conn, self.actor, self.at, audit.Act(action, kind, subject, change, self.company))


def save_item(
    conn: Connection, edit: Edit, card: ItemCard, item_id: str | None = None, shown_version: int | None = None
) -> StoredItem:
    """Add or change an item; tills pull it with their next contact.

    ``shown_version`` is what was there when somebody began to change it (``check_version``). ConflictError
    ``item.sku_taken`` for another item's article number.
    """
    edit.scope(EDIT_ITEMS).whole()
    card = card.checked()
    _take_items(conn, edit)
    before = None if item_id is None else get_item(conn, edit.company, item_id)
    check_version(before, shown_version)
    _check_item_references(conn, edit.company, card, item_id)
    if before and before.card == card:
        return before
    stored = _publish_items(conn, edit, [StoredItem(item_id or new_id(), card, 0)], {item_id} if item_id else set())[0]
    shown = audit.changes(before.card.row() if before else {}, card.row())
    shown["names"] = (before.card.names if before else None, card.names)  # what it is of, changed or not
    edit.note(conn, "item.changed" if before else "item.added", "item", stored.id, shown)
    return stored


def delete_item(conn: Connection, edit: Edit, item_id: str, shown_version: int | None) -> None:
    """Take an item off the tills; documents keep what they copied of it."""
    edit.scope(EDIT_ITEMS).whole()
    _take_items(conn, edit)
    before = get_item(conn, edit.company, item_id)
    check_version(before, shown_version)
    version = publish(conn, edit.company, None, "item", item_id, None)
    freed = replace(before.card, sku=f"{before.card.sku[:40]}~{item_id[-12:]}")
    gone = [StoredItem(item_id, freed, version, deleted=True)]
    queries.put_records(conn, edit.company, queries.item_records(edit.company, gone, edit.at, {item_id}))
    edit.note(
        conn, "item.deleted", "item", item_id, {"names": (before.card.names, None), "sku": (before.card.sku, None)}
    )


def get_item(conn: Connection, company: str, item_id: str) -> StoredItem:
    """Return an item; NotFoundError ``item.gone``."""
    stored = queries.find_item(conn, company, item_id)
    if stored is None or stored.deleted:
        raise NotFoundError("item.gone")
    return stored


@dataclass(frozen=True, slots=True)
class ReadyItems:
    """Items with all that is to be written of them, so that the transaction that does it is short."""

    records: ItemRecords
    rows: list[tuple[str, int, str]]


def make_ready(edit: Edit, items: Sequence[StoredItem], known: set[str]) -> ReadyItems:
    """Return checked items ready to be stored; ``version`` of each is the one it now has, 0 for a new one."""
    stored = [replace(one, version=one.version + 1) for one in items]
    rows = [(one.id, one.version, json_text(one.card.row())) for one in stored]
    return ReadyItems(queries.item_records(edit.company, stored, edit.at, known), rows)


def publish_ready(conn: Connection, edit: Edit, ready: ReadyItems) -> None:
    """Store and publish items that an import has made ready; the caller holds ``queries.lock_registry``."""
    edit.scope(EDIT_ITEMS).whole()
    check_not_held(conn, edit.company, edit.holder, edit.at)
    queries.put_records(conn, edit.company, ready.records)
    publish_texts(conn, edit.company, None, "item", ready.rows)


def save_vat_code(
    conn: Connection, edit: Edit, card: VatCard, vat_id: str | None = None, shown_version: int | None = None
) -> str:
    """Add or change a VAT code (``check_version``); a rate that documents have used stays in their copies."""
    edit.scope(EDIT_SETTINGS).whole()
    check_rates(card.rates)
    if not card.can_be_shown():
        raise BadInputError("vat.form")
    _take_items(conn, edit)  # they name their VAT codes
    others = queries.list_vat_codes(conn, edit.company)
    before = next((row for row in others if row.id == vat_id), None)
    if vat_id and before is None:
        raise NotFoundError("vat.gone")
    check_version(before, shown_version)
    if any(row.code == card.code and row.id != vat_id for row in others):
        raise ConflictError("vat.code_taken", code=card.code)
    identity = vat_id or new_id()
    version = publish(conn, edit.company, None, "vat_code", identity, card.row())
    values = {"code": card.code, "names": card.names, "rates": card.row()["rates"], "treatment": card.treatment.value,
              "natura": card.natura, "receipt_code": card.receipt_code, "is_default": card.is_default,
              "position": card.position, "version": version}  # fmt: skip
    queries.put(conn, vat_code, {"company": edit.company, "id": identity}, values)
    shown = {"code": (before.code if before else None, card.code), "rates": (None, card.row()["rates"])}
    edit.note(conn, "vat_code.saved", "vat_code", identity, shown)
    return identity


@dataclass(frozen=True, slots=True)
class OperatorCard:
    """An operator and a shop to sell in. None keeps the PIN and the rights that are there; a new one may do all."""

    name: str
    shop: str
    rights: tuple[str, ...] | None = None
    active: bool = True
    pin: PinHash | None = None


def save_operator(
    conn: Connection, edit: Edit, card: OperatorCard, operator_id: str | None = None, shown_version: int | None = None
) -> str:
    """Add an operator, change one (``check_version``), or let one sell in another shop too.

    Name, PIN, rights and whether somebody sells at all belong to the person: they change at every shop at once, so that
    whoever may no longer sell is gone from the tills of the whole company; who edits at some shops only leaves alone
    whoever sells at others too (ForbiddenError ``forbidden.shops``). BadInputError ``operator.shop`` for a shop that is
    not one of the company's or the editor's, ``operator.rights`` for a right that is none. The feed carries the PIN's
    raw hash; the sync side binds it to each till's secret before it leaves.
    """
    scope = edit.scope(EDIT_OPERATORS)
    if not card.name.strip() or len(card.name) > 60 or not card.name.isprintable():
        raise BadInputError("operator.name", field="name")
    names = {row.id: row.name for row in list_shops(conn, edit.company)}
    if card.shop not in names or not scope.covers(edit.company, card.shop):
        raise BadInputError("operator.shop", field="shop")
    queries.lock_registry(conn, edit.company)
    places = {} if operator_id is None else queries.operator_places(conn, edit.company, operator_id)
    if operator_id and not any(scope.covers(edit.company, shop) for shop in places):
        raise NotFoundError("operator.gone")
    if not all(scope.covers(edit.company, shop) for shop in places):
        scope.whole()
    before = queries.newest_of(list(places.values())) if places else None
    check_version(before, shown_version)
    pin = card.pin or _kept_pin(before)
    identity = operator_id or new_id()
    row = {"name": card.name.strip(), "pin_salt": pin.salt.hex(), "pin_hash": pin.raw.hex(), "pin_params": pin.params,
           "rights": list(_rights(card, before)), "active": card.active}  # fmt: skip
    for shop in {**places, card.shop: None}:
        version = publish(conn, edit.company, shop, "operator", identity, row)
        queries.put(
            conn, operator, {"company": edit.company, "shop": shop, "id": identity}, {**row, "version": version}
        )
    was = {"name": before.name, "active": before.active, "rights": list(before.rights)} if before else {}
    shops = [sorted(names.get(shop, "") for shop in known) for known in (places, {*places, card.shop})]
    now = {"name": row["name"], "active": card.active, "rights": row["rights"], "shops": shops[1]}
    change = audit.changes({**was, "shops": shops[0]}, now)
    change["name"] = (was.get("name"), row["name"])  # who it is of, changed or not
    edit.note(conn, "operator.saved", "operator", identity, {**change, **({"pin": (None, "set")} if card.pin else {})})
    return identity


def _rights(card: OperatorCard, before: Row[Any] | None) -> tuple[str, ...]:
    if card.rights is not None:
        return in_order(card.rights)
    return ALL_RIGHTS if before is None else tuple(before.rights)


def save_settings(
    conn: Connection, edit: Edit, shop: str, settings: TillSettings, shown_version: int | None = None
) -> int:
    """Change how a shop's tills work (``check_version``); return the new version. A changed layout gets its own."""
    if not edit.scope(EDIT_SETTINGS).covers(edit.company, shop):
        raise NotFoundError("shop.unknown")
    queries.lock_registry(conn, edit.company)
    found = queries.find_settings(conn, edit.company, shop)
    check_version(found, shown_version)
    before = read_settings(found.settings) if found else None
    if before and (before.header, before.footer) != (settings.header, settings.footer):
        settings = replace(settings, layout_version=before.layout_version + 1)
    elif before:
        settings = replace(settings, layout_version=before.layout_version)
    expected = found.version + 1 if found else 1
    version = publish(conn, edit.company, shop, "till_settings", shop, settings.row(expected))
    values = {"settings": settings.row(version), "version": version}
    queries.put(conn, till_settings, {"company": edit.company, "shop": shop}, values)
    change = audit.changes(before.row(0) if before else {}, settings.row(0))
    edit.note(conn, "till_settings.saved", "shop", shop, change)
    return version


def get_settings(conn: Connection, company: str, shop: str) -> tuple[TillSettings, int]:
    """Return a shop's till settings and their version; NotFoundError ``till_settings.unknown``."""
    found = queries.find_settings(conn, company, shop)
    if found is None:
        raise NotFoundError("till_settings.unknown")
    return read_settings(found.settings), found.version


def _take_items(conn: Connection, edit: Edit) -> None:
    queries.lock_registry(conn, edit.company)
    check_not_held(conn, edit.company, edit.holder, edit.at)


_FED = {"customer": CUSTOMERS, "reason": REASONS, "tender_type": TENDER_TYPES}


class Versioned(Protocol):
    """What stands in a registry."""

    @property
    def version(self) -> int: ...  # noqa: D102


def check_version(before: Versioned | None, shown: int | None) -> None:
    """Refuse a change of what somebody else saved since ``shown`` was its version; None and 0 are for new ones.

    ConflictError ``version.stale``; BadInputError ``version.missing`` where the version of something that stands was
    not said. The caller holds ``queries.lock_registry``.
    """
    standing = before.version if before else 0
    if before and not shown:
        raise BadInputError("version.missing", field="version", version=standing)
    if standing != (shown or 0):
        raise ConflictError("version.stale", field="version", version=standing)


def operator_names(conn: Connection, company: str) -> dict[str, str]:
    """Return what the company's operators are called, by id."""
    return {row.id: row.name for row in queries.list_operators(conn, company)}


def row_names(conn: Connection, company: str, kind: str, key: str) -> dict[str, str] | None:
    """Return what a row is called, by language ("" where it is the same in each); None where that is not known."""
    if kind == "item":
        item = queries.find_item(conn, company, key)
        return None if item is None else dict(item.card.names)
    if kind == "operator":
        places = list(queries.operator_places(conn, company, key).values())
        return {"": queries.newest_of(places).name} if places else None
    if kind == "vat_code":
        return next((dict(row.names) for row in queries.list_vat_codes(conn, company) if row.id == key), None)
    found = records.find(conn, _FED[kind], company, [key]) if kind in _FED else {}
    if key not in found:
        return None
    card = found[key].card
    return dict(card.names) if hasattr(card, "names") else {"": card.name}


def _kept_pin(before: queries.AnyRow | None) -> PinHash:
    if before is None:
        raise BadInputError("pin.form", field="pin", least=4, most=12)
    return PinHash(bytes.fromhex(before.pin_salt), bytes.fromhex(before.pin_hash), before.pin_params)


def _publish_items(conn: Connection, edit: Edit, items: Sequence[StoredItem], known: set[str]) -> list[StoredItem]:
    versions = publish_many(conn, edit.company, None, "item", [(stored.id, stored.card.row()) for stored in items])
    stored = [replace(one, version=versions[one.id]) for one in items]
    queries.put_records(conn, edit.company, queries.item_records(edit.company, stored, edit.at, known))
    return stored


def _check_item_references(conn: Connection, company: str, card: ItemCard, item_id: str | None) -> None:
    if all(row.code != card.vat_code for row in queries.list_vat_codes(conn, company)):
        raise BadInputError("item.vat_unknown", code=card.vat_code)
    holder = queries.items_by_sku(conn, company, [card.sku]).get(card.sku)
    if holder and holder.id != item_id:
        raise ConflictError("item.sku_taken", sku=card.sku)
