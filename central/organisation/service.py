"""Who owns what: companies and their shops. Tills get them with the change feed.

Every function is a job on a connection.
"""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row

from central.db.feed import publish
from central.identity import audit
from central.identity.people import Actor
from central.identity.scope import Permission, Scope
from central.organisation import queries
from central.organisation.area import EDIT_COMPANIES
from commerce.errors import BadInputError, ConflictError, ForbiddenError, NotFoundError
from commerce.ids import new_id
from commerce.texts import LANGUAGES
from commerce.wire import CompanyCard, ShopCard


def save_company(
    conn: Connection, actor: Actor, at: datetime, values: dict[str, str], company_id: str | None = None
) -> str:
    """Add or change a company (name, tax_id, country, currency); the currency of one that exists stays."""
    _check_company(actor, company_id)
    before = None if company_id is None else get_company(conn, company_id)
    identity = company_id or new_id()
    card = CompanyCard(id=identity, **values)
    if not card.name.strip() or not card.tax_id.strip() or len(card.country) != 2:
        raise BadInputError("company.form")
    if before and before.currency != card.currency:
        raise BadInputError("company.currency")
    stored = card.model_dump(exclude={"id"})
    queries.put_company(conn, identity, stored if before else {**stored, "created_at": at}, is_new=before is None)
    publish(conn, identity, None, "company", identity, card.model_dump())
    change = audit.changes(dict(before._mapping) if before else {}, {**values})
    audit.record(conn, actor, at, audit.Act("company.saved", "company", identity, _shown(change, values), identity))
    return identity


def save_shop(conn: Connection, actor: Actor, at: datetime, company: str, shop: ShopCard, *, is_new: bool) -> str:
    """Add or change a shop; BadInputError names an unknown zone, language or time of day."""
    scope = actor.scope(EDIT_COMPANIES, company)
    before = None if is_new else get_shop(conn, shop.id)
    if before is None:
        scope.whole()
    elif not scope.covers(before.company, before.id):
        raise NotFoundError("shop.unknown")
    _check_shop(shop.zone, shop.languages, shop.cut_off)
    values = shop.model_dump(exclude={"id"})
    if is_new:
        queries.put_shop(conn, shop.id, {**values, "company": company, "created_at": at}, is_new=True)
    else:
        queries.put_shop(conn, shop.id, values, is_new=False)
    publish(conn, company, shop.id, "shop", shop.id, shop.model_dump())
    change = audit.changes(dict(before._mapping) if before else {}, values)
    audit.record(conn, actor, at, audit.Act("shop.saved", "shop", shop.id, _shown(change, values), company))
    return shop.id


def list_companies(conn: Connection) -> list[Row[Any]]:
    """Return the companies, oldest first."""
    return queries.list_companies(conn)


def companies_within(conn: Connection, scopes: Sequence[Scope]) -> list[Row[Any]]:
    """Return the companies that scopes reach, those too of which they reach some shops only, oldest first."""
    return [row for row in queries.list_companies(conn) if any(one.company in (None, row.id) for one in scopes)]


def list_shops(conn: Connection, company: str | None = None) -> list[Row[Any]]:
    """Return the shops of a company, or of all, by name."""
    return queries.list_shops(conn, company)


def shops_within(conn: Connection, scopes: Sequence[Scope]) -> list[Row[Any]]:
    """Return the shops within scopes, by name."""
    return queries.list_shops(conn, scopes=scopes)


def tills_within(conn: Connection, scopes: Sequence[Scope]) -> list[Row[Any]]:
    """Return the tills within scopes, by code."""
    return queries.list_tills(conn, scopes)


def find_till_within(conn: Connection, actor: Actor, permission: Permission, till: str) -> Row[Any]:
    """Return a till at whose shop an actor may do something; NotFoundError ``till.unknown`` for any other."""
    scopes = actor.scopes(permission)
    row = queries.find_till(conn, till)
    if row is None or not any(scope.covers(row.company, row.shop) for scope in scopes):
        raise NotFoundError("till.unknown", till=till)
    return row


def find_shop_within(conn: Connection, actor: Actor, permission: Permission, shop: str) -> Row[Any]:
    """Return a shop where an actor may do something; NotFoundError ``shop.unknown`` for any other."""
    scopes = actor.scopes(permission)
    row = queries.find_shop(conn, shop)
    if row is None or not any(scope.covers(row.company, row.id) for scope in scopes):
        raise NotFoundError("shop.unknown")
    return row


def get_company(conn: Connection, company: str) -> Row[Any]:
    """Return a company; NotFoundError ``company.unknown``."""
    row = queries.find_company(conn, company)
    if row is None:
        raise NotFoundError("company.unknown")
    return row


def get_shop(conn: Connection, shop: str) -> Row[Any]:
    """Return a shop; NotFoundError ``shop.unknown``."""
    row = queries.find_shop(conn, shop)
    if row is None:
        raise NotFoundError("shop.unknown")
    return row


def office_zones(conn: Connection) -> dict[str | None, str]:
    """Return the zone in which each company's times are shown where no shop has them: its oldest shop's.

    Under None stands that of whoever works for all companies.
    """
    zones: dict[str | None, str] = {}
    for row in queries.list_zones(conn):
        zones.setdefault(None, row.zone)
        zones.setdefault(row.company, row.zone)
    return zones


def get_till(conn: Connection, till: str) -> Row[Any]:
    """Return a till; NotFoundError ``till.unknown``."""
    row = queries.find_till(conn, till)
    if row is None:
        raise NotFoundError("till.unknown", till=till)
    return row


def insert_till(conn: Connection, shop: Row[Any], at: datetime, code: str, name: str, mode: str) -> str:
    """Store a new till of a shop and return its id; ConflictError ``till.code_taken`` within the company."""
    identity = new_id()
    values = {"id": identity, "company": shop.company, "shop": shop.id, "code": code, "name": name, "mode": mode,
              "created_at": at}  # fmt: skip
    if not queries.insert_till(conn, values):
        raise ConflictError("till.code_taken", code=code)
    return identity


def _check_company(actor: Actor, company: str | None) -> None:
    """Refuse whoever may not change a company; a new one is made by who may do so everywhere."""
    if company is not None:
        actor.scope(EDIT_COMPANIES, company).whole()
    elif not any(scope.company is None for scope in actor.scopes(EDIT_COMPANIES)):
        raise ForbiddenError("forbidden.company")


def _check_shop(zone: str, languages: Sequence[str], cut_off: str) -> None:
    try:
        ZoneInfo(zone)
        time.fromisoformat(cut_off)
    except (ValueError, OSError, KeyError) as error:  # an unknown zone is a KeyError
        raise BadInputError("shop.form", zone=zone, cut_off=cut_off) from error
    if not set(languages) <= set(LANGUAGES):
        raise BadInputError("shop.languages", languages=", ".join(languages))


def _shown(change: audit.Change, values: dict[str, Any] | dict[str, str]) -> audit.Change:
    return {name: pair for name, pair in change.items() if name in values}
