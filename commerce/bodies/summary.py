"""What tells a person which entry this is, read from a body that no reader takes: it was set aside for that."""

from dataclasses import dataclass

from commerce.canonical import parse_canonical
from commerce.errors import BadInputError

_LONGEST = 64


@dataclass(frozen=True, slots=True)
class Summary:
    """Texts to show, empty where the body has none."""

    number: str = ""
    total: str = ""
    currency: str = ""


def summary_of(encoded: bytes | None) -> Summary:
    """Return number, total and currency of whatever a body says; a body that cannot be read tells nothing."""
    try:
        body = parse_canonical(encoded or b"")
    except BadInputError:
        return Summary()
    return Summary(
        _text(body.get("document"), "formatted"), _text(body.get("settlement"), "total"), _text(body, "currency")
    )


def _text(part: object, name: str) -> str:
    value = part.get(name) if isinstance(part, dict) else None
    return str(value)[:_LONGEST] if isinstance(value, str | int) else ""
