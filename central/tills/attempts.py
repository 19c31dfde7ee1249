"""Slows down who guesses enrolment codes, per address; nobody is locked out for good."""

from collections import OrderedDict
from dataclasses import dataclass, field

from central.tills.errors import TooManyCodesError

_FREE = 5
_LONGEST_S = 300.0
_ADDRESSES = 10_000


@dataclass(slots=True)
class Attempts:
    """Failures per address; after the first few each doubles the wait."""

    _failures: OrderedDict[str, tuple[int, float]] = field(default_factory=OrderedDict)

    def check(self, address: str, now_s: float) -> None:
        """Raise TooManyCodesError while an address has to wait."""
        _, until_s = self._failures.get(address, (0, 0.0))
        if now_s < until_s:
            raise TooManyCodesError(wait_s=int(until_s - now_s) + 1)

    def failed(self, address: str, now_s: float) -> None:
        """Count a wrong code."""
        count = self._failures.pop(address, (0, 0.0))[0] + 1
        wait_s = 0.0 if count < _FREE else min(2.0 ** (count - _FREE), _LONGEST_S)
        self._failures[address] = (count, now_s + wait_s)
        while len(self._failures) > _ADDRESSES:
            self._failures.popitem(last=False)
