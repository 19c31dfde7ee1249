"""The second step of an account: setting it up, its codes, taking it away, and who must have one."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from central.db.events import emit
from central.identity import audit, codes, queries, roles, step_queries
from central.identity.errors import WrongCodeError
from central.identity.passwords import token_digest
from central.identity.people import Actor
from central.identity.proving import count_code, forget_codes, prove_password
from central.identity.scope import Grant, covers
from central.identity.sealing import seal, unseal
from central.identity.step_queries import Standing
from central.organisation.service import get_company
from commerce.errors import ConflictError, ForbiddenError, RuleError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Row

    from central.db.engine import Database

T = TypeVar("T")
_COMPANY_ACTS = {True: "company.second_step_on", False: "company.second_step_off"}
_ROLE_ACTS = {True: "role.second_step_on", False: "role.second_step_off"}
OFFERED = timedelta(minutes=30)
TAKEN_AWAY = "user.second_step_taken"  # an event; its key is the user


async def begin(db: "Database", actor: Actor, cookie: str, proof: str, now: datetime, key: bytes) -> None:
    """Offer a secret to set a second step up with, on this session; ``proof`` is the password.

    Who has a second step and wants it on another phone proves it by a code instead.
    """
    if await standing(db, actor) is None:
        await prove_password(db, actor, proof, now)
    else:
        await _with_code(db, actor, proof, now, key, lambda conn, user: None)

    def job(conn: "Connection") -> None:
        step_queries.drop_offer(conn, token_digest(cookie))
        offer(conn, cookie, actor.id or "", now, key)

    await db.write(job)


async def offered(db: "Database", actor: Actor, cookie: str, now: datetime, key: bytes) -> str | None:
    """Return the secret that is offered on this session, None when there is none."""
    return await db.read(lambda conn: _offered(conn, cookie, actor.id or "", now, key))


def cancel(conn: "Connection", cookie: str) -> None:
    """Forget the secret that is offered on a session."""
    step_queries.drop_offer(conn, token_digest(cookie))


async def confirm(db: "Database", actor: Actor, cookie: str, code: str, now: datetime, key: bytes) -> list[str]:
    """Make the offered secret the second step, proven by a code of it; return the recovery codes, shown only here."""
    await count_code(db, actor, now)

    def job(conn: "Connection") -> list[str]:
        user = queries.find_user(conn, actor.id or "")
        if user is None:
            raise ConflictError("second_step.begin_again")
        return accept(conn, actor, cookie, user.id, code, now, key)

    made = await db.write(job)
    await forget_codes(db, actor, now)
    return made


async def renew_codes(db: "Database", actor: Actor, code: str, now: datetime, key: bytes) -> list[str]:
    """Return fresh recovery codes instead of all that somebody had; they are shown only here."""

    def job(conn: "Connection", user: "Row[Any]") -> list[str]:
        audit.record(conn, actor, now, audit.Act("recovery_codes.made", "user", user.id, {}, user.company))
        return _make_codes(conn, user.id, now)

    return await _with_code(db, actor, code, now, key, job)


async def remove(db: "Database", actor: Actor, code: str, now: datetime, key: bytes) -> None:
    """Do without a second step from here on; ConflictError ``second_step.required`` where one must have it."""

    def job(conn: "Connection", user: "Row[Any]") -> None:
        if step_queries.is_required(conn, user.id):
            raise ConflictError("second_step.required")
        step_queries.drop_step(conn, user.id)
        audit.record(conn, actor, now, audit.Act("second_step.removed", "user", user.id, {}, user.company))

    await _with_code(db, actor, code, now, key, job)


async def standing(db: "Database", actor: Actor) -> Standing | None:
    """Return how one's own second step stands, None without one."""
    return await db.read(lambda conn: step_queries.standing_of(conn, actor.id or ""))


async def required(db: "Database", actor: Actor) -> bool:
    """Tell whether one must have a second step."""
    return await db.read(lambda conn: step_queries.is_required(conn, actor.id or ""))


def take(conn: "Connection", actor: Actor, at: datetime, user: str) -> None:
    """Take somebody's second step away, who lost phone and codes; they are told by mail (``TAKEN_AWAY``).

    NotFoundError, ForbiddenError as for their password; ConflictError ``user.yourself``, ``second_step.none``.
    """
    if user == actor.id:
        raise ConflictError("user.yourself")
    account = roles.get_account(conn, actor, user)
    if not step_queries.drop_step(conn, user):
        raise ConflictError("second_step.none")
    audit.record(conn, actor, at, audit.Act("second_step.taken", "user", user, _named(account), account.company))
    emit(conn, account.company or "", TAKEN_AWAY, [user], at)


def whom_to_tell(conn: "Connection", user: str) -> tuple[str, str] | None:
    """Return a user's address of mail and language; None for who has no address."""
    account = queries.find_user(conn, user)
    return None if account is None or not account.mail else (account.mail, account.language)


