"""Carries out what the ledger intends outside itself: intent, act and outcome each on disk, nothing done twice.

One loop per kind of device, because a slow printer must not keep the drawer shut. An act begins only after ``started``
is committed, so that after any crash "not begun" and "outcome unknown" are told apart.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

import structlog

from commerce.dates import parse_utc
from commerce.errors import DeviceError, NotFoundError, OutcomeUnknownError, PosError, StorageError
from terminal.db.effects import EffectRow
from terminal.devices.protocols import (
    ONE_WAY,
    CashDrawer,
    FiscalDocument,
    FiscalReference,
    FiscalRegister,
    ReceiptPrinter,
)

DONE, FAILED, UNKNOWN, NOT_DONE = "done", "failed", "unknown", "not_done"
STALE_AFTER = timedelta(minutes=15)
ASK_AGAIN_S = 5.0
DRAWER_FIRST_S = 2.0
READ_S, ISSUE_S = 15.0, 90.0  # a fiscal register's answers; drivers give up earlier

_log = structlog.get_logger("effects")
Reached = Callable[[str], None]
_T = TypeVar("_T")


class EffectDesk(Protocol):
    """What the loops need of the register and its ledger."""

    async def open_effects(self, kind: str) -> Sequence[EffectRow]:
        """Return the effects of one kind that are not settled well, oldest first."""
        ...

    async def start_effect(self, effect: str, baseline: dict[str, Any] | None = None) -> bool:
        """Commit that the act begins; False when it is not waiting to begin."""
        ...

    async def settle_effect(
        self, effect: str, outcome: str, reason: str = "", reference: dict[str, Any] | None = None
    ) -> None:
        """Commit the outcome with its entry."""
        ...

    def show_waiting(self, effect: str, reason: str) -> None:
        """Show why an effect that was begun has no outcome yet."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all loops share. ``tell`` shows a person what went wrong where no print on the page says so."""

    desk: EffectDesk
    now: Callable[[], datetime]
    reached: Reached = lambda step: None
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    tell: Callable[[PosError], None] = lambda error: None


class EffectLoop:
    """Settles what a crash left open, then acts on each new intent in order."""

    kind = ""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._desk = around.desk
        self.takes: Callable[[EffectRow], bool] = lambda effect: True  # of several devices of a kind, each its own
        self._news = asyncio.Event()
        self.idle = asyncio.Event()  # set while there is nothing to act on
        self.idle.set()

    def wake(self) -> None:
        """Look for new intents."""
        self.idle.clear()
        self._news.set()

    async def run(self) -> None:
        """Act for ever; a core loop of the runtime."""
        await self.settle_left_open()
        while True:
            self._news.clear()
            try:
                await self.work()
            except StorageError as error:  # no act was begun: it is tried again, and the till sells what it can
                _log.warning("the disk refuses", kind=self.kind, reason=error.code)
                await self._around.sleep(ASK_AGAIN_S)
                continue
            if not self._news.is_set():
                self.idle.set()
            await self._news.wait()

    async def settle_left_open(self) -> None:
        """Settle what was begun before this start, and give up what waited too long to be expected now."""
        for effect in await self._mine():
            if effect.state == "started":
                await self._settle_begun(effect)
            elif effect.state == "intended" and self._is_stale(effect):
                await self._settle(effect.id, NOT_DONE, "effect.stale")

    async def work(self) -> None:
        """Act on every intent there is now."""
        for effect in await self._mine():
            if effect.state == "intended":
                await self._act(effect)

    async def _mine(self) -> list[EffectRow]:
        return [effect for effect in await self._desk.open_effects(self.kind) if self.takes(effect)]

    async def _act(self, effect: EffectRow) -> None:
        raise NotImplementedError

    async def _settle_begun(self, effect: EffectRow) -> None:
        await self._settle(effect.id, UNKNOWN, "effect.interrupted")

    def _is_stale(self, effect: EffectRow) -> bool:
        return self._around.now() - parse_utc(effect.created_at) > STALE_AFTER

    async def _settle(
        self, effect: str, outcome: str, reason: str = "", reference: dict[str, Any] | None = None
    ) -> None:
        """Commit an outcome, however long the disk refuses it: what is known must not become unknown."""
        while True:
            try:
                await self._desk.settle_effect(effect, outcome, reason, reference)
            except StorageError as error:
                _log.warning("the disk refuses an outcome", effect=effect, outcome=outcome, reason=error.code)
                await self._around.sleep(ASK_AGAIN_S)
            else:
                return

    async def _drive(self, act: Awaitable[_T], within_s: float | None = None) -> _T:
        """Let a device act; what its driver does wrong, or does not end, leaves the outcome unknown."""
        try:
            async with asyncio.timeout(within_s):
                return await act
        except DeviceError:
            raise
        except TimeoutError as error:
            raise OutcomeUnknownError("device.no_answer") from error
        except Exception as error:
            _log.exception("driver failed", kind=self.kind)
            raise OutcomeUnknownError("device.driver_failed") from error

    async def _settle_failed(self, effect: EffectRow, error: DeviceError) -> None:
        outcome = UNKNOWN if isinstance(error, OutcomeUnknownError) else FAILED
        if error.code != ONE_WAY:
            _log.warning("effect not done", effect=effect.id, kind=self.kind, outcome=outcome, reason=error.code)
        await self._settle(effect.id, outcome, error.code)


