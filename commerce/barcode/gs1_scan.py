"""Scan data with an AIM identifier turned into symbology and message, and the facts a till needs out of GS1 data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from commerce.barcode.digital_link import is_web_address, parse_digital_link
from commerce.barcode.gs1_content import parse_short_date
from commerce.barcode.gs1_elements import FNC1, Gs1Element, validate_element_string
from commerce.barcode.gs1_rules import check_repeats
from commerce.barcode.gtin import is_valid_gtin, is_valid_upce
from commerce.barcode.scan import GS, normalise_scan
from commerce.errors import BadInputError

_GS1_SYMBOLOGIES = {"C1": "GS1_128_CCA", "J1": "DotCode", "Q3": "QR", "d2": "DM", "e0": "DataBarExpanded"}
_PLAIN_SYMBOLOGIES = {"J0": "DotCode", "Q1": "QR", "d1": "DM"}
# A UPC-A comes under this identifier as 13 digits; 12 are an EAN-13 that lost one.
_EAN_UPC = {("E0", 13): "EAN13", ("E0", 8): "UPCE", ("E4", 8): "EAN8"}
_COMPOSITE = "|]e0"


@dataclass(frozen=True, slots=True)
class ScanData:
    """A scan as GS1 describes it: the symbology's name and the message, with ``^`` for each FNC1."""

    symbology: str
    data: str


@dataclass(frozen=True, slots=True)
class Gs1Price:
    """An amount to pay; ``currency_number`` is the three-digit ISO 4217 number, None for the shop's own currency."""

    amount: Decimal
    currency_number: str | None


@dataclass(frozen=True, slots=True)
class Gs1Reading:
    """What a till uses out of a GS1 message; None where the message does not say it."""

    elements: tuple[Gs1Element, ...]
    gtin: str | None
    net_weight_kg: Decimal | None
    price: Gs1Price | None
    lot: str | None
    best_before: date | None
    expiry: date | None
    serial: str | None
    count: int | None


def process_scan_data(raw: str) -> ScanData:
    """Turn scan data with an AIM identifier into symbology and checked message, or raise BadInputError.

    A web address in a two-dimensional symbol must be a GS1 Digital Link.
    """
    aim, data = raw[1:3], raw[3:]
    if raw[:1] != "]" or len(aim) != 2:
        raise BadInputError("barcode.no_aim")
    if aim in ("E0", "E4"):
        return _ean_upc(aim, data)
    if aim in _GS1_SYMBOLOGIES:
        return ScanData(_GS1_SYMBOLOGIES[aim], _element_string(data))
    if aim not in _PLAIN_SYMBOLOGIES:
        raise BadInputError("barcode.unknown_aim", aim=aim)
    if is_web_address(data):
        parse_digital_link(data)
    return ScanData(_PLAIN_SYMBOLOGIES[aim], data)


def read_gs1(data: str, *, today: date) -> Gs1Reading:
    """Read an element string or Digital Link, with or without AIM identifier and leading FNC1, or raise BadInputError.

    ``today`` settles the century of the two-digit years. An identifier repeated with another value is refused.
    """
    return reading_of(read_elements(data), today=today)


def read_elements(data: str) -> tuple[Gs1Element, ...]:
    """Take the same forms apart into checked elements."""
    text = normalise_scan(data).data
    if is_web_address(text):
        return tuple(parse_digital_link(text))
    return tuple(validate_element_string(FNC1 + text.replace(GS, FNC1).removeprefix(FNC1)))


def reading_of(elements: Sequence[Gs1Element], *, today: date) -> Gs1Reading:
    """Pick what a till uses; no identifier may come twice with different values."""
    check_repeats(elements)
    values = dict(elements)
    count = values.get("30") or values.get("37")
    return Gs1Reading(
        elements=tuple(elements),
        gtin=values.get("01") or values.get("02"),
        net_weight_kg=_decimal(elements, "310"),
        price=_price(elements),
        lot=values.get("10"),
        best_before=_date(values.get("15"), today),
        expiry=_date(values.get("17"), today),
        serial=values.get("21"),
        count=int(count) if count else None,
    )


def _ean_upc(aim: str, data: str) -> ScanData:
    number, composite, message = data.partition(_COMPOSITE)
    symbology = _EAN_UPC.get((aim, len(number)))
    valid = is_valid_upce(number) if symbology == "UPCE" else is_valid_gtin(number)
    if symbology is None or not valid:
        raise BadInputError("barcode.bad_ean_upc", number=number)
    return ScanData(symbology, f"{number}|{_element_string(message)}" if composite else number)


def _element_string(data: str) -> str:
    if FNC1 in data:
        raise BadInputError("gs1.bad_character", character=FNC1)
    text = FNC1 + data.replace(GS, FNC1)
    validate_element_string(text)
    return text


def _price(elements: Sequence[Gs1Element]) -> Gs1Price | None:
    amount = _decimal(elements, "392")
    if amount is not None:
        return Gs1Price(amount, None)
    with_currency = _decimal(elements, "393", skip=3)
    if with_currency is None:
        return None
    currency = next(value[:3] for ai, value in elements if ai[:3] == "393")
    return Gs1Price(with_currency, currency)


def _decimal(elements: Sequence[Gs1Element], family: str, skip: int = 0) -> Decimal | None:
    found = {Decimal(value[skip:]).scaleb(-int(ai[3])) for ai, value in elements if ai[:3] == family}
    if len(found) > 1:
        raise BadInputError("gs1.repeat_differs", ai=f"{family}n")
    return found.pop() if found else None


def _date(digits: str | None, today: date) -> date | None:
    return parse_short_date(digits, today) if digits else None
