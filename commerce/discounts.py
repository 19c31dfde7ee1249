"""The stages of a line's discounts: each in whole cents, so that a line is its amount and what they add."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from commerce.bodies.line import DiscountBody, StageBody
from commerce.money import amount_cents, percent_of


@dataclass(frozen=True, slots=True)
class Staged:
    """A line's total and the stages that led to it."""

    total: int
    discounts: tuple[DiscountBody, ...]


def discounted(amount: int, stages: Iterable[StageBody], currency: str, *, on_amount: bool = True) -> Staged:
    """Work out stages on a line's amount, in their order; a return mirrors its sale, and nothing crosses zero.

    ``on_amount``: stages that ask for the line's amount get it; where the company's setting is off every stage works on
    what the ones before it left.
    """
    remaining, made = amount, []
    for stage in stages:
        base = amount if on_amount and stage.on == "amount" else remaining
        cut = _cut(stage, base, amount, currency)
        if (remaining - cut) * _sign(amount) < 0:
            cut = remaining
        made.append(_made(stage, base, -cut))
        remaining -= cut
    return Staged(remaining, tuple(made))


def _cut(stage: StageBody, base: int, amount: int, currency: str) -> int:
    value = Decimal(stage.value)
    if stage.kind == "percent":
        return percent_of(base, value)
    return amount_cents(value, currency) * _sign(amount)


def _made(stage: StageBody, base: int, amount: int) -> DiscountBody:
    return DiscountBody(
        kind=stage.kind,
        value=stage.value,
        origin=stage.origin,
        source=stage.source,
        on=stage.on,
        base=base,
        amount=amount,
    )


def _sign(amount: int) -> int:
    return (amount > 0) - (amount < 0)
