"""Alarms: what head office must see goes the way of every fact, signed and in order, also from a till that is apart."""

from commerce.bodies.alarm import AlarmCode, AlarmRaised
from terminal.services.chains import Moment, Write


def raise_alarm(
    write: Write, moment: Moment, code: AlarmCode, subject: str, *, count: int = 1, detail: str = ""
) -> None:
    """Write an alarm in the transaction of what noticed it."""
    write.record(moment, AlarmRaised(code, subject, count, detail))
