"""Says of a till whether somebody has to look at it, and why."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

SILENT_AFTER = timedelta(minutes=2)
UNSENT_FOR = timedelta(minutes=15)
CLOCK_OFF_MS = 120_000
_STATES = ("silent", "new", "connected")


@dataclass(frozen=True, slots=True)
class TillState:
    """``state`` is one of new, connected, silent; ``reasons`` are stable codes of what needs a person."""

    state: str
    reasons: tuple[str, ...]

    @property
    def needs_somebody(self) -> bool:
        """Tell whether a person has to do something."""
        return bool(self.reasons)

    @property
    def urgency(self) -> tuple[bool, int]:
        """What lists are sorted by: those that need somebody come first, then those that are not heard of."""
        return not self.reasons, _STATES.index(self.state)


def till_state(till: Row[Any], now: datetime) -> TillState:
    """Judge a till by its last contact and what it said of itself; being apart alone needs nobody."""
    reasons = [code for code, holds in _checks(till, now) if holds]
    if till.last_contact_at is None:
        return TillState("new", tuple(reasons))
    return TillState("silent" if now - till.last_contact_at > SILENT_AFTER else "connected", tuple(reasons))


def _checks(till: Row[Any], now: datetime) -> list[tuple[str, bool]]:
    devices = till.devices or []
    broken = [one for one in devices if one.get("availability") not in ("available", "ready", "unknown", None)]
    offset = till.clock_offset_ms
    return [
        ("alarm", bool(till.open_alarms)),
        ("fork", bool(till.open_forks)),
        ("set_aside", bool(till.open_set_aside)),
        ("not_enrolled", till.enrolled_at is None),
        ("unsent", till.oldest_unsent_at is not None and now - till.oldest_unsent_at > UNSENT_FOR),
        ("clock", offset is not None and abs(offset) > CLOCK_OFF_MS),
        ("device", bool(broken)),
        ("silent", till.last_contact_at is not None and now - till.last_contact_at > timedelta(hours=24)),
    ]
