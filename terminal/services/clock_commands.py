"""A person's word on the clock, and the replayed clock."""

from dataclasses import replace

from commerce.dates import utc_text
from commerce.errors import RuleError
from commerce.ledger import Kind
from terminal.services.chains import Write
from terminal.services.clock import ReplayClock
from terminal.services.commands import ConfirmClock, SetReplayClock
from terminal.services.plan import Plan, Till, Values, require_operator
from terminal.services.state import RegisterState


def confirm_clock(till: Till, state: RegisterState, command: ConfirmClock) -> Plan:
    """Take the clock as it stands; RuleError ``clock.not_suspect`` when nobody asked."""
    require_operator(state)
    moment = till.moment(state, command.command_id)
    if not moment.clock_suspect:
        raise RuleError("clock.not_suspect")
    old = till.clock.expected()

    def write(write: Write) -> Values:
        body = {"old": utc_text(old), "new": utc_text(moment.at), "by": moment.operator}
        write.append(replace(moment, clock_suspect=False), Kind.CLOCK_CORRECTED, body)
        return body

    def then(now: RegisterState, _: Values) -> RegisterState:
        till.clock.confirm()
        return now

    return Plan(replace(moment, clock_suspect=False), write, then)


def set_replay_clock(till: Till, state: RegisterState, command: SetReplayClock) -> Plan:
    """Set the clock of a replay chain; RuleError ``replay.only`` elsewhere."""
    source = till.clock.source
    if not till.is_replay or not isinstance(source, ReplayClock):
        raise RuleError("replay.only")
    if command.at.tzinfo is None:
        raise RuleError("clock.zone_missing")

    def write(write: Write) -> Values:
        return {"at": utc_text(command.at)}

    def then(now: RegisterState, _: Values) -> RegisterState:
        source.set(command.at)
        return now

    return Plan(till.moment(state, command.command_id), write, then)
