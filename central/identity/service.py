"""Signing in and out, and who may. Every change is written down in the transaction that makes it."""

import math
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from central.db.keyset import Place
from central.identity import audit, limits, queries, role_queries, roles
from central.identity.area import MANAGE_PEOPLE, SEE_AUDIT
from central.identity.errors import TooManyAttemptsError, WrongCredentialsError
from central.identity.passwords import hash_password, password_matches, token_digest
from central.identity.people import COMMAND_LINE, Actor, Role
from central.identity.roles import Place as WorkPlace
from commerce.errors import BadInputError, ConflictError, ForbiddenError, NotFoundError
from commerce.ids import new_id
from commerce.texts import LANGUAGES

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from central.db.engine import Database

SESSION_LENGTH = timedelta(hours=12)
IDLE_LENGTH = timedelta(hours=3)
DEVICE_LENGTH = timedelta(days=400)  # browsers keep no cookie for longer
MOST_TOKEN_DAYS = 366
_TOUCH_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Visit:
    """Where a sign-in comes from. ``device`` is the cookie that the browser keeps between sessions, "" without one."""

    address: str
    agent: str
    device: str = ""


@dataclass(frozen=True, slots=True)
class NewUser:
    """Somebody to be let in, with a first role in a place; ``company`` None is every company."""

    name: str
    password: str
    role: str = Role.VIEWER
    language: str = "en"
    display_name: str = ""
    company: str | None = None
    shop: str | None = None


async def sign_in(db: "Database", name: str, password: str, visit: Visit, now: datetime) -> str:
    """Return a new session's cookie.

    WrongCredentialsError says no; TooManyAttemptsError says when the next attempt is taken. Attempts are counted
    before the password is checked, so that many at once gain nothing. A browser that this person signed in with before
    has a count of its own: whoever guesses beside it, from the same address too, cannot make it wait.
    """
    folded = fold_name(name)
    keys, user = await db.write(lambda conn: _take_attempt(conn, folded, visit, now))
    if not await password_matches(user.password_hash if user else None, password) or user is None:
        raise WrongCredentialsError
    token = secrets.token_hex(32)
    await db.write(lambda conn: _open_session(conn, user, token, visit, now, keys))
    return token


async def find_subject(db: "Database", name: str) -> str:
    """Return the id of the user that somebody named at the sign-in; "-" for none: people type passwords there too."""
    user = await db.read(lambda conn: queries.find_user_by_name(conn, fold_name(name)))
    return "-" if user is None else str(user.id)


async def get_user(db: "Database", name: str) -> str:
    """Return the id of the user who signs in by a name; NotFoundError ``user.unknown``."""
    user = await db.read(lambda conn: queries.find_user_by_name(conn, fold_name(name)))
    if user is None:
        raise NotFoundError("user.unknown")
    return str(user.id)


async def find_actor(db: "Database", cookie: str, now: datetime) -> Actor | None:
    """Return whose session a cookie opens, or None once it has ended."""
    found = await _find_actor(db, cookie, now)
    if found is None:
        return None
    actor, seen_at = found
    if now - seen_at > _TOUCH_EVERY:
        await db.write(lambda conn: queries.touch_session(conn, actor.session or "", now))
    return actor


async def peek_actor(db: "Database", cookie: str, now: datetime) -> Actor | None:
    """Return whose session a cookie opens, as ``find_actor``, but not as use of it: an open page is nobody's doing."""
    found = await _find_actor(db, cookie, now)
    return None if found is None else found[0]


async def _find_actor(db: "Database", cookie: str, now: datetime) -> tuple[Actor, datetime] | None:
    def job(conn: "Connection") -> tuple[Actor, datetime] | None:
        row = queries.find_session(conn, token_digest(cookie))
        if row is None or row.expires_at <= now or now - row.seen_at > IDLE_LENGTH:
            return None
        return _actor(conn, row, row.session), row.seen_at

    return await db.read(job)


