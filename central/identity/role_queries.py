"""The SQL of roles and of who has them where. Plain functions on a connection; they never commit."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, exists, false, insert, or_, select, update

from central.db.bulk import insert_new
from central.db.signals import ACCESS, mark
from central.identity.narrowing import within
from central.identity.scope import Grant, Scope
from central.identity.tables import app_user, role, user_role

_ALL = ""  # how every company, and every shop of one, is stored


@dataclass(frozen=True, slots=True)
class Binding:
    """A role that somebody has somewhere."""

    user: str
    role: str
    company: str | None
    shop: str | None
    names: dict[str, str]
    grant: Grant


def bindings_of(conn: Connection, users: Collection[str]) -> list[Binding]:
    """Return the roles of some users, in an order that stays."""
    query = (
        select(user_role, role.c.names, role.c.everything, role.c.rights)
        .join(role, role.c.id == user_role.c.role)
        .where(user_role.c.user.in_(users))
        .order_by(user_role.c.user, user_role.c.company, user_role.c.shop, user_role.c.role)
    )
    return [_binding(row) for row in conn.execute(query)]


def grants_of(conn: Connection, user: str) -> tuple[Grant, ...]:
    """Return what a user may do, and where."""
    return tuple(one.grant for one in bindings_of(conn, [user]))


def bind(conn: Connection, user: str, role_id: str, company: str | None, shop: str | None) -> bool:
    """Give somebody a role somewhere; False if they had it. What is open for them looks again."""
    mark(conn, ACCESS)
    return insert_new(conn, user_role, _key(user, role_id, company, shop))


def unbind(conn: Connection, user: str, role_id: str, company: str | None, shop: str | None) -> bool:
    """Take a role somewhere from somebody; False if they had none."""
    mark(conn, ACCESS)
    same = [user_role.c[name] == value for name, value in _key(user, role_id, company, shop).items()]
    return bool(conn.execute(delete(user_role).where(*same)).rowcount)


def list_roles(conn: Connection, scopes: Sequence[Scope]) -> list[Row[Any]]:
    """Return the roles of the installation and of the companies within scopes, the oldest first."""
    mine = or_(role.c.company.is_(None), within(scopes, role.c.company))
    return list(conn.execute(select(role).where(mine).order_by(role.c.created_at, role.c.id)))


def find_role(conn: Connection, role_id: str) -> Row[Any] | None:
    """Return a role; nobody else changes it until this transaction ends."""
    return conn.execute(select(role).where(role.c.id == role_id).with_for_update()).first()


def put_role(conn: Connection, role_id: str, values: dict[str, object], *, is_new: bool) -> None:
    """Store a role; what is open for those who have it looks again."""
    mark(conn, ACCESS)
    if is_new:
        conn.execute(insert(role), {"id": role_id, **values})
    else:
        conn.execute(update(role).where(role.c.id == role_id).values(**values))


def delete_role(conn: Connection, role_id: str) -> None:
    """Forget a role that nobody has."""
    conn.execute(delete(role).where(role.c.id == role_id))


def count_bound(conn: Connection, role_id: str) -> int:
    """Return how many users have a role somewhere."""
    rows = conn.execute(select(user_role.c.user).where(user_role.c.role == role_id).distinct()).all()
    return len(rows)


def is_visible(scopes: Sequence[Scope]) -> ColumnElement[bool]:
    """Return the condition that a user answers to, or works for, a company within scopes."""
    bound = (
        exists().where(user_role.c.user == app_user.c.id, within(scopes, user_role.c.company)) if scopes else false()
    )
    return or_(within(scopes, app_user.c.company), bound)


def _key(user: str, role_id: str, company: str | None, shop: str | None) -> dict[str, object]:
    return {"user": user, "role": role_id, "company": company or _ALL, "shop": shop or _ALL}


def _binding(row: Row[Any]) -> Binding:
    company, shop = row.company or None, row.shop or None
    rights = None if row.everything else frozenset(row.rights)
    return Binding(row.user, row.role, company, shop, dict(row.names), Grant(company, shop, rights))
