"""Roles that people edit, and who has which of them where. Jobs on a connection; every change is written down.

Whoever manages people somewhere deals there in what they hold themselves: nobody gives, takes or widens more than that,
nor changes what they have themselves.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from central.identity import audit, queries, role_queries
from central.identity.area import MANAGE_PEOPLE
from central.identity.people import Actor
from central.identity.scope import Grant, Scope, covers
from central.organisation.service import get_company, get_shop
from commerce.errors import ConflictError, ForbiddenError, NotFoundError, Problems
from commerce.ids import new_id
from commerce.texts import LANGUAGES

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

MOST_NAME = 60


@dataclass(frozen=True, slots=True)
class RoleCard:
    """A role as people edit it; ``rights`` are names of permissions."""

    names: Mapping[str, str]
    rights: Collection[str] = field(default_factory=frozenset)
    company: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a role is given: every company, one, or a shop of one."""

    company: str | None = None
    shop: str | None = None


def managed(actor: Actor) -> tuple[Scope, ...]:
    """Return in which companies somebody manages people; who does so at some shops only has nothing to manage yet."""
    found = tuple(scope for scope in actor.scopes(MANAGE_PEOPLE) if scope.shops is None)
    if not found:
        raise ForbiddenError("forbidden.shops")
    return found


def manages(actor: Actor, company: str | None) -> bool:
    """Tell whether somebody manages people in all of a company; for None: everywhere."""
    return any(scope.shops is None and scope.company in (None, company) for scope in actor.reach(MANAGE_PEOPLE))


def list_roles(conn: "Connection", actor: Actor) -> "list[Row[Any]]":
    """Return the roles that may be given somewhere where somebody manages people."""
    return role_queries.list_roles(conn, managed(actor))


def get_role(conn: "Connection", actor: Actor, role: str) -> "Row[Any]":
    """Return one of them; NotFoundError ``role.unknown``."""
    row = role_queries.find_role(conn, role)
    if row is None or not (row.company is None or manages(actor, row.company)):
        raise NotFoundError("role.unknown")
    return row


def save_role(
    conn: "Connection",
    actor: Actor,
    at: datetime,
    card: RoleCard,
    known: Collection[str],
    role: str | None = None,
    shown_version: int = 0,
) -> str:
    """Add or change a role; ``known`` are the permissions that areas declare, ``shown_version`` what was read before.

    InvalidError with everything that is wrong; ConflictError ``version.stale``, ``role.fixed``, ``role.yourself``;
    ForbiddenError ``role.more`` for more than one holds, ``forbidden.company`` for a role of others' companies.
    """
    before = get_role(conn, actor, role) if role else None
    company = before.company if before else card.company
    if not manages(actor, company):
        raise ForbiddenError("forbidden.company")
    _check_card(card, known)
    rights = frozenset(card.rights)
    _check_change(conn, actor, before, rights, shown_version)
    _check_holds(actor, Grant(company, None, rights ^ (frozenset(before.rights) if before else frozenset())))
    identity, names = role or new_id(), {key: text.strip() for key, text in card.names.items()}
    values: dict[str, object] = {
        "names": names,
        "rights": sorted(rights),
        "version": (before.version if before else 0) + 1,
    }
    fresh = {"company": company, "everything": False, "created_at": at}
    role_queries.put_role(conn, identity, values if before else {**values, **fresh}, is_new=before is None)
    was = {"names": before.names, "permissions": before.rights} if before else {}
    change = audit.changes(was, {"names": names, "permissions": sorted(rights)})
    change["names"] = (was.get("names"), names)  # which it is, changed or not
    audit.record(conn, actor, at, audit.Act("role.saved", "role", identity, change, company))
    return identity


def delete_role(conn: "Connection", actor: Actor, at: datetime, role: str) -> None:
    """Forget a role; ConflictError ``role.in_use`` while somebody has it, ``role.fixed`` for the first."""
    before = get_role(conn, actor, role)
    if not manages(actor, before.company):
        raise ForbiddenError("forbidden.company")
    if before.everything:
        raise ConflictError("role.fixed")
    bound = role_queries.count_bound(conn, role)
    if bound:
        raise ConflictError("role.in_use", count=bound)
    _check_holds(actor, Grant(before.company, None, frozenset(before.rights)))
    role_queries.delete_role(conn, role)
    act = audit.Act("role.deleted", "role", role, {"names": (before.names, None)}, before.company)
    audit.record(conn, actor, at, act)


def give(conn: "Connection", actor: Actor, at: datetime, user: str, role: str, place: Place) -> None:
    """Give somebody a role somewhere; ConflictError ``role.had`` if they have it there.

    NotFoundError ``company.unknown`` or ``shop.unknown`` for a place that is none.
    """
    _names_of(conn, place)
    account, row = _dealt(conn, actor, user, role, place)
    if not role_queries.bind(conn, user, role, place.company, place.shop):
        raise ConflictError("role.had")
    _note(conn, actor, at, "user.role_given", account, (None, row.names), place)


