"""Sign-ins that wait for their second step, in the browser that gave the password and for some minutes."""

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from central.identity import attempts, queries, second_steps, step_queries
from central.identity.attempts import Visit
from central.identity.errors import PendingOverError, SecondStepError
from central.identity.passwords import token_digest
from central.identity.sessions import actor_from, open_session

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from central.db.engine import Database

WAITS = timedelta(minutes=10)


def enter(conn: "Connection", user: "Row[Any]", visit: Visit, now: datetime) -> str | SecondStepError:
    """Open a session after the right password, or keep the sign-in waiting for what else is asked for."""
    has_step = step_queries.find_step(conn, user.id) is not None
    if not has_step and not step_queries.is_required(conn, user.id):
        return open_session(conn, user, visit, now)
    pending = secrets.token_hex(32)
    values: dict[str, object] = {"token_hash": token_digest(pending), "user": user.id, "device": visit.device_digest,
                                 "expires_at": now + WAITS}  # fmt: skip
    step_queries.insert_pending(conn, values, now)
    return SecondStepError(pending, set_up=not has_step)


async def who_waits(db: "Database", pending: str, visit: Visit, now: datetime) -> "tuple[Row[Any], bool]":
    """Return whose sign-in waits in this browser, and whether they have a second step; PendingOverError."""

    def job(conn: "Connection") -> "tuple[Row[Any], bool]":
        user = _who(conn, pending, visit, now)
        return user, step_queries.find_step(conn, user.id) is not None

    return await db.read(job)


async def finish(db: "Database", pending: str, code: str, visit: Visit, now: datetime, key: bytes) -> str:
    """Return the cookie of a new session for a sign-in that waits, given a code of an app or a recovery code.

    WrongCodeError; PendingOverError; TooManyAttemptsError: codes count with passwords, and only now is all forgotten.
    """
    await db.write(lambda conn: _count(conn, pending, visit, now))

    def job(conn: "Connection") -> str:
        user = _end(conn, pending, visit, now)
        second_steps.check_code(conn, actor_from(conn, user, None), user.id, code, now, key)
        return open_session(conn, user, visit, now)

    return await db.write(job)


async def offer(db: "Database", pending: str, visit: Visit, now: datetime, key: bytes) -> str:
    """Return the secret that whoever waits is to put into an app; PendingOverError for who has a second step."""

    def job(conn: "Connection") -> str:
        user = _without_step(conn, _who(conn, pending, visit, now))
        return second_steps.offer(conn, pending, user.id, now, key)

    return await db.write(job)


async def finish_set_up(
    db: "Database", pending: str, code: str, visit: Visit, now: datetime, key: bytes
) -> tuple[str, list[str]]:
    """Return the cookie of a new session and the recovery codes, given the first code of the offered secret."""
    await db.write(lambda conn: _count(conn, pending, visit, now))

    def job(conn: "Connection") -> tuple[str, list[str]]:
        user = _without_step(conn, _end(conn, pending, visit, now))
        made = second_steps.accept(conn, actor_from(conn, user, None), pending, user.id, code, now, key)
        return open_session(conn, user, visit, now), made

    return await db.write(job)


def _who(conn: "Connection", pending: str, visit: Visit, now: datetime) -> "Row[Any]":
    user = step_queries.find_pending(conn, token_digest(pending), visit.device_digest, now)
    if user is None:
        raise PendingOverError
    return user


def _end(conn: "Connection", pending: str, visit: Visit, now: datetime) -> "Row[Any]":
    """Return whose sign-in this is and let it wait no longer; a refusal afterwards takes that back."""
    user = _who(conn, pending, visit, now)
    queries.lock_user(conn, user.id)  # of two sign-ins that set a second step up, the other one sees it
    if not step_queries.end_pending(conn, token_digest(pending)):
        raise PendingOverError
    return user


def _without_step(conn: "Connection", user: "Row[Any]") -> "Row[Any]":
    """Return the user; the password alone never replaces a second step that somebody has."""
    if step_queries.find_step(conn, user.id) is not None:
        raise PendingOverError
    return user


def _count(conn: "Connection", pending: str, visit: Visit, now: datetime) -> None:
    user = _who(conn, pending, visit, now)
    attempts.count(conn, attempts.keys_of(conn, user.name, visit, now), now)