def actor_of(conn: "Connection", user: str | None) -> Actor:
    """Return who had something done in their name, with what they may do now; None is whoever types commands here.

    ForbiddenError ``user.shut_out`` for somebody who may not come in any more.
    """
    if user is None:
        return COMMAND_LINE
    row = queries.find_user(conn, user)
    if row is None or not row.active:
        raise ForbiddenError("user.shut_out")
    return _actor(conn, row, None)


async def find_token_actor(db: "Database", token: str, now: datetime) -> Actor | None:
    """Return whose API token this is, or None once it has ended."""

    def job(conn: "Connection") -> Actor | None:
        row = queries.find_token_user(conn, token_digest(token), now)
        return None if row is None else _actor(conn, row, None)

    return await db.read(job)


async def end_session(db: "Database", actor: Actor, session: str, now: datetime) -> None:
    """End a session: one's own, or anybody's for who may manage users."""

    def job(conn: "Connection") -> None:
        owner = queries.find_session_owner(conn, session)
        if owner is None:
            raise NotFoundError("session.unknown")
        company = roles.get_account(conn, actor, owner).company
        if queries.end_sessions(conn, now, session=session):
            audit.record(conn, actor, now, audit.Act("session.ended", "user", owner, {}, company))

    await db.write(job)


async def add_user(
    db: "Database", new: NewUser, now: datetime, actor: Actor = COMMAND_LINE, place: WorkPlace | None = None
) -> str:
    """Let somebody in with a role at a place; return the user's id. ConflictError ``user.exists`` for a taken name.

    Who manages people of one company lets them into that one only (``roles.give``).
    """
    where = place or _only_place(actor, new)
    name = fold_name(new.name)
    if not name or len(name) > 64 or not name.isprintable():
        raise BadInputError("user.name", field="name")
    if new.language not in LANGUAGES:
        raise BadInputError("user.language", field="language", language=new.language)
    values: dict[str, object] = {
        "id": new_id(),
        "company": where.company,
        "name": name,
        "display_name": new.display_name.strip() or new.name.strip(),
        "password_hash": await hash_password(new.password, (name, new.display_name)),
        "language": new.language,
        "active": True,
        "created_at": now,
    }

    def job(conn: "Connection") -> None:
        if not queries.insert_user(conn, values):
            raise ConflictError("user.exists", field="name", name=name)
        shown = {key: (None, values[key]) for key in ("name", "display_name", "language")}
        audit.record(conn, actor, now, audit.Act("user.added", "user", str(values["id"]), shown, where.company))
        roles.give(conn, actor, now, str(values["id"]), new.role, where)

    await db.write(job)
    return str(values["id"])


async def set_active(db: "Database", actor: Actor, user: str, now: datetime, *, active: bool) -> None:
    """Shut somebody out, signed out at once, or let them in again."""
    if user == actor.id:
        raise ConflictError("user.yourself")

    def job(conn: "Connection") -> None:
        before = roles.get_account(conn, actor, user)
        queries.update_user(conn, user, {"active": active})
        if not active:
            queries.end_sessions(conn, now, user=user)
        change = audit.changes({"active": before.active}, {"active": active})
        change["display_name"] = (before.display_name, before.display_name)  # whose it is
        audit.record(conn, actor, now, audit.Act("user.changed", "user", user, change, before.company))

    await db.write(job)


async def set_password(
    db: "Database", actor: Actor, user: str, password: str, now: datetime, *, end_keys: bool = False
) -> None:
    """Give a user a new password and end that user's sessions; the keys for programs too when asked."""
    holder = await db.read(lambda conn: roles.get_account(conn, actor, user))
    hashed = await hash_password(password, (holder.name, holder.display_name))

    def job(conn: "Connection") -> None:
        company = roles.get_account(conn, actor, user).company
        queries.update_user(conn, user, {"password_hash": hashed})
        queries.end_sessions(conn, now, user=user)
        keys = queries.revoke_tokens(conn, now, user=user) if end_keys else 0
        change = {"keys": (keys, 0)} if end_keys else {}
        audit.record(conn, actor, now, audit.Act("user.password", "user", user, change, company))

    await db.write(job)


