"""What a print job puts on paper: the stored body laid out for the printer's columns, with its marks and its code."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from commerce.documents import ReceiptCode, receipt_code
from commerce.ledger import ChainMode, Signer
from commerce.receipt import Amount, Code, Element, Printing, Words, receipt_elements, z_elements
from terminal.devices.paper import Element as PaperElement
from terminal.devices.paper import PaperDocument, QrCode, Row, Rule, Text

RECEIPT = "receipt"
Z_REPORT = "z_report"


@dataclass(frozen=True, slots=True)
class PrintableEntry:
    """A document as the ledger holds it, with what its paper says beside the body."""

    kind: str  # receipt, z_report
    chain: str
    seq: int
    hash: bytes
    at: str  # UTC text
    operator: str  # name
    body: Mapping[str, Any]
    seller: Mapping[str, Any]
    language: str
    fiscal: Mapping[str, Any] | None = None


def paper_of(
    entry: PrintableEntry, till: str, mode: ChainMode, marker: str, signer: Signer, width: int
) -> PaperDocument:
    """Return the document's paper; the same entry and marker give the same paper for ever."""
    marks = [mark for mark in (marker, "" if mode is ChainMode.LIVE else mode.value) if mark]
    if entry.kind == RECEIPT:
        printing = Printing(entry.at, entry.operator, marks, _code(entry, till, signer), entry.hash, entry.fiscal)
        elements = receipt_elements(entry.body, printing)
    else:
        printing = Printing(entry.at, entry.operator, marks, None, entry.hash)
        elements = z_elements(entry.body, entry.seller, entry.language, printing)
    return PaperDocument(
        width=width, language=entry.language, elements=tuple(_on_paper(element) for element in elements)
    )


def _code(entry: PrintableEntry, till: str, signer: Signer) -> str:
    document = entry.body["document"]
    total = entry.body["settlement"]["total"]
    return receipt_code(ReceiptCode(till, entry.chain, entry.seq, date.fromisoformat(document["date"]), total), signer)


def _on_paper(element: Element) -> PaperElement:
    if isinstance(element, Words):
        return Text(element.text, align="center" if element.centred else "left", bold=element.bold)
    if isinstance(element, Amount):
        return Row(element.text, element.amount, bold=element.strong, size="tall" if element.strong else "normal")
    if isinstance(element, Code):
        return QrCode(element.text)
    return Rule()
