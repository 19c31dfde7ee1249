"""Counts attempts on PINs in memory; passes the contract of the store in the ledger's file."""

from __future__ import annotations


class FakeAttempts:
    """Attempts that last as long as the test."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    async def load(self) -> dict[str, int]:
        """Return the attempts that no right PIN has ended, by operator."""
        return dict(self._counts)

    async def count(self, operator: str) -> int:
        """Count an attempt and return how many there are now."""
        self._counts[operator] = self._counts.get(operator, 0) + 1
        return self._counts[operator]

    async def forget(self, operator: str) -> None:
        """Forget an operator's attempts."""
        self._counts.pop(operator, None)
