"""A printed document as values, independent of any printer: what stands on the paper, in which order."""

import unicodedata
from dataclasses import dataclass
from typing import Literal, TypeAlias

Align: TypeAlias = Literal["left", "center", "right"]
Size: TypeAlias = Literal["normal", "tall", "big"]  # big is double in both directions and takes two columns

_REPLACEMENTS = str.maketrans(
    {
        "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2018": "'", "\u2019": "'", "\u201a": ",", "\u2032": "'",
        "\u2033": '"', "\u2026": "...", "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-",
        "\u2015": "-", "\u2212": "-", "\u2022": "*", "\u2122": "(TM)", "\u2039": "<", "\u203a": ">",
        "\u0152": "OE", "\u0153": "oe", "\u0141": "L", "\u0142": "l", "\u0110": "D", "\u0111": "d",
        "\u0131": "i", "\u1e9e": "SS", "\u2116": "No", "\u2044": "/", "\u20ac": "EUR",
    }
)  # fmt: skip
_BREAKS = "\n\r\t\v\f\u0085\u2028\u2029"


@dataclass(frozen=True, slots=True)
class Text:
    """Words on lines of their own, wrapped at the paper's width."""

    text: str
    align: Align = "left"
    bold: bool = False
    size: Size = "normal"

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", clean_text(self.text))


@dataclass(frozen=True, slots=True)
class Row:
    """A description, wrapped, with its amount right-aligned on the last of its lines."""

    left: str
    right: str
    bold: bool = False
    size: Size = "normal"

    def __post_init__(self) -> None:
        object.__setattr__(self, "left", clean_text(self.left))
        object.__setattr__(self, "right", clean_text(self.right))


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across the paper."""


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code, centred."""

    data: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", clean_text(self.data))


@dataclass(frozen=True, slots=True)
class Barcode:
    """A bar code, centred, with its characters below. Nobody checks the check digit of an EAN-13."""

    kind: Literal["ean13", "code128"]
    data: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", clean_text(self.data))


@dataclass(frozen=True, slots=True)
class Feed:
    """Empty lines."""

    lines: int = 1


Element: TypeAlias = Text | Row | Rule | QrCode | Barcode | Feed


@dataclass(frozen=True, slots=True)
class PaperDocument:
    """What to print; ``marker`` (REPRINT, COPY, TRAINING in its language) stands above and below the rest."""

    elements: tuple[Element, ...]
    language: str = "it"
    width: int = 42
    cut: bool = True
    marker: str | None = None

    def marked_elements(self) -> tuple[Element, ...]:
        """Return the elements between two markers, when there is one."""
        if self.marker is None:
            return self.elements
        mark = Text(self.marker, align="center", bold=True, size="big")
        return (mark, *self.elements, mark)


def plain_text(document: PaperDocument, charset: str = "cp858") -> str:
    """Return the document's words as they will stand on the paper, one line each, codes by their content."""
    lines: list[str] = []
    for element in document.marked_elements():
        if isinstance(element, QrCode | Barcode):
            lines.append(f"[{element.data}]".center(document.width).rstrip())
        else:
            lines.extend(_aligned(line, element, document.width) for line in lines_of(element, document.width, charset))
    return "".join(f"{line}\n" for line in lines)


def lines_of(element: Text | Row | Rule | Feed, width: int, charset: str = "cp858") -> tuple[str, ...]:
    """Return an element's lines as a printer of this width and code page gets them; alignment is the printer's."""
    match element:
        case Text(text=text, size=size):
            return wrap(transliterate(text, charset), _columns(width, size))
        case Row(left=left, right=right, size=size):
            return _row_lines(transliterate(left, charset), transliterate(right, charset), _columns(width, size))
        case Rule():
            return ("-" * width,)
        case Feed(lines=lines):
            return ("",) * lines


def clean_text(text: str) -> str:
    """Return the text in NFC, line breaks as blanks, without anything a printer or display could obey."""
    if text.isascii() and text.isprintable():
        return text
    composed = unicodedata.normalize("NFC", text)
    blanked = "".join(" " if mark in _BREAKS or unicodedata.category(mark) == "Zs" else mark for mark in composed)
    return "".join(mark for mark in blanked if not unicodedata.category(mark).startswith("C"))


def transliterate(text: str, charset: str = "cp858") -> str:
    """Return the text in characters that the code page has: nearest letters, and ``?`` where there is none."""
    if _fits(text, charset):
        return text
    return "".join(mark if _fits(mark, charset) else _nearest(mark, charset) for mark in text)


def wrap(text: str, width: int) -> tuple[str, ...]:
    """Break the text at blanks, and longer words where they must; an empty text is one empty line."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if len(joined) > width and line:
            lines.append(line.rstrip())
            joined = word
        while len(joined) > width:
            lines.append(joined[:width])
            joined = joined[width:]
        line = joined
    return (*lines, line.rstrip())


def _row_lines(left: str, right: str, width: int) -> tuple[str, ...]:
    """Put the amount on the last line when it fits there, else on a line of its own; an amount is never cut."""
    room = width - len(right) - 1
    if room < width // 3:
        return (*wrap(left, width), *(part.rjust(width) for part in wrap(right, width)))
    *above, last = wrap(left, room)
    return (*above, last.ljust(room) + " " + right)


def _columns(width: int, size: Size) -> int:
    return width // 2 if size == "big" else width


def _aligned(line: str, element: Text | Row | Rule | Feed, width: int) -> str:
    """Show the alignment that the printer would give, for paper made of characters."""
    if not isinstance(element, Text) or element.align == "left":
        return line
    columns = _columns(width, element.size)
    return line.center(columns).rstrip() if element.align == "center" else line.rjust(columns)


def _fits(text: str, charset: str) -> bool:
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def _nearest(mark: str, charset: str) -> str:
    replaced = mark.translate(_REPLACEMENTS)
    bare = "".join(part for part in unicodedata.normalize("NFKD", replaced) if not unicodedata.combining(part))
    if unicodedata.combining(mark):
        return ""
    return bare if bare and _fits(bare, charset) else "?"
