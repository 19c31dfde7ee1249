"""Sign-in slows down with every failure and never locks: the right password works again after a short wait."""

from datetime import datetime, timedelta

FREE_FAILURES = 3
LONGEST_WAIT_S = 60
FREE_ADDRESS_FAILURES = 20
FORGOTTEN_AFTER = timedelta(hours=1)


def wait_after(failures: int, free: int = FREE_FAILURES) -> timedelta:
    """Return how long to wait after so many failures in a row: 1 s, 2 s, 4 s … at most a minute."""
    if failures <= free:
        return timedelta()
    return timedelta(seconds=min(2 ** min(failures - free - 1, 10), LONGEST_WAIT_S))


def still_counts(next_at: datetime, now: datetime) -> bool:
    """Tell whether earlier failures are recent enough to be held against the next one."""
    return now - next_at < FORGOTTEN_AFTER
