"""Reads the status bytes of ESC/POS printers; every kind of answer is known by its fixed bits."""

from collections import deque
from dataclasses import dataclass, field

from terminal.devices.protocols import PrinterStatus

PAPER_END_BITS = 0x0C


@dataclass(slots=True, eq=False)
class Question:
    """A question that has been sent, and its answer once it has come."""

    answer: int | None = None


@dataclass(slots=True)
class AnswerReader:
    """Gives each answer on one connection to its question.

    An answer does not say which question it belongs to, but a printer answers each kind in the order it was asked: an
    answer goes to the oldest question of its kind that has none, even when whoever asked has given up, so that a late
    one is never taken for another's. ``strays`` counts answers that nobody on this connection asked for. Status sent
    unasked, flow control and rubbish are passed over.
    """

    strays: int = 0
    _realtime: deque[Question] = field(default_factory=deque)  # DLE EOT
    _in_print_order: deque[Question] = field(default_factory=deque)  # GS r 1
    _unasked_left: int = 0

    @property
    def owes_realtime(self) -> bool:
        """Whether an answer in real time has yet to come."""
        return bool(self._realtime)

    def ask_realtime(self) -> Question:
        """Note that DLE EOT is being sent."""
        self._realtime.append(Question())
        return self._realtime[-1]

    def ask_in_print_order(self) -> Question:
        """Note that GS r 1 is being sent."""
        self._in_print_order.append(Question())
        return self._in_print_order[-1]

    def feed(self, received: bytes) -> None:
        """Take bytes as they come."""
        for byte in received:
            if self._unasked_left:
                self._unasked_left -= 1
            elif byte & 0x93 == 0x12:
                self._give(self._realtime, byte)
            elif byte & 0x93 == 0x10:
                self._unasked_left = 3
            elif _is_paper_answer(byte):
                self._give(self._in_print_order, byte)

    def _give(self, asked: deque[Question], answer: int) -> None:
        if asked:
            asked.popleft().answer = answer
        else:
            self.strays += 1


def printer_status(printer: int, offline: int, paper: int, *, drawer_open_is_high: bool) -> PrinterStatus:
    """Put the answers to DLE EOT 1, 2 and 4 together."""
    drawer_is_high = bool(printer & 0x04)
    return PrinterStatus(
        online=not printer & 0x08,
        cover_open=bool(offline & 0x04),
        paper_near_end=bool(paper & 0x0C),
        paper_end=bool(paper & 0x60 or offline & 0x20),
        error=bool(offline & 0x40),
        drawer_open=drawer_is_high == drawer_open_is_high,
    )


def refusal_code(status: PrinterStatus) -> str | None:
    """Return why the printer cannot print now, the cause a person can act on first; None when it can."""
    if status.paper_end:
        return "printer.paper_out"
    if status.cover_open:
        return "printer.cover_open"
    if status.error:
        return "printer.error"
    return None if status.online else "printer.offline"


def _is_paper_answer(byte: int) -> bool:
    """GS r 1 answers with bits 4 and 7 clear and each paper sensor's two bits alike."""
    return byte & 0x90 == 0 and byte & 0x03 in (0, 0x03) and byte & 0x0C in (0, 0x0C)
