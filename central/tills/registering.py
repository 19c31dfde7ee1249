"""Adding tills to shops. Jobs on a connection."""

import re
from datetime import datetime

from sqlalchemy import Connection, insert, select

from central.identity import audit
from central.identity.people import Actor, Permission
from central.organisation.tables import shop, till
from commerce.errors import BadInputError, ConflictError, NotFoundError
from commerce.ids import new_id
from commerce.ledger import ChainMode

_CODE = re.compile(r"[A-Z0-9]{1,6}")


def add_till(
    connection: Connection, actor: Actor, at: datetime, shop_id: str, code: str, name: str, mode: str = "live"
) -> str:
    """Add a till to a shop and return its id.

    BadInputError ``till.form`` for a code or mode that cannot be, ConflictError ``till.code_taken`` within the company.
    """
    actor.require(Permission.MANAGE_TILLS)
    if not _CODE.fullmatch(code) or not name.strip() or len(name) > 60 or mode not in set(ChainMode):
        raise BadInputError("till.form")
    company = connection.execute(select(shop.c.company).where(shop.c.id == shop_id)).scalar()
    if company is None or actor.company not in (None, company):
        raise NotFoundError("shop.unknown", shop=shop_id)
    taken = select(till.c.id).where(till.c.company == company, till.c.code == code)
    if connection.execute(taken).first():
        raise ConflictError("till.code_taken", code=code)
    identity = new_id()
    values = {
        "id": identity, "company": company, "shop": shop_id, "code": code, "name": name.strip(), "mode": mode,
        "created_at": at,
    }  # fmt: skip
    connection.execute(insert(till).values(values))
    act = audit.Act("till.added", "till", identity, {"code": (None, code), "mode": (None, mode)}, company)
    audit.record(connection, actor, at, act)
    return identity