class PrintLoop(EffectLoop):
    """Prints documents. Paper of unknown outcome is never repeated by itself: a person decides.

    The drawers that the same sale opens go first, or a printer that takes one thing after the other would keep them
    shut until a long receipt is out.
    """

    kind = "print"

    def __init__(
        self,
        around: Surroundings,
        printer: ReceiptPrinter | None,
        render: Callable[[EffectRow], Awaitable[bytes]],
        may_print: Callable[[EffectRow], Awaitable[bool]],
        drawers: Sequence[EffectLoop] = (),
    ) -> None:
        super().__init__(around)
        self._drawers = drawers
        self._printer = printer
        self._render = render
        self._may_print = may_print

    async def _act(self, effect: EffectRow) -> None:
        if not await self._may_print(effect):
            return
        if self._printer is None:
            await self._settle(effect.id, NOT_DONE, "printer.none")
            return
        try:
            document = await self._render(effect)
        except NotFoundError as error:
            await self._settle(effect.id, FAILED, error.code)
            return
        except Exception:  # noqa: BLE001 - what cannot be laid out must not end the till at each of its starts
            _log.exception("document cannot be printed", effect=effect.id, of=effect.of)
            await self._settle(effect.id, FAILED, "document.unprintable")
            return
        self._around.reached("print.rendered")
        await self._let_drawers_open()
        if not await self._desk.start_effect(effect.id):
            return
        self._around.reached("print.started")
        await self._print(self._printer, effect, document)

    async def _let_drawers_open(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAWER_FIRST_S):
                for drawer in self._drawers:
                    await drawer.idle.wait()

    async def _print(self, printer: ReceiptPrinter, effect: EffectRow, document: bytes) -> None:
        try:
            await self._drive(printer.print_bytes(document))
        except DeviceError as error:
            await self._settle_failed(effect, error)
            return
        self._around.reached("print.answered")
        await self._settle(effect.id, DONE)
        self._around.reached("print.settled")


class DrawerLoop(EffectLoop):
    """Opens the drawer for the sale just made; one that waited through a restart stays shut.

    A drawer that did not open, or of which nobody knows, is told: ``drawer.not_opened``, ``drawer.unknown``.
    """

    kind = "drawer"

    def __init__(self, around: Surroundings, drawer: CashDrawer | None) -> None:
        super().__init__(around)
        self._drawer = drawer

    def _is_stale(self, effect: EffectRow) -> bool:
        return True

    async def _act(self, effect: EffectRow) -> None:
        if self._drawer is None:
            await self._settle(effect.id, NOT_DONE, "drawer.none")
            return
        if not await self._desk.start_effect(effect.id):
            return
        self._around.reached("drawer.started")
        try:
            await self._drive(self._drawer.open_drawer())
        except DeviceError as error:
            await self._settle_failed(effect, error)
            self._tell(error)
            return
        self._around.reached("drawer.opened")
        await self._settle(effect.id, DONE)
        self._around.reached("drawer.settled")

    def _tell(self, error: DeviceError) -> None:
        if error.code != ONE_WAY:
            code = "drawer.unknown" if isinstance(error, OutcomeUnknownError) else "drawer.not_opened"
            self._around.tell(DeviceError(code, reason=error.code))


