"""Reads a job's actual ESC/POS bytes as the paper that a printer would make of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from terminal.devices.printer.escpos_reader import Command, read_commands

Align: TypeAlias = Literal["left", "center", "right"]

CODE_PAGES: Mapping[int, str] = {
    0: "cp437", 2: "cp850", 3: "cp860", 4: "cp863", 5: "cp865", 13: "cp857", 14: "cp737", 15: "iso8859_7",
    16: "cp1252", 17: "cp866", 18: "cp852", 19: "cp858", 39: "iso8859_2", 40: "iso8859_15", 45: "cp1250",
}  # fmt: skip
_ITALIAN_SET = str.maketrans("[]\\^`{|}~", "°é\\^ùàòèì")
_ALIGNMENTS: Mapping[int, Align] = {0: "left", 1: "center", 2: "right", 48: "left", 49: "center", 50: "right"}
_BARCODES = {67: "ean13", 2: "ean13", 68: "ean8", 3: "ean8", 69: "code39", 4: "code39", 72: "code93", 73: "code128"}
_QR, _STORE, _PRINT = 0x31, 0x50, 0x51


@dataclass(frozen=True, slots=True)
class Style:
    """How characters look; width and height are factors."""

    bold: bool = False
    underline: bool = False
    inverse: bool = False
    width: int = 1
    height: int = 1


@dataclass(frozen=True, slots=True)
class Span:
    """Characters of one style."""

    text: str
    style: Style


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One printed line; without spans it is an empty one."""

    spans: tuple[Span, ...]
    align: Align

    @property
    def text(self) -> str:
        """The line's characters."""
        return "".join(span.text for span in self.spans)


@dataclass(frozen=True, slots=True)
class PaperCode:
    """A code that the printer draws: ``qr`` or the kind of bar code."""

    kind: str
    data: str
    align: Align


@dataclass(frozen=True, slots=True)
class PaperPicture:
    """A picture in dots, one byte (0 or 1) per dot."""

    rows: tuple[bytes, ...]
    align: Align


@dataclass(frozen=True, slots=True)
class PaperCut:
    """The paper was cut here."""


@dataclass(frozen=True, slots=True)
class DrawerPulse:
    """The drawer on this connector pin was opened here."""

    pin: int


PaperItem: TypeAlias = PaperLine | PaperCode | PaperPicture | PaperCut | DrawerPulse


@dataclass(frozen=True, slots=True)
class Paper:
    """What came out of the printer, top to bottom."""

    items: tuple[PaperItem, ...]
    columns: int = 42

    @property
    def lines(self) -> tuple[str, ...]:
        """The characters of each printed line."""
        return tuple(item.text for item in self.items if isinstance(item, PaperLine))

    @property
    def cuts(self) -> int:
        """How often the paper was cut: one per whole receipt."""
        return sum(isinstance(item, PaperCut) for item in self.items)

    @property
    def drawer_pulses(self) -> tuple[int, ...]:
        """The pins that were pulsed."""
        return tuple(item.pin for item in self.items if isinstance(item, DrawerPulse))


def read_paper(job: bytes, columns: int = 42, code_pages: Mapping[int, str] = CODE_PAGES) -> Paper:
    """Print the bytes on paper of that many columns, with the model's code page slots."""
    head = _PrintHead(columns, code_pages)
    for command in read_commands(job):
        head.obey(command)
    return Paper(tuple(head.items), columns)


