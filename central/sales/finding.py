"""Sales for the search of everything: by the number that is printed on the receipt."""

import re
from collections.abc import Sequence

from sqlalchemy import Connection, select

from central.identity.scope import Scope
from central.sales.tables import sale
from central.web.finding import Hit

_LARGEST = 2**62


def find_numbers(conn: Connection, scope: Scope, typed: str, most: int) -> Sequence[Hit]:
    """Return the newest sales of a running number (``42``) or of one as it is printed (``T1/26/000042``)."""
    digits = re.search(r"([0-9]+)\s*\Z", typed)
    if digits is None or not re.fullmatch(r"[\w/ .-]+", typed) or int(digits[1]) > _LARGEST:
        return []
    query = select(sale.c.till, sale.c.id, sale.c.formatted, sale.c.business_day).where(
        sale.c.company == scope.company, sale.c.number == int(digits[1])
    )
    if typed != digits[0]:
        query = query.where(sale.c.formatted == typed.upper())
    if scope.shops is not None:
        query = query.where(sale.c.shop.in_(sorted(scope.shops)))
    rows = conn.execute(query.order_by(sale.c.business_day.desc(), sale.c.till, sale.c.id).limit(most))
    return [Hit(row.formatted, f"/sales/{row.id}?till={row.till}", row.business_day.isoformat()) for row in rows]
