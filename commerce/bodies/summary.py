"""What tells a person which entry this is, read from a body that no reader takes: it was set aside for that."""

from dataclasses import dataclass

import orjson

from commerce.bodies.shape import member_of
from commerce.errors import BadInputError

_LONGEST = 64
_SHOWN = tuple(bytes([first]) for first in b'"-0123456789')  # texts and numbers


@dataclass(frozen=True, slots=True)
class Summary:
    """Texts to show, empty where the body has none."""

    number: str = ""
    total: str = ""
    currency: str = ""


def summary_of(encoded: bytes | None) -> Summary:
    """Return number, total and currency of whatever a body says; a body that cannot be read tells nothing."""
    try:
        document, settlement = (member_of(encoded or b"", name) for name in ("document", "settlement"))
        return Summary(_text(document, "formatted"), _text(settlement, "total"), _text(encoded or b"", "currency"))
    except BadInputError:
        return Summary()


def _text(part: bytes, name: str) -> str:
    if not part.startswith(b"{"):
        return ""
    value = member_of(part, name)
    return str(orjson.loads(value))[:_LONGEST] if value[:1] in _SHOWN else ""