class FiscalLoop(EffectLoop):
    """Has the fiscal register print and number the document, exactly once.

    The register's last document is read and committed before sending: until then nothing was sent, whatever goes wrong.
    After any doubt it is read again and compared with that: unchanged, nothing was printed; the next one, it is ours;
    anything else is a person's to decide. A register that does not answer holds up its own documents only:
    ``is_silent`` lets their paper go ahead, and a person may stop the asking.
    """

    kind = "fiscal"

    def __init__(
        self,
        around: Surroundings,
        register: FiscalRegister | None,
        document_of: Callable[[EffectRow], Awaitable[FiscalDocument]],
        on_silence: Callable[[bool], None] = lambda is_silent: None,
    ) -> None:
        super().__init__(around)
        self._register = register
        self._document_of = document_of
        self._on_silence = on_silence
        self.is_silent = register is None

    def _is_stale(self, effect: EffectRow) -> bool:
        return False  # the law wants the document however late

    async def _act(self, effect: EffectRow) -> None:
        if self._register is None:
            await self._settle(effect.id, FAILED, "fiscal_register.none")
            return
        try:
            document = await self._document_of(effect)
        except Exception:  # noqa: BLE001 - what cannot be read must not end the till at each of its starts
            _log.exception("document cannot be sent", effect=effect.id, of=effect.of)
            await self._settle(effect.id, FAILED, "document.unprintable")
            return
        try:
            baseline = await self._read_last(self._register)
        except DeviceError as error:
            await self._settle_unsent(effect, error)
            return
        if not await self._desk.start_effect(effect.id, _baseline(baseline)):
            return
        self._around.reached("fiscal.baseline")
        await self._issue(self._register, effect, document, _baseline(baseline))

    async def _settle_unsent(self, effect: EffectRow, error: DeviceError) -> None:
        """Nothing was sent, so nothing is unknown, whatever became of the question."""
        _log.warning("fiscal document not sent", effect=effect.id, reason=error.code)
        await self._settle(effect.id, FAILED, error.code)

    async def _issue(
        self, register: FiscalRegister, effect: EffectRow, document: FiscalDocument, baseline: dict[str, Any]
    ) -> None:
        self._around.reached("fiscal.started")
        try:
            reference = await self._drive(register.issue_document(document), ISSUE_S)
        except DeviceError as error:
            if isinstance(error, OutcomeUnknownError):
                await self._ask(register, effect, baseline)
            else:
                await self._settle_failed(effect, error)
            return
        self._around.reached("fiscal.issued")
        await self._settle(effect.id, DONE, "", asdict(reference))
        self._around.reached("fiscal.settled")

    async def _settle_begun(self, effect: EffectRow) -> None:
        if self._register is None or effect.baseline is None:
            await super()._settle_begun(effect)
            return
        await self._ask(self._register, effect, effect.baseline)

    async def _ask(self, register: FiscalRegister, effect: EffectRow, baseline: dict[str, Any]) -> None:
        """Ask until the register answers, or a person has stopped waiting; nothing is sent again."""
        while await self._is_begun(effect):
            try:
                last = await self._read_last(register)
            except DeviceError as error:
                _log.warning("fiscal register does not say what it printed", effect=effect.id, reason=error.code)
                self._desk.show_waiting(effect.id, "fiscal_register.no_answer")
                await self._around.sleep(ASK_AGAIN_S)
                continue
            outcome, reference = _compare(baseline, last)
            reason = {DONE: "", FAILED: "fiscal_register.not_printed"}.get(outcome, "fiscal_register.ambiguous")
            await self._settle(effect.id, outcome, reason, reference)
            return

    async def _is_begun(self, effect: EffectRow) -> bool:
        rows = await self._desk.open_effects(self.kind)
        return any(row.id == effect.id and row.state == "started" for row in rows)

    async def _read_last(self, register: FiscalRegister) -> FiscalReference | None:
        try:
            last = await self._drive(register.read_last_document(), READ_S)
        except DeviceError:
            self._note(is_silent=True)
            raise
        self._note(is_silent=False)
        return last

    def _note(self, *, is_silent: bool) -> None:
        if is_silent != self.is_silent:
            self.is_silent = is_silent
            self._on_silence(is_silent)


def _baseline(last: FiscalReference | None) -> dict[str, Any]:
    return {"last": None if last is None else asdict(last)}


def _compare(baseline: dict[str, Any], last: FiscalReference | None) -> tuple[str, dict[str, Any] | None]:
    """Return the outcome that the register's memory proves, and the document's reference if it was printed."""
    before = baseline["last"]
    now = None if last is None else asdict(last)
    if now == before:
        return FAILED, None
    if last is None or (before is not None and not _follows(before, last)):
        return UNKNOWN, now
    if before is None and last.number != 1:
        return UNKNOWN, now
    return DONE, now


def _follows(before: dict[str, Any], last: FiscalReference) -> bool:
    if last.serial != before["serial"]:
        return False
    if last.closure == before["closure"]:
        return last.number == int(before["number"]) + 1
    return last.closure == int(before["closure"]) + 1 and last.number == 1
