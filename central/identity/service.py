"""Signing in and out, and who may. Every change is written down in the transaction that makes it."""

import math
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from central.db.keyset import Place
from central.identity import audit, limits, queries
from central.identity.errors import TooManyAttemptsError, WrongCredentialsError
from central.identity.passwords import hash_password, password_matches, token_digest
from central.identity.people import COMMAND_LINE, STANDARD_RIGHTS, Actor, Permission, Role
from central.identity.scope import Grant
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
    """Somebody to be let in."""

    name: str
    password: str
    role: Role = Role.VIEWER
    language: str = "en"
    display_name: str = ""
    company: str | None = None


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


async def find_actor(db: "Database", cookie: str, now: datetime) -> Actor | None:
    """Return whose session a cookie opens, or None once it has ended."""
    row = await db.read(lambda conn: queries.find_session(conn, token_digest(cookie)))
    if row is None or row.expires_at <= now or now - row.seen_at > IDLE_LENGTH:
        return None
    if now - row.seen_at > _TOUCH_EVERY:
        await db.write(lambda conn: queries.touch_session(conn, row.session, now))
    return _actor(row, row.session)


async def peek_actor(db: "Database", cookie: str, now: datetime) -> Actor | None:
    """Return whose session a cookie opens, as ``find_actor``, but not as use of it: an open page is nobody's doing."""
    row = await db.read(lambda conn: queries.find_session(conn, token_digest(cookie)))
    if row is None or row.expires_at <= now or now - row.seen_at > IDLE_LENGTH:
        return None
    return _actor(row, row.session)


async def find_token_actor(db: "Database", token: str, now: datetime) -> Actor | None:
    """Return whose API token this is, or None once it has ended."""
    row = await db.read(lambda conn: queries.find_token_user(conn, token_digest(token), now))
    return None if row is None else _actor(row, None)


async def end_session(db: "Database", actor: Actor, session: str, now: datetime) -> None:
    """End a session: one's own, or anybody's for who may manage users."""

    def job(conn: "Connection") -> None:
        owner = queries.find_session_owner(conn, session)
        if owner is None:
            raise NotFoundError("session.unknown")
        if owner != actor.id:
            actor.require(Permission.MANAGE_USERS)
        company = _get_user(conn, owner, actor).company
        if queries.end_sessions(conn, now, session=session):
            audit.record(conn, actor, now, audit.Act("session.ended", "user", owner, {}, company))

    await db.write(job)


async def add_user(db: "Database", new: NewUser, now: datetime, actor: Actor = COMMAND_LINE) -> str:
    """Let somebody in; return the user's id. ConflictError ``user.exists`` for a name already taken.

    Who works for one company lets people into that one only.
    """
    actor.require(Permission.MANAGE_USERS)
    company = new.company or actor.company
    if not actor.reaches(company):
        raise ForbiddenError("forbidden.company")
    name = fold_name(new.name)
    if not name or len(name) > 64 or not name.isprintable():
        raise BadInputError("user.name")
    if new.language not in LANGUAGES:
        raise BadInputError("user.language", language=new.language)
    values: dict[str, object] = {
        "id": new_id(),
        "company": company,
        "name": name,
        "display_name": new.display_name.strip() or new.name.strip(),
        "password_hash": await hash_password(new.password, (name, new.display_name)),
        "role": new.role.value,
        "language": new.language,
        "active": True,
        "created_at": now,
    }

    def job(conn: "Connection") -> None:
        if not queries.insert_user(conn, values):
            raise ConflictError("user.exists", name=name)
        shown = {key: (None, values[key]) for key in ("name", "display_name", "role", "language")}
        audit.record(conn, actor, now, audit.Act("user.added", "user", str(values["id"]), shown, company))

    await db.write(job)
    return str(values["id"])


async def change_user(db: "Database", actor: Actor, user: str, now: datetime, *, role: Role, active: bool) -> None:
    """Change what a user may do; one who may no longer enter is signed out at once."""
    actor.require(Permission.MANAGE_USERS)
    if user == actor.id:
        raise ConflictError("user.yourself")

    def job(conn: "Connection") -> None:
        before = _get_user(conn, user, actor)
        after: dict[str, object] = {"role": role.value, "active": active}
        queries.update_user(conn, user, after)
        if not active:
            queries.end_sessions(conn, now, user=user)
        change = audit.changes({"role": before.role, "active": before.active}, after)
        change["display_name"] = (before.display_name, before.display_name)  # whose these are
        audit.record(conn, actor, now, audit.Act("user.changed", "user", user, change, before.company))

    await db.write(job)


async def set_password(
    db: "Database", actor: Actor, user: str, password: str, now: datetime, *, end_keys: bool = False
) -> None:
    """Give a user a new password and end that user's sessions; the keys for programs too when asked."""
    if user != actor.id:
        actor.require(Permission.MANAGE_USERS)
    holder = await db.read(lambda conn: _get_user(conn, user, actor))
    hashed = await hash_password(password, (holder.name, holder.display_name))

    def job(conn: "Connection") -> None:
        company = _get_user(conn, user, actor).company
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
    """Return everybody who may sign in, of the actor's company."""
    actor.require(Permission.MANAGE_USERS)
    return await db.read(lambda conn: queries.list_users(conn, actor.company))


async def list_sessions(
    db: "Database", actor: Actor, now: datetime, *, own: bool = False, after: Place | None = None, limit: int = 100
) -> list[queries.OpenSession]:
    """Return a page of open sessions: one's own, or those of everybody in the company for who may manage users."""
    if not own:
        actor.require(Permission.MANAGE_USERS)
    user = (actor.id or "") if own else None
    return await db.read(
        lambda conn: queries.list_sessions(
            conn, now, now - IDLE_LENGTH, company=actor.company, user=user, after=after, limit=limit
        )
    )


async def list_tokens(db: "Database", actor: Actor) -> "list[Row[Any]]":
    """Return one's own API tokens that nobody revoked."""
    rows = await db.read(lambda conn: queries.list_tokens(conn, actor.company))
    return [row for row in rows if row.user == actor.id]


async def list_all_tokens(db: "Database", actor: Actor) -> "list[Row[Any]]":
    """Return the API tokens of everybody in the actor's company that nobody revoked."""
    actor.require(Permission.MANAGE_USERS)
    return await db.read(lambda conn: queries.list_tokens(conn, actor.company))


async def list_acts(db: "Database", actor: Actor, *, limit: int, before: str | None = None) -> "list[Row[Any]]":
    """Return the record of changes, newest first: the company's where the actor works for one only."""
    actor.require(Permission.EDIT_REGISTRY)
    return await db.read(lambda conn: queries.list_acts(conn, limit=limit, before=before, company=actor.company))


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
        if owner is None or (owner != actor.id and not actor.may(Permission.MANAGE_USERS)):
            raise NotFoundError("token.unknown")
        company = _get_user(conn, owner, actor).company
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
    audit.record(conn, _actor(user, session), now, audit.Act("session.opened", "user", user.id, {}))


def _get_user(conn: "Connection", user: str, actor: Actor) -> "Row[Any]":
    """Return a user who is the actor's business: oneself, somebody of the same company, or anybody at all."""
    row = queries.find_user(conn, user)
    if row is None or not (row.id == actor.id or actor.reaches(row.company)):
        raise NotFoundError("user.unknown")
    return row


def _actor(row: "Row[Any]", session: str | None) -> Actor:
    role = Role(row.role)
    grants = (Grant(row.company, None, STANDARD_RIGHTS[role]),)
    return Actor(row.id, row.display_name, role, row.language, row.company, session, grants)