async def change_own_password(
    db: "Database", actor: Actor, current: str, password: str, now: datetime, *, end_keys: bool = False
) -> None:
    """Change one's own password; WrongCredentialsError when the present one is not right.

    Whoever sits at a browser that was left open guesses no faster here than at the sign-in.
    """
    key = {f"password:{actor.id}": limits.FREE_FAILURES}
    await db.write(lambda conn: _count_attempt(conn, key, now))
    user = await db.read(lambda conn: queries.find_user(conn, actor.id or ""))
    if user is None or not await password_matches(user.password_hash, current):
        raise WrongCredentialsError("password.wrong")
    await db.write(lambda conn: _forget_attempts(conn, list(key), now))
    await set_password(db, actor, user.id, password, now, end_keys=end_keys)


async def list_users(db: "Database", actor: Actor) -> "list[Row[Any]]":
    """Return everybody who answers to, or works for, a company where the actor manages people."""
    among = role_queries.is_visible(roles.managed(actor))
    return await db.read(lambda conn: queries.list_users(conn, among))


async def list_sessions(
    db: "Database", actor: Actor, now: datetime, *, own: bool = False, after: Place | None = None, limit: int = 100
) -> list[queries.OpenSession]:
    """Return a page of open sessions: one's own, or those of everybody whom the actor manages (``list_users``)."""
    among = None if own else role_queries.is_visible(roles.managed(actor))
    user = (actor.id or "") if own else None
    return await db.read(
        lambda conn: queries.list_sessions(
            conn, now, now - IDLE_LENGTH, among=among, user=user, after=after, limit=limit
        )
    )


async def list_tokens(db: "Database", actor: Actor) -> "list[Row[Any]]":
    """Return one's own API tokens that nobody revoked."""
    return await db.read(lambda conn: queries.list_tokens(conn, queries.is_user(actor.id or "")))


async def list_all_tokens(db: "Database", actor: Actor) -> "list[Row[Any]]":
    """Return the API tokens of everybody whom the actor manages that nobody revoked."""
    among = role_queries.is_visible(roles.managed(actor))
    return await db.read(lambda conn: queries.list_tokens(conn, among))


async def list_acts(
    db: "Database", actor: Actor, wanted: queries.ActFilter, *, limit: int, after: Place | None = None
) -> "list[Row[Any]]":
    """Return the acts that are wanted, newest first, of the companies where the actor may see all of the record."""
    scopes = [scope for scope in actor.scopes(SEE_AUDIT) if scope.shops is None]
    if not scopes:
        raise ForbiddenError("forbidden.shops")
    return await db.read(lambda conn: queries.list_acts(conn, limit=limit, wanted=wanted, after=after, scopes=scopes))


async def add_token(db: "Database", actor: Actor, name: str, now: datetime, days: int = 90) -> str:
    """Return a new API token of one's own that ends after so many days, a year at most; it is shown only here."""
    if actor.id is None or not name.strip():
        raise BadInputError("token.name", field="name")
    if not 1 <= days <= MOST_TOKEN_DAYS:
        raise BadInputError("token.days", field="days", most=MOST_TOKEN_DAYS)
    token, ends = f"cf_{secrets.token_hex(32)}", now + timedelta(days=days)
    values = {"id": new_id(), "token_hash": token_digest(token), "user": actor.id, "name": name.strip()[:64],
              "created_at": now, "expires_at": ends, "revoked_at": None}  # fmt: skip
    change = {"name": (None, values["name"]), "expires_at": (None, ends.date().isoformat())}

    def job(conn: "Connection") -> None:
        queries.insert_token(conn, dict(values))
        audit.record(conn, actor, now, audit.Act("token.added", "token", str(values["id"]), change))

    await db.write(job)
    return token


async def revoke_token(db: "Database", actor: Actor, token: str, now: datetime) -> None:
    """Make an API token worthless: one's own, or anybody's for who may manage users.

    NotFoundError ``token.unknown`` for one that is not there, or that is none of the actor's business.
    """

    def job(conn: "Connection") -> None:
        owner = queries.find_token_owner(conn, token)
        if owner is None or (owner != actor.id and not actor.may(MANAGE_PEOPLE)):
            raise NotFoundError("token.unknown")
        company = roles.get_account(conn, actor, owner).company
        queries.revoke_tokens(conn, now, token=token)
        audit.record(conn, actor, now, audit.Act("token.revoked", "token", token, {}, company))

    await db.write(job)


