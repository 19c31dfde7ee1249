"""Prints over a link to an ESC/POS printer, and opens the drawer that hangs on it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import NoReturn

from commerce.errors import DeviceError, DeviceRefusedError, DeviceUnavailableError, OutcomeUnknownError
from terminal.devices.links import Link, LinkError
from terminal.devices.printer.escpos_render import drawer_pulse, realtime_drawer_pulse
from terminal.devices.printer.pace import Pace, PrinterTimeouts
from terminal.devices.printer.profiles import PrinterProfile
from terminal.devices.printer.status import PAPER_END_BITS, AnswerReader, Question, printer_status, refusal_code
from terminal.devices.protocols import ONE_WAY, PrinterStatus

_QUESTIONS = (b"\x10\x04\x01", b"\x10\x04\x02", b"\x10\x04\x04")
_ASK_IN_PRINT_ORDER = b"\x1dr\x01"
_NO_ANSWER = "printer.no_answer"
_PIECE = 512  # bytes handed over at once; between two pieces the drawer may open
_LOOK_S = 0.1  # how long the drawer may wait for somebody who listens to the printer
_SENSOR_S = 1.0
_ROUNDS = 3


class EscPosPrinter:
    """A ReceiptPrinter, and the CashDrawer plugged into it, over any link.

    It asks before printing, sends nothing to a printer that says no, and believes only an answer that came after
    the last byte. The connection is opened on demand and kept unless ``keep_open`` is false (a printer shared with
    another program serves one connection at a time); after any doubt it is dropped, so that a late answer meets
    no later question. ``on_sent`` is called between the last byte and the answer. A printer whose model says that it
    cannot answer is asked nothing: each of its jobs ends with an unknown outcome, code ``printer.one_way``.
    """

    def __init__(
        self,
        name: str,
        link: Link,
        profile: PrinterProfile | None = None,
        timeouts: PrinterTimeouts | None = None,
        *,
        keep_open: bool = True,
        on_sent: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self.profile = profile or PrinterProfile()
        self._link = link
        self._pace = Pace(link.bytes_per_s, self.profile.lines_per_s)
        self._timeouts = timeouts or PrinterTimeouts()
        self._keep_open = keep_open
        self._lock = asyncio.Lock()
        self._rushes: deque[asyncio.Future[bool]] = deque()
        self._reader = AnswerReader()
        self.on_sent = on_sent
        # A daemon killed in the middle of a job may have left answers on their way, of either kind.
        self._in_doubt = True
        self._late_answers = True

    @property
    def is_busy(self) -> bool:
        """Whether a job or a question is under way."""
        return self._lock.locked()

    async def print_bytes(self, document: bytes) -> None:
        """Print a job; see ReceiptPrinter. An unknown outcome says in its values why, as far as it can be told."""
        await self._do_job(document)

    async def open_drawer(self) -> None:
        """Send the pulse, into the middle of a receipt where the model can; with a sensor, see it open.

        A printer that is not ready is refused, or the drawer would open by itself later.
        """
        if not await self._rush():
            await self._do_job(drawer_pulse(self.profile.drawer_pin))
        if self.profile.drawer_sensor:
            await self._see_it_open()

    async def read_status(self) -> PrinterStatus:
        """Ask the printer how it is, after the job under way; one that cannot answer is well when it can be reached."""
        async with self._turn():
            try:
                return await self._reach()
            finally:
                if not self._keep_open:
                    await self._drop()

    async def close(self) -> None:
        """Let go of the printer."""
        await self._drop()

    @property
    def _is_one_way(self) -> bool:
        return self.profile.confirmation == "none"

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Be alone with the printer; drawers that nobody opened meanwhile wait for their own turn."""
        async with self._lock:
            try:
                yield
            finally:
                for rush in self._rushes:
                    _settle(rush, opened=False)
                self._rushes.clear()

    async def _do_job(self, job: bytes) -> None:
        async with self._turn():
            done = False
            try:
                await self._make_ready()
                self._in_doubt = True
                await self._send(job)
                if self.on_sent is not None:
                    self.on_sent()
                await self._confirm(job)
                self._in_doubt = False
                done = True
            finally:
                if not (done and self._keep_open):
                    await self._drop()
        if self._is_one_way:
            self._unknown(ONE_WAY)

    async def _make_ready(self) -> None:
        """Reach the printer, and go on only when it says that it can print and owes no answer."""
        code = refusal_code(await self._reach())
        if code is not None:
            raise DeviceRefusedError(code, printer=self.name)
        if self._in_doubt:
            await self._settle_doubt()

    async def _reach(self) -> PrinterStatus:
        """Return the printer's status over an open link, trying once more where a kept connection had died."""
        if self._link.is_open:
            try:
                return await self._ask_status()
            except (LinkError, DeviceUnavailableError):
                await self._drop()
        await self._link.open(self._timeouts.open_s)
        self._reader = AnswerReader()
        if self._is_one_way:
            return PrinterStatus(online=True)
        try:
            return await self._ask_status()
        except LinkError as error:
            await self._drop()
            raise DeviceUnavailableError(error.code, printer=self.name) from error
        except DeviceUnavailableError:
            await self._drop()
            raise

    async def _drop(self) -> None:
        """Let go of the connection; what it still owes may come over the line later."""
        self._late_answers = self._late_answers or self._reader.owes_realtime
        await self._link.close()

    async def _settle_doubt(self) -> None:
        """Take the answers that an unfinished job may still owe, or the next job would be believed too soon."""
        if self.profile.confirmation != "transmitted":
            return
        try:
            question = self._reader.ask_in_print_order()
            await self._link.write_all(_ASK_IN_PRINT_ORDER, self._timeouts.status_s)
            if not await self._listen(question, self._timeouts.answer_s):
                raise DeviceUnavailableError(_NO_ANSWER, printer=self.name)
            await self._hear_out()
        except LinkError as error:
            raise DeviceUnavailableError(error.code, printer=self.name) from error

    async def _ask_status(self) -> PrinterStatus:
        """Ask how the printer is; no answer is not a good answer.

        After a connection that ended owing answers, answers count only when nothing more comes than was asked for: one
        too many, and nobody knows which belongs to which question.
        """
        self._reader.feed(await self._link.drain())
        if self._is_one_way:
            return PrinterStatus(online=True)
        for _ in range(_ROUNDS):
            self._reader.strays = 0
            status = await self._ask()
            if status is None:
                break
            if self._late_answers:
                await self._hear_out()
            if not self._reader.strays:
                self._late_answers = False
                return status
            self._late_answers = True
        raise DeviceUnavailableError(_NO_ANSWER, printer=self.name)

    async def _hear_out(self) -> None:
        """Read until the line is quiet, or the printer has talked longer than any answer takes."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._timeouts.answer_s
        while clock() < deadline and (heard := await self._link.read(1, self._timeouts.quiet_s)):
            self._reader.feed(heard)

    async def _ask(self) -> PrinterStatus | None:
        """Ask the questions in real time, one by one; None when an answer does not come in time."""
        answers = []
        for question in _QUESTIONS:
            answer = await self._ask_one(question)
            if answer is None:
                return None
            answers.append(answer)
        return printer_status(*answers, drawer_open_is_high=self.profile.drawer_open_is_high)

    async def _ask_one(self, question: bytes) -> int | None:
        asked = self._reader.ask_realtime()
        await self._link.write_all(question, self._timeouts.status_s)
        await self._listen(asked, self._timeouts.status_s)
        return asked.answer

    async def _send(self, job: bytes) -> None:
        """Hand the job over piece by piece, each with the time that its length needs."""
        for start in range(0, len(job), _PIECE):
            await self._serve_rushes()
            piece = job[start : start + _PIECE]
            try:
                await self._link.write_all(piece, self._timeouts.write_s + self._pace.seconds_for(piece))
            except LinkError as error:
                sent = start + error.sent
                if sent == 0:
                    raise DeviceUnavailableError(error.code, printer=self.name) from error
                raise OutcomeUnknownError(error.code, printer=self.name, sent=sent) from error

    async def _confirm(self, job: bytes) -> None:
        """Return when the printer has answered after the last byte; anything else is an unknown outcome."""
        try:
            if self.profile.confirmation == "realtime":
                self._require_well(await self._ask_status())
            elif self.profile.confirmation == "transmitted":
                await self._confirm_in_print_order(job)
        except (LinkError, DeviceUnavailableError) as error:
            raise OutcomeUnknownError(error.code, printer=self.name) from error

    async def _confirm_in_print_order(self, job: bytes) -> None:
        """Wait for the answer in print order, looking now and then whether the printer has stopped meanwhile."""
        self._reader.feed(await self._link.drain())
        question = self._reader.ask_in_print_order()
        needed_s = self._pace.seconds_for(job)
        await self._link.write_all(_ASK_IN_PRINT_ORDER, self._timeouts.write_s + needed_s)
        clock = asyncio.get_running_loop().time
        deadline, look_at = clock() + self._timeouts.answer_s + needed_s, clock() + self._timeouts.status_s
        while question.answer is None and (left := deadline - clock()) > 0:
            await self._serve_rushes()
            if not await self._listen(question, min(left, _LOOK_S)) and clock() >= look_at:
                await self._look(question)
                look_at = clock() + self._timeouts.status_s
        if question.answer is None:
            self._unknown(_NO_ANSWER)
        if question.answer & PAPER_END_BITS:
            self._unknown("printer.paper_out")

    async def _look(self, question: Question) -> None:
        """See whether the printer has stopped; one that still owes an answer is asked nothing more."""
        status = None if self._reader.owes_realtime else await self._ask()
        if status is not None and question.answer is None:
            self._require_well(status)

    def _require_well(self, status: PrinterStatus) -> None:
        code = refusal_code(status)
        if code is not None:
            self._unknown(code)

    def _unknown(self, code: str) -> NoReturn:
        raise OutcomeUnknownError(code, printer=self.name)

    async def _listen(self, question: Question, timeout_s: float) -> bool:
        """Read until the question is answered; rubbish and unasked status do not stretch the time."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeout_s
        while question.answer is None and (left := deadline - clock()) > 0:
            self._reader.feed(await self._link.read(1, left))
        return question.answer is not None

    async def _rush(self) -> bool:
        """Have whoever is printing open the drawer in between; False when it takes a turn of its own."""
        while self.profile.drawer_realtime and self._lock.locked():
            rush: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            self._rushes.append(rush)
            if await rush:
                return True
        return False

    async def _serve_rushes(self) -> None:
        while self._rushes:
            rush = self._rushes.popleft()
            if rush.done():  # whoever asked has gone
                continue
            try:
                await self._pulse_now()
            except DeviceError as error:
                if not rush.done():
                    rush.set_exception(error)
            else:
                _settle(rush, opened=True)

    async def _pulse_now(self) -> None:
        """Give the pulse in the middle of a job; that the printer then answers is all that can be known."""
        try:
            await self._link.write_all(realtime_drawer_pulse(self.profile.drawer_pin), self._timeouts.write_s)
            if self._is_one_way:
                self._unknown(ONE_WAY)
            if await self._ask_one(_QUESTIONS[0]) is None:
                self._unknown(_NO_ANSWER)
        except LinkError as error:
            if error.sent == 0:
                raise DeviceUnavailableError(error.code, printer=self.name) from error
            raise OutcomeUnknownError(error.code, printer=self.name) from error

    async def _see_it_open(self) -> None:
        """Wait for the drawer's contact; DeviceRefusedError ``drawer.stuck``."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + _SENSOR_S
        while not (await self.read_status()).drawer_open:
            if clock() >= deadline:
                raise DeviceRefusedError("drawer.stuck", printer=self.name)
            await asyncio.sleep(_LOOK_S)


def _settle(rush: "asyncio.Future[bool]", *, opened: bool) -> None:
    if not rush.done():
        rush.set_result(opened)
