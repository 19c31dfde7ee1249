"""Bounds what one till may store: a stolen one must not fill the disk, one that was away a year must not wait.

A bucket per till and process: it starts full, each push takes what it weighs, and it fills up again with time. A push
that comes while there is anything in it is taken whole.
"""

import math
from dataclasses import dataclass, field

from central.tills.errors import TooFastError

_BYTES_PER_ENTRY = 4096  # an entry of a sale with ten lines; larger ones weigh more


@dataclass(slots=True)
class Pace:
    """``burst`` entries at once, then ``per_minute``. Times are monotonic seconds."""

    burst: int = 500_000
    per_minute: int = 12_000
    _levels: dict[str, tuple[float, float]] = field(default_factory=dict)

    def check(self, till: str, now_s: float) -> None:
        """Raise TooFastError with the seconds to wait while a till's bucket is empty."""
        level = self._level(till, now_s)
        if level <= 0:
            raise TooFastError(wait_s=math.ceil((1 - level) * 60 / self.per_minute))

    def take(self, till: str, entries: int, size: int, now_s: float) -> None:
        """Take what a push weighs."""
        weight = max(entries, size // _BYTES_PER_ENTRY)
        self._levels[till] = (self._level(till, now_s) - weight, now_s)

    def _level(self, till: str, now_s: float) -> float:
        level, at_s = self._levels.get(till, (self.burst, now_s))
        return min(self.burst, level + (now_s - at_s) * self.per_minute / 60)
