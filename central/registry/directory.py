"""What other areas may join in their own queries: what operators are called, to be read only."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, ScalarSelect, func, select

from central.identity.narrowing import within
from central.identity.scope import Scope
from central.registry.tables import operator


def operator_name(company: ColumnElement[Any], identity: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Return an operator's name as the registry has it; it is the same at every shop."""
    found = select(func.min(operator.c.name)).where(operator.c.company == company, operator.c.id == identity)
    return found.scalar_subquery()


def list_operator_names(conn: Connection, scopes: Sequence[Scope]) -> list[Row[Any]]:
    """Return every operator of shops within scopes once (``operator``, ``name``), by name.

    Those who may no longer sell are among them.
    """
    query = select(operator.c.id.label("operator"), operator.c.name).distinct().order_by(operator.c.name, operator.c.id)
    return list(conn.execute(query.where(within(scopes, operator.c.company, operator.c.shop))))
