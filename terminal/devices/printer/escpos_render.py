"""Renders a paper document as ESC/POS bytes.

python-escpos is imported on first use: it costs a quarter of a second and memory, so the daemon calls
:func:`warm_up` in a thread before the first receipt.
"""

from importlib import import_module
from typing import Protocol, cast

from terminal.devices.paper import (
    Barcode,
    Element,
    Feed,
    PaperDocument,
    QrCode,
    Row,
    Rule,
    Text,
    lines_of,
    transliterate,
)
from terminal.devices.printer.codes import qr_dots, raster
from terminal.devices.printer.profiles import PrinterProfile

_USA_CHARACTERS = b"\x1bR\x00"
_CANCEL_KANJI = b"\x1c."
_SCALE = {"normal": (1, 1), "tall": (1, 2), "big": (2, 2)}
_PULSE_ON, _PULSE_OFF = 25, 250  # units of 2 ms
_REALTIME_PULSE = 1  # units of 100 ms
_PINS = {2: 0, 5: 1}


class _Job(Protocol):
    """What is used of python-escpos' Dummy, which carries no types."""

    @property
    def output(self) -> bytes: ...
    def hw(self, hw: str) -> None: ...
    def charcode(self, code: str) -> None: ...
    def text(self, txt: str) -> None: ...
    def qr(self, content: str, *, native: bool, size: int) -> None: ...
    def cut(self, mode: str) -> None: ...
    def set(
        self,
        *,
        align: str | None = None,
        bold: bool | None = None,
        custom_size: bool | None = None,
        width: int | None = None,
        height: int | None = None,
    ) -> None: ...
    def _raw(self, msg: bytes) -> None: ...


def render(document: PaperDocument, profile: PrinterProfile) -> bytes:
    """Return the bytes of one job. It resets the printer first, so nothing of an earlier job shows in it."""
    job = _new_job(profile)
    width = min(document.width, profile.columns)
    for element in document.marked_elements():
        _put(job, element, width, profile)
    if document.cut:
        job.set(align="left")
        job.cut(mode="PART" if profile.partial_cut else "FULL")
    return job.output


def drawer_pulse(pin: int = 2) -> bytes:
    """Return the pulse that opens the drawer on connector pin 2 or 5."""
    return bytes((0x1B, 0x70, _PINS[pin], _PULSE_ON, _PULSE_OFF))


def realtime_drawer_pulse(pin: int = 2) -> bytes:
    """Return the pulse (DLE DC4) that a printer gives at once, whatever it is printing."""
    return bytes((0x10, 0x14, 0x01, _PINS[pin], _REALTIME_PULSE))


def warm_up() -> None:
    """Load what the first receipt would otherwise wait for; meant for a thread."""
    everything = (Text("€", bold=True), Row("a", "1"), Rule(), QrCode("a"), Barcode("code128", "a"), Feed())
    render(PaperDocument(everything), PrinterProfile())


def _new_job(profile: PrinterProfile) -> _Job:
    """Make a fresh Dummy that knows one code page: it remembers its idea of the page across everything."""
    encoder = import_module("escpos.magicencode").Encoder({profile.code_page: profile.code_page_slot})
    job = cast("_Job", import_module("escpos.printer").Dummy(magic_encode_args={"encoder": encoder}))
    job.hw("INIT")
    job._raw(_USA_CHARACTERS + (_CANCEL_KANJI if profile.cancel_kanji else b""))
    job.charcode(profile.code_page)
    return job


def _put(job: _Job, element: Element, width: int, profile: PrinterProfile) -> None:
    match element:
        case QrCode(data=data):
            _put_qr(job, data, profile)
        case Barcode(kind=kind, data=data):
            _put_barcode(job, kind, data)
        case Text(align=align, bold=bold, size=size):
            _put_lines(job, lines_of(element, width, profile.code_page), align, bold, size)
        case Row(bold=bold, size=size):
            _put_lines(job, lines_of(element, width, profile.code_page), "left", bold, size)
        case Rule() | Feed():
            _put_lines(job, lines_of(element, width, profile.code_page), "left", False, "normal")


def _put_lines(job: _Job, lines: tuple[str, ...], align: str, bold: bool, size: str) -> None:
    columns, rows = _SCALE[size]
    job.set(align=align, bold=bold, custom_size=True, width=columns, height=rows)
    job.text("".join(f"{line}\n" for line in lines))


def _put_qr(job: _Job, data: str, profile: PrinterProfile) -> None:
    """Let the printer draw the code where it can: a picture of it takes fifteen times the bytes."""
    if not data:
        return
    job.set(align="center")
    if profile.native_qr:
        job.qr(data, native=True, size=6)
    else:
        job._raw(raster(qr_dots(data), scale=4))
    job.text("\n")


def _put_barcode(job: _Job, kind: str, data: str) -> None:
    """Compose the code's bytes here: the library's way announces itself on standard output each time."""
    code = transliterate(data, "ascii").encode("ascii")
    job.set(align="center")
    if kind == "ean13" and code.isdigit() and len(code) in (12, 13):
        command = b"\x1dk\x43" + bytes((len(code),)) + code
    else:
        body = b"{B" + code.replace(b"{", b"{{")[:253]
        command = b"\x1dk\x49" + bytes((len(body),)) + body
    job._raw(b"\x1dh\x40\x1dw\x02\x1df\x00\x1dH\x02" + command + b"\n")
