"""Prints over a link to an ESC/POS printer, and opens the drawer that hangs on it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from commerce.errors import DeviceRefusedError, DeviceUnavailableError, OutcomeUnknownError
from terminal.devices.links import Link, LinkError
from terminal.devices.printer.escpos_render import drawer_pulse
from terminal.devices.printer.profiles import PrinterProfile
from terminal.devices.printer.status import PAPER_END_BITS, AnswerReader, printer_status, refusal_code
from terminal.devices.protocols import PrinterStatus

_QUESTIONS = (b"\x10\x04\x01", b"\x10\x04\x02", b"\x10\x04\x04")
_ASK_IN_PRINT_ORDER = b"\x1dr\x01"
_NO_ANSWER = "printer.no_answer"


@dataclass(frozen=True, slots=True)
class PrinterTimeouts:
    """How long the printer may take for each step; ``answer_s`` includes printing what it has buffered."""

    open_s: float = 3.0
    status_s: float = 1.0
    write_s: float = 20.0
    answer_s: float = 15.0
    quiet_s: float = 0.2


class EscPosPrinter:
    """A ReceiptPrinter, and the CashDrawer plugged into it, over any link.

    It asks before printing, sends nothing to a printer that says no, and believes only an answer that came after
    the last byte. The connection is opened on demand and kept unless ``keep_open`` is false (a printer shared with
    another program serves one connection at a time); after any doubt it is dropped, so that a late answer meets
    no later question. ``on_sent`` is called between the last byte and the answer.
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
        self._timeouts = timeouts or PrinterTimeouts()
        self._keep_open = keep_open
        self._lock = asyncio.Lock()
        self.on_sent = on_sent
        self._in_doubt = True  # a daemon killed in the middle of a job may have left an answer on its way

    @property
    def is_busy(self) -> bool:
        """Whether a job or a question is under way."""
        return self._lock.locked()

    async def print_bytes(self, document: bytes) -> None:
        """Print a job; see ReceiptPrinter. An unknown outcome says in its values why, as far as it can be told."""
        await self._do_job(document)

    async def open_drawer(self) -> None:
        """Send the pulse; a printer that is not ready is refused, or the drawer would open by itself later."""
        await self._do_job(drawer_pulse(self.profile.drawer_pin))

    async def read_status(self) -> PrinterStatus:
        """Ask the printer how it is, after the job under way."""
        async with self._lock:
            try:
                return await self._reach()
            finally:
                if not self._keep_open:
                    await self._link.close()

    async def close(self) -> None:
        """Let go of the printer."""
        await self._link.close()

    async def _do_job(self, job: bytes) -> None:
        async with self._lock:
            done = False
            try:
                code = refusal_code(await self._reach())
                if code is not None:
                    raise DeviceRefusedError(code, printer=self.name)
                if self._in_doubt:
                    await self._settle_doubt()
                self._in_doubt = True
                await self._send(job)
                if self.on_sent is not None:
                    self.on_sent()
                await self._confirm()
                self._in_doubt = False
                done = True
            finally:
                if not (done and self._keep_open):
                    await self._link.close()

    async def _reach(self) -> PrinterStatus:
        """Return the printer's status over an open link, trying once more where a kept connection had died."""
        if self._link.is_open:
            try:
                return await self._ask_status()
            except (LinkError, DeviceUnavailableError):
                await self._link.close()
        await self._link.open(self._timeouts.open_s)
        try:
            return await self._ask_status()
        except LinkError as error:
            await self._link.close()
            raise DeviceUnavailableError(error.code, printer=self.name) from error
        except DeviceUnavailableError:
            await self._link.close()
            raise

    async def _settle_doubt(self) -> None:
        """Take the answers that an unfinished job may still owe, or the next job would be believed too soon."""
        if self.profile.confirmation == "realtime":
            return
        reader = AnswerReader()
        try:
            await self._link.write_all(_ASK_IN_PRINT_ORDER, self._timeouts.status_s)
            if not await self._listen(reader, reader.transmitted, self._timeouts.answer_s):
                raise DeviceUnavailableError(_NO_ANSWER, printer=self.name)
            while await self._link.read(1, self._timeouts.quiet_s):
                pass
        except LinkError as error:
            raise DeviceUnavailableError(error.code, printer=self.name) from error

    async def _ask_status(self) -> PrinterStatus:
        """Ask how the printer is; no answer is not a good answer."""
        await self._link.drain()
        status = await self._ask(AnswerReader())
        if status is None:
            raise DeviceUnavailableError(_NO_ANSWER, printer=self.name)
        return status

    async def _ask(self, reader: AnswerReader) -> PrinterStatus | None:
        """Ask the real-time questions, keeping in the reader whatever else comes meanwhile."""
        answers = []
        for question in _QUESTIONS:
            reader.realtime.clear()
            await self._link.write_all(question, self._timeouts.status_s)
            if not await self._listen(reader, reader.realtime, self._timeouts.status_s):
                return None
            answers.append(reader.realtime[0])
        return printer_status(*answers, drawer_open_is_high=self.profile.drawer_open_is_high)

    async def _send(self, job: bytes) -> None:
        try:
            await self._link.write_all(job, self._timeouts.write_s)
        except LinkError as error:
            if error.sent == 0:
                raise DeviceUnavailableError(error.code, printer=self.name) from error
            raise OutcomeUnknownError(error.code, printer=self.name, sent=error.sent) from error

    async def _confirm(self) -> None:
        """Return when the printer has answered after the last byte; anything else is an unknown outcome."""
        try:
            if self.profile.confirmation == "realtime":
                self._require_well(await self._ask_status())
            else:
                await self._confirm_in_print_order()
        except LinkError as error:
            raise OutcomeUnknownError(error.code, printer=self.name) from error
        except DeviceUnavailableError as error:
            raise OutcomeUnknownError(error.code, printer=self.name) from error

    async def _confirm_in_print_order(self) -> None:
        """Wait for the answer in print order, looking now and then whether the printer has stopped meanwhile."""
        await self._link.drain()
        await self._link.write_all(_ASK_IN_PRINT_ORDER, self._timeouts.write_s)
        reader = AnswerReader()
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._timeouts.answer_s
        while not reader.transmitted and (left := deadline - clock()) > 0:
            if await self._listen(reader, reader.transmitted, min(left, self._timeouts.status_s)):
                break
            status = await self._ask(reader)
            if status is not None and not reader.transmitted:
                self._require_well(status)
        if not reader.transmitted:
            self._unknown(_NO_ANSWER)
        if reader.transmitted[0] & PAPER_END_BITS:
            self._unknown("printer.paper_out")

    def _require_well(self, status: PrinterStatus) -> None:
        code = refusal_code(status)
        if code is not None:
            self._unknown(code)

    def _unknown(self, code: str) -> NoReturn:
        raise OutcomeUnknownError(code, printer=self.name)

    async def _listen(self, reader: AnswerReader, wanted: list[int], timeout_s: float) -> bool:
        """Read until a wanted answer has come; rubbish and unasked status do not stretch the time."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeout_s
        while not wanted and (left := deadline - clock()) > 0:
            reader.feed(await self._link.read(1, left))
        return bool(wanted)
