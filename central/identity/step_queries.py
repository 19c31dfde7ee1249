"""The SQL of the second step of signing in. Plain functions on a connection; they never commit."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from central.db.bulk import insert_new, put_row
from central.identity.step_tables import pending_sign_in, recovery_code, second_step, second_step_rule, step_offer
from central.identity.tables import app_user, role, user_role

_ALL = ""  # how every company is stored


@dataclass(frozen=True, slots=True)
class Standing:
    """Somebody's second step as it is: since when, used last, and how many recovery codes are left."""

    made_at: datetime
    used_at: datetime | None
    codes_left: int


def find_step(conn: Connection, user: str) -> Row[Any] | None:
    """Return somebody's second step, None without one."""
    return conn.execute(select(second_step).where(second_step.c.user == user)).first()


def who_has(conn: Connection, users: Collection[str]) -> frozenset[str]:
    """Return those of some users who have a second step."""
    return frozenset(conn.scalars(select(second_step.c.user).where(second_step.c.user.in_(users))))


def standing_of(conn: Connection, user: str) -> Standing | None:
    """Return how somebody's second step stands, None without one."""
    row = find_step(conn, user)
    if row is None:
        return None
    left = select(func.count()).where(recovery_code.c.user == user, recovery_code.c.used_at.is_(None))
    return Standing(row.made_at, row.used_at, int(conn.scalar(left) or 0))


def put_step(conn: Connection, user: str, sealed: bytes, step: int, now: datetime) -> None:
    """Store somebody's second step, in place of one that they had; ``step`` is the half minute whose code proved it."""
    values = {"user": user, "sealed": sealed, "last_step": step, "made_at": now, "used_at": now}
    put_row(conn, second_step, values)


def use_step(conn: Connection, user: str, step: int, now: datetime) -> bool:
    """Use up the code of a half minute, and those before it; False when that was done before."""
    mine = (second_step.c.user == user, second_step.c.last_step < step)
    return bool(conn.execute(update(second_step).where(*mine).values(last_step=step, used_at=now)).rowcount)


def drop_step(conn: Connection, user: str) -> bool:
    """Forget somebody's second step with its recovery codes, and what waits for one; False when there is none."""
    for table in (recovery_code, step_offer, pending_sign_in):
        conn.execute(delete(table).where(table.c.user == user))
    return bool(conn.execute(delete(second_step).where(second_step.c.user == user)).rowcount)


def put_codes(conn: Connection, user: str, digests: Collection[bytes], now: datetime) -> None:
    """Store recovery codes in place of all that somebody had."""
    conn.execute(delete(recovery_code).where(recovery_code.c.user == user))
    rows = [{"user": user, "code_hash": digest, "made_at": now, "used_at": None} for digest in digests]
    conn.execute(insert(recovery_code), rows)


def use_code(conn: Connection, user: str, digest: bytes, now: datetime) -> bool:
    """Use a recovery code up; False for one that is none, or was used."""
    code = recovery_code.c
    mine = (code.user == user, code.code_hash == digest, code.used_at.is_(None))
    if not conn.execute(update(recovery_code).where(*mine).values(used_at=now)).rowcount:
        return False
    conn.execute(update(second_step).where(second_step.c.user == user).values(used_at=now))
    return True


def put_offer(conn: Connection, values: dict[str, object], now: datetime) -> None:
    """Keep a secret that somebody is putting into their app, unless one is kept for the same session."""
    conn.execute(delete(step_offer).where(step_offer.c.expires_at <= now))
    insert_new(conn, step_offer, values)


def find_offer(conn: Connection, holder: bytes, now: datetime) -> Row[Any] | None:
    """Return the secret that is kept for a session, or for a sign-in that waits."""
    offer = step_offer.c
    return conn.execute(select(step_offer).where(offer.holder == holder, offer.expires_at > now)).first()


def take_offer(conn: Connection, holder: bytes, now: datetime) -> Row[Any] | None:
    """Return ``find_offer`` and forget it; of two that ask at once one gets it."""
    offer = step_offer.c
    taken = delete(step_offer).where(offer.holder == holder, offer.expires_at > now)
    return conn.execute(taken.returning(*step_offer.c)).first()


def drop_offer(conn: Connection, holder: bytes) -> None:
    """Forget a secret that nobody put into an app."""
    conn.execute(delete(step_offer).where(step_offer.c.holder == holder))


def insert_pending(conn: Connection, values: dict[str, object], now: datetime) -> None:
    """Store a sign-in that waits for its code; those that waited too long are forgotten."""
    conn.execute(delete(pending_sign_in).where(pending_sign_in.c.expires_at <= now))
    conn.execute(insert(pending_sign_in), values)


def find_pending(conn: Connection, token: bytes, device: bytes | None, now: datetime) -> Row[Any] | None:
    """Return the user whose sign-in waits in this browser, if they may still come in."""
    waiting = pending_sign_in.c
    query = (
        select(app_user)
        .join(pending_sign_in, waiting.user == app_user.c.id)
        .where(waiting.token_hash == token, waiting.expires_at > now, app_user.c.active)
        .where(waiting.device.is_(None) if device is None else waiting.device == device)
    )
    return conn.execute(query).first()


def end_pending(conn: Connection, token: bytes) -> bool:
    """Let a sign-in wait no longer; False when it did not: of two that finish it at once one does."""
    return bool(conn.execute(delete(pending_sign_in).where(pending_sign_in.c.token_hash == token)).rowcount)


def is_required(conn: Connection, user: str) -> bool:
    """Tell whether a role that somebody has, or a company that they work for, asks for a second step."""
    bound = select(user_role.c.company, role.c.needs_step).join(role, role.c.id == user_role.c.role)
    rows = conn.execute(bound.where(user_role.c.user == user)).all()
    if any(row.needs_step for row in rows):
        return True
    rules, companies = asking_companies(conn), {row.company for row in rows}
    return bool(rules and companies) and (bool(rules & companies) or _ALL in rules or _ALL in companies)


def asking_companies(conn: Connection) -> frozenset[str]:
    """Return the companies that ask for a second step; "" stands for every one."""
    return frozenset(conn.scalars(select(second_step_rule.c.company)))


def put_rule(conn: Connection, company: str, *, needed: bool) -> bool:
    """Have a company ask for a second step, or no longer; False when it is so already."""
    if needed:
        return insert_new(conn, second_step_rule, {"company": company})
    return bool(conn.execute(delete(second_step_rule).where(second_step_rule.c.company == company)).rowcount)


def require_of_role(conn: Connection, role_id: str, *, needed: bool) -> bool:
    """Have a role ask for a second step, or no longer; False when it is so already."""
    changed = update(role).where(role.c.id == role_id, role.c.needs_step.is_(not needed))
    return bool(conn.execute(changed.values(needs_step=needed)).rowcount)