def fold_name(name: str) -> str:
    """Return a name as sign-in compares it."""
    return name.strip().casefold()


def _take_attempt(conn: "Connection", name: str, visit: Visit, now: datetime) -> "tuple[list[str], Row[Any] | None]":
    """Count an attempt as failed until proven otherwise; TooManyAttemptsError while one has to wait.

    Returns what it was counted under, and the user.
    """
    keys = _delay_keys(conn, name, visit, now)
    _count_attempt(conn, keys, now)
    user = queries.find_user_by_name(conn, name)
    return list(keys), user if user is not None and user.active else None


def _count_attempt(conn: "Connection", keys: dict[str, int], now: datetime) -> None:
    """Count a failure under each key, of which so many are free; TooManyAttemptsError while one has to wait."""
    queries.lock_delays(conn)
    queries.clear_delays(conn, [], now - limits.FORGOTTEN_AFTER)
    held = {
        key: delay for key, delay in queries.find_delays(conn, list(keys)).items() if limits.still_counts(delay[1], now)
    }
    waits = [next_at - now for _, next_at in held.values() if next_at > now]
    if waits:
        raise TooManyAttemptsError(wait_s=math.ceil(max(waits).total_seconds()))
    for key, free in keys.items():
        failures = held[key][0] + 1 if key in held else 1
        queries.set_delay(conn, key, failures, now + limits.wait_after(failures, free))


def _forget_attempts(conn: "Connection", keys: list[str], now: datetime) -> None:
    queries.lock_delays(conn)
    queries.clear_delays(conn, keys, now - limits.FORGOTTEN_AFTER)


def _delay_keys(conn: "Connection", name: str, visit: Visit, now: datetime) -> dict[str, int]:
    """Failures of a browser that the person signed in with before; else of the name at the address and of the address.

    Those of a name wherever they come from are added for addresses that the person never signed in from: somebody
    elsewhere can slow them down only there.
    """
    named, address = f"user:{name[:64]}", limits.counted_address(visit.address)
    device = _device_digest(visit)
    if device and queries.knows_device(conn, name, device, now - DEVICE_LENGTH):
        return {f"device:{device.hex()}:{named}": limits.FREE_FAILURES}
    keys = {f"{named}@{address}": limits.FREE_FAILURES, f"address:{address}": limits.FREE_ADDRESS_FAILURES}
    known = queries.knows_address(conn, name, visit.address[:64])
    return keys if known else {**keys, named: limits.FREE_ADDRESS_FAILURES}


def _device_digest(visit: Visit) -> bytes | None:
    return token_digest(visit.device) if visit.device else None


def _open_session(
    conn: "Connection", user: "Row[Any]", token: str, visit: Visit, now: datetime, keys: list[str]
) -> None:
    session = new_id()
    values: dict[str, object] = {
        "id": session,
        "token_hash": token_digest(token),
        "user": user.id,
        "created_at": now,
        "seen_at": now,
        "expires_at": now + SESSION_LENGTH,
        "ended_at": None,
        "device": _device_digest(visit),
        "address": visit.address[:64],
        "agent": visit.agent[:200],
    }
    queries.insert_session(conn, values)
    _forget_attempts(conn, [*keys, f"user:{user.name[:64]}"], now)
    audit.record(conn, _actor(conn, user, session), now, audit.Act("session.opened", "user", user.id, {}))


def _only_place(actor: Actor, new: NewUser) -> WorkPlace:
    """Return where somebody is let in: where it is said, else all of what the actor manages if that is one place."""
    if new.company is not None or new.shop is not None:
        return WorkPlace(new.company, new.shop)
    companies = {scope.company for scope in roles.managed(actor)}
    return WorkPlace(None if None in companies or len(companies) > 1 else companies.pop())


def _actor(conn: "Connection", row: "Row[Any]", session: str | None) -> Actor:
    grants = role_queries.grants_of(conn, row.id)
    return Actor(row.id, row.display_name, grants, row.language, row.company, session)
