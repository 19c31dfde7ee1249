"""Alarms: what head office must see goes the way of every fact, signed and in order, also from a till that is apart."""

from collections.abc import Iterable

from commerce.bodies.alarm import AlarmCode, AlarmRaised
from commerce.bodies.form import read
from commerce.errors import BadInputError
from commerce.kinds import Kind
from terminal.db import alarms, ledger
from terminal.services.chains import Moment, Write
from terminal.services.integrity import Findings
from terminal.services.plan import Plan, Values


def raise_alarm(
    write: Write, moment: Moment, code: AlarmCode, subject: str, *, count: int = 1, detail: str = ""
) -> None:
    """Write an alarm in the transaction of what noticed it."""
    write.record(moment, AlarmRaised(code, subject, count, detail))


def report_findings(write: Write, moment: Moment, findings: Findings) -> None:
    """Raise an alarm for each thing that does not hold, once; for rows that were put right each time."""
    for row in findings.put_right:
        raise_alarm(write, moment, AlarmCode.LEDGER_CHANGED, f"{row.chain}/{row.seq}", detail=row.code)
    for sale in findings.sales:
        raise_alarm(write, moment, AlarmCode.LEDGER_CHANGED, f"sale/{sale.sale}", detail=sale.code)
    for problem in findings.problems:
        subject = f"{problem.chain}/{problem.seq}"
        if _is_news(write, AlarmCode.LEDGER_CHANGED, subject, 1):
            raise_alarm(write, moment, AlarmCode.LEDGER_CHANGED, subject, detail=problem.code)
    for gap in findings.missing:
        subject = f"{gap.series} {gap.period}".strip()
        if _is_news(write, AlarmCode.NUMBERS_MISSING, subject, gap.count):
            detail = f"after {gap.after}"
            raise_alarm(write, moment, AlarmCode.NUMBERS_MISSING, subject, count=gap.count, detail=detail)


def _is_news(write: Write, code: AlarmCode, subject: str, count: int) -> bool:
    """Tell whether an alarm is yet to be raised; that it was is believed of the ledger alone."""
    return alarms.note_alarm(write.tx, code, subject, count) or not any(
        _says(body, code, subject, count)
        for chain in ledger.list_chains(write.tx)
        for _, _, body in ledger.iterate_kinds(write.tx, chain.chain, (Kind.ALARM_RAISED.value,))
    )


def _says(body: bytes, code: AlarmCode, subject: str, count: int) -> bool:
    try:
        raised = read(AlarmRaised, body)
    except BadInputError:
        return False
    return (raised.code, raised.subject) == (code, subject) and raised.count >= count


def plan_alarm(moment: Moment, code: AlarmCode, subject: str, count: int) -> Plan:
    """Raise an alarm in a turn of its own."""

    def write(write: Write) -> Values:
        raise_alarm(write, moment, code, subject, count=count)
        return {}

    return Plan(moment, write, lambda now, _: now)


def report_changed_rows(write: Write, moment: Moment, names: Iterable[str]) -> None:
    """Raise an alarm for each row of the registries that is not as central sent it, once."""
    for name in names:
        if _is_news(write, AlarmCode.REGISTRY_CHANGED, name, 1):
            raise_alarm(write, moment, AlarmCode.REGISTRY_CHANGED, name)