@dataclass(slots=True)
class _PrintHead:
    columns: int
    code_pages: Mapping[int, str]
    items: list[PaperItem] = field(default_factory=list)
    style: Style = field(default_factory=Style)
    align: Align = "left"
    slot: int = 0
    national_set: int = 0
    qr_data: bytes = b""
    spans: list[Span] = field(default_factory=list)

    def obey(self, command: Command) -> None:
        """Do what one command says; what leaves no trace on paper is passed over."""
        match command.name:
            case b"":
                self._type(command.operands)
            case b"\n":
                self._end_line()
            case b"\x1b@":
                self._reset()
            case b"\x1bd":
                self._feed(command.operands[0])
            case b"\x1dV" | b"\x1bi" | b"\x1bm":
                self._flush()
                self.items.append(PaperCut())
            case b"\x1bp" | b"\x10\x14":
                self._pulse(command)
            case b"\x1d(" | b"\x1dk" | b"\x1dv" | b"\x1b*":
                self._draw(command)
            case _:
                self._set(command)

    def _set(self, command: Command) -> None:
        """Change how the next characters look."""
        value = command.operands[0] if command.operands else 0
        match command.name:
            case b"\x1bt":
                self.slot = value
            case b"\x1bR":
                self.national_set = value
            case b"\x1ba":
                self.align = _ALIGNMENTS.get(value, self.align)
            case b"\x1bE" | b"\x1bG":
                self.style = replace(self.style, bold=bool(value & 1))
            case b"\x1b-":
                self.style = replace(self.style, underline=value not in (0, 48))
            case b"\x1dB":
                self.style = replace(self.style, inverse=bool(value & 1))
            case b"\x1d!":
                self.style = replace(self.style, width=(value >> 4 & 7) + 1, height=(value & 7) + 1)
            case b"\x1b!":
                self.style = _style_of_mode(value, self.style)

    def _type(self, characters: bytes) -> None:
        text = characters.decode(self.code_pages.get(self.slot, "ascii"), errors="replace")
        if self.national_set == 6:
            text = text.translate(_ITALIAN_SET)
        for character in text:
            if self._used_columns() + self.style.width > self.columns:
                self._end_line()
            if self.spans and self.spans[-1].style == self.style:
                self.spans[-1] = Span(self.spans[-1].text + character, self.style)
            else:
                self.spans.append(Span(character, self.style))

    def _used_columns(self) -> int:
        return sum(len(span.text) * span.style.width for span in self.spans)

    def _end_line(self) -> None:
        self.items.append(PaperLine(tuple(self.spans), self.align))
        self.spans.clear()

    def _flush(self) -> None:
        if self.spans:
            self._end_line()

    def _feed(self, lines: int) -> None:
        lines -= bool(self.spans)
        self._flush()
        for _ in range(lines):
            self._end_line()

    def _reset(self) -> None:
        self.spans.clear()
        self.style, self.align, self.slot, self.national_set, self.qr_data = Style(), "left", 0, 0, b""

    def _pulse(self, command: Command) -> None:
        if command.name == b"\x10\x14" and command.operands[0] != 1:
            return
        pin = command.operands[1] if command.name == b"\x10\x14" else command.operands[0]
        self.items.append(DrawerPulse(5 if pin in (1, 49) else 2))

    def _draw(self, command: Command) -> None:
        self._flush()
        match command.name:
            case b"\x1d(":
                self._draw_symbol(command.operands)
            case b"\x1dk":
                self._draw_barcode(command.operands)
            case b"\x1dv":
                self._draw_rows(command.operands[6:], command.operands[2] | command.operands[3] << 8)
            case _:
                self._draw_columns(command.operands)

    def _draw_symbol(self, operands: bytes) -> None:
        kind, body = operands[:1], operands[3:]
        if kind == b"k" and body[:1] == bytes((_QR,)) and len(body) > 1:
            if body[1] == _STORE:
                self.qr_data = body[3:]
            elif body[1] == _PRINT:
                self.items.append(PaperCode("qr", self.qr_data.decode("utf-8", errors="replace"), self.align))
        elif kind == b"L" and body[1:2] == b"p" and len(body) > 10:
            self._draw_rows(body[10:], -(-(body[6] | body[7] << 8) // 8))

    def _draw_barcode(self, operands: bytes) -> None:
        kind = _BARCODES.get(operands[0], "barcode")
        content = operands[2:] if operands[0] >= 65 else operands[1:-1]
        text = content.decode("ascii", errors="replace")
        if kind == "code128":
            text = text[2:].replace("{{", "{")
        self.items.append(PaperCode(kind, text, self.align))

    def _draw_rows(self, dots: bytes, row_bytes: int) -> None:
        if row_bytes:
            rows = (dots[at : at + row_bytes] for at in range(0, len(dots), row_bytes))
            self.items.append(PaperPicture(tuple(_bits(row) for row in rows), self.align))

    def _draw_columns(self, operands: bytes) -> None:
        depth = 3 if operands[0] >= 32 else 1
        stripes = [_bits(operands[at : at + depth]) for at in range(3, len(operands), depth)]
        rows = tuple(bytes(row) for row in zip(*stripes, strict=True))
        self.items.append(PaperPicture(rows, self.align))


def _style_of_mode(mode: int, style: Style) -> Style:
    """ESC ! sets everything at once."""
    return replace(
        style,
        bold=bool(mode & 0x08),
        height=2 if mode & 0x10 else 1,
        width=2 if mode & 0x20 else 1,
        underline=bool(mode & 0x80),
    )


def _bits(packed: bytes) -> bytes:
    return bytes(byte >> shift & 1 for byte in packed for shift in range(7, -1, -1))
