"""The three dates of a sale, and time as entries write it. The clock is always passed in."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DEFAULT_CUT_OFF = time(4, 0)
_UTC = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")


def document_date(at: datetime, zone: ZoneInfo) -> date:
    """Return the calendar date in the shop's zone."""
    return at.astimezone(zone).date()


def business_day(opened_at: datetime, zone: ZoneInfo, cut_off: time = DEFAULT_CUT_OFF) -> date:
    """Return a session's reporting day: the local date it was opened on, the day before when before the cut-off."""
    local = opened_at.astimezone(zone)
    return local.date() if local.time() >= cut_off else local.date() - timedelta(days=1)


def utc_text(at: datetime) -> str:
    """Return an aware time as entries write it: UTC, microseconds, ``Z``."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def parse_utc(text: str) -> datetime:
    """Read what ``utc_text`` wrote, and nothing else; ValueError."""
    if _UTC.fullmatch(text) is None:
        raise ValueError(text)
    return datetime.fromisoformat(text)


def offset_text(at: datetime, zone: ZoneInfo) -> str:
    """Return the zone's offset at that moment as ``+01:00``."""
    offset = at.astimezone(zone).utcoffset() or timedelta()
    minutes = int(offset.total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
