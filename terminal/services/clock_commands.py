"""A person's word on the clock, and the replayed clock."""

from dataclasses import replace

from commerce.bodies.chain import ClockCorrected
from commerce.dates import utc_text
from commerce.errors import RuleError
from terminal.db import ledger
from terminal.services.chains import Write
from terminal.services.clock import ReplayClock
from terminal.services.commands import ConfirmClock, SetReplayClock
from terminal.services.plan import Plan, Till, Values, clock_state, require_operator
from terminal.services.state import RegisterState


def confirm_clock(till: Till, state: RegisterState, command: ConfirmClock) -> Plan:
    """Take the clock as it stands; RuleError ``clock.not_suspect`` when nobody asked.

    Where documents are dated later than the clock now says, numbers go on in a sub-series, which may begin at the right
    date: within one series no date is before another.
    """
    require_operator(state)
    moment = till.moment(state, command.command_id)
    dated_ahead = clock_state(till, state).dated_until is not None
    if not moment.clock_suspect and not dated_ahead:
        raise RuleError("clock.not_suspect")
    old = till.clock.expected()
    sub_series = till.chains.sub_series + 1 if dated_ahead else None

    def write(write: Write) -> Values:
        body = ClockCorrected(utc_text(old), utc_text(moment.at), moment.operator, sub_series)
        write.record(replace(moment, clock_suspect=False), body)
        if sub_series is not None:
            ledger.set_sub_series(write.tx, write.origin.chain, sub_series)
        return body.as_body()

    def then(now: RegisterState, _: Values) -> RegisterState:
        till.clock.confirm()
        if sub_series is None:
            return now
        till.chains.start_sub_series(sub_series)
        return replace(now, dated_until=None)

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
