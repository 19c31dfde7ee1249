"""GS1 element strings: taking them apart and checking each value by its application identifier.

The table of identifiers with its patterns is biip's, imported on first use because that takes a tenth of a second.
What biip lets through although the GS1 General Specifications (section 3) forbid it is refused here.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from commerce.barcode.gs1_content import content_problem
from commerce.barcode.scan import GS
from commerce.errors import BadInputError

FNC1 = "^"
# Character set 82 of the General Specifications, section 7.11.
_CSET82 = r"[!\"%-?A-Z_a-z]"
_UNKNOWN_VALUE = re.compile(_CSET82 + r"{1,90}", re.ASCII)
_BRACKETED = re.compile(r"\(([0-9]{2,4})\)((?:[^(\\]|\\.)+)", re.ASCII | re.DOTALL)
# How long an identifier is, told by its first two digits; without that an unknown one cannot be cut off.
_AI_LENGTH_BY_START = {
    **dict.fromkeys(
        ["00", "01", "02", "03", "10", "11", "12", "13", "15", "16", "17", "20", "21", "22", "30", "37"], 2
    ),
    **dict.fromkeys((str(n) for n in range(90, 100)), 2),
    **dict.fromkeys(["23", "24", "25", "40", "41", "42", "71"], 3),
    **dict.fromkeys(["31", "32", "33", "34", "35", "36", "39", "43", "70", "72", "80", "81", "82"], 4),
}


class Gs1Element(NamedTuple):
    """One application identifier and its value."""

    ai: str
    value: str


@dataclass(frozen=True, slots=True)
class IdentifierFormat:
    """What the table says of one application identifier."""

    ai: str
    title: str
    description: str
    pattern: re.Pattern[str]
    fixed_length: int | None


def parse_bracketed(text: str, *, permit_unknown_ais: bool = False) -> str:
    r"""Turn ``(01)…(10)…`` into an element string with ``^`` for FNC1; ``\(`` is a bracket inside a value."""
    return format_element_string(parse_bracketed_elements(text, permit_unknown_ais=permit_unknown_ais))


def parse_bracketed_elements(text: str, *, permit_unknown_ais: bool = False) -> list[Gs1Element]:
    """Read ``(01)…(10)…`` into checked elements."""
    elements, end = [], 0
    for match in _BRACKETED.finditer(text):
        if match.start() != end:
            break
        elements.append(Gs1Element(match[1], re.sub(r"\\([()\\])", r"\1", match[2])))
        end = match.end()
    if not elements or end != len(text):
        raise BadInputError("gs1.not_bracketed", at=end)
    for element in elements:
        check_element(element, permit_unknown_ais=permit_unknown_ais)
    return elements


def format_element_string(elements: Iterable[Gs1Element]) -> str:
    """Write elements as one string, each FNC1 as ``^``: in front, and behind values of variable length."""
    parts, separator = [], FNC1
    for ai, value in elements:
        parts.append(f"{separator}{ai}{value}")
        known = find_identifier(ai)
        separator = "" if known and known.ai == ai and known.fixed_length else FNC1
    return "".join(parts)


def validate_element_string(data: str, *, permit_unknown_ais: bool = False) -> list[Gs1Element]:
    """Take a string that begins with FNC1 (``^`` or GS) apart and check every value, or raise BadInputError."""
    text = data.replace(GS, FNC1)
    if text[:1] != FNC1:
        raise BadInputError("gs1.no_leading_fnc1")
    elements, at = [], 1
    while at < len(text):
        element = _take_element(text, at, permit_unknown_ais=permit_unknown_ais)
        elements.append(element)
        at += len(element.ai) + len(element.value)
        # A separator is allowed behind every value, needed or not (General Specifications, section 7.8).
        at += text[at : at + 1] == FNC1
    if not elements:
        raise BadInputError("gs1.empty")
    return elements


def check_element(element: Gs1Element, *, permit_unknown_ais: bool = False) -> None:
    """Check one value by its identifier's format and content, or raise BadInputError."""
    known = find_identifier(element.ai)
    if known is None or known.ai != element.ai:
        if not permit_unknown_ais:
            raise BadInputError("gs1.unknown_ai", ai=element.ai)
        if not _UNKNOWN_VALUE.fullmatch(element.value):
            raise BadInputError("gs1.bad_value", ai=element.ai, value=element.value)
        return
    if not element.value or not known.pattern.fullmatch(element.ai + element.value):
        raise BadInputError("gs1.bad_value", ai=element.ai, value=element.value)
    problem = content_problem(element.ai, element.value)
    if problem:
        raise BadInputError(f"gs1.{problem}", ai=element.ai, value=element.value)


def find_identifier(text: str) -> IdentifierFormat | None:
    """Return the format of the identifier that the text begins with, or None; no identifier begins another."""
    start = text[:4]
    return _look_up(start) if start.isascii() and start[:2].isdigit() else None


@lru_cache(maxsize=2048)
def _look_up(start: str) -> IdentifierFormat | None:
    from biip import ParseError
    from biip.gs1_application_identifiers import GS1ApplicationIdentifier

    try:
        found = GS1ApplicationIdentifier.extract(start)
    except ParseError:
        return None
    fixed_length = None if found.separator_required else int(found.format.rpartition("N")[2])
    pattern = re.compile(found.pattern, re.ASCII)
    return IdentifierFormat(found.ai, found.data_title, found.description, pattern, fixed_length)


def _take_element(text: str, at: int, *, permit_unknown_ais: bool) -> Gs1Element:
    known = find_identifier(text[at:])
    ai_length = len(known.ai) if known else _AI_LENGTH_BY_START.get(text[at : at + 2], 0) * permit_unknown_ais
    if not ai_length:
        raise BadInputError("gs1.unknown_ai", ai=text[at : at + 4])
    start = at + ai_length
    end = text.find(FNC1, start)
    end = len(text) if end < 0 else end
    if known and known.fixed_length:
        end = min(end, start + known.fixed_length)
    element = Gs1Element(text[at:start], text[start:end])
    check_element(element, permit_unknown_ais=permit_unknown_ais)
    return element
