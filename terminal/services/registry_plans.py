"""What central sends, taken over in turns of the register: rows of the operating set, and what is kept of items."""

from collections.abc import Sequence
from dataclasses import replace

from commerce.bodies.alarm import AlarmCode
from commerce.wire import Change
from terminal.db.alarms import forget_alarms, forget_item_alarms
from terminal.services import till_sessions
from terminal.services.chains import Moment, Write
from terminal.services.identity import Identity
from terminal.services.operating import OperatingSet
from terminal.services.plan import Plan, Values
from terminal.services.recovery import make_operating, with_rows_aside
from terminal.services.registry import apply_operating, note_catalogue, note_items, understood_by
from terminal.services.state import RegisterState


def plan_operating(
    moment: Moment, identity: Identity, now: OperatingSet, changes: Sequence[Change], *, cursor: str | None, whole: bool
) -> Plan:
    """Take over rows of the operating set; whoever is signed on and is no longer in it is signed off."""

    def write(write: Write) -> Values:
        rows = apply_operating(write, moment, now.rows, changes, identity, cursor=cursor, whole=whole)
        if whole:
            forget_alarms(write.tx, AlarmCode.REGISTRY_CHANGED, now.changed)
        operating = make_operating(write.tx, identity, rows, () if whole else now.changed)
        if moment.operator is not None and operating.find_active(moment.operator) is None:
            till_sessions.leave(write, moment, moment.operator, "inactive")
        return {"operating": operating}

    return Plan(moment, write, _take_over)


def plan_items(moment: Moment, now: OperatingSet, changes: Sequence[Change], bad: Sequence[Change]) -> Plan:
    """Keep which rows of the catalogue were set aside."""

    def write(write: Write) -> Values:
        note_items(write, moment, changes, bad)
        return {"operating": with_rows_aside(write.tx, now)}

    return Plan(moment, write, _take_over)


def plan_catalogue(moment: Moment, identity: Identity, now: OperatingSet) -> Plan:
    """Keep that a whole catalogue was taken over, and by whom it was understood."""

    def write(write: Write) -> Values:
        note_catalogue(write, understood_by(identity))
        forget_item_alarms(write.tx, AlarmCode.REGISTRY_CHANGED)
        return {"operating": with_rows_aside(write.tx, now)}

    return Plan(moment, write, _take_over)


def _take_over(now: RegisterState, values: Values) -> RegisterState:
    operating = values["operating"]
    operator = operating.find_active(now.operator.id) if now.operator else None
    return replace(now, operating=operating, operator=operator)
