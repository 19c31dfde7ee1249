"""What the values of GS1 application identifiers must contain beyond their characters and length.

Facts from the GS1 General Specifications, section 3: which digits carry a check digit, a date, a time or a count.
Country and currency lists, company prefixes and coupon layouts are not checked.
"""

from collections.abc import Callable
from datetime import date

from commerce.barcode.gtin import has_valid_check_digit

Check = Callable[[str], str | None]


def content_problem(ai: str, value: str) -> str | None:
    """Return the name of what is wrong inside a value of right form, or None."""
    for start, end, check in _PARTS.get(ai, ()):
        part = value[start:end]
        if part and (problem := check(part)):
            return problem
    return None


def parse_short_date(digits: str, today: date) -> date | None:
    """Return the date of YYMMDD, day 00 being the month's last, within 49 years back and 50 ahead of today.

    General Specifications, section 7.12. None where there is no such day.
    """
    year, month, day = (int(digits[i : i + 2]) for i in (0, 2, 4))
    year += today.year - today.year % 100
    if year - today.year >= 51:
        year -= 100
    elif year - today.year <= -50:
        year += 100
    try:
        return date(year, month, day or _last_day(year, month))
    except ValueError:
        return None


def _last_day(year: int, month: int) -> int:
    following = date(year + month // 12, month % 12 + 1, 1)
    return (following - date.resolution).day


def _check_digit(part: str) -> str | None:
    return None if has_valid_check_digit(part) else "bad_check_digit"


def _day_or_month(part: str) -> str | None:
    # From 2049 every two digits fall into 2000-2099; the century matters for 29 February alone.
    return None if parse_short_date(part, date(2049, 1, 1)) else "bad_date"


def _day(part: str) -> str | None:
    return "bad_date" if part[4:] == "00" else _day_or_month(part)


def _whole_date(part: str) -> str | None:
    try:
        date(int(part[:4]), int(part[4:6]), int(part[6:]))
    except ValueError:
        return "bad_date"
    return None


def _time(part: str) -> str | None:
    limits = (24, 60, 60)
    pairs = (int(part[i : i + 2]) for i in range(0, len(part), 2))
    return None if all(pair < limit for pair, limit in zip(pairs, limits, strict=False)) else "bad_time"


def _delivery_time(part: str) -> str | None:
    return None if part == "9999" else _time(part)


def _piece_of_total(part: str) -> str | None:
    return None if 0 < int(part[:2]) <= int(part[2:]) else "bad_piece"


def _not_zero(part: str) -> str | None:
    return None if int(part) else "zero"


def _winding(part: str) -> str | None:
    return None if part in "019" else "bad_winding"


def _no_leading_zero(part: str) -> str | None:
    return "leading_zero" if len(part) > 1 and part[0] == "0" else None


# Identifier: the slices of its value and what each must be.
_PARTS: dict[str, tuple[tuple[int, int, Check], ...]] = {
    **dict.fromkeys(("00", "8017", "8018"), ((0, 18, _check_digit),)),
    **dict.fromkeys(("01", "02", "03"), ((0, 14, _check_digit),)),
    **dict.fromkeys(("11", "12", "13", "15", "16", "17"), ((0, 6, _day_or_month),)),
    **dict.fromkeys(("253", "255", *(str(n) for n in range(410, 418))), ((0, 13, _check_digit),)),
    "402": ((0, 17, _check_digit),),
    **dict.fromkeys(("4324", "4325"), ((0, 6, _day_or_month), (6, 10, _delivery_time))),
    **dict.fromkeys(("4326", "7006"), ((0, 6, _day),)),
    "7003": ((0, 6, _day), (6, 10, _time)),
    "7007": ((0, 6, _day), (6, 12, _day)),
    "7011": ((0, 6, _day), (6, 10, _time)),
    "7250": ((0, 8, _whole_date),),
    "7251": ((0, 8, _whole_date), (8, 12, _time)),
    "8001": ((0, 4, _not_zero), (4, 9, _not_zero), (9, 12, _not_zero), (12, 13, _winding)),
    "8003": ((1, 14, _check_digit),),
    **dict.fromkeys(("8006", "8026"), ((0, 14, _check_digit), (14, 18, _piece_of_total))),
    "8008": ((0, 6, _day), (6, 12, _time)),
    "8011": ((0, 12, _no_leading_zero),),
}
