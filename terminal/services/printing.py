"""What a print job puts on paper: the stored body laid out for the printer's columns, with its marks and its code."""

from dataclasses import dataclass

from commerce.bodies.effect import FiscalReference
from commerce.bodies.sale import SaleCompleted
from commerce.bodies.session import SessionClosed
from commerce.ledger import ChainMode
from commerce.receipt import Amount, Code, Element, Printing, Words, receipt_elements, z_elements
from terminal.devices.paper import Element as PaperElement
from terminal.devices.paper import PaperDocument, QrCode, Row, Rule, Text


@dataclass(frozen=True, slots=True)
class PrintableEntry:
    """A document as the ledger holds it, with what its paper says beside the body."""

    body: SaleCompleted | SessionClosed
    hash: bytes
    at: str  # UTC text
    operator: str  # name
    mode: ChainMode  # of the chain it stands in
    fiscal: FiscalReference | None = None


def paper_of(entry: PrintableEntry, marker: str, width: int) -> PaperDocument:
    """Return the document's paper; the same entry and marker give the same paper for ever."""
    marks = [mark for mark in (marker, "" if entry.mode is ChainMode.LIVE else entry.mode.value) if mark]
    printing = Printing(entry.at, entry.operator, marks, entry.hash, entry.fiscal)
    body = entry.body
    elements = z_elements(body, printing) if isinstance(body, SessionClosed) else receipt_elements(body, printing)
    return PaperDocument(
        width=width, language=body.language, elements=tuple(_on_paper(element) for element in elements)
    )


def _on_paper(element: Element) -> PaperElement:
    if isinstance(element, Words):
        return Text(element.text, align="center" if element.centred else "left", bold=element.bold)
    if isinstance(element, Amount):
        return Row(element.text, element.amount, bold=element.strong, size="tall" if element.strong else "normal")
    if isinstance(element, Code):
        return QrCode(element.text)
    return Rule()
