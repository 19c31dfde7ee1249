"""Time at the till: read from a clock that is handed in, and watched for jumps."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from commerce.errors import RuleError
from terminal.services.state import ClockState

TOLERANCE = timedelta(minutes=10)


class Clock(Protocol):
    """Wall time, and time passed since some moment that no one can set."""

    def now(self) -> datetime:
        """Return the wall time, aware and in UTC."""
        ...

    def passed(self) -> timedelta:
        """Return the time since a fixed moment; it grows steadily, through suspend too."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the wall time."""
        return datetime.now(UTC)

    def passed(self) -> timedelta:
        """Return the time since the machine started."""
        return timedelta(microseconds=time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000)


class ReplayClock:
    """A clock that stands where it was set: for replay chains."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self._at

    def passed(self) -> timedelta:
        """Return no time: a replayed clock is not watched."""
        return timedelta()

    def set(self, at: datetime) -> None:
        """Set the time; RuleError ``clock.zone_missing`` for a naive one."""
        if at.tzinfo is None:
            raise RuleError("clock.zone_missing")
        self._at = at.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class _Anchor:
    trusted: datetime
    passed: timedelta


class WatchedClock:
    """A clock with its last trusted time: a jump of more than 10 minutes is suspect until somebody confirms it.

    While the daemon runs, trusted time grows with the time that really passed; after a start it is that of the last
    trusted entry. Central's time within the tolerance makes the clock trusted again.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._watched = not isinstance(clock, ReplayClock)
        self._anchor = _Anchor(clock.now(), clock.passed())
        self._offset: timedelta | None = None
        self._overruled: timedelta | None = None

    @property
    def source(self) -> Clock:
        """Return the clock that is watched."""
        return self._clock

    def now(self) -> datetime:
        """Return the wall time as it stands, right or wrong."""
        return self._clock.now()

    def expected(self) -> datetime:
        """Return what the time should be by the last trusted one."""
        return self._anchor.trusted + (self._clock.passed() - self._anchor.passed)

    def trust(self, at: datetime) -> None:
        """Take a moment as the true present."""
        self._anchor = _Anchor(at, self._clock.passed())

    def read(self) -> tuple[datetime, bool]:
        """Return the wall time and whether it is suspect; a good reading becomes the last trusted time."""
        now = self._clock.now()
        if not self._watched:
            return now, False
        suspect = abs(now - self.expected()) > TOLERANCE
        if not suspect:
            self.trust(now)
        return now, suspect

    def confirm(self) -> tuple[datetime, datetime]:
        """A person vouches for the wall time; return what was expected and what holds now."""
        old, new = self.expected(), self._clock.now()
        self.trust(new)
        self._overruled = self._offset
        return old, new

    def note_central(self, offset: timedelta) -> None:
        """Take central's time (central minus till) as the true one, unless a person overruled just that offset."""
        self._offset = offset
        if self._overruled is not None and abs(offset - self._overruled) <= TOLERANCE:
            return
        self._overruled = None
        self.trust(self._clock.now() + offset)

    def state(self) -> ClockState:
        """Return what the page shows of the clock."""
        now, suspect = self.read()
        jump_s = (now - self.expected()) // timedelta(seconds=1) if suspect else 0
        offset = None if self._offset is None else self._offset // timedelta(milliseconds=1)
        return ClockState(suspect, jump_s, self._anchor.trusted, offset)
