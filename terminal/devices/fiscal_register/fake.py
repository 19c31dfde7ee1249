"""A simulated fiscal register for training, demonstration and tests. It reports to nobody."""

import asyncio
import json
import os
import signal
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path

from commerce.errors import DeviceRefusedError, DeviceUnavailableError, OutcomeUnknownError
from terminal.devices.durable_files import write_durably
from terminal.devices.protocols import FiscalDocument, FiscalReference


class FiscalFault(StrEnum):
    """How the next document can go wrong."""

    UNREACHABLE = "unreachable"  # nothing was sent
    REFUSED = "refused"  # an error, nothing printed
    HALF_PRINTED = "half_printed"  # paper came out, but it is not a document, and no answer came
    ANSWER_LOST = "answer_lost"  # printed and numbered, and no answer came
    CRASH_BEFORE = "crash_before"  # this process dies and nothing was printed
    CRASH_AFTER = "crash_after"  # this process dies when the document is printed


@dataclass(frozen=True, slots=True)
class RegisteredDocument:
    """A document that the register has printed whole."""

    reference: FiscalReference
    effect: str
    total_cents: int


@dataclass(frozen=True, slots=True)
class _State:
    serial: str
    closure: int = 1
    number: int = 0
    documents: tuple[RegisteredDocument, ...] = ()


class FakeFiscalRegister:
    """A FiscalRegister whose memory is a file that outlives the daemon, like a device with its own power.

    Like a real one it does not know our ids: the same document sent twice is printed twice.
    """

    def __init__(
        self,
        name: str,
        state_file: Path,
        *,
        today: Callable[[], date],
        serial: str = "99SIM000001",
        crash: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self._file = state_file
        self._today = today
        self._serial = serial
        self._crash = crash or _kill_this_process
        self._fault: FiscalFault | None = None
        self._lock = asyncio.Lock()
        self.reachable = True

    def fail_next(self, fault: FiscalFault | None) -> None:
        """Let the next document fail in this way."""
        self._fault = fault

    async def read_last_document(self) -> FiscalReference | None:
        """Return the last document printed whole, or None; DeviceUnavailableError while unreachable."""
        async with self._lock:
            self._require_reachable()
            documents = (await asyncio.to_thread(self._load)).documents
            return documents[-1].reference if documents else None

    async def issue_document(self, document: FiscalDocument) -> FiscalReference:
        """Print and number the document; see FiscalRegister."""
        async with self._lock:
            fault, self._fault = self._fault, None
            self._require_reachable()
            self._fail_before_printing(fault)
            reference = await asyncio.to_thread(self._print, document)
            if fault is FiscalFault.CRASH_AFTER:
                self._crash()
            if fault in (FiscalFault.ANSWER_LOST, FiscalFault.CRASH_AFTER):
                raise OutcomeUnknownError("fiscal.no_answer", register=self.name)
            return reference

    async def close_day(self) -> int:
        """Print the Z report: return the closure just made and start the next one at document 1."""
        async with self._lock:
            state = await asyncio.to_thread(self._load)
            await asyncio.to_thread(self._save, replace(state, closure=state.closure + 1, number=0))
            return state.closure

    def documents(self) -> tuple[RegisteredDocument, ...]:
        """Return every document ever printed, for those who count."""
        return self._load().documents

    def _require_reachable(self) -> None:
        if not self.reachable:
            raise DeviceUnavailableError("fiscal.unreachable", register=self.name)

    def _fail_before_printing(self, fault: FiscalFault | None) -> None:
        match fault:
            case FiscalFault.UNREACHABLE:
                raise DeviceUnavailableError("fiscal.unreachable", register=self.name)
            case FiscalFault.REFUSED:
                raise DeviceRefusedError("fiscal.refused", register=self.name)
            case FiscalFault.CRASH_BEFORE:
                self._crash()
                raise OutcomeUnknownError("fiscal.no_answer", register=self.name)
            case FiscalFault.HALF_PRINTED:
                raise OutcomeUnknownError("fiscal.no_answer", register=self.name)

    def _print(self, document: FiscalDocument) -> FiscalReference:
        state = self._load()
        number = state.number + 1
        reference = FiscalReference(state.serial, state.closure, number, self._today().isoformat())
        entry = RegisteredDocument(reference, document.effect, document.total_cents)
        self._save(replace(state, number=number, documents=(*state.documents, entry)))
        return reference

    def _load(self) -> _State:
        try:
            stored = json.loads(self._file.read_bytes())
        except FileNotFoundError:
            return _State(self._serial)
        documents = tuple(
            RegisteredDocument(FiscalReference(**each["reference"]), each["effect"], each["total_cents"])
            for each in stored["documents"]
        )
        return _State(stored["serial"], stored["closure"], stored["number"], documents)

    def _save(self, state: _State) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        write_durably(self._file, json.dumps(asdict(state)).encode())


def _kill_this_process() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
