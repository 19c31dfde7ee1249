"""Discounts on the whole document: what they come to, and which line bears which part of them.

Promotions are handed out by pieces and bring their shares along; every other discount is spread by law.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from commerce.bodies.paid import DocumentDiscountBody
from commerce.errors import BadInputError
from commerce.line import Line
from commerce.money import amount_cents, percent_of, spread


def shares_by_line(discounts: Iterable[DocumentDiscountBody]) -> dict[str, int]:
    """Return what discounts add to each line that they touch."""
    sums: dict[str, int] = {}
    for discount in discounts:
        for line, cents in discount.shares:
            sums[line] = sums.get(line, 0) + cents
    return sums


def spread_discount(
    rule: DocumentDiscountBody, lines: Sequence[Line], given: Mapping[str, int], currency: str
) -> DocumentDiscountBody:
    """Return the discount with its amount and shares, worked out on what earlier ones left of the lines.

    Lines without commercial conditions bear nothing of it; it never takes more than there is.
    """
    bearing = [(line, line.total + given.get(line.id, 0)) for line in lines if line.conditions]
    base = sum(left for _, left in bearing)
    amount = -_cut(rule, base, currency)
    if not amount:
        return replace(rule, amount=0, shares=())
    parts = spread(amount, [(left, line.vat.code) for line, left in bearing])
    shares = tuple((line.id, part) for (line, _), part in zip(bearing, parts, strict=True) if part)
    return replace(rule, amount=amount, shares=shares)


def check_shares(discounts: Sequence[DocumentDiscountBody], lines: Iterable[Line]) -> None:
    """BadInputError ``discount.shares`` when they do not add up, name no line, raise a price or go below zero."""
    totals = {line.id: line.total for line in lines}
    for discount in discounts:
        if sum(cents for _, cents in discount.shares) != discount.amount:
            raise BadInputError("discount.shares", discount=discount.id)
    for line, shared in shares_by_line(discounts).items():
        total = totals.get(line)
        if total is None or not min(-total, 0) <= shared <= max(-total, 0):
            raise BadInputError("discount.shares", line=line)


def _cut(rule: DocumentDiscountBody, base: int, currency: str) -> int:
    value = Decimal(rule.value)
    size = percent_of(abs(base), value) if rule.kind == "percent" else amount_cents(value, currency)
    return min(size, abs(base)) * ((base > 0) - (base < 0))
