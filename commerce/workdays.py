"""Working days: which days a calendar works on, and the day that is so many of them away."""

from dataclasses import dataclass
from datetime import date, timedelta

from commerce.errors import RuleError

MOST_DAYS = 366  # of a span, and of a search: a calendar that works on none of so many days works on none
Span = tuple[date, date, bool, bool]  # first and last day, every year, open all the same

_FIXED = ((1, 1), (1, 6), (4, 25), (5, 1), (6, 2), (8, 15), (11, 1), (12, 8), (12, 25), (12, 26))
_FRANCIS = (10, 4)  # since 2026
_FRANCIS_SINCE = 2026


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """``week`` are the weekdays that are closed, 0 is Monday. Of two spans about one day the later one holds."""

    week: frozenset[int] = frozenset({5, 6})
    holidays: bool = True
    spans: tuple[Span, ...] = ()

    def works_on(self, day: date) -> bool:
        """Tell whether a day is worked on."""
        for first, last, yearly, works in reversed(self.spans):
            if _holds(first, last, day, yearly=yearly):
                return works
        return day.weekday() not in self.week and not (self.holidays and is_italian_holiday(day))

    def next_from(self, day: date) -> date:
        """Return the day itself if it is worked on, else the next that is; RuleError ``calendar.closed``."""
        return self._walk(day, 1)

    def last_until(self, day: date) -> date:
        """Return the day itself if it is worked on, else the last before it that is."""
        return self._walk(day, -1)

    def add(self, day: date, count: int) -> date:
        """Return the day that is so many working days after one, before it for a negative count.

        From a day that is not worked on it counts as from the working day before it, or after it when counting back.
        """
        step = 1 if count > 0 else -1
        for _ in range(abs(count)):
            day = self._walk(_step(day, step), step)
        return day

    def count(self, first: date, last: date) -> int:
        """Return how many working days there are after the first day up to the last, that one included."""
        return sum(self.works_on(first + timedelta(days=n)) for n in range(1, (last - first).days + 1))

    def _walk(self, day: date, step: int) -> date:
        for _ in range(MOST_DAYS * 2):
            if self.works_on(day):
                return day
            day = _step(day, step)
        raise RuleError("calendar.closed")


def is_italian_holiday(day: date) -> bool:
    """Tell whether a day is a public holiday in all of Italy; patrons of towns are not."""
    if (day.month, day.day) in _FIXED or day == easter(day.year) + timedelta(days=1):
        return True
    return (day.month, day.day) == _FRANCIS and day.year >= _FRANCIS_SINCE


def easter(year: int) -> date:
    """Return Easter Sunday of a year of the Gregorian calendar (Meeus, Jones and Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e, g = b // 4, b % 4, (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 19 * m) // 433
    month = (h + m - 7 * n + 90) // 25
    return date(year, month, (h + m - 7 * n + 33 * month + 19) % 32)


def _holds(first: date, last: date, day: date, *, yearly: bool) -> bool:
    if not yearly:
        return first <= day <= last
    begins, ends, at = (one.month * 100 + one.day for one in (first, last, day))
    return begins <= at <= ends if first.year == last.year else at >= begins or at <= ends


def _step(day: date, step: int) -> date:
    try:
        return day + timedelta(days=step)
    except OverflowError as error:  # beyond the last day that there is
        raise RuleError("calendar.closed") from error
