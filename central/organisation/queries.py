"""The SQL of company, shop and till. Plain functions on a connection; they never commit."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from central.db.bulk import insert_new
from central.identity.narrowing import within
from central.identity.scope import Scope
from central.organisation.tables import company, shop, till

AnyRow = Row[Any]


def list_companies(conn: Connection) -> list[AnyRow]:
    """Return the companies, oldest first."""
    return list(conn.execute(select(company).order_by(company.c.created_at, company.c.id)))


def find_company(conn: Connection, company_id: str) -> AnyRow | None:
    """Return a company."""
    return conn.execute(select(company).where(company.c.id == company_id)).first()


def put_company(conn: Connection, company_id: str, values: Mapping[str, object], *, is_new: bool) -> None:
    """Store a company."""
    if is_new:
        conn.execute(insert(company), {"id": company_id, **values})
    else:
        conn.execute(update(company).where(company.c.id == company_id).values(**values))


def list_shops(conn: Connection, company_id: str | None = None, scopes: Sequence[Scope] | None = None) -> list[AnyRow]:
    """Return the shops of a company, or of all, by name; those within scopes where some are given."""
    query = select(shop).order_by(shop.c.name, shop.c.id)
    if company_id is not None:
        query = query.where(shop.c.company == company_id)
    return list(conn.execute(query if scopes is None else query.where(within(scopes, shop.c.company, shop.c.id))))


def find_shop(conn: Connection, shop_id: str) -> AnyRow | None:
    """Return a shop."""
    return conn.execute(select(shop).where(shop.c.id == shop_id)).first()


def list_zones(conn: Connection) -> list[AnyRow]:
    """Return company and zone of every shop, the oldest shop first."""
    return list(conn.execute(select(shop.c.company, shop.c.zone).order_by(shop.c.created_at, shop.c.id)))


def put_shop(conn: Connection, shop_id: str, values: Mapping[str, object], *, is_new: bool) -> None:
    """Store a shop."""
    if is_new:
        conn.execute(insert(shop), {"id": shop_id, **values})
    else:
        conn.execute(update(shop).where(shop.c.id == shop_id).values(**values))


def find_till(conn: Connection, till_id: str) -> AnyRow | None:
    """Return a till."""
    return conn.execute(select(till).where(till.c.id == till_id)).first()


def insert_till(conn: Connection, values: Mapping[str, object]) -> bool:
    """Store a new till; False when one of the company has its code."""
    return insert_new(conn, till, values)


def list_tills(conn: Connection, scopes: Sequence[Scope]) -> list[AnyRow]:
    """Return the tills within scopes, by code."""
    here = within(scopes, till.c.company, till.c.shop)
    return list(conn.execute(select(till).where(here).order_by(till.c.code, till.c.id)))
