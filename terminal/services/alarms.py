"""Alarms: what head office must see goes the way of every fact, signed and in order, also from a till that is apart."""

from collections.abc import Iterable

from commerce.bodies.alarm import AlarmCode, AlarmRaised
from terminal.db import alarms
from terminal.services.chains import Moment, Write
from terminal.services.integrity import Findings
from terminal.services.plan import Plan, Values


def raise_alarm(
    write: Write, moment: Moment, code: AlarmCode, subject: str, *, count: int = 1, detail: str = ""
) -> None:
    """Write an alarm in the transaction of what noticed it."""
    write.record(moment, AlarmRaised(code, subject, count, detail))


def report_findings(write: Write, moment: Moment, findings: Findings) -> None:
    """Raise an alarm for each thing that does not hold, once."""
    for problem in findings.problems:
        subject = f"{problem.chain}/{problem.seq}"
        if alarms.note_alarm(write.tx, AlarmCode.LEDGER_CHANGED, subject, 1):
            raise_alarm(write, moment, AlarmCode.LEDGER_CHANGED, subject, detail=problem.code)
    for gap in findings.missing:
        subject = f"{gap.series} {gap.period}".strip()
        if alarms.note_alarm(write.tx, AlarmCode.NUMBERS_MISSING, subject, gap.count):
            detail = f"after {gap.after}"
            raise_alarm(write, moment, AlarmCode.NUMBERS_MISSING, subject, count=gap.count, detail=detail)


def plan_alarm(moment: Moment, code: AlarmCode, subject: str, count: int) -> Plan:
    """Raise an alarm in a turn of its own."""

    def write(write: Write) -> Values:
        raise_alarm(write, moment, code, subject, count=count)
        return {}

    return Plan(moment, write, lambda now, _: now)


def report_changed_rows(write: Write, moment: Moment, names: Iterable[str]) -> None:
    """Raise an alarm for each row of the registries that is not as central sent it, once."""
    for name in names:
        if alarms.note_alarm(write.tx, AlarmCode.REGISTRY_CHANGED, name, 1):
            raise_alarm(write, moment, AlarmCode.REGISTRY_CHANGED, name)
