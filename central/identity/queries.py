"""The SQL of people, sessions, tokens and delays. Plain functions on a connection; they never commit."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Row, Text, delete, exists, insert, select, text, type_coerce, update

from central.db.bulk import insert_new
from central.db.keyset import Place, comes_after, read_keys
from central.db.metadata import json_text
from central.db.signals import ACCESS, mark
from central.identity.narrowing import within
from central.identity.scope import Scope
from central.identity.step_tables import pending_sign_in
from central.identity.tables import api_token, app_user, audit, sign_in_delay, user_session
from commerce.dates import utc_text

UserRow = Row[Any]


def find_user_by_name(conn: Connection, name: str) -> UserRow | None:
    """Return the user of a case-folded name."""
    return conn.execute(select(app_user).where(app_user.c.name == name)).first()


def find_user(conn: Connection, user: str, among: ColumnElement[bool] | None = None) -> UserRow | None:
    """Return a user by id, if it is ``among`` those that a condition lets through."""
    query = select(app_user).where(app_user.c.id == user)
    return conn.execute(query if among is None else query.where(among)).first()


def lock_user(conn: Connection, user: str) -> None:
    """Let nobody else change a user, or lock it, until this transaction ends."""
    conn.execute(select(app_user.c.id).where(app_user.c.id == user).with_for_update())


def list_users(conn: Connection, among: ColumnElement[bool]) -> list[UserRow]:
    """Return the users that a condition lets through, by name."""
    return list(conn.execute(select(app_user).where(among).order_by(app_user.c.name)))


def is_user(user: str) -> ColumnElement[bool]:
    """Return the condition that a user is this one."""
    return app_user.c.id == user


def insert_user(conn: Connection, values: dict[str, object]) -> bool:
    """Store a new user; False when somebody has the name."""
    return insert_new(conn, app_user, values)


def update_user(conn: Connection, user: str, values: dict[str, object]) -> None:
    """Change a user; what is open for that user looks again."""
    mark(conn, ACCESS)
    conn.execute(update(app_user).where(app_user.c.id == user).values(values))


def insert_session(conn: Connection, values: dict[str, object]) -> None:
    """Store a new session."""
    conn.execute(insert(user_session), values)


def find_session(conn: Connection, token_hash: bytes) -> Row[Any] | None:
    """Return a session that has not been ended, with its user."""
    statement = (
        select(user_session.c.id.label("session"), user_session.c.seen_at, user_session.c.expires_at, app_user)
        .join(app_user, app_user.c.id == user_session.c.user)
        .where(user_session.c.token_hash == token_hash, user_session.c.ended_at.is_(None), app_user.c.active)
    )
    return conn.execute(statement).first()


def touch_session(conn: Connection, session: str, at: datetime) -> None:
    """Note when a session was last used."""
    conn.execute(update(user_session).where(user_session.c.id == session).values(seen_at=at))


_SESSION_KEYS = (user_session.c.seen_at, user_session.c.id)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that opens doors, with its user's names."""

    id: str
    user: str
    name: str
    display_name: str
    address: str
    agent: str
    created_at: datetime
    seen_at: datetime

    @property
    def place(self) -> Place:
        """Return where a page ends that ends with this one."""
        return utc_text(self.seen_at), self.id


def list_sessions(
    conn: Connection,
    now: datetime,
    idle_since: datetime,
    *,
    among: ColumnElement[bool] | None = None,
    user: str | None = None,
    after: Place | None = None,
    limit: int = 100,
) -> list[OpenSession]:
    """Return a page of the sessions that still open doors, of one user or of those ``among`` some, used last first."""
    session = user_session.c
    statement = (
        select(session.id, session.user, session.address, session.agent, session.created_at, session.seen_at)
        .where(session.ended_at.is_(None), session.expires_at > now, session.seen_at > idle_since)
        .order_by(*(key.desc() for key in _SESSION_KEYS))
        .limit(limit)
    )
    if user is not None:
        statement = statement.where(session.user == user)
    if among is not None:
        statement = statement.where(exists().where(app_user.c.id == session.user, among))
    if after is not None:
        statement = statement.where(comes_after(_SESSION_KEYS, read_keys(_SESSION_KEYS, after)))
    rows = conn.execute(statement).all()
    # Joined, an engine may well begin with the users and sort all their sessions.
    names = _names_of(conn, {row.user for row in rows})
    return [
        OpenSession(row.id, row.user, *names[row.user], row.address, row.agent, row.created_at, row.seen_at)
        for row in rows
    ]


