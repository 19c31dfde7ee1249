"""Which amounts of cash to offer for one tap: the exact one and what a customer is likely to hand over."""

from typing import Final

from commerce.money import minor_digits
from commerce.tender import cash_due

MOST_OFFERED: Final = 5
_ROUND_TO: Final = (1, 5, 10)  # coins and small notes made up to the next whole, five or ten
_NOTES: Final = (20, 50, 100, 200)  # one note that is enough


def quick_amounts(remaining_cents: int, currency: str, cash_step: int | None) -> list[int]:
    """Return the exact amount in cash first, then likely amounts above it, at most five in all."""
    exact = cash_due(remaining_cents, cash_step)
    if remaining_cents <= 0:
        return [exact] if remaining_cents else []
    major: int = 10 ** minor_digits(currency)
    made_up = {-(-exact // (step * major)) * step * major for step in _ROUND_TO}
    notes = {note * major for note in _NOTES if note * major > exact}
    return [exact, *sorted((made_up | notes) - {exact})[: MOST_OFFERED - 1]]
