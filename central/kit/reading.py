"""What people type, and files and programs send, as values. Nothing is guessed: what has two readings is refused."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import TypeVar

from commerce.errors import BadInputError
from commerce.money import parse_decimal

T = TypeVar("T")
_MOST_WORD = 60  # PostgreSQL's full text takes no word of 2 KB
_GROUPED = re.compile(r"-?[0-9]{1,3}(?:([.,'])[0-9]{3})(?:\1[0-9]{3})*(?:[.,][0-9]+)?\Z")
_PLAIN = re.compile(r"-?[0-9]+(?:[.,][0-9]+)?\Z")
_DAY = re.compile(r"([0-9]{1,2})[./-]([0-9]{1,2})[./-]([0-9]{4})\Z")


def clean(text: str, *, lines: bool = False) -> str:
    """Return a text without what surrounds it, in the form in which equal texts are equal."""
    whole = unicodedata.normalize("NFC", text)
    if lines:
        return "\n".join(line.rstrip() for line in whole.splitlines()).strip()
    return whole.strip()


def fold(text: str) -> str:
    """Return what a text is compared by: without case, accents and runs of blanks, alike on both engines."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    return " ".join(plain.casefold().replace("\x00", "").split())


def split_words(text: str) -> list[str]:
    """Return the words that something is found by: folded, letters and digits only, each once and never endless."""
    return list(dict.fromkeys(word[:_MOST_WORD] for word in re.sub(r"[\W_]+", " ", fold(text)).split()))


def read_number(text: str, scale: int) -> Decimal:
    """Return a number written with a point or a comma; BadInputError ``field.number`` or ``field.decimals``.

    Where both are there, the last one separates the decimals. Where one stands alone it does so too: ``1.234`` has
    three decimals, and is refused where there is no room for them.
    """
    bare = text.replace("\u00a0", "").replace("\u202f", "").replace(" ", "").replace("−", "-").removeprefix("+")
    mark = max(bare.rfind("."), bare.rfind(","))
    if _GROUPED.match(bare) and sum(map(bare.count, ".,'")) > 1:
        several = mark < 0 or bare.count(bare[mark]) > 1
        whole, decimals = (bare, "") if several else (bare[:mark], bare[mark + 1 :])
        bare = re.sub(r"[.,']", "", whole) + (f".{decimals}" if decimals else "")
    elif not _PLAIN.match(bare):
        raise BadInputError("field.number", value=text[:40])
    try:
        return parse_decimal(bare.replace(",", "."), scale)
    except BadInputError as error:
        code = "field.decimals" if error.code == "number.too_many_decimals" else "field.number"
        raise BadInputError(code, value=text[:40], places=scale) from error


def read_day(text: str) -> date:
    """Return a day in ISO's order or as Europe writes it; BadInputError ``field.day``."""
    european = _DAY.match(text)
    try:
        if european:
            return date(int(european[3]), int(european[2]), int(european[1]))
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInputError("field.day", value=text[:40]) from error


def read_range(text: str, read: Callable[[str], T]) -> tuple[T | None, T | None]:
    """Return both ends of ``5``, ``1..10``, ``1..`` or ``..10``; BadInputError ``list.filter``."""
    first, dots, last = text.partition("..")
    try:
        low = read(first.strip()) if first.strip() else None
        high = (read(last.strip()) if last.strip() else None) if dots else low
    except BadInputError as error:
        raise BadInputError("list.filter", value=text[:40]) from error
    if low is None and high is None:
        raise BadInputError("list.filter", value=text[:40])
    return low, high
