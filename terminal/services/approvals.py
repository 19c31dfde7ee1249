"""Whether a command may be carried out: for the sale it meant, by whom, and with whose approval. Checked here alone."""

import re
from dataclasses import dataclass, replace

from commerce.bodies.approval import ApprovalGiven
from commerce.errors import ConflictError, ForbiddenError, RuleError
from commerce.rights import Right
from terminal.services.chains import Write
from terminal.services.commands import Command, NextSale
from terminal.services.handlers import Handling
from terminal.services.plan import Plan, Values, require_operator
from terminal.services.state import RegisterState


@dataclass(frozen=True, slots=True)
class Approval:
    """What somebody else granted for one command."""

    approver: str
    rights: tuple[Right, ...]
    sale: str | None


def check_meant_sale(state: RegisterState, command: Command) -> None:
    """Refuse an act on a sale that is not the current one (any more): ConflictError ``sale.another``."""
    current = _current_sale(state, command)
    if command.sale is not None and command.sale != current:
        raise ConflictError("sale.another", sale=command.sale, current=current)


def authorise(handling: Handling, state: RegisterState, command: Command, approver: str | None) -> Approval | None:
    """Return the approval that the command rests on, or None when the operator may do it alone.

    ``approver`` has proven who they are. ForbiddenError ``operator.none``; ``right.missing`` when nobody can approve
    it; ``approval.needed`` when somebody else has to; ``approval.no_right`` when who approved lacks the right as well.
    """
    needed = handling.needs(state, command)
    if not needed:
        return None
    lacking = tuple(right for right in needed if right not in require_operator(state).rights)
    if not lacking:
        return None
    rights = [right.value for right in lacking]
    if not handling.may_be_approved:
        raise ForbiddenError("right.missing", rights=rights)
    if approver is None:
        raise ForbiddenError("approval.needed", rights=rights)
    _check_approver(state, approver, lacking)
    return Approval(approver, lacking, _current_sale(state, command))


def check_approvable(handling: Handling) -> None:
    """Refuse an approval of what nobody can approve: RuleError ``approval.not_taken``."""
    if not handling.may_be_approved:
        raise RuleError("approval.not_taken")


def with_approval(plan: Plan, command: Command, approval: Approval) -> Plan:
    """Return the plan with the approval's own entry before whatever it writes."""
    rights = tuple(right.value for right in approval.rights)
    body = ApprovalGiven(approval.approver, plan.moment.operator or "", rights, act_name(command), approval.sale)

    def write(write: Write) -> Values:
        write.record(plan.moment, body)
        return plan.write(write)

    return replace(plan, write=write)


def act_name(command: Command) -> str:
    """Return the name under which the ledger knows a kind of command."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(command).__name__).lower()


def _current_sale(state: RegisterState, command: Command) -> str | None:
    if isinstance(command, NextSale):
        return state.done.sale if state.done else None
    return state.basket.sale if state.basket else None


def _check_approver(state: RegisterState, approver: str, lacking: tuple[Right, ...]) -> None:
    found = state.operating.operators.get(approver)
    if found is None or not found.active or not all(right in found.rights for right in lacking):
        raise ForbiddenError("approval.no_right", rights=[right.value for right in lacking])
