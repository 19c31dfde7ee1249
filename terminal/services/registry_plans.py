"""What central sends, taken over in turns of the register: rows of the operating set, and what is kept of items."""

from collections.abc import Sequence
from dataclasses import replace

from commerce.wire import Change
from terminal.services import till_sessions
from terminal.services.chains import Moment, Write
from terminal.services.identity import Identity
from terminal.services.plan import Plan, Values
from terminal.services.recovery import restore_operating
from terminal.services.registry import apply_operating, note_catalogue, note_items, understood_by
from terminal.services.state import RegisterState


def plan_operating(
    moment: Moment, identity: Identity, changes: Sequence[Change], *, cursor: str | None, whole: bool
) -> Plan:
    """Take over rows of the operating set; whoever is signed on and is no longer in it is signed off."""
    place = None if cursor is None else (cursor, understood_by(identity))

    def write(write: Write) -> Values:
        apply_operating(write, moment, changes, cursor=place, whole=whole)
        operating = restore_operating(write.tx, identity)
        if moment.operator is not None and operating.find_active(moment.operator) is None:
            till_sessions.leave(write, moment, moment.operator, "inactive")
        return {"operating": operating}

    return Plan(moment, write, _take_over)


def plan_items(moment: Moment, identity: Identity, changes: Sequence[Change], bad: Sequence[Change]) -> Plan:
    """Keep which rows of the catalogue were set aside."""

    def write(write: Write) -> Values:
        note_items(write, moment, changes, bad)
        return {"operating": restore_operating(write.tx, identity)}

    return Plan(moment, write, _take_over)


def plan_catalogue(moment: Moment, identity: Identity) -> Plan:
    """Keep that a whole catalogue was taken over, and by whom it was understood."""

    def write(write: Write) -> Values:
        note_catalogue(write, understood_by(identity))
        return {"operating": restore_operating(write.tx, identity)}

    return Plan(moment, write, _take_over)


def _take_over(now: RegisterState, values: Values) -> RegisterState:
    operating = values["operating"]
    operator = operating.find_active(now.operator.id) if now.operator else None
    return replace(now, operating=operating, operator=operator)
