"""A receipt as text for a page: the very rows that paper carries, drawn in columns."""

from collections.abc import Iterator

from commerce.bodies.sale import SaleCompleted
from commerce.receipt import Amount, Element, Printing, Ruler, Words, receipt_elements

WIDTH = 40


def receipt_text(body: SaleCompleted, printing: Printing) -> str:
    """Return the receipt of a stored body, whatever settings and languages are now."""
    return "\n".join(line.rstrip() for element in receipt_elements(body, printing) for line in _lines(element))


def _lines(element: Element) -> Iterator[str]:
    match element:
        case Words(text=text, centred=centred):
            yield from (part.center(WIDTH) if centred else part for part in _wrapped(text, WIDTH))
        case Amount(text=text, amount=amount):
            *more, last = _wrapped(text, WIDTH - len(amount) - 1)
            yield from more
            yield f"{last:<{WIDTH - len(amount)}}{amount}"
        case Ruler():
            yield "-" * WIDTH


def _wrapped(text: str, width: int) -> list[str]:
    lines = [text[: len(text) - len(text.lstrip())]]
    for word in text.split():
        if lines[-1].strip() and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] = (f"{lines[-1]} {word}" if lines[-1].strip() else f"{lines[-1]}{word}")[:width]
    return lines
