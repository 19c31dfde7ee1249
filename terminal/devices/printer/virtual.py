"""A receipt printer for machines without one: its paper is files, and it can be told to fail like a real one."""

import asyncio
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from commerce.errors import DeviceRefusedError, DeviceUnavailableError, OutcomeUnknownError
from terminal.devices.durable_files import append_durably, write_durably
from terminal.devices.printer.escpos_render import drawer_pulse
from terminal.devices.printer.profiles import PrinterProfile
from terminal.devices.printer.status import refusal_code
from terminal.devices.protocols import PrinterStatus

_DRAWER_FILE = "drawer.bin"


class VirtualCondition(StrEnum):
    """What the printer can be told to be."""

    WELL = "well"
    UNPLUGGED = "unplugged"
    OFFLINE = "offline"
    COVER_OPEN = "cover_open"
    PAPER_NEAR_END = "paper_near_end"
    PAPER_OUT = "paper_out"
    ERROR = "error"


class VirtualPrinter:
    """A ReceiptPrinter and CashDrawer that keeps each job's bytes as ``<n>.bin``, n counting up from 1.

    A job is on disk before it counts as printed, and numbers go on after a restart. Drawer pulses are appended to
    ``drawer.bin``.
    """

    def __init__(
        self,
        name: str,
        directory: Path,
        profile: PrinterProfile | None = None,
        *,
        on_sent: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self.profile = profile or PrinterProfile()
        self.condition = VirtualCondition.WELL
        self._directory = directory
        self._lock = asyncio.Lock()
        self.on_sent = on_sent
        self._last_job: int | None = None
        self._break_at: int | None = None
        self._break_condition = VirtualCondition.WELL

    @property
    def is_busy(self) -> bool:
        """Whether a job is under way."""
        return self._lock.locked()

    def set_condition(self, condition: VirtualCondition) -> None:
        """Unplug it, take its paper out, or make it well again."""
        self.condition = condition

    def break_next_job(self, after_bytes: int, then: VirtualCondition = VirtualCondition.UNPLUGGED) -> None:
        """Let the next job stop after so many bytes with no answer, and leave the printer in that condition."""
        self._break_at, self._break_condition = after_bytes, then

    async def print_bytes(self, document: bytes) -> None:
        """Print a job; see ReceiptPrinter."""
        async with self._lock:
            self._require_ready()
            printed = document if self._break_at is None else document[: self._break_at]
            await asyncio.to_thread(self._keep_job, printed)
            if self.on_sent is not None:
                self.on_sent()
            self._finish()

    async def read_status(self) -> PrinterStatus:
        """Say how the printer is; DeviceUnavailableError when it is unplugged."""
        if self.condition is VirtualCondition.UNPLUGGED:
            raise DeviceUnavailableError("link.unreachable", printer=self.name)
        return self._status()

    async def open_drawer(self) -> None:
        """Note a pulse; a printer that is not ready is refused as a real one is."""
        async with self._lock:
            self._require_ready()
            await asyncio.to_thread(self._keep_pulse)
            self._finish()

    def job_numbers(self) -> list[int]:
        """Return the numbers of the jobs on paper, in order."""
        return sorted(int(path.stem) for path in self._directory.glob("*.bin") if path.stem.isdecimal())

    def read_job(self, number: int) -> bytes | None:
        """Return a job's bytes, or None when there is no such job."""
        path = self._directory / f"{number:d}.bin"
        return path.read_bytes() if path.is_file() else None

    def drawer_pulses(self) -> int:
        """Return how often the drawer was opened."""
        path = self._directory / _DRAWER_FILE
        return path.stat().st_size // len(drawer_pulse()) if path.is_file() else 0

    def _status(self) -> PrinterStatus:
        condition = self.condition
        stopped = condition not in (VirtualCondition.WELL, VirtualCondition.PAPER_NEAR_END)
        return PrinterStatus(
            online=not stopped,
            cover_open=condition is VirtualCondition.COVER_OPEN,
            paper_near_end=condition in (VirtualCondition.PAPER_NEAR_END, VirtualCondition.PAPER_OUT),
            paper_end=condition is VirtualCondition.PAPER_OUT,
            error=condition is VirtualCondition.ERROR,
            drawer_open=None,
        )

    def _require_ready(self) -> None:
        if self.condition is VirtualCondition.UNPLUGGED:
            raise DeviceUnavailableError("link.unreachable", printer=self.name)
        code = refusal_code(self._status())
        if code is not None:
            raise DeviceRefusedError(code, printer=self.name)

    def _finish(self) -> None:
        """Answer after the last byte, unless the job was to break off."""
        if self._break_at is not None:
            self._break_at, self.condition = None, self._break_condition
            code = "link.lost" if self.condition is VirtualCondition.UNPLUGGED else "printer.no_answer"
            raise OutcomeUnknownError(code, printer=self.name)

    def _keep_job(self, job: bytes) -> None:
        if self._last_job is None:
            self._directory.mkdir(parents=True, exist_ok=True)
            self._last_job = max(self.job_numbers(), default=0)
        write_durably(self._directory / f"{self._last_job + 1:d}.bin", job)
        self._last_job += 1

    def _keep_pulse(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        append_durably(self._directory / _DRAWER_FILE, drawer_pulse(self.profile.drawer_pin))
