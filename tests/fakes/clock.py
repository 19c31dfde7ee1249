"""A clock that tests turn by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class FakeClock:
    """Wall time that can jump, beside time that only passes."""

    def __init__(self, at: datetime = START) -> None:
        self._at = at
        self._passed = timedelta(hours=1)
        self._boots = 1

    def now(self) -> datetime:
        """Return the wall time."""
        return self._at

    def passed(self) -> timedelta:
        """Return the time that really passed."""
        return self._passed

    def boot(self) -> str:
        """Return the name of this run of the machine."""
        return f"boot {self._boots}"

    def reboot(self, off: timedelta = timedelta()) -> None:
        """Switch the machine off for a while; its clock goes on."""
        self._at += off
        self._passed = timedelta(minutes=1)
        self._boots += 1

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self._at += by
        self._passed += by

    def jump(self, by: timedelta) -> None:
        """Set the wall clock to another time, while none passes."""
        self._at += by