def take(conn: "Connection", actor: Actor, at: datetime, user: str, role: str, place: Place) -> None:
    """Take a role somewhere from somebody; NotFoundError ``role.not_had`` if they have none there."""
    account, row = _dealt(conn, actor, user, role, place)
    if not role_queries.unbind(conn, user, role, place.company, place.shop):
        raise NotFoundError("role.not_had")
    _note(conn, actor, at, "user.role_taken", account, (row.names, None), place)


def get_visible(conn: "Connection", actor: Actor, user: str) -> "Row[Any]":
    """Return a user who answers to, or works for, a company where somebody manages people; NotFoundError if not."""
    row = queries.find_user(conn, user, role_queries.is_visible(managed(actor)))
    if row is None:
        raise NotFoundError("user.unknown")
    return row


def get_account(conn: "Connection", actor: Actor, user: str) -> "Row[Any]":
    """Return a user whose account somebody may act on: one's own, or one that may nothing that oneself may not.

    ForbiddenError ``user.elsewhere`` for one that may more, or elsewhere: whoever sets its password has all of it.
    """
    if user == actor.id:
        own = queries.find_user(conn, user)
        if own is None:
            raise NotFoundError("user.unknown")
        return own
    row = get_visible(conn, actor, user)
    theirs = role_queries.grants_of(conn, user)
    if not manages(actor, row.company) or not all(
        covers(actor.grants, one) and manages(actor, one.company) for one in theirs
    ):
        raise ForbiddenError("user.elsewhere")
    return row


def bindings(conn: "Connection", actor: Actor, users: Sequence[str]) -> "dict[str, list[role_queries.Binding]]":
    """Return the roles that users have where somebody manages people; what they are elsewhere is nobody's business."""
    found: dict[str, list[role_queries.Binding]] = {}
    for one in role_queries.bindings_of(conn, users):
        if manages(actor, one.company):
            found.setdefault(one.user, []).append(one)
    return found


def describe_people(conn: "Connection", actor: Actor) -> list[tuple[str, ...]]:
    """Return everybody whom somebody manages, a row for each role: name, shown as, role, where."""
    users = queries.list_users(conn, role_queries.is_visible(managed(actor)))
    bound: Mapping[str, Sequence[role_queries.Binding | None]] = bindings(conn, actor, [user.id for user in users])
    return [
        (user.name, user.display_name, one.role if one else "-", _place_text(one))
        for user in users
        for one in bound.get(user.id) or [None]
    ]


def _place_text(one: role_queries.Binding | None) -> str:
    if one is None:
        return "-"
    return "/".join(filter(None, (one.company, one.shop))) or "*"


def _dealt(conn: "Connection", actor: Actor, user: str, role: str, place: Place) -> "tuple[Row[Any], Row[Any]]":
    """Return the account and the role that are dealt in, if the actor may do that there."""
    if not manages(actor, place.company):
        managed(actor)
        raise ForbiddenError("forbidden.company")
    if user == actor.id:
        raise ConflictError("user.yourself")
    account, row = get_visible(conn, actor, user), get_role(conn, actor, role)
    if row.company not in (None, place.company):
        raise NotFoundError("role.unknown")
    rights = None if row.everything else frozenset(row.rights)
    _check_holds(actor, Grant(place.company, place.shop, rights))
    return account, row


def _check_card(card: RoleCard, known: Collection[str]) -> None:
    problems = Problems()
    for language in LANGUAGES:
        if not 0 < len(card.names.get(language, "").strip()) <= MOST_NAME:
            problems.add("role.name", f"name_{language}", most=MOST_NAME)
    for name in sorted(set(card.rights) - set(known)):
        problems.add("role.right", "rights", right=name[:80])
    problems.refuse()


def _check_change(
    conn: "Connection", actor: Actor, before: "Row[Any] | None", rights: frozenset[str], shown_version: int
) -> None:
    if before is None:
        return
    if before.everything:
        raise ConflictError("role.fixed")
    if before.version != shown_version:
        raise ConflictError("version.stale", field="version", version=before.version)
    mine = actor.id is not None and any(one.role == before.id for one in role_queries.bindings_of(conn, [actor.id]))
    if mine and rights != frozenset(before.rights):
        raise ConflictError("role.yourself")


def _check_holds(actor: Actor, grant: Grant) -> None:
    if not covers(actor.grants, grant):
        raise ForbiddenError("role.more")


def _names_of(conn: "Connection", place: Place) -> list[str]:
    if place.company is None:
        if place.shop is not None:
            raise NotFoundError("company.unknown")
        return []
    company = get_company(conn, place.company)
    shop = None if place.shop is None else get_shop(conn, place.shop)
    if shop is not None and shop.company != company.id:
        raise NotFoundError("shop.unknown")
    return [company.name, *([shop.name] if shop is not None else [])]


def _note(
    conn: "Connection",
    actor: Actor,
    at: datetime,
    action: str,
    account: "Row[Any]",
    role: tuple[object, object],
    place: Place,
) -> None:
    where = " · ".join(_names_of(conn, place)) or None
    change = {
        "display_name": (account.display_name, account.display_name),  # whose it is
        "role": role,
        "where": (where, where),
    }
    audit.record(conn, actor, at, audit.Act(action, "user", account.id, change, place.company or account.company))
