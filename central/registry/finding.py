"""Items for the search of everything: by their words, article number or code."""

from collections.abc import Sequence

from sqlalchemy import Connection

from central.identity.scope import Scope
from central.registry.queries import search_items
from central.web.finding import Hit


def find_items(conn: Connection, scope: Scope, typed: str, most: int) -> Sequence[Hit]:
    """Return items of a company by name."""
    found = search_items(conn, str(scope.company), words=typed, after=None, limit=most)
    return [Hit(next(iter(one.card.names.values()), one.card.sku), f"/items/{one.id}", one.card.sku) for one in found]