def _names_of(conn: Connection, users: Collection[str]) -> dict[str, tuple[str, str]]:
    columns = (app_user.c.id, app_user.c.name, app_user.c.display_name)
    rows = conn.execute(select(*columns).where(app_user.c.id.in_(users)))
    return {row.id: (row.name, row.display_name) for row in rows}


def find_session_owner(conn: Connection, session: str) -> str | None:
    """Return whose a session is."""
    return conn.execute(select(user_session.c.user).where(user_session.c.id == session)).scalar()


def end_sessions(conn: Connection, at: datetime, *, session: str | None = None, user: str = "", but: str = "") -> int:
    """End one session, or all of a user ``but`` one, with what waits for a code; return how many were open.

    Live pages of them end at once.
    """
    mark(conn, ACCESS)
    if session is None:
        conn.execute(delete(pending_sign_in).where(pending_sign_in.c.user == user))
    mine = user_session.c.id == session if session else user_session.c.user == user
    kept = user_session.c.id != but
    done = conn.execute(update(user_session).where(mine, kept, user_session.c.ended_at.is_(None)).values(ended_at=at))
    return int(done.rowcount)


def knows_address(conn: Connection, user_name: str, address: str) -> bool:
    """Tell whether this user has signed in from this address before."""
    statement = (
        select(user_session.c.id)
        .join(app_user, app_user.c.id == user_session.c.user)
        .where(app_user.c.name == user_name, user_session.c.address == address)
        .limit(1)
    )
    return conn.execute(statement).first() is not None


def knows_device(conn: Connection, user_name: str, device: bytes, since: datetime) -> bool:
    """Tell whether this user has signed in with this browser since a time."""
    statement = (
        select(user_session.c.id)
        .join(app_user, app_user.c.id == user_session.c.user)
        .where(user_session.c.device == device, app_user.c.name == user_name, user_session.c.created_at > since)
        .limit(1)
    )
    return conn.execute(statement).first() is not None


def find_delays(conn: Connection, keys: list[str]) -> dict[str, tuple[int, datetime]]:
    """Return failures and the time of the next attempt per key."""
    rows = conn.execute(select(sign_in_delay).where(sign_in_delay.c.key.in_(keys)))
    return {row.key: (row.failures, row.next_at) for row in rows}


def set_delay(conn: Connection, key: str, failures: int, next_at: datetime) -> None:
    """Replace a key's delay; the caller holds ``lock_delays``."""
    conn.execute(delete(sign_in_delay).where(sign_in_delay.c.key == key))
    conn.execute(insert(sign_in_delay), {"key": key, "failures": failures, "next_at": next_at})


def lock_delays(conn: Connection) -> None:
    """Let sign-ins count one after the other until this transaction ends: those at once would each see no failure."""
    if conn.dialect.name == "postgresql":  # on SQLite there is one writer anyway
        conn.execute(text("SELECT pg_advisory_xact_lock(7203116)"))


def clear_delays(conn: Connection, keys: list[str], forgotten: datetime) -> None:
    """Forget the given keys, and all that are too old to count."""
    conn.execute(delete(sign_in_delay).where(sign_in_delay.c.key.in_(keys)))
    conn.execute(delete(sign_in_delay).where(sign_in_delay.c.next_at < forgotten))


def insert_token(conn: Connection, values: dict[str, object]) -> None:
    """Store an API token's digest."""
    conn.execute(insert(api_token), values)


def find_token_user(conn: Connection, token_hash: bytes, now: datetime) -> UserRow | None:
    """Return whose API token this is, if it holds; ``token`` is its id, ``token_used_at`` when it was used last."""
    statement = (
        select(app_user, api_token.c.id.label("token"), api_token.c.used_at.label("token_used_at"))
        .join(api_token, api_token.c.user == app_user.c.id)
        .where(api_token.c.token_hash == token_hash, app_user.c.active)
        .where(api_token.c.revoked_at.is_(None), api_token.c.expires_at > now)
    )
    return conn.execute(statement).first()


