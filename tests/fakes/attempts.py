"""Counts attempts on PINs in memory; passes the contract of the store in the ledger's file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from terminal.db.pins import MOST_PROVEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from terminal.services.pins import Guesser


class FakeAttempts:
    """Attempts that last as long as the test."""

    def __init__(self) -> None:
        self._counts: dict[Guesser, int] = {}

    async def load(self) -> dict[Guesser, int]:
        """Return the attempts that no right PIN has ended."""
        return dict(self._counts)

    async def count(self, guesser: Guesser) -> int:
        """Count an attempt and return how many there are now."""
        self._counts[guesser] = self._counts.get(guesser, 0) + 1
        return self._counts[guesser]

    async def forget(self, guesser: Guesser) -> None:
        """Forget its attempts."""
        self._counts.pop(guesser, None)

    async def prove(self, guesser: Guesser) -> Sequence[Guesser]:
        """Keep a client; the one that was kept longest goes."""
        self._counts.pop(guesser, None)
        self._counts[guesser] = 0
        proven = [one for one in self._counts if one[0] == guesser[0] and one[1]]
        gone = proven[:-MOST_PROVEN]
        for one in gone:
            del self._counts[one]
        return gone
