"""Time at the till: read from a clock that is handed in, and watched for jumps."""

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from commerce.bounds import FIRST_YEAR, LAST_YEAR
from commerce.dates import parse_utc, utc_text
from commerce.errors import RuleError
from terminal.services.state import ClockDoubt, ClockState

TOLERANCE = timedelta(minutes=10)
# How long a machine may have been off before a person is asked: a long weekend with a holiday at either end.
LONGEST_OFF = timedelta(days=4)
# No entry and no zone's date lies outside: a machine without a battery starts in 1970, and has to sell all the same.
EARLIEST = datetime(FIRST_YEAR, 1, 2, tzinfo=UTC)
LATEST = datetime(LAST_YEAR, 12, 30, tzinfo=UTC)


class Clock(Protocol):
    """Wall time, and time passed since some moment that no one can set."""

    def now(self) -> datetime:
        """Return the wall time, aware and in UTC."""
        ...

    def passed(self) -> timedelta:
        """Return the time since the machine started; it grows steadily, through suspend too."""
        ...

    def boot(self) -> str:
        """Return what tells this run of the machine from others; empty where that is not known."""
        ...


class SystemClock:
    """The machine's own clock."""

    def __init__(self, boot: str = "") -> None:
        self._boot = boot

    def now(self) -> datetime:
        """Return the wall time."""
        return datetime.now(UTC)

    def passed(self) -> timedelta:
        """Return the time since the machine started."""
        return timedelta(microseconds=time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000)

    def boot(self) -> str:
        """Return the kernel's id of this boot, where it is known."""
        return self._boot


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

    def boot(self) -> str:
        """Return nothing: see ``passed``."""
        return ""

    def set(self, at: datetime) -> None:
        """Set the time; RuleError ``clock.zone_missing`` for a naive one."""
        if at.tzinfo is None:
            raise RuleError("clock.zone_missing")
        self._at = at.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Sign:
    """A moment at which the clock was trusted, and how long the machine had run then: kept for the next start."""

    at: datetime
    passed: timedelta
    boot: str

    def as_text(self) -> str:
        """Return the form that is kept."""
        return json.dumps([utc_text(self.at), self.passed // timedelta(microseconds=1), self.boot])


def read_sign(text: str) -> Sign:
    """Read ``Sign.as_text``."""
    at, passed, boot = json.loads(text)
    return Sign(parse_utc(at), timedelta(microseconds=passed), boot)


@dataclass(frozen=True, slots=True)
class LastSigns:
    """What the last run left: the last trusted time, the wall time it doubted in the end, and the kept sign."""

    trusted: datetime
    doubted: datetime | None = None
    sign: Sign | None = None


class WatchedClock:
    """A clock with its last trusted time: a jump of more than 10 minutes is suspect until somebody confirms it.

    While the machine runs, trusted time grows with the time that really passed, also from one start of the daemon to
    the next. A machine that was off may have been off for a while: only what that cannot explain is suspect. Central's
    time within the tolerance makes the clock trusted again.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._watched = not isinstance(clock, ReplayClock)
        self._offset: timedelta | None = None
        self._overruled: timedelta | None = None
        self._doubt = ClockDoubt.JUMPED
        self._anchor = self._sign(self.now())
        self.unsaved: Sign | None = self._anchor  # what is to be kept with the next write

    @property
    def source(self) -> Clock:
        """Return the clock that is watched."""
        return self._clock

    def now(self) -> datetime:
        """Return the wall time as it stands, right or wrong, as far as an entry can say it."""
        return min(max(self._clock.now(), EARLIEST), LATEST)

    def expected(self) -> datetime:
        """Return what the time should be by the last trusted one."""
        return self._anchor.at + (self._clock.passed() - self._anchor.passed)

    def trust(self, at: datetime) -> None:
        """Take a moment as the true present."""
        self._anchor = self._sign(at)

    def start(self, last: LastSigns) -> None:
        """Judge the wall time by what the last run left."""
        now, kept = self.now(), last.sign
        if kept is not None and kept.boot and kept.boot == self._clock.boot():
            self.trust(kept.at + (self._clock.passed() - kept.passed))
        elif _is_explained(now, last):
            self.trust(now)
        else:
            self.trust(last.trusted)
            self._doubt = ClockDoubt.WENT_BACK if now < last.trusted else ClockDoubt.OFF_TOO_LONG
        self.unsaved = None if self.read()[1] else self._anchor

    def read(self) -> tuple[datetime, bool]:
        """Return the wall time and whether it is suspect; a good reading becomes the last trusted time."""
        now = self.now()
        if not self._watched:
            return now, False
        suspect = abs(now - self.expected()) > TOLERANCE
        if not suspect:
            self.trust(now)
            self._doubt = ClockDoubt.JUMPED
        return now, suspect

    def confirm(self) -> tuple[datetime, datetime]:
        """A person vouches for the wall time; return what was expected and what holds now."""
        old, new = self.expected(), self.now()
        self.trust(new)
        self._overruled = self._offset
        self._keep()
        return old, new

    def note_central(self, offset: timedelta) -> None:
        """Take central's time (central minus till) as the true one, unless a person overruled just that offset."""
        self._offset = offset
        if self._overruled is not None and abs(offset - self._overruled) <= TOLERANCE:
            return
        self._overruled = None
        before = self.expected()
        self.trust(self._clock.now() + offset)
        if abs(self.expected() - before) > TOLERANCE:
            self._doubt = ClockDoubt.CENTRAL
            self._keep()

    def saved(self, sign: Sign | None) -> None:
        """Note that a sign is on disk."""
        if sign is self.unsaved:
            self.unsaved = None

    def state(self) -> ClockState:
        """Return what the page shows of the clock."""
        now, suspect = self.read()
        jump_s = (now - self.expected()) // timedelta(seconds=1) if suspect else 0
        offset = None if self._offset is None else self._offset // timedelta(milliseconds=1)
        doubt = self._doubt if suspect else ClockDoubt.NONE
        return ClockState(suspect, jump_s, self._anchor.at, offset, doubt)

    def _sign(self, at: datetime) -> Sign:
        return Sign(at, self._clock.passed(), self._clock.boot())

    def _keep(self) -> None:
        """Ask for the present sign to be kept with the next write."""
        self.unsaved = self._anchor


def _is_explained(now: datetime, last: LastSigns) -> bool:
    """Tell whether a machine that was off may well show this time: later, not by too much, not the doubted one."""
    if last.doubted is not None and last.doubted > last.trusted and now > last.doubted - TOLERANCE:
        return False  # the clock that was doubted when the till stopped is still as wrong
    return last.trusted - TOLERANCE <= now <= last.trusted + LONGEST_OFF
