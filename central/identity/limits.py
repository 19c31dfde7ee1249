"""Sign-in slows down with every failure and never locks: the right password works again after a short wait."""

from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

FREE_FAILURES = 3
LONGEST_WAIT_S = 60
FREE_ADDRESS_FAILURES = 20
FORGOTTEN_AFTER = timedelta(hours=1)


def wait_after(failures: int, free: int = FREE_FAILURES) -> timedelta:
    """Return how long to wait after so many failures in a row: 1 s, 2 s, 4 s … at most a minute."""
    if failures <= free:
        return timedelta()
    return timedelta(seconds=min(2 ** min(failures - free - 1, 10), LONGEST_WAIT_S))


def counted_address(address: str) -> str:
    """Return what failures are counted by: whoever has one address of IPv6 has the whole /64 of it."""
    try:
        read = ip_address(address)
    except ValueError:
        return address[:64]
    return str(ip_network((read, 64), strict=False)) if isinstance(read, IPv6Address) else str(read)


def still_counts(next_at: datetime, now: datetime) -> bool:
    """Tell whether earlier failures are recent enough to be held against the next one."""
    return now - next_at < FORGOTTEN_AFTER
