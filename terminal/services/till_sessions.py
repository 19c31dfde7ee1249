"""Who is at the till, and the till session from opening cash to the Z."""

from dataclasses import replace
from datetime import timedelta

from commerce.bodies.session import OperatorSignedOff, OperatorSignedOn, SessionClosed, SessionOpened
from commerce.dates import business_day, utc_text
from commerce.errors import BadInputError, ConflictError, ForbiddenError, NotFoundError, RuleError
from commerce.ids import new_id
from commerce.ledger import Problem
from commerce.money import MAX_CENTS
from terminal.db import commands, ledger, sales, sessions
from terminal.db.effects import NewEffect
from terminal.db.sessions import SessionRow
from terminal.services import integrity
from terminal.services.alarms import report_findings
from terminal.services.chains import Moment, Write
from terminal.services.commands import CloseSession, OpenSession, SignOff, SignOn
from terminal.services.effect_bodies import Z_REPORT, intend
from terminal.services.operating import Operator
from terminal.services.plan import Plan, Till, Values, place_of, require_operator, require_session
from terminal.services.putting_right import put_right
from terminal.services.state import PrintState, RegisterState, SessionState, seller_of
from terminal.services.z_report import Dress, find_unreadable, write_z

OPERATOR_KEY = "operator"
_COMMANDS_KEPT = timedelta(days=7)


def find_operator(state: RegisterState, operator: str) -> Operator:
    """Return an operator who may sign on; NotFoundError ``operator.unknown``, ForbiddenError ``operator.inactive``."""
    found = state.operating.operators.get(operator)
    if found is None:
        raise NotFoundError("operator.unknown", operator=operator)
    if not found.active:
        raise ForbiddenError("operator.inactive", operator=found.name)
    return found


def sign_on(till: Till, state: RegisterState, command: SignOn) -> Plan:
    """Sign an operator on whose PIN was checked before; somebody else who is signed on leaves."""
    operator, leaving = find_operator(state, command.operator), state.operator
    moment = till.moment(state, command.command_id)

    def write(write: Write) -> Values:
        if leaving is not None:
            write.record(moment, OperatorSignedOff(leaving.id, "switched"))
        write.record(replace(moment, operator=operator.id), OperatorSignedOn(operator.id, operator.name, "pin"))
        ledger.set_meta(write.tx, OPERATOR_KEY, operator.id)
        return {"operator": operator.id, "name": operator.name}

    return Plan(moment, write, lambda now, _: replace(now, operator=operator))


def leave(write: Write, moment: Moment, operator: str, reason: str) -> None:
    """Write down that an operator left the till: asked, or because they may no longer sell."""
    write.record(moment, OperatorSignedOff(operator, reason))
    ledger.set_meta(write.tx, OPERATOR_KEY, None)


def sign_off(till: Till, state: RegisterState, command: SignOff) -> Plan:
    """Let the operator leave; RuleError ``sale.open`` while something is on the sale."""
    operator = require_operator(state)
    _refuse_open_sale(state)
    moment = till.moment(state, command.command_id)

    def write(write: Write) -> Values:
        leave(write, moment, operator.id, "asked")
        sales.leave_ended(write.tx, place_of(state))
        return {"operator": operator.id}

    return Plan(moment, write, lambda now, _: replace(now.without_done(), operator=None))


def open_session(till: Till, state: RegisterState, command: OpenSession) -> Plan:
    """Open a session; ConflictError ``session.open`` when one is."""
    require_operator(state)
    if state.session is not None:
        raise ConflictError("session.open", session=state.session.id)
    _check_cash(command.opening_cash_cents)
    before = till.moment(state, command.command_id)
    shop = state.operating.shop
    day = business_day(before.at, shop.zone, shop.cut_off)
    opened = SessionState(
        id=new_id(),
        drawer=state.operating.settings.drawer,
        currency=state.operating.company.currency,
        opening_cash=command.opening_cash_cents,
        business_day=day.isoformat(),
        opened_at=utc_text(before.at),
    )
    moment = replace(before, till_session=opened.id, business_day=day)

    def write(write: Write) -> Values:
        _write_opened(write, moment, opened, shop.zone.key, state.till.mode.value)
        return {"session": opened.id}

    return Plan(moment, write, lambda now, _: replace(now, session=opened))


