"""What a command is turned into: one job for the writer, and the state that holds once it is on disk."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from commerce.dates import business_day, document_date, offset_text
from commerce.errors import ForbiddenError, RuleError
from commerce.ledger import ChainMode
from terminal.db.catalog import Catalog
from terminal.db.sales import Place
from terminal.services.chains import Chains, Moment, Write
from terminal.services.clock import WatchedClock
from terminal.services.operating import Operator
from terminal.services.routes import Routes
from terminal.services.session_days import is_possible
from terminal.services.state import ClockState, RegisterState, SessionState
from terminal.services.steps import Steps

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """``write`` runs in the transaction and gives the command's result; ``then`` makes the new state of it.

    ``committed_step`` names the step that is passed when it is on disk; with ``may_finish_sale`` the sale is completed
    next where all of its money is there now. ``ahead``: ``then`` changes nothing but the state that it returns, so it
    is worked out while the disk is waited for, and thrown away if that fails.
    """

    moment: Moment
    write: Callable[[Write], Values]
    then: Callable[[RegisterState, Values], RegisterState]
    committed_step: str = ""
    may_finish_sale: bool = False
    ahead: bool = False


@dataclass(frozen=True, slots=True)
class Till:
    """The parts that use cases work with."""

    catalog: Catalog
    chains: Chains
    clock: WatchedClock
    steps: Steps
    routes: Routes = field(default_factory=Routes)
    approved_by: str | None = None  # of the command that is being carried out

    def approved(self, approver: str | None) -> "Till":
        """Return the same till, for one command that somebody approved."""
        return self if approver is None else replace(self, approved_by=approver)

    @property
    def is_replay(self) -> bool:
        """Return whether receipts made elsewhere are played here."""
        return self.chains.mode is ChainMode.REPLAY

    def moment(self, state: RegisterState, command_id: str | None) -> Moment:
        """Return the present as entries of one act share it."""
        at, suspect = self.clock.read()
        shop, session = state.operating.shop, state.session
        day = date.fromisoformat(session.business_day) if session else business_day(at, shop.zone, shop.cut_off)
        return Moment(
            at,
            offset_text(at, shop.zone),
            day,
            session.id if session else None,
            state.operator.id if state.operator else None,
            command_id,
            suspect,
            self.approved_by,
        )


def place_of(state: RegisterState) -> Place:
    """Return whose sales the register works on."""
    return Place(state.till.id, state.till.mode.value)


def clock_state(till: Till, state: RegisterState) -> ClockState:
    """Return how the clock stands, whether documents were dated ahead of it, and whether the session's day can be."""
    found, until = till.clock.state(), state.dated_until
    now, shop = till.clock.now(), state.operating.shop
    if until is not None and until > document_date(now, shop.zone):
        found = replace(found, dated_until=until)
    day = date.fromisoformat(state.session.business_day) if state.session and not till.is_replay else None
    return found if day is None or is_possible(day, now, state.operating) else replace(found, session_day=day)


def require_operator(state: RegisterState) -> Operator:
    """Return who is signed on; ForbiddenError ``operator.none``."""
    if state.operator is None:
        raise ForbiddenError("operator.none")
    return state.operator


def require_session(state: RegisterState) -> SessionState:
    """Return the open session; RuleError ``session.none``."""
    if state.session is None:
        raise RuleError("session.none")
    return state.session
