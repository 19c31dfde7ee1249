"""Adding tills to shops. Jobs on a connection."""

import re
from datetime import datetime

from sqlalchemy import Connection

from central.identity import audit
from central.identity.people import Actor
from central.organisation.service import find_shop_within, insert_till
from central.tills.area import MANAGE_TILLS
from commerce.errors import BadInputError
from commerce.ledger import ChainMode

_CODE = re.compile(r"[A-Z0-9]{1,6}")


def add_till(
    connection: Connection, actor: Actor, at: datetime, shop_id: str, code: str, name: str, mode: str = "live"
) -> str:
    """Add a till to a shop and return its id.

    BadInputError ``till.form`` for a code or mode that cannot be, ConflictError ``till.code_taken`` within the company.
    """
    actor.scopes(MANAGE_TILLS)
    if not _CODE.fullmatch(code) or not name.strip() or len(name) > 60 or mode not in set(ChainMode):
        raise BadInputError("till.form")
    shop = find_shop_within(connection, actor, MANAGE_TILLS, shop_id)
    identity = insert_till(connection, shop, at, code, name.strip(), mode)
    act = audit.Act("till.added", "till", identity, {"code": (None, code), "mode": (None, mode)}, str(shop.company))
    audit.record(connection, actor, at, act)
    return identity
