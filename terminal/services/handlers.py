"""Every command with what carries it out, the rights it needs, and whether somebody else may approve it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import orjson

from commerce.rights import Right
from terminal.db import sales
from terminal.services import cards, clock_commands, outcomes, payments, selling, till_sessions
from terminal.services import commands as acts
from terminal.services.chains import Write
from terminal.services.commands import Command
from terminal.services.plan import Plan, Till, Values, place_of
from terminal.services.state import RegisterState

Needs = Callable[[RegisterState, Any], tuple[Right, ...]]


@dataclass(frozen=True, slots=True)
class Handling:
    """How one kind of command is carried out.

    ``needs`` are the rights that the operator must have, or whoever approves; without any the command needs nobody, or
    its plan sees to it. ``may_be_approved``: what the operator lacks, somebody else may grant by PIN.
    """

    plan: Callable[[Till, RegisterState, Any], Plan]
    needs: Needs = lambda state, command: ()
    may_be_approved: bool = False


def _next_sale(till: Till, state: RegisterState, command: acts.NextSale) -> Plan:
    def write(write: Write) -> Values:
        sales.leave_ended(write.tx, place_of(state))
        return {}

    return Plan(till.moment(state, command.command_id), write, lambda now, _: now.without_done())


def _dismiss_notice(till: Till, state: RegisterState, command: acts.DismissNotice) -> Plan:
    def then(now: RegisterState, _: Values) -> RegisterState:
        return replace(now, notices=tuple(n for n in now.notices if n.number != command.notice))

    return Plan(till.moment(state, command.command_id), lambda _: {}, then)


def _always(*rights: Right) -> Needs:
    return lambda state, command: rights


_SELL = _always(Right.SELL)
_VOID = _always(Right.VOID)
_SESSION = _always(Right.SESSION)


def _close(_: RegisterState, command: acts.CloseSession) -> tuple[Right, ...]:
    return (Right.SESSION, Right.UNPROVEN) if command.leave_out else (Right.SESSION,)


HANDLERS: dict[type[Command], Handling] = {
    acts.SignOn: Handling(till_sessions.sign_on),
    acts.SignOff: Handling(till_sessions.sign_off),
    acts.OpenSession: Handling(till_sessions.open_session, _SESSION, may_be_approved=True),
    acts.CloseSession: Handling(till_sessions.close_session, _close, may_be_approved=True),
    acts.AddCode: Handling(selling.add_code, selling.rights_to_add, may_be_approved=True),
    acts.AddItem: Handling(selling.add_item, selling.rights_to_add, may_be_approved=True),
    acts.ChangeQuantity: Handling(selling.change_quantity, selling.rights_to_change, may_be_approved=True),
    acts.VoidLine: Handling(selling.void_line, _VOID, may_be_approved=True),
    acts.VoidSale: Handling(selling.void_sale, _VOID, may_be_approved=True),
    acts.ImportLines: Handling(selling.import_lines, _SELL),
    acts.ChooseLanguage: Handling(selling.choose_language, _SELL),
    acts.AddTender: Handling(payments.add_tender, _SELL),
    acts.VoidTender: Handling(cards.void_tender, _SELL),
    acts.RetryTender: Handling(cards.retry_tender, _SELL),
    acts.DecideTender: Handling(cards.decide_tender, _always(Right.CARD), may_be_approved=True),
    acts.CompleteSale: Handling(payments.complete_sale, _SELL),
    acts.PrintAgain: Handling(outcomes.print_again, _SELL),
    acts.DismissPrint: Handling(outcomes.dismiss_print, _SELL),
    acts.ConfirmClock: Handling(clock_commands.confirm_clock, _always(Right.CLOCK), may_be_approved=True),
    acts.SetReplayClock: Handling(clock_commands.set_replay_clock),
    acts.NextSale: Handling(_next_sale),
    acts.DismissNotice: Handling(_dismiss_notice),
}
_DIGESTED = {
    kind: tuple(part.name for part in fields(kind) if part.name != "command_id" and not part.metadata.get("secret"))
    for kind in HANDLERS
}


def command_digest(command: Command) -> bytes:
    """Return what tells one command's content from another's; secrets take no part."""
    content = {name: getattr(command, name) for name in _DIGESTED[type(command)]}
    return hashlib.sha256(orjson.dumps([type(command).__name__, content], default=str)).digest()
