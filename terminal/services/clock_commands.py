"""A person's word on the clock, and the replayed clock."""

from dataclasses import replace
from datetime import date

from commerce.bodies.chain import ClockCorrected
from commerce.dates import business_day, utc_text
from commerce.errors import RuleError
from terminal.db import ledger, sessions
from terminal.services.chains import Moment, Write
from terminal.services.clock import ReplayClock
from terminal.services.commands import ConfirmClock, SetReplayClock
from terminal.services.plan import Plan, Till, Values, clock_state, require_operator
from terminal.services.state import RegisterState, SessionState


def confirm_clock(till: Till, state: RegisterState, command: ConfirmClock) -> Plan:
    """Take the clock as it stands; RuleError ``clock.not_suspect`` when nobody asked.

    Where documents are dated later than the clock now says, numbers go on in a sub-series, which may begin at the right
    date: within one series no date is before another. Where the open session's business day cannot be any more, what
    follows, its Z included, is of the present one.
    """
    require_operator(state)
    moment, clock = till.moment(state, command.command_id), clock_state(till, state)
    if not clock.asks:
        raise RuleError("clock.not_suspect")
    old = till.clock.expected()
    sub_series = till.chains.sub_series + 1 if clock.dated_until is not None else None
    session = _redated(state, moment) if clock.session_day is not None else state.session
    day = session.business_day if session is not None and session != state.session else None
    moment = replace(moment, clock_suspect=False)
    if day is not None:
        moment = replace(moment, business_day=date.fromisoformat(day))

    def write(write: Write) -> Values:
        body = ClockCorrected(utc_text(old), utc_text(moment.at), moment.operator, sub_series, day)
        write.record(moment, body)
        if sub_series is not None:
            ledger.set_sub_series(write.tx, write.origin.chain, sub_series)
        if session is not None and day is not None:
            sessions.set_business_day(write.tx, session.id, day)
        return body.as_body()

    def then(now: RegisterState, _: Values) -> RegisterState:
        till.clock.confirm()
        if sub_series is None:
            return replace(now, session=session)
        till.chains.start_sub_series(sub_series)
        return replace(now, session=session, dated_until=None)

    return Plan(moment, write, then)


def _redated(state: RegisterState, moment: Moment) -> SessionState | None:
    """Return the open session, of the day that the clock says."""
    if state.session is None:
        return None
    shop = state.operating.shop
    return replace(state.session, business_day=business_day(moment.at, shop.zone, shop.cut_off).isoformat())


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
