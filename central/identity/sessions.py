"""Opens sessions: what a right password, with its code where one is asked for, leads to."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from central.identity import attempts, audit, queries, role_queries
from central.identity.attempts import Visit
from central.identity.passwords import token_digest
from central.identity.people import Actor
from commerce.ids import new_id

SESSION_LENGTH = timedelta(hours=12)
MOST_ADDRESS, MOST_AGENT = 64, 200


def open_session(conn: Connection, user: Row[Any], visit: Visit, now: datetime) -> str:
    """Open a session for a user and return its cookie; what was counted against the sign-in is forgotten."""
    token, session = secrets.token_hex(32), new_id()
    keys = attempts.keys_of(conn, user.name, visit, now)
    values: dict[str, object] = {
        "id": session,
        "token_hash": token_digest(token),
        "user": user.id,
        "created_at": now,
        "seen_at": now,
        "expires_at": now + SESSION_LENGTH,
        "ended_at": None,
        "device": visit.device_digest,
        "address": visit.address[:MOST_ADDRESS],
        "agent": visit.agent[:MOST_AGENT],
    }
    queries.insert_session(conn, values)
    attempts.forget(conn, [*keys, attempts.named_key(user.name)], now)
    audit.record(conn, actor_from(conn, user, session), now, audit.Act("session.opened", "user", user.id, {}))
    return token


def actor_from(conn: Connection, row: Row[Any], session: str | None) -> Actor:
    """Return a user, or a session with its user, as whoever acts, with what they may do now."""
    grants = role_queries.grants_of(conn, row.id)
    return Actor(row.id, row.display_name, grants, row.language, row.company, session)
