"""Reads the status bytes of ESC/POS printers; every kind of answer is known by its fixed bits."""

from dataclasses import dataclass, field

from terminal.devices.protocols import PrinterStatus

PAPER_END_BITS = 0x0C


@dataclass(slots=True)
class AnswerReader:
    """Sorts a printer's stream into answers, and passes over status sent unasked, flow control and rubbish."""

    realtime: list[int] = field(default_factory=list)  # DLE EOT
    transmitted: list[int] = field(default_factory=list)  # GS r 1
    _unasked_left: int = 0

    def feed(self, received: bytes) -> None:
        """Take bytes as they come."""
        for byte in received:
            if self._unasked_left:
                self._unasked_left -= 1
            elif byte & 0x93 == 0x12:
                self.realtime.append(byte)
            elif byte & 0x93 == 0x10:
                self._unasked_left = 3
            elif _is_paper_answer(byte):
                self.transmitted.append(byte)


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
