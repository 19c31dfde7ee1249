"""The register: every act of pages and devices passes through its one queue, one after the other.

A command is turned into a ``Plan`` without changing anything; its job runs in one transaction; only then does the
state move. A failed write leaves everything as it was.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import structlog

from commerce.bodies.alarm import AlarmCode
from commerce.dates import utc_text
from commerce.errors import BadInputError, ConflictError, ForbiddenError, PosError
from commerce.ledger import Problem, SignedHead
from commerce.wire import Change
from terminal.db.attempts import AttemptRow, AttemptState
from terminal.db.commands import CommandRepeatedError
from terminal.db.connection import Writer
from terminal.services import cards, integrity, notices, outcomes, payments, till_sessions
from terminal.services import commands as acts
from terminal.services.alarms import plan_alarm, report_changed_rows, report_findings
from terminal.services.approvals import authorise, check_approvable, check_meant_sale, with_approval
from terminal.services.chains import Moment, Write
from terminal.services.clock import ReplayClock
from terminal.services.commands import Command
from terminal.services.handlers import HANDLERS
from terminal.services.identity import Identity
from terminal.services.inspection import look_at_chains, look_at_rows, look_at_start, words_of
from terminal.services.pins import PinCheck, WrongPinError
from terminal.services.plan import Plan, Till, Values, clock_state
from terminal.services.putting_right import put_documents_right
from terminal.services.recovery import find_last_signs, keep_time, restore_state
from terminal.services.registry_plans import plan_catalogue, plan_items, plan_operating
from terminal.services.results import Result, Results, keeper_of
from terminal.services.state import Notice, RegisterState, screen_of
from terminal.services.turns import Turns

Listener = Callable[[RegisterState], None]
_log = structlog.get_logger("register")
_OF_ROWS = {"ledger.rows_at_odds", "sale.open", "sale.not_open", "session.open", "session.none"}
"""What a write is refused for, once its plan was made, when rows on the disk are not what the till left there."""


class Register:
    """Carries out commands one after the other; holds the state that pages draw."""

    def __init__(self, till: Till, writer: Writer, identity: Identity, pins: PinCheck) -> None:
        self.listeners: list[Listener] = []
        self._till = till
        self._writer = writer
        self._identity = identity
        self._pins = pins
        self._results = Results(writer)
        self._turns = Turns()
        self._state: RegisterState | None = None
        self._notice_number = 0
        self._changed_items: set[str] = set()

    @property
    def state(self) -> RegisterState:
        """Return the state after the last command."""
        if self._state is None:
            raise RuntimeError("the register is not open")
        return self._state

    async def open(self, known: Sequence[SignedHead] = ()) -> None:
        """Rebuild everything from the ledger; ``known`` is what central is known to hold of this till."""
        clock, chains = self._till.clock, self._till.chains
        rows = await self._writer.run(lambda tx: look_at_chains(tx, chains))
        last = await self._writer.run(lambda tx: find_last_signs(tx, chains.mode))
        if last is not None:
            if isinstance(clock.source, ReplayClock) and clock.source.now() < last.trusted:
                clock.source.set(last.trusted)
            clock.start(last)
        at, suspect = clock.read()
        await chains.open(at, known, clock_suspect=suspect)
        await self._pins.open()
        findings = await self._writer.run(lambda tx: look_at_start(tx, chains, rows, at))
        state = await self._writer.run(lambda tx: restore_state(tx, self._identity, chains.chain))
        self._show(state)
        await self._report_changed(state.operating.changed)
        await self._report(findings)

    async def run(self) -> None:
        """Consume the queue for ever; the runtime starts it."""
        await self._turns.run()

    async def submit(self, command: Command) -> Result:
        """Carry a command out and return its result once it is on disk; PosError when it is refused.

        A PIN, of who signs on or approves, is checked before the command takes its turn, so that nobody waits for it.
        """
        if isinstance(command, acts.SignOn) or command.approval is not None:
            result = await self._results.find(command) or await self._submit_proven(command)
        else:
            result = await self._turns.take(lambda: self._carry_out(command, None))
        if "document" in result.values:
            self._till.steps.reached("sale.acknowledged")
        return result

    async def start_effect(self, effect: str, baseline: dict[str, Any] | None = None) -> bool:
        """Note on disk that an effect's act begins; False when there is nothing to begin."""
        values = await self._internal(lambda: outcomes.start_effect(self._moment(), effect, baseline))
        return bool(values["started"])

    async def settle_effect(
        self, effect: str, outcome: str, reason: str = "", reference: dict[str, Any] | None = None
    ) -> None:
        """Note an effect's outcome: done, failed, unknown or not_done."""
        if outcome not in outcomes.OUTCOMES:
            raise BadInputError("effect.outcome", outcome=outcome)
        await self._internal(lambda: outcomes.settle_effect(self._moment(), effect, outcome, reason, reference))

    def open_attempts(self) -> Sequence[AttemptRow]:
        """Return the attempts of the current sale whose outcome is still to come."""
        return [attempt for attempt in self.state.attempts if attempt.is_open]

    async def start_attempt(self, attempt: str) -> bool:
        """Note on disk that a card reader is asked now; False when there is nothing to ask."""
        values = await self._internal(lambda: cards.start_attempt(self._moment(), self.state, attempt))
        return bool(values["started"])

    async def settle_attempt(
        self, attempt: str, outcome: AttemptState, reason: str = "", reference: str | None = None
    ) -> None:
        """Note what a card reader did; the sale completes when every tender's outcome is known."""
        await self._internal(
            lambda: cards.settle_attempt(self._moment(), self.state, attempt, outcome, reason, reference)
        )

    async def apply_operating(
        self, changes: Sequence[Change], *, cursor: str | None = None, whole: bool = False
    ) -> None:
        """Take over registry rows of the operating set; one that makes no sense is set aside.

        Whoever is signed on and may no longer sell is signed off with it.
        """
        leaving = self.state.operator
        await self._internal(
            lambda: plan_operating(
                self._moment(), self._identity, self.state.operating, changes, cursor=cursor, whole=whole
            )
        )
        if leaving is not None and self.state.operator is None:
            self.tell(ForbiddenError("operator.inactive", operator=leaving.name))

    async def note_items(self, changes: Sequence[Change], bad: Sequence[Change]) -> None:
        """Keep which rows of the catalogue were set aside."""
        known = {(row.kind, row.id) for row in self.state.operating.rows_aside}
        if bad or any((change.kind, change.id) in known for change in changes):
            await self._internal(lambda: plan_items(self._moment(), self.state.operating, changes, bad))

    async def note_catalogue(self) -> None:
        """Keep that a whole catalogue was taken over: nothing of it is set aside, and who understood it."""
        await self._internal(lambda: plan_catalogue(self._moment(), self._identity, self.state.operating))
        self._changed_items.clear()

    async def note_changed_rows(self, names: Sequence[str]) -> None:
        """Take note of rows that are not on the disk as central sent them.

        Those of the operating set stay in use from memory; it is known to be changed until it came anew, whole.
        """
        await self._turns.take(lambda: self._note_changed(names))

    async def check_rows(self) -> None:
        """Look whether the rows by which the till goes on still are on the disk, and write anew those that are not."""
        await self._turns.take(lambda: self._mend(whole=False))

    async def put_documents_right(self, places: Sequence[Problem]) -> None:
        """Write the documents' rows of some entries anew, and tell."""
        await self._turns.take(lambda: self._put_documents_right(places))

    async def open_new_chain(self, reason: str, lost: Sequence[SignedHead] = ()) -> str:
        """Go on in a new chain (``restored``, ``forked``); the series of numbers starts anew with it.

        ``lost`` is what central holds and this ledger does not.
        """
        return str(await self._turns.take(lambda: self._open_chain(reason, lost)))

    def tell(self, error: PosError, *, of_scan: bool = False) -> None:
        """Show a person what went wrong beside any command, as a notice; one of a scan goes with the next good one."""
        self._add_notice(error, of_scan=of_scan)

    def show_waiting(self, effect: str, reason: str) -> None:
        """Show why an effect that was begun has no outcome yet; nothing is written."""
        now = outcomes.with_print_state(self.state, effect, "started", reason)
        if now.prints != self.state.prints:
            self._show(now)

    def note_central_time(self, offset: timedelta) -> None:
        """Take note of central's clock (central minus till)."""
        self._till.clock.note_central(offset)
        self.refresh_clock()

    def refresh_clock(self) -> None:
        """Look at the clock again; the runtime calls this now and then, so that a jump shows without a sale."""
        before, now = self.state.clock, clock_state(self._till, self.state)
        if replace(before, jump_s=0, trusted_at=None) != replace(now, jump_s=0, trusted_at=None):
            self._show(self.state)

    async def _internal(self, make_plan: Callable[[], Plan]) -> Values:
        async def act() -> Values:
            plan = make_plan()
            values = await self._write(plan)
            await self._finish_sale(plan)
            return values

        values: Values = await self._turns.take(act)
        return values

    async def _submit_proven(self, command: Command) -> Result:
        """Check the PINs that a command brings along, then let it take its turn."""
        if isinstance(command, acts.SignOn):
            await self._check_pin(command, command.operator, command.pin)
        if command.approval is not None:
            check_approvable(HANDLERS[type(command)])
            await self._check_pin(command, command.approval.operator, command.approval.pin)
        approver = command.approval.operator if command.approval else None
        result: Result = await self._turns.take(lambda: self._carry_out(command, approver))
        return result

    async def _check_pin(self, command: Command, operator: str, pin: str) -> None:
        try:
            await self._pins.check(till_sessions.find_operator(self.state, operator), pin, command.client)
        except WrongPinError as error:
            count = error.attempts
            if error.is_alarming:
                await self._internal(lambda: plan_alarm(self._moment(), AlarmCode.PIN_GUESSED, operator, count))
            raise

    async def _carry_out(self, command: Command, approver: str | None) -> Result:
        handling = HANDLERS[type(command)]
        try:
            check_meant_sale(self.state, command)
            approval = authorise(handling, self.state, command, approver)
            till = self._till.approved(approval.approver if approval else None)
            plan = handling.plan(till, self.state, command)
            if approval is not None:
                plan = with_approval(plan, command, approval)
            values = await self._write(plan, keeper_of(command, plan.moment))
        except CommandRepeatedError:
            return await self._results.find_or_refuse(command, ConflictError("command.reused"))
        except integrity.LedgerChangedError as error:
            await self._report(error.findings)
            raise
        except PosError as error:
            return await self._refuse(command, error)
        await self._finish_sale(plan)
        return Result(values)

    async def _refuse(self, command: Command, refusal: PosError) -> Result:
        """Refuse a command, unless it was carried out before; nobody who scanned waits for an answer: they see it."""
        try:
            return await self._results.find_or_refuse(command, refusal)
        except PosError as error:
            code = notices.scanned(command)
            if error is refusal and code is not None:
                refusal.values["scanned"] = code
                self._add_notice(refusal, of_scan=True)
            raise

    async def _finish_sale(self, settled: Plan) -> None:
        """Complete the sale once its last tender is approved. Where that fails the money stays: finish, or reverse."""
        if not settled.may_finish_sale or self.state.basket is None or not self.state.basket.is_paid:
            return
        try:
            await self._write(payments.finish_sale(self._till, self.state))
        except PosError as error:
            _log.warning("a paid sale cannot be completed", reason=error.code)
            self._add_notice(error)
            return
        except Exception:  # noqa: BLE001 - the outcome is on disk; whoever told it is not to blame, and goes on
            _log.exception("a paid sale cannot be completed")

    async def _write(self, plan: Plan, keep: Callable[[Write, Values], None] = lambda _write, _values: None) -> Values:
        """Carry a plan out in one transaction, with what the clock wants kept, and show what comes of it."""
        clock = self._till.clock
        sign = clock.unsaved
        ahead: list[tuple[RegisterState, RegisterState]] = []

        def job(write: Write) -> Values:
            before = write.head.seq
            values = plan.write(write)
            keep(write, values)
            if write.head.seq != before:
                keep_time(write.tx, plan.moment, clock.expected(), sign)
            return values

        def work_ahead(values: Values) -> None:
            ahead.append((self.state, self._next(plan.then(self.state, values))))

        try:
            values = await self._till.chains.write(job, meanwhile=work_ahead if plan.ahead else None)
        except PosError as error:
            if error.code not in _OF_ROWS or not await self._mend(whole=True):
                raise
            ahead.clear()
            values = await self._till.chains.write(job)
        clock.saved(sign)
        if plan.committed_step:
            self._till.steps.reached(plan.committed_step)
        fits = ahead and ahead[0][0] is self.state  # a notice may have come meanwhile
        self._tell(ahead[0][1] if fits else self._next(plan.then(self.state, values)))
        return values

    async def _mend(self, *, whole: bool) -> bool:
        """Write rows anew that say something else than the ledger and the sale in memory; return whether any did."""
        chains, state, at = self._till.chains, self.state, self._till.clock.now()
        findings = await self._writer.run(lambda tx: look_at_rows(tx, chains, state, at, whole=whole))
        await self._report(findings)
        return findings != integrity.Findings()

    async def _put_documents_right(self, places: Sequence[Problem]) -> None:
        key = self._till.chains.signer.public_key
        healed = await self._writer.run(lambda tx: put_documents_right(tx, key, places))
        await self._report(integrity.Findings(put_right=tuple(healed)))

    async def _report(self, findings: integrity.Findings) -> None:
        """Tell head office and the page what does not hold of the ledger; within a turn, or before the first."""
        if findings == integrity.Findings():
            return
        moment = self._moment()
        await self._till.chains.write(lambda write: report_findings(write, moment, findings))
        for error in words_of(findings):
            self._add_notice(error)

    async def _note_changed(self, names: Sequence[str]) -> None:
        known = {*self.state.operating.changed, *self._changed_items}
        fresh = tuple(name for name in names if name not in known)
        items = tuple(name for name in fresh if name.startswith("item"))
        changed = (*self.state.operating.changed, *(name for name in fresh if name not in items))
        self._changed_items.update(items)
        if fresh:
            self._show(replace(self.state, operating=replace(self.state.operating, changed=changed)))
            await self._report_changed(fresh)

    async def _report_changed(self, names: Sequence[str]) -> None:
        """Tell head office and the page which rows are not as they came; within a turn, or before the first."""
        if names:
            moment = self._moment()
            await self._till.chains.write(lambda write: report_changed_rows(write, moment, names))
            self._add_notice(ConflictError("registry.changed", rows=", ".join(names[:3]), count=len(names)))

    def _add_notice(self, error: PosError, *, of_scan: bool = False) -> None:
        self._notice_number += 1
        at = utc_text(self._till.clock.now())
        notice = Notice(self._notice_number, error.code, dict(error.values), at, of_scan)
        self._show(replace(self.state, notices=notices.with_notice(self.state.notices, notice)))

    async def _open_chain(self, reason: str, lost: Sequence[SignedHead]) -> str:
        at, suspect = self._till.clock.read()
        chain = await self._till.chains.open_new(reason, at, lost, clock_suspect=suspect)
        self._show(replace(self.state, till=replace(self.state.till, chain=chain), dated_until=None))
        return chain

    def _moment(self) -> Moment:
        return self._till.moment(self.state, None)

    def _show(self, state: RegisterState) -> None:
        self._tell(self._next(state))

    def _next(self, state: RegisterState) -> RegisterState:
        """Return a state with what follows from it and from the clock, as the next one."""
        revision = self._state.revision + 1 if self._state else 1
        return replace(state, revision=revision, screen=screen_of(state), clock=clock_state(self._till, state))

    def _tell(self, state: RegisterState) -> None:
        self._state = state
        for listener in self.listeners:
            listener(state)
