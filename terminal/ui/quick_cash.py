"""Which amounts of cash to offer for one tap: the exact one and the notes a customer is likely to hand over."""

from commerce.money import minor_digits
from commerce.tender import cash_due

_STEPS = (1, 5, 10, 20, 50, 100)  # in major units: whole coins first, then the notes
MOST_OFFERED = 5


def quick_amounts(remaining_cents: int, currency: str, cash_step: int | None) -> list[int]:
    """Return the exact amount in cash first, then each next round amount above it, at most five in all."""
    exact = cash_due(remaining_cents, cash_step)
    if remaining_cents <= 0:
        return [exact] if remaining_cents else []
    major: int = 10 ** minor_digits(currency)
    rounded_up = {-(-exact // (step * major)) * step * major for step in _STEPS}
    return [exact, *sorted(rounded_up - {exact})[: MOST_OFFERED - 1]]
