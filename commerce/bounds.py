"""What a message or an entry may say at all: bounds of numbers, texts, times and amounts, for every reader alike.

Whatever keeps within them can be stored, summed and shown by both engines and by every page.
"""

import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from commerce.dates import parse_utc
from commerce.kinds import Kind
from commerce.money import MAX_CENTS

MOST_WHOLE = 2**53 - 1  # beyond it JSON readers disagree about integers
LONGEST_TEXT = 200
FIRST_YEAR, LAST_YEAR = 2000, 2199
# A clock may be days ahead, as somebody at the till confirmed; a chain may come years late: a restore sends all again.
AHEAD = timedelta(days=7)
BEHIND = timedelta(days=366 * 11)
SESSION_OPEN = timedelta(days=62)  # how long a till session may last: its business day is that of its opening
MOST_HEADER_BYTES = 8 * 1024
MOST_BODY_BYTES = 12 * 1024 * 1024
# No figure depends on when these were written, and a till whose clock was wrong at its start has to say so.
_TIMELESS = frozenset(
    {Kind.CHAIN_OPENED, Kind.KEY_ROTATED, Kind.CHECKPOINT, Kind.CLOCK_CORRECTED, Kind.SETTING_APPLIED}
)


def is_plain(text: str) -> bool:
    """Return whether a text holds no control characters and can be encoded."""
    return text.isprintable() or not any(unicodedata.category(char) in ("Cc", "Cs") for char in text)


def short(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return a text as a message may carry it: cut, blanks for control characters."""
    return "".join(char if is_plain(char) else " " for char in text[:longest])


def has_many_parts(raw: bytes, most: int) -> bool:
    """Return whether JSON may hold more objects and lists than any honest message, before any of them is made."""
    return raw.count(b"{") + raw.count(b"[") > most


def is_usual_year(year: int) -> bool:
    """Return whether a date of that year can be shown in every zone and sorted among the others."""
    return FIRST_YEAR <= year <= LAST_YEAR


def is_near(said: datetime, arrived_at: datetime) -> bool:
    """Return whether a time that a till wrote can be true of an entry that arrived then."""
    return arrived_at - BEHIND <= said <= arrived_at + AHEAD


def check_bounds(header: Mapping[str, object], arrived_at: datetime) -> str | None:
    """Return why what an entry says of its time cannot be (a stable code), or None; amounts are its body's affair."""
    if header["kind"] in _TIMELESS:
        return None
    try:
        said = parse_utc(str(header["at"]))
        day = datetime.combine(date.fromisoformat(str(header["business_day"])), time(12), UTC)
        in_time = is_near(said, arrived_at) and said - SESSION_OPEN <= day <= said + AHEAD
    except (ValueError, OverflowError):
        return "ledger.unreadable"
    return None if in_time else "ledger.out_of_time"


def _require(holds: Callable[[str], bool]) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not holds(text):
            raise ValueError("out of bounds")
        return text

    return check


def _is_moment(text: str) -> bool:
    return is_usual_year(datetime.fromisoformat(text).year)


def _is_day(text: str) -> bool:
    return is_usual_year(date.fromisoformat(text).year)


_PLAIN = r"^[^\x00-\x1f\x7f-\x9f]*$"  # no control characters, said as every reader of the pattern understands it
Count = Annotated[int, Field(strict=True, ge=0, le=MOST_WHOLE, examples=[1])]
Whole = Annotated[int, Field(strict=True, ge=-MOST_WHOLE, le=MOST_WHOLE)]
Cents = Annotated[int, Field(strict=True, ge=-MAX_CENTS, le=MAX_CENTS)]
Offset = Annotated[
    int, Field(strict=True, ge=-(10**13), le=10**13, examples=[120])
]  # milliseconds; three hundred years
ShortText = Annotated[str, Field(max_length=LONGEST_TEXT, pattern=_PLAIN)]
Identity = Annotated[str, Field(min_length=1, max_length=64, pattern=_PLAIN)]
StableCode = Annotated[str, Field(pattern=r"^[a-z0-9_.]{1,64}$", examples=["ready"])]
Moment = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$",
        max_length=27,
        examples=["2026-11-23T12:00:00.000000Z"],
    ),
    AfterValidator(_require(_is_moment)),
]
DayText = Annotated[
    str,
    Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", max_length=10, examples=["2026-11-23"]),
    AfterValidator(_require(_is_day)),
]
