"""Has whoever sits at an open session prove that they are its owner, before what only its owner may do.

They guess no faster here than at the sign-in.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from central.identity import attempts, limits, queries
from central.identity.errors import WrongCredentialsError
from central.identity.passwords import password_matches
from central.identity.people import Actor

if TYPE_CHECKING:
    from central.db.engine import Database


async def prove_password(db: "Database", actor: Actor, current: str, now: datetime) -> None:
    """WrongCredentialsError ``password.wrong`` unless this is the actor's password; TooManyAttemptsError."""
    key = {f"password:{actor.id}": limits.FREE_FAILURES}
    await db.write(lambda conn: attempts.count(conn, key, now))
    user = await db.read(lambda conn: queries.find_user(conn, actor.id or ""))
    if user is None or not await password_matches(user.password_hash, current):
        raise WrongCredentialsError("password.wrong")
    await db.write(lambda conn: attempts.forget(conn, list(key), now))


async def count_code(db: "Database", actor: Actor, now: datetime) -> None:
    """Count a code that somebody gives at an open session as wrong, until ``forget_codes``; TooManyAttemptsError."""
    await db.write(lambda conn: attempts.count(conn, {_code_key(actor): limits.FREE_FAILURES}, now))


async def forget_codes(db: "Database", actor: Actor, now: datetime) -> None:
    """Hold no code against somebody any more: one was right."""
    await db.write(lambda conn: attempts.forget(conn, [_code_key(actor)], now))


def _code_key(actor: Actor) -> str:
    return f"code:{actor.id}"
