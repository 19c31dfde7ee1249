"""Narrows SQL to where an actor may do something."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, true

from central.identity.scope import Scope


def within(
    scopes: Sequence[Scope], company: ColumnElement[Any], shop: ColumnElement[Any] | None = None
) -> ColumnElement[bool]:
    """Return the condition that a row is within one of the scopes, by its columns of company and shop.

    Without a column of shops the rows are shared by a company's shops, and seen from each of them.
    """
    parts = [_one(scope, company, shop) for scope in scopes]
    return or_(*parts) if parts else false()


def _one(scope: Scope, company: ColumnElement[Any], shop: ColumnElement[Any] | None) -> ColumnElement[bool]:
    if scope.company is None:
        return true()
    if scope.shops is None or shop is None:
        return company == scope.company
    return and_(company == scope.company, shop.in_(sorted(scope.shops)))
