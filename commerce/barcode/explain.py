"""Everything that can be said of a code without looking into a catalogue, for the person who has to find out."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from commerce.barcode.digital_link import is_web_address
from commerce.barcode.embedded import EmbeddedCode, EmbeddedRule, parse_embedded
from commerce.barcode.gs1_elements import Gs1Element, find_identifier
from commerce.barcode.gs1_rules import validate_ai_combination
from commerce.barcode.gs1_scan import Gs1Reading, read_elements, reading_of
from commerce.barcode.gtin import (
    expand_upce,
    gtin_check_digit,
    gtin_spellings,
    is_ambiguous,
    is_valid_gtin,
    is_valid_upce,
    lookup_keys,
    may_be_gtin,
    to_gtin14,
    without_addon,
)
from commerce.barcode.scan import ScannedCode, normalise_scan
from commerce.errors import BadInputError

_ORDINARY_ADDRESS = ("gs1.not_digital_link", "gs1.no_key_in_link")
_KIND_BY_LENGTH = {8: "ean8", 12: "upca", 13: "ean13", 14: "gtin14"}


def explain_code(raw: str, rules: Iterable[EmbeddedRule], *, today: date) -> dict[str, Any]:
    """Say what a code is, as values that JSON can carry; what is unknown is said to be unknown."""
    scan = normalise_scan(raw)
    explained: dict[str, Any] = {
        "raw": raw,
        "aim": scan.aim,
        "symbology": scan.symbology,
        "data": scan.data,
        "kind": "other",
        "ambiguous": is_ambiguous(scan),
        "gtin": to_gtin14(scan),
        "check_digit": None,
        "embedded": None,
        "gs1": None,
        "lookup_keys": list(lookup_keys(scan)),
    }
    if scan.is_gs1 or is_web_address(scan.data):
        return explained | _explain_gs1(scan, explained["lookup_keys"], today)
    return explained | _explain_number(scan, rules)


def _explain_number(scan: ScannedCode, rules: Iterable[EmbeddedRule]) -> dict[str, Any]:
    number = without_addon(scan)
    kind = _kind_of(number, scan.symbology)
    if kind == "other":
        return {}
    checked = expand_upce(number) if kind == "upce" else number
    said: dict[str, Any] = {"kind": kind, "check_digit": _check_digit(checked)}
    embedded = parse_embedded(number, rules)
    if embedded is None:
        return said
    keys = list(dict.fromkeys((*lookup_keys(scan), *embedded.item_keys)))
    # A code made in the shop is no global trade item number, however right its check digit.
    return said | {
        "kind": f"embedded_{embedded.rule.kind}",
        "gtin": None,
        "embedded": _embedded(embedded),
        "lookup_keys": keys,
    }


def _kind_of(number: str, symbology: str | None) -> str:
    if not may_be_gtin(number, symbology):
        return "other"
    if symbology in ("upce", None) and _could_be_upce(number, symbology):
        return "upce"
    return _KIND_BY_LENGTH[len(number)]


def _could_be_upce(number: str, symbology: str | None) -> bool:
    if len(number) != 8 or number[0] not in "01":
        return False
    return symbology == "upce" or (is_valid_upce(number) and not is_valid_gtin(number))


def _check_digit(number: str) -> dict[str, Any]:
    expected = gtin_check_digit(number[:-1])
    return {"given": number[-1], "expected": expected, "ok": number[-1] == expected}


def _embedded(code: EmbeddedCode) -> dict[str, Any]:
    return {
        "prefix": code.rule.prefix,
        "layout": code.rule.layout,
        "kind": code.rule.kind,
        "item": code.item,
        "value": str(code.value),
        "price_cents": code.price_cents,
        "currency": code.rule.currency if code.rule.kind == "price" else None,
        "verifier_ok": code.verifier_ok,
    }


def _explain_gs1(scan: ScannedCode, keys: list[str], today: date) -> dict[str, Any]:
    try:
        elements = read_elements(scan.data)
        reading = reading_of(elements, today=today)
    except BadInputError as error:
        # A web address that is no Digital Link is an ordinary one, nothing broken.
        return (
            {} if error.code in _ORDINARY_ADDRESS else {"kind": "gs1", "gs1": {"problem": error.code, "elements": []}}
        )
    item_keys = gtin_spellings(reading.gtin) if reading.gtin else []
    return {
        "kind": "gs1",
        "gtin": reading.gtin,
        "check_digit": _check_digit(reading.gtin) if reading.gtin else None,
        "gs1": {"problem": _combination_problem(elements), "elements": _titled(elements)} | _said_by(reading),
        "lookup_keys": list(dict.fromkeys((*keys, *item_keys))),
    }


def _combination_problem(elements: tuple[Gs1Element, ...]) -> str | None:
    try:
        validate_ai_combination(elements)
    except BadInputError as error:
        return error.code
    return None


def _titled(elements: tuple[Gs1Element, ...]) -> list[dict[str, str]]:
    return [{"ai": ai, "title": _title(ai), "value": value} for ai, value in elements]


def _title(ai: str) -> str:
    known = find_identifier(ai)
    return known.title or known.description if known else ""


def _said_by(reading: Gs1Reading) -> dict[str, Any]:
    price = reading.price
    said = {
        "net_weight_kg": reading.net_weight_kg,
        "price": price and price.amount,
        "currency_number": price and price.currency_number,
        "lot": reading.lot,
        "best_before": reading.best_before,
        "expiry": reading.expiry,
        "serial": reading.serial,
        "count": reading.count,
    }
    return {name: value if value is None or isinstance(value, int) else str(value) for name, value in said.items()}