def _write_opened(write: Write, moment: Moment, opened: SessionState, zone: str, mode: str) -> None:
    body = SessionOpened(
        session=opened.id,
        drawer=opened.drawer,
        currency=opened.currency,
        opening_cash=opened.opening_cash,
        business_day=opened.business_day,
        zone=zone,
    )
    entry = write.record(moment, body)
    row = SessionRow(
        opened.id,
        mode,
        opened.drawer,
        opened.currency,
        opened.opening_cash,
        opened.business_day,
        opened.opened_at,
        write.origin.chain,
        entry.seq,
    )
    sessions.add_session(write.tx, row)


def close_session(till: Till, state: RegisterState, command: CloseSession) -> Plan:
    """Close the session with its Z and a checkpoint; RuleError ``sale.open`` while something is on the sale."""
    require_operator(state)
    require_session(state)
    _refuse_open_sale(state)
    _check_cash(command.counted_cash_cents)
    moment = till.moment(state, command.command_id)
    printing = None if till.is_replay else new_id()
    empty_sale = state.basket.sale if state.basket else None
    shop = state.operating.shop
    dress = Dress(seller_of(state), shop.languages[0], shop.zone.key)
    written: list[SessionClosed] = []

    def write(write: Write) -> Values:
        if empty_sale is not None:
            sales.void_sale(write.tx, empty_sale, utc_text(moment.at))
        sales.leave_ended(write.tx, place_of(state))
        left_out = _look_at_session(write, moment, till, leave_out=command.leave_out)
        z = write_z(write, moment, command.counted_cash_cents, dress, till.steps, left_out)
        if printing is not None:
            device = till.routes.device_for("print", Z_REPORT, z.drawer)
            title, created = f"Z {z.z_number}", utc_text(moment.at)
            effect = NewEffect(printing, "print", z.session, title, Z_REPORT, created, device=device)
            intend(write, moment, effect)
        commands.forget_commands(write.tx, utc_text(moment.at - _COMMANDS_KEPT))
        written.append(z)
        return {"z": z.as_body(), "print": printing}

    return Plan(moment, write, lambda now, _: _closed(now, written[-1], printing), "session.closed")


def _closed(state: RegisterState, z: SessionClosed, printing: str | None) -> RegisterState:
    after = state.without_done()
    if printing:
        begun = PrintState(printing, z.session, f"Z {z.z_number}", Z_REPORT, "intended", "", 1, "")
        after = replace(after, prints=(*after.prints, begun))
    waits_no_more = tuple(one for one in after.notices if one.code != "ledger.changed")  # it said that the close waits
    return replace(after, session=None, basket=None, newest_line=None, attempts=(), last_z=z, notices=waits_no_more)


def _look_at_session(write: Write, moment: Moment, till: Till, *, leave_out: bool) -> tuple[Problem, ...]:
    """Return what of the session does not hold, and report it; LedgerChangedError unless it is to be left out."""
    key = till.chains.signer.public_key
    healed = put_right(write.tx, till.chains.till, key)
    session = sessions.get_open_session(write.tx, moment.till_session or "")
    findings = integrity.inspect(write.tx, ledger.chains_since(write.tx, session.chain), key)
    named = {(problem.chain, problem.seq) for problem in findings.problems}
    unreadable = (one for one in find_unreadable(write, session) if (one.chain, one.seq) not in named)
    findings = replace(findings, problems=(*findings.problems, *unreadable), put_right=tuple(healed))
    if findings.problems and not leave_out:
        raise integrity.LedgerChangedError(findings.problems, findings.receipt)
    report_findings(write, moment, findings)
    return findings.problems


def _refuse_open_sale(state: RegisterState) -> None:
    if state.basket is not None and not state.basket.is_empty:
        raise RuleError("sale.open")


def _check_cash(cents: int) -> None:
    if not 0 <= cents <= MAX_CENTS:
        raise BadInputError("amount.too_large")
