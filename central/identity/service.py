"""Signing in and out, and who may. Every change is written down in the transaction that makes it."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from central.db.keyset import Place
from central.identity import attempts, audit, queries, role_queries, roles, waiting
from central.identity.area import MANAGE_PEOPLE, SEE_AUDIT
from central.identity.attempts import Visit as Visit
from central.identity.errors import SecondStepError, WrongCredentialsError
from central.identity.passwords import hash_password, password_matches, token_digest
from central.identity.people import COMMAND_LINE, Actor, Role
from central.identity.proving import prove_password
from central.identity.roles import Place as WorkPlace
from central.identity.sessions import MOST_ADDRESS, MOST_AGENT, actor_from
from commerce.errors import BadInputError, ConflictError, ForbiddenError, NotFoundError
from commerce.ids import new_id
from commerce.mail import is_address
from commerce.texts import LANGUAGES

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from central.db.engine import Database

IDLE_LENGTH = timedelta(hours=3)
MOST_TOKEN_DAYS = 366
_TOUCH_EVERY = timedelta(minutes=1)


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

    WrongCredentialsError says no; TooManyAttemptsError says when the next attempt is taken; SecondStepError says that
    the password was right and something else is asked for. Attempts are counted before the password is checked, so
    that many at once gain nothing. A browser that this person signed in with before has a count of its own: whoever
    guesses beside it, from the same address too, cannot make it wait.
    """
    folded = fold_name(name)
    user = await db.write(lambda conn: _take_attempt(conn, folded, visit, now))
    if not await password_matches(user.password_hash if user else None, password) or user is None:
        raise WrongCredentialsError
    opened = await db.write(lambda conn: waiting.enter(conn, user, visit, now))
    if isinstance(opened, SecondStepError):
        raise opened
    return opened


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
        return actor_from(conn, row, row.session), row.seen_at

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
    return actor_from(conn, row, None)


async def find_token_actor(db: "Database", token: str, now: datetime, visit: Visit | None = None) -> Actor | None:
    """Return whose API token this is, or None once it has ended. ``visit`` is noted, at most once a minute."""

    def job(conn: "Connection") -> "tuple[Actor, Row[Any]] | None":
        row = queries.find_token_user(conn, token_digest(token), now)
        return None if row is None else (actor_from(conn, row, None), row)

    found = await db.read(job)
    if found is None:
        return None
    actor, row = found
    if visit is not None and (row.token_used_at is None or now - row.token_used_at > _TOUCH_EVERY):
        used = {"used_at": now, "used_from": visit.address[:MOST_ADDRESS], "used_by": visit.agent[:MOST_AGENT]}
        await db.write(lambda conn: queries.touch_token(conn, row.token, used))
    return actor


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


async def end_other_sessions(db: "Database", actor: Actor, now: datetime) -> None:
    """End all of one's own sessions but the one that asks."""

    def job(conn: "Connection") -> None:
        ended = queries.end_sessions(conn, now, user=actor.id or "", but=actor.session or "")
        if ended:
            act = audit.Act("sessions.ended", "user", actor.id or "", {"count": (None, ended)})
            audit.record(conn, actor, now, act)

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
    """Change one's own password; WrongCredentialsError when the present one is not right."""
    await prove_password(db, actor, current, now)
    await set_password(db, actor, actor.id or "", password, now, end_keys=end_keys)


async def get_mail(db: "Database", actor: Actor) -> str:
    """Return where mail about one's own account goes, "" for nowhere."""
    user = await db.read(lambda conn: queries.find_user(conn, actor.id or ""))
    return "" if user is None else user.mail or ""


async def set_mail(db: "Database", actor: Actor, mail: str, now: datetime) -> None:
    """Say where mail about one's own account goes, "" for nowhere; BadInputError ``mail.address``."""
    wanted = mail.strip()
    if wanted and not is_address(wanted):
        raise BadInputError("mail.address", field="mail", address=wanted[:80])

    def job(conn: "Connection") -> None:
        before = roles.get_account(conn, actor, actor.id or "")
        queries.update_user(conn, before.id, {"mail": wanted or None})
        change = audit.changes({"mail": before.mail}, {"mail": wanted or None})
        change["display_name"] = (before.display_name, before.display_name)  # whose it is
        audit.record(conn, actor, now, audit.Act("user.changed", "user", before.id, change, before.company))

    await db.write(job)


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


def _take_attempt(conn: "Connection", name: str, visit: Visit, now: datetime) -> "Row[Any] | None":
    """Count an attempt as failed until proven otherwise; TooManyAttemptsError while one has to wait."""
    attempts.count(conn, attempts.keys_of(conn, name, visit, now), now)
    user = queries.find_user_by_name(conn, name)
    return user if user is not None and user.active else None


def _only_place(actor: Actor, new: NewUser) -> WorkPlace:
    """Return where somebody is let in: where it is said, else all of what the actor manages if that is one place."""
    if new.company is not None or new.shop is not None:
        return WorkPlace(new.company, new.shop)
    companies = {scope.company for scope in roles.managed(actor)}
    return WorkPlace(None if None in companies or len(companies) > 1 else companies.pop())
