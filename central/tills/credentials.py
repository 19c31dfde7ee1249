"""Who a till is: one-time codes, tokens, keys. SQL and rules of enrolment.

Tokens and codes are stored as their SHA-256: both are random, so a slow hash would add nothing. The till secret is
stored as it is, because central must compute PIN verifiers with it; whoever reads the database could only use it to
guess PINs, which are good at that till alone.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from central.db.bulk import put_row
from central.db.signals import ACCESS, mark
from central.identity import audit
from central.identity.people import Actor
from central.organisation.directory import tills
from central.organisation.service import get_company, get_shop, get_till
from central.tills.tables import enrolment_code, till_credential
from central.tills.values import KnownTill
from commerce.errors import ConflictError, ForbiddenError
from commerce.wire import CompanyCard, ShopCard, TillCard

CODE_LIFE = timedelta(hours=24)
_AT_ONCE = 1000
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What a till is given once: cards, token and secret."""

    company: CompanyCard
    shop: ShopCard
    till: TillCard
    token: bytes
    secret: bytes


def issue_code(connection: Connection, actor: Actor, till_id: str, at: datetime) -> str:
    """Return a fresh one-time code for a till (``7KQ2-M4XW-09TB``); the one before stops working.

    NotFoundError ``till.unknown``.
    """
    till = get_till(connection, till_id)
    code = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    values = {"till": till_id, "code_hash": _code_hash(code), "created_at": at, "expires_at": at + CODE_LIFE}
    put_row(connection, enrolment_code, values)
    audit.record(connection, actor, at, audit.Act("till.code_issued", "till", till_id, {}, till.company))
    return "-".join((code[:4], code[4:8], code[8:]))


def code_stands(connection: Connection, code: str, at: datetime) -> bool:
    """Tell whether a code would be taken, without using it up."""
    query = select(enrolment_code.c.expires_at).where(enrolment_code.c.code_hash == _code_hash(code))
    expires_at = connection.execute(query).scalar()
    return expires_at is not None and expires_at > at


def enrol(
    connection: Connection,
    code: str,
    public_key: bytes,
    app_version: str,
    at: datetime,
    unsent_of: str | None = None,
) -> Enrolled:
    """Use a code up: the till gets a new token and secret, every earlier token is revoked.

    ForbiddenError ``enrol.code`` for a wrong, used or expired code; which of them is not said. ConflictError
    ``enrol.unsent``, and the code stays good, when the machine still holds entries of another till.
    """
    taken = connection.execute(
        delete(enrolment_code)
        .where(enrolment_code.c.code_hash == _code_hash(code))
        .returning(enrolment_code.c.till, enrolment_code.c.expires_at)
    ).first()
    if taken is None or taken.expires_at <= at:
        raise ForbiddenError("enrol.code")
    if unsent_of not in (None, taken.till):
        raise ConflictError("enrol.unsent")
    _revoke(connection, taken.till, "enrolled_again", at)
    token, secret = secrets.token_bytes(32), secrets.token_bytes(32)
    values = {
        "till": taken.till, "token_hash": token_hash(token), "secret": secret, "public_key": public_key,
        "app_version": app_version, "created_at": at,
    }  # fmt: skip
    connection.execute(insert(till_credential).values(values))
    enrolled = Enrolled(*_cards(connection, taken.till), token, secret)
    _note_enrolment(connection, enrolled, at)
    return enrolled


def revoke(connection: Connection, actor: Actor, till_id: str, why: str, at: datetime, reason: str = "") -> int:
    """Shut out every token of a till, and its code; returns how many were valid. What they still send is set aside.

    ``why`` is a stable code, ``reason`` what a person wrote. NotFoundError ``till.unknown``.
    """
    company = get_till(connection, till_id).company
    count = _revoke(connection, till_id, why, at)
    connection.execute(delete(enrolment_code).where(enrolment_code.c.till == till_id))
    change = {"tokens": (count, 0)}
    audit.record(connection, actor, at, audit.Act("till.revoked", "till", till_id, change, company, reason or None))
    return count


def _revoke(connection: Connection, till_id: str, why: str, at: datetime) -> int:
    mark(connection, ACCESS)
    credential = till_credential.c
    statement = update(till_credential).where(credential.till == till_id, credential.revoked_at.is_(None))
    return connection.execute(statement.values(revoked_at=at, revoked_why=why)).rowcount


_KNOWN = (
    select(
        tills.c.id, tills.c.company, tills.c.shop, tills.c.mode, till_credential.c.secret, till_credential.c.revoked_at
    )
    .join(till_credential, till_credential.c.till == tills.c.id)
    .where(till_credential.c.token_hash == bindparam("token_hash"))
)


def find_till(connection: Connection, digest: bytes) -> KnownTill | None:
    """Return the till that a token's hash belongs to, revoked or not."""
    row = connection.execute(_KNOWN, {"token_hash": digest}).first()
    if row is None:
        return None
    return KnownTill(row.id, row.company, row.shop, row.mode, digest, row.secret, row.revoked_at is not None)


def shut_out(connection: Connection, digests: Sequence[bytes]) -> set[bytes]:
    """Return those of tokens' hashes that open nothing any more."""
    token, found = till_credential.c.token_hash, set[bytes]()
    for start in range(0, len(digests), _AT_ONCE):
        some = token.in_(digests[start : start + _AT_ONCE])
        found.update(connection.execute(select(token).where(some, till_credential.c.revoked_at.is_not(None))).scalars())
    return found


def token_hash(token: bytes) -> bytes:
    """Return the form in which a token is stored."""
    return hashlib.sha256(token).digest()


def _note_enrolment(connection: Connection, enrolled: Enrolled, at: datetime) -> None:
    """A till that enrols acts for itself: nobody is signed in at central then."""
    till = enrolled.till
    itself = Actor(None, f"{till.code} {till.name}")
    audit.record(connection, itself, at, audit.Act("till.enrolled", "till", till.id, {}, enrolled.company.id))


def _code_hash(code: str) -> bytes:
    return hashlib.sha256(code.upper().translate(_LOOKALIKES).encode()).digest()


def _cards(connection: Connection, till_id: str) -> tuple[CompanyCard, ShopCard, TillCard]:
    t = get_till(connection, till_id)
    s, c = get_shop(connection, t.shop), get_company(connection, t.company)
    return company_card(c), shop_card(s), TillCard(id=t.id, code=t.code, name=t.name, mode=t.mode)


def company_card(row: Row[Any]) -> CompanyCard:
    """Return a company as tills know it."""
    return CompanyCard(id=row.id, name=row.name, tax_id=row.tax_id, country=row.country, currency=row.currency)


def shop_card(row: Row[Any]) -> ShopCard:
    """Return a shop as tills know it."""
    return ShopCard(
        id=row.id, name=row.name, zone=row.zone, languages=row.languages, address=row.address, cut_off=row.cut_off
    )
