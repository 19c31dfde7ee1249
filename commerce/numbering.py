"""Numbering series: a counter per period of the document date, and the formatted number stored beside the integer."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache

from commerce.errors import BadInputError

RECEIPT = "receipt"  # the kind of document that a completed sale is

_FIELD = re.compile(r"\{(\w+)(?::(\d{1,2}))?\}")


class Period(StrEnum):
    """When a series starts again at 1. ``none`` never does, not even at New Year."""

    NONE = "none"
    YEARLY = "yearly"
    MONTHLY = "monthly"
    DAILY = "daily"


_PERIOD_DIGITS = {Period.NONE: 0, Period.YEARLY: 4, Period.MONTHLY: 7, Period.DAILY: 10}  # of an ISO date


@dataclass(frozen=True, slots=True)
class Series:
    """A whole series of one till and chain for one document kind and company."""

    id: str
    company: str
    document_kind: str
    code: str
    period: Period = Period.YEARLY
    formula: str = "{series}/{yy}/{number:6}"

    def __post_init__(self) -> None:
        check_formula(self.formula)


def period_of(series: Series, document_date: date) -> str:
    """Return the counter's period key: ``""``, ``2026``, ``2026-11`` or ``2026-11-23``; by document date, not clock."""
    text = document_date.isoformat()
    return text[: _PERIOD_DIGITS[series.period]]


def format_number(series: Series, number: int, document_date: date) -> str:
    """Return the number as printed; fields: series, number (padded: ``{number:6}``), year, yy, month, day."""
    year, month, day = document_date.isoformat().split("-")
    values = {"series": series.code, "number": str(number), "year": year, "yy": year[2:], "month": month, "day": day}
    return _FIELD.sub(lambda match: values[match[1]].rjust(int(match[2] or 0), "0"), series.formula)


@lru_cache(maxsize=64)  # asked again with every sale
def check_formula(formula: str) -> None:
    """Refuse a formula with unknown fields or without the number; BadInputError ``numbering.formula``."""
    fields = [match[1] for match in _FIELD.finditer(formula)]
    rest = _FIELD.sub("", formula)
    known = {"series", "number", "year", "yy", "month", "day"}
    if "number" not in fields or not known.issuperset(fields) or "{" in rest or "}" in rest:
        raise BadInputError("numbering.formula", formula=formula)
