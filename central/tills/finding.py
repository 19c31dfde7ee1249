"""Tills for the search of everything: by code or name."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from central.identity.narrowing import within
from central.identity.scope import Scope
from central.kit.reading import fold
from central.organisation.directory import tills
from central.web.finding import Hit

_MOST = 1_000  # a company has some dozens


def find_tills(conn: Connection, scope: Scope, typed: str, most: int) -> Sequence[Hit]:
    """Return the tills whose code or name, or a word of it, begins so."""
    query = select(tills).where(tills.c.company == scope.company, within([scope], tills.c.company, tills.c.shop))
    begins = fold(typed)
    found = [
        row for row in conn.execute(query.order_by(tills.c.code).limit(_MOST)) if _fits(begins, row.code, row.name)
    ]
    return [Hit(f"{row.code} · {row.name}", f"/tills/{row.id}", row.shop_name) for row in found[:most]]


def _fits(begins: str, *texts: str) -> bool:
    return any(f" {fold(text)}".find(f" {begins}") >= 0 for text in texts)