def touch_token(conn: Connection, token: str, used: dict[str, object]) -> None:
    """Note when an API token was used last, from where and by which program."""
    conn.execute(update(api_token).where(api_token.c.id == token).values(used))


def list_tokens(conn: Connection, among: ColumnElement[bool]) -> list[Row[Any]]:
    """Return the API tokens that nobody revoked, of users ``among`` some; some may be past their end."""
    token = api_token.c
    statement = (
        select(token.id, token.name, token.user, token.created_at, token.expires_at, token.used_at, token.used_from,
               token.used_by, app_user.c.display_name)
        .join(app_user, app_user.c.id == api_token.c.user)
        .where(api_token.c.revoked_at.is_(None), among)
        .order_by(api_token.c.id.desc())
    )  # fmt: skip
    return list(conn.execute(statement))


def find_token_owner(conn: Connection, token: str) -> str | None:
    """Return whose API token this is, if nobody revoked it."""
    statement = select(api_token.c.user).where(api_token.c.id == token, api_token.c.revoked_at.is_(None))
    return conn.execute(statement).scalar()


def revoke_tokens(conn: Connection, at: datetime, *, token: str | None = None, user: str = "") -> int:
    """Revoke one API token, or all of a user; return how many that were."""
    mine = api_token.c.id == token if token else api_token.c.user == user
    done = conn.execute(update(api_token).where(mine, api_token.c.revoked_at.is_(None)).values(revoked_at=at))
    return int(done.rowcount)


def insert_act(conn: Connection, values: dict[str, object]) -> None:
    """Store one act of the audit."""
    conn.execute(insert(audit), values)


def insert_acts(conn: Connection, values: list[dict[str, object]]) -> None:
    """Store acts of the audit, many at once."""
    conn.execute(insert(audit), values)


_ACT_KEYS = (audit.c.at, audit.c.id)


@dataclass(frozen=True, slots=True)
class ActFilter:
    """Which acts are looked for, "" or None for any: who did it as the record names them, what was done, to which
    record (kind and id), from a moment and before another."""

    who: str = ""
    action: str = ""
    subject: tuple[str, str] | None = None
    since: datetime | None = None
    before: datetime | None = None


def list_acts(
    conn: Connection,
    *,
    limit: int,
    wanted: ActFilter = ActFilter(),
    after: Place | None = None,
    scopes: Sequence[Scope] | None = None,
) -> list[Row[Any]]:
    """Return a page of the acts that are wanted, those within scopes or all, newest first; ``after`` an act's place."""
    query = select(audit).where(*_wanted_acts(wanted)).order_by(*(key.desc() for key in _ACT_KEYS)).limit(limit)
    if scopes is not None:
        query = query.where(within(scopes, audit.c.company))
    if after is not None:
        query = query.where(comes_after(_ACT_KEYS, read_keys(_ACT_KEYS, after)))
    return list(conn.execute(query))


def clear_changes(conn: Connection, company: str, kind: str, subject: str) -> None:
    """Empty the changes of all acts on a thing."""
    mine = (audit.c.company == company, audit.c.subject_kind == kind, audit.c.subject == subject)
    conn.execute(update(audit).where(*mine).values(change={}))


def replace_in_changes(conn: Connection, company: str, old: str, new: str) -> None:
    """Put a text in the place of another wherever it stands whole in a change."""
    said, instead = json_text(old), json_text(new)
    stored = type_coerce(audit.c.change, Text)
    mine = (audit.c.company == company, stored.contains(said, autoescape=True))
    for row in conn.execute(select(audit.c.id, stored.label("change")).where(*mine)).all():
        change = orjson.loads(row.change.replace(said, instead))
        conn.execute(update(audit).where(audit.c.id == row.id).values(change=change))


def act_place(act: Row[Any]) -> Place:
    """Return where a page of acts ends that ends with this one."""
    return utc_text(act.at), act.id


def _wanted_acts(wanted: ActFilter) -> list[ColumnElement[bool]]:
    act = audit.c
    equal = [(act.actor_name, wanted.who), (act.action, wanted.action)]
    if wanted.subject is not None:
        equal += zip((act.subject_kind, act.subject), wanted.subject, strict=True)
    since = [] if wanted.since is None else [act.at >= wanted.since]
    return [
        *(column == value for column, value in equal if value),
        *since,
        *([] if wanted.before is None else [act.at < wanted.before]),
    ]