def require_of_company(conn: "Connection", actor: Actor, at: datetime, company: str | None, *, needed: bool) -> None:
    """Have everybody who works for a company (None: for any) sign in with a code, or no longer.

    ForbiddenError ``forbidden.company`` where the actor does not manage people.
    """
    if not roles.manages(actor, company):
        roles.managed(actor)
        raise ForbiddenError("forbidden.company")
    name = None if company is None else get_company(conn, company).name
    if step_queries.put_rule(conn, company or "", needed=needed):
        change = {"where": (name, name)}
        act = audit.Act(_COMPANY_ACTS[needed], "second_step_rule", company or "-", change, company)
        audit.record(conn, actor, at, act)


def require_of_role(conn: "Connection", actor: Actor, at: datetime, role: str, *, needed: bool) -> None:
    """Have everybody with a role sign in with a code, or no longer; who may change the role may.

    The first role, which nobody can change, can be asked for a code too.
    """
    row = roles.get_role(conn, actor, role)
    if not roles.manages(actor, row.company):
        raise ForbiddenError("forbidden.company")
    if not covers(actor.grants, Grant(row.company, None, None if row.everything else frozenset(row.rights))):
        raise ForbiddenError("role.more")
    if step_queries.require_of_role(conn, role, needed=needed):
        change = {"names": (row.names, row.names)}
        audit.record(conn, actor, at, audit.Act(_ROLE_ACTS[needed], "role", role, change, row.company))


def offer(conn: "Connection", cookie: str, user: str, now: datetime, key: bytes) -> str:
    """Return the secret that is offered under a cookie, a fresh one where there is none."""
    sealed = seal(key, codes.new_secret(), _owner(user))
    values = {"holder": token_digest(cookie), "user": user, "sealed": sealed, "expires_at": now + OFFERED}
    step_queries.put_offer(conn, values, now)
    found = _offered(conn, cookie, user, now, key)
    if found is None:
        raise ConflictError("second_step.begin_again")
    return found


def accept(conn: "Connection", actor: Actor, cookie: str, user: str, code: str, now: datetime, key: bytes) -> list[str]:
    """Make the secret that is offered under a cookie a user's second step; return the recovery codes.

    WrongCodeError for a code that is not of it; ConflictError ``second_step.begin_again`` when none is offered.
    """
    taken = step_queries.take_offer(conn, token_digest(cookie), now)
    secret = None if taken is None or taken.user != user else unseal(key, taken.sealed, _owner(user))
    if secret is None:
        raise ConflictError("second_step.begin_again")
    step = codes.find_step(secret, code, now)
    if step is None:
        raise WrongCodeError
    step_queries.put_step(conn, user, seal(key, secret, _owner(user)), step, now)
    audit.record(conn, actor, now, audit.Act("second_step.set_up", "user", user, {}))
    return _make_codes(conn, user, now)


def check_code(conn: "Connection", actor: Actor, user: str, code: str, now: datetime, key: bytes) -> None:
    """Use up a code of a user's app, or one of their recovery codes.

    WrongCodeError says no, with ``code.used`` for one that was right once. RuleError ``code.unreadable`` when central
    has another key than the one that the secret was sealed with: recovery codes still serve.
    """
    row = step_queries.find_step(conn, user)
    if row is None:
        raise WrongCodeError
    if codes.is_recovery_code(code):
        _use_recovery_code(conn, actor, user, code, now)
        return
    secret = unseal(key, row.sealed, _owner(user))
    if secret is None:
        raise RuleError("code.unreadable", field="code")
    step = codes.find_step(secret, code, now)
    if step is None:
        raise WrongCodeError
    if not step_queries.use_step(conn, user, step, now):
        raise WrongCodeError("code.used")


def _use_recovery_code(conn: "Connection", actor: Actor, user: str, code: str, now: datetime) -> None:
    if not step_queries.use_code(conn, user, codes.recovery_digest(user, code), now):
        raise WrongCodeError
    found = step_queries.standing_of(conn, user)
    left = {"codes_left": (None, found.codes_left if found else 0)}
    audit.record(conn, actor, now, audit.Act("recovery_code.used", "user", user, left))


async def _with_code(
    db: "Database", actor: Actor, code: str, now: datetime, key: bytes, work: "Callable[[Connection, Row[Any]], T]"
) -> T:
    """Do something in the transaction that uses up a code of the actor's own."""
    await count_code(db, actor, now)

    def job(conn: "Connection") -> T:
        user = roles.get_account(conn, actor, actor.id or "")
        check_code(conn, actor, user.id, code, now, key)
        return work(conn, user)

    made = await db.write(job)
    await forget_codes(db, actor, now)
    return made


def _make_codes(conn: "Connection", user: str, now: datetime) -> list[str]:
    made = codes.new_recovery_codes()
    step_queries.put_codes(conn, user, [codes.recovery_digest(user, one) for one in made], now)
    return made


def _offered(conn: "Connection", cookie: str, user: str, now: datetime, key: bytes) -> str | None:
    row = step_queries.find_offer(conn, token_digest(cookie), now)
    return None if row is None or row.user != user else unseal(key, row.sealed, _owner(user))


def _named(user: "Row[Any]") -> dict[str, tuple[object, object]]:
    return {"display_name": (user.display_name, user.display_name)}  # whose it is


def _owner(user: str) -> str:
    return f"second_step:{user}"
