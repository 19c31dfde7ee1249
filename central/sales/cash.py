"""What counted drawers said: the sessions that closed with more or less cash than was expected."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, select

from central.identity.narrowing import within
from central.identity.scope import Scope
from central.organisation.directory import tills
from central.organisation.service import companies_within
from central.registry.directory import operator_name
from central.sales.queries import AnyRow
from central.sales.tables import till_session


def list_differences(
    conn: Connection, scopes: Sequence[Scope], since: date, limit: int, till: str | None = None
) -> list[AnyRow]:
    """Return the closings of these days whose cash did not come out, newest first, with their till and who counted."""
    one = till_session.c
    companies = [row.id for row in companies_within(conn, scopes)]
    query = (
        select(one.till, one.id, one.business_day, one.closed_at, one.z_number, one.currency, one.over_short,
               tills.c.code, tills.c.name.label("till_name"), tills.c.shop_name,
               operator_name(one.company, one.closed_by).label("operator_name"))
        .join(tills, tills.c.id == one.till)
        .where(one.company.in_(companies), within(scopes, one.company, one.shop))
        .where(one.business_day >= since, one.over_short != 0, *([one.till == till] if till else []))
        .order_by(one.closed_at.desc(), one.till, one.id)
        .limit(limit)
    )  # fmt: skip
    return list(conn.execute(query))
